//! What is said about files that are not read.

use crate::ElementType;
use crate::fields::ACTION_TYPES;
use crate::suggest::{all_of, did_you_mean, nearest};

use super::Ignored;

/// Directories that command lines write and this build does not read.
const UNREAD: [&str; 4] = [
    "external-apps",
    "externalApps",
    "customers",
    "external-events",
];

/// Files that are no elements, and what they are.
const OTHER_FILES: [(&str, &str); 8] = [
    (
        "authbridge.yml",
        "it is the configuration of the command line",
    ),
    (
        "authbridge.yaml",
        "it is the configuration of the command line",
    ),
    (
        "membrane.config.yml",
        "it is the configuration of a command line, with its secrets",
    ),
    (
        "membrane.config.yaml",
        "it is the configuration of a command line, with its secrets",
    ),
    ("package.json", "it describes a JavaScript package"),
    ("package-lock.json", "it describes a JavaScript package"),
    ("tsconfig.json", "it configures a TypeScript compiler"),
    ("pnpm-lock.yaml", "it describes a JavaScript package"),
];

/// Whether a directory of this name has a meaning.
pub(super) fn is_element_directory(name: &str) -> bool {
    ElementType::from_directory(name).is_some() || UNREAD.contains(&name)
}

/// A file below a directory that is known and not read.
pub(super) fn unsupported(path: &str, directory: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: format!("`{directory}` are known elements that this build does not support"),
        suggestion: None,
    }
}

/// A document below the directory of a type that is not where an element is described.
pub(super) fn misplaced(path: &str, directory: &str, key: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: "it is not where an element is described".to_owned(),
        suggestion: Some(format!("name it `{directory}/{key}/{key}.yaml`")),
    }
}

/// Code beside an element.
pub(super) fn code_beside_element(path: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: "elements have no files of code".to_owned(),
        suggestion: Some("the code of an action stands in its `config.code`".to_owned()),
    }
}

/// A file below the directory of an integration that is not the integration's own.
pub(super) fn below_integration(path: &str, key: &str, next: &str) -> Ignored {
    let (reason, suggestion) = match ElementType::from_directory(next) {
        Some(kind) => (
            format!("{next} belong to the workspace, and not to an integration"),
            format!("move it to `{}/`", kind.path()),
        ),
        None if UNREAD.contains(&next) => return unsupported(path, next),
        None if next.contains('.') => (
            "it is not where an integration is described".to_owned(),
            format!("an integration is described in `integrations/{key}/{key}.yaml`"),
        ),
        None => unknown_directory(next, of_integrations()),
    };
    Ignored {
        path: path.to_owned(),
        reason,
        suggestion: Some(suggestion),
    }
}

/// The directories of what an integration may have of its own.
fn of_integrations() -> impl Iterator<Item = &'static str> + Clone {
    ElementType::ALL
        .into_iter()
        .filter(|kind| kind.is_of_integrations())
        .map(ElementType::path)
}

fn unknown_directory(
    name: &str,
    known: impl Iterator<Item = &'static str> + Clone,
) -> (String, String) {
    let suggestion = did_you_mean(name, known.clone())
        .unwrap_or_else(|| format!("the folders here are {}", all_of(known)));
    (format!("`{name}` is not a known folder"), suggestion)
}

/// A document in the directory of a connector that is no part of it.
pub(super) fn beside_connector(path: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: "the connector is described by other files of its directory".to_owned(),
        suggestion: None,
    }
}

/// A document whose place and content say nothing that this build reads.
pub(super) fn unplaced(path: &str, word: Option<&str>) -> Ignored {
    let name = path.rsplit('/').next().unwrap_or(path);
    if let Some((_, what)) = OTHER_FILES.iter().find(|(file, _)| *file == name) {
        return Ignored {
            path: path.to_owned(),
            reason: (*what).to_owned(),
            suggestion: None,
        };
    }
    let misspelled = path.split('/').rev().skip(1).find_map(|part| {
        Some((
            part,
            nearest(part, ElementType::ALL.map(ElementType::path))?,
        ))
    });
    if let Some((part, meant)) = misspelled {
        return Ignored {
            path: path.to_owned(),
            reason: format!("`{part}` is not a known folder"),
            suggestion: Some(format!("did you mean `{meant}`?")),
        };
    }
    let reason = match word {
        Some(word) => format!("there are no elements of type `{word}`"),
        None => "neither its place nor a `type` says what it is".to_owned(),
    };
    Ignored {
        path: path.to_owned(),
        reason,
        suggestion: Some(
            word.and_then(|word| did_you_mean(word, words()))
                .unwrap_or_else(|| {
                    "elements belong into `<type>/<key>/<key>.yaml`, such as \
                     `actions/<key>/<key>.yaml`; elsewhere add `kind: action` or the like"
                        .to_owned()
                }),
        ),
    }
}

/// What `kind` and `type` may say.
fn words() -> impl Iterator<Item = &'static str> + Clone {
    ElementType::ALL
        .into_iter()
        .map(ElementType::word)
        .chain(["http-endpoint"])
        .chain(ACTION_TYPES)
}

/// An unplaced document that cannot be parsed.
pub(super) fn broken(path: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: "its place does not say what it is, and it cannot be parsed".to_owned(),
        suggestion: Some(
            "put it into `connectors/`, `actions/` or the like to see what is wrong with it"
                .to_owned(),
        ),
    }
}
