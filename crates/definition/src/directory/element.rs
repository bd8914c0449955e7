//! One element's file, of any type but connector and integration.

use authbridge_core::auth::check_input;
use authbridge_core::connector::AuthOption;
use serde_json::{Map, Value};

use crate::connector::{check_action_code, interface_options};
use crate::fields::{
    ACTION, APP_DATA_SCHEMA, APP_EVENT_TYPE, DATA_LINK_TABLE, DATA_SOURCE, FIELD_MAPPING, FLOW,
    INTEGRATION, INTERFACE, PACKAGE, SCENARIO, SCREEN, Shape, is_key,
};
use crate::formulas::{self, Variables};
use crate::object::Object;
use crate::report::{Place, Report};
use crate::secrets::{self, Context};
use crate::tree::{Node, Tree};
use crate::{Code, ElementFile, ElementType};

/// Members that say what and where an element is, and what only servers say: an element does not
/// consist of them. Servers take out the same, so that what is pulled is what was pushed.
const NOT_CONTENT: [&str; 21] = [
    "$schema",
    "kind",
    "key",
    "integrationKey",
    "integrationId",
    "integration",
    "integrationUuid",
    "parentId",
    "parentKey",
    "parentUuid",
    "parentRevision",
    "isCustomized",
    "customized",
    "id",
    "workspaceId",
    "state",
    "errors",
    "revision",
    "createdAt",
    "updatedAt",
    "archivedAt",
];

/// What an element's file says about others, and where.
pub(super) struct Written {
    /// Where the element names itself.
    pub(super) key: Place,
    /// Its own type, of an action.
    pub(super) action_type: Option<String>,
    /// `integrationKey` of the file.
    pub(super) integration: Option<(String, Place)>,
    /// The directory below `integrations/` in which it stands.
    pub(super) home: Option<String>,
    /// What it refers to.
    pub(super) references: Vec<Reference>,
    /// Of an interface: how it authenticates; `None` when that cannot be read.
    pub(super) options: Option<Vec<AuthOption>>,
}

/// A named element.
pub(super) struct Reference {
    pub(super) to: Referred,
    pub(super) key: String,
    pub(super) place: Place,
}

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Referred {
    /// An action of an interface.
    Action,
    /// The workspace's element of the same type.
    Parent,
    /// An operation of the integration's connector.
    Operation,
}

/// The mapping that elements of this type are.
pub(crate) fn shape(element_type: ElementType) -> &'static Shape {
    match element_type {
        // Connectors are read elsewhere; an auth proxy is an integration.
        ElementType::Connector | ElementType::Integration | ElementType::AuthProxy => &INTEGRATION,
        ElementType::Action => &ACTION,
        ElementType::Interface => &INTERFACE,
        ElementType::Flow => &FLOW,
        ElementType::DataSource => &DATA_SOURCE,
        ElementType::FieldMapping => &FIELD_MAPPING,
        ElementType::DataLinkTable => &DATA_LINK_TABLE,
        ElementType::AppEventType => &APP_EVENT_TYPE,
        ElementType::AppDataSchema => &APP_DATA_SCHEMA,
        ElementType::Screen => &SCREEN,
        ElementType::Scenario => &SCENARIO,
        ElementType::Package => &PACKAGE,
    }
}

/// Reads the element at `root`, unless its own errors make it unusable.
pub(super) fn read(
    root: &Node,
    path: &str,
    element_type: ElementType,
    default_key: &str,
    report: &mut Report,
) -> Option<(ElementFile, Written)> {
    let shape = shape(element_type);
    if root.entries().is_none() {
        report
            .at(
                Code::ElementNotRead,
                root.place,
                format!("expected {}, found {}", shape.name, root.kind()),
            )
            .help(format!("{} is a mapping with `key` and `name`", shape.name));
        return None;
    }
    let is_checked = matches!(element_type, ElementType::Action | ElementType::Interface);
    let object = if is_checked {
        Object::read(root, shape, report)?
    } else {
        Object::read_open(root, shape, report)?
    };
    let key = key(object, default_key, report)?;
    let written = Written {
        key: object
            .entry("key")
            .map_or(object.start(), |entry| entry.value.place),
        action_type: None,
        integration: named(object.get("integrationKey")),
        home: None,
        references: parent(object).into_iter().collect(),
        options: None,
    };
    let written = match element_type {
        ElementType::Action => action(object, written, report),
        ElementType::Interface => interface(object, written, report),
        ElementType::Connector
        | ElementType::Integration
        | ElementType::AuthProxy
        | ElementType::Flow
        | ElementType::DataSource
        | ElementType::FieldMapping
        | ElementType::DataLinkTable
        | ElementType::AppDataSchema
        | ElementType::Screen
        | ElementType::Scenario
        | ElementType::Package => written,
        ElementType::AppEventType => {
            check_example(object, report);
            written
        }
    };
    let element = ElementFile {
        element_type,
        key,
        integration_key: written.integration.as_ref().map(|(key, _)| key.clone()),
        content: content(root, element_type),
        path: path.to_owned(),
    };
    Some((element, written))
}

fn key(object: Object<'_>, default_key: &str, report: &mut Report) -> Option<String> {
    if let Some(key) = object.text("key") {
        return is_key(&key).then_some(key);
    }
    if is_key(default_key) {
        return Some(default_key.to_owned());
    }
    report
        .at(
            Code::MissingKey,
            object.start(),
            format!("{} needs `key`", object.shape_name()),
        )
        .help("add `key:` with letters, digits, `-`, `_` and `.`");
    None
}

/// What the element consists of: without its identity, and without what servers write.
fn content(root: &Node, element_type: ElementType) -> Value {
    let shape = shape(element_type);
    let mut content = Map::new();
    for entry in root.entries().unwrap_or_default() {
        let name = shape
            .field(&entry.key)
            .map_or(entry.key.as_str(), |field| field.name);
        let is_older = name != entry.key;
        let is_left_out = NOT_CONTENT.contains(&name)
            || (name.starts_with("universal")
                && (name.ends_with("Id") || name.ends_with("Revision")))
            || (name == "type" && element_type == ElementType::Interface)
            || (is_older && root.entry(name).is_some());
        if !is_left_out {
            content.insert(name.to_owned(), entry.value.to_value());
        }
    }
    Value::Object(content)
}

fn named(node: Option<&Node>) -> Option<(String, Place)> {
    let node = node?;
    Some((node.as_str()?.to_owned(), node.place))
}

fn parent(object: Object<'_>) -> Option<Reference> {
    let (key, place) = named(object.get("parentKey"))?;
    Some(Reference {
        to: Referred::Parent,
        key,
        place,
    })
}

fn action(object: Object<'_>, mut written: Written, report: &mut Report) -> Written {
    written.action_type = object.text("type");
    check_action(object, report);
    if written.action_type.as_deref() == Some("connector-operation") {
        let operation = object
            .get("config")
            .and_then(|config| config.get("operationKey"));
        if let Some((key, place)) = named(operation) {
            written.references.push(Reference {
                to: Referred::Operation,
                key,
                place,
            });
        }
    }
    written
}

/// What the type of an action needs, and the formulas in it.
fn check_action(object: Object<'_>, report: &mut Report) {
    let config = object.get("config");
    let has = |name: &str| config.is_some_and(|config| config.get(name).is_some());
    let missing = match object.text("type").as_deref() {
        Some("api-request-to-external-app" | "api-request-to-your-app")
            if !has("request") && !has("path") =>
        {
            Some(("request", "config: {request: {method: GET, path: /me}}"))
        }
        Some("http-request") if !has("request") && !has("uri") && !has("url") => Some((
            "request",
            "config: {request: {method: GET, uri: 'https://api.example.com/me'}}",
        )),
        Some("connector-operation") if !has("operationKey") => {
            Some(("operationKey", "config: {operationKey: find-contact}"))
        }
        Some("run-javascript") if !has("code") => Some((
            "code",
            "config: {code: 'export default ({input}) => input'}",
        )),
        Some(_) | None => None,
    };
    if let Some((name, example)) = missing {
        let place = object
            .entry("config")
            .or_else(|| object.entry("type"))
            .map_or(object.start(), |entry| entry.key_place);
        report
            .at(
                Code::MissingKey,
                place,
                format!("an action of this type needs `config.{name}`"),
            )
            .help(format!("such as `{example}`"));
    }
    if object.text("type").as_deref() == Some("run-javascript")
        && let Some(code) = config.and_then(|config| config.get("code"))
    {
        check_action_code(&object.text("key").unwrap_or_default(), code, report);
    }
    let variables = Variables::of_action();
    for entry in config.and_then(Node::entries).unwrap_or_default() {
        // Code is no mapping, and has placeholders of its own.
        if entry.key != "code" {
            formulas::check(&entry.value, &variables, report);
        }
    }
    if let Some(mapping) = object.get("outputMapping") {
        formulas::check(mapping, &variables.with_output(), report);
    }
    for node in [config, object.get("outputMapping")].into_iter().flatten() {
        secrets::check(node, Context::Definition, report);
    }
}

/// Whether the example of an event is one.
fn check_example(object: Object<'_>, report: &mut Report) {
    let (Some(schema), Some(example)) = (object.get("schema"), object.entry("example")) else {
        return;
    };
    let value = example.value.to_value();
    let Err(error) = check_input(Some(&schema.to_value()), &value) else {
        return;
    };
    for problem in error.fields {
        let (of, is) = (problem.field, problem.message);
        let of = if of.is_empty() {
            "it".to_owned()
        } else {
            format!("`{of}`")
        };
        report
            .at(
                Code::ExampleNotOfSchema,
                example.key_place,
                format!("the example does not fit `schema`: {of} {is}"),
            )
            .help("change the example, or the schema");
    }
}

fn interface(object: Object<'_>, mut written: Written, report: &mut Report) -> Written {
    if let Some(auth) = object.get("auth") {
        secrets::check(auth, Context::Definition, report);
        written.options = interface_options(object.node(), report);
    } else {
        written.options = Some(Vec::new());
    }
    match object.get("actions").map(|actions| &actions.tree) {
        Some(Tree::List(items)) => {
            for item in items {
                match named(Some(item)) {
                    Some((key, place)) => written.references.push(Reference {
                        to: Referred::Action,
                        key,
                        place,
                    }),
                    None => check_inline(item, report),
                }
            }
        }
        Some(Tree::Mapping(entries)) => {
            for entry in entries {
                check_inline(&entry.value, report);
            }
        }
        Some(Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_)) | None => {}
    }
    written
}

fn check_inline(node: &Node, report: &mut Report) {
    if let Some(action) = Object::view(node, &crate::fields::INLINE_ACTION) {
        check_action(action, report);
    }
}
