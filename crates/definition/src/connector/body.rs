//! The bodies of functions, inline or from a file, to core's implementations.

mod graphql;

use authbridge_core::connector::{
    FunctionName, Implementation, ImplementationType, Mapping, OperationMapping, RestApiMapping,
};

use crate::Code;
use crate::fields::{GRAPHQL, OPERATION_CALL, REQUEST, REST};
use crate::formulas::{self, Variables};
use crate::object::{Object, wrong_type};
use crate::report::Place;
use crate::step::Step;
use crate::tree::Node;

use super::files::OperationCall;
use super::function::{Scope, inline_script};
use super::{Files, api_client, oauth_config};

/// Keys that only a request has; with `path`, a mapping is one.
const REQUEST_KEYS: [&str; 3] = ["method", "requestMapping", "responseMapping"];

/// Keys that only a GraphQL request has.
const GRAPHQL_KEYS: [&str; 3] = ["query", "variables", "operationType"];

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
pub(super) fn kind_of_inline(node: &Node) -> Option<ImplementationType> {
    let has = |key: &str| node.get(key).is_some_and(|value| !value.is_null());
    if has("code") {
        return Some(ImplementationType::Javascript);
    }
    if has_graphql(node) {
        return Some(ImplementationType::GraphqlApiMapping);
    }
    if has("path") {
        return Some(ImplementationType::RestApiMapping);
    }
    if has("operationKey") {
        return Some(ImplementationType::OperationMapping);
    }
    has("mapping").then_some(ImplementationType::Mapping)
}

/// Whether there is the body of a GraphQL request; that of a REST request has a mapping where
/// this one has a list.
fn has_graphql(node: &Node) -> bool {
    GRAPHQL_KEYS.iter().any(|key| node.get(key).is_some())
        || node
            .get("requestMapping")
            .is_some_and(|fields| fields.items().is_some())
}

/// The inline body of a function that says its kind.
pub(super) fn inline(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    kind: ImplementationType,
    object: Object<'_>,
) -> Inline {
    let has_own = match kind {
        ImplementationType::Mapping => return inline_mapping(files, scope, step, object),
        ImplementationType::Javascript => {
            return match object.get("code") {
                None => Inline::Absent,
                Some(code) => inline_script(files, scope, step, code).into(),
            };
        }
        ImplementationType::NotSupported => return Inline::Body(Implementation::NotSupported),
        ImplementationType::RestApiMapping => object.get("path").is_some(),
        ImplementationType::GraphqlApiMapping => {
            has_graphql(object.node()) || object.get("requestMapping").is_some()
        }
        ImplementationType::OperationMapping => object.get("operationKey").is_some(),
    };
    if has_own {
        return from_object(files, step, kind, object).into();
    }
    match object.get("mapping") {
        Some(node) => from_node(files, scope, step, kind, node).into(),
        None => Inline::Absent,
    }
}

fn inline_mapping(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    object: Object<'_>,
) -> Inline {
    if let Some(node) = object.get("mapping") {
        return from_node(files, scope, step, ImplementationType::Mapping, node).into();
    }
    if object.get("path").is_some() {
        report_request(files, step, object.start());
        return rest(files, step, object).into();
    }
    Inline::Absent
}

/// A body that stands by itself: the content of a file, or the value of `mapping`.
pub(super) fn from_node(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    kind: ImplementationType,
    node: &Node,
) -> Option<Implementation> {
    let (kind, shape) = match kind {
        ImplementationType::Mapping if is_request(step, node) => {
            report_request(files, step, start(node));
            (ImplementationType::RestApiMapping, &REST)
        }
        ImplementationType::Mapping => return Some(mapping(files, scope, step, node)),
        ImplementationType::RestApiMapping => (kind, &REST),
        ImplementationType::GraphqlApiMapping => (kind, &GRAPHQL),
        ImplementationType::OperationMapping => (kind, &OPERATION_CALL),
        ImplementationType::Javascript | ImplementationType::NotSupported => return None,
    };
    let object = Object::read(node, shape, &mut files.report)?;
    from_object(files, step, kind, object)
}

/// A body whose keys are known to be right.
fn from_object(
    files: &mut Files<'_>,
    step: Step<'_>,
    kind: ImplementationType,
    object: Object<'_>,
) -> Option<Implementation> {
    match kind {
        ImplementationType::RestApiMapping => rest(files, step, object),
        ImplementationType::GraphqlApiMapping => {
            graphql::read(step, object, &mut files.report).map(Implementation::GraphqlApiMapping)
        }
        ImplementationType::OperationMapping => operation_call(files, step, object),
        ImplementationType::Mapping
        | ImplementationType::Javascript
        | ImplementationType::NotSupported => None,
    }
}

fn operation_call(
    files: &mut Files<'_>,
    step: Step<'_>,
    object: Object<'_>,
) -> Option<Implementation> {
    let key = object.get("operationKey")?;
    let Some(operation_key) = key.as_str() else {
        wrong_type(key, "the key of an operation", &mut files.report);
        return None;
    };
    files.calls.push(OperationCall {
        from: step.operation().map(str::to_owned),
        to: operation_key.to_owned(),
        place: key.place,
    });
    let variables = Variables::of(step);
    let mut part = |name: &str, variables: &Variables| {
        let node = object.get(name)?;
        Some(formulas::mapping(node, variables, &mut files.report))
    };
    Some(Implementation::OperationMapping(OperationMapping {
        operation_key: operation_key.to_owned(),
        input_mapping: part("inputMapping", &variables),
        output_mapping: part("outputMapping", &variables.with_output()),
    }))
}

/// Whether a function that may make requests says `mapping` and has the body of a request.
fn is_request(step: Step<'_>, node: &Node) -> bool {
    step.implementations()
        .contains(&ImplementationType::RestApiMapping)
        && node.get("path").is_some()
        && REQUEST_KEYS.iter().any(|key| node.get(key).is_some())
}

pub(super) fn report_request(files: &mut Files<'_>, step: Step<'_>, place: Place) {
    files
        .report
        .at(
            Code::MappingIsRequest,
            place,
            format!("`{}` is a request, not a mapping", step.name()),
        )
        .label("treated as `rest-api-mapping`")
        .help("write `rest-api-mapping`, and end the name of its file with `.rest.yml`");
}

fn start(node: &Node) -> Place {
    let first = node.entries().and_then(<[crate::tree::Entry]>::first);
    first.map_or(node.place, |entry| entry.key_place)
}

fn mapping(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    node: &Node,
) -> Implementation {
    if step == Step::Auth(FunctionName::GetOAuthConfig) {
        oauth_config::check(node, scope.auth_type, &mut files.report);
    } else {
        formulas::check(node, &Variables::of(step), &mut files.report);
    }
    let value = if step == Step::Auth(FunctionName::MakeApiClient) {
        api_client::read(node, &mut files.report)
    } else {
        formulas::to_value(node)
    };
    Implementation::Mapping(Mapping::compile(&value))
}

fn rest(files: &mut Files<'_>, step: Step<'_>, object: Object<'_>) -> Option<Implementation> {
    let variables = Variables::of(step);
    let path = object.get("path")?;
    let request = object.object("requestMapping", &REQUEST);
    let mut part = |node: Option<&Node>, variables: &Variables| {
        node.map(|node| formulas::mapping(node, variables, &mut files.report))
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
