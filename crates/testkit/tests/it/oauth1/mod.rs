//! The OAuth 1.0a server over real connections.

mod stand_in;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authbridge_core::{Clock, Effects, Random};
use authbridge_testkit::oauth1::{
    AuthorizationServer, AuthorizationServerOptions, Consent, Counts, Problem, ProblemPlace,
    SignatureMethod,
};
use bytes::Bytes;
use http::header::{AUTHORIZATION, DATE, LOCATION, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Url, form_urlencoded};

use crate::{Answer, request, send_to};

const CALLBACK: &str = "http://client.test/cb?state=s";
const NOW: i64 = 1_800_000_000;

/// A clock that stands, and a generator that counts.
#[derive(Default)]
struct Fixed(AtomicI64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }
}

impl Random for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        buffer.fill(0);
        buffer
            .iter_mut()
            .zip(next)
            .for_each(|(to, from)| *to = from);
    }
}

/// A token with its secret, of either kind.
#[derive(Clone, Default)]
struct Token(String, String);

/// The header field of a request that is signed in plain text.
fn signed(token: &Token, further: &[(&str, &str)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    // Neither has anything that would have to be encoded.
    let signature = format!("simulated-secret&{}", token.1);
    let usual = [
        ("oauth_consumer_key", "simulated-consumer"),
        ("oauth_signature_method", "PLAINTEXT"),
        ("oauth_signature", &signature),
        ("oauth_token", &token.0),
    ];
    let pairs = usual.iter().chain(further);
    let pairs = pairs.filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}=\"{}\"", encoded(value)))
        .collect();
    format!("OAuth realm=\"a, b\", {}", pairs.join(", "))
}

struct World(AuthorizationServer);

impl World {
    async fn new(change: impl FnOnce(&mut AuthorizationServerOptions)) -> Self {
        let fixed = Arc::new(Fixed::default());
        let mut options = AuthorizationServerOptions {
            effects: Effects::new(Arc::clone(&fixed) as _, fixed),
            ..AuthorizationServerOptions::default()
        };
        change(&mut options);
        Self(AuthorizationServer::start(options).await.unwrap())
    }

    async fn ask(&self, path: &str, token: &Token, further: &[(&str, &str)]) -> Answer {
        let request = request(Method::POST, path)
            .header(AUTHORIZATION, signed(token, further))
            .body(Full::default())
            .unwrap();
        self.send(request).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        send_to(self.0.address(), request).await.unwrap()
    }

    async fn visit(&self, target: &str) -> Answer {
        let request = request(Method::GET, target).body(Full::default());
        self.send(request.unwrap()).await
    }

    async fn press(&self, target: &str, button: &str) -> Answer {
        let body = format!("decision={button}");
        let request = request(Method::POST, target).body(Full::from(body));
        self.send(request.unwrap()).await
    }

    async fn request_token(&self, callback: &str) -> Token {
        let further = [("oauth_callback", callback)];
        let answer = self
            .ask("/request_token", &Token::default(), &further)
            .await;
        assert_eq!(
            member(&answer, "oauth_callback_confirmed").as_deref(),
            Some("true")
        );
        token(&answer)
    }

    async fn trade(&self, token: &Token, verifier: &str) -> Answer {
        self.ask("/access_token", token, &[("oauth_verifier", verifier)])
            .await
    }
}

#[track_caller]
fn member(answer: &Answer, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(&answer.body);
    let found = pairs.find(|(given, _)| given == name);
    found.map(|(_, value)| value.into_owned())
}

#[track_caller]
fn token(answer: &Answer) -> Token {
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let text = |name| member(answer, name).unwrap();
    Token(text("oauth_token"), text("oauth_token_secret"))
}

#[track_caller]
fn problem(answer: &Answer) -> String {
    member(answer, "oauth_problem").unwrap()
}

#[track_caller]
fn sent_back(answer: &Answer, name: &str) -> Option<String> {
    assert_eq!(answer.status, StatusCode::FOUND);
    let location = answer.headers.get(LOCATION).unwrap().to_str().unwrap();
    assert!(location.starts_with(CALLBACK), "{location}");
    let url = Url::parse(location).unwrap();
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(given, _)| given == name);
    found.map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn the_whole_flow_leads_to_a_token_once() {
    let world = World::new(|_| {}).await;
    let pending = world.request_token(CALLBACK).await;
    let early = world.trade(&pending, "x").await;
    assert_eq!(problem(&early), "permission_unknown");
    let away = format!("/authorize?oauth_token={}", pending.0);
    let back = world.visit(&away).await;
    assert_eq!(sent_back(&back, "oauth_token").as_ref(), Some(&pending.0));
    let verifier = sent_back(&back, "oauth_verifier").unwrap();
    assert_eq!(world.visit(&away).await.status, StatusCode::BAD_REQUEST);

    let wrong = world.trade(&pending, "another").await;
    assert_eq!(problem(&wrong), "verifier_invalid");
    let answer = world.trade(&pending, &verifier).await;
    assert_eq!(member(&answer, "user_id").as_deref(), Some("ada"));
    let access = token(&answer);
    let replayed = world.trade(&pending, &verifier).await;
    assert_eq!(problem(&replayed), "token_used");

    let answer = world.ask("/api/things", &access, &[]).await;
    assert_eq!(answer.json()["id"], "ada");
    let forged = Token(access.0.clone(), "another".into());
    let refused = world.ask("/me", &forged, &[]).await;
    assert_eq!(problem(&refused), "signature_invalid");
    let expected = Counts {
        request_tokens_issued: 1,
        consents_given: 1,
        access_tokens_issued: 1,
        access_tokens_renewed: 0,
        resource_requests_accepted: 1,
        refused: 4,
    };
    assert_eq!(world.0.counts(), expected);
}

#[tokio::test]
async fn a_browser_is_asked_and_may_say_no() {
    let world = World::new(|options| options.consent = Consent::Asked).await;
    let pending = world.request_token(CALLBACK).await;
    let away = format!("/authorize?oauth_token={}&x=%22%3E%3Cb%3E", pending.0);
    let page = world.visit(&away).await;
    let html = String::from_utf8_lossy(&page.body);
    assert!(
        html.contains("simulated-consumer asks for access"),
        "{html}"
    );
    assert!(!html.contains("<b>"), "{html}");
    assert_eq!(world.press(&away, "").await.status, StatusCode::BAD_REQUEST);
    let back = world.press(&away, "deny").await;
    assert_eq!(
        sent_back(&back, "oauth_problem").as_deref(),
        Some("permission_denied")
    );
    assert_eq!(
        problem(&world.trade(&pending, "x").await),
        "permission_unknown"
    );

    let pending = world.request_token(CALLBACK).await;
    let away = format!("/authorize?oauth_token={}", pending.0);
    let back = world.press(&away, "allow").await;
    assert!(sent_back(&back, "oauth_verifier").is_some());
}

#[tokio::test]
async fn without_a_callback_the_page_shows_the_verifier() {
    let world = World::new(|_| {}).await;
    let pending = world.request_token("oob").await;
    let page = world
        .visit(&format!("/authorize?oauth_token={}", pending.0))
        .await;
    let html = String::from_utf8_lossy(&page.body);
    let (_, behind) = html.split_once("<code>").unwrap();
    let (verifier, _) = behind.split_once("</code>").unwrap();
    token(&world.trade(&pending, verifier).await);
    let further = [("oauth_callback", "nowhere")];
    let refused = world
        .ask("/request_token", &Token::default(), &further)
        .await;
    assert_eq!(problem(&refused), "parameter_rejected");
}

#[tokio::test]
async fn a_session_handle_renews_a_token_that_expired() {
    let world = World::new(|options| options.sessions = true).await;
    let pending = world.request_token(CALLBACK).await;
    let back = world
        .visit(&format!("/authorize?oauth_token={}", pending.0))
        .await;
    let verifier = sent_back(&back, "oauth_verifier").unwrap();
    let answer = world.trade(&pending, &verifier).await;
    let handle = member(&answer, "oauth_session_handle").unwrap();
    let old = token(&answer);
    world.0.expire_all();
    assert_eq!(problem(&world.ask("/me", &old, &[]).await), "token_expired");
    let wrong = world.ask("/access_token", &old, &[("oauth_session_handle", "x")]);
    assert_eq!(problem(&wrong.await), "session_handle_rejected");
    let by_handle = [("oauth_session_handle", handle.as_str())];
    let fresh = token(&world.ask("/access_token", &old, &by_handle).await);
    assert_eq!(world.ask("/me", &fresh, &[]).await.status, StatusCode::OK);
    assert_eq!(problem(&world.ask("/me", &old, &[]).await), "token_revoked");
}

#[tokio::test]
async fn a_clock_that_is_off_says_what_it_takes() {
    let world = World::new(|options| options.clock_skew = SignedDuration::from_hours(1)).await;
    let issued = world.0.issue("simulated-consumer");
    let access = Token(issued.token, issued.secret);
    let stamped = |timestamp: i64, nonce: &'static str| {
        let timestamp = timestamp.to_string();
        let (world, access) = (&world, &access);
        async move {
            let further = [
                ("oauth_timestamp", timestamp.as_str()),
                ("oauth_nonce", nonce),
            ];
            world.ask("/me", access, &further).await
        }
    };
    let refused = stamped(NOW, "n").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(problem(&refused), "timestamp_refused");
    assert_eq!(
        member(&refused, "oauth_acceptable_timestamps").as_deref(),
        Some("1800003300-1800003900")
    );
    assert_eq!(refused.headers[DATE], "Fri, 15 Jan 2027 09:00:00 GMT");
    assert_eq!(stamped(NOW + 3600, "n").await.status, StatusCode::OK);
    assert_eq!(problem(&stamped(NOW + 3600, "n").await), "nonce_used");
    assert_eq!(stamped(NOW + 3601, "n").await.status, StatusCode::OK);
}

#[tokio::test]
async fn refusals_come_on_demand_and_where_they_are_wanted() {
    let world = World::new(|_| {}).await;
    let issued = world.0.issue("simulated-consumer");
    let access = Token(issued.token, issued.secret);
    world.0.refuse_next(1, Problem::NonceUsed);
    world.0.refuse_next(1, Problem::TokenExpired);
    assert_eq!(problem(&world.ask("/me", &access, &[]).await), "nonce_used");
    let places = [
        (ProblemPlace::Header, true, false),
        (ProblemPlace::Body, false, true),
        (ProblemPlace::Nowhere, false, false),
        (ProblemPlace::HeaderAndBody, true, true),
    ];
    assert_eq!(
        problem(&world.ask("/me", &access, &[]).await),
        "token_expired"
    );
    for (place, in_header, in_body) in places {
        world.0.change(|options| options.problem_place = place);
        world.0.refuse_next(1, Problem::SignatureInvalid);
        let answer = world.ask("/me", &access, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let challenge = answer.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert_eq!(
            challenge.contains("signature_invalid"),
            in_header,
            "{place:?}"
        );
        assert_eq!(
            member(&answer, "oauth_problem").is_some(),
            in_body,
            "{place:?}"
        );
    }
    assert_eq!(world.ask("/me", &access, &[]).await.status, StatusCode::OK);
    world.0.revoke_all();
    assert_eq!(
        problem(&world.ask("/me", &access, &[]).await),
        "token_revoked"
    );
    world
        .0
        .change(|options| options.signature_methods = vec![SignatureMethod::HmacSha1]);
    let refused = world.ask("/me", &access, &[]).await;
    assert_eq!(problem(&refused), "signature_method_rejected");
}
