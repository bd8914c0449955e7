//! Connectors that delegate authentication: whether there is somebody to delegate to.

use std::collections::BTreeSet;

use authbridge_core::connector::{AuthOption, AuthType};

use crate::Code;
use crate::bundle::Content;
use crate::connector::add_decoded;
use crate::report::{Place, Report};
use crate::suggest::{all_of, did_you_mean};
use crate::tree::{self, Node, Syntax, Tree};

use super::{ConnectorFile, Directory, is_document};

/// How many steps a chain of proxies is followed.
const MAX_CHAIN: usize = 20;

/// Reports parents that are unknown or unsuitable, and chains that never end.
pub(super) fn check(directory: &Directory, report: &mut Report) {
    if directory.integrations.is_empty() {
        // They may be kept elsewhere.
        return;
    }
    for file in &directory.connectors {
        let keys: BTreeSet<&str> = proxies(file).filter_map(parent_key).collect();
        for key in keys {
            if directory.integrations.iter().all(|it| it.key != key) {
                unknown(directory, file, key, report);
            } else if let Some(unsuitable) = unsuitable(directory, key) {
                refuse_parent(file, key, unsuitable, report);
            }
        }
    }
    check_cycles(directory, report);
}

fn proxies(file: &ConnectorFile) -> impl Iterator<Item = &AuthOption> {
    file.connector
        .iter()
        .flat_map(|connector| &connector.options)
        .filter(|option| option.auth_type == AuthType::Proxy)
}

fn parent_key(option: &AuthOption) -> Option<&str> {
    option.proxy_key.as_deref()
}

fn unknown(directory: &Directory, file: &ConnectorFile, key: &str, report: &mut Report) {
    let known = directory.integrations.iter().map(|it| it.key.as_str());
    let help = did_you_mean(key, known.clone()).unwrap_or_else(|| {
        format!(
            "add `auth-proxies/{key}/{key}.yaml` with `connectorKey`; there are {}",
            all_of(known.take(10))
        )
    });
    let message = format!(
        "connector `{}` delegates to `{key}`, which is no integration or auth proxy here",
        file.key
    );
    add(file, key, Code::UnknownProxyParent, message, report).help(help);
}

/// The auth type because of which there is nothing to delegate to `key`.
fn unsuitable(directory: &Directory, key: &str) -> Option<AuthType> {
    let connector = directory.connector_of(key)?.connector.as_ref()?;
    let is_suitable = |option: &AuthOption| match option.auth_type {
        AuthType::IntegrationAppToken | AuthType::MembraneToken => false,
        AuthType::ClientCredentials | AuthType::OAuth2 | AuthType::OAuth1 | AuthType::Proxy => true,
    };
    let first = connector.options.first()?;
    (!connector.options.iter().any(is_suitable)).then_some(first.auth_type)
}

fn refuse_parent(file: &ConnectorFile, key: &str, auth_type: AuthType, report: &mut Report) {
    let message = format!(
        "connector `{}` delegates to `{key}`, whose type `{}` has nothing to delegate",
        file.key,
        auth_type.as_str()
    );
    add(file, key, Code::UnsuitableProxyParent, message, report).help(format!(
        "give the connector `type: {}` itself: the token comes from the workspace, and not from an \
         account",
        auth_type.as_str()
    ));
}

fn check_cycles(directory: &Directory, report: &mut Report) {
    let mut reported: BTreeSet<Vec<&str>> = BTreeSet::new();
    for integration in &directory.integrations {
        let mut path = vec![integration.key.as_str()];
        let Some(cycle) = follow(directory, &mut path) else {
            continue;
        };
        let mut members = cycle.clone();
        members.sort_unstable();
        if !reported.insert(members) {
            continue;
        }
        let (Some(first), Some(second)) = (cycle.first(), cycle.get(1).or(cycle.first())) else {
            continue;
        };
        let Some(file) = directory.connector_of(first) else {
            continue;
        };
        let mut names: Vec<String> = cycle.iter().map(|key| format!("`{key}`")).collect();
        names.push(format!("`{first}`"));
        let message = format!(
            "authentication is delegated in a circle: {}",
            names.join(" → ")
        );
        add(file, second, Code::ProxyCycle, message, report)
            .help("one of them has to authenticate by itself");
    }
}

/// Follows the proxies from the last of `path`; the circle, if there is one.
fn follow<'d>(directory: &'d Directory, path: &mut Vec<&'d str>) -> Option<Vec<&'d str>> {
    if path.len() > MAX_CHAIN {
        return None;
    }
    let file = directory.connector_of(path.last()?)?;
    for key in proxies(file).filter_map(parent_key) {
        if let Some(start) = path.iter().position(|known| *known == key) {
            return Some(path.get(start..)?.to_vec());
        }
        path.push(key);
        let found = follow(directory, path);
        path.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Reports something where the files of a connector name the parent.
fn add<'r>(
    file: &ConnectorFile,
    key: &str,
    code: Code,
    message: String,
    report: &'r mut Report,
) -> &'r mut crate::report::Finding {
    if let Some(place) = place(file, key, report) {
        return report.at(code, place, message);
    }
    let id = report.add_file(&file.path, "".into());
    report.about(code, id, message)
}

/// Where `proxyKey: key` stands. The connector's trees are gone by now, and this is rare.
fn place(file: &ConnectorFile, key: &str, report: &mut Report) -> Option<Place> {
    for path in file.bundle.paths().filter(|path| is_document(path)) {
        let Some(Content::Bytes(bytes)) = file.bundle.get(path) else {
            continue;
        };
        if !String::from_utf8_lossy(bytes).contains("proxyKey") {
            continue;
        }
        let (id, text) = add_decoded(&format!("{}{path}", file.prefix), bytes, report);
        let root = text.and_then(|text| tree::parse(Syntax::of(path), &text, id, report));
        if let Some(place) = root.and_then(|root| find(&root, key)) {
            return Some(place);
        }
    }
    None
}

fn find(node: &Node, key: &str) -> Option<Place> {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => None,
        Tree::List(items) => items.iter().find_map(|item| find(item, key)),
        Tree::Mapping(entries) => entries.iter().find_map(|entry| {
            if entry.key == "proxyKey" && entry.value.as_str() == Some(key) {
                return Some(entry.value.place);
            }
            find(&entry.value, key)
        }),
    }
}
