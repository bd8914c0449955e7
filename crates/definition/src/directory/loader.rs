//! Reads the files of a workspace directory, each once.

use std::collections::BTreeMap;

use authbridge_core::connector::Connector;

use crate::bundle::{self, Found, Limits, read_file};
use crate::connector::{add_decoded, find_base};
use crate::report::Report;
use crate::tree::{self, Node, Syntax};
use crate::{Bundle, Code, ConnectorDefaults, ElementType, load_connector};

use super::classify::{self, ConnectorPlace, Element, Home, Placed, Spot, Surroundings};
use super::{ConnectorFile, Directory};
use super::{authentication, duplicates, element, ignored, integration, proxies, references};

/// How many files of a workspace are read.
const MAX_FILES: usize = 60_000;
/// What they may have together, in bytes.
const MAX_BYTES: u64 = 400 * 1024 * 1024;

/// What was read so far.
pub(super) struct Loader {
    /// Whether one file was asked for, which then must be an element.
    single: bool,
    /// Whether the rest of the workspace may be elsewhere.
    is_part: bool,
    limits: Limits,
    report: Report,
    directory: Directory,
    /// Where each integration names its connector.
    places: Vec<integration::Written>,
    /// What each element says about others.
    written: Vec<element::Written>,
    /// The keys of integrations by their directories.
    homes: BTreeMap<String, String>,
}

impl Loader {
    /// `single`: one file was asked for.
    pub(super) fn new(single: bool, surroundings: &Surroundings) -> Self {
        Self {
            single,
            is_part: single || surroundings.is_part(),
            limits: Limits::new(MAX_FILES, MAX_BYTES),
            report: Report::default(),
            directory: Directory::default(),
            places: Vec::new(),
            written: Vec::new(),
            homes: BTreeMap::new(),
        }
    }

    pub(super) fn load(&mut self, found: &[Found], surroundings: &Surroundings) {
        let mut connectors: BTreeMap<ConnectorPlace, Vec<&Found>> = BTreeMap::new();
        for placed in classify::classify(found, surroundings) {
            match placed {
                Placed::Connector(place, files) => {
                    connectors.entry(place).or_default().extend(files);
                }
                Placed::Element(spot) => self.element(&spot, None),
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

    pub(super) fn finish(mut self) -> Directory {
        for (element, written) in self.directory.elements.iter_mut().zip(&self.written) {
            if let Some(home) = &written.home {
                let key = self.homes.get(home).unwrap_or(home);
                element.integration_key = Some(key.clone());
            }
        }
        duplicates::check(
            &self.directory,
            &self.places,
            &self.written,
            &mut self.report,
        );
        references::check(&mut self.directory, &self.places, &mut self.report);
        if !self.is_part {
            let elements = &self.written;
            references::check_elements(&self.directory, elements, &mut self.report);
            authentication::check(&self.directory, elements, &mut self.report);
            proxies::check(&self.directory, &mut self.report);
        }
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
            base: find_base(&bundle, &defaults(place)),
            bundle,
            connector,
            prefix: place.prefix.clone(),
            id: identity.id,
            uuid: identity.uuid,
        });
    }

    fn load_connector(&mut self, place: &ConnectorPlace, bundle: &Bundle) -> Option<Connector> {
        let loaded = load_connector(bundle, defaults(place));
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
            Element::Typed(element_type) => {
                let spot = Spot {
                    file,
                    element_type,
                    default_key: classify::default_key(file.name()).to_owned(),
                    home: None,
                };
                self.element(&spot, Some(content));
            }
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

    /// An element that is no connector; `content` if it was read before.
    fn element(&mut self, spot: &Spot<'_>, content: Option<bundle::Content>) {
        let name = spot.file.name();
        let content = content.unwrap_or_else(|| read_file(spot.file, &mut self.limits));
        let bundle::Content::Bytes(bytes) = content else {
            return self.refused_content(name, &content);
        };
        let (id, text) = add_decoded(name, &bytes, &mut self.report);
        let Some(root) =
            text.and_then(|text| tree::parse(Syntax::of(name), &text, id, &mut self.report))
        else {
            return;
        };
        // An element that says what it is may stand among others.
        let element_type = match classify::typed(&root) {
            Element::Typed(said) if is_kept(said) && is_kept(spot.element_type) => said,
            Element::Typed(_) | Element::Connector | Element::Broken | Element::Other(_) => {
                spot.element_type
            }
        };
        if is_kept(element_type) {
            self.kept(&root, spot, element_type);
        } else {
            self.integration(&root, spot, element_type == ElementType::AuthProxy);
        }
    }

    fn integration(&mut self, root: &Node, spot: &Spot<'_>, is_auth_proxy: bool) {
        let name = spot.file.name();
        let read = integration::read(root, name, &spot.default_key, &mut self.report);
        if let Some((mut integration, written)) = read {
            integration.is_auth_proxy |= is_auth_proxy;
            self.homes
                .insert(spot.default_key.clone(), integration.key.clone());
            self.directory.integrations.push(integration);
            self.places.push(written);
        }
    }

    fn kept(&mut self, root: &Node, spot: &Spot<'_>, element_type: ElementType) {
        let (name, key) = (spot.file.name(), &spot.default_key);
        let read = element::read(root, name, element_type, key, &mut self.report);
        if let Some((mut element, mut written)) = read {
            match &spot.home {
                Some(Home::Key(key)) => element.integration_key = Some(key.clone()),
                // What key it has is known when all integrations are read.
                Some(Home::Directory(directory)) => written.home = Some(directory.clone()),
                None => {}
            }
            self.directory.elements.push(element);
            self.written.push(written);
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

fn defaults(place: &ConnectorPlace) -> ConnectorDefaults {
    ConnectorDefaults {
        key: Some(place.default_key.clone()),
        version: place.version.clone(),
    }
}

/// Whether elements of the type are kept as documents.
const fn is_kept(element_type: ElementType) -> bool {
    !matches!(
        element_type,
        ElementType::Connector | ElementType::Integration | ElementType::AuthProxy
    )
}
