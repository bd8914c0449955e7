use authbridge_core::connector::{Connector, FunctionName, Implementation};
use serde_json::{Value, json};

use super::{ConnectorDefaults, load_connector};
use crate::{Bundle, Code};

fn load(files: &Value) -> (Option<Connector>, Vec<Code>) {
    let bundle = Bundle::from_json(files).unwrap();
    let loaded = load_connector(&bundle, ConnectorDefaults::default());
    let codes = loaded.diagnostics.iter().map(|found| found.code).collect();
    (loaded.value, codes)
}

/// The API client of a flat document with this mapping, as it is compiled.
fn client(mapping: &Value) -> (Value, Vec<Code>) {
    let document = json!({
        "key": "acme",
        "type": "client-credentials",
        "makeApiClient": {"type": "mapping", "mapping": mapping},
        "test": {"type": "rest-api-mapping", "path": "/me"},
    });
    let (connector, codes) = load(&json!({"acme.json": document.to_string()}));
    let connector = connector.unwrap();
    let function = connector.options[0].function(FunctionName::MakeApiClient);
    let Implementation::Mapping(mapping) = &function.unwrap().implementation else {
        panic!("not a mapping");
    };
    (mapping.source().clone(), codes)
}

#[test]
fn the_current_names_are_compiled() {
    assert_eq!(
        client(&json!({"baseUrl": "https://a.example.com", "defaultQueryParameters": {"a": "1"}})),
        (
            json!({"baseUri": "https://a.example.com", "query": {"a": "1"}}),
            vec![Code::OlderSpelling, Code::OlderSpelling],
        )
    );
}

#[test]
fn of_two_spellings_the_current_one_counts() {
    assert_eq!(
        client(&json!({"baseUrl": "https://a.example.com", "baseUri": "https://b.example.com"})),
        (
            json!({"baseUri": "https://b.example.com"}),
            vec![Code::BothSpellings]
        )
    );
}

#[test]
fn a_client_is_taken_out_of_args() {
    let inner = json!({"baseUri": "https://a.example.com"});
    assert_eq!(client(&json!({"args": inner.clone()})), (inner, vec![]));
}

#[test]
fn formulas_that_choose_are_followed() {
    let older = json!({"baseUrl": "https://a.example.com"});
    let current = json!({"baseUri": "https://a.example.com"});
    let renamed = vec![Code::OlderSpelling];
    assert_eq!(
        client(&json!({"$mergeObjects": [older, {"$var": "credentials"}]})),
        (
            json!({"$mergeObjects": [current, {"$var": "credentials"}]}),
            renamed.clone()
        )
    );
    let cases = |client: &Value| json!({"$case": {"cases": [{"filter": {"$var": "credentials.a"}, "value": client}]}});
    assert_eq!(client(&cases(&older)), (cases(&current), renamed));
}

#[test]
fn the_older_key_of_map_is_renamed_except_in_literals() {
    let map = |key: &str| json!({"$map": {"value": {"$var": "credentials.a"}, key: []}});
    let (source, codes) = client(&json!({
        "baseUri": "https://a.example.com",
        "query": {"a": map("mappings"), "b": {"$plain": map("mappings")}},
    }));
    assert_eq!(
        source["query"],
        json!({"a": map("mapping"), "b": {"$plain": map("mappings")}})
    );
    assert_eq!(codes, [Code::OlderSpelling]);
}

#[test]
fn an_unknown_formula_leaves_the_connector_usable() {
    let mapping = json!({"baseUri": "https://a.example.com", "headers": {"A": {"$tmpl": 1}}});
    assert_eq!(client(&mapping), (mapping, vec![Code::UnknownFormula]));
}

#[test]
fn a_key_is_needed_from_somewhere() {
    let document = "type: membrane-token\nbaseUri: https://a.example.com\n";
    let (connector, codes) = load(&json!({"a.yml": document}));
    assert!(connector.is_none());
    assert_eq!(codes, [Code::MissingKey]);
    let bundle = Bundle::from_document("a.yml", document);
    let defaults = |key: &str| ConnectorDefaults {
        key: Some(key.to_owned()),
        version: Some("development".to_owned()),
    };
    let connector = load_connector(&bundle, defaults("acme")).value.unwrap();
    assert_eq!(
        (connector.key.as_str(), connector.name.as_str()),
        ("acme", "acme")
    );
    assert_eq!(connector.version, None);
    assert!(
        load_connector(&bundle, defaults("Acme Inc"))
            .value
            .is_none()
    );
}

#[test]
fn an_empty_auth_block_is_no_auth() {
    let (connector, codes) = load(&json!({"spec.yml": "key: a\nauth:\n"}));
    assert_eq!(codes, [Code::NoAuth]);
    assert!(connector.unwrap().options.is_empty());
    let (connector, codes) = load(&json!({"spec.yml": "key: a\nauth: oauth2\n"}));
    assert_eq!((connector.is_none(), codes), (true, vec![Code::WrongType]));
}

#[test]
fn the_source_of_a_function_is_known() {
    let spec = "key: a\nauth:\n  type: membrane-token\n  makeApiClient:\n    type: mapping\n    mapping: {baseUri: 'https://a.example.com'}\n";
    let (connector, codes) = load(&json!({"spec.yml": spec}));
    assert_eq!(codes, []);
    let source = &connector.unwrap().options[0].functions[0].source;
    assert_eq!(
        (source.file.as_str(), source.line, source.column),
        ("spec.yml", 4, 3)
    );
}

#[test]
fn inline_code_is_typescript_and_files_tell_by_their_names() {
    let spec = "key: a\ntype: client-credentials\nmakeApiClient: {type: javascript, code: 'export default 1'}\ntest: {type: javascript}\n";
    let (connector, codes) = load(&json!({"spec.yml": spec, "auth/test.js": "exports.test = 1"}));
    assert_eq!(codes, [Code::FunctionKindNotYet, Code::FunctionKindNotYet]);
    let connector = connector.unwrap();
    let typescript: Vec<bool> = connector.options[0]
        .functions
        .iter()
        .map(|function| {
            let Implementation::Javascript(script) = &function.implementation else {
                panic!("not code");
            };
            script.typescript
        })
        .collect();
    assert_eq!(typescript, [true, false]);
}

#[test]
fn graphql_and_operations_are_kept_as_written() {
    let spec = "key: a\ntype: client-credentials\nmakeApiClient: {type: javascript, code: x}\ntest: {type: operation-mapping, operationKey: me}\n";
    let (connector, codes) = load(&json!({"spec.yml": spec}));
    assert_eq!(codes, [Code::FunctionKindNotYet, Code::FunctionKindNotYet]);
    let connector = connector.unwrap();
    let test = connector.options[0].function(FunctionName::Test).unwrap();
    assert!(matches!(
        &test.implementation,
        Implementation::OperationMapping(body) if *body == json!({"operationKey": "me"})
    ));
}

#[test]
fn a_flood_of_findings_is_cut_off_per_file() {
    let keys: Vec<String> = (0..1000).map(|number| format!("zzz{number}: 1")).collect();
    let head = "key: a\ntype: membrane-token\nbaseUri: 'https://a.example.com'\n";
    let (_, codes) = load(&json!({"spec.yml": head.to_owned() + &keys.join("\n")}));
    assert_eq!(codes.len(), 201);
    assert_eq!(codes.last(), Some(&Code::TooManyFindings));
}
