//! What a command says: for people, or as JSON.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::error::CliError;

/// Where a command's results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    is_json: bool,
}

impl Output {
    pub(crate) const fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.is_json
    }

    /// A result: `text` for people, `value` for programs.
    pub(crate) fn result(self, text: &str, value: &Value) -> io::Result<()> {
        let mut stdout = anstream::stdout();
        if self.is_json {
            return writeln!(stdout, "{value}");
        }
        write!(stdout, "{text}")
    }

    /// Something on the way, for people only.
    pub(crate) fn note(self, text: &str) -> io::Result<()> {
        if self.is_json {
            return Ok(());
        }
        writeln!(anstream::stderr(), "{text}")
    }

    /// Renders `error` and gives the exit code that goes with it.
    pub(crate) fn failure(self, error: &CliError) -> ExitCode {
        // Nobody is left to tell when even standard error is closed.
        let _ignored = self.render(error);
        error.exit_code()
    }

    fn render(self, error: &CliError) -> io::Result<()> {
        let mut stderr = anstream::stderr();
        if self.is_json {
            return writeln!(anstream::stdout(), "{}", error.to_json());
        }
        writeln!(stderr, "\u{1b}[1;31merror\u{1b}[0m: {error}")?;
        let mut cause = std::error::Error::source(error);
        while let Some(source) = cause {
            writeln!(stderr, "  caused by: {source}")?;
            cause = source.source();
        }
        if let CliError::Api { body, .. } = error {
            for field in body
                .pointer("/data/fields")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let text = |name| field.get(name).and_then(Value::as_str).unwrap_or_default();
                writeln!(stderr, "  {}: {}", text("field"), text("message"))?;
            }
        }
        if let Some(hint) = error.hint() {
            writeln!(stderr, "\u{1b}[1;36mhint\u{1b}[0m: {hint}")?;
        }
        Ok(())
    }
}

/// Rows in columns as wide as their widest cell; the first row is the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
