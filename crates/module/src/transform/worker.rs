//! The parser, the transformer and the printer recurse with the nesting of the code, so they run
//! on a stack that is large enough for what [`crate::nesting`] found. That they panic would
//! be a bug of theirs: it becomes a problem of the file and ends nothing else.

use std::thread;

use super::{Span, Unit};
use crate::nesting::Depth;
use crate::problem::{Problem, ProblemKind};

/// Runs `work` on a stack of its own.
pub(super) fn run(
    name: &str,
    depth: Depth,
    work: impl FnOnce() -> Result<Unit, Vec<Problem>> + Send,
) -> Result<Unit, Vec<Problem>> {
    let outcome = thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(depth.stack_bytes());
        let started = worker.spawn_scoped(scope, work);
        started
            .map_err(|error| format!("no thread to read this file on: {error}"))
            .and_then(|running| {
                running
                    .join()
                    .map_err(|_| "the parser failed on this file".to_owned())
            })
    });
    outcome.unwrap_or_else(|message| {
        Err(vec![Span { start: 0, end: 0 }.problem(
            name,
            ProblemKind::Internal,
            message,
        )])
    })
}
