//! How a call fails, and how the sandbox itself does.

use std::fmt;

use serde_json::Value;

/// Why there is no [`Sandbox`](crate::Sandbox).
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine cannot be set up with these settings on this machine.
    #[error("cannot set up the script engine: {0}")]
    Engine(String),
    /// The operating system refused a thread.
    #[error("cannot start the script threads")]
    Threads(#[source] std::io::Error),
    /// A setting that makes no sense.
    #[error("`{setting}` must be {expected}")]
    Setting {
        /// The field of [`SandboxSettings`](crate::SandboxSettings) or [`Limits`](crate::Limits).
        setting: &'static str,
        /// What it must be.
        expected: String,
    },
}

/// Why a script has no result. Texts in it are the script's: they may hold secrets.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScriptError {
    /// The code does not parse.
    #[error("{message} ({at})")]
    Syntax {
        /// The engine's message.
        message: String,
        /// Where.
        at: Position,
    },
    /// The script threw, or its promise was rejected.
    #[error("{0}")]
    Thrown(Thrown),
    /// The script went beyond one of its [`Limits`](crate::Limits).
    #[error("{which} ({limit})")]
    Limit {
        /// Which.
        which: LimitKind,
        /// Its value with its unit, such as `1 s`.
        limit: String,
    },
    /// The module has no such function.
    #[error("no function `{wanted}` is exported{}", listed(.exports))]
    NoFunction {
        /// The function (or the method of its result) that was wanted.
        wanted: String,
        /// What there is instead.
        exports: Vec<String>,
    },
    /// The result is no JSON: a cycle, a `BigInt`, too deep.
    #[error("the result cannot be returned as JSON: {reason}")]
    NotSerialisable {
        /// Why.
        reason: String,
    },
    /// The script waits for a promise that nothing will ever settle.
    #[error(
        "the script waits for something that can never happen: its promise is pending, and no request or timer is"
    )]
    Abandoned,
    /// No place became free in time.
    #[error("too many scripts are running")]
    Busy,
    /// The engine failed. Nothing else was affected.
    #[error("the script engine failed: {reason}")]
    Crashed {
        /// For the log.
        reason: String,
    },
}

fn listed(exports: &[String]) -> String {
    if exports.is_empty() {
        return "; the module exports nothing".to_owned();
    }
    format!(
        "; the module exports {}",
        exports
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// A place in a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The module's name.
    pub module: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.module, self.line, self.column)
    }
}

/// What a script threw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thrown {
    /// `name` of the error, such as `TypeError`.
    pub name: String,
    /// `message`; for something that is no error, what it is.
    pub message: String,
    /// `type` of the SDK's errors.
    pub kind: Option<String>,
    /// `key` of the SDK's errors, or `code` of other errors.
    pub key: Option<String>,
    /// `data` of the SDK's errors.
    pub data: Option<Value>,
    /// `doc` of the SDK's errors.
    pub doc: Option<String>,
    /// `status` or `statusCode` of the error or of its `response`.
    pub status: Option<u16>,
    /// The request behind it was refused by the egress policy: see [`HostError`](crate::HostError).
    pub request_blocked: bool,
    /// Where it was made, innermost first; only the script's own modules.
    pub frames: Vec<Frame>,
    /// False when something else than an error was thrown, such as a string.
    pub is_error: bool,
    /// `cause`, or `causedByError` of the SDK's errors.
    pub cause: Option<Box<Self>>,
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.name, self.message)
        }
    }
}

/// A line of a stack trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, `<anonymous>` when it has none.
    pub function: String,
    /// The module's name.
    pub module: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// The fields of [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Processor time.
    Cpu,
    /// Time on the clock.
    Wall,
    /// Memory.
    Heap,
    /// Nested calls.
    Stack,
    /// Size of the result.
    Output,
    /// Number of requests.
    Requests,
    /// Size of a request.
    RequestSize,
    /// Size of a response.
    ResponseSize,
    /// Number of running timers.
    Timers,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "the script used more processor time than it may",
            Self::Wall => "the script took longer than it may",
            Self::Heap => "the script used more memory than it may",
            Self::Stack => "the script nested more calls than it may",
            Self::Output => "the script's result is larger than it may be",
            Self::Requests => "the script made more requests than it may",
            Self::RequestSize => "the script's request is larger than it may be",
            Self::ResponseSize => "a response to the script is larger than it may be",
            Self::Timers => "the script started more timers than it may",
        })
    }
}
