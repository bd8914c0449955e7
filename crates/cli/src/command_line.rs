//! Reading the command line: mistakes in it are rendered like every other error, and secrets in it
//! get a warning.

use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use crate::args::Args;
use crate::error::CliError;
use crate::output::Output;

/// The command line and where its results go; or the exit code, when all is said already.
pub(crate) fn read() -> Result<(Args, Output), ExitCode> {
    let mut command = Args::command();
    let read = command.try_get_matches_from_mut(std::env::args_os());
    let matches = read.map_err(|error| refuse(&error))?;
    let args = Args::from_arg_matches(&matches).map_err(|error| refuse(&error))?;
    let output = Output::new(args.json);
    for warning in secrets_in_arguments(&command, &matches) {
        // A closed standard error is no reason not to do what was asked.
        let _ignored = output.note(&warning);
    }
    Ok((args, output))
}

/// Says what is wrong with the command line, or prints the help that was asked for.
fn refuse(error: &clap::Error) -> ExitCode {
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    if is_json && error.use_stderr() {
        return Output::new(true).failure(&as_error(error));
    }
    // Nobody is left to tell when the output is closed.
    let _ignored = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn as_error(error: &clap::Error) -> CliError {
    let is_without_command = matches!(
        error.kind(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let message = if is_without_command {
        "a command is missing".to_owned()
    } else {
        first_paragraph(&error.to_string())
    };
    let suggested = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ]
    .into_iter()
    .find_map(|kind| error.get(kind));
    let hint = match suggested {
        Some(suggested) => format!("did you mean `{suggested}`?"),
        None => "`--help` shows what can be given".to_owned(),
    };
    CliError::usage(message, hint)
}

fn first_paragraph(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

/// A warning for every secret that was given as an argument although the environment would do.
fn secrets_in_arguments(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let mut warnings: Vec<String> = command
        .get_arguments()
        .filter(|argument| argument.is_hide_env_values_set())
        .filter(|argument| {
            matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
        })
        .filter_map(|argument| {
            let name = argument.get_long()?;
            let variable = argument.get_env()?.to_string_lossy();
            Some(format!(
                "warning: everybody on this machine can see `--{name}` in the process list; set {variable} instead"
            ))
        })
        .collect();
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        warnings.extend(secrets_in_arguments(command, matches));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{as_error, secrets_in_arguments};
    use crate::args::Args;

    fn warnings(arguments: &[&str]) -> Vec<String> {
        let mut command = Args::command();
        let matches = command.try_get_matches_from_mut(arguments).unwrap();
        secrets_in_arguments(&command, &matches)
    }

    fn mistake(arguments: &[&str]) -> String {
        let error = Args::command().try_get_matches_from(arguments).unwrap_err();
        as_error(&error).to_json().to_string()
    }

    #[test]
    fn a_secret_as_an_argument_gets_a_warning_that_names_the_variable() {
        let found = warnings(&[
            "authbridge",
            "token",
            "mint",
            "--admin",
            "--workspace-secret",
            "s",
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("--workspace-secret"));
        assert!(found[0].contains("AUTHBRIDGE_WORKSPACE_SECRET"));
    }

    #[test]
    fn what_is_no_secret_gets_no_warning() {
        let found = warnings(&["authbridge", "token", "mint", "--admin", "--name", "Ada"]);
        assert!(found.is_empty());
    }

    #[test]
    fn a_mistake_is_one_json_object_with_what_to_do() {
        let text = mistake(&["authbridge", "servr"]);
        assert!(text.contains("did you mean `serve`?"), "{text}");
        let text = mistake(&["authbridge", "--json"]);
        assert!(text.contains("a command is missing"), "{text}");
        let text = mistake(&["authbridge", "token", "mint"]);
        assert!(text.contains("--customer <ID>"), "{text}");
        assert!(!text.contains("Usage"), "{text}");
    }
}
