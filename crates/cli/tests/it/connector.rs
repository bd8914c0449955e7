//! `connector new` and `connector test`, from an empty directory.

use std::fs;

use serde_json::Value;

use crate::support::Place;

const FLAVOURS: [&str; 8] = [
    "api-key",
    "basic",
    "session",
    "oauth2",
    "oauth1",
    "proxy",
    "integration-app-token",
    "membrane-token",
];

fn make(place: &Place, flavour: &str, language: &str) {
    let arguments = ["connector", "new", "My CRM", "--auth", flavour];
    let more = ["--language", language, "--dir", "crm", "--force"];
    place
        .run_bare(&[&arguments[..], &more].concat())
        .succeeded();
}

/// The steps of the only connector, by name: `(name, outcome)`.
fn steps(value: &Value) -> Vec<(String, String)> {
    let sections = value["connectors"][0]["sections"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    sections
        .iter()
        .flat_map(|section| section["steps"].as_array().unwrap())
        .map(|step| (text(&step["name"]), text(&step["outcome"])))
        .collect()
}

#[test]
fn every_new_connector_passes_its_tests_in_every_language() {
    for flavour in FLAVOURS {
        for language in ["yaml", "ts", "js"] {
            let place = Place::new();
            make(&place, flavour, language);
            let validated = place.run_bare(&["validate", "crm"]).succeeded();
            let ran = place.run_bare(&["connector", "test", "crm"]);
            assert_eq!(
                ran.code,
                Some(0),
                "{flavour} in {language}\n{}\n{}{}",
                validated.stdout,
                ran.stdout,
                ran.stderr
            );
        }
    }
}

#[test]
fn a_session_lives_through_all_steps() {
    let place = Place::new();
    make(&place, "session", "yaml");
    let value = place
        .run_bare(&["connector", "test", "crm", "--json"])
        .json();
    assert_eq!(value["ok"], true, "{value}");
    let names: Vec<String> = steps(&value)
        .into_iter()
        .map(|(name, outcome)| format!("{name}: {outcome}"))
        .collect();
    assert_eq!(
        names,
        [
            "connect: passed",
            "test: passed",
            "call: passed",
            "wrong credentials: passed",
            "expire and refresh: passed",
            "refresh again: passed",
            "disconnect: passed",
            "Logging in trades the password for a token: passed",
            "Requests carry the token: passed",
        ]
    );
    // The author's sample password is in no transcript.
    assert!(!value.to_string().contains("a-sample-password"));
}

#[test]
fn the_screens_of_a_new_connector_are_complete() {
    let place = Place::new();
    let arguments = ["connector", "new", "My CRM", "--auth", "api-key"];
    let made = place.run_bare(&arguments).succeeded();
    insta::assert_snapshot!("connector-new", made.transcript());
    let tested = place.run_bare(&["connector", "test", "my-crm", "--verbose"]);
    insta::assert_snapshot!("connector-test-verbose", tested.transcript());
}

/// Checks that every file below `root` that names a schema names one that is there.
fn schemas_of(root: &std::path::Path) -> Vec<String> {
    let mut named = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let Some(schema) = first.strip_prefix("# yaml-language-server: $schema=") else {
                continue;
            };
            let found = fs::read_to_string(directory.join(schema)).unwrap();
            let schema: Value = serde_json::from_str(&found).unwrap();
            named.push(schema["title"].as_str().unwrap().to_owned());
        }
    }
    named.sort();
    named
}

#[test]
fn the_files_of_a_new_connector_name_schemas_that_are_there() {
    let titles = [
        "Connector (`spec.yml`)",
        "Mapping (`.map.yml`)",
        "OAuth 2.0 configuration (`get-oauth-config.map.yml`)",
        "REST request (`.rest.yml`)",
        "Simulated provider (`tests/provider.yml`)",
        "Test cases of a connector (`tests/*.yml`)",
    ];
    let place = Place::new();
    make(&place, "oauth2", "yaml");
    assert_eq!(schemas_of(&place.path("crm")), titles);
    // In a workspace directory that has schemas, these are named.
    place.write("membrane/.authbridge/.gitignore", "*\n");
    let home = "membrane/connectors/crm";
    let arguments = ["connector", "new", "CRM", "--auth", "oauth2", "--dir", home];
    place.run_bare(&arguments).succeeded();
    assert_eq!(schemas_of(&place.path("membrane/connectors")), titles);
    assert!(!place.path(home).join(".authbridge").exists());
    // They are neither part of the connector nor reported.
    let validated = place.run_bare(&["validate", "crm"]).succeeded();
    assert!(
        !validated.stdout.contains("authbridge/"),
        "{}",
        validated.stdout
    );
}

#[test]
fn an_account_stands_in_where_authentication_is_delegated() {
    let place = Place::new();
    make(&place, "proxy", "yaml");
    let tested = place.run_bare(&["connector", "test", "crm", "--json"]);
    let value = tested.json();
    let steps: Vec<String> = steps(&value)
        .into_iter()
        .map(|(name, outcome)| format!("{name}: {outcome}"))
        .collect();
    assert_eq!(
        steps,
        [
            "connect: passed",
            "test: passed",
            "call: passed",
            "wrong credentials: passed",
            "expire and refresh: skipped",
            "disconnect: passed",
            "Requests carry the other connector's token: passed",
        ],
        "{value}"
    );
}

#[test]
fn nothing_is_overwritten_unless_asked() {
    let place = Place::new();
    let arguments = ["connector", "new", "crm", "--auth", "basic"];
    place.run_bare(&arguments).succeeded();
    fs::write(place.path("crm/spec.yml"), "mine").unwrap();
    let again = place.run_bare(&arguments);
    again.failed(2, "`crm` is not empty", "--force");
    assert_eq!(
        fs::read_to_string(place.path("crm/spec.yml")).unwrap(),
        "mine"
    );
    place
        .run_bare(&[&arguments[..], &["--force"]].concat())
        .succeeded();
    assert!(
        fs::read_to_string(place.path("crm/spec.yml"))
            .unwrap()
            .len()
            > 100
    );
}

#[test]
fn what_is_missing_is_not_asked_for_without_a_terminal() {
    let place = Place::new();
    let ran = place.run_bare(&["connector", "new"]);
    ran.failed(2, "a name is missing", "give NAME");
    let ran = place.run_bare(&["connector", "new", "crm"]);
    ran.failed(2, "how the API authenticates is missing", "api-key, basic");
    let ran = place.run_bare(&["connector", "new", "crm", "--auth", "apikey"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("api-key"), "{}", ran.stderr);
    let ran = place.run_bare(&["connector", "new", "!!", "--auth", "basic"]);
    ran.failed(2, "no key can be made", "such as `contacts`");
    let ran = place.run_bare(&["connector", "test", "nowhere"]);
    ran.failed(2, "cannot read `nowhere`", "hint");
    let ran = place.run_bare(&["connector", "test", "."]);
    ran.failed(2, "there is no connector in `.`", "connector new");
}

#[test]
fn broken_typescript_stops_the_test_with_its_line() {
    let place = Place::new();
    make(&place, "api-key", "ts");
    place.write(
        "crm/auth/test.ts",
        "export default async function test({ {\n}\n",
    );
    let ran = place.run_bare(&["connector", "test", "crm"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("crm/auth/test.ts:1:"), "{}", ran.stdout);
}

#[test]
fn an_error_in_typescript_names_its_line_and_shows_it() {
    let place = Place::new();
    make(&place, "api-key", "ts");
    place.write(
        "crm/auth/test.ts",
        "interface A {\n  apiClient: any\n}\n\nexport default async function test({ apiClient }: A) {\n  \
         console.warn('about to fail')\n  return apiClient.nothing.at.all\n}\n",
    );
    let ran = place.run_bare(&["connector", "test", "crm"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("auth/test.ts:7:"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("7 |   return apiClient.nothing.at.all"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("console.warn: about to fail"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_test_that_always_succeeds_is_found_out() {
    let place = Place::new();
    make(&place, "api-key", "js");
    place.write("crm/auth/test.js", "export default async () => true\n");
    let value = place
        .run_bare(&["connector", "test", "crm", "--json"])
        .json();
    assert_eq!(value["ok"], false);
    let failed: Vec<_> = steps(&value)
        .into_iter()
        .filter(|(_, outcome)| outcome == "failed")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        failed,
        [
            "wrong credentials",
            "A good key works",
            "A wrong key is refused"
        ]
    );
}

#[test]
fn credentials_in_the_wrong_place_are_found_out() {
    let place = Place::new();
    make(&place, "api-key", "yaml");
    place.write(
        "crm/auth/make-api-client.map.yml",
        "baseUri: https://api.example.com\nheaders:\n  Authorization: {$var: credentials.apikey}\n",
    );
    let ran = place.run_bare(&["connector", "test", "crm"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout.contains("did not find any credentials"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("→ GET api.example.com/me"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_case_that_fails_says_what_differs() {
    let place = Place::new();
    make(&place, "api-key", "yaml");
    place.write(
        "crm/tests/cases.yml",
        "name: Someone else\nfunction: test\ncredentials: {apiKey: a-good-key}\nrequests:\n  \
         - expect:\n      method: POST\n      url: https://api.example.com/you\n      headers: {Authorization: Bearer another}\n    \
         respond: {data: {name: Ada}}\n  - expect: {url: https://api.example.com/more}\nexpect:\n  result: {name: Bob}\n",
    );
    let ran = place.run_bare(&["connector", "test", "crm", "--case", "someone"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!("connector-test-failing-case", ran.transcript());
    let none = place.run_bare(&["connector", "test", "crm", "--case", "nobody"]);
    none.failed(2, "no case is called \"nobody\"", "leave `--case` out");
}
