//! One connector's definition, from whichever format, to core's model.

mod api_client;
mod auth;
mod body;
mod files;
mod function;
mod inline_code;
mod interface;
mod layout;
mod oauth_config;
mod operations;

use authbridge_core::connector::Connector;

use crate::fields::{FLAT, RECORD, SPEC};
use crate::object::Object;
use crate::report::Report;
use crate::{Bundle, Code, Diagnostic, Sources, cases};

pub(crate) use files::{Files, add_decoded};
pub(crate) use interface::{check_action_code, interface_options};
use layout::Layout;

pub(crate) use layout::{is_development, is_spec_name, spec_directory};

/// What a definition need not say because its surroundings do.
#[derive(Clone, Debug, Default)]
pub struct ConnectorDefaults {
    /// The key, when the definition has none: the name of its directory, say.
    pub key: Option<String>,
    /// The version; `development` and `dev` mean the development version.
    pub version: Option<String>,
}

/// What was loaded, as far as it was, and what there is to say about it.
#[derive(Debug)]
pub struct Loaded<T> {
    /// `None` when errors make it unusable.
    pub value: Option<T>,
    /// In order of file and line.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into, secrets masked.
    pub sources: Sources,
}

/// Reads the definition in `bundle`.
///
/// The bundle may have a `spec.yml` with function files below `auth/`, version directories with
/// one each (`<version>/src/spec.yml`) beside the connector's record, or one flat document.
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers build the defaults in place, and have no other use for them"
)]
pub fn load_connector(bundle: &Bundle, defaults: ConnectorDefaults) -> Loaded<Connector> {
    let mut files = Files::new(bundle);
    for (path, refusal) in bundle.refusals() {
        files.refused(path, refusal);
    }
    let read = read(&mut files, &defaults);
    let value = read.connector.filter(|_| files.report.is_usable());
    if let Some(base) = read.base {
        // A broken test leaves the connector as usable as before.
        cases::read_all(&mut files, &base, value.as_ref());
    }
    let (diagnostics, sources) = files.report.finish();
    Loaded {
        value,
        diagnostics,
        sources,
    }
}

/// The directory, with its `/` or empty, in which the definition of `bundle` stands.
pub(crate) fn find_base(bundle: &Bundle, defaults: &ConnectorDefaults) -> Option<String> {
    // What there is to say about the layout is said when the connector is loaded.
    layout::find(&mut Files::new(bundle), defaults).map(|layout| layout.base)
}

/// What was read of a bundle.
struct Read {
    /// Where the definition stands; `None` when there is none.
    base: Option<String>,
    connector: Option<Connector>,
}

fn read(files: &mut Files<'_>, defaults: &ConnectorDefaults) -> Read {
    let Some(layout) = layout::find(files, defaults) else {
        return Read {
            base: None,
            connector: None,
        };
    };
    Read {
        connector: read_connector(files, defaults, &layout),
        base: Some(layout.base),
    }
}

fn read_connector(
    files: &mut Files<'_>,
    defaults: &ConnectorDefaults,
    layout: &Layout,
) -> Option<Connector> {
    let record = layout.record.as_deref().and_then(|path| files.tree(path));
    let record = record
        .as_deref()
        .and_then(|node| Object::read(node, &RECORD, &mut files.report));
    let root = files.tree(&layout.spec)?;
    let shape = if root.entry("auth").is_some() {
        &SPEC
    } else {
        &FLAT
    };
    let spec = Object::read(&root, shape, &mut files.report)?;
    let options = auth::read_options(files, &layout.base, spec, record);
    let operations = operations::read(files, &layout.base, spec);
    operations::check_calls(files, &operations);
    files.report_unused(&layout.base);

    // What the record says about the connector counts over the spec of one version.
    let text = |name: &str| {
        record
            .and_then(|record| record.text(name))
            .or_else(|| spec.text(name))
    };
    let key = key(text("key"), defaults, spec, &mut files.report)?;
    let categories = record
        .map(|record| record.texts("categories"))
        .filter(|categories| !categories.is_empty())
        .unwrap_or_else(|| spec.texts("categories"));
    Some(Connector {
        name: text("name").unwrap_or_else(|| key.clone()),
        uuid: text("uuid"),
        version: version(defaults, layout.version.clone(), text("version")),
        description: text("description"),
        logo_uri: text("logoUri"),
        base_uri: record
            .and_then(|record| record.base_uri())
            .or_else(|| spec.base_uri()),
        categories,
        parameters_schema: auth::connector_parameters_schema(spec, record),
        options: options?,
        operations,
        key,
    })
}

fn key(
    written: Option<String>,
    defaults: &ConnectorDefaults,
    spec: Object<'_>,
    report: &mut Report,
) -> Option<String> {
    if written.is_some() {
        return written;
    }
    match &defaults.key {
        Some(key) if crate::fields::is_key(key) => Some(key.clone()),
        Some(name) => {
            report
                .at(
                    Code::MissingKey,
                    spec.start(),
                    format!("the connector needs a `key`: its file name `{name}` cannot be one"),
                )
                .help("add `key:` with letters, digits, `-`, `_` and `.`");
            None
        }
        None => {
            report
                .at(Code::MissingKey, spec.start(), "a connector needs `key`")
                .help("add `key:` with letters, digits, `-`, `_` and `.`");
            None
        }
    }
}

/// The caller knows best, then the directory, then the text.
fn version(
    defaults: &ConnectorDefaults,
    directory: Option<String>,
    written: Option<String>,
) -> Option<String> {
    defaults
        .version
        .clone()
        .or(directory)
        .or(written)
        .filter(|version| !is_development(version))
}

#[cfg(test)]
mod tests;
