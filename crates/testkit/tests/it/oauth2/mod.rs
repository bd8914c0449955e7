//! The authorization server over real connections.

mod authorize;
mod faults;
mod metadata;
mod stand_in;
mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authbridge_core::{Clock, Effects, Random};
use authbridge_testkit::oauth2::{AuthorizationServer, AuthorizationServerOptions};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use url::{Url, form_urlencoded};

use crate::{Answer, request, send_to};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const CALLBACK: &str = "http://client.test/cb";

const CLIENT: [(&str, &str); 2] = [
    ("client_id", "simulated-client"),
    ("client_secret", "simulated-secret"),
];

/// A clock that stands until it is moved, and a generator without chance.
#[derive(Default)]
struct Fixed {
    seconds: AtomicI64,
}

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::Relaxed)).unwrap()
    }
}

impl Random for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// A server, and the hands of its clock.
struct World {
    server: AuthorizationServer,
    clock: Arc<Fixed>,
}

impl World {
    async fn new(change: impl FnOnce(&mut AuthorizationServerOptions)) -> Self {
        let clock = Arc::new(Fixed::default());
        clock.seconds.store(1_800_000_000, Ordering::Relaxed);
        let random = Arc::clone(&clock);
        let mut options = AuthorizationServerOptions {
            effects: Effects::new(Arc::clone(&clock) as _, random),
            ..AuthorizationServerOptions::default()
        };
        change(&mut options);
        let server = AuthorizationServer::start(options).await.unwrap();
        Self { server, clock }
    }

    async fn plain() -> Self {
        Self::new(|_| {}).await
    }

    fn advance(&self, seconds: i64) {
        self.clock.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> hyper::Result<Answer> {
        send_to(self.server.address(), request).await
    }

    async fn get(&self, path: &str) -> Answer {
        let request = request(Method::GET, path).body(Full::default()).unwrap();
        self.send(request).await.unwrap()
    }

    async fn authorize(&self, parameters: &[(&str, &str)]) -> Answer {
        self.get(&format!("/authorize?{}", form(parameters))).await
    }

    /// A code for the whole flow, with the challenge of [`VERIFIER`].
    async fn code(&self, more: &[(&str, &str)]) -> String {
        let answer = self.authorize(&authorization(more)).await;
        sent_back(&answer, "code").unwrap()
    }

    async fn try_token(&self, parameters: &[(&str, &str)]) -> hyper::Result<Answer> {
        self.send(post("/token", parameters)).await
    }

    /// A token request of the usual client.
    async fn token(&self, parameters: &[(&str, &str)]) -> Answer {
        self.try_token(&[&CLIENT, parameters].concat())
            .await
            .unwrap()
    }

    async fn exchange(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&refreshing(refresh_token)).await
    }

    async fn resource(&self, access_token: &str) -> Answer {
        let request = request(Method::GET, "/api/things?x=1")
            .header(AUTHORIZATION, format!("Bearer {access_token}"))
            .body(Full::default())
            .unwrap();
        self.send(request).await.unwrap()
    }

    /// Access and refresh token of a fresh grant.
    fn tokens(&self) -> (String, String) {
        let issued = self.server.issue("simulated-client", "");
        (issued.access_token, issued.refresh_token.unwrap())
    }
}

fn refreshing(refresh_token: &str) -> [(&str, &str); 2] {
    [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ]
}

fn authorization<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("response_type", "code"),
        ("client_id", "simulated-client"),
        ("redirect_uri", CALLBACK),
        ("state", "s&1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let is_kept = |name: &str| more.iter().all(|(other, _)| *other != name);
    let kept = usual.into_iter().filter(|(name, _)| is_kept(name));
    kept.chain(more.iter().copied()).collect()
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

fn post(path: &str, parameters: &[(&str, &str)]) -> Request<Full<Bytes>> {
    request(Method::POST, path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(form(parameters).into()))
        .unwrap()
}

/// A parameter with which the browser was sent back.
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

/// A text in a JSON answer.
#[track_caller]
fn text(answer: &Answer, name: &str) -> String {
    let body = answer.json();
    body.get(name).unwrap().as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(
        (answer.status, text(answer, "error").as_str()),
        (status, code)
    );
}
