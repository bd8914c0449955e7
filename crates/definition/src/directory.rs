//! A workspace directory: finds connectors and integrations, and accounts for every other file.

mod classify;
mod ignored;
mod integration;
mod references;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use authbridge_core::connector::Connector;
use serde::Serialize;
use serde_json::Value;

use crate::bundle::{self, Found, Limits, read_file};
use crate::connector::{add_decoded, is_spec_name};
use crate::report::Report;
use crate::tree::{self, Syntax, has_extension};
use crate::{Bundle, Code, ConnectorDefaults, Diagnostic, ReadError, Sources, load_connector};

use classify::{ConnectorPlace, Element, Placed, Surroundings};

/// How many files of a workspace are read.
const MAX_FILES: usize = 10_000;
/// What they may have together, in bytes.
const MAX_BYTES: u64 = 200 * 1024 * 1024;

/// What a workspace directory holds.
#[derive(Debug, Default)]
pub struct Directory {
    /// Every version of every connector, in order of path.
    pub connectors: Vec<ConnectorFile>,
    /// In order of path; one that cannot be read is left out.
    pub integrations: Vec<IntegrationFile>,
    /// Every other YAML and JSON file, with the reason.
    pub ignored: Vec<Ignored>,
    /// Of all files, in order of path and line.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into, secrets masked.
    pub sources: Sources,
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
    /// The `id` in a pulled record, which pulled integrations refer to.
    id: Option<String>,
    /// The `uuid`, readable even when the connector is not usable.
    uuid: Option<String>,
}

/// An integration in a directory.
#[derive(Clone)]
pub struct IntegrationFile {
    /// Names it in the workspace.
    pub key: String,
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
    let mut loader = Loader {
        single: metadata.is_file(),
        limits: Limits::new(MAX_FILES, MAX_BYTES),
        report: Report::default(),
        directory: Directory::default(),
        places: Vec::new(),
    };
    let around = if metadata.is_file() {
        dir.parent().unwrap_or(dir)
    } else {
        dir
    };
    loader.load(&found, &classify::surroundings(around));
    Ok(loader.finish())
}

struct Loader {
    /// Whether one file was asked for, which then must be an element.
    single: bool,
    limits: Limits,
    report: Report,
    directory: Directory,
    /// Where each integration names its connector.
    places: Vec<integration::Written>,
}

impl Loader {
    fn load(&mut self, found: &[Found], surroundings: &Surroundings) {
        let mut connectors: BTreeMap<ConnectorPlace, Vec<&Found>> = BTreeMap::new();
        for placed in classify::classify(found, surroundings) {
            match placed {
                Placed::Connector(place, files) => {
                    connectors.entry(place).or_default().extend(files);
                }
                Placed::Integration(file, default_key) => self.integration(file, &default_key),
                Placed::Unplaced(file) => self.unplaced(file, &mut connectors),
                Placed::Ignored(ignored) => self.directory.ignored.push(ignored),
                Placed::Refused(file) => self.refused(file),
                Placed::Archive(file) => self.archive(file),
            }
        }
        for (place, files) in connectors {
            self.connector(&place, &files);
        }
        let directory = &mut self.directory;
        directory
            .connectors
            .sort_by(|left, right| left.path.cmp(&right.path));
        directory
            .ignored
            .sort_by(|left, right| left.path.cmp(&right.path));
    }

    fn finish(mut self) -> Directory {
        references::check(&mut self.directory, &self.places, &mut self.report);
        let (diagnostics, sources) = self.report.finish();
        self.directory.diagnostics.extend(diagnostics);
        self.directory.sources.extend_under("", sources);
        self.directory.diagnostics.sort_by(|left, right| {
            (&left.file, left.span.map(|span| span.start), left.code).cmp(&(
                &right.file,
                right.span.map(|span| span.start),
                right.code,
            ))
        });
        self.directory
    }

    fn connector(&mut self, place: &ConnectorPlace, files: &[&Found]) {
        let mut bundle = Bundle::default();
        for file in files {
            let Some(name) = file.name().strip_prefix(place.prefix.as_str()) else {
                continue;
            };
            if bundle::belongs_to_definition(name) || file.refusal().is_some() {
                bundle.insert(name, read_file(file, &mut self.limits));
            }
        }
        let connector = if place.packed {
            None
        } else {
            self.load_connector(place, &bundle)
        };
        let identity = references::identity(&bundle, place);
        self.directory.connectors.push(ConnectorFile {
            key: connector
                .as_ref()
                .map(|connector| connector.key.clone())
                .or(identity.key)
                .unwrap_or_else(|| place.default_key.clone()),
            version: match &connector {
                Some(connector) => connector.version.clone(),
                None => place.version.clone(),
            },
            path: place.path(),
            bundle,
            connector,
            id: identity.id,
            uuid: identity.uuid,
        });
    }

    fn load_connector(&mut self, place: &ConnectorPlace, bundle: &Bundle) -> Option<Connector> {
        let loaded = load_connector(
            bundle,
            ConnectorDefaults {
                key: Some(place.default_key.clone()),
                version: place.version.clone(),
            },
        );
        let prefix = &place.prefix;
        self.directory.sources.extend_under(prefix, loaded.sources);
        let diagnostics = loaded.diagnostics.into_iter().map(|mut diagnostic| {
            diagnostic.file.insert_str(0, prefix);
            diagnostic
        });
        self.directory.diagnostics.extend(diagnostics);
        loaded.value
    }

    /// A file outside of all known directories: an explicit type says what it is.
    fn unplaced<'f>(
        &mut self,
        file: &'f Found,
        connectors: &mut BTreeMap<ConnectorPlace, Vec<&'f Found>>,
    ) {
        let content = read_file(file, &mut self.limits);
        match classify::element_of(file.name(), &content) {
            Element::Connector => {
                let place = ConnectorPlace::of_document(file.name());
                connectors.entry(place).or_default().push(file);
            }
            Element::Integration => self.integration(file, classify::stem(file.name())),
            Element::Broken if self.single => {
                let place = ConnectorPlace::of_document(file.name());
                connectors.entry(place).or_default().push(file);
            }
            Element::Broken => self.directory.ignored.push(ignored::broken(file.name())),
            Element::Other(word) => {
                self.directory
                    .ignored
                    .push(ignored::unplaced(file.name(), word.as_deref()));
            }
        }
    }

    fn integration(&mut self, file: &Found, default_key: &str) {
        let content = read_file(file, &mut self.limits);
        let bundle::Content::Bytes(bytes) = content else {
            return self.refused_content(file.name(), &content);
        };
        let (id, text) = add_decoded(file.name(), &bytes, &mut self.report);
        let syntax = Syntax::of(file.name());
        let Some(root) = text.and_then(|text| tree::parse(syntax, &text, id, &mut self.report))
        else {
            return;
        };
        let read = integration::read(&root, file.name(), default_key, &mut self.report);
        if let Some((integration, written)) = read {
            self.directory.integrations.push(integration);
            self.places.push(written);
        }
    }

    fn refused(&mut self, file: &Found) {
        let content = read_file(file, &mut self.limits);
        self.refused_content(file.name(), &content);
    }

    fn refused_content(&mut self, name: &str, content: &bundle::Content) {
        if let bundle::Content::Refused(refusal) = content {
            let id = self.report.add_file(name, "".into());
            self.report
                .about(refusal.code, id, refusal.message.as_str());
        }
    }

    fn archive(&mut self, file: &Found) {
        let id = self.report.add_file(file.name(), "".into());
        self.report
            .about(
                Code::ArchiveNotUnpacked,
                id,
                "the files of this version are packed",
            )
            .help("unpack the archive to `src/` beside it");
    }
}

/// Whether a file is one that the directory accounts for.
fn is_document(name: &str) -> bool {
    has_extension(name, &["yml", "yaml", "json"])
}
