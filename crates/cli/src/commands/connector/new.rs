//! `authbridge connector new`.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum as _;
use serde_json::json;
use url::Url;

use super::templates::{self, NewFile, Subject};
use crate::args::{Flavour, NewConnector};
use crate::commands::own;
use crate::error::CliError;
use crate::output::Output;

pub(super) fn run(args: NewConnector, output: Output) -> Result<ExitCode, CliError> {
    let base_uri = base_uri(&args.base_uri)?;
    let name = match args.name {
        Some(name) => name,
        None => asked("What is the API called? ", "a name", "NAME")?,
    };
    let name = name.trim();
    let key = key(name)?;
    let flavour = match args.auth {
        Some(flavour) => flavour,
        None => asked_flavour()?,
    };
    let directory = args.dir.unwrap_or_else(|| PathBuf::from(&key));
    require_empty(&directory, args.force)?;
    let files = templates::files(Subject {
        key: &key,
        name,
        base_uri: &base_uri,
        flavour,
        language: args.language,
    });
    let home = Home::of(&directory);
    for file in &files {
        let text = home.headed(file);
        write(&directory.join(&file.path), &text, args.force)?;
    }
    own::write_schemas(&home.root)?;
    let value = json!({
        "key": key,
        "directory": directory,
        "authType": flavour.auth_type().as_str(),
        "files": files.iter().map(|file| &file.path).collect::<Vec<_>>(),
    });
    output.result(&text(&directory, &key, &files), &value)?;
    Ok(ExitCode::SUCCESS)
}

/// A key for a connector called `name`: small letters, digits and hyphens.
fn key(name: &str) -> Result<String, CliError> {
    let words: Vec<String> = name
        .split(|it: char| !it.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() || name.chars().any(char::is_control) {
        return Err(CliError::usage(
            format!("no key can be made from the name {name:?}"),
            "give a name with letters or digits, such as `contacts` or `My CRM`",
        ));
    }
    Ok(words.join("-"))
}

fn base_uri(text: &str) -> Result<String, CliError> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        .filter(|url| url.query().is_none() && url.fragment().is_none())
        .filter(|_| !text.contains(['\'', '"', ' ', '{', '\\']));
    match url {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err(CliError::usage(
            format!("`{text}` is not the URL of an API"),
            "give what its paths are appended to, such as https://api.example.com/v1",
        )),
    }
}

/// An answer typed on the terminal; without one, the argument is missing.
fn asked(question: &str, what: &str, argument: &str) -> Result<String, CliError> {
    let missing = || {
        CliError::usage(
            format!("{what} is missing"),
            format!("give {argument}; `--help` shows what can be given"),
        )
    };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(missing());
    }
    let mut stderr = anstream::stderr();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let answer = line.trim();
    if answer.is_empty() {
        return Err(missing());
    }
    Ok(answer.to_owned())
}

fn asked_flavour() -> Result<Flavour, CliError> {
    let possible: Vec<_> = Flavour::value_variants()
        .iter()
        .filter_map(|flavour| Some((*flavour, flavour.to_possible_value()?)))
        .collect();
    let mut question = String::from("How does it authenticate?\n");
    for (number, (_, value)) in possible.iter().enumerate() {
        let help = value.get_help().map(ToString::to_string);
        question.push_str(&format!(
            "  {}  {:<22} {}\n",
            number + 1,
            value.get_name(),
            help.unwrap_or_default()
        ));
    }
    question.push_str("Its number or name: ");
    let names: Vec<&str> = possible.iter().map(|(_, value)| value.get_name()).collect();
    let argument = format!("--auth TYPE, one of {}", names.join(", "));
    let answer = asked(&question, "how the API authenticates", &argument)?;
    let by_number = answer
        .parse::<usize>()
        .ok()
        .and_then(|number| possible.get(number.checked_sub(1)?));
    let by_name = possible
        .iter()
        .find(|(_, value)| value.matches(&answer, true));
    by_number
        .or(by_name)
        .map(|(flavour, _)| *flavour)
        .ok_or_else(|| {
            CliError::usage(
                format!("`{answer}` is no way to authenticate"),
                format!("give {argument}"),
            )
        })
}

fn require_empty(directory: &Path, force: bool) -> Result<(), CliError> {
    if force {
        return Ok(());
    }
    let first = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().transpose()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(CliError::usage(
                format!("cannot make `{}`: {error}", directory.display()),
                "choose another directory with --dir",
            ));
        }
    };
    match first {
        None => Ok(()),
        Some(entry) => Err(CliError::usage(
            format!(
                "`{}` is not empty: it has `{}`",
                directory.display(),
                entry.file_name().display()
            ),
            "choose another directory with --dir, or write over what is there with --force",
        )),
    }
}

/// Where the schemas are that new files name: in the workspace directory around the connector, if
/// it has our own directory, or else in the connector's, with which they are moved.
struct Home {
    root: PathBuf,
    /// How many directories the connector's is below it.
    depth: usize,
}

impl Home {
    fn of(directory: &Path) -> Self {
        let full = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let around = full
            .ancestors()
            .enumerate()
            .find(|(_, place)| place.join(own::DIRECTORY).is_dir());
        match around {
            Some((depth, root)) => Self {
                root: root.to_owned(),
                depth,
            },
            None => Self {
                root: directory.to_owned(),
                depth: 0,
            },
        }
    }

    /// The text of a file, after the line that names its schema.
    fn headed(&self, file: &NewFile) -> String {
        let Some(schema) = file.schema else {
            return file.text.clone();
        };
        let depth = self.depth + file.path.matches('/').count();
        let schema = own::schema_path(depth, schema);
        format!("# yaml-language-server: $schema={schema}\n{}", file.text)
    }
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), CliError> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let parent = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(parent)
        .and_then(|()| options.open(path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        CliError::failed_with_hint(
            format!("cannot write `{}`: {error}", path.display()),
            "choose another directory with --dir",
        )
    })
}

fn text(directory: &Path, key: &str, files: &[NewFile]) -> String {
    let shown = directory.display();
    let width = files.iter().map(|file| file.path.len()).max().unwrap_or(0);
    let mut text = format!("{shown}/\n");
    for file in files {
        text.push_str(&format!("  {:<width$}  {}\n", file.path, file.purpose));
    }
    text.push_str(&format!(
        "\nNext:\n  authbridge connector test {shown}    runs it against a simulated API\n  \
         authbridge validate {shown}          checks it while you change it\n\n\
         To offer it to your users, put it into `connectors/{key}/` of your workspace's directory, and\n\
         beside it `integrations/{key}/{key}.yaml` with `connectorKey: {key}`.\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::{base_uri, key};

    #[test]
    fn a_key_is_made_of_the_name() {
        assert_eq!(key("My CRM (2)").unwrap(), "my-crm-2");
        for name in ["", "  ", "--", "名前", "a\nb"] {
            assert!(key(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_base_uri_is_a_url() {
        assert_eq!(
            base_uri("https://api.example.com/v1/").unwrap(),
            "https://api.example.com/v1"
        );
        for text in [
            "",
            "api.example.com",
            "ftp://a",
            "https://a/?q=1",
            "https://a/'b",
        ] {
            assert!(base_uri(text).is_err(), "{text}");
        }
    }
}
