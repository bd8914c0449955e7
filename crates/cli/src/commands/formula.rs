//! `authbridge formula eval`.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use crate::error::CliError;

/// Longer lines are refused, so that a stray file does not fill the memory.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

pub(super) fn eval() -> Result<ExitCode, CliError> {
    let stdin = std::io::stdin().lock();
    let mut stdout = std::io::stdout().lock();
    let mut outcome = ExitCode::SUCCESS;
    for (index, line) in stdin.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match evaluate(&line) {
            Ok(result) => writeln!(stdout, "{result}")?,
            Err(message) => {
                // The lines that follow are evaluated all the same, so that answers stay in step.
                let error =
                    serde_json::json!({ "error": format!("line {}: {message}", index + 1) });
                writeln!(stdout, "{error}")?;
                outcome = ExitCode::from(2);
            }
        }
        stdout.flush()?;
    }
    Ok(outcome)
}

fn evaluate(line: &str) -> Result<serde_json::Value, String> {
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("longer than {MAX_LINE_BYTES} bytes"));
    }
    let vector = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    authbridge_formula::replay::replay(&vector)
}
