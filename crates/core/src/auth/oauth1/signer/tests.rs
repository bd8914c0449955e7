use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::super::config::OAuth1Config;
use super::*;
use crate::auth::Blame;
use crate::{Clock, Random};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }
}

/// Draws 0, 1, 2 …
#[derive(Default)]
struct Counter(Mutex<u128>);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        buffer.copy_from_slice(&next.to_be_bytes());
        *next += 1;
    }
}

fn effects() -> Effects {
    Effects::new(Arc::new(Noon), Arc::new(Counter::default()))
}

fn signer(members: &Value) -> Signer {
    let mut config = json!({ "flow": "two-legged", "consumerKey": "ck", "consumerSecret": "cs" });
    let members = members.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(members);
    let config = OAuth1Config::from_value(Some(&config)).unwrap();
    config.signer(config.token.clone())
}

fn get(url: &str) -> Request {
    request(Method::GET, url, None, b"")
}

fn request(method: Method, url: &str, media_type: Option<&str>, body: &[u8]) -> Request {
    let mut headers = HeaderMap::new();
    if let Some(media_type) = media_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap());
    }
    let origin = Url::parse("https://API.example.com:443").unwrap();
    Request {
        method,
        target: Target {
            origin,
            path_and_query: url.to_owned(),
        },
        headers,
        body: body.to_vec().into(),
    }
}

fn sign(members: &Value, request: &Request) -> Result<Signed, SigningError> {
    let url = url_of(&request.target);
    let unsigned = Unsigned {
        method: &request.method,
        url: &url,
        headers: &request.headers,
        body: Body::Whole(&request.body),
    };
    signer(members).sign(&unsigned, &effects())
}

fn header(signed: &Signed) -> Vec<(String, String)> {
    match signed {
        Signed::Header(value) => authorization::parse(value.to_str().unwrap()).unwrap(),
        Signed::Query(_) | Signed::Form(_) => panic!("no header: {signed:?}"),
    }
}

fn parameter(signed: &Signed, name: &str) -> Option<String> {
    let mut parameters = header(signed).into_iter();
    parameters.find(|(key, _)| key == name).map(|it| it.1)
}

const FORM_TYPE: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");
const JSON_TYPE: Option<&str> = Some("application/json");

#[test]
fn a_parameter_that_is_there_already_is_refused() {
    for name in ["oauth_nonce", "oauth_signature", "oauth_consumer_key"] {
        let pair = format!("{name}=1");
        let in_query = get(&format!("/x?a=1&{pair}"));
        let in_form = request(Method::POST, "/x", FORM_TYPE, pair.as_bytes());
        for request in [in_query, in_form] {
            let error = sign(&json!({}), &request).unwrap_err();
            assert_eq!(error, SigningError::AlreadyThere(name.into()));
            assert_eq!(error.blame(), Blame::Caller);
        }
        let elsewhere = request(Method::POST, "/x", JSON_TYPE, pair.as_bytes());
        sign(&json!({}), &elsewhere).unwrap();
    }
    sign(&json!({}), &get("/x?oauth_other=1")).unwrap();
}

#[test]
fn only_absolute_urls_are_signed() {
    let unsigned = Unsigned {
        method: &Method::GET,
        url: "/x",
        headers: &HeaderMap::new(),
        body: Body::Whole(b""),
    };
    let outcome = signer(&json!({})).sign(&unsigned, &effects());
    assert_eq!(outcome, Err(SigningError::Url));
}

#[test]
fn bodies_are_needed_only_where_they_are_signed() {
    let needs = |members: &Value, media_type| {
        let signer = signer(members);
        let request = request(Method::POST, "/", media_type, b"");
        let streamed = Unsigned {
            method: &request.method,
            url: "https://api.example.com/",
            headers: &request.headers,
            body: Body::Streamed,
        };
        let needs = signer.needs_body(&request.headers);
        let outcome = signer.sign(&streamed, &effects());
        assert_eq!(outcome == Err(SigningError::BodyNeeded), needs);
        needs
    };
    assert!(needs(&json!({}), FORM_TYPE));
    assert!(!needs(&json!({}), JSON_TYPE));
    assert!(needs(&json!({ "bodyHash": true }), JSON_TYPE));
    let plain = json!({ "signatureMethod": "PLAINTEXT", "bodyHash": true });
    assert!(!needs(&plain, FORM_TYPE));
    assert!(!needs(&plain, JSON_TYPE));
    let placed = json!({ "signatureMethod": "PLAINTEXT", "parameterTransmission": "body" });
    assert!(needs(&placed, FORM_TYPE));
}

#[test]
fn a_body_that_cannot_take_parameters_leaves_them_to_the_header() {
    let body = json!({ "parameterTransmission": "body" });
    let kind = |request: Request| match sign(&body, &request).unwrap() {
        Signed::Header(_) => "header",
        Signed::Query(_) => "query",
        Signed::Form(_) => "form",
    };
    assert_eq!(kind(get("/")), "header");
    assert_eq!(kind(request(Method::POST, "/", JSON_TYPE, b"{}")), "header");
    assert_eq!(kind(request(Method::POST, "/", JSON_TYPE, b"")), "header");
    assert_eq!(kind(request(Method::POST, "/", None, b"x")), "header");
    assert_eq!(kind(request(Method::POST, "/", None, b"")), "form");
    assert_eq!(
        kind(request(Method::DELETE, "/", FORM_TYPE, b"a=1")),
        "form"
    );
}

#[test]
fn a_whole_request_is_signed_in_place() {
    let mut in_header = get("/x?a=1");
    in_header
        .headers
        .insert(AUTHORIZATION, HeaderValue::from_static("Bearer other"));
    signer(&json!({ "realm": "r" }))
        .sign_request(&mut in_header, &effects())
        .unwrap();
    let value = &in_header.headers[AUTHORIZATION];
    assert!(value.is_sensitive());
    assert!(
        value
            .to_str()
            .unwrap()
            .starts_with("OAuth realm=\"r\", oauth_consumer_key")
    );

    let mut in_query = get("/x?a=1");
    signer(&json!({ "parameterTransmission": "query" }))
        .sign_request(&mut in_query, &effects())
        .unwrap();
    let sent = &in_query.target.path_and_query;
    assert!(sent.starts_with("/x?a=1&oauth_consumer_key=ck&"), "{sent}");

    let mut in_body = request(Method::POST, "/x", None, b"");
    signer(&json!({ "parameterTransmission": "body" }))
        .sign_request(&mut in_body, &effects())
        .unwrap();
    assert!(in_body.body.starts_with(b"oauth_consumer_key=ck&"));
    assert_eq!(in_body.headers[CONTENT_TYPE], FORM);
}

#[test]
fn what_is_added_joins_what_is_there() {
    assert_eq!(Signed::with_query("/x", "a=1"), "/x?a=1");
    assert_eq!(Signed::with_query("/x?", "a=1"), "/x?a=1");
    assert_eq!(Signed::with_query("/x?b=2", "a=1"), "/x?b=2&a=1");
    assert_eq!(Signed::with_query("/x?b=2&", "a=1"), "/x?b=2&a=1");
    assert_eq!(Signed::with_form(b"", "a=1"), "a=1");
    assert_eq!(Signed::with_form(b"b=2", "a=1"), "b=2&a=1");
}

#[test]
fn no_two_requests_have_the_same_nonce() {
    let signer = signer(&json!({}));
    let effects = Effects::of_the_system();
    let mut nonces = HashSet::new();
    for _ in 0..1000 {
        let mut request = get("/");
        signer.sign_request(&mut request, &effects).unwrap();
        let value = request.headers.remove(AUTHORIZATION).unwrap();
        let nonce = parameter(&Signed::Header(value), "oauth_nonce").unwrap();
        assert_eq!(nonce.len(), 22);
        assert!(nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(nonces.insert(nonce));
    }
}

#[test]
fn timestamps_follow_the_clock_of_the_provider() {
    let at = |offset| {
        let signer = signer(&json!({})).with_clock_offset(SignedDuration::from_secs(offset));
        signer.timestamp(&effects()).parse::<i64>().unwrap()
    };
    assert_eq!(at(0), 1_795_262_400);
    assert_eq!(at(-600), 1_795_261_800);
    assert_eq!(at(600), 1_795_263_000);
    assert_eq!(at(i64::MIN), 1, "a timestamp is positive");
}

#[test]
fn the_version_may_be_left_out_and_a_token_need_not_be() {
    let signed = sign(&json!({ "skipVersion": true }), &get("/")).unwrap();
    assert_eq!(parameter(&signed, "oauth_version"), None);
    assert_eq!(parameter(&signed, "oauth_token"), None);
    assert_eq!(parameter(&signed, "oauth_consumer_key").unwrap(), "ck");
}

#[test]
fn body_hashes_are_of_all_but_forms() {
    let hash = |media_type, body: &[u8]| {
        let request = request(Method::POST, "/", media_type, body);
        let signed = sign(&json!({ "bodyHash": true }), &request).unwrap();
        parameter(&signed, "oauth_body_hash")
    };
    assert_eq!(hash(FORM_TYPE, b"a=1"), None);
    assert!(hash(JSON_TYPE, b"{}").is_some());
    // OAuth Request Body Hash 1.0 section 4.1 wants it of requests without a body, too.
    assert_eq!(hash(None, b"").unwrap(), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    // But not where the signature makes that body a form.
    let members = json!({ "bodyHash": true, "parameterTransmission": "body" });
    let signed = sign(&members, &request(Method::POST, "/", None, b"")).unwrap();
    let Signed::Form(form) = signed else {
        panic!("no form: {signed:?}");
    };
    assert!(!form.contains("oauth_body_hash"), "{form}");
}

#[test]
fn nothing_secret_is_printed() {
    for transmission in ["header", "query", "body"] {
        let members = json!({
            "consumerSecret": "hush", "flow": "token", "token": "hush", "tokenSecret": "hush",
            "parameterTransmission": transmission, "signatureMethod": "PLAINTEXT",
        });
        assert!(!format!("{:?}", signer(&members)).contains("hush"));
        let signed = sign(&members, &request(Method::POST, "/", None, b"")).unwrap();
        assert!(!format!("{signed:?}").contains("hush"));
    }
}

#[test]
fn an_encrypted_key_is_told_from_a_wrong_one() {
    let reason = |pem: &str| {
        let config = json!({
            "flow": "two-legged", "consumerKey": "ck",
            "signatureMethod": "RSA-SHA1", "privateKey": pem,
        });
        let error = OAuth1Config::from_value(Some(&config)).unwrap_err();
        error.to_string()
    };
    assert!(reason("-----BEGIN ENCRYPTED PRIVATE KEY-----").contains("encrypted"));
    let empty = "-----BEGIN RSA PRIVATE KEY-----\\nAAAA\\n-----END RSA PRIVATE KEY-----";
    assert!(reason(empty).contains("1024 bits"));
}

proptest! {
    /// A provider may see the parameters in another order, and must compute the same.
    #[test]
    fn the_order_of_parameters_never_changes_a_signature(
        (pairs, shuffled) in proptest::collection::vec(("[a-c=& é]{1,3}", ".{0,3}"), 0..6)
            .prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
    ) {
        let in_query = |pairs: &[(String, String)]| {
            let request = get(&format!("/x?{}", query_of(pairs)));
            parameter(&sign(&json!({}), &request).unwrap(), "oauth_signature")
        };
        let in_form = |pairs: &[(String, String)]| {
            let body = query_of(pairs);
            let request = request(Method::GET, "/x", FORM_TYPE, body.as_bytes());
            parameter(&sign(&json!({}), &request).unwrap(), "oauth_signature")
        };
        prop_assert_eq!(in_query(&pairs), in_query(&shuffled));
        prop_assert_eq!(in_query(&pairs), in_form(&shuffled), "nor does their place");
    }

    #[test]
    fn nothing_makes_signing_panic(path in ".{0,20}", body: Vec<u8>) {
        let form = request(Method::POST, &format!("/{path}"), FORM_TYPE, &body);
        sign(&json!({}), &form).unwrap();
        let hashed = request(Method::POST, &format!("/{path}"), None, &body);
        sign(&json!({ "bodyHash": true }), &hashed).unwrap();
        let _outcome = RawUrl::parse(&path).map(|url| url.base());
    }
}
