//! One integration's file.

use crate::Code;
use crate::connector::is_development;
use crate::fields::{INTEGRATION, is_key};
use crate::object::Object;
use crate::report::{Place, Report};
use crate::secrets::{self, Context};
use crate::tree::Node;

use super::IntegrationFile;

/// What an integration's file says about its connector, and where.
pub(super) struct Written {
    /// Where the integration names itself.
    pub(super) key: Place,
    pub(super) connector: Option<Reference>,
    pub(super) version: Option<Place>,
}

/// How the connector is named.
pub(super) struct Reference {
    pub(super) by: By,
    pub(super) text: String,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Key,
    Uuid,
    Id,
}

/// Reads the integration at `root`, unless its own errors make it unusable.
pub(super) fn read(
    root: &Node,
    path: &str,
    default_key: &str,
    report: &mut Report,
) -> Option<(IntegrationFile, Written)> {
    if root.entries().is_none() {
        report
            .at(
                Code::ElementNotRead,
                root.place,
                format!("expected an integration, found {}", root.kind()),
            )
            .help("an integration is a mapping with `key`, `name` and `connectorKey`");
        return None;
    }
    let object = Object::read(root, &INTEGRATION, report)?;
    let key = match object.text("key") {
        Some(key) => key,
        None if is_key(default_key) => default_key.to_owned(),
        None => {
            report
                .at(
                    Code::MissingKey,
                    object.start(),
                    "an integration needs `key`",
                )
                .help("add `key:` with letters, digits, `-`, `_` and `.`");
            return None;
        }
    };
    if let Some(parameters) = object.get("parameters") {
        secrets::check(parameters, Context::Parameters, report);
    }
    let written = Written {
        key: object
            .entry("key")
            .map_or(object.start(), |entry| entry.value.place),
        connector: reference(object),
        version: object
            .entry("connectorVersion")
            .map(|entry| entry.value.place),
    };
    let is_auth_proxy = [object.text("kind"), object.text("type")]
        .iter()
        .flatten()
        .any(|word| word == "auth-proxy");
    let integration = IntegrationFile {
        is_auth_proxy,
        name: object.text("name").unwrap_or_else(|| key.clone()),
        key,
        connector_key: object.text("connectorKey"),
        connector_version: object
            .text("connectorVersion")
            .filter(|version| !is_development(version)),
        logo_uri: object.text("logoUri"),
        base_uri: object.base_uri(),
        oauth_callback_uri: object.text("oAuthCallbackUri"),
        allows_external_callback: object
            .value("allowExternalCallback")
            .is_some_and(|value| value == true),
        meta: object.value("meta"),
        parameters: object.value("parameters"),
        path: path.to_owned(),
    };
    Some((integration, written))
}

fn reference(object: Object<'_>) -> Option<Reference> {
    [
        (By::Key, "connectorKey"),
        (By::Uuid, "connectorUuid"),
        (By::Id, "connectorId"),
    ]
    .into_iter()
    .find_map(|(by, name)| {
        let node = object.get(name)?;
        Some(Reference {
            by,
            text: node.as_str()?.to_owned(),
            place: node.place,
        })
    })
}
