//! Which file belongs to which element, told by its place, and failing that by its content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use authbridge_core::connector::AuthType;

use crate::ElementType;
use crate::bundle::{Content, Found};
use crate::connector::{is_spec_name, spec_directory};
use crate::fields::ACTION_TYPES;
use crate::report::Report;
use crate::tree::{self, Node, Syntax, has_extension};

use super::ignored::{self, is_element_directory};
use super::{Ignored, is_document};

const CONNECTORS: &str = "connectors";
const INTEGRATIONS: &str = "integrations";
/// The usual name of a workspace directory; elements are sought below the innermost one.
const MEMBRANE: &str = "membrane";

/// What a file turned out to be.
pub(super) enum Placed<'f> {
    /// The files of one version of a connector.
    Connector(ConnectorPlace, Vec<&'f Found>),
    /// The file of an element that is no connector.
    Element(Spot<'f>),
    /// A document whose place says nothing.
    Unplaced(&'f Found),
    Ignored(Ignored),
    /// Not read, and not part of a connector.
    Refused(&'f Found),
    /// `src.zip` without `src/`.
    Archive(&'f Found),
}

/// The file of an element, and what its place says.
pub(super) struct Spot<'f> {
    pub(super) file: &'f Found,
    pub(super) element_type: ElementType,
    /// The key that the place suggests.
    pub(super) default_key: String,
    /// The integration that the place names, if any.
    pub(super) home: Option<Home>,
}

/// How a place names an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// By a directory below `integrations/`, whose file may give it another key.
    Directory(String),
    /// By its key, as the original command line writes pulled elements.
    Key(String),
}

/// One version of a connector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectorPlace {
    /// The directory of the connector, with its `/`; empty for the top.
    pub(super) prefix: String,
    /// The name of its version directory.
    pub(super) version: Option<String>,
    /// The file, of a flat document that has no directory of its own.
    pub(super) document: Option<String>,
    /// The key that the place suggests.
    pub(super) default_key: String,
    /// Whether its files are in an archive, so that there is nothing to load.
    pub(super) packed: bool,
}

impl ConnectorPlace {
    /// A flat document called `name`.
    pub(super) fn of_document(name: &str) -> Self {
        let (prefix, file) = split(name);
        Self {
            prefix: prefix.to_owned(),
            version: None,
            document: Some(file.to_owned()),
            default_key: stem(name).to_owned(),
            packed: false,
        }
    }

    /// Its directory or file, relative to what was loaded.
    pub(super) fn path(&self) -> String {
        match (&self.document, &self.version) {
            (Some(document), _) => format!("{}{document}", self.prefix),
            (None, Some(version)) => format!("{}{version}", self.prefix),
            (None, None) => self.prefix.trim_end_matches('/').to_owned(),
        }
    }
}

/// What a document without a telling place is.
pub(super) enum Element {
    Connector,
    /// Anything else that has a type.
    Typed(ElementType),
    /// It cannot be parsed.
    Broken,
    /// Something else, with the word that it has for its type.
    Other(Option<String>),
}

/// What the path of the directory says about the files in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// `connectors/`, `connectors/acme/` or the like, when the directory is one of these.
    prefix: String,
    /// Its own name.
    name: String,
}

/// Looks at the last names of `dir`.
pub(super) fn surroundings(dir: &Path) -> Surroundings {
    let full = std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let names: Vec<String> = full
        .iter()
        .rev()
        .take(4)
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let prefix = match names.as_slice() {
        [kind, key, INTEGRATIONS, ..] if is_type(kind) => format!("{INTEGRATIONS}/{key}/{kind}/"),
        [name, kind, key, INTEGRATIONS] if is_type(kind) => {
            format!("{INTEGRATIONS}/{key}/{kind}/{name}/")
        }
        [kind, ..] if is_type(kind) => format!("{kind}/"),
        [name, kind, ..] if is_type(kind) => format!("{kind}/{name}/"),
        _ => String::new(),
    };
    Surroundings {
        prefix,
        name: names.first().copied().unwrap_or_default().to_owned(),
    }
}

/// Whether a directory that was named on the command line is one of elements. Repositories keep
/// other things in `packages`.
fn is_type(name: &str) -> bool {
    ElementType::from_directory(name).is_some_and(|kind| kind != ElementType::Package)
}

impl Surroundings {
    /// Whether only a part of a workspace is looked at, so that the rest may be elsewhere.
    pub(super) fn is_part(&self) -> bool {
        !self.prefix.is_empty()
    }
}

/// Sorts all files by the element that they belong to.
pub(super) fn classify<'f>(found: &'f [Found], around: &Surroundings) -> Vec<Placed<'f>> {
    let has_types = found
        .iter()
        .any(|file| type_position("", file.name()).is_some());
    let prefix = if has_types { "" } else { &around.prefix };
    let mut placed = Vec::new();
    let mut groups: BTreeMap<Group, Vec<&Found>> = BTreeMap::new();
    let whole = !has_types && prefix.is_empty() && is_connector_directory(found);
    for file in found {
        if whole {
            let group = Group {
                prefix: String::new(),
                name: around.name.clone(),
            };
            groups.entry(group).or_default().push(file);
            continue;
        }
        match connector_group(prefix, file) {
            Some(group) => groups.entry(group).or_default().push(file),
            None => placed.extend(place(prefix, file)),
        }
    }
    for (group, files) in groups {
        place_connector(&group, &files, &mut placed);
    }
    placed
}

/// The directory of a connector: its real prefix, and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    prefix: String,
    name: String,
}

/// The parts of a path after an element directory such as `connectors`.
struct Position<'p> {
    /// The element directory.
    kind: &'p str,
    /// What follows it, the file name last.
    rest: Vec<&'p str>,
}

/// Finds the element directory in a path, below the innermost `membrane` if there is one.
fn type_position<'p>(prefix: &'p str, name: &'p str) -> Option<Position<'p>> {
    let mut parts: Vec<&str> = prefix.split_terminator('/').collect();
    parts.extend(name.split('/'));
    let start = parts
        .iter()
        .rposition(|part| *part == MEMBRANE)
        .map_or(0, |position| position + 1);
    let directories = parts.len().saturating_sub(1);
    let position = (start..directories).find(|position| {
        parts
            .get(*position)
            .is_some_and(|part| is_element_directory(part))
    })?;
    Some(Position {
        kind: parts.get(position).copied()?,
        rest: parts.get(position + 1..)?.to_vec(),
    })
}

/// Whether the files look like one connector with a `spec.yml`.
fn is_connector_directory(found: &[Found]) -> bool {
    found
        .iter()
        .any(|file| spec_directory(file.name()).is_some())
}

fn connector_group(prefix: &str, file: &Found) -> Option<Group> {
    let position = type_position(prefix, file.name())?;
    if position.kind != CONNECTORS || position.rest.len() < 2 {
        return None;
    }
    let name = (*position.rest.first()?).to_owned();
    // What follows the connector's directory is the same in the real path, which may begin there.
    let inner: usize = position
        .rest
        .iter()
        .skip(1)
        .map(|part| part.len() + 1)
        .sum();
    let length = (file.name().len() + 1).saturating_sub(inner);
    let real = file.name().get(..length).unwrap_or_default();
    Some(Group {
        prefix: real.to_owned(),
        name,
    })
}

/// Places a file that is in no connector's directory.
fn place<'f>(prefix: &str, file: &'f Found) -> Option<Placed<'f>> {
    if file.refusal().is_some() {
        return Some(Placed::Refused(file));
    }
    let position = type_position(prefix, file.name());
    if !is_document(file.name()) {
        let is_code = has_extension(file.name(), &["js", "ts", "mjs", "cjs", "mts", "cts"]);
        return position
            .filter(|position| is_code && position.kind != CONNECTORS)
            .map(|_| Placed::Ignored(ignored::code_beside_element(file.name())));
    }
    let Some(position) = position else {
        return Some(Placed::Unplaced(file));
    };
    Some(place_document(&position, file))
}

/// Places a YAML or JSON file below the directory of a type.
fn place_document<'f>(position: &Position<'_>, file: &'f Found) -> Placed<'f> {
    let Some(kind) = ElementType::from_directory(position.kind) else {
        return Placed::Ignored(ignored::unsupported(file.name(), position.kind));
    };
    let spot = |element_type, key: &str, home| {
        Placed::Element(Spot {
            file,
            element_type,
            default_key: key.to_owned(),
            home,
        })
    };
    match (kind, position.rest.as_slice()) {
        (ElementType::Connector, _) => {
            Placed::Connector(ConnectorPlace::of_document(file.name()), vec![file])
        }
        (_, [name]) => spot(kind, stem(name), None),
        (_, [key, name]) if describes(name, key) => spot(kind, key, None),
        (ElementType::Integration, [key, directory, rest @ ..]) => {
            let home = Some(Home::Directory((*key).to_owned()));
            match (ElementType::from_directory(directory), rest) {
                (Some(inner), [name]) if inner.is_of_integrations() => {
                    spot(inner, stem(name), home)
                }
                (Some(inner), [own, name])
                    if inner.is_of_integrations() && describes(name, own) =>
                {
                    spot(inner, own, home)
                }
                (Some(inner), [own, ..]) if inner.is_of_integrations() => {
                    let directory = format!("{INTEGRATIONS}/{key}/{directory}");
                    Placed::Ignored(ignored::misplaced(file.name(), &directory, own))
                }
                _ => Placed::Ignored(ignored::below_integration(file.name(), key, directory)),
            }
        }
        (_, [key, integration, name])
            if kind.is_of_integrations() && describes(name, integration) =>
        {
            spot(kind, key, Some(Home::Key((*integration).to_owned())))
        }
        (_, rest) => {
            let key = rest.first().copied().unwrap_or("<key>");
            Placed::Ignored(ignored::misplaced(file.name(), position.kind, key))
        }
    }
}

/// Whether a file called `name` describes what its directory is for.
fn describes(name: &str, directory: &str) -> bool {
    is_spec_name(name) || stem(name) == directory
}

/// Splits the files of a connector's directory into its versions.
fn place_connector<'f>(group: &Group, files: &[&'f Found], placed: &mut Vec<Placed<'f>>) {
    let inner = |file: &'f Found| file.name().get(group.prefix.len()..).unwrap_or_default();
    let bases: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| spec_directory(inner(file)))
        .collect();
    let archives = files.iter().copied().filter(|file| {
        let (directory, name) = split(inner(file));
        let unpacked = format!("{directory}src/");
        name == "src.zip" && !files.iter().any(|file| inner(file).starts_with(&unpacked))
    });
    let before = placed.len();
    placed.extend(archives.map(Placed::Archive));
    let packed = bases.is_empty() && placed.len() > before;
    let place = |version: Option<&str>| ConnectorPlace {
        prefix: group.prefix.clone(),
        version: version.map(str::to_owned),
        document: None,
        default_key: group.name.clone(),
        packed,
    };
    let at_top = bases.is_empty() || bases.contains("") || bases.contains("src/");
    let described = Described::new(group, &bases, files.iter().map(|file| inner(file)));
    let (rest, extra): (Vec<&'f Found>, Vec<&'f Found>) = files
        .iter()
        .copied()
        .partition(|file| described.covers(inner(file)));
    placed.extend(
        extra
            .into_iter()
            .map(|file| Placed::Ignored(ignored::beside_connector(file.name()))),
    );
    if at_top {
        placed.push(Placed::Connector(place(None), rest));
        return;
    }
    let versions: BTreeSet<&str> = bases
        .iter()
        .filter_map(|base| base.split('/').next())
        .collect();
    for version in &versions {
        let own = format!("{version}/");
        let (mine, _): (Vec<&'f Found>, Vec<&'f Found>) = rest
            .iter()
            .copied()
            .partition(|file| !inner(file).contains('/') || inner(file).starts_with(&own));
        placed.push(Placed::Connector(place(Some(version)), mine));
    }
}

/// Which documents of a connector's directory describe it.
struct Described<'a> {
    name: &'a str,
    bases: &'a BTreeSet<&'a str>,
    /// The only document at the top, if there is just one.
    only: Option<&'a str>,
}

impl<'a> Described<'a> {
    fn new(
        group: &'a Group,
        bases: &'a BTreeSet<&'a str>,
        inner: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut top = inner.filter(|path| !path.contains('/') && is_document(path));
        let only = top.next().filter(|_| top.next().is_none());
        Self {
            name: &group.name,
            bases,
            only,
        }
    }

    /// Whether the file is part of the connector; files that are no documents always are.
    fn covers(&self, inner: &str) -> bool {
        if !is_document(inner) {
            return true;
        }
        if inner.contains('/') {
            return self.bases.is_empty() || self.bases.iter().any(|base| inner.starts_with(base));
        }
        if self.bases.contains("") {
            // Code may import it; what nothing uses is reported with the connector.
            return true;
        }
        stem(inner) == self.name || self.only == Some(inner) || stem(inner) == "connector"
    }
}

/// What the content of an unplaced document says that it is.
pub(super) fn element_of(name: &str, content: &Content) -> Element {
    let Content::Bytes(bytes) = content else {
        return Element::Broken;
    };
    let mut report = Report::default();
    let (id, text) = crate::connector::add_decoded(name, bytes, &mut report);
    let Some(root) = text.and_then(|text| tree::parse(Syntax::of(name), &text, id, &mut report))
    else {
        return Element::Broken;
    };
    typed(&root)
}

/// What `kind` or `type` of a document says.
pub(super) fn typed(root: &Node) -> Element {
    let word = |key: &str| root.get(key).and_then(Node::as_str);
    for word in [word("kind"), word("type")].into_iter().flatten() {
        match ElementType::from_word(word) {
            Some(ElementType::Connector) => return Element::Connector,
            Some(kind) => return Element::Typed(kind),
            None if ACTION_TYPES.contains(&word) => return Element::Typed(ElementType::Action),
            None if AuthType::from_name(word).is_some() => return Element::Connector,
            None => {}
        }
    }
    let is_connector = ["auth", "makeApiClient", "options"]
        .iter()
        .any(|key| root.get(key).is_some());
    match word("kind").or_else(|| word("type")) {
        None if is_connector => Element::Connector,
        word => Element::Other(word.map(str::to_owned)),
    }
}

/// Directory, with its `/`, and name of a path.
fn split(path: &str) -> (&str, &str) {
    path.rfind('/')
        .map_or(("", path), |position| path.split_at(position + 1))
}

/// The key that a path suggests: the name of the file, or of its directory for a `spec.yaml`.
pub(super) fn default_key(path: &str) -> &str {
    let (directory, name) = split(path);
    if is_spec_name(name) {
        let directory = directory.trim_end_matches('/');
        return directory.rsplit('/').next().unwrap_or(directory);
    }
    stem(path)
}

/// The name of a file without directory and extension.
pub(super) fn stem(path: &str) -> &str {
    let (_, name) = split(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
