//! `authbridge validate`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use authbridge_definition::{Code, Color, Directory, Severity, load_directory, render};
use serde_json::{Value, json};

use crate::args::Validate;
use crate::error::CliError;
use crate::output::Output;

pub(super) fn run(args: &Validate, output: Output) -> Result<ExitCode, CliError> {
    if let Some(code) = &args.explain {
        return explain(code, output);
    }
    let directory = load_directory(&args.directory)?;
    output.result(&text(&directory), &value(&directory))?;
    let fails = directory
        .diagnostics
        .iter()
        .any(|diagnostic| match diagnostic.severity {
            Severity::Error => true,
            Severity::Warning => args.strict,
            Severity::Note => false,
        });
    Ok(if fails {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Everything that was seen: elements, what was ignored and why, then what is wrong.
pub(super) fn text(directory: &Directory) -> String {
    let color = if std::io::stdout().is_terminal() {
        Color::Always
    } else {
        Color::Never
    };
    let mut text = render(&directory.diagnostics, &directory.sources, color);
    if !text.is_empty() {
        text.push('\n');
    }
    for connector in &directory.connectors {
        let options = connector
            .connector
            .as_ref()
            .map_or(0, |it| it.options.len());
        let auth = match &connector.connector {
            None => "not usable".to_owned(),
            Some(_) if options == 1 => "1 auth option".to_owned(),
            Some(_) => format!("{options} auth options"),
        };
        let version = connector.version.as_deref().unwrap_or("development");
        text.push_str(&format!(
            "connector    {} ({version}, {auth})  {}\n",
            connector.key, connector.path
        ));
    }
    for integration in &directory.integrations {
        let connector = integration.connector_key.as_deref().unwrap_or("none");
        text.push_str(&format!(
            "integration  {} (connector {connector})  {}\n",
            integration.key, integration.path
        ));
    }
    for ignored in &directory.ignored {
        let suggestion = ignored
            .suggestion
            .as_deref()
            .map(|it| format!("; {it}"))
            .unwrap_or_default();
        text.push_str(&format!(
            "ignored      {}: {}{suggestion}\n",
            ignored.path, ignored.reason
        ));
    }
    text.push_str(&summary(directory));
    text
}

fn summary(directory: &Directory) -> String {
    let count = |severity| {
        directory
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    format!(
        "{} connector(s), {} integration(s), {} ignored: {} error(s), {} warning(s)\n",
        directory.connectors.len(),
        directory.integrations.len(),
        directory.ignored.len(),
        count(Severity::Error),
        count(Severity::Warning),
    )
}

fn value(directory: &Directory) -> Value {
    json!({
        "connectors": directory.connectors.iter().map(|connector| json!({
            "key": connector.key,
            "version": connector.version,
            "path": connector.path,
            "usable": connector.connector.is_some(),
        })).collect::<Vec<_>>(),
        "integrations": directory.integrations.iter().map(|integration| json!({
            "key": integration.key,
            "connectorKey": integration.connector_key,
            "path": integration.path,
        })).collect::<Vec<_>>(),
        "ignored": directory.ignored.iter().map(|ignored| json!({
            "path": ignored.path,
            "reason": ignored.reason,
            "suggestion": ignored.suggestion,
        })).collect::<Vec<_>>(),
        "diagnostics": directory.diagnostics,
    })
}

fn explain(code: &str, output: Output) -> Result<ExitCode, CliError> {
    let id = code.to_ascii_uppercase();
    let code = Code::from_id(&id).ok_or_else(|| {
        CliError::usage(
            format!("there is no diagnostic `{code}`"),
            "codes look like AB0103",
        )
    })?;
    let text = format!(
        "{id}: {}\n\n{}\n\n{}\n",
        code.title(),
        code.explanation(),
        code.example()
    );
    let value = json!({
        "code": id, "title": code.title(), "explanation": code.explanation(), "example": code.example(),
    });
    output.result(&text, &value)?;
    Ok(ExitCode::SUCCESS)
}
