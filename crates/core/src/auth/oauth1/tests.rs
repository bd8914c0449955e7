//! The flow against a provider that the test plays.

use std::sync::Mutex;

use http::Method;
use http::header::{AUTHORIZATION, DATE};
use jiff::SignedDuration;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::*;
use crate::Random;
use crate::auth::Blame;
use crate::auth::played::{World, with};
use crate::auth::retry::FailureClass;
use crate::connector::AuthType;

/// Draws 0, 1, 2 … so that nonces tell requests apart.
#[derive(Default)]
struct Counter(Mutex<u128>);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        buffer.copy_from_slice(&next.to_be_bytes());
        *next += 1;
    }
}

/// Noon, in seconds since the epoch.
const NOON: i64 = 1_795_262_400;

/// What our callback is for a provider.
const CALLBACK: &str = "https://bridge.example.com/oauth-callback?state=s-1%3Acustom";

fn playing(config: &Value) -> World {
    World {
        parameters: json!({ "key": "ck" }),
        input: json!({ "tokenId": "id-7", "tokenSecret": "ts-7" }),
        pending: SecretJson::new(json!({
            "oauth_token": "rt-1", "oauth_token_secret": "rs-1",
        })),
        ..World::new(AuthType::OAuth1, Counter::default(), config)
    }
}

/// A parameter of a request, from wherever it is.
fn sent(world: &World, index: usize, name: &str) -> Option<String> {
    let request = &world.requests[index];
    let header = request.headers.get(AUTHORIZATION);
    let header = header.and_then(|value| authorization::parse(value.to_str().unwrap()));
    let query = request.target.path_and_query.split_once('?');
    let query = query.map_or("", |(_, query)| query).as_bytes();
    let query = form_urlencoded::parse(query).into_owned();
    let all = header.into_iter().flatten().chain(query);
    let mut all = all.chain(world.form(index));
    all.find(|(key, _)| key == name).map(|(_, value)| value)
}

fn config() -> Value {
    json!({
        "consumerKey": { "$var": "connectorParameters.key" },
        "consumerSecret": "c/s",
        "requestTokenUri": "https://id.example.com/request?v=2",
        "authorizeUri": "https://id.example.com/authorize?tenant=7",
        "tokenUri": "https://id.example.com/access",
    })
}

const REQUEST_TOKEN: &str =
    "oauth_token=rt-1&oauth_token_secret=rs-1&oauth_callback_confirmed=true";
const ACCESS_TOKEN: &str =
    "oauth_token=at-1&oauth_token_secret=as%2F1&user_id=12&screen_name=J%C3%A4n";
const BACK: [(&str, &str); 3] = [
    ("state", "s-1:custom"),
    ("oauth_token", "rt-1"),
    ("oauth_verifier", "v-1"),
];

fn redirect(begun: Result<Begin, AuthError>) -> (Url, SecretJson, Back) {
    match begun {
        Ok(Begin::Redirect {
            location,
            pending,
            back,
            ..
        }) => (location, pending, back),
        other => panic!("no redirect: {other:?}"),
    }
}

fn query(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

#[test]
fn the_user_is_sent_away_with_a_request_token_whose_secret_is_kept() {
    let quirks = json!({
        "realm": "Photos", "scopes": ["read", "write"],
        "extra": { "perms": "write", "oauth_token": "mine" },
    });
    let mut world = playing(&with(config(), &quirks)).answering(200, REQUEST_TOKEN);
    let (location, pending, back) = redirect(world.begin());
    let expected = [
        ("tenant", "7"),
        ("oauth_token", "rt-1"),
        ("scope", "read write"),
        ("perms", "write"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(query(&location), expected, "nobody replaces the token");
    assert_eq!(back, Back::Callback);
    assert_eq!(pending, world.pending);

    let request = &world.requests[0];
    assert_eq!(request.method, Method::POST);
    assert_eq!(request.target.path_and_query, "/request?v=2");
    assert_eq!(request.body, "scope=read%20write");
    let header = request.headers[AUTHORIZATION].to_str().unwrap();
    assert!(header.starts_with("OAuth realm=\"Photos\", oauth_consumer_key=\"ck\""));
    assert_eq!(sent(&world, 0, "oauth_callback").unwrap(), CALLBACK);
    assert_eq!(sent(&world, 0, "oauth_token"), None);
    assert_eq!(
        sent(&world, 0, "oauth_timestamp").unwrap(),
        NOON.to_string()
    );
    assert_eq!(sent(&world, 0, "oauth_version").unwrap(), "1.0");
    assert_eq!(sent(&world, 0, "oauth_nonce").unwrap().len(), 22);
}

#[test]
fn the_verifier_is_exchanged_and_the_answer_kept_under_the_providers_names() {
    let mut world = playing(&config()).answering(200, ACCESS_TOKEN);
    let connected = world.complete(&BACK).unwrap();
    let credentials = connected.issued.credentials.expose();
    assert_eq!(credentials["oauth_token"], "at-1");
    assert_eq!(credentials["oauth_token_secret"], "as/1");
    assert_eq!(credentials["user_id"], "12");
    assert_eq!(credentials["screen_name"], "Jän");
    assert_eq!(credentials.get("expires_at"), None);
    assert!(!connected.issued.is_refreshable);
    assert_eq!(sent(&world, 0, "oauth_token").unwrap(), "rt-1");
    assert_eq!(sent(&world, 0, "oauth_verifier").unwrap(), "v-1");
    assert_eq!(world.requests[0].target.path_and_query, "/access");
}

#[test]
fn an_answer_to_another_request_is_refused_before_anything_is_sent() {
    let refused = |query: &[(&str, &str)]| {
        let mut world = playing(&config());
        let error = world.complete(query).unwrap_err();
        assert!(world.requests.is_empty());
        assert_eq!(error.blame(), Blame::Customer);
        error.to_string()
    };
    let other = [("oauth_token", "rt-2"), ("oauth_verifier", "v-1")];
    assert!(refused(&other).contains("`oauth_token` is another"));
    assert!(refused(&[("oauth_verifier", "v-1")]).contains("`oauth_token` is another"));
    let without = [("oauth_token", "rt-1")];
    assert!(refused(&without).contains("`oauth_verifier`"));
    let blank = [("oauth_token", "rt-1"), ("oauth_verifier", "")];
    assert!(refused(&blank).contains("`oauth_verifier`"));
}

#[test]
fn a_clock_that_is_known_is_signed_by_and_one_that_is_learnt_is_remembered() {
    let date = [(DATE, "Sat, 21 Nov 2026 12:10:00 GMT")];
    let refused = "oauth_problem=timestamp_refused";
    let mut world = playing(&config())
        .answering_with(401, refused, &date)
        .answering(200, REQUEST_TOKEN)
        .answering(200, ACCESS_TOKEN);
    redirect(world.begin());
    world.complete(&BACK).unwrap();
    let stamps: Vec<_> = (0..3)
        .map(|index| sent(&world, index, "oauth_timestamp").unwrap())
        .collect();
    let late = (NOON + 600).to_string();
    assert_eq!(stamps, [NOON.to_string(), late.clone(), late]);
    let ten_minutes = SignedDuration::from_mins(10);
    assert_eq!(*world.clock_offset.lock().unwrap(), ten_minutes);

    // It has been set right meanwhile: what was known counts in what is learnt.
    let on_time = [(DATE, "Sat, 21 Nov 2026 12:00:00 GMT")];
    world = world
        .answering_with(401, refused, &on_time)
        .answering(200, REQUEST_TOKEN);
    redirect(world.begin());
    assert_eq!(
        sent(&world, 4, "oauth_timestamp").unwrap(),
        NOON.to_string()
    );
    assert_eq!(*world.clock_offset.lock().unwrap(), SignedDuration::ZERO);
}

#[test]
fn a_user_who_says_no_is_understood_in_every_way_of_saying_it() {
    for query in [
        ("denied", "rt-1"),
        ("oauth_problem", "permission_denied"),
        ("oauth_problem", "user_refused"),
        ("error", "access_denied"),
    ] {
        let error = playing(&config()).complete(&[query]).unwrap_err();
        assert_eq!(error.to_string(), "access was denied");
    }
}

#[test]
fn a_provider_that_does_not_confirm_the_callback_must_be_announced() {
    let unconfirmed = "oauth_token=rt-1&oauth_token_secret=rs-1";
    let mut world = playing(&config()).answering(200, unconfirmed);
    let error = world.begin().unwrap_err();
    assert!(
        error.to_string().contains("`callbackConfirmed: optional`"),
        "{error}"
    );
    assert_eq!(error.blame(), Blame::WorkspaceOwner);

    let optional = with(config(), &json!({ "callbackConfirmed": "optional" }));
    let mut world = playing(&optional)
        .answering(200, unconfirmed)
        .answering(200, ACCESS_TOKEN);
    let (location, ..) = redirect(world.begin());
    let callback = ("oauth_callback".to_owned(), CALLBACK.to_owned());
    assert!(
        query(&location).contains(&callback),
        "OAuth 1.0 says it here"
    );
    world.complete(&[("oauth_token", "rt-1")]).unwrap();
    assert_eq!(sent(&world, 1, "oauth_verifier"), None);
}

#[test]
fn a_verifier_may_be_typed() {
    let oob = with(config(), &json!({ "callback": "oob" }));
    let mut world = playing(&oob)
        .answering(200, REQUEST_TOKEN)
        .answering(200, ACCESS_TOKEN);
    let (location, _, back) = redirect(world.begin());
    let parameter = "oauth_verifier";
    assert_eq!(back, Back::Typed { parameter });
    assert_eq!(sent(&world, 0, "oauth_callback").unwrap(), "oob");
    assert_eq!(location.query(), Some("tenant=7&oauth_token=rt-1"));
    assert!(world.complete(&[(parameter, " ")]).is_err());
    world.complete(&[(parameter, " 123456 ")]).unwrap();
    assert_eq!(sent(&world, 1, "oauth_verifier").unwrap(), "123456");
}

#[test]
fn parameters_go_where_the_connector_says() {
    let quirks = |transmission: &str, method: &str| {
        let quirks = json!({
            "parameterTransmission": transmission, "requestTokenMethod": method,
            "requestTokenExtra": { "n": 1, "oauth_x": "y", "oauth_callback": null },
            "tokenHeaders": { "User-Agent": "Bridge/1" },
        });
        let mut world = playing(&with(config(), &quirks)).answering(200, REQUEST_TOKEN);
        redirect(world.begin());
        assert_eq!(sent(&world, 0, "oauth_callback"), None);
        assert_eq!(sent(&world, 0, "oauth_x").unwrap(), "y");
        assert_eq!(sent(&world, 0, "n").unwrap(), "1");
        let request = world.requests.remove(0);
        assert_eq!(request.headers["user-agent"], "Bridge/1");
        let is_in = |text: &[u8]| text.windows(15).any(|part| part == b"oauth_signature");
        (
            request.headers.contains_key(AUTHORIZATION),
            is_in(request.target.path_and_query.as_bytes()),
            is_in(&request.body),
        )
    };
    assert_eq!(quirks("header", "POST"), (true, false, false));
    assert_eq!(quirks("header", "GET"), (true, false, false));
    assert_eq!(quirks("query", "POST"), (false, true, false));
    assert_eq!(quirks("query", "GET"), (false, true, false));
    assert_eq!(quirks("body", "POST"), (false, false, true));
    assert_eq!(
        quirks("body", "GET"),
        (true, false, false),
        "it has no body"
    );
}

#[test]
fn scopes_are_sent_where_the_provider_reads_them() {
    let sent = |transmission: &str| {
        let quirks = json!({
            "scopes": "a b", "scopeSeparator": ",", "scopeTransmission": transmission,
        });
        let mut world = playing(&with(config(), &quirks)).answering(200, REQUEST_TOKEN);
        let (location, ..) = redirect(world.begin());
        let scope = ("scope".to_owned(), "a,b".to_owned());
        (
            sent(&world, 0, "scope").is_some(),
            query(&location).contains(&scope),
        )
    };
    assert_eq!(sent("both"), (true, true));
    assert_eq!(sent("request-token"), (true, false));
    assert_eq!(sent("authorize"), (false, true));
}

#[test]
fn a_provider_with_another_clock_is_asked_once_more_with_its_own_time() {
    let date = [(DATE, "Sat, 21 Nov 2026 12:10:00 GMT")];
    let refused = "oauth_problem=timestamp_refused";
    let mut world = playing(&config())
        .answering_with(401, refused, &date)
        .answering(200, REQUEST_TOKEN);
    redirect(world.begin());
    assert_eq!(
        sent(&world, 0, "oauth_timestamp").unwrap(),
        NOON.to_string()
    );
    assert_eq!(
        sent(&world, 1, "oauth_timestamp").unwrap(),
        (NOON + 600).to_string()
    );
    assert_ne!(
        sent(&world, 0, "oauth_nonce"),
        sent(&world, 1, "oauth_nonce")
    );
    assert_ne!(
        sent(&world, 0, "oauth_signature"),
        sent(&world, 1, "oauth_signature")
    );

    let mut world = playing(&config())
        .answering_with(401, refused, &date)
        .answering_with(401, refused, &date);
    let error = world.begin().unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Transient);
    assert_eq!(world.requests.len(), 2, "once");
}

#[test]
fn a_nonce_that_was_used_is_replaced_once() {
    let mut world = playing(&config())
        .answering(401, "oauth_problem=nonce_used")
        .answering(200, REQUEST_TOKEN);
    redirect(world.begin());
    assert_ne!(
        sent(&world, 0, "oauth_nonce"),
        sent(&world, 1, "oauth_nonce")
    );
}

#[test]
fn refusals_mean_what_they_say() {
    let class = |status, body: &str| {
        let mut world = playing(&config()).answering(status, body);
        let error = world.complete(&BACK).unwrap_err();
        assert_eq!(world.requests.len(), 1);
        error.failure_class()
    };
    for (status, body, expected) in [
        (401, "oauth_problem=token_rejected", FailureClass::Terminal),
        (
            401,
            "oauth_problem=consumer_key_unknown",
            FailureClass::Configuration,
        ),
        (
            401,
            "oauth_problem=signature_invalid",
            FailureClass::Configuration,
        ),
        (200, "oauth_problem=token_expired", FailureClass::Terminal),
        (
            403,
            "oauth_problem=consumer_key_refused",
            FailureClass::Throttled,
        ),
        (401, "Invalid verifier", FailureClass::Terminal),
        (429, "", FailureClass::Throttled),
        (500, "<html>", FailureClass::Transient),
        (200, "<html>a=b", FailureClass::Transient),
        (200, "", FailureClass::Transient),
        (200, "oauth_token=", FailureClass::Transient),
        (200, "oauth_token=t", FailureClass::Transient),
        (302, "", FailureClass::Configuration),
    ] {
        assert_eq!(class(status, body), expected, "{status} {body}");
    }
}

#[test]
fn the_connector_may_say_what_a_refusal_means() {
    let rule = json!({
        "match": { "$eval": { "$var": "response.data.code" }, "is": "89" }, "class": "terminal",
    });
    let config = with(config(), &json!({ "failures": [rule] }));
    let handle = json!({
        "oauth_token": "t", "oauth_token_secret": "s", "oauth_session_handle": "h",
    });
    let mut world = playing(&config).answering(500, "code=89&why=x");
    let error = world.refresh(handle).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
}

#[test]
fn sessions_are_renewed_by_their_handle_and_keep_what_the_answer_leaves_out() {
    let first = format!("{ACCESS_TOKEN}&oauth_session_handle=h-1&oauth_expires_in=3600");
    let mut world = playing(&config()).answering(200, &first).answering(
        200,
        "oauth_token=at-2&oauth_token_secret=as-2&oauth_expires_in=60\n",
    );
    let issued = world.complete(&BACK).unwrap().issued;
    assert!(issued.is_refreshable);
    let old = issued.credentials.expose().clone();
    assert_eq!(old["expires_at"], "2026-11-21T13:00:00Z");

    let issued = world.refresh(old).unwrap();
    let new = issued.credentials.expose();
    assert_eq!(new["oauth_token"], "at-2");
    assert_eq!(new["oauth_session_handle"], "h-1");
    assert_eq!(new["screen_name"], "Jän");
    assert_eq!(new["expires_at"], "2026-11-21T12:01:00Z");
    assert!(issued.is_refreshable);
    assert_eq!(sent(&world, 1, "oauth_token").unwrap(), "at-1");
    assert_eq!(sent(&world, 1, "oauth_session_handle").unwrap(), "h-1");
}

#[test]
fn tokens_without_a_session_are_renewed_by_a_function_or_by_nobody() {
    let old = json!({ "oauth_token": "t-1", "oauth_token_secret": "s-1", "user": 4 });
    let error = playing(&config()).refresh(old.clone()).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);

    let fresh = json!({ "oauth_token": "t-2", "expires_in": 60 });
    let mut world = playing(&config()).with(FunctionName::RefreshCredentials, &fresh);
    assert!(world.adopt(old.clone()).is_refreshable);
    let issued = world.refresh(old).unwrap();
    let credentials = issued.credentials.expose();
    assert_eq!(credentials["oauth_token"], "t-2");
    assert_eq!(credentials["user"], 4);
    assert!(issued.is_refreshable);
}

#[test]
fn a_token_that_the_user_types_needs_no_browser() {
    let members = json!({
        "flow": "token", "consumerKey": "ck", "consumerSecret": "cs",
        "token": { "$var": "connectionInput.tokenId" },
        "tokenSecret": { "$var": "connectionInput.tokenSecret" },
    });
    let Ok(Begin::Complete(connected)) = playing(&members).begin() else {
        panic!("not connected");
    };
    let credentials = connected.issued.credentials.expose().clone();
    assert_eq!(credentials["oauth_token"], "id-7");
    assert_eq!(credentials["oauth_token_secret"], "ts-7");
    assert!(!connected.issued.is_refreshable);

    let bare = with(members, &json!({ "token": null, "tokenSecret": null }));
    let error = playing(&bare).begin().unwrap_err();
    assert!(error.to_string().contains("`oauth_token`"), "{error}");
    let own = json!({ "oauth_token": "mine", "oauth_token_secret": "s" });
    let mut world = playing(&bare).with(FunctionName::GetCredentialsFromConnectionParameters, &own);
    assert!(matches!(world.begin(), Ok(Begin::Complete(_))));
    assert!(world.signer(credentials).is_ok());
    assert!(world.signer(json!({})).is_err());
}

#[test]
fn without_tokens_the_consumer_signs_alone() {
    let members = json!({ "flow": "two-legged", "consumerKey": "ck", "consumerSecret": "cs" });
    let mut world = playing(&members);
    assert!(matches!(world.begin(), Ok(Begin::Complete(_))));
    let signer = world.signer(json!({ "oauth_token": "ignored" })).unwrap();
    assert!(signer.token.is_none());
}

#[test]
fn what_is_wrong_with_a_configuration_is_named() {
    for (quirk, expected) in [
        (json!({ "consumerKey": null }), "`consumerKey` is missing"),
        (
            json!({ "consumerSecret": "" }),
            "`consumerSecret` is missing",
        ),
        (
            json!({ "requestTokenUri": null }),
            "`requestTokenUri` is missing",
        ),
        (json!({ "authorizeUri": null }), "`authorizeUri` is missing"),
        (json!({ "tokenUri": "id.example.com" }), "`tokenUri`"),
        (
            json!({ "signatureMethod": "HMAC" }),
            "one of `HMAC-SHA1`, `HMAC-SHA256`",
        ),
        (
            json!({ "signatureMethod": "RSA-SHA1" }),
            "`privateKey` is missing",
        ),
        (
            json!({ "signatureMethod": "RSA-SHA256", "privateKey": "k" }),
            "`privateKey` in what `getOAuthConfig` returned cannot sign with `RSA-SHA256`: it must \
             be a private key in PEM",
        ),
        (json!({ "flow": "one-legged" }), "one of `three-legged`"),
        (
            json!({ "parameterTransmission": "cookie" }),
            "`parameterTransmission`",
        ),
        (json!({ "callbackConfirmed": true }), "`callbackConfirmed`"),
        (
            json!({ "callback": "https://x" }),
            "one of `redirect`, `oob`",
        ),
        (json!({ "accessTokenMethod": "PUT" }), "`accessTokenMethod`"),
        (json!({ "realm": "a\nb" }), "`realm`"),
        (
            json!({ "tokenHeaders": { "a b": 1 } }),
            "`tokenHeaders.a b`",
        ),
        (json!({ "tokenSecret": "s" }), "`token` is missing"),
        (json!({ "bodyHash": "auto" }), "`bodyHash`"),
        (
            json!({ "refresh": { "margin": "soon" } }),
            "`refresh.margin`",
        ),
        (json!({ "failures": {} }), "`failures`"),
    ] {
        let error = playing(&with(config(), &quirk)).begin().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.blame(), Blame::WorkspaceOwner);
    }
}
