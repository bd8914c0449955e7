//! How much one function may consist of. Beyond these [`crate::link()`] reports a
//! [`crate::ProblemKind::Limit`].

/// The longest file, in bytes.
pub const FILE_BYTES: usize = 1024 * 1024;

/// The files of one function, its own and what it imports, together, in bytes.
pub const PROGRAM_BYTES: usize = 4 * 1024 * 1024;

/// The modules of one function, itself included, built-in ones excluded.
pub const MODULES: usize = 200;

/// The longest import specifier that is looked at, in bytes.
pub const SPECIFIER_BYTES: usize = 1024;

/// The imports of one file, each mention counted.
pub const IMPORTS_PER_FILE: usize = 1_000;

/// The problems that are reported for one file; the rest is left out.
pub const PROBLEMS_PER_FILE: usize = 50;

/// The problems that are reported for one function; the rest is left out.
pub const PROBLEMS: usize = 200;
