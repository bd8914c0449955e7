use serde_json::json;

use super::*;
use crate::load_connector;

fn read(tests: &[(&str, &str)], with_connector: bool) -> (Cases, Vec<String>) {
    let mut files = json!({
        "spec.yml": "key: a\nauth:\n  options:\n    key:\n      type: client-credentials\n      \
            makeApiClient: {type: mapping, mapping: {baseUri: 'https://a.example.com'}}\n      \
            test: {type: rest-api-mapping, path: /me}\n\
            operations: {list: {run: {type: rest-api-mapping, path: /list}}}\n",
    });
    for (path, text) in tests {
        files[path] = (*text).into();
    }
    let bundle = Bundle::from_json(&files).unwrap();
    let loaded = load_connector(&bundle, ConnectorDefaults::default());
    let connector = loaded.value.filter(|_| with_connector);
    let cases = load_cases(&bundle, &ConnectorDefaults::default(), connector.as_ref());
    if with_connector {
        assert_eq!(loaded.diagnostics, cases.diagnostics);
    }
    let said = cases.diagnostics.iter().map(|found| {
        let code = found.code.id();
        format!(
            "{code} {}:{}:{} {}",
            found.file, found.line, found.column, found.message
        )
    });
    let said = said.collect();
    (cases, said)
}

#[test]
fn a_case_says_what_runs_what_is_answered_and_what_comes_out() {
    let (cases, said) = read(
        &[(
            "tests/refused.yml",
            "name: A wrong key is refused\nfunction: test\noption: key\nconnectorParameters: {a: 1}\n\
             connectionInput: {apiKey: x}\ncredentials: {apiKey: wrong}\narguments: {more: 1}\n\
             requests:\n  - expect: {method: get, url: https://a.example.com/me, query: {a: b}, \
             headers: {authorization: Bearer wrong}, data: {c: 1}}\n    \
             respond: {status: 401, headers: {x-a: b}, data: {message: no}}\n  - {}\n\
             expect:\n  error: {message: refused, type: connection, key: access_token_expired}\n",
        )],
        true,
    );
    assert_eq!(said, [""; 0]);
    let [case] = cases.cases.as_slice() else {
        panic!("one case");
    };
    assert_eq!(case.name, "A wrong key is refused");
    assert_eq!(
        (case.source.file.as_str(), case.source.line),
        ("tests/refused.yml", 1)
    );
    assert_eq!(case.option.as_deref(), Some("key"));
    assert_eq!(case.connection_input["apiKey"], "x");
    assert_eq!(case.credentials.as_ref().unwrap()["apiKey"], "wrong");
    assert_eq!(case.arguments["more"], 1);
    let [first, second] = case.exchanges.as_slice() else {
        panic!("two exchanges");
    };
    assert_eq!(first.source.line, 9);
    assert_eq!(first.expect.method.as_deref(), Some("GET"));
    assert_eq!(first.respond.status, 401);
    assert_eq!(second.expect, ExpectedRequest::default());
    assert_eq!(second.respond, Answer::default());
    assert_eq!(
        case.expected,
        Expected::Error {
            message: Some("refused".to_owned()),
            error_type: Some("connection".to_owned()),
            key: Some("access_token_expired".to_owned()),
        }
    );
}

#[test]
fn a_file_may_have_several_cases_of_every_sort() {
    let (cases, said) = read(
        &[(
            "tests/all.yml",
            "- operation: list\n  input: {id: 1}\n  expect: {result: {a: 1}, exact: true}\n\
             - request: {method: post, path: /x, query: {a: 1}, data: text}\n  name: By hand\n\
             - function: makeApiClient\n  expect: {result: null}\n\
             - {function: test, expect: {error: }}\n",
        )],
        true,
    );
    assert_eq!(said, [""; 0]);
    let names: Vec<&str> = cases.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["all [1]", "By hand", "all [3]", "all [4]"]);
    assert!(matches!(
        &cases.cases[0].target,
        CaseTarget::Operation { key, input } if key == "list" && *input == json!({"id": 1})
    ));
    assert!(matches!(
        &cases.cases[0].expected,
        Expected::Result { exact: true, .. }
    ));
    assert!(matches!(
        &cases.cases[1].target,
        CaseTarget::Request(request) if request.method == "POST" && request.path == "/x"
    ));
    assert_eq!(cases.cases[1].expected, Expected::Success);
    assert!(matches!(&cases.cases[2].expected, Expected::Result { value, .. } if value.is_null()));
    assert!(matches!(
        &cases.cases[3].expected,
        Expected::Error { message: None, .. }
    ));
}

#[test]
fn the_provider_file_has_samples_and_routes() {
    let (cases, said) = read(
        &[
            (
                "tests/provider.yml",
                "input: {apiKey: sample}\nconnectorParameters: {region: eu}\nroutes:\n  \
                 - {method: get, path: /me, data: {id: 1}}\n  - {path: /gone, status: 404}\n",
            ),
            ("tests/fixtures/big.json", "{}"),
        ],
        false,
    );
    assert_eq!(said, [""; 0]);
    let provider = cases.provider.unwrap();
    assert_eq!(provider.input.unwrap()["apiKey"], "sample");
    assert_eq!(provider.connector_parameters["region"], "eu");
    assert_eq!(provider.routes[0].method.as_deref(), Some("GET"));
    assert_eq!(provider.routes[0].answer.data, Some(json!({"id": 1})));
    assert_eq!(
        (
            provider.routes[1].method.as_deref(),
            provider.routes[1].answer.status
        ),
        (None, 404)
    );
}

#[test]
fn mistakes_in_cases_are_reported_where_they_are() {
    for (text, expected) in [
        ("expect: {}", "AB0801 tests/a.yml:1:1"),
        ("function: test\noperation: list", "AB0801 tests/a.yml:2:1"),
        ("function: tset", "AB0206 tests/a.yml:1:11"),
        ("function: disconnect", "AB0206 tests/a.yml:1:11"),
        ("operation: lsit", "AB0206 tests/a.yml:1:12"),
        ("function: test\noption: kye", "AB0206 tests/a.yml:2:9"),
        ("function: test\ninput: 1", "AB0803 tests/a.yml:2:1"),
        (
            "request: {path: /}\narguments: {}",
            "AB0803 tests/a.yml:2:1",
        ),
        (
            "function: test\nexpect: {result: 1, error: {}}",
            "AB0802 tests/a.yml:2:21",
        ),
        (
            "function: test\nrequests: [{respond: {status: 99}}]",
            "AB0207 tests/a.yml:2:31",
        ),
        (
            "function: test\nrequests: [{respond: {status: ok}}]",
            "AB0202 tests/a.yml:2:31",
        ),
        (
            "function: test\nrequests: [{expect: {url: 'https://a.b/?c=d'}}]",
            "AB0207 tests/a.yml:2:27",
        ),
        (
            "function: test\nrequests: [{response: {}}]",
            "AB0201 tests/a.yml:2:13",
        ),
        (
            "function: test\nconnectionParameters: {}",
            "AB0204 tests/a.yml:2:1",
        ),
        ("- function: test\n- 1", "AB0202 tests/a.yml:2:3"),
    ] {
        let (_, said) = read(&[("tests/a.yml", text)], true);
        assert!(
            said.len() == 1 && said[0].starts_with(expected),
            "{text}: {said:?}"
        );
    }
    let (_, said) = read(&[("tests/provider.yml", "routes: [{path: me}]")], true);
    assert_eq!(
        said,
        ["AB0207 tests/provider.yml:1:17 this value cannot be used"]
    );
}

#[test]
fn what_looks_secret_in_a_test_is_made_up() {
    let text = "function: test\ncredentials: {apiKey: wrong, password: 'x y'}";
    let (cases, said) = read(&[("tests/a.yml", text)], true);
    assert_eq!((cases.cases.len(), said), (1, vec![]));
}
