//! What elements say about each other: duplicates, and integrations' connectors.

use std::collections::BTreeMap;

use crate::bundle::Content;
use crate::connector::add_decoded;
use crate::report::{Place, Report};
use crate::suggest::{all_of, did_you_mean};
use crate::tree::{self, Node, Syntax};
use crate::{Bundle, Code};

use super::classify::{ConnectorPlace, stem};
use super::integration::{By, Reference, Written};
use super::{ConnectorFile, Directory, is_document};

/// How a connector's files call it, whether or not they are usable.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) key: Option<String>,
    pub(super) id: Option<String>,
    pub(super) uuid: Option<String>,
}

/// Looks for key, id and uuid in the documents at the top of `bundle`, the record first.
pub(super) fn identity(bundle: &Bundle, place: &ConnectorPlace) -> Identity {
    let mut documents: Vec<&str> = bundle
        .paths()
        .filter(|path| !path.contains('/') && is_document(path))
        .collect();
    documents.sort_by_key(|path| stem(path) != place.default_key);
    let mut identity = Identity::default();
    for path in documents {
        let Some(Content::Bytes(bytes)) = bundle.get(path) else {
            continue;
        };
        // Whatever is wrong with the file has been reported where it was loaded.
        let mut silent = Report::default();
        let (id, text) = add_decoded(path, bytes, &mut silent);
        let Some(root) =
            text.and_then(|text| tree::parse(Syntax::of(path), &text, id, &mut silent))
        else {
            continue;
        };
        let text = |name: &str| root.get(name).and_then(Node::as_str).map(str::to_owned);
        identity.key = identity.key.or_else(|| text("key"));
        identity.id = identity.id.or_else(|| text("id"));
        identity.uuid = identity.uuid.or_else(|| text("uuid"));
    }
    identity
}

/// Reports duplicates and unknown connectors, and resolves ids and uuids to keys.
pub(super) fn check(directory: &mut Directory, written: &[Written], report: &mut Report) {
    duplicate_connectors(&directory.connectors, report);
    duplicate_integrations(directory, written, report);
    let connectors = &directory.connectors;
    for (integration, written) in directory.integrations.iter_mut().zip(written) {
        let Some(reference) = &written.connector else {
            report
                .at(
                    Code::IntegrationWithoutConnector,
                    written.key,
                    format!("integration `{}` names no connector", integration.key),
                )
                .help("add `connectorKey:` with the key of a connector");
            continue;
        };
        let versions: Vec<&ConnectorFile> = connectors
            .iter()
            .filter(|connector| reference.means(connector))
            .collect();
        let Some(first) = versions.first() else {
            unknown_connector(&integration.key, reference, connectors, report);
            continue;
        };
        integration.connector_key = Some(first.key.clone());
        let wanted = integration.connector_version.as_deref();
        let version = versions
            .iter()
            .find(|connector| connector.version.as_deref() == wanted);
        match version {
            None => {
                let place = written.version.unwrap_or(reference.place);
                unknown_version(wanted, &versions, place, report);
            }
            Some(found) => check_auth(&integration.key, found, reference.place, report),
        }
    }
}

impl Reference {
    fn means(&self, connector: &ConnectorFile) -> bool {
        match self.by {
            By::Key => connector.key == self.text,
            By::Uuid => connector.uuid.as_ref() == Some(&self.text),
            By::Id => connector.id.as_ref() == Some(&self.text),
        }
    }
}

fn duplicate_connectors(connectors: &[ConnectorFile], report: &mut Report) {
    let mut first: BTreeMap<(&str, Option<&str>), &str> = BTreeMap::new();
    for connector in connectors {
        let name = (connector.key.as_str(), connector.version.as_deref());
        let Some(other) = first.get(&name) else {
            first.insert(name, &connector.path);
            continue;
        };
        let id = report.add_file(&connector.path, "".into());
        report
            .about(
                Code::DuplicateElement,
                id,
                format!("connector `{}` is also defined by `{other}`", connector.key),
            )
            .help("give one of them another `key`");
    }
}

fn duplicate_integrations(directory: &Directory, written: &[Written], report: &mut Report) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (integration, written) in directory.integrations.iter().zip(written) {
        let Some(other) = first.get(integration.key.as_str()) else {
            first.insert(&integration.key, &integration.path);
            continue;
        };
        report
            .at(
                Code::DuplicateElement,
                written.key,
                format!(
                    "integration `{}` is also defined by `{other}`",
                    integration.key
                ),
            )
            .help("give one of them another `key`");
    }
}

fn unknown_connector(
    integration: &str,
    reference: &Reference,
    connectors: &[ConnectorFile],
    report: &mut Report,
) {
    let keys = connectors.iter().map(|connector| connector.key.as_str());
    let text = &reference.text;
    let (message, help) = match reference.by {
        By::Key => (
            format!("integration `{integration}` names the unknown connector `{text}`"),
            did_you_mean(text, keys)
                .unwrap_or_else(|| format!("add `connectors/{text}/spec.yml`, or pull it as well")),
        ),
        By::Uuid | By::Id => (
            format!(
                "no connector of this directory has the identity that integration `{integration}` names"
            ),
            "name the connector with `connectorKey`".to_owned(),
        ),
    };
    report
        .at(Code::UnknownConnector, reference.place, message)
        .help(help);
}

fn unknown_version(
    wanted: Option<&str>,
    versions: &[&ConnectorFile],
    place: Place,
    report: &mut Report,
) {
    let key = versions
        .first()
        .map_or("", |connector| connector.key.as_str());
    let message = match wanted {
        Some(version) => format!("connector `{key}` has no version `{version}`"),
        None => format!("connector `{key}` has no development version"),
    };
    let known = versions
        .iter()
        .map(|connector| connector.version.as_deref().unwrap_or("development"));
    report
        .at(Code::UnknownConnectorVersion, place, message)
        .help(format!("its versions are {}", all_of(known)));
}

fn check_auth(integration: &str, found: &ConnectorFile, place: Place, report: &mut Report) {
    let Some(connector) = &found.connector else {
        return;
    };
    if connector.options.is_empty() {
        report
            .at(
                Code::IntegrationWithoutAuth,
                place,
                format!(
                    "integration `{integration}`: connector `{}` has no auth options",
                    connector.key
                ),
            )
            .help(format!(
                "add an `auth` block to the definition in `{}`: `auth: {{type: \
                 client-credentials, inputSchema: …, makeApiClient: …}}`",
                found.path
            ));
    }
}
