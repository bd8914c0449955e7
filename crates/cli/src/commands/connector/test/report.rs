//! What `connector test` found, for people and for programs.

use std::path::Path;

use authbridge_testkit::Exchange;
use serde_json::{Value, json};

use super::mask::Mask;
use super::transcript;

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    /// With what is wrong, a line each.
    Failed(Vec<String>),
    /// With the reason.
    Skipped(String),
}

/// One step of a life cycle, or one case.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    /// What happened, in a few words.
    pub(super) detail: String,
    /// Where a case stands, as `file:line`.
    pub(super) place: Option<String>,
    /// What a case returned, masked.
    pub(super) result: Option<Value>,
    /// The error as the API answers it.
    pub(super) error: Option<Value>,
    /// What functions wrote to the console: `{function, level, message}`.
    pub(super) logs: Vec<Value>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) mask: Mask,
}

/// Steps under one heading.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) steps: Vec<Step>,
}

/// What was found about one connector.
#[derive(Clone, Debug)]
pub(super) struct ConnectorReport {
    pub(super) key: String,
    /// `None` for the development version.
    pub(super) version: Option<String>,
    /// Where its files are, to show lines of them.
    pub(super) directory: std::path::PathBuf,
    pub(super) sections: Vec<Section>,
}

/// How many steps went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
}

impl ConnectorReport {
    pub(super) fn count(&self) -> Count {
        let mut count = Count::default();
        for step in self.sections.iter().flat_map(|section| &section.steps) {
            match step.outcome {
                Outcome::Passed => count.passed += 1,
                Outcome::Failed(_) => count.failed += 1,
                Outcome::Skipped(_) => count.skipped += 1,
            }
        }
        count
    }

    /// Everything as text, with colours: whoever prints it leaves them out where they are not
    /// wanted.
    pub(super) fn text(&self, is_verbose: bool) -> String {
        let version = self.version.as_ref();
        let version = version.map_or(String::new(), |version| format!(" {version}"));
        let mut text = format!("\u{1b}[1m{}{version}\u{1b}[0m\n", self.key);
        for section in &self.sections {
            text.push_str(&format!("\n  {}\n", section.title));
            for step in &section.steps {
                self.step_text(step, is_verbose, &mut text);
            }
        }
        text
    }

    fn step_text(&self, step: &Step, is_verbose: bool, text: &mut String) {
        let (word, detail) = match &step.outcome {
            Outcome::Passed => ("\u{1b}[32mpass\u{1b}[0m", step.detail.as_str()),
            Outcome::Failed(_) => ("\u{1b}[1;31mFAIL\u{1b}[0m", step.detail.as_str()),
            Outcome::Skipped(reason) => ("\u{1b}[2mskip\u{1b}[0m", reason.as_str()),
        };
        let line = if detail.is_empty() {
            format!("    {word}  {}", step.name)
        } else {
            format!("    {word}  {:<22} {detail}", step.name)
        };
        text.push_str(&line);
        text.push('\n');
        let has_failed = if let Outcome::Failed(lines) = &step.outcome {
            let place = step.place.iter().map(|place| format!("at {place}"));
            push_lines(text, place.chain(lines.iter().cloned()));
            push_lines(text, self.error_lines(step));
            let result = step.result.iter().filter(|_| is_verbose);
            push_lines(text, result.map(|result| format!("returned {result}")));
            true
        } else {
            false
        };
        if has_failed || is_verbose {
            push_lines(text, step.logs.iter().map(|log| log_line(log, &step.mask)));
            for exchange in &step.exchanges {
                push_lines(text, transcript::lines(exchange, &step.mask));
            }
        }
    }

    /// The error's message, and where in the author's files it happened.
    fn error_lines(&self, step: &Step) -> Vec<String> {
        let Some(error) = &step.error else {
            return Vec::new();
        };
        let member = |name| error.get(name).and_then(Value::as_str);
        let mut lines = Vec::new();
        if let Some(message) = member("message") {
            let kind = [member("type"), member("key")];
            let kind: Vec<&str> = kind.into_iter().flatten().collect();
            lines.push(format!(
                "error ({}): {}",
                kind.join(", "),
                step.mask.text(message)
            ));
        }
        if let Some(hint) = member("hint") {
            lines.push(format!("hint: {hint}"));
        }
        for field in error
            .pointer("/data/fields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let text = |name| field.get(name).and_then(Value::as_str).unwrap_or_default();
            lines.push(format!("  {}: {}", text("field"), text("message")));
        }
        let frames = error.get("stack").and_then(Value::as_array);
        for (number, frame) in frames.into_iter().flatten().enumerate() {
            lines.extend(frame_lines(frame, &self.directory, number == 0));
        }
        lines
    }

    /// Everything as JSON.
    pub(super) fn value(&self) -> Value {
        let sections: Vec<Value> = self.sections.iter().map(section_value).collect();
        let count = self.count();
        json!({
            "key": self.key,
            "version": self.version,
            "ok": count.failed == 0,
            "passed": count.passed,
            "failed": count.failed,
            "skipped": count.skipped,
            "sections": sections,
        })
    }
}

fn section_value(section: &Section) -> Value {
    let steps: Vec<Value> = section.steps.iter().map(step_value).collect();
    json!({ "title": section.title, "steps": steps })
}

fn step_value(step: &Step) -> Value {
    let (outcome, reasons) = match &step.outcome {
        Outcome::Passed => ("passed", Vec::new()),
        Outcome::Failed(lines) => ("failed", lines.clone()),
        Outcome::Skipped(reason) => ("skipped", vec![reason.clone()]),
    };
    let exchanges: Vec<Value> = step
        .exchanges
        .iter()
        .map(|exchange| transcript::value(exchange, &step.mask))
        .collect();
    let error = step.error.as_ref().map(|error| step.mask.value(error));
    json!({
        "name": step.name,
        "outcome": outcome,
        "detail": step.detail,
        "reasons": reasons,
        "place": step.place,
        "result": step.result,
        "error": error,
        "logs": step.mask.value(&Value::Array(step.logs.clone())),
        "exchanges": exchanges,
    })
}

fn push_lines(text: &mut String, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        for part in line.lines() {
            text.push_str(&format!("            {part}\n"));
        }
    }
}

fn log_line(log: &Value, mask: &Mask) -> String {
    let member = |name| log.get(name).and_then(Value::as_str).unwrap_or_default();
    format!(
        "console.{}: {}",
        member("level"),
        mask.text(member("message"))
    )
}

/// A line of a stack, and for the first one the line of the file.
fn frame_lines(frame: &Value, directory: &Path, shows_source: bool) -> Vec<String> {
    let file = frame
        .get("file")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let number = |name| {
        let number = frame.get(name).and_then(Value::as_u64).unwrap_or_default();
        usize::try_from(number).unwrap_or_default()
    };
    let (line, column) = (number("line"), number("column"));
    let function = frame.get("function").and_then(Value::as_str);
    let of = function.map_or(String::new(), |name| format!(" in {name}"));
    let mut lines = vec![format!("at {file}:{line}:{column}{of}")];
    let source = std::fs::read_to_string(directory.join(file)).unwrap_or_default();
    if let Some(text) = source
        .lines()
        .nth(line.wrapping_sub(1))
        .filter(|_| shows_source)
    {
        let margin = line.to_string();
        lines.push(format!("{margin} | {text}"));
        let before = " ".repeat(margin.len());
        lines.push(format!(
            "{before} | {}^",
            " ".repeat(column.saturating_sub(1))
        ));
    }
    lines
}
