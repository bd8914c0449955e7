//! What a command says: for people, or as JSON.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::error::{CliError, stack};

/// Where a command's results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    is_json: bool,
}

/// Whether anybody still reads what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// It was written.
    Present,
    /// The other end of the pipe is closed, as `head` does when it has enough.
    Gone,
}

impl Output {
    pub(crate) const fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.is_json
    }

    /// A result: `text` for people, `value` for programs. The exit code tells what happened also
    /// to those who do not read on.
    pub(crate) fn result(self, text: &str, value: &Value) -> io::Result<()> {
        let _reader = if self.is_json {
            write(&mut anstream::stdout(), format!("{value}\n").as_bytes())?
        } else {
            write(&mut anstream::stdout(), text.as_bytes())?
        };
        Ok(())
    }

    /// Something on the way, for people only.
    pub(crate) fn note(self, text: &str) -> io::Result<()> {
        if self.is_json {
            return Ok(());
        }
        writeln!(anstream::stderr(), "{text}")
    }

    /// What functions wrote to the console while `answer` was made, for people only: with `--json`
    /// it is in the answer itself.
    pub(crate) fn logs(self, answer: &Value) -> io::Result<()> {
        let logs = answer.get("_logs").and_then(Value::as_array);
        for log in logs.into_iter().flatten() {
            let member = |name| log.get(name).and_then(Value::as_str).unwrap_or_default();
            let line = format!("{}: {}", member("level"), member("message"));
            self.note(&printable(&line))?;
        }
        Ok(())
    }

    /// Renders `error` and gives the exit code that goes with it.
    pub(crate) fn failure(self, error: &CliError) -> ExitCode {
        // Nobody is left to tell when even standard error is closed.
        let _ignored = if self.is_json {
            self.result("", &error.to_json())
        } else {
            render(error)
        };
        error.exit_code()
    }
}

/// A piece of a result, to standard output byte for byte and at once.
pub(crate) fn piece(bytes: &[u8]) -> io::Result<Reader> {
    write(&mut io::stdout().lock(), bytes)
}

fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<Reader> {
    match to.write_all(bytes).and_then(|()| to.flush()) {
        Ok(()) => Ok(Reader::Present),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error),
    }
}

fn render(error: &CliError) -> io::Result<()> {
    let mut stderr = anstream::stderr();
    let message = printable(&error.to_string());
    writeln!(stderr, "\u{1b}[1;31merror\u{1b}[0m: {message}")?;
    for cause in error.causes() {
        writeln!(stderr, "  caused by: {}", printable(&cause))?;
    }
    if let CliError::Api { body, .. } = error {
        for field in body
            .pointer("/data/fields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let text = |name| field.get(name).and_then(Value::as_str).unwrap_or_default();
            let line = format!("  {}: {}", text("field"), text("message"));
            writeln!(stderr, "{}", printable(&line))?;
        }
    }
    if let CliError::Api { body, .. } = error {
        for issue in body
            .pointer("/data/issues")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            writeln!(stderr, "  {}", printable(&issue_line(issue)))?;
        }
        for frame in stack(body) {
            writeln!(stderr, "  at {}", printable(&frame))?;
        }
        for log in body
            .get("logs")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let line = log.as_str().unwrap_or_default();
            writeln!(stderr, "  console: {}", printable(line))?;
        }
    }
    if let Some(hint) = error.hint() {
        writeln!(stderr, "\u{1b}[1;36mhint\u{1b}[0m: {}", printable(&hint))?;
    }
    Ok(())
}

/// What is wrong with an element of a push.
fn issue_line(issue: &Value) -> String {
    let text = |name| issue.get(name).and_then(Value::as_str);
    let of = text("integrationKey").map(|key| format!(" of {key}"));
    let path = text("path").map(|path| format!(" ({path})"));
    format!(
        "{} {}{}{}: {}",
        text("type").unwrap_or_default(),
        text("key").unwrap_or_default(),
        of.unwrap_or_default(),
        path.unwrap_or_default(),
        text("message").unwrap_or_default()
    )
}

/// `text` without control characters: names and messages may come from anywhere, and shall not
/// steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    let visible = |character: char| match character {
        '\n' => character,
        other if other.is_control() => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    text.chars().map(visible).collect()
}

/// `value` as JSON in lines.
pub(crate) fn pretty(value: &Value) -> String {
    // What was read from JSON can be written as JSON.
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    text + "\n"
}

/// Rows in columns as wide as their widest cell; the first row is the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| one_line(cell)).collect())
        .collect();
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

fn one_line(cell: &str) -> String {
    printable(cell).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind, Write};

    use super::{Reader, printable, table, write};

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(Error::from(self.0))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_has_enough_is_no_error() {
        let written = write(&mut Broken(ErrorKind::BrokenPipe), b"x");
        assert_eq!(written.unwrap(), Reader::Gone);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        assert!(write(&mut Broken(ErrorKind::StorageFull), b"x").is_err());
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["KEY", "NAME"], ["acme", ""], ["b", "Größe"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "KEY   NAME\nacme\nb     Größe\n");
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        let rows = [vec!["a\nb".to_owned(), "\u{7}".to_owned()]];
        assert_eq!(table(&rows), "a b  \u{fffd}\n");
    }
}
