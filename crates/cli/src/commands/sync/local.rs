//! The elements of a directory, as they are pushed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use authbridge_definition::{
    Code, ConnectorFile, Diagnostic, Directory, ElementType, IntegrationFile, Severity,
    load_directory,
};
use serde_json::{Map, Value, json};

use crate::commands::validate;
use crate::error::CliError;

/// Names an element: its type's path, key, integration, and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) kind: String,
    pub(super) key: String,
    pub(super) integration: Option<String>,
    pub(super) version: Option<String>,
}

/// An element as it is pushed.
pub(super) struct Pushed {
    pub(super) name: Name,
    pub(super) value: Value,
    /// Its file or directory, relative to the workspace's.
    pub(super) path: String,
}

/// A directory that was read.
pub(super) struct Local {
    pub(super) root: PathBuf,
    pub(super) directory: Directory,
    pub(super) elements: Vec<Pushed>,
}

impl Name {
    /// The name that an element or a change of the API has.
    pub(super) fn of(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            kind: text("type").unwrap_or_default(),
            key: text("key").unwrap_or_default(),
            integration: text("integrationKey"),
            version: text("version"),
        }
    }

    fn to_value(&self) -> Map<String, Value> {
        let mut value = Map::new();
        value.insert("type".to_owned(), self.kind.as_str().into());
        value.insert("key".to_owned(), self.key.as_str().into());
        if let Some(integration) = &self.integration {
            value.insert("integrationKey".to_owned(), integration.as_str().into());
        }
        if let Some(version) = &self.version {
            value.insert("version".to_owned(), version.as_str().into());
        }
        value
    }

    /// For people: `create-contact of hubspot`, `acme 1.2.0`.
    pub(super) fn shown(&self) -> String {
        match (&self.integration, &self.version) {
            (Some(integration), _) => format!("{} of {integration}", self.key),
            (None, Some(version)) => format!("{} {version}", self.key),
            (None, None) => self.key.clone(),
        }
    }

    /// For people: `action`.
    pub(super) fn word(&self) -> &str {
        match ElementType::from_directory(&self.kind) {
            Some(kind) => kind.word(),
            None => &self.kind,
        }
    }
}

impl Local {
    /// Reads the directory at `root`; of its elements, those below one of `paths`, or all.
    pub(super) fn read(root: &Path, paths: &[PathBuf]) -> Result<Self, CliError> {
        let paths = paths
            .iter()
            .map(|path| below(root, path))
            .collect::<Result<Vec<_>, _>>()?;
        let directory = load_directory(root)?;
        let mut elements = Vec::new();
        elements.extend(directory.connectors.iter().map(connector));
        elements.extend(directory.integrations.iter().map(integration));
        elements.extend(directory.elements.iter().map(|element| {
            let name = Name {
                kind: element.element_type.path().to_owned(),
                key: element.key.clone(),
                integration: element.integration_key.clone(),
                version: None,
            };
            pushed(name, &element.path, "content", element.content.clone())
        }));
        elements.retain(|element| is_among(&paths, &element.path));
        let mut local = Self {
            root: root.to_owned(),
            directory,
            elements,
        };
        local
            .directory
            .diagnostics
            .retain(|found| found.severity != Severity::Note && is_among(&paths, &found.file));
        local
            .directory
            .ignored
            .retain(|ignored| is_among(&paths, &ignored.path));
        Ok(local)
    }

    /// The files of elements, by name.
    pub(super) fn paths(&self) -> BTreeMap<&Name, &str> {
        let elements = self.elements.iter();
        elements
            .map(|element| (&element.name, element.path.as_str()))
            .collect()
    }

    /// What the findings are, for people; notes are for `validate`.
    pub(super) fn findings(&self) -> String {
        validate::diagnostics(&self.root, &self.directory)
    }

    /// Refuses a directory whose elements are not what they seem.
    pub(super) fn check(&self) -> Result<(), CliError> {
        let errors = self.directory.diagnostics.iter().filter(|it| blocks(it));
        match errors.count() {
            0 => Ok(()),
            count => Err(CliError::failed_with_hint(
                format!(
                    "{} in the files of `{}`; nothing was pushed",
                    validate::counted(count, "error"),
                    self.root.display()
                ),
                "fix them first; `authbridge validate --explain CODE` says more about each",
            )),
        }
    }
}

/// Whether a finding means that files cannot be pushed. References may be to what only the server
/// has, which therefore decides.
fn blocks(found: &Diagnostic) -> bool {
    let may_be_there = matches!(
        found.code,
        Code::UnknownConnector
            | Code::UnknownConnectorVersion
            | Code::UnknownReference
            | Code::UnknownProxyParent
    );
    found.severity == Severity::Error && !may_be_there
}

/// `path` relative to `root`, as paths of elements are: it is relative to where the command runs,
/// or to the root.
fn below(root: &Path, path: &Path) -> Result<String, CliError> {
    let full_root = root.canonicalize()?;
    let found = [path.to_owned(), root.join(path)]
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .find_map(|path| path.strip_prefix(&full_root).ok().map(Path::to_owned));
    let Some(inner) = found else {
        return Err(CliError::usage(
            format!("there is no `{}` in `{}`", path.display(), root.display()),
            "give `--path` a file or directory of the workspace directory",
        ));
    };
    let parts: Vec<_> = inner.iter().map(|part| part.to_string_lossy()).collect();
    Ok(parts.join("/"))
}

/// Whether a file is below one of the paths, or one of the paths in the directory of a connector.
fn is_among(paths: &[String], file: &str) -> bool {
    let is_within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || outer.is_empty()
    };
    paths.is_empty()
        || paths
            .iter()
            .any(|path| is_within(file, path) || is_within(path, file))
}

fn connector(file: &ConnectorFile) -> Pushed {
    let name = Name {
        kind: ElementType::Connector.path().to_owned(),
        key: file.key.clone(),
        integration: None,
        version: file.version.clone(),
    };
    let files: Map<String, Value> = file
        .files()
        .into_iter()
        .map(|(name, file)| (name, file.text.into()))
        .collect();
    let mut pushed = pushed(name, &file.path, "files", files.into());
    if let (Some(value), Some(connector)) = (pushed.value.as_object_mut(), &file.connector) {
        let content = json!({"name": connector.name});
        value.insert("content".to_owned(), content);
    }
    pushed
}

fn integration(file: &IntegrationFile) -> Pushed {
    let kind = if file.is_auth_proxy {
        ElementType::AuthProxy
    } else {
        ElementType::Integration
    };
    let name = Name {
        kind: kind.path().to_owned(),
        key: file.key.clone(),
        integration: None,
        version: None,
    };
    pushed(name, &file.path, "content", file.content().into())
}

fn pushed(name: Name, path: &str, member: &str, content: Value) -> Pushed {
    let mut value = name.to_value();
    value.insert(member.to_owned(), content);
    Pushed {
        name,
        value: Value::Object(value),
        path: path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_among;

    #[test]
    fn a_path_means_what_is_below_it_and_what_it_is_part_of() {
        let paths = ["actions/find".to_owned()];
        assert!(is_among(&paths, "actions/find/find.yaml"));
        assert!(!is_among(&paths, "actions/finder/finder.yaml"));
        assert!(is_among(
            &["connectors/crm/auth/test.js".to_owned()],
            "connectors/crm"
        ));
        assert!(is_among(&[], "anything") && is_among(&[String::new()], "anything"));
    }
}
