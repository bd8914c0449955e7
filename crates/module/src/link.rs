//! From the file of a function to everything that it needs.

use crate::problem::Problem;
use crate::program::Program;
use crate::source::SourceFile;

/// What [`link`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The function and all it imports; `None` when there were errors.
    pub program: Option<Program>,
    /// Errors and warnings, in the order of the files' discovery.
    pub problems: Vec<Problem>,
    /// Every file that was read, in that order.
    pub files: Vec<String>,
}

/// Links the file `entry` and everything it imports. `read` gives a file of the connector by its
/// path, with forward slashes and without `.` or `..`.
pub fn link(entry: &str, read: &mut dyn FnMut(&str) -> Option<SourceFile>) -> Linked {
    let _ = (entry, read);
    Linked {
        program: None,
        problems: Vec::new(),
        files: Vec::new(),
    }
}
