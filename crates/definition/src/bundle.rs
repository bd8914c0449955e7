//! The files of one connector's definition, read under limits.

mod read;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::Code;
use crate::tree::has_extension;

pub(crate) use read::{Found, Limits, read_file, walk};

/// The largest YAML file that is read, in bytes.
pub(crate) const MAX_YAML: u64 = 1024 * 1024;
/// The largest file of any other kind that is read, in bytes.
pub(crate) const MAX_OTHER: u64 = 5 * 1024 * 1024;
/// What the files of one definition may have together, in bytes.
const MAX_BUNDLE: u64 = 20 * 1024 * 1024;
/// How many files one definition may have.
const MAX_FILES: usize = 2000;

/// Files with other extensions have no part in a definition and are not read.
const EXTENSIONS: [&str; 11] = [
    "yml", "yaml", "json", "js", "ts", "mjs", "mts", "cjs", "cts", "md", "graphql",
];

/// The files of one connector's definition by relative path, with forward slashes.
///
/// A file that could not be read is part of the bundle as the reason why; [`load_connector`]
/// reports it.
///
/// [`load_connector`]: crate::load_connector
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    files: BTreeMap<String, Content>,
}

/// What there is of a file.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// Not read, and why.
    Refused(Refusal),
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// Nothing could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error("cannot read `{path}`", path = path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// A stored bundle is an object from path to text, and this is not.
    #[error("a bundle is an object from path to text")]
    NotABundle,
    /// A path of a stored bundle is absolute, empty, or leaves the bundle.
    #[error("`{0}` is not a path inside a bundle")]
    BadPath(String),
}

impl Bundle {
    /// Reads the files below `path`, which is the directory of one connector.
    pub fn from_dir(path: &Path) -> Result<Self, ReadError> {
        let found = walk(path)?;
        let mut bundle = Self::default();
        let mut limits = Limits::new(MAX_FILES, MAX_BUNDLE);
        for file in &found {
            if belongs_to_definition(file.name()) || file.refusal().is_some() {
                bundle.insert(file.name(), read_file(file, &mut limits));
            }
        }
        Ok(bundle)
    }

    /// A bundle of one flat document, YAML unless `name` ends with `.json`.
    pub fn from_document(name: &str, text: &str) -> Self {
        let mut limits = Limits::new(1, MAX_BUNDLE);
        let content = match limits.refuse(name, text.len() as u64) {
            Some(refusal) => Content::Refused(refusal),
            None => Content::Bytes(text.as_bytes().to_vec()),
        };
        let mut bundle = Self::default();
        bundle.insert(name, content);
        bundle
    }

    /// The bundle that [`Bundle::to_json`] wrote.
    pub fn from_json(stored: &Value) -> Result<Self, ReadError> {
        let files = stored.as_object().ok_or(ReadError::NotABundle)?;
        let mut bundle = Self::default();
        let mut limits = Limits::new(MAX_FILES, MAX_BUNDLE);
        for (path, text) in files {
            let text = text.as_str().ok_or(ReadError::NotABundle)?;
            let path = inner_path("", path).ok_or_else(|| ReadError::BadPath(path.clone()))?;
            let content = match limits.refuse(&path, text.len() as u64) {
                Some(refusal) => Content::Refused(refusal),
                None => Content::Bytes(text.as_bytes().to_vec()),
            };
            bundle.insert(&path, content);
        }
        Ok(bundle)
    }

    /// An object from path to text: what a store keeps.
    ///
    /// A file that is not UTF-8, or was not read, is left out; loading this bundle reported it.
    pub fn to_json(&self) -> Value {
        let files: Map<String, Value> = self
            .files
            .iter()
            .filter_map(|(path, content)| match content {
                Content::Bytes(bytes) => {
                    let text = std::str::from_utf8(bytes).ok()?;
                    Some((path.clone(), Value::from(text)))
                }
                Content::Refused(_) => None,
            })
            .collect();
        Value::Object(files)
    }

    /// The paths of its files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Content> {
        self.files.get(path)
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(crate) fn insert(&mut self, path: &str, content: Content) {
        self.files.insert(path.to_owned(), content);
    }

    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&str, &Refusal)> {
        self.files
            .iter()
            .filter_map(|(path, content)| match content {
                Content::Bytes(_) => None,
                Content::Refused(refusal) => Some((path.as_str(), refusal)),
            })
    }
}

/// Whether a file called `name` may be part of a definition.
pub(crate) fn belongs_to_definition(name: &str) -> bool {
    has_extension(name, &EXTENSIONS)
}

/// `relative` seen from the directory `base`, both with forward slashes; `None` when it leaves
/// the bundle or names no file.
pub(crate) fn inner_path(base: &str, relative: &str) -> Option<String> {
    let relative = relative.replace('\\', "/");
    if relative.starts_with('/') || relative.contains(':') {
        return None;
    }
    let mut segments: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            _ => segments.push(part),
        }
    }
    (!segments.is_empty()).then(|| segments.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stored_bundle_comes_back_the_same() {
        let stored = json!({"auth/test.rest.yml": "path: /me\n", "spec.yml": "key: a\n"});
        let bundle = Bundle::from_json(&stored).unwrap();
        assert_eq!(bundle.to_json(), stored);
        assert_eq!(bundle.paths().count(), 2);
    }

    #[test]
    fn a_stored_bundle_with_odd_paths_or_values_is_refused() {
        for stored in [json!([]), json!({"a.yml": 1})] {
            assert!(matches!(
                Bundle::from_json(&stored),
                Err(ReadError::NotABundle)
            ));
        }
        for path in ["../a.yml", "/etc/passwd", "", "c:\\a", "a/../../b"] {
            let stored = json!({path: ""});
            assert!(
                matches!(Bundle::from_json(&stored), Err(ReadError::BadPath(_))),
                "{path}"
            );
        }
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(
            inner_path("v/src", "../src/./a.yml").as_deref(),
            Some("v/src/a.yml")
        );
        assert_eq!(
            inner_path("", "auth\\test.js").as_deref(),
            Some("auth/test.js")
        );
        assert_eq!(inner_path("auth", "../../x"), None);
    }

    #[test]
    fn a_file_that_is_not_utf8_is_left_out_of_the_stored_form() {
        let mut bundle = Bundle::default();
        bundle.insert("a.yml", Content::Bytes(vec![0xff]));
        assert_eq!(bundle.to_json(), json!({}));
    }
}
