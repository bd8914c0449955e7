//! What is wrong in a file, where, and what to do about it.

use serde::{Serialize, Serializer};

use crate::Code;

/// One finding in one file.
///
/// Serialises to an object with `code`, `severity`, `message`, `file`, `line`, `column` and, where
/// there are any, `span`, `snippet`, `label` and `help`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The rule.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, without a full stop; it never contains a value that may be secret.
    pub message: String,
    /// The file, relative to what was loaded, with forward slashes.
    pub file: String,
    /// Where in the file; `None` when the file as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Counted from 1; 1 when the file as a whole is meant.
    pub line: usize,
    /// In characters, counted from 1; 1 when the file as a whole is meant.
    pub column: usize,
    /// The first source line of the span, shortened when very long, secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// A few words for the place itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Byte offsets into the text of a file, which starts after its byte-order mark if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The definition does not do what it says.
    Error,
    /// The definition works, but not as its author may think.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word for it: `error`, `warning` or `note`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
