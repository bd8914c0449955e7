//! What elements say about each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::Content;
use crate::connector::add_decoded;
use crate::report::{Place, Report};
use crate::suggest::{all_of, did_you_mean};
use crate::tree::{self, Node, Syntax};
use crate::{Bundle, Code, ElementFile, ElementType};

use super::classify::{ConnectorPlace, stem};
use super::element::{self, Referred};
use super::integration::{By, Reference, Written};
use super::{ConnectorFile, Directory, authentication, is_document};

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

/// Reports unknown connectors, and resolves ids and uuids to keys.
pub(super) fn check(directory: &mut Directory, written: &[Written], report: &mut Report) {
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
            Some(found) => {
                authentication::check_integration(integration, found, reference.place, report);
            }
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

/// Reports integrations, actions and operations that elements name and nobody knows.
pub(super) fn check_elements(
    directory: &Directory,
    written: &[element::Written],
    report: &mut Report,
) {
    let integrations: BTreeSet<&str> = directory
        .integrations
        .iter()
        .filter(|integration| !integration.is_auth_proxy)
        .map(|integration| integration.key.as_str())
        .collect();
    let mut universal: BTreeMap<ElementType, BTreeSet<&str>> = BTreeMap::new();
    for element in &directory.elements {
        if element.integration_key.is_none() {
            let keys = universal.entry(element.element_type).or_default();
            keys.insert(&element.key);
        }
    }
    let none = BTreeSet::new();
    for (element, written) in directory.elements.iter().zip(written) {
        if let Some(key) = &element.integration_key {
            check_home(element, key, written, &integrations, report);
        }
        for reference in &written.references {
            let (what, known) = match reference.to {
                Referred::Action => (
                    "action",
                    universal.get(&ElementType::Action).unwrap_or(&none),
                ),
                Referred::Parent => (
                    element.element_type.word(),
                    universal.get(&element.element_type).unwrap_or(&none),
                ),
                Referred::Operation => {
                    check_operation(directory, element, reference, report);
                    continue;
                }
            };
            if !known.contains(reference.key.as_str()) {
                let known = known.iter().copied();
                unknown(element, (what, ""), reference, known, report);
            }
        }
    }
}

/// The integration that an element belongs to.
fn check_home(
    element: &ElementFile,
    key: &str,
    written: &element::Written,
    integrations: &BTreeSet<&str>,
    report: &mut Report,
) {
    let (kind, name) = (element.element_type.word(), &element.key);
    let place = written.integration.as_ref().map(|(_, place)| *place);
    if let Some((said, place)) = &written.integration
        && said != key
    {
        report
            .at(
                Code::TwoIntegrations,
                *place,
                format!("{kind} `{name}` names the integration `{said}`, and stands below `{key}`"),
            )
            .help("remove `integrationKey`, or move the file");
    }
    if integrations.contains(key) {
        return;
    }
    let help = did_you_mean(key, integrations.iter().copied()).unwrap_or_else(|| {
        format!("add `integrations/{key}/{key}.yaml` with `connectorKey`, or pull it as well")
    });
    report
        .at(
            Code::UnknownReference,
            place.unwrap_or(written.key),
            format!("{kind} `{name}` belongs to the unknown integration `{key}`"),
        )
        .help(help);
}

/// The operation that an action of an integration runs.
fn check_operation(
    directory: &Directory,
    element: &ElementFile,
    reference: &element::Reference,
    report: &mut Report,
) {
    let Some(connector) = element
        .integration_key
        .as_deref()
        .and_then(|key| directory.connector_of(key))
        .and_then(|file| file.connector.as_ref())
    else {
        // Which connector it is depends on the connection that it runs with.
        return;
    };
    let known = connector
        .operations
        .iter()
        .map(|operation| operation.key.as_str());
    if known.clone().all(|key| key != reference.key) {
        let of = format!(" of connector `{}`", connector.key);
        unknown(element, ("operation", &of), reference, known, report);
    }
}

fn unknown<'a>(
    element: &ElementFile,
    (what, of): (&str, &str),
    reference: &element::Reference,
    known: impl Iterator<Item = &'a str> + Clone,
    report: &mut Report,
) {
    let named = &reference.key;
    let help = did_you_mean(named, known.clone()).unwrap_or_else(|| {
        let some = all_of(known.take(10));
        if some.is_empty() {
            "there are none here; add its file, or pull it as well".to_owned()
        } else {
            format!("there are {some}")
        }
    });
    report
        .at(
            Code::UnknownReference,
            reference.place,
            format!(
                "{} `{}` names the unknown {what} `{named}`{of}",
                element.element_type.word(),
                element.key
            ),
        )
        .help(help);
}
