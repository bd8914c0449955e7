//! `authbridge formula eval`.

use std::io::{BufRead, IsTerminal as _, Read as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::error::CliError;
use crate::output::{Output, Reader, piece};

/// Longer lines are refused, so that a stray file does not fill the memory.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn eval(output: Output) -> Result<ExitCode, CliError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        output.note("one JSON object a line; Ctrl-D ends")?;
    }
    let mut lines = stdin.lock();
    let mut outcome = ExitCode::SUCCESS;
    let mut number = 0_u64;
    while let Some(line) = next_line(&mut lines)? {
        number += 1;
        let answer = match line.and_then(|line| evaluate(&line)) {
            Ok(None) => continue,
            Ok(Some(result)) => result,
            Err(message) => {
                // The lines that follow are evaluated all the same, so that answers stay in step.
                outcome = ExitCode::from(2);
                json!({ "error": format!("line {number}: {message}") })
            }
        };
        if piece(format!("{answer}\n").as_bytes())? == Reader::Gone {
            break;
        }
    }
    Ok(outcome)
}

/// The next line, or why it cannot be used; `None` at the end of `input`.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<Result<Vec<u8>, String>>> {
    let mut line = Vec::new();
    let read = input.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!("longer than {MAX_LINE_BYTES} bytes"))));
    }
    Ok(Some(Ok(line)))
}

/// What `line` evaluates to; `None` if it is empty.
fn evaluate(line: &[u8]) -> Result<Option<Value>, String> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let vector = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
    authbridge_formula::replay::replay(&vector).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINE_BYTES, evaluate, next_line};

    #[test]
    fn a_line_that_is_too_long_does_not_hide_the_next() {
        let length = usize::try_from(MAX_LINE_BYTES).unwrap();
        let text = format!("{}\nnext\n", "x".repeat(length + 10));
        let mut input = text.as_bytes();
        assert!(next_line(&mut input).unwrap().unwrap().is_err());
        assert_eq!(next_line(&mut input).unwrap().unwrap().unwrap(), b"next\n");
        assert!(next_line(&mut input).unwrap().is_none());
    }

    #[test]
    fn what_is_no_text_is_said_to_be_no_json() {
        assert!(evaluate(b"\xff\xfe").unwrap_err().starts_with("not JSON"));
        assert_eq!(evaluate(b"  \n").unwrap(), None);
    }
}
