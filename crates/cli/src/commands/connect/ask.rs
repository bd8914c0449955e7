//! Asking on the terminal; secrets are typed unseen.

use std::io::{self, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::Value;

use super::fields::{Field, plain};
use crate::error::CliError;
use crate::output::printable;

/// Whether somebody is there who reads questions and types answers.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The value of `field`; `None` when it is left out.
pub(super) async fn field(field: &Field<'_>) -> Result<Option<Value>, CliError> {
    if let Some(description) = field.description {
        say(&format!("{description}\n"))?;
    }
    loop {
        say(&question(field))?;
        let typed = if field.is_secret {
            unseen().await?
        } else {
            line().await?
        };
        match (typed.as_str(), field.is_required) {
            ("", true) => {}
            ("", false) => return Ok(None),
            (typed, _) => match field.value(typed) {
                Some(value) => return Ok(Some(value)),
                None => say(&format!("{}\n", field.expected()))?,
            },
        }
    }
}

fn question(field: &Field<'_>) -> String {
    let mut notes = Vec::new();
    let choices: Vec<String> = field.choices.iter().map(plain).collect();
    if !choices.is_empty() {
        notes.push(choices.join(" | "));
    }
    match field.default {
        Some(default) if !field.is_secret => notes.push(format!("default {}", plain(default))),
        Some(_) | None => {}
    }
    if field.is_secret {
        notes.push("typed unseen".into());
    }
    if !field.is_required {
        notes.push("optional".into());
    }
    if notes.is_empty() {
        return format!("{}: ", field.title);
    }
    format!("{} ({}): ", field.title, notes.join(", "))
}

/// One of `choices`, by key or number; `None` when nobody is there to choose.
pub(super) async fn choice(
    what: &str,
    choices: impl Iterator<Item = (String, Option<String>)>,
) -> Result<Option<String>, CliError> {
    if !is_possible() {
        return Ok(None);
    }
    let choices: Vec<(String, Option<String>)> = choices.collect();
    for (number, (key, title)) in choices.iter().enumerate() {
        let title = title.as_deref().unwrap_or_default();
        say(&format!("{}) {key}  {title}\n", number + 1))?;
    }
    loop {
        say(&format!("{what}: "))?;
        let typed = line().await?;
        let number = typed
            .parse()
            .ok()
            .and_then(|number: usize| number.checked_sub(1));
        let by_number = number.and_then(|number| choices.get(number));
        let chosen = by_number.or_else(|| choices.iter().find(|(key, _)| *key == typed));
        if let Some((key, _)) = chosen {
            return Ok(Some(key.clone()));
        }
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut stderr = io::stderr();
    stderr.write_all(printable(text).as_bytes())?;
    stderr.flush()
}

async fn line() -> Result<String, CliError> {
    let read = || {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|bytes| (bytes, line))
    };
    let (bytes, line) = tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)??;
    if bytes == 0 {
        return Err(CliError::failed("the input ended before the last question"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn unseen() -> Result<String, CliError> {
    let quiet = Quiet::begin()?;
    let typed = line().await;
    drop(quiet);
    say("\n")?;
    typed
}

/// The terminal shows nothing of what is typed, until this is dropped, however that comes.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nothing is left to do about a terminal that is gone.
        let _ignored = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fields;
    use super::*;

    #[test]
    fn a_question_says_what_can_be_typed() {
        let schema = json!({
            "properties": {
                "apiKey": { "title": "API key" },
                "region": { "enum": ["eu", "us"], "default": "eu" },
                "shop": {},
            },
            "required": ["apiKey", "shop"],
        });
        let questions: Vec<String> = fields::of(Some(&schema)).iter().map(question).collect();
        assert_eq!(
            questions,
            [
                "API key (typed unseen): ",
                "region (eu | us, default eu, optional): ",
                "shop: "
            ]
        );
    }
}
