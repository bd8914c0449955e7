//! Test files to their model.

use authbridge_core::connector::{AuthOption, Connector, FunctionName};
use serde_json::{Map, Value};

use crate::Code;
use crate::fields::{
    CANNED, CASE, EXCHANGE, EXPECTED, EXPECTED_ERROR, EXPECTED_REQUEST, PROVIDER, ROUTE, SENT,
};
use crate::object::Object;
use crate::report::Report;
use crate::suggest::{all_of, did_you_mean};
use crate::tree::Node;

use super::model::{
    Answer, Case, CaseTarget, Exchange, Expected, ExpectedRequest, Provider, Route, SentRequest,
};

/// The case or the cases in a file.
pub(super) fn cases(
    root: &Node,
    file_name: &str,
    connector: Option<&Connector>,
    report: &mut Report,
) -> Vec<Case> {
    let Some(items) = root.items() else {
        return case(root, file_name, connector, report)
            .into_iter()
            .collect();
    };
    let cases = items.iter().enumerate();
    cases
        .filter_map(|(index, item)| {
            let name = format!("{file_name} [{}]", index + 1);
            case(item, &name, connector, report)
        })
        .collect()
}

/// What `tests/provider.yml` says.
pub(super) fn provider(root: &Node, report: &mut Report) -> Option<Provider> {
    let object = Object::read(root, &PROVIDER, report)?;
    let routes = objects(object, "routes", &ROUTE);
    Some(Provider {
        input: members(object, "input"),
        connector_parameters: members(object, "connectorParameters").unwrap_or_default(),
        routes: routes
            .filter_map(|route| {
                Some(Route {
                    method: method(route),
                    path: route.text("path")?,
                    answer: answer(route),
                    source: report.location(route.start()),
                })
            })
            .collect(),
    })
}

fn case(
    node: &Node,
    default_name: &str,
    connector: Option<&Connector>,
    report: &mut Report,
) -> Option<Case> {
    let object = Object::read(node, &CASE, report)?;
    let is_option_known = check_option(object, connector, report);
    let target = target(object, connector, report);
    let expected = expected(object, report);
    let exchanges = objects(object, "requests", &EXCHANGE)
        .map(|exchange| read_exchange(exchange, report))
        .collect();
    Some(Case {
        name: object
            .text("name")
            .unwrap_or_else(|| default_name.to_owned()),
        source: report.location(object.start()),
        target: target?,
        option: object.text("option"),
        connector_parameters: members(object, "connectorParameters").unwrap_or_default(),
        connection_input: members(object, "connectionInput").unwrap_or_default(),
        credentials: members(object, "credentials"),
        arguments: members(object, "arguments").unwrap_or_default(),
        exchanges,
        expected: expected?,
    })
    .filter(|_| is_option_known)
}

/// The option that the case is about, as far as the connector is known and has it.
fn option_of<'c>(object: Object<'_>, connector: Option<&'c Connector>) -> Option<&'c AuthOption> {
    let key = object.get("option").and_then(Node::as_str);
    connector?.option(key)
}

/// Reports an option that the connector does not have.
fn check_option(object: Object<'_>, connector: Option<&Connector>, report: &mut Report) -> bool {
    let (Some(connector), Some(node)) = (connector, object.get("option")) else {
        return true;
    };
    let Some(key) = node.as_str() else {
        return false;
    };
    if connector.option(Some(key)).is_some() {
        return true;
    }
    let keys = || {
        let options = connector.options.iter();
        options.filter_map(|option| option.key.as_deref())
    };
    let help = did_you_mean(key, keys()).unwrap_or_else(|| match keys().next() {
        Some(_) => format!("the options are {}", all_of(keys())),
        None => "the connector has one way to authenticate: remove `option`".to_owned(),
    });
    report
        .at(
            Code::UnknownValue,
            node.place,
            format!("there is no auth option `{key}`"),
        )
        .help(help);
    false
}

/// What the case runs.
fn target(
    object: Object<'_>,
    connector: Option<&Connector>,
    report: &mut Report,
) -> Option<CaseTarget> {
    let targets = ["function", "operation", "request"].map(|key| object.entry(key));
    let mut given = targets.into_iter().flatten();
    let (Some(first), second) = (given.next(), given.next()) else {
        report
            .at(
                Code::CaseTarget,
                object.start(),
                "the case does not say what it runs",
            )
            .help("add `function`, `operation` or `request`");
        return None;
    };
    if let Some(second) = second {
        report
            .at(
                Code::CaseTarget,
                second.key_place,
                format!("`{}` and `{}` do not go together", first.key, second.key),
            )
            .help("make two cases of it");
        return None;
    }
    if let [Some(function), _, _] = targets {
        without_effect(object, "input", "operations get", report);
        return function_target(&function.value, option_of(object, connector), report);
    }
    without_effect(object, "arguments", "functions get", report);
    if let [_, Some(operation), _] = targets {
        let input = object.value("input").unwrap_or_default();
        return operation_target(&operation.value, input, connector, report);
    }
    without_effect(object, "input", "operations get", report);
    sent(object.object("request", &SENT)?).map(CaseTarget::Request)
}

fn without_effect(object: Object<'_>, key: &str, who: &str, report: &mut Report) {
    if let Some(entry) = object.entry(key) {
        report
            .at(
                Code::CaseArgument,
                entry.key_place,
                format!("`{key}` is what {who}"),
            )
            .label("this has no effect");
    }
}

/// A function; another name was reported by the check of the mapping.
fn function_target(
    node: &Node,
    option: Option<&AuthOption>,
    report: &mut Report,
) -> Option<CaseTarget> {
    let text = node.as_str()?;
    let name = FunctionName::ALL
        .into_iter()
        .find(|name| name.as_str() == text)?;
    if let Some(option) = option.filter(|option| option.function(name).is_none()) {
        let names = option.functions.iter().map(|own| own.name.as_str());
        report
            .at(
                Code::UnknownValue,
                node.place,
                format!("the auth option has no function `{text}`"),
            )
            .help(format!("its functions are {}", all_of(names)));
        return None;
    }
    Some(CaseTarget::Function(name))
}

fn operation_target(
    node: &Node,
    input: Value,
    connector: Option<&Connector>,
    report: &mut Report,
) -> Option<CaseTarget> {
    let key = node.as_str()?;
    if let Some(connector) = connector.filter(|connector| connector.operation(key).is_none()) {
        let keys = || connector.operations.iter().map(|own| own.key.as_str());
        let help = did_you_mean(key, keys()).or_else(|| {
            keys().next()?;
            Some(format!("the operations are {}", all_of(keys())))
        });
        report
            .at(
                Code::UnknownValue,
                node.place,
                format!("there is no operation `{key}`"),
            )
            .maybe_help(help);
        return None;
    }
    Some(CaseTarget::Operation {
        key: key.to_owned(),
        input,
    })
}

fn sent(object: Object<'_>) -> Option<SentRequest> {
    Some(SentRequest {
        method: method(object).unwrap_or_else(|| "GET".to_owned()),
        path: object.text("path")?,
        query: members(object, "query").unwrap_or_default(),
        headers: members(object, "headers").unwrap_or_default(),
        data: object.value("data"),
    })
}

fn read_exchange(object: Object<'_>, report: &Report) -> Exchange {
    let expect = object.object("expect", &EXPECTED_REQUEST);
    let respond = object.object("respond", &CANNED);
    Exchange {
        source: report.location(object.start()),
        expect: expect.map(expected_request).unwrap_or_default(),
        respond: respond.map(answer).unwrap_or_default(),
    }
}

fn expected_request(object: Object<'_>) -> ExpectedRequest {
    ExpectedRequest {
        method: method(object),
        url: object.text("url"),
        query: members(object, "query"),
        headers: members(object, "headers"),
        data: object.value("data"),
    }
}

/// The status, the headers and the data of `object`; what does not fit was reported.
fn answer(object: Object<'_>) -> Answer {
    let status = object.value("status").and_then(|status| status.as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok());
    let default = Answer::default();
    Answer {
        status: status.unwrap_or(default.status),
        headers: members(object, "headers").unwrap_or_default(),
        data: object.value("data"),
    }
}

/// What is expected; `None` when that cannot be.
fn expected(object: Object<'_>, report: &mut Report) -> Option<Expected> {
    let Some(object) = object.object("expect", &EXPECTED) else {
        return Some(Expected::Success);
    };
    // A result may be `null`, which is not the same as none.
    let result = object.listed("result");
    if let (Some(result), Some(error)) = (result, object.listed("error")) {
        let second = result.key_place.max(error.key_place);
        report
            .at(
                Code::CaseExpectation,
                second,
                "a case ends with a result or with an error",
            )
            .help("remove one of the two");
        return None;
    }
    if let Some(error) = object.listed("error") {
        let error = Object::view(&error.value, &EXPECTED_ERROR);
        let text = |name: &str| error.and_then(|error| error.text(name));
        return Some(Expected::Error {
            message: text("message"),
            error_type: text("type"),
            key: text("key"),
        });
    }
    let exact = object.value("exact") == Some(Value::Bool(true));
    Some(result.map_or(Expected::Success, |entry| Expected::Result {
        value: entry.value.to_value(),
        exact,
    }))
}

/// The mappings of a list.
fn objects<'a>(
    object: Object<'a>,
    name: &str,
    shape: &'static crate::fields::Shape,
) -> impl Iterator<Item = Object<'a>> + use<'a> {
    let items = object.get(name).and_then(Node::items).unwrap_or_default();
    items
        .iter()
        .filter_map(move |item| Object::view(item, shape))
}

fn members(object: Object<'_>, name: &str) -> Option<Map<String, Value>> {
    match object.value(name)? {
        Value::Object(members) => Some(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

fn method(object: Object<'_>) -> Option<String> {
    object.text("method").map(|method| method.to_uppercase())
}
