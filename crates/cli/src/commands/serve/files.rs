//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes what the operating system grants: every proxied request holds two connections, and many
/// systems let a process begin with room for a thousand, though it may have far more.
pub(super) fn allow_as_many_as_possible() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: maximum,
        maximum,
    };
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => tracing::debug!(from = current, to = maximum, "open files allowed"),
        // It goes on with what it has.
        Err(error) => tracing::info!(
            error = &error as &dyn std::error::Error,
            allowed = current,
            "no more open files are allowed"
        ),
    }
}
