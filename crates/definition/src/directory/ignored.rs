//! What is said about files that are not read.

use crate::suggest::nearest;

use super::Ignored;

/// Directories of elements that the product knows and this build does not read yet; each also in
/// camel case, as older command lines wrote them.
const ELEMENT_DIRECTORIES: [&str; 20] = [
    "actions",
    "app-data-schemas",
    "appDataSchemas",
    "app-event-types",
    "appEventTypes",
    "data-link-tables",
    "dataLinkTables",
    "data-sources",
    "dataSources",
    "external-apps",
    "externalApps",
    "field-mappings",
    "fieldMappings",
    "flows",
    "interfaces",
    "packages",
    "scenarios",
    "screens",
    "customers",
    "external-events",
];

/// Directories that this build reads.
const READ_DIRECTORIES: [&str; 2] = ["connectors", "integrations"];

/// Files that are no elements, and what they are.
const OTHER_FILES: [(&str, &str); 6] = [
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

/// Whether a directory of this name holds elements that are not read yet.
pub(super) fn is_element_directory(name: &str) -> bool {
    ELEMENT_DIRECTORIES.contains(&name)
}

/// A file below a directory of known elements.
pub(super) fn unsupported(path: &str, directory: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: format!("`{directory}` are known elements that this build does not support yet"),
        suggestion: None,
    }
}

/// A file below the directory of an integration that is not the integration's own.
pub(super) fn below_integration(path: &str, key: &str, next: &str) -> Ignored {
    if is_element_directory(next) {
        return unsupported(path, next);
    }
    Ignored {
        path: path.to_owned(),
        reason: "it is not where an integration is described".to_owned(),
        suggestion: Some(format!(
            "an integration is described in `integrations/{key}/{key}.yaml`"
        )),
    }
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
    let misspelled = path
        .split('/')
        .rev()
        .skip(1)
        .find_map(|part| Some((part, nearest(part, READ_DIRECTORIES)?)));
    if let Some((part, meant)) = misspelled {
        return Ignored {
            path: path.to_owned(),
            reason: format!("`{part}` is not a directory of elements"),
            suggestion: Some(format!("did you mean `{meant}`?")),
        };
    }
    let reason = match word {
        Some(word) => format!("elements of type `{word}` are not supported by this build"),
        None => "neither its place nor a `type` says what it is".to_owned(),
    };
    Ignored {
        path: path.to_owned(),
        reason,
        suggestion: Some(
            "connectors belong into `connectors/<key>/`, integrations into \
             `integrations/<key>/`; elsewhere add `kind: connector` or `kind: integration`"
                .to_owned(),
        ),
    }
}

/// An unplaced document that cannot be parsed.
pub(super) fn broken(path: &str) -> Ignored {
    Ignored {
        path: path.to_owned(),
        reason: "its place does not say what it is, and it cannot be parsed".to_owned(),
        suggestion: Some(
            "put it into `connectors/` or `integrations/` to see what is wrong with it".to_owned(),
        ),
    }
}
