//! A workspace directory: finds its elements, and accounts for every other file.

mod authentication;
mod classify;
mod content;
mod duplicates;
mod element;
mod ignored;
mod integration;
mod loader;
mod proxies;
mod references;

use std::fmt;
use std::fs;
use std::path::Path;

use authbridge_core::connector::Connector;
use serde::Serialize;
use serde_json::Value;

use crate::bundle::{self, Found};
use crate::connector::is_spec_name;
use crate::tree::has_extension;
use crate::{Bundle, Diagnostic, ElementFile, ReadError, Sources};

pub use content::DefinitionFile;
pub(crate) use element::shape;
use loader::Loader;

/// What a workspace directory holds.
#[derive(Debug, Default)]
pub struct Directory {
    /// Every version of every connector, in order of path.
    pub connectors: Vec<ConnectorFile>,
    /// Integrations and auth proxies, in order of path; one that cannot be read is left out.
    pub integrations: Vec<IntegrationFile>,
    /// Everything else, in order of path; what cannot be read is left out.
    pub elements: Vec<ElementFile>,
    /// Every other YAML and JSON file, with the reason.
    pub ignored: Vec<Ignored>,
    /// Of all files, in order of path and line.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into, secrets masked.
    pub sources: Sources,
}

impl Directory {
    /// The connector that the integration or auth proxy called `key` installs, in its version.
    pub(crate) fn connector_of(&self, key: &str) -> Option<&ConnectorFile> {
        let integration = self.integrations.iter().find(|it| it.key == key)?;
        let connector = integration.connector_key.as_deref()?;
        self.connectors
            .iter()
            .find(|file| file.key == connector && file.version == integration.connector_version)
    }
}

/// One version of a connector in a directory.
#[derive(Debug)]
pub struct ConnectorFile {
    /// The connector's key, or the name of its directory when it could not be read.
    pub key: String,
    /// `None` for the development version.
    pub version: Option<String>,
    /// Its directory, or its file for a flat document, relative to what was loaded; empty when it
    /// is the whole of it.
    pub path: String,
    /// Its files.
    pub bundle: Bundle,
    /// `None` when errors make it unusable.
    pub connector: Option<Connector>,
    /// What stands before the paths of its files: the same as `path`, up to a version.
    prefix: String,
    /// Where in its bundle the definition stands; `None` when there is none.
    base: Option<String>,
    /// The `id` in a pulled record, which pulled integrations refer to.
    id: Option<String>,
    /// The `uuid`, readable even when the connector is not usable.
    uuid: Option<String>,
}

/// An integration, or an auth proxy, in a directory.
#[derive(Clone)]
pub struct IntegrationFile {
    /// Names it in the workspace.
    pub key: String,
    /// Whether it is an auth proxy: a client that connectors of type `proxy` share, and no
    /// integration that anybody sees.
    pub is_auth_proxy: bool,
    /// What people see.
    pub name: String,
    /// The connector that it installs; resolved from an id or uuid where the file has those.
    pub connector_key: Option<String>,
    /// The version of the connector; `None` for the development version.
    pub connector_version: Option<String>,
    /// An image instead of the connector's.
    pub logo_uri: Option<String>,
    /// A base URI instead of the connector's.
    pub base_uri: Option<String>,
    /// A callback URI that redirects to the engine's.
    pub oauth_callback_uri: Option<String>,
    /// Whether browsers may come to the callback that were not sent away from the engine.
    pub allows_external_callback: bool,
    /// Anything that the workspace's owner keeps with it.
    pub meta: Option<Value>,
    /// Connector parameters; secret.
    pub parameters: Option<Value>,
    /// Its file, relative to what was loaded.
    pub path: String,
}

impl fmt::Debug for IntegrationFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IntegrationFile")
            .field("key", &self.key)
            .field("is_auth_proxy", &self.is_auth_proxy)
            .field("name", &self.name)
            .field("connector_key", &self.connector_key)
            .field("connector_version", &self.connector_version)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A file, or a directory of files, that is no part of what was loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// Relative to what was loaded.
    pub path: String,
    /// Why.
    pub reason: String,
    /// What to do if it was meant.
    pub suggestion: Option<String>,
}

/// Reads the workspace in `dir`: a directory such as `membrane/`, the one above it, the directory
/// of one connector, or a single file.
///
/// An error means that there was nothing to read at all; everything else is a diagnostic.
pub fn load_directory(dir: &Path) -> Result<Directory, ReadError> {
    let metadata = fs::metadata(dir).map_err(|source| ReadError::Io {
        path: dir.to_owned(),
        source,
    })?;
    if metadata.is_file()
        && dir
            .file_name()
            .is_some_and(|name| is_spec_name(&name.to_string_lossy()))
        && let Some(parent) = dir.parent()
    {
        // Its function files are part of it.
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        return load_directory(parent);
    }
    let found = if metadata.is_dir() {
        bundle::walk(dir)?
    } else {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        vec![Found::single(dir, &name)]
    };
    let around = if metadata.is_file() {
        dir.parent().unwrap_or(dir)
    } else {
        dir
    };
    let surroundings = classify::surroundings(around);
    let mut loader = Loader::new(metadata.is_file(), &surroundings);
    loader.load(&found, &surroundings);
    Ok(loader.finish())
}

/// Whether a file is one that the directory accounts for.
fn is_document(name: &str) -> bool {
    has_extension(name, &["yml", "yaml", "json"])
}
