//! Checks a value against what its field may be.

use authbridge_core::auth::oauth2::config::is_endpoint;
use authbridge_core::auth::retry::FailureClass;
use authbridge_core::auth::timing::read_duration;
use authbridge_core::connector::{AuthType, FunctionName, ImplementationType};

use crate::Code;
use crate::fields::{
    Choices, Field, GRAPHQL_FIELD, HTTP_METHODS, Kind, Shape, is_graphql_field, is_host_pattern,
    is_http_uri, is_key, is_path, is_storage_uri,
};
use crate::report::{Place, Report};
use crate::suggest::{all_of, any_of, did_you_mean};
use crate::tree::{Node, Tree};

use super::{Object, wrong_type};

const KEY_HELP: &str =
    "a key has letters, digits, `-`, `_` and `.`, at most 100, and starts with a letter or digit";
const ENDPOINT_HELP: &str =
    "an endpoint is a URL that starts with `https://` or `http://`, without user and password";
const DURATION_HELP: &str = "give a number of seconds, or a text such as `90s`, `10m` or `14d`";
const URI_HELP: &str = "a base URI starts with `https://` or `http://`";
const URI_OR_PATH_HELP: &str =
    "give a whole URL, or a path that starts with `/`; query parameters stand under `query`";
const PATH_HELP: &str = "a path starts with `/` and has no query";
const HOST_HELP: &str =
    "a host is a name without scheme or path: `api.example.com`, `*.example.com:8443`";

/// Reports what does not fit into `field`.
pub(super) fn check(node: &Node, field: &Field, report: &mut Report) {
    match field.kind {
        Kind::Value | Kind::Later | Kind::NotYet | Kind::Function => {}
        Kind::Text => check_text(node, report),
        Kind::TextOrNumber => {
            if !matches!(node.tree, Tree::Number(_)) {
                check_text(node, report);
            }
        }
        Kind::TextOrTexts => check_text_or_texts(node, report),
        Kind::Endpoint => check_endpoint(node, report),
        Kind::Duration => check_duration(node, report),
        Kind::OneOf(choices) => check_choices(node, &choices(), report),
        Kind::FailureClassName => {
            let names = FailureClass::ALL.iter().map(|class| class.as_str());
            check_choice(node, names, report);
        }
        Kind::Key => check_form(node, is_key, KEY_HELP, report),
        Kind::HttpUri => check_form(node, is_http_uri, URI_HELP, report),
        Kind::RecordUri => {
            let fits = |text: &str| is_http_uri(text) || is_storage_uri(text);
            check_form(node, fits, URI_HELP, report);
        }
        Kind::UriOrPath => {
            let fits =
                |text: &str| is_path(text) || (is_http_uri(text) && !text.contains(['?', '#']));
            check_form(node, fits, URI_OR_PATH_HELP, report);
        }
        Kind::Path => check_form(node, is_path, PATH_HELP, report),
        Kind::Flag => {
            if !matches!(node.tree, Tree::Bool(_)) {
                wrong_type(node, "`true` or `false`", report);
            }
        }
        Kind::TextList => check_items(node, "a list of texts", report, check_text),
        Kind::HostList => check_items(node, "a list of hosts", report, |item, report| {
            check_form(item, is_host_pattern, HOST_HELP, report);
        }),
        Kind::Schema => check_mapping(node, "a data schema, which is a mapping", report),
        Kind::Members => check_mapping(node, "a mapping", report),
        Kind::Choice(words) => check_choice(node, words.iter().copied(), report),
        Kind::AuthTypeName => {
            check_choice(node, AuthType::ALL.iter().map(|name| name.as_str()), report);
        }
        Kind::ImplementationName => {
            let names = ImplementationType::ALL.iter().map(|name| name.as_str());
            check_choice(node, names, report);
        }
        Kind::FunctionName => {
            let names = FunctionName::ALL.iter().map(|name| name.as_str());
            check_choice(node, names, report);
        }
        Kind::Method => check_method(node, report),
        Kind::Status => check_status(node, report),
        Kind::Object(shape) => {
            Object::read(node, shape, report);
        }
        Kind::ListOf(shape) => {
            check_items(node, "a list", report, |item, report| {
                if !(shape.formulas && item.formula().is_some()) {
                    Object::read(item, shape, report);
                }
            });
        }
        Kind::MapOf(shape) => check_map(node, shape, report),
        Kind::Keyed(shape) => check_keyed(node, shape, report),
        Kind::KeysOr(shape) => check_keys_or(node, shape, report),
        Kind::GraphqlFields => check_items(node, "a list of fields", report, check_graphql_field),
    }
}

fn check_mapping(node: &Node, expected: &str, report: &mut Report) {
    if node.entries().is_none() {
        wrong_type(node, expected, report);
    }
}

fn check_text(node: &Node, report: &mut Report) {
    if node.as_str().is_some() {
        return;
    }
    let finding = wrong_type(node, "text", report);
    if matches!(node.tree, Tree::Number(_) | Tree::Bool(_)) {
        finding.help("put it in quotes");
    }
}

/// What is in front of the host may be a password.
fn check_endpoint(node: &Node, report: &mut Report) {
    if node.as_str().is_some_and(|text| text.contains('@')) {
        report.mask(node.place);
    }
    check_form(node, is_endpoint, ENDPOINT_HELP, report);
}

/// In a list each may be a formula.
fn check_text_or_texts(node: &Node, report: &mut Report) {
    let Some(items) = node.items() else {
        if node.as_str().is_none() {
            wrong_type(node, "a text, or a list of texts", report);
        }
        return;
    };
    for item in items.iter().filter(|item| item.formula().is_none()) {
        check_text(item, report);
    }
}

fn check_duration(node: &Node, report: &mut Report) {
    match node.tree {
        Tree::Number(_) | Tree::String(_) => {
            if read_duration(&node.to_value()).is_none() {
                report
                    .at(Code::InvalidValue, node.place, "this is no duration")
                    .help(DURATION_HELP);
            }
        }
        Tree::Null | Tree::Bool(_) | Tree::List(_) | Tree::Mapping(_) => {
            wrong_type(node, "a duration", report).help(DURATION_HELP);
        }
    }
}

fn check_choices(node: &Node, choices: &Choices, report: &mut Report) {
    match node.as_str() {
        Some(text) if choices.later.contains(&text) => {
            let done = all_of(choices.done.iter().copied());
            not_supported(
                node.place,
                text,
                &format!("this version does {done}"),
                report,
            );
        }
        Some(_) | None => check_choice(node, choices.done.iter().copied(), report),
    }
}

/// Reports a key that this build refuses when it runs.
pub(super) fn not_yet(place: Place, key: &str, report: &mut Report) {
    let help = format!("remove `{key}`: while it is there, no account can be connected");
    not_supported(place, key, &help, report);
}

fn not_supported(place: Place, what: &str, help: &str, report: &mut Report) {
    report
        .at(
            Code::ConfigNotYet,
            place,
            format!("`{what}` is understood, but not supported by this version"),
        )
        .label("no account can be connected with it")
        .help(help);
}

fn check_form(node: &Node, fits: fn(&str) -> bool, help: &str, report: &mut Report) {
    let Some(text) = node.as_str() else {
        return check_text(node, report);
    };
    if !fits(text) {
        report
            .at(Code::InvalidValue, node.place, "this value cannot be used")
            .help(help);
    }
}

fn check_items(
    node: &Node,
    expected: &str,
    report: &mut Report,
    check: impl Fn(&Node, &mut Report),
) {
    let Some(items) = node.items() else {
        wrong_type(node, expected, report);
        return;
    };
    for item in items {
        check(item, report);
    }
}

fn check_map(node: &Node, shape: &'static Shape, report: &mut Report) {
    let Some(entries) = node.entries() else {
        wrong_type(
            node,
            &format!("a mapping from keys to {}", shape.name),
            report,
        );
        return;
    };
    for entry in entries {
        if !is_key(&entry.key) {
            report
                .at(
                    Code::InvalidValue,
                    entry.key_place,
                    format!("`{}` cannot be a key here", entry.key),
                )
                .help("a key has letters, digits, `-`, `_` and `.`");
        }
        Object::read(&entry.value, shape, report);
    }
}

fn check_keyed(node: &Node, shape: &'static Shape, report: &mut Report) {
    let Some(items) = node.items() else {
        return check_map(node, shape, report);
    };
    for item in items {
        if let Some(object) = Object::read(item, shape, report)
            && object.get("key").is_none()
        {
            report.at(
                Code::MissingKey,
                object.start(),
                format!("{} in a list needs `key`", shape.name),
            );
        }
    }
}

/// An item may be the key of an element that is described elsewhere.
fn check_keys_or(node: &Node, shape: &'static Shape, report: &mut Report) {
    let Some(items) = node.items() else {
        return check_map(node, shape, report);
    };
    for item in items {
        if item.as_str().is_some() {
            check_form(item, is_key, KEY_HELP, report);
        } else if let Some(object) = Object::read(item, shape, report)
            && object.get("key").is_none()
        {
            report.at(
                Code::MissingKey,
                object.start(),
                format!("{} in a list needs `key`", shape.name),
            );
        }
    }
}

/// A field by itself may be its name alone.
fn check_graphql_field(node: &Node, report: &mut Report) {
    let name = match &node.tree {
        Tree::String(_) => Some(node),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Mapping(_) => {
            Object::read(node, &GRAPHQL_FIELD, report).and_then(|object| object.get("field"))
        }
    };
    if let Some(name) = name
        && name.as_str().is_some_and(|text| !is_graphql_field(text))
    {
        report
            .at(
                Code::InvalidValue,
                name.place,
                "this is not the name of a GraphQL field",
            )
            .help("a name has letters, digits and `_`; `alias: name` gives it another");
    }
}

fn check_status(node: &Node, report: &mut Report) {
    let Tree::Number(number) = &node.tree else {
        wrong_type(node, "an HTTP status", report);
        return;
    };
    if !number
        .as_u64()
        .is_some_and(|status| (200..600).contains(&status))
    {
        report
            .at(
                Code::InvalidValue,
                node.place,
                format!("{number} is not the status of an answer"),
            )
            .help("a status is a number from 200 to 599");
    }
}

fn check_choice<'w>(
    node: &Node,
    words: impl Iterator<Item = &'w str> + Clone,
    report: &mut Report,
) {
    let Some(text) = node.as_str() else {
        wrong_type(node, &format!("one of {}", any_of(words)), report);
        return;
    };
    if words.clone().all(|word| word != text) {
        let help = did_you_mean(text, words.clone());
        report
            .at(
                Code::UnknownValue,
                node.place,
                format!("`{text}` is not one of {}", any_of(words)),
            )
            .maybe_help(help);
    }
}

fn check_method(node: &Node, report: &mut Report) {
    match node.as_str() {
        Some(text)
            if HTTP_METHODS
                .iter()
                .any(|method| method.eq_ignore_ascii_case(text)) => {}
        _ => check_choice(node, HTTP_METHODS.into_iter(), report),
    }
}
