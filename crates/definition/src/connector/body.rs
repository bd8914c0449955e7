//! The bodies of functions, inline or from a file, to core's implementations.

use std::sync::Arc;

use authbridge_core::connector::{
    FunctionName, GraphqlApiMapping, GraphqlDocument, Implementation, ImplementationType, Mapping,
    OperationMapping, RestApiMapping, Script,
};
use serde_json::Value;

use crate::Code;
use crate::fields::{REQUEST, REST};
use crate::formulas::{self, Variables};
use crate::object::Object;
use crate::report::{Place, Report};
use crate::tree::Node;

use super::Files;
use super::api_client;

/// Keys that only a request has; with `path`, a mapping is one.
const REQUEST_KEYS: [&str; 3] = ["method", "requestMapping", "responseMapping"];

const GRAPHQL_KEYS: [&str; 3] = ["query", "variables", "requestMapping"];

/// An inline body.
pub(super) enum Inline {
    Body(Implementation),
    /// There is one, but it cannot be used; the reason is reported.
    Broken,
    /// There is none.
    Absent,
}

impl From<Option<Implementation>> for Inline {
    fn from(implementation: Option<Implementation>) -> Self {
        implementation.map_or(Self::Broken, Self::Body)
    }
}

/// The kind that an inline body tells.
pub(super) fn kind_of_inline(object: Object<'_>) -> Option<ImplementationType> {
    if object.get("code").is_some() {
        return Some(ImplementationType::Javascript);
    }
    if object.get("path").is_some() {
        return Some(ImplementationType::RestApiMapping);
    }
    if object.get("operationKey").is_some() {
        return Some(ImplementationType::OperationMapping);
    }
    object.get("mapping").map(|_| ImplementationType::Mapping)
}

/// The inline body of a function that says its kind.
pub(super) fn inline(
    files: &mut Files<'_>,
    name: FunctionName,
    kind: ImplementationType,
    object: Object<'_>,
) -> Inline {
    match kind {
        ImplementationType::Mapping => inline_mapping(files, name, object),
        ImplementationType::RestApiMapping => {
            if object.get("path").is_some() {
                return rest(files, name, object).into();
            }
            match object.get("mapping") {
                Some(node) => from_node(files, name, kind, node).into(),
                None => Inline::Absent,
            }
        }
        ImplementationType::GraphqlApiMapping => match object.get("mapping") {
            Some(node) => graphql(node).into(),
            None if GRAPHQL_KEYS
                .iter()
                .any(|key| object.node().get(key).is_some()) =>
            {
                graphql(object.node()).into()
            }
            None => Inline::Absent,
        },
        ImplementationType::OperationMapping => match object.get("mapping") {
            Some(node) => operation(node).into(),
            None if object.get("operationKey").is_some() => operation(object.node()).into(),
            None => Inline::Absent,
        },
        ImplementationType::Javascript => match object.get("code") {
            None => Inline::Absent,
            Some(code) => code.as_str().map_or(Inline::Broken, |code| {
                Inline::Body(Implementation::Javascript(Script {
                    program: Arc::new(Value::from(code)),
                }))
            }),
        },
        ImplementationType::NotSupported => Inline::Body(Implementation::NotSupported),
    }
}

fn inline_mapping(files: &mut Files<'_>, name: FunctionName, object: Object<'_>) -> Inline {
    if let Some(node) = object.get("mapping") {
        return from_node(files, name, ImplementationType::Mapping, node).into();
    }
    if object.get("path").is_some() {
        report_request(files, name, object.start());
        return rest(files, name, object).into();
    }
    Inline::Absent
}

fn graphql(node: &Node) -> Option<Implementation> {
    let part = |key: &str| {
        node.get(key)
            .map(|node| Mapping::compile(&formulas::to_value(node)))
    };
    Some(Implementation::GraphqlApiMapping(GraphqlApiMapping {
        path: part("path"),
        document: GraphqlDocument::Query {
            query: part("query")?,
            variables: part("variables"),
        },
        headers: part("headers"),
        response_mapping: part("responseMapping"),
    }))
}

fn operation(node: &Node) -> Option<Implementation> {
    let part = |key: &str| {
        node.get(key)
            .map(|node| Mapping::compile(&formulas::to_value(node)))
    };
    Some(Implementation::OperationMapping(OperationMapping {
        operation_key: node.get("operationKey")?.as_str()?.to_owned(),
        input_mapping: part("inputMapping"),
        output_mapping: part("outputMapping"),
    }))
}

/// A body that stands by itself: the content of a file, or the value of `mapping`.
pub(super) fn from_node(
    files: &mut Files<'_>,
    name: FunctionName,
    kind: ImplementationType,
    node: &Node,
) -> Option<Implementation> {
    match kind {
        ImplementationType::Mapping if is_request(name, node) => {
            report_request(files, name, start(node));
            let object = Object::read(node, &REST, &mut files.report)?;
            rest(files, name, object)
        }
        ImplementationType::Mapping => Some(mapping(files, name, node)),
        ImplementationType::RestApiMapping => {
            let object = Object::read(node, &REST, &mut files.report)?;
            rest(files, name, object)
        }
        ImplementationType::GraphqlApiMapping => graphql(node),
        ImplementationType::OperationMapping => operation(node),
        ImplementationType::Javascript | ImplementationType::NotSupported => None,
    }
}

/// Whether a function that may make requests says `mapping` and has the body of a request.
fn is_request(name: FunctionName, node: &Node) -> bool {
    name.implementations()
        .contains(&ImplementationType::RestApiMapping)
        && node.get("path").is_some()
        && REQUEST_KEYS.iter().any(|key| node.get(key).is_some())
}

pub(super) fn report_request(files: &mut Files<'_>, name: FunctionName, place: Place) {
    files
        .report
        .at(
            Code::MappingIsRequest,
            place,
            format!("`{}` is a request, not a mapping", name.as_str()),
        )
        .label("treated as `rest-api-mapping`")
        .help("write `rest-api-mapping`, and end the name of its file with `.rest.yml`");
}

fn start(node: &Node) -> Place {
    let first = node.entries().and_then(<[crate::tree::Entry]>::first);
    first.map_or(node.place, |entry| entry.key_place)
}

fn mapping(files: &mut Files<'_>, name: FunctionName, node: &Node) -> Implementation {
    formulas::check(node, &Variables::of(name), &mut files.report);
    if name == FunctionName::GetOAuthConfig {
        check_client_auth(node, &mut files.report);
    }
    let value = match name {
        FunctionName::MakeApiClient => api_client::read(node, &mut files.report),
        FunctionName::Test
        | FunctionName::GetOAuthConfig
        | FunctionName::GetTokenData
        | FunctionName::GetCredentialsFromAccessTokenResponse
        | FunctionName::GetCredentialsFromRefreshTokenResponse
        | FunctionName::GetCredentialsFromConnectionParameters
        | FunctionName::RefreshCredentials
        | FunctionName::Disconnect => formulas::to_value(node),
    };
    Implementation::Mapping(Mapping::compile(&value))
}

/// Three deprecated flags say where the client authenticates; one key replaces them.
fn check_client_auth(node: &Node, report: &mut Report) {
    for (older, help) in [
        (
            "skipClientAuthInBody",
            "write `clientAuthLocation: headers`",
        ),
        ("skipClientAuthInHeader", "write `clientAuthLocation: body`"),
        (
            "skipClientAuthInHeaders",
            "write `clientAuthLocation: body`",
        ),
    ] {
        if let Some(entry) = node.entry(older) {
            report
                .at(
                    Code::OlderSpelling,
                    entry.key_place,
                    format!("`{older}` is now said with `clientAuthLocation`"),
                )
                .help(help);
        }
    }
}

fn rest(files: &mut Files<'_>, name: FunctionName, object: Object<'_>) -> Option<Implementation> {
    let variables = Variables::of(name);
    let path = object.get("path")?;
    let request = object.object("requestMapping", &REQUEST);
    let mut part = |node: Option<&Node>, variables: &Variables| {
        node.map(|node| {
            formulas::check(node, variables, &mut files.report);
            Mapping::compile(&formulas::to_value(node))
        })
    };
    let mut sent = |key: &str| part(request.and_then(|request| request.get(key)), &variables);
    let (path_parameters, query) = (sent("pathParameters"), sent("query"));
    let (headers, data) = (sent("headers"), sent("data"));
    let response_mapping = part(object.get("responseMapping"), &variables.with_response());
    let path = part(Some(path), &variables)?;
    Some(Implementation::RestApiMapping(RestApiMapping {
        path,
        method: object
            .text("method")
            .map_or_else(|| "GET".to_owned(), |method| method.to_uppercase()),
        path_parameters,
        query,
        headers,
        data,
        response_mapping,
    }))
}
