use std::sync::Arc;

use authbridge_core::connector::{
    Connector, FunctionName, GraphqlDocument, GraphqlOperation, Implementation,
};
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

/// The connector in these files and what is said about it; the API client is a mapping.
fn load_with(files: &Value) -> (Option<Connector>, Vec<String>) {
    let spec = "key: a\nauth:\n  type: client-credentials\n  makeApiClient: {implementationType: \
                mapping, mapping: {baseUri: 'https://a.example.com'}}\n";
    let mut all = files.clone();
    let members = all.as_object_mut().unwrap();
    for text in members.values_mut() {
        *text = text.as_str().unwrap().replace("SPEC", spec).into();
    }
    if !members.contains_key("spec.yml") {
        members.insert("spec.yml".into(), (spec.to_owned() + "  test:\n").into());
        if members.keys().all(|path| !path.starts_with("auth/test.")) {
            members.insert("auth/test.rest.yml".into(), "path: /me\n".into());
        }
    }
    let loaded = load_connector(
        &Bundle::from_json(&all).unwrap(),
        ConnectorDefaults::default(),
    );
    let said = loaded.diagnostics.iter().map(|found| {
        let code = found.code.id();
        format!(
            "{code} {}:{}:{} {}",
            found.file, found.line, found.column, found.message
        )
    });
    (loaded.value, said.collect())
}

fn test_function(connector: &Connector) -> &Implementation {
    let function = connector.options[0].function(FunctionName::Test);
    &function.unwrap().implementation
}

#[test]
fn code_comes_with_all_that_it_imports() {
    let (connector, said) = load_with(&json!({
        "auth/test.ts": "import { sign } from '../lib/sign';\nimport paths from '../paths.yml';\n\
            export default async ({ apiClient }: any) => apiClient.get(paths.me, sign());\n",
        "lib/sign.ts": "import data from './data.json';\nexport const sign = (): string => data.key;\n",
        "lib/data.json": "{\"key\": \"k\"}",
        "paths.yml": "me: /me\n",
    }));
    assert_eq!(said, [""; 0]);
    let connector = connector.unwrap();
    let Implementation::Javascript(script) = test_function(&connector) else {
        panic!("not code");
    };
    let names = script.program.modules.iter();
    let names: Vec<&str> = names.map(|module| module.name.as_str()).collect();
    assert_eq!(script.program.entry, "auth/test.ts");
    assert_eq!(
        names,
        ["auth/test.ts", "lib/sign.ts", "paths.yml", "lib/data.json"]
    );
    assert_eq!(
        script.program.module("paths.yml").unwrap().code,
        r#"{"me":"/me"}"#
    );
}

#[test]
fn options_that_share_a_file_share_its_program() {
    let option = "type: client-credentials";
    let spec = format!(
        "key: a\nauth:\n  makeApiClient:\n  test: {{implementationType: mapping, mapping: true}}\n  \
         options:\n    one: {{{option}}}\n    two: {{{option}, makeApiClient: }}\n"
    );
    let (connector, _) = load(&json!({
        "spec.yml": spec,
        "auth/make-api-client.js": "exports.makeApiClient = () => ({baseUri: 'https://a.b'});",
    }));
    let connector = connector.unwrap();
    let programs: Vec<_> = connector
        .options
        .iter()
        .map(|option| {
            let function = option.function(FunctionName::MakeApiClient).unwrap();
            let Implementation::Javascript(script) = &function.implementation else {
                panic!("not code");
            };
            Arc::clone(&script.program)
        })
        .collect();
    assert!(Arc::ptr_eq(&programs[0], &programs[1]));
}

#[test]
fn inline_code_imports_from_beside_its_document_and_runs_with_its_lines() {
    let (connector, said) = load_with(&json!({
        "spec.yml": "SPEC  test:\n    implementationType: javascript\n    code: |\n      import { me } \
            from './lib';\n      export default ({ apiClient }: any) =>\n        apiClient.get(me);\n",
        "lib.js": "exports.me = '/me';",
    }));
    assert_eq!(said, [""; 0]);
    let connector = connector.unwrap();
    let Implementation::Javascript(script) = test_function(&connector) else {
        panic!("not code");
    };
    let program = &script.program;
    assert_eq!(program.entry, "spec.yml#test.ts");
    assert!(program.module("lib.js").is_some());
    let code = &program.module(&program.entry).unwrap().code;
    let line = code
        .lines()
        .position(|line| line.contains("apiClient.get("))
        .unwrap();
    let found = program.locate(&program.entry, u32::try_from(line + 1).unwrap(), 5);
    assert_eq!(found.unwrap().line, 9);
}

#[test]
fn errors_in_inline_code_point_into_the_document() {
    let code = "import x from 'lodahs'; export default x;\n";
    for (test, expected) in [
        (
            format!("test:\n    type: javascript\n    code: |\n      // é\n      {code}"),
            "AB0412 spec.yml:9:21",
        ),
        (
            format!("test: {{type: javascript, code: \"{}\"}}\n", code.trim()),
            "AB0412 spec.yml:5:49",
        ),
        (
            "test: {type: javascript, code: \"export default x;\\nimport x from 'lodahs';\"}\n"
                .to_owned(),
            "AB0412 spec.yml:5:34",
        ),
    ] {
        let (connector, said) = load_with(&json!({"spec.yml": format!("SPEC  {test}")}));
        assert!(connector.is_none());
        assert!(said[0].starts_with(expected), "{said:?}");
        let is_inside = said[0].contains("line 2");
        assert_eq!(is_inside, test.contains("\\n"), "{said:?}");
    }
}

#[test]
fn the_files_of_another_version_cannot_be_imported() {
    let spec = "key: a\ntype: client-credentials\nmakeApiClient: {type: javascript}\n";
    let (connector, codes) = load(&json!({
        "development/src/spec.yml": spec,
        "development/src/auth/make-api-client.js":
            "export { default } from '../../../1.0.0/src/lib.js';",
        "1.0.0/src/spec.yml": spec,
        "1.0.0/src/lib.js": "export default () => ({});",
    }));
    assert!(connector.is_none());
    assert!(codes.contains(&Code::ImportedFileMissing), "{codes:?}");
}

#[test]
fn every_function_may_be_of_every_kind_except_the_two_that_come_before_requests() {
    let bodies = [
        "{type: mapping, mapping: {baseUri: 'https://a.example.com'}}",
        "{type: rest-api-mapping, path: /me}",
        "{type: graphql-api-mapping, query: '{ me }'}",
        "{type: operation-mapping, operationKey: me}",
        "{type: javascript, code: 'export default () => true'}",
        "{type: not-supported}",
    ];
    for name in FunctionName::ALL {
        for (kind, body) in bodies.iter().enumerate() {
            let name = name.as_str();
            let spec = format!(
                "key: a\ntype: oauth2\n{name}: {body}\noperations: {{me: {{run: {}}}}}\n",
                bodies[1]
            );
            let (_, codes) = load(&json!({"spec.yml": spec}));
            let first = ["makeApiClient", "getOAuthConfig"].contains(&name);
            let refused = first && (1..4).contains(&kind);
            assert_eq!(
                codes.contains(&Code::KindNotAllowed),
                refused,
                "{name} {body} {codes:?}"
            );
            // The mapping is none of OAuth.
            let is_of_another = name == "getOAuthConfig" && kind == 0;
            assert_eq!(
                codes.contains(&Code::UnknownKey),
                is_of_another,
                "{name} {body} {codes:?}"
            );
        }
    }
}

#[test]
fn a_graphql_request_is_a_document_or_a_tree() {
    let (connector, said) = load_with(&json!({
        "auth/test.graphql.yml": "query: |\n  query Me($id: ID!) { user(id: $id) { name } }\n\
            variables: {id: {$var: credentials.id}}\nheaders: {X-A: b}\n\
            responseMapping: {$var: response.data.user}\n",
    }));
    assert_eq!(said, [""; 0]);
    let connector = connector.unwrap();
    let Implementation::GraphqlApiMapping(request) = test_function(&connector) else {
        panic!("not GraphQL");
    };
    assert!(request.path.is_none() && request.headers.is_some());
    assert!(matches!(
        &request.document,
        GraphqlDocument::Query {
            variables: Some(_),
            ..
        }
    ));

    let (connector, said) = load_with(&json!({
        "auth/test.graphql.yml": "path: /graphql\noperationType: mutation\nrequestMapping:\n  \
            - field: 'made: createUser'\n    args: {name: {$var: credentials.name}}\n    \
            subFields: [id, {field: team, subFields: [name]}]\n",
    }));
    assert_eq!(said, [""; 0]);
    let connector = connector.unwrap();
    let Implementation::GraphqlApiMapping(request) = test_function(&connector) else {
        panic!("not GraphQL");
    };
    let GraphqlDocument::Fields { operation, fields } = &request.document else {
        panic!("not a tree");
    };
    assert_eq!(*operation, GraphqlOperation::Mutation);
    assert_eq!(fields[0].field, "made: createUser");
    assert_eq!(fields[0].sub_fields[1].sub_fields[0].field, "name");
}

#[test]
fn operations_come_from_files_and_from_the_document_in_the_order_of_their_keys() {
    let (connector, said) = load_with(&json!({
        "spec.yml": "SPEC  test: {implementationType: operation-mapping, operationKey: inline}\n\
            operations:\n  - {key: inline, name: Inline, run: {type: mapping, mapping: {$var: input.a}}}\n  \
            - {key: filed, run: {implementationType: javascript}}\n",
        "operations/described/spec.yml": "name: Described\ndescription: d\ntags: [a]\nisReadOnly: true\n\
            inputSchema: {type: object}\noutputSchema: {type: object}\nmethods: {run: }\n",
        "operations/described/run.rest.yml": "path: /x/{id}\nrequestMapping: {pathParameters: {id: {$var: parameters.id}}}\n",
        "operations/filed/run.ts": "export const run = ({ input }: any) => input;\n",
        "operations/single.yml": "run: {type: rest-api-mapping, path: /y}\n",
        "operations/apart.yaml": "key: renamed\n",
        "operations/apart.run.graphql.yml": "query: '{ me }'\n",
        "operations/bare/run.js": "module.exports = async () => 1;\n",
    }));
    assert_eq!(said, [""; 0]);
    let connector = connector.unwrap();
    let found: Vec<_> = connector
        .operations
        .iter()
        .map(|operation| {
            let kind = operation.run.as_ref().unwrap().kind().as_str();
            let (key, name) = (operation.key.as_str(), operation.name.as_str());
            (key, name, kind, operation.source.file.as_str())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("bare", "bare", "javascript", "operations/bare/run.js"),
            (
                "described",
                "Described",
                "rest-api-mapping",
                "operations/described/spec.yml"
            ),
            ("filed", "filed", "javascript", "spec.yml"),
            ("inline", "Inline", "mapping", "spec.yml"),
            (
                "renamed",
                "renamed",
                "graphql-api-mapping",
                "operations/apart.yaml"
            ),
            (
                "single",
                "single",
                "rest-api-mapping",
                "operations/single.yml"
            ),
        ]
    );
    let described = connector.operation("described").unwrap();
    assert_eq!(described.is_read_only, Some(true));
    assert_eq!(described.tags, ["a"]);
    assert!(described.input_schema.is_some() && described.output_schema.is_some());
}

#[test]
fn operations_that_call_each_other_in_a_circle_are_refused() {
    let call = |key: &str| format!("run: {{type: operation-mapping, operationKey: {key}}}\n");
    let (connector, said) = load_with(&json!({
        "operations/a.yml": call("b"),
        "operations/b.yml": call("c"),
        "operations/c.yml": call("b"),
        "operations/self.yml": call("self"),
        "operations/fine.yml": call("end"),
        "operations/end.yml": "run: {type: mapping, mapping: 1}\n",
        "operations/typo.yml": call("ned"),
    }));
    assert!(connector.is_none());
    assert_eq!(
        said,
        [
            "AB0423 operations/b.yml:1:46 operations call each other without end: b → c → b",
            "AB0423 operations/self.yml:1:46 operations call each other without end: self → self",
            "AB0422 operations/typo.yml:1:46 there is no operation `ned`",
        ]
    );
}

#[test]
fn hosts_of_functions_are_those_of_all_options_and_its_own() {
    let spec = "key: a\nauth:\n  functionHosts: [a.example.com]\n  options:\n    x:\n      type: \
                membrane-token\n      functionHosts: ['*.b.example.com', a.example.com]\n";
    let (connector, codes) =
        load(&json!({"spec.yml": spec.to_owned() + "baseUri: 'https://a.b'\n"}));
    assert_eq!(codes, []);
    assert_eq!(
        connector.unwrap().options[0].function_hosts,
        ["a.example.com", "*.b.example.com"]
    );
    let (_, codes) = load(&json!({"spec.yml": spec.replace("a.example.com", "'https://a'")}));
    assert!(codes.contains(&Code::InvalidValue), "{codes:?}");
}

#[test]
fn a_broken_test_case_leaves_the_connector_usable() {
    let (connector, said) =
        load_with(&json!({"tests/a.yml": "function: tset\nexpect: {eror: {}}\n"}));
    assert!(connector.is_some());
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn a_flood_of_findings_is_cut_off_per_file() {
    let keys: Vec<String> = (0..1000).map(|number| format!("zzz{number}: 1")).collect();
    let head = "key: a\ntype: membrane-token\nbaseUri: 'https://a.example.com'\n";
    let (_, codes) = load(&json!({"spec.yml": head.to_owned() + &keys.join("\n")}));
    assert_eq!(codes.len(), 201);
    assert_eq!(codes.last(), Some(&Code::TooManyFindings));
}

#[test]
fn the_timing_of_refreshes_is_inherited_part_by_part() {
    let spec = "key: a\nauth:\n  type: client-credentials\n  refresh: {margin: 2m, keepAlive: 1h}\n  \
        options:\n    one: {refresh: {margin: 30}}\n    two: {}\n  makeApiClient: {implementationType: \
        mapping, mapping: {baseUri: 'https://a.example.com'}}\n";
    let (connector, _) = load(&json!({"spec.yml": spec}));
    let connector = connector.unwrap();
    let timing = |key| {
        let refresh = connector.option(Some(key)).unwrap().refresh;
        [refresh.margin, refresh.keep_alive].map(|it| it.map(|it| it.as_secs()))
    };
    assert_eq!(timing("one"), [Some(30), Some(3600)]);
    assert_eq!(timing("two"), [Some(120), Some(3600)]);
}
