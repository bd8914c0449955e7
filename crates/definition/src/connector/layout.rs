//! Which file of a bundle is the definition, and what stands beside it.

use crate::Code;
use crate::suggest::all_of;
use crate::tree::has_extension;

use super::{ConnectorDefaults, Files};

/// Names of the file that says how a version authenticates.
const SPEC_NAMES: [&str; 3] = ["spec.yml", "spec.yaml", "spec.json"];

/// Where the parts of a definition are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The spec or the flat document.
    pub(super) spec: String,
    /// The directory of the spec: empty, or ending with `/`. Function files are sought below.
    pub(super) base: String,
    /// The connector's record, beside version directories.
    pub(super) record: Option<String>,
    /// The name of the version's directory.
    pub(super) version: Option<String>,
}

/// Whether `name` is the development version's.
pub(crate) fn is_development(name: &str) -> bool {
    matches!(name, "development" | "dev")
}

pub(crate) fn is_spec_name(name: &str) -> bool {
    SPEC_NAMES.contains(&name)
}

/// Finds the definition; says so when there is none.
pub(super) fn find(files: &mut Files<'_>, defaults: &ConnectorDefaults) -> Option<Layout> {
    let bases = spec_directories(files);
    let layout = if bases.is_empty() {
        find_flat(files, defaults)
    } else {
        find_spec(files, &bases, defaults)
    };
    if layout.is_none() {
        // There is no file to point at, so the finding is about the one to add.
        let id = files.report.add_file("spec.yml", "".into());
        let versions: Vec<String> = bases.iter().filter_map(|base| version_of(base)).collect();
        let help = if versions.is_empty() {
            "add a `spec.yml`, or one YAML or JSON document that describes the connector".to_owned()
        } else {
            let versions = all_of(versions.iter().map(String::as_str));
            format!("the versions here are {versions}")
        };
        files
            .report
            .about(Code::NoDefinition, id, "no definition found")
            .help(help);
    }
    layout
}

fn spec_directories(files: &Files<'_>) -> Vec<String> {
    let mut bases: Vec<String> = files
        .bundle
        .paths()
        .filter_map(spec_directory)
        .map(str::to_owned)
        .collect();
    bases.dedup();
    bases
}

fn find_spec(
    files: &mut Files<'_>,
    bases: &[String],
    defaults: &ConnectorDefaults,
) -> Option<Layout> {
    let base = choose(bases, defaults, files)?;
    let specs: Vec<String> = SPEC_NAMES
        .iter()
        .map(|name| format!("{base}{name}"))
        .filter(|path| files.bundle.contains(path))
        .collect();
    let spec = specs.first()?.clone();
    if let [_, second, ..] = specs.as_slice() {
        let (id, _) = files.text(second)?;
        files
            .report
            .about(
                Code::SeveralDefinitions,
                id,
                format!("`{second}` is ignored beside `{spec}`"),
            )
            .help("remove one of the two");
    }
    let record = record(files, &base, defaults);
    Some(Layout {
        version: version_of(&base),
        spec,
        base,
        record,
    })
}

/// The directory of the spec at `path`, with its `/`, if `path` is one of a whole connector.
pub(crate) fn spec_directory(path: &str) -> Option<&str> {
    let (base, name) = split(path);
    (is_spec_name(name) && is_base(base)).then_some(base)
}

/// A spec stands at the top, in `src/`, in `<version>/src/` or in `<version>/`.
fn is_base(base: &str) -> bool {
    let mut parts = base.split_terminator('/');
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => true,
        (Some(first), None, _) => !is_part(first),
        (Some(first), Some(second), None) => !is_part(first) && second == "src",
        (Some(_), Some(_), Some(_)) => false,
    }
}

/// Directories of a definition that have `spec.yml` files of their own.
fn is_part(name: &str) -> bool {
    matches!(
        name,
        "auth" | "data" | "docs" | "events" | "global-webhooks" | "operations" | "tests"
    )
}

fn version_of(base: &str) -> Option<String> {
    base.split_terminator('/')
        .next()
        .filter(|first| *first != "src")
        .map(str::to_owned)
}

fn choose(bases: &[String], defaults: &ConnectorDefaults, files: &mut Files<'_>) -> Option<String> {
    if let Some(top) = bases.iter().find(|base| base.is_empty() || *base == "src/") {
        return Some(top.clone());
    }
    let is_version = |base: &&String, wanted: &str| version_of(base).as_deref() == Some(wanted);
    if let Some(wanted) = &defaults.version {
        return bases
            .iter()
            .find(|base| {
                is_version(base, wanted)
                    || is_development(wanted)
                        && version_of(base).is_some_and(|name| is_development(&name))
            })
            .cloned();
    }
    let development = bases
        .iter()
        .find(|base| version_of(base).is_some_and(|name| is_development(&name)));
    let chosen = development.or(bases.last())?.clone();
    if development.is_none() && bases.len() > 1 {
        let versions: Vec<String> = bases.iter().filter_map(|base| version_of(base)).collect();
        let id = files.report.add_file(&chosen, "".into());
        let versions = all_of(versions.iter().map(String::as_str));
        files
            .report
            .about(
                Code::SeveralDefinitions,
                id,
                format!("`{chosen}` is used of the versions {versions}"),
            )
            .help("name the version to load");
    }
    Some(chosen)
}

/// The document at the top that describes the connector of a spec further down.
fn record(files: &Files<'_>, base: &str, defaults: &ConnectorDefaults) -> Option<String> {
    let documents: Vec<&str> = documents(files)
        .filter(|path| !is_spec_name(path))
        .collect();
    let named = documents
        .iter()
        .find(|path| Some(stem(path)) == defaults.key.as_deref());
    match (named, documents.as_slice()) {
        (Some(path), _) => Some((*path).to_owned()),
        (None, [only]) if !base.is_empty() => Some((*only).to_owned()),
        (None, _) => None,
    }
}

fn find_flat(files: &Files<'_>, defaults: &ConnectorDefaults) -> Option<Layout> {
    let documents: Vec<&str> = documents(files).collect();
    let named = documents.iter().find(|path| {
        let stem = stem(path);
        Some(stem) == defaults.key.as_deref() || stem == "connector"
    });
    let spec = match (named, documents.as_slice()) {
        (Some(path), _) | (None, [path]) => *path,
        (None, _) => return None,
    };
    Some(Layout {
        spec: spec.to_owned(),
        base: String::new(),
        record: None,
        version: None,
    })
}

/// The YAML and JSON files at the top.
fn documents<'a>(files: &Files<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    files
        .bundle
        .paths()
        .filter(|path| !path.contains('/') && has_extension(path, &["yml", "yaml", "json"]))
}

fn stem(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// Directory, with its `/`, and name of a path.
fn split(path: &str) -> (&str, &str) {
    match path.rfind('/') {
        Some(position) => path.split_at(position + 1),
        None => ("", path),
    }
}
