//! What can be wrong with a function's files.

/// Something wrong in a file, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the path that `read` was asked for.
    pub file: String,
    /// First byte of the place in that file.
    pub start: usize,
    /// The byte after the place; never before `start`, never past the end of the file.
    pub end: usize,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// One sentence in lower case without a full stop.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file cannot be parsed, or uses syntax that does not run here.
    Syntax,
    /// A bare import (`lodash`) that is no built-in module.
    UnknownImport,
    /// An import of a module of Node.js that needs what a sandbox does not have: `fs`, `net` ….
    NodeBuiltin,
    /// A relative import of a file that is not there.
    MissingFile,
    /// A relative import that leaves the connector's directory.
    OutsideConnector,
    /// An import of a file that is no code and no data: an image, a style sheet ….
    UnsupportedFile,
    /// An import of a name that the built-in module or file does not export.
    MissingExport,
    /// `import(expression)` or `require(expression)`: only literals are found in advance. A
    /// warning.
    DynamicImport,
    /// The file of the function certainly exports nothing that can be called.
    NoFunction,
    /// Too big, too many files, or nested too deeply; see [`crate::limits`].
    Limit,
    /// The file could not be processed through no fault of its author.
    Internal,
}

impl ProblemKind {
    /// Whether the function can run all the same.
    pub fn is_warning(self) -> bool {
        match self {
            Self::DynamicImport => true,
            Self::Syntax
            | Self::UnknownImport
            | Self::NodeBuiltin
            | Self::MissingFile
            | Self::OutsideConnector
            | Self::UnsupportedFile
            | Self::MissingExport
            | Self::NoFunction
            | Self::Limit
            | Self::Internal => false,
        }
    }
}
