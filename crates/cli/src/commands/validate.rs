//! `authbridge validate`.

mod annotations;
mod sarif;

use std::path::Path;
use std::process::ExitCode;

use authbridge_definition::{
    Code, Color, ConnectorFile, Directory, Severity, load_directory, render_under,
};
use serde_json::{Value, json};

use crate::args::{Validate, ValidateFormat};
use crate::error::CliError;
use crate::output::Output;

pub(super) fn run(args: &Validate, output: Output) -> Result<ExitCode, CliError> {
    if let Some(code) = &args.explain {
        return explain(code, output);
    }
    let directory = load_directory(&args.directory)?;
    let root = root(&args.directory);
    match args.format {
        ValidateFormat::Human => {
            output.result(&text(&args.directory, &directory), &value(&directory))?;
        }
        ValidateFormat::Json => Output::new(true).result("", &value(&directory))?,
        ValidateFormat::Github => {
            let text = annotations::annotations(&root, &directory);
            output.result(&text, &value(&directory))?;
        }
        ValidateFormat::Sarif => {
            Output::new(true).result("", &sarif::sarif(&root, &directory))?;
        }
    }
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

/// What is wrong, then everything that was seen: elements, and what was ignored and why. `path` is
/// where `directory` was read from. The text has colours: whoever prints it leaves them out where
/// they are not wanted.
pub(super) fn text(path: &Path, directory: &Directory) -> String {
    let root = root(path);
    let mut text = diagnostics(path, directory);
    if !text.is_empty() {
        text.push('\n');
    }
    for connector in &directory.connectors {
        text.push_str(&connector_line(&root, connector));
    }
    for integration in &directory.integrations {
        let connector = match &integration.connector_key {
            Some(key) => format!("connector {key}"),
            None => "no connector".to_owned(),
        };
        let kind = if integration.is_auth_proxy {
            "auth-proxy  "
        } else {
            "integration "
        };
        text.push_str(&format!(
            "{kind} {} ({connector})  {root}{}\n",
            integration.key, integration.path
        ));
    }
    for element in &directory.elements {
        let of = element
            .integration_key
            .as_deref()
            .map(|key| format!(" (integration {key})"))
            .unwrap_or_default();
        text.push_str(&format!(
            "{:<12} {}{of}  {root}{}\n",
            element.element_type.word(),
            element.key,
            element.path
        ));
    }
    text.push_str(&ignored_lines(&root, directory));
    text.push_str(&summary(path, directory));
    text
}

/// Every file that is no part of anything, and why.
pub(super) fn ignored_lines(root: &str, directory: &Directory) -> String {
    let mut text = String::new();
    for ignored in &directory.ignored {
        let suggestion = ignored
            .suggestion
            .as_deref()
            .map(|it| format!("; {it}"))
            .unwrap_or_default();
        text.push_str(&format!(
            "ignored      {root}{}: {}{suggestion}\n",
            ignored.path, ignored.reason
        ));
    }
    text
}

/// What is wrong, with the same colours.
pub(super) fn diagnostics(path: &Path, directory: &Directory) -> String {
    render_under(
        &root(path),
        &directory.diagnostics,
        &directory.sources,
        Color::Always,
    )
}

fn connector_line(root: &str, connector: &ConnectorFile) -> String {
    let auth = match &connector.connector {
        None => "not usable".to_owned(),
        Some(usable) => counted(usable.options.len(), "auth option"),
    };
    let version = match connector.version.as_deref() {
        Some(version) => format!("version {version}, "),
        None => String::new(),
    };
    let path = format!("{root}{}", connector.path);
    let path = match path.trim_end_matches('/') {
        "" => ".",
        path => path,
    };
    format!("connector    {} ({version}{auth})  {path}\n", connector.key)
}

/// What stands before the paths of a directory's files to open them from here: a file is read
/// together with the rest of its directory.
pub(super) fn root(path: &Path) -> String {
    let directory = match path.parent() {
        Some(parent) if path.is_file() => parent,
        _ => path,
    };
    let text = directory.to_string_lossy();
    match text.trim_end_matches('/').trim_start_matches("./") {
        "" if text.starts_with('/') => "/".into(),
        "" | "." => String::new(),
        directory => format!("{directory}/"),
    }
}

fn summary(path: &Path, directory: &Directory) -> String {
    let of = |severity| {
        let found = directory.diagnostics.iter();
        found.filter(|it| it.severity == severity).count()
    };
    let others = match directory.elements.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "other element")),
    };
    let mut text = format!(
        "{}, {}{others}; {}, {}\n",
        counted(directory.connectors.len(), "connector"),
        counted(directory.integrations.len(), "integration"),
        counted(of(Severity::Error), "error"),
        counted(of(Severity::Warning), "warning"),
    );
    let is_empty = directory.connectors.is_empty()
        && directory.integrations.is_empty()
        && directory.elements.is_empty();
    if is_empty {
        text.push_str(&format!(
            "nothing in `{}` looks like an element: connectors belong into \
             `connectors/<key>/spec.yml`, integrations into `integrations/<key>/<key>.yaml`, \
             actions into `actions/<key>/<key>.yaml`\n",
            path.display()
        ));
    }
    text
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
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
            "isAuthProxy": integration.is_auth_proxy,
        })).collect::<Vec<_>>(),
        "elements": directory.elements.iter().map(|element| json!({
            "type": element.element_type.path(),
            "key": element.key,
            "integrationKey": element.integration_key,
            "path": element.path,
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
            "codes look like AB0103; they stand in the brackets of `error[AB0103]`",
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{counted, root};

    #[test]
    fn paths_can_be_opened_from_where_the_command_was_typed() {
        assert_eq!(root(Path::new(".")), "");
        assert_eq!(root(Path::new("./membrane/")), "membrane/");
        assert_eq!(root(Path::new("../membrane")), "../membrane/");
        assert_eq!(root(Path::new("/")), "/");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "error"), "1 error");
        assert_eq!(counted(0, "error"), "0 errors");
    }
}
