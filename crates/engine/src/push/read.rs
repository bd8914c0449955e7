//! Taking a push apart: connectors, integrations and elements each for themselves, with what is
//! wrong about their names.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::element::ElementType;
use authbridge_definition::{self as definition, Bundle};
use serde_json::{Map, Value};

use super::types::Restored;
use super::{ElementName, Issue, Push, PushedElement};
use crate::elements::document::{Document, problem_of_key};
use crate::interfaces::connector_key;

/// Where connectors are in pushes and plans.
pub(super) const CONNECTORS: &str = definition::ElementType::Connector.path();
/// Where integrations are.
pub(super) const INTEGRATIONS: &str = definition::ElementType::Integration.path();

/// Where integrations are that nobody sees, for others to delegate to.
pub(super) const AUTH_PROXIES: &str = definition::ElementType::AuthProxy.path();

/// What the `type` of an interface says.
const INTERFACE: &str = "http-endpoint";

/// A push, read.
pub(super) struct Request {
    pub(super) connectors: Vec<PushedConnector>,
    pub(super) integrations: Vec<PushedIntegration>,
    /// The universal ones first.
    pub(super) elements: Vec<PushedDocument>,
    /// What is to be pruned, by type.
    pub(super) pruned: BTreeSet<&'static str>,
    /// Interfaces that go, by key.
    pub(super) removed: Vec<String>,
    /// The interface that is taken back from the archive.
    pub(super) restored: Option<Restored>,
    pub(super) base_revision: Option<u64>,
    pub(super) is_forced: bool,
    /// What is wrong with it already.
    pub(super) issues: Vec<Issue>,
}

pub(super) struct PushedConnector {
    pub(super) name: ElementName,
    pub(super) content: Map<String, Value>,
    pub(super) bundle: Arc<Bundle>,
}

/// An integration, or an auth proxy.
pub(super) struct PushedIntegration {
    pub(super) name: ElementName,
    pub(super) content: Map<String, Value>,
    pub(super) parameters: Option<SecretJson>,
}

impl PushedIntegration {
    pub(super) fn is_auth_proxy(&self) -> bool {
        self.name.element_type == AUTH_PROXIES
    }
}

/// Where an integration or an auth proxy is.
pub(super) const fn path_of(is_auth_proxy: bool) -> &'static str {
    if is_auth_proxy {
        AUTH_PROXIES
    } else {
        INTEGRATIONS
    }
}

pub(super) struct PushedDocument {
    pub(super) name: ElementName,
    pub(super) element_type: ElementType,
    pub(super) content: Value,
}

impl Request {
    pub(super) fn of(push: Push) -> Self {
        let mut request = Self {
            connectors: Vec::new(),
            integrations: Vec::new(),
            elements: Vec::with_capacity(push.elements.len()),
            pruned: BTreeSet::new(),
            removed: push.removed,
            restored: push.restored,
            base_revision: push.base_revision,
            is_forced: push.force,
            issues: Vec::new(),
        };
        if push.prune {
            request.prune(push.types);
        }
        let mut seen = HashSet::new();
        for element in push.elements {
            let name = ElementName {
                element_type: element.element_type.clone(),
                key: element.key.clone(),
                integration_key: element.integration_key.clone(),
                version: element.version.clone(),
            };
            if !seen.insert(name.clone()) {
                request.refuse(name, "it is given twice; remove one of them");
                continue;
            }
            request.read(name, element);
        }
        request
            .elements
            .sort_by_key(|element| element.name.integration_key.is_some());
        request
    }

    fn prune(&mut self, types: Option<Vec<String>>) {
        let Some(types) = types else {
            self.pruned.extend([CONNECTORS, INTEGRATIONS, AUTH_PROXIES]);
            self.pruned.extend(ElementType::ALL.map(ElementType::path));
            return;
        };
        for text in types {
            if let Some(known) = type_of(&text) {
                self.pruned.insert(known);
                continue;
            }
            let name = ElementName {
                element_type: text,
                key: String::new(),
                integration_key: None,
                version: None,
            };
            self.refuse(name, "there is no such type of element to prune");
        }
    }

    fn read(&mut self, name: ElementName, element: PushedElement) {
        if let Some(problem) = problem_of_key(&name.key) {
            self.refuse(name, format!("it cannot have this key: {problem}"));
            return;
        }
        match type_of(&name.element_type) {
            Some(CONNECTORS) => self.connector(name, element),
            Some(INTEGRATIONS | AUTH_PROXIES) => self.integration(name, element),
            Some(path) => match ElementType::from_path(path) {
                Some(element_type) => self.document(name, element_type, element),
                None => self.refuse(name, "there is no such type of element"),
            },
            None => self.refuse(name, "there is no such type of element"),
        }
    }

    fn connector(&mut self, name: ElementName, element: PushedElement) {
        if name.integration_key.is_some() {
            self.refuse(name, "a connector belongs to no integration");
            return;
        }
        let Some(files) = element.files.filter(|files| !files.is_empty()) else {
            self.refuse(name, "a connector needs `files`, such as its `spec.yml`");
            return;
        };
        let files: Map<String, Value> = files
            .into_iter()
            .map(|(path, text)| (path, text.into()))
            .collect();
        match Bundle::from_json(&files.into()) {
            Ok(bundle) => self.connectors.push(PushedConnector {
                name,
                content: element.content,
                bundle: Arc::new(bundle),
            }),
            Err(error) => self.refuse(name, error.to_string()),
        }
    }

    fn integration(&mut self, name: ElementName, element: PushedElement) {
        if name.integration_key.is_some() {
            self.refuse(name, "an integration belongs to no other");
            return;
        }
        let mut content = element.content;
        let parameters = match content.shift_remove("parameters") {
            None | Some(Value::Null) => None,
            Some(parameters @ Value::Object(_)) => Some(SecretJson::new(parameters)),
            Some(_) => {
                self.refuse(name, "`parameters` must be an object");
                return;
            }
        };
        self.integrations.push(PushedIntegration {
            name,
            content,
            parameters,
        });
    }

    fn document(&mut self, name: ElementName, element_type: ElementType, element: PushedElement) {
        if name.integration_key.is_some() && !element_type.has_integration_level() {
            let path = element_type.path();
            let message = format!("{path} belong to the workspace as a whole, not to integrations");
            self.refuse(name, message);
            return;
        }
        let mut content = Document::of_members(element.content).content;
        if element_type == ElementType::Interface {
            // Its type says in files that it is one; here its place does.
            match content.shift_remove("type") {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text == INTERFACE => {}
                Some(_) => {
                    self.refuse(name, format!("the `type` of an interface is `{INTERFACE}`"));
                    return;
                }
            }
        }
        self.elements.push(PushedDocument {
            name,
            element_type,
            content: content.into(),
        });
    }

    fn refuse(&mut self, name: ElementName, message: impl Into<String>) {
        let message = message.into();
        self.issues.push(Issue { name, message });
    }

    /// The keys of the connectors that are pushed, as such or as interfaces.
    pub(super) fn connector_keys(&self) -> Vec<String> {
        let keys = self.connectors.iter().map(|it| it.name.key.clone());
        let interfaces = self
            .elements
            .iter()
            .filter(|element| element.element_type == ElementType::Interface)
            .map(|element| connector_key(&element.name.key));
        keys.chain(interfaces).collect()
    }

    /// The keys of the integrations that come with parameters.
    pub(super) fn keys_with_parameters(&self) -> HashSet<&str> {
        self.integrations
            .iter()
            .filter(|integration| integration.parameters.is_some())
            .map(|integration| integration.name.key.as_str())
            .collect()
    }

    /// The universal elements of a type, by key.
    pub(super) fn universal(&self) -> HashMap<(ElementType, &str), &Value> {
        self.elements
            .iter()
            .filter(|element| element.name.integration_key.is_none())
            .map(|element| {
                let key = element.name.key.as_str();
                ((element.element_type, key), &element.content)
            })
            .collect()
    }
}

fn type_of(text: &str) -> Option<&'static str> {
    [CONNECTORS, INTEGRATIONS, AUTH_PROXIES]
        .into_iter()
        .find(|known| *known == text)
        .or_else(|| ElementType::from_path(text).map(ElementType::path))
}
