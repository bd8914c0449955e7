//! The prelude's words: logs, and the outcome of a call.

use serde::Deserialize;
use serde_json::Value;

use crate::call::{LogLevel, LogLine};
use crate::error::{LimitKind, ScriptError, Thrown};
use crate::program::ModuleInfo;
use crate::settings::Limits;
use crate::stack;

/// Causes of causes that are kept.
const MOST_CAUSES: usize = 8;

/// More than the prelude writes for an error.
const LARGEST_ERROR: usize = 4 * 1024 * 1024;

/// The log of one call, within its limits.
pub(crate) struct Logs {
    lines: Vec<LogLine>,
    bytes_left: usize,
    lines_left: usize,
    dropped: bool,
}

impl Logs {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            lines: Vec::new(),
            bytes_left: limits.log_bytes,
            lines_left: limits.log_lines,
            dropped: false,
        }
    }

    pub(crate) fn push(&mut self, line: LogLine) {
        if self.dropped || self.lines_left == 0 || line.message.len() > self.bytes_left {
            self.dropped = true;
            return;
        }
        self.lines_left -= 1;
        self.bytes_left -= line.message.len();
        self.lines.push(line);
    }

    pub(crate) fn finish(&mut self) -> Vec<LogLine> {
        let mut lines = std::mem::take(&mut self.lines);
        if self.dropped {
            let message = "the log is full: what followed was dropped".to_owned();
            lines.push(LogLine {
                level: LogLevel::Warn,
                message,
            });
        }
        lines
    }
}

/// A line as the prelude sends it: one character for the level, then the text.
pub(crate) fn log_line(text: &str) -> Option<LogLine> {
    let mut characters = text.chars();
    let level = match characters.next()? {
        'd' => LogLevel::Debug,
        'i' => LogLevel::Info,
        'w' => LogLevel::Warn,
        'e' => LogLevel::Error,
        _ => return None,
    };
    Some(LogLine {
        level,
        message: characters.as_str().to_owned(),
    })
}

/// A limit with its unit, for messages.
pub(crate) fn limit_text(limits: &Limits, which: LimitKind) -> String {
    match which {
        LimitKind::Cpu => format!("{:?}", limits.cpu),
        LimitKind::Wall => format!("{:?}", limits.wall),
        LimitKind::Heap => size(limits.heap_bytes),
        LimitKind::Stack => size(limits.stack_bytes),
        LimitKind::Output => size(limits.output_bytes),
        LimitKind::Requests => format!("{} requests", limits.requests),
        LimitKind::RequestSize => size(limits.request_bytes),
        LimitKind::ResponseSize => size(limits.response_bytes),
        LimitKind::Timers => format!("{} timers", limits.timers),
    }
}

fn size(bytes: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    match bytes {
        0 => "0 bytes".to_owned(),
        bytes if bytes % MIB == 0 => format!("{} MiB", bytes / MIB),
        bytes if bytes % KIB == 0 => format!("{} KiB", bytes / KIB),
        bytes => format!("{bytes} bytes"),
    }
}

/// The outcome of a call: one character for its kind, then JSON or text (see `prelude/outcome.js`).
pub(crate) fn outcome(
    text: &str,
    limits: &Limits,
    modules: &[ModuleInfo],
) -> Result<Option<Value>, ScriptError> {
    if text.len() > limits.output_bytes.saturating_add(LARGEST_ERROR) {
        return Err(over_output(limits));
    }
    let mut characters = text.chars();
    let kind = characters.next();
    let rest = characters.as_str();
    match kind {
        Some('u') => Ok(None),
        Some('v') => value(rest, limits),
        Some('t') => Err(thrown(rest, modules)),
        Some('n') => Err(no_function(rest)),
        Some('s') => Err(ScriptError::NotSerialisable {
            reason: rest.to_owned(),
        }),
        Some('o') => Err(over_output(limits)),
        _ => Err(ScriptError::Crashed {
            reason: "an outcome of no known kind".to_owned(),
        }),
    }
}

fn over_output(limits: &Limits) -> ScriptError {
    ScriptError::Limit {
        which: LimitKind::Output,
        limit: limit_text(limits, LimitKind::Output),
    }
}

fn value(json: &str, limits: &Limits) -> Result<Option<Value>, ScriptError> {
    if json.len() > limits.output_bytes {
        return Err(over_output(limits));
    }
    serde_json::from_str(json)
        .map(Some)
        .map_err(|error| ScriptError::NotSerialisable {
            reason: error.to_string(),
        })
}

#[derive(Deserialize)]
struct Missing {
    wanted: String,
    exports: Vec<String>,
}

fn no_function(json: &str) -> ScriptError {
    match serde_json::from_str::<Missing>(json) {
        Ok(missing) => ScriptError::NoFunction {
            wanted: missing.wanted,
            exports: missing.exports,
        },
        Err(error) => ScriptError::Crashed {
            reason: error.to_string(),
        },
    }
}

/// An error as `prelude/thrown.js` describes it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Described {
    name: String,
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    key: Option<String>,
    data: Option<Value>,
    doc: Option<String>,
    status: Option<u16>,
    request_blocked: bool,
    stack: String,
    is_error: bool,
    cause: Option<Box<Self>>,
}

fn thrown(json: &str, modules: &[ModuleInfo]) -> ScriptError {
    match serde_json::from_str::<Described>(json) {
        Ok(described) => ScriptError::Thrown(described.into_thrown(modules, MOST_CAUSES)),
        Err(error) => ScriptError::Crashed {
            reason: format!("an error that cannot be read: {error}"),
        },
    }
}

impl Described {
    fn into_thrown(self, modules: &[ModuleInfo], causes: usize) -> Thrown {
        let cause = self.cause.filter(|_| causes > 0);
        Thrown {
            frames: stack::frames(&self.stack, modules),
            name: self.name,
            message: self.message,
            kind: self.kind,
            key: self.key,
            data: self.data,
            doc: self.doc,
            status: self.status,
            request_blocked: self.request_blocked,
            is_error: self.is_error,
            cause: cause.map(|cause| Box::new(cause.into_thrown(modules, causes - 1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Logs, limit_text, log_line, outcome};
    use crate::call::LogLevel;
    use crate::error::{LimitKind, ScriptError};
    use crate::settings::Limits;

    #[test]
    fn outcomes_of_each_kind_are_read() {
        let limits = Limits::default();
        let read = |text: &str| outcome(text, &limits, &[]);
        assert_eq!(read("u"), Ok(None));
        assert_eq!(read("v{\"a\":1}"), Ok(Some(json!({"a": 1}))));
        assert!(matches!(
            read("v{"),
            Err(ScriptError::NotSerialisable { .. })
        ));
        assert!(matches!(
            read("o"),
            Err(ScriptError::Limit {
                which: LimitKind::Output,
                ..
            })
        ));
        assert!(
            matches!(read("t{\"message\":\"x\"}"), Err(ScriptError::Thrown(thrown)) if thrown.message == "x")
        );
        assert!(matches!(
            read("tnonsense"),
            Err(ScriptError::Crashed { .. })
        ));
        assert!(matches!(read(""), Err(ScriptError::Crashed { .. })));
    }

    #[test]
    fn an_outcome_beyond_the_limit_is_not_parsed() {
        let limits = Limits {
            output_bytes: 4,
            ..Limits::default()
        };
        assert!(matches!(
            outcome("v[1,2]", &limits, &[]),
            Err(ScriptError::Limit {
                which: LimitKind::Output,
                ..
            })
        ));
    }

    #[test]
    fn a_log_ends_where_its_limits_are() {
        let mut logs = Logs::new(&Limits {
            log_lines: 10,
            log_bytes: 7,
            ..Limits::default()
        });
        for text in ["iabc", "wdef", "egh", "ii"] {
            logs.push(log_line(text).expect("a level"));
        }
        let lines = logs.finish();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines.last().map(|line| line.level), Some(LogLevel::Warn));
    }

    #[test]
    fn limits_have_units() {
        let limits = Limits::default();
        assert_eq!(limit_text(&limits, LimitKind::Cpu), "1s");
        assert_eq!(limit_text(&limits, LimitKind::Heap), "64 MiB");
        assert_eq!(limit_text(&limits, LimitKind::Requests), "100 requests");
    }

    proptest! {
        #[test]
        fn any_text_is_an_outcome(text in "[uvtnso]?.*") {
            let _outcome = outcome(&text, &Limits::default(), &[]);
        }
    }
}
