//! `connector test` of connectors of type `oauth2`: their whole life, without a network.

use serde_json::Value;

use crate::support::{Place, Ran};

/// The whole life of a connection that a user consented to.
const WHOLE_LIFE: [&str; 10] = [
    "connect: passed",
    "test: passed",
    "call: passed",
    "denied consent: passed",
    "replayed callback: passed",
    "expire and refresh: passed",
    "refresh again: passed",
    "reconnect: passed",
    "disconnect: passed",
    "revoked by the user: passed",
];

/// What every connector here needs besides its configuration.
const REST: &str = "
makeApiClient:
  type: mapping
  mapping:
    baseUri: https://api.example.com
    headers: {Authorization: {$concat: ['Bearer ', {$var: credentials.access_token}]}}
test: {type: rest-api-mapping, path: /me}
";

const PARAMETERS: &str = "
key: crm
type: oauth2
parametersSchema:
  type: object
  properties: {clientId: {type: string}, clientSecret: {type: string}}
";

fn with_config(members: &str) -> String {
    format!(
        "{PARAMETERS}{REST}
getOAuthConfig:
  type: mapping
  mapping:
    clientId: {{$var: connectorParameters.clientId}}
    clientSecret: {{$var: connectorParameters.clientSecret}}
{members}"
    )
}

/// The endpoints of a usual provider.
const ENDPOINTS: &str = "
    authorizeUri: https://id.example.com/oauth/authorize
    tokenUri: https://id.example.com/oauth/token
    revocationUri: https://id.example.com/oauth/revoke
";

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
fn a_connection_lives_from_consent_to_revocation_and_no_secret_is_shown() {
    let ran = assert_lives(&with_config(ENDPOINTS), &[], &WHOLE_LIFE);
    assert!(ran.stdout.contains("the tokens are revoked"));
    for secret in ["at_", "rt_", "code_A", "sample-clientSecret"] {
        assert!(!ran.stdout.contains(secret), "{secret}: {}", ran.stdout);
    }
    for label in ["‹code›", "‹state›", "‹access_token›", "‹code_verifier›"] {
        assert!(ran.stdout.contains(label), "{label}");
    }
}

#[test]
fn every_quirk_of_a_provider_is_lived_with() {
    for quirks in [
        "    clientAuth: body\n    tokenRequestFormat: json\n    skipPkce: true\n",
        "    clientAuth: both\n    tokenResponseFormat: form\n    scopes: [a, b]\n    scopeSeparator: ','\n",
        "    tokenRequestMethod: GET\n    clientAuth: body\n    tokenResponsePath: data.token\n",
        "    refreshUri: https://id.example.com/oauth/refresh\n    scopes: [openid]\n",
        "    tokenRequestFormat: query\n    resource: https://api.example.com\n",
    ] {
        assert_lives(
            &with_config(&format!("{ENDPOINTS}{quirks}")),
            &[],
            &WHOLE_LIFE,
        );
    }
}

#[test]
fn the_endpoints_may_be_found_by_the_issuer() {
    let issuer = "    issuer: https://id.example.com/tenant\n";
    assert_lives(&with_config(issuer), &[], &WHOLE_LIFE);
}

#[test]
fn the_configuration_may_be_code_and_the_endpoints_depend_on_the_user() {
    let spec = format!(
        "{PARAMETERS}{REST}
getOAuthConfig: {{type: javascript}}
inputSchema: {{type: object, properties: {{shop: {{type: string}}}}, required: [shop]}}
"
    );
    let code = "export default ({ connectorParameters, connectionInput }) => {
  const base = `https://${connectionInput.shop}.example.com`
  console.log('asked for', connectionInput.shop)
  return { ...connectorParameters, authorizeUri: `${base}/authorize`, tokenUri: `${base}/token` }
}
";
    let files = [
        ("auth/get-oauth-config.js", code),
        ("tests/provider.yml", "input: {shop: ada}\n"),
    ];
    let ran = assert_lives(&spec, &files, &WHOLE_LIFE);
    assert!(ran.stdout.contains("asked for"));
}

#[test]
fn functions_may_take_over_parts_of_the_flow() {
    let hooks = "
getTokenData: {type: javascript}
refreshCredentials: {type: javascript}
getCredentialsFromAccessTokenResponse:
  type: mapping
  mapping: {access_token: {$var: tokenResponse.user.access_token}, refresh_token: {$var: tokenResponse.user.refresh_token}}
functionHosts: [id.example.com]
";
    let get_token_data = "import axios from 'axios'

export default async ({ queryParameters, connectorParameters, codeVerifier, redirectUri }) => {
  const answer = await axios.post('https://id.example.com/oauth/token', {
    auth_code: queryParameters.code, app: connectorParameters.clientId, codeVerifier, redirectUri,
  })
  return answer.data
}
";
    let refresh_credentials = "import axios from 'axios'

export default async ({ credentials }) => {
  const answer = await axios.post('https://id.example.com/oauth/token', { renew: credentials.refresh_token })
  return answer.data.user
}
";
    let provider = "routes:
  - method: POST
    path: /oauth/token
    data: {ok: true, user: {access_token: '{{token}}', refresh_token: '{{refreshToken}}'}}
";
    let files = [
        ("auth/get-token-data.js", get_token_data),
        ("auth/refresh-credentials.js", refresh_credentials),
        ("tests/provider.yml", provider),
    ];
    let spec = format!("{hooks}{}", with_config(ENDPOINTS));
    let expected: Vec<&str> = WHOLE_LIFE.into_iter().take(9).collect();
    assert_lives(&spec, &files, &expected);
}

#[test]
fn hooks_see_the_answers_of_the_token_endpoint() {
    let hooks = "
getCredentialsFromAccessTokenResponse: {type: mapping, mapping: {kind: {$var: tokenResponse.token_type}}}
getCredentialsFromRefreshTokenResponse: {type: mapping, mapping: {again: {$var: tokenResponse.token_type}}}
";
    let spec = format!("{hooks}{}", with_config(ENDPOINTS));
    assert_lives(&spec, &[], &WHOLE_LIFE);
}

#[test]
fn grants_without_a_browser_are_lived_through_as_well() {
    let life = |more: &[&'static str]| {
        let mut life = vec!["connect: passed", "test: passed", "call: passed"];
        life.extend(more);
        life.extend([
            "expire and refresh: passed",
            "refresh again: passed",
            "disconnect: passed",
        ]);
        life
    };
    let client = "    grantType: client_credentials\n    tokenUri: https://id.example.com/token\n";
    let skipped = life(&["wrong credentials: skipped"]);
    assert_lives(&with_config(client), &[], &skipped);

    let password = "    grantType: password
    tokenUri: https://id.example.com/token
    username: {$var: connectionInput.user}
    password: {$var: connectionInput.password}
inputSchema: {type: object, properties: {user: {type: string}, password: {type: string}}}
";
    let mut checked = life(&["wrong credentials: passed"]);
    checked.push("revoked by the user: passed");
    assert_lives(&with_config(password), &[], &checked);

    for algorithm in ["RS256", "ES256", "EdDSA", "HS256"] {
        let assertion = format!(
            "    grantType: jwt-bearer
    tokenUri: https://id.example.com/token
    assertion:
      algorithm: {algorithm}
      key: {{$var: connectorParameters.privateKey}}
      issuer: robot@example.com
      subject: {{$var: connectionInput.user}}
inputSchema: {{type: object, properties: {{user: {{type: string}}}}}}
"
        );
        let spec = with_config(&assertion).replace(
            "clientId: {type: string}",
            "clientId: {type: string}, privateKey: {type: string}",
        );
        let ran = assert_lives(&spec, &[], &skipped);
        assert!(!ran.stdout.contains("PRIVATE KEY"));
    }
}

#[test]
fn a_provider_without_refresh_tokens_is_skipped_where_it_must_be() {
    let spec = with_config(&format!("{ENDPOINTS}    noRefreshToken: true\n"));
    let ran = tested(&spec, &[]);
    assert!(steps(&ran).contains(&"expire and refresh: skipped".to_owned()));
    assert!(ran.stdout.contains("the provider gives no refresh tokens"));
    assert_eq!(ran.code, Some(0));
}

#[test]
fn what_is_wrong_with_a_configuration_of_code_is_said() {
    let code = |code: &str| {
        let spec = format!("{PARAMETERS}{REST}\ngetOAuthConfig: {{type: javascript}}\n");
        let ran = tested(&spec, &[("auth/get-oauth-config.js", code)]);
        assert_eq!(ran.code, Some(1));
        assert_eq!(steps(&ran), ["connect: failed"]);
        ran.stdout
    };
    let said = code(
        "export default () => ({ clientId: 'a', issuer: 'https://id.example.com', par: true })",
    );
    assert!(
        said.contains("`par`") && said.contains("not supported yet"),
        "{said}"
    );
    let said = code("export default () => ({ clientId: 'a' })");
    assert!(said.contains("`tokenUri` is missing"), "{said}");
    let said = code("export default () => {\n  throw new Error('no config')\n}");
    assert!(said.contains("no config"), "{said}");
}

#[test]
fn a_client_that_reads_the_wrong_member_is_found_out() {
    let spec = with_config(ENDPOINTS).replace("credentials.access_token", "credentials.token");
    let ran = tested(&spec, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout.contains("did not find any credentials"),
        "{}",
        ran.stdout
    );
}

#[test]
fn rules_that_take_a_dead_grant_for_a_passing_failure_are_found_out() {
    let rules = "    failures:\n      - {match: true, class: throttled}\n";
    let ran = tested(&with_config(&format!("{ENDPOINTS}{rules}")), &[]);
    assert!(steps(&ran).contains(&"revoked by the user: failed".to_owned()));
    assert!(
        ran.stdout.contains("look at the rules in `failures`"),
        "{}",
        ran.stdout
    );
}

#[test]
fn every_option_is_lived_through() {
    let spec = format!(
        "key: crm
parametersSchema: {{type: object, properties: {{clientId: {{type: string}}, clientSecret: {{type: string}}}}}}
{REST}
options:
  one:
    type: oauth2
    getOAuthConfig:
      type: mapping
      mapping: {{clientId: {{$var: connectorParameters.clientId}}, issuer: https://one.example.com}}
  two:
    type: oauth2
    refresh: {{margin: 2m}}
    getOAuthConfig:
      type: mapping
      mapping: {{clientId: {{$var: connectorParameters.clientId}}, issuer: https://two.example.com}}
"
    );
    assert_lives(&spec, &[], &[WHOLE_LIFE, WHOLE_LIFE].concat());
}

#[test]
fn cases_test_the_functions_of_oauth2() {
    let functions = "
getTokenData: {type: javascript}
refreshCredentials: {type: javascript}
getCredentialsFromAccessTokenResponse: {type: mapping, mapping: {team: {$var: tokenResponse.team.id}}}
getCredentialsFromRefreshTokenResponse: {type: mapping, mapping: {team: {$var: tokenResponse.team.id}}}
disconnect: {type: rest-api-mapping, path: /logout, method: POST}
functionHosts: [id.example.com]
";
    let request = |what: &str| {
        format!(
            "import axios from 'axios'
export default async (all) => {{
  const answer = await axios.post('https://id.example.com/oauth/token', {{ {what} }})
  return {{ access_token: answer.data.access_token }}
}}
"
        )
    };
    let cases = "
- name: The configuration
  function: getOAuthConfig
  connectorParameters: {clientId: c, clientSecret: s}
  expect: {result: {clientId: c, tokenUri: https://id.example.com/oauth/token}}
- name: The exchange
  function: getTokenData
  arguments: {queryParameters: {code: abc}, codeVerifier: verifier, redirectUri: https://bridge.example.com/cb}
  requests:
    - expect: {method: POST, url: https://id.example.com/oauth/token, data: {code: abc, verifier: verifier}}
      respond: {data: {access_token: fresh}}
  expect: {result: {access_token: fresh}}
- name: The refresh
  function: refreshCredentials
  credentials: {access_token: old, refresh_token: again}
  requests:
    - expect: {data: {token: again}}
      respond: {data: {access_token: fresh}}
  expect: {result: {access_token: fresh}}
- name: The first answer
  function: getCredentialsFromAccessTokenResponse
  arguments: {tokenResponse: {team: {id: T1}}}
  expect: {result: {team: T1}}
- name: Later answers
  function: getCredentialsFromRefreshTokenResponse
  credentials: {access_token: old}
  arguments: {tokenResponse: {team: {id: T2}}}
  expect: {result: {team: T2}}
- name: The end
  function: disconnect
  credentials: {access_token: old}
  requests: [{expect: {method: POST, url: https://api.example.com/logout}}]
- name: A request is refreshed and repeated
  request: {path: /me}
  credentials: {access_token: old, refresh_token: again}
  requests:
    - {expect: {url: https://api.example.com/me}, respond: {status: 401}}
    - {expect: {data: {token: again}}, respond: {data: {access_token: fresh}}}
    - {expect: {headers: {Authorization: Bearer fresh}}, respond: {data: {name: Ada}}}
  expect: {result: {name: Ada}}
";
    let spec = format!("{functions}{}", with_config(ENDPOINTS));
    let exchange = request("code: all.queryParameters.code, verifier: all.codeVerifier");
    let files = [
        ("auth/get-token-data.js", exchange.as_str()),
        (
            "auth/refresh-credentials.js",
            &request("token: all.credentials.refresh_token"),
        ),
        ("tests/cases.yml", cases),
    ];
    let ran = tested(&spec, &files);
    let steps = steps(&ran);
    let cases: Vec<_> = steps.iter().rev().take(7).collect();
    assert!(
        cases.iter().all(|case| case.ends_with(": passed")),
        "{}",
        ran.stdout
    );
}
