//! The flow against a token endpoint that the test plays.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use super::*;
use crate::auth::played::{Noon, START, World, with};
use crate::auth::retry::FailureClass;
use crate::auth::scopes_asked_for;
use crate::auth::timing::RefreshTiming;
use crate::connector::AuthType;
use crate::{Effects, Random};

struct Sevens;

impl Random for Sevens {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn playing(config: &Value) -> World {
    World {
        parameters: json!({ "scopes": ["read", "write"] }),
        pending: SecretJson::new(json!({ "codeVerifier": "verifier", "nonce": "n-1" })),
        ..World::new(AuthType::OAuth2, Sevens, config)
    }
}

fn config() -> Value {
    json!({
        "clientId": "id/1",
        "clientSecret": "se cret",
        "clientAuth": "basic",
        "authorizeUri": "https://id.example.com/authorize?tenant=7",
        "tokenUri": "https://id.example.com/token",
        "scopes": { "$var": "connectorParameters.scopes" },
    })
}

fn query_of(begun: Result<Begin, AuthError>) -> Vec<(String, String)> {
    let Ok(Begin::Redirect { location, .. }) = begun else {
        panic!("no redirect");
    };
    location.query_pairs().into_owned().collect()
}

fn token() -> Value {
    json!({ "access_token": "a-1", "refresh_token": "r-1", "expires_in": 3600, "scope": "read" })
}

#[test]
fn the_browser_is_sent_away_with_everything_a_provider_asks_for() {
    let extra = json!({ "extra": { "prompt": "consent", "state": "mine" }, "resource": "urn:api" });
    let query = query_of(playing(&with(config(), &extra)).begin());
    let of = |name: &str| {
        let found = query.iter().filter(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("tenant"), ["7"]);
    assert_eq!(of("response_type"), ["code"]);
    assert_eq!(of("client_id"), ["id/1"]);
    assert_eq!(of("redirect_uri"), [START.redirect_uri]);
    assert_eq!(of("state"), [START.state], "nobody replaces the state");
    assert_eq!(of("scope"), ["read write"]);
    assert_eq!(of("prompt"), ["consent"]);
    assert_eq!(of("resource"), ["urn:api"]);
    let verifier = pkce::unguessable(&Effects::new(Arc::new(Noon), Arc::new(Sevens)));
    assert_eq!(of("code_challenge"), [pkce::challenge(&verifier)]);
    assert_eq!(of("code_challenge_method"), ["S256"]);
}

#[test]
fn what_will_be_asked_for_is_known_before_as_far_as_no_code_is_needed() {
    let asked_for = |scopes: &Value, parameters: Value| {
        let world = World {
            parameters,
            ..playing(&with(config(), &json!({ "scopes": scopes })))
        };
        scopes_asked_for(&world.option, &world.arguments(None))
    };
    let listed = json!({ "$var": "connectorParameters.scopes" });
    let expected = ["read", "write"];
    assert_eq!(asked_for(&listed, json!({ "scopes": expected })), expected);
    assert_eq!(
        asked_for(&listed, json!({ "scopes": "read, write" })),
        expected
    );
    assert!(asked_for(&listed, json!({})).is_empty());
    assert!(asked_for(&listed, json!({ "scopes": { "a": 1 } })).is_empty());
    let of_machines = json!({ "scopes": expected, "grantType": "client_credentials" });
    let world = playing(&with(config(), &of_machines));
    let scopes = scopes_asked_for(&world.option, &world.arguments(None));
    assert!(scopes.is_empty(), "nobody is asked");
    let typed = json!({ "$var": "connectionInput.scopes" });
    assert!(asked_for(&typed, json!({})).is_empty());
}

#[test]
fn pkce_and_the_separator_of_scopes_are_as_the_connector_says() {
    let quirks = json!({ "skipPkce": true, "scopeSeparator": "," });
    let query = query_of(playing(&with(config(), &quirks)).begin());
    assert!(query.contains(&("scope".into(), "read,write".into())));
    assert!(query.iter().all(|(name, _)| name != "code_challenge"));
}

#[test]
fn the_code_is_exchanged_and_the_answer_kept_with_its_expiry() {
    let mut world = playing(&config()).json(200, &token());
    let connected = world
        .complete(&[("code", "c-1"), ("state", "s-1")])
        .unwrap();
    let credentials = connected.issued.credentials.expose();
    assert_eq!(credentials["access_token"], "a-1");
    assert_eq!(credentials["expires_in"], 3600);
    assert_eq!(credentials["expires_at"], "2026-11-21T13:00:00Z");
    assert!(connected.issued.is_refreshable);
    let scopes = connected.issued.scopes.unwrap();
    assert_eq!(scopes.missing(), ["write"]);
    assert_eq!(world.parameter(0, "code").unwrap(), "c-1");
    assert_eq!(world.parameter(0, "code_verifier").unwrap(), "verifier");
    assert_eq!(world.parameter(0, "client_id"), None);
    let basic = format!("Basic {}", STANDARD.encode("id%2F1:se+cret"));
    assert_eq!(world.requests[0].headers[AUTHORIZATION], basic);
}

#[test]
fn clients_say_who_they_are_in_the_way_the_connector_says() {
    let sent = |quirk: Value| {
        let mut world = playing(&with(config(), &quirk)).json(200, &token());
        world.complete(&[("code", "c")]).unwrap();
        let header = world.requests[0].headers.contains_key(AUTHORIZATION);
        (header, world.parameter(0, "client_secret").is_some())
    };
    assert_eq!(sent(json!({ "clientAuth": "basic" })), (true, false));
    assert_eq!(sent(json!({ "clientAuth": "body" })), (false, true));
    assert_eq!(sent(json!({ "clientAuth": "both" })), (true, true));
    assert_eq!(sent(json!({ "clientAuth": "none" })), (false, false));
    let older = json!({ "clientAuth": null, "clientAuthLocation": "body" });
    assert_eq!(sent(older), (false, true));
    let oldest = json!({ "clientAuth": null, "skipClientAuthInHeaders": true });
    assert_eq!(sent(oldest), (false, true));
}

#[test]
fn a_secret_that_is_being_replaced_still_works() {
    let two = with(config(), &json!({ "clientSecret": ["new", "old"] }));
    let refusal = json!({ "error": "invalid_client" });
    let mut world = playing(&two).json(401, &refusal).json(200, &token());
    world.complete(&[("code", "c")]).unwrap();
    let secret = |index: usize| {
        let value = world.requests[index].headers[AUTHORIZATION]
            .to_str()
            .unwrap();
        let pair = STANDARD.decode(value.trim_start_matches("Basic ")).unwrap();
        String::from_utf8(pair).unwrap()
    };
    assert_eq!(
        (secret(0), secret(1)),
        ("id%2F1:new".into(), "id%2F1:old".into())
    );
}

#[test]
fn a_grant_that_is_refused_is_not_tried_with_another_secret() {
    let two = with(
        config(),
        &json!({ "clientSecret": ["new", "old"], "clientAuth": null }),
    );
    let mut world = playing(&two).json(400, &json!({ "error": "invalid_grant" }));
    let error = world.refresh(token()).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
    assert_eq!(world.requests.len(), 1);
}

#[test]
fn token_requests_have_the_form_the_connector_says() {
    let mut json_world =
        playing(&with(config(), &json!({ "tokenRequestFormat": "json" }))).json(200, &token());
    json_world.complete(&[("code", "c")]).unwrap();
    let body: Value = serde_json::from_slice(&json_world.requests[0].body).unwrap();
    assert_eq!(body["grant_type"], "authorization_code");

    let quirks = json!({ "tokenRequestMethod": "GET", "tokenExtra": { "v": 2 } });
    let mut query_world = playing(&with(config(), &quirks)).json(200, &token());
    query_world.complete(&[("code", "c")]).unwrap();
    let request = &query_world.requests[0];
    assert!(request.body.is_empty());
    let sent = &request.target.path_and_query;
    assert!(
        sent.starts_with("/token?grant_type=authorization_code&code=c"),
        "{sent}"
    );
    assert!(sent.ends_with("v=2"), "{sent}");
}

#[test]
fn token_responses_are_read_in_every_form() {
    let access_token = |quirk: Value, media_type, body: &str| {
        let config = with(config(), &quirk);
        let mut world = playing(&config).answering_with(200, body, &[(CONTENT_TYPE, media_type)]);
        let connected = world.complete(&[("code", "c")]).unwrap();
        connected.issued.credentials.expose()["access_token"].clone()
    };
    let form = "access_token=a%2B1&expires_in=60";
    assert_eq!(access_token(json!({}), "text/plain", form), "a+1");
    assert_eq!(
        access_token(
            json!({ "tokenResponseFormat": "text" }),
            "text/plain",
            "a-2\n"
        ),
        "a-2"
    );
    let nested = r#"{"ok":true,"authed_user":{"access_token":"a-3"}}"#;
    assert_eq!(
        access_token(
            json!({ "tokenResponsePath": "authed_user" }),
            "application/json",
            nested
        ),
        "a-3"
    );
}

#[test]
fn refusals_mean_what_they_say_wherever_they_say_it() {
    let class = |status, media_type, body: &str| {
        let mut world =
            playing(&config()).answering_with(status, body, &[(CONTENT_TYPE, media_type)]);
        world.refresh(token()).unwrap_err().failure_class()
    };
    let json = "application/json";
    assert_eq!(
        class(400, json, r#"{"error":"invalid_grant"}"#),
        FailureClass::Terminal
    );
    assert_eq!(
        class(200, json, r#"{"ok":false,"error":"invalid_grant"}"#),
        FailureClass::Terminal
    );
    assert_eq!(
        class(401, json, r#"{"error":"invalid_client"}"#),
        FailureClass::Configuration
    );
    assert_eq!(class(429, json, "{}"), FailureClass::Throttled);
    assert_eq!(class(500, json, "{}"), FailureClass::Transient);
    assert_eq!(
        class(502, "text/html", "<html>Bad gateway"),
        FailureClass::Transient
    );
    assert_eq!(
        class(200, "text/html", "<html>Hello"),
        FailureClass::Transient
    );
    assert_eq!(class(200, json, "{}"), FailureClass::Transient);
    assert_eq!(class(200, json, "[1"), FailureClass::Transient);
    assert_eq!(class(302, json, ""), FailureClass::Configuration);
    assert_eq!(
        class(404, "text/html", "<html>"),
        FailureClass::Configuration
    );
}

#[test]
fn the_connector_may_say_what_a_refusal_means() {
    let rule = json!({
        "match": { "$eval": { "$var": "response.data.error_code" }, "is": 90 },
        "class": "terminal",
    });
    let config = with(config(), &json!({ "failures": [rule] }));
    let mut world = playing(&config).json(500, &json!({ "error_code": 90 }));
    let error = world.refresh(token()).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
}

#[test]
fn a_refresh_keeps_what_the_answer_leaves_out() {
    let answer = json!({ "access_token": "a-2", "refresh_token": null, "expires_in": "60" });
    let mut world = playing(&config()).json(200, &answer);
    let mut old = token();
    old["expires_at"] = "2020-01-01T00:00:00Z".into();
    old["instance_url"] = "https://eu.example.com".into();
    let issued = world.refresh(old).unwrap();
    let credentials = issued.credentials.expose();
    assert_eq!(credentials["access_token"], "a-2");
    assert_eq!(credentials["refresh_token"], "r-1");
    assert_eq!(credentials["instance_url"], "https://eu.example.com");
    assert_eq!(credentials["expires_at"], "2026-11-21T12:01:00Z");
    assert_eq!(world.parameter(0, "refresh_token").unwrap(), "r-1");
}

#[test]
fn the_configuration_says_when_to_refresh_and_the_option_what_it_leaves_open() {
    let mut world = playing(&with(config(), &json!({ "refresh": { "margin": "2m" } })))
        .json(200, &json!({ "access_token": "a-2" }));
    let both = json!({ "margin": "9m", "defaultLifetime": "1h" });
    world.option.refresh = RefreshTiming::from_value(Some(&both)).unwrap();
    let issued = world.refresh(token()).unwrap();
    let expected = json!({ "margin": "2m", "defaultLifetime": "1h" });
    let expected = RefreshTiming::from_value(Some(&expected)).unwrap();
    assert_eq!(issued.timing, expected);
}

#[test]
fn grants_without_a_browser_need_none_and_are_repeated_on_refresh() {
    let quirk = json!({ "grantType": "client_credentials", "authorizeUri": null });
    let mut world = playing(&with(config(), &quirk))
        .json(200, &json!({ "access_token": "a-1" }))
        .json(200, &json!({ "access_token": "a-2" }));
    let Ok(Begin::Complete(connected)) = world.begin() else {
        panic!("not connected");
    };
    assert!(connected.issued.is_refreshable);
    assert_eq!(world.parameter(0, "scope").unwrap(), "read write");
    let credentials = connected.issued.credentials.expose().clone();
    let issued = world.refresh(credentials).unwrap();
    assert_eq!(issued.credentials.expose()["access_token"], "a-2");
    assert_eq!(
        world.parameter(1, "grant_type").unwrap(),
        "client_credentials"
    );
}

#[test]
fn without_a_refresh_token_the_user_is_needed() {
    let mut world = playing(&config());
    let error = world.refresh(json!({ "access_token": "a-1" })).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
    assert!(world.requests.is_empty());
}

#[test]
fn functions_of_the_connector_take_part() {
    let mut world = playing(&config())
        .with(
            FunctionName::GetTokenData,
            &json!({ "token": { "$var": "queryParameters.code" } }),
        )
        .with(
            FunctionName::GetCredentialsFromAccessTokenResponse,
            &json!({
                "access_token": { "$var": "tokenResponse.token" },
                "shop": { "$var": "queryParameters.shop" },
            }),
        );
    let connected = world.complete(&[("code", "c-9"), ("shop", "s-2")]).unwrap();
    let credentials = connected.issued.credentials.expose();
    assert_eq!(credentials["access_token"], "c-9");
    assert_eq!(credentials["shop"], "s-2");
    assert!(world.requests.is_empty());
}

#[test]
fn the_metadata_of_an_issuer_fill_in_what_is_not_given() {
    let issuer = "https://id.example.com";
    let minimal = json!({ "clientId": "id", "clientSecret": "s", "issuer": issuer });
    let mut world = playing(&minimal).json(200, &token());
    world.metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": "https://id.example.com/auth",
        "token_endpoint": "https://id.example.com/tok",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    });
    let missing = world.complete(&[("code", "c")]).unwrap_err();
    assert!(missing.to_string().contains("announces `iss`"), "{missing}");
    let other = [("code", "c"), ("iss", "https://evil.example.com")];
    assert!(world.complete(&other).is_err());
    world.complete(&[("code", "c"), ("iss", issuer)]).unwrap();
    assert_eq!(world.requests[0].target.path_and_query, "/tok");
    assert_eq!(world.parameter(0, "client_secret").unwrap(), "s");

    world.metadata["issuer"] = "https://evil.example.com".into();
    assert!(world.begin().is_err());
}

#[test]
fn an_id_token_must_answer_this_request() {
    let id_token = |nonce: &str| {
        let claims = URL_SAFE_NO_PAD.encode(json!({ "nonce": nonce }).to_string());
        format!("e30.{claims}.sig")
    };
    let completed = |nonce| {
        let answer = with(token(), &json!({ "id_token": id_token(nonce) }));
        playing(&config())
            .json(200, &answer)
            .complete(&[("code", "c")])
    };
    assert!(completed("n-1").is_ok());
    assert!(completed("n-2").is_err());
}

#[test]
fn a_provider_that_says_no_is_quoted() {
    let query = [
        ("error", "access_denied"),
        ("error_description", "not  today"),
    ];
    let error = playing(&config()).complete(&query).unwrap_err();
    assert_eq!(error.to_string(), "access was denied: not today");
}

#[test]
fn what_is_wrong_with_a_configuration_is_named() {
    let message = |quirk: Value| {
        let error = playing(&with(config(), &quirk)).begin().unwrap_err();
        error.to_string()
    };
    for (quirk, expected) in [
        (json!({ "clientId": null }), "`clientId` is missing"),
        (json!({ "tokenUri": null }), "`tokenUri` is missing"),
        (json!({ "tokenUri": "id.example.com" }), "`tokenUri`"),
        (json!({ "clientAuth": "tls" }), "`clientAuth: tls`"),
        (json!({ "par": "https://id.example.com/par" }), "`par`"),
        (
            json!({ "grantType": "magic" }),
            "one of `authorization_code`",
        ),
        (
            json!({ "refresh": { "margin": "soon" } }),
            "`refresh.margin`",
        ),
        (
            json!({ "failures": [{ "class": "bad" }] }),
            "`failures[0].match`",
        ),
        (json!({ "grantType": "password" }), "`username` is missing"),
    ] {
        let message = message(quirk);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let mut config = config();
    config["scopes"] = json!([]);
    let config = OAuth2Config::from_value(Some(&config)).unwrap();
    assert!(!format!("{config:?}").contains("se cret"));
}
