//! `connector test` of connectors of type `oauth1`: their whole life, without a network, at a
//! server that verifies every signature.

use serde_json::Value;

use crate::support::{Place, Ran, repository};

/// The whole life of a connection that a user consented to, and whose token nobody renews.
const WHOLE_LIFE: [&str; 8] = [
    "connect: passed",
    "test: passed",
    "call: passed",
    "denied consent: passed",
    "replayed callback: passed",
    "expire and refresh: skipped",
    "reconnect: passed",
    "disconnect: passed",
];

const PARAMETERS: &str = "
key: crm
type: oauth1
parametersSchema:
  type: object
  properties: {consumerKey: {type: string}, consumerSecret: {type: string}, privateKey: {type: string}}
makeApiClient: {type: mapping, mapping: {baseUri: https://api.example.com}}
test: {type: rest-api-mapping, path: /me?a=b%20c&a=}
";

const ENDPOINTS: &str = "
    requestTokenUri: https://id.example.com/oauth/initiate
    authorizeUri: https://www.example.com/oauth/authorize
    tokenUri: https://id.example.com/oauth/token
";

fn with_config(members: &str) -> String {
    format!(
        "{PARAMETERS}
getOAuthConfig:
  type: mapping
  mapping:
    consumerKey: {{$var: connectorParameters.consumerKey}}
    consumerSecret: {{$var: connectorParameters.consumerSecret}}
{members}"
    )
}

fn tested(spec: &str, files: &[(&str, &str)]) -> Ran {
    let place = Place::new();
    place.write("crm/spec.yml", spec);
    for (path, text) in files {
        place.write(&format!("crm/{path}"), text);
    }
    place.run_bare(&["connector", "test", "crm", "--json"])
}

fn steps(ran: &Ran) -> Vec<String> {
    let value = ran.json();
    let sections = value["connectors"][0]["sections"].as_array();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    sections
        .unwrap_or_else(|| panic!("nothing was tested: {value}"))
        .iter()
        .flat_map(|section| section["steps"].as_array().unwrap())
        .map(|step| format!("{}: {}", text(&step["name"]), text(&step["outcome"])))
        .collect()
}

#[track_caller]
fn assert_lives(spec: &str, files: &[(&str, &str)], expected: &[&str]) -> Ran {
    let ran = tested(spec, files);
    assert_eq!(steps(&ran), expected, "{}", ran.stdout);
    assert_eq!(ran.json()["diagnostics"], Value::Array(Vec::new()));
    ran
}

#[test]
fn a_new_connector_lives_through_all_steps_in_every_language() {
    for language in ["yaml", "ts", "js"] {
        let place = Place::new();
        let arguments = ["connector", "new", "My CRM", "--auth", "oauth1"];
        let more = ["--language", language, "--dir", "crm"];
        place
            .run_bare(&[&arguments[..], &more].concat())
            .succeeded();
        place.run_bare(&["validate", "--strict", "crm"]).succeeded();
        let ran = place.run_bare(&["connector", "test", "crm", "--json"]);
        let cases = [
            "The consumer comes from the integration: passed",
            "Requests go to the API: passed",
        ];
        assert_eq!(
            steps(&ran),
            [&WHOLE_LIFE[..], &cases].concat(),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn the_example_lives() {
    let example = repository().join("examples/oauth1");
    let ran = Place::new().run_bare(&["connector", "test", example.to_str().unwrap(), "--json"]);
    assert_eq!(steps(&ran), WHOLE_LIFE, "{}", ran.stdout);
}

#[test]
fn no_secret_is_shown() {
    for method in ["HMAC-SHA1", "PLAINTEXT"] {
        let spec = with_config(&format!("{ENDPOINTS}    signatureMethod: {method}\n"));
        let ran = assert_lives(&spec, &[], &WHOLE_LIFE);
        let secrets = [
            "access-token-0",
            "request-token-0",
            "-secret-0",
            "sample-consumerSecret",
        ];
        for secret in secrets {
            assert!(!ran.stdout.contains(secret), "{secret}: {}", ran.stdout);
        }
        for label in [
            "‹state›",
            "‹oauth_token›",
            "‹oauth_token_secret›",
            "‹oauth_verifier›",
        ] {
            assert!(ran.stdout.contains(label), "{label}: {}", ran.stdout);
        }
    }
}

#[test]
fn every_quirk_of_a_provider_is_lived_with() {
    for quirks in [
        "    signatureMethod: HMAC-SHA256\n    realm: 'https://example.com/, all'\n",
        "    signatureMethod: HMAC-SHA512\n    parameterTransmission: query\n",
        "    signatureMethod: PLAINTEXT\n    parameterTransmission: body\n",
        "    parameterTransmission: body\n    bodyHash: true\n    skipVersion: true\n",
        "    requestTokenMethod: GET\n    accessTokenMethod: GET\n    scopes: [read, write]\n",
        "    callback: oob\n",
        "    requestTokenExtra: {x_app: 'a b&c'}\n    accessTokenExtra: {x_app: ü}\n",
    ] {
        let spec = with_config(&format!("{ENDPOINTS}{quirks}"));
        assert_lives(&spec, &[], &WHOLE_LIFE);
    }
}

#[test]
fn a_private_key_is_made_where_there_is_none() {
    for method in ["RSA-SHA1", "RSA-SHA256", "RSA-SHA512"] {
        let quirks = format!(
            "    signatureMethod: {method}\n    privateKey: {{$var: connectorParameters.privateKey}}\n"
        );
        let ran = assert_lives(
            &with_config(&format!("{ENDPOINTS}{quirks}")),
            &[],
            &WHOLE_LIFE,
        );
        assert!(!ran.stdout.contains("PRIVATE KEY"));
    }
}

#[test]
fn tokens_of_providers_with_sessions_are_renewed() {
    let spec = with_config(&format!(
        "{ENDPOINTS}    refreshUri: https://id.example.com/renew\n"
    ));
    let mut life = WHOLE_LIFE.to_vec();
    life[5] = "expire and refresh: passed";
    life.insert(6, "refresh again: passed");
    life.push("revoked by the user: passed");
    assert_lives(&spec, &[], &life);
}

#[test]
fn connectors_without_a_browser_are_lived_through_as_well() {
    let two_legged = with_config("    flow: two-legged\n");
    let life = |wrong: &'static str| {
        [
            "connect: passed",
            "test: passed",
            "call: passed",
            wrong,
            "expire and refresh: skipped",
            "disconnect: passed",
        ]
    };
    assert_lives(&two_legged, &[], &life("wrong credentials: skipped"));
    let typed = "    flow: token
    signatureMethod: HMAC-SHA256
    token: {$var: connectionInput.tokenId}
    tokenSecret: {$var: connectionInput.tokenSecret}
inputSchema: {type: object, properties: {tokenId: {type: string}, tokenSecret: {type: string}}}
";
    let checked = life("wrong credentials: passed");
    assert_lives(&with_config(typed), &[], &checked);
}

#[test]
fn what_the_provider_says_besides_is_a_route_of_the_author() {
    let hook = "
getCredentialsFromAccessTokenResponse: {type: mapping, mapping: {shop: {$var: tokenResponse.shop}}}
";
    let spec = format!("{hook}{}", with_config(ENDPOINTS)).replace(
        "baseUri: https://api.example.com",
        "baseUri: {$concat: ['https://api.example.com/', {$var: credentials.shop}]}",
    );
    let provider = "routes:
  - {path: /oauth/token, method: POST, data: {shop: my-shop}}
  - {path: /my-shop/me, method: GET, data: {id: 1}}
";
    let ran = tested(&spec, &[("tests/provider.yml", provider)]);
    assert!(ran.stdout.contains("my-shop/me"), "{}", ran.stdout);
    assert!(
        steps(&ran).contains(&"connect: passed".to_owned()),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_is_wrong_with_a_configuration_of_code_is_said() {
    let spec = format!("{PARAMETERS}\ngetOAuthConfig: {{type: javascript}}\n");
    let code = |code: &str| {
        let ran = tested(&spec, &[("auth/get-oauth-config.js", code)]);
        assert_eq!(ran.code, Some(1));
        assert_eq!(steps(&ran), ["connect: failed"]);
        ran.stdout
    };
    let said = code("export default () => ({ consumerKey: 'a', consumerSecret: 'b' })");
    assert!(said.contains("`requestTokenUri` is missing"), "{said}");
    let said = code("export default () => {\n  throw new Error('no config')\n}");
    assert!(said.contains("no config"), "{said}");
}
