use serde_json::{Value, json};

use super::*;
use crate::client::CallData;

fn read(content: &Value) -> Result<Action, ActionError> {
    Action::read("create-contact", content)
}

#[test]
fn every_part_of_a_request_may_be_a_formula() {
    let action = read(&json!({
        "type": "api-request-to-external-app",
        "config": {"request": {
            "method": {"$var": "input.method"},
            "path": "/lists/{list}/contacts",
            "pathParameters": {"list": {"$var": "input.list"}},
            "query": {"for": {"$var": "user.id"}},
            "headers": {"X-Trace": {"$var": "connection.id"}},
            "body": {"email": {"$var": "input.email"}},
        }},
    }));
    let ActionKind::ExternalRequest(request) = action.unwrap().kind else {
        panic!("another kind");
    };
    let variables = json!({
        "input": {"method": "post", "list": "a/b", "email": "a@b.c"},
        "user": {"id": "u-1"}, "connection": {"id": "con-1"},
    });
    let call = request.call(&variables).unwrap();
    assert_eq!(call.method, "post");
    assert_eq!(call.path, "/lists/a%2Fb/contacts");
    assert_eq!(call.query, json!({"for": "u-1"}));
    assert_eq!(call.headers, json!({"X-Trace": "con-1"}));
    let CallData::Value(data) = call.data else {
        panic!("no body");
    };
    assert_eq!(data, json!({"email": "a@b.c"}));
}

#[test]
fn a_request_without_method_is_a_get() {
    let content = json!({"type": "http-request", "config": {"uri": "https://api.example.com/me"}});
    let ActionKind::HttpRequest(request) = read(&content).unwrap().kind else {
        panic!("another kind");
    };
    let call = request.call(&json!({})).unwrap();
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("", "https://api.example.com/me")
    );
}

#[test]
fn the_output_mapping_sees_the_output_beside_the_variables() {
    let action = read(&json!({
        "type": "connector-operation",
        "config": {"operationKey": "make"},
        "outputMapping": {"id": {"$var": "$.output.id"}, "for": {"$var": "$.input.email"}},
    }));
    let variables = json!({"input": {"email": "a@b.c"}});
    let result = action.unwrap().result(&variables, Some(json!({"id": 7})));
    assert_eq!(result, Some(json!({"id": 7, "for": "a@b.c"})));
}

#[test]
fn what_is_wrong_with_a_document_is_said_with_what_would_be_right() {
    let problem = |content: Value| read(&content).unwrap_err().to_string();
    assert_eq!(
        problem(json!({})),
        "the action `create-contact` has no `type`; give one such as `type: \
         api-request-to-external-app`"
    );
    assert!(problem(json!({"type": "http-endpoint"})).contains("unknown type `http-endpoint`"));
    assert!(problem(json!({"type": "http-request"})).contains("needs `config.request`"));
    assert!(problem(json!({"type": "run-javascript"})).contains("needs `config.code`"));
    let code =
        json!({"type": "run-javascript", "config": {"code": "export default () => {\n  (\n}"}});
    assert!(problem(code).contains("line 3"), "the line of the code");
}

#[test]
fn actions_of_an_interface_are_keys_or_documents() {
    let linked = LinkedActions::of(&json!({
        "actions": ["create-contact", {"key": "find", "type": "http-request"}, 7],
    }));
    assert_eq!(linked.keys, ["create-contact"]);
    assert!(linked.has("find") && !linked.has("delete"));
    let by_key = LinkedActions::of(&json!({"actions": {"find": {"type": "http-request"}}}));
    assert!(by_key.has("find"));
    assert_eq!(LinkedActions::of(&json!({})), LinkedActions::default());
}
