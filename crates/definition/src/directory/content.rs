//! What a push says about connectors and integrations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::bundle::Content;
use crate::connector::{find_base, is_spec_name};
use crate::{Bundle, ConnectorDefaults};

use super::classify::stem;
use super::{ConnectorFile, IntegrationFile, is_document};

/// A file of a connector's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionFile {
    /// Where it is, relative to what was loaded.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl ConnectorFile {
    /// The files of this version by the names under which they are pushed: the definition is at the
    /// top, called `spec` with its extension, and the record of the connector, if there is one,
    /// beside it under the connector's key. So one version looks the same wherever it is kept.
    pub fn files(&self) -> BTreeMap<String, DefinitionFile> {
        let base = self.base.as_deref().unwrap_or_default();
        let mut files = files(&self.key, &self.bundle, base);
        for file in files.values_mut() {
            file.path.insert_str(0, &self.prefix);
        }
        files
    }

    /// The directory of the connector, relative to what was loaded, with a `/` unless it is empty.
    pub fn directory(&self) -> &str {
        &self.prefix
    }

    /// The directory of its definition, relative to what was loaded, with a `/` unless it is empty.
    pub fn home(&self) -> String {
        format!(
            "{}{}",
            self.prefix,
            self.base.as_deref().unwrap_or_default()
        )
    }
}

impl Bundle {
    /// The same for files that a server has, of the connector called `key`.
    pub fn as_pushed(&self, key: &str) -> BTreeMap<String, String> {
        let defaults = ConnectorDefaults {
            key: Some(key.to_owned()),
            version: None,
        };
        let base = find_base(self, &defaults).unwrap_or_default();
        let files = files(key, self, &base).into_iter();
        files.map(|(name, file)| (name, file.text)).collect()
    }
}

fn files(key: &str, bundle: &Bundle, base: &str) -> BTreeMap<String, DefinitionFile> {
    let is_at_base = |path: &str| path.strip_prefix(base).is_some_and(is_spec_name);
    let flat = if bundle.paths().any(is_at_base) {
        None
    } else {
        flat_document(key, bundle)
    };
    let mut files = BTreeMap::new();
    for path in bundle.paths() {
        let Some(Content::Bytes(bytes)) = bundle.get(path) else {
            continue;
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            continue;
        };
        let extension = path
            .rsplit_once('.')
            .map_or("yml", |(_, extension)| extension);
        let name = if flat == Some(path) {
            format!("spec.{extension}")
        } else if let Some(inner) = path.strip_prefix(base) {
            inner.to_owned()
        } else if !path.contains('/') && is_document(path) {
            format!("{key}.{extension}")
        } else {
            continue;
        };
        let file = DefinitionFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        files.insert(name, file);
    }
    files
}

/// The document at the top that is the whole definition.
fn flat_document<'b>(key: &str, bundle: &'b Bundle) -> Option<&'b str> {
    let mut top = bundle
        .paths()
        .filter(|path| !path.contains('/') && is_document(path));
    let first = top.next()?;
    let is_named = |path: &&str| stem(path) == key || stem(path) == "connector";
    if is_named(&first) {
        return Some(first);
    }
    match top.find(is_named) {
        Some(named) => Some(named),
        None => bundle
            .paths()
            .filter(|path| !path.contains('/') && is_document(path))
            .nth(1)
            .is_none()
            .then_some(first),
    }
}

impl IntegrationFile {
    /// The document as it is pushed, parameters included.
    pub fn content(&self) -> Map<String, Value> {
        let texts = [
            ("name", Some(&self.name)),
            ("connectorKey", self.connector_key.as_ref()),
            ("connectorVersion", self.connector_version.as_ref()),
            ("logoUri", self.logo_uri.as_ref()),
            ("baseUri", self.base_uri.as_ref()),
            ("oAuthCallbackUri", self.oauth_callback_uri.as_ref()),
        ];
        let mut content = Map::new();
        for (name, text) in texts {
            if let Some(text) = text {
                content.insert(name.to_owned(), text.as_str().into());
            }
        }
        if self.allows_external_callback {
            content.insert("allowExternalCallback".to_owned(), true.into());
        }
        for (name, value) in [("meta", &self.meta), ("parameters", &self.parameters)] {
            if let Some(value) = value {
                content.insert(name.to_owned(), value.clone());
            }
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(files: &Value) -> Vec<String> {
        let bundle = Bundle::from_json(files).unwrap_or_default();
        bundle.as_pushed("acme").into_keys().collect()
    }

    #[test]
    fn a_version_looks_the_same_wherever_it_is_kept() {
        let spec = "auth: {type: membrane-token}";
        assert_eq!(
            names(&json!({"spec.yml": spec, "auth/test.rest.yml": ""})),
            ["auth/test.rest.yml", "spec.yml"]
        );
        assert_eq!(
            names(
                &json!({"1.0.0/src/spec.yml": spec, "1.0.0/src/auth/test.rest.yml": "",
                "Acme_64f0.yaml": "key: acme"})
            ),
            ["acme.yaml", "auth/test.rest.yml", "spec.yml"]
        );
        assert_eq!(names(&json!({"flat.json": "{}"})), ["spec.json"]);
        assert_eq!(
            names(&json!({"acme.yaml": spec, "tests/a.yml": ""})),
            ["spec.yaml", "tests/a.yml"]
        );
    }
}
