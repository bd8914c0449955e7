//! The provider over real connections.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

mod oauth1;
mod oauth2;

use std::net::SocketAddr;

use authbridge_testkit::{
    Canned, ExpectedRequest, Provider, ProviderOptions, SimulatedAnswer, SimulatedApi, TokenCheck,
    Verdict,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

async fn provider() -> Provider {
    Provider::start(ProviderOptions::default()).await.unwrap()
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "provider.test")
}

async fn send(provider: &Provider, request: Request<Full<Bytes>>) -> hyper::Result<Answer> {
    send_to(provider.address(), request).await
}

async fn send_to(address: SocketAddr, request: Request<Full<Bytes>>) -> hyper::Result<Answer> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body,
    })
}

async fn get(provider: &Provider, path: &str) -> Answer {
    get_with(provider, path, "x-none", "").await
}

async fn get_with(provider: &Provider, path: &str, header: &str, value: &str) -> Answer {
    let request = request(Method::GET, path)
        .header(header, value)
        .body(Full::default())
        .unwrap();
    send(provider, request).await.unwrap()
}

async fn post(provider: &Provider, path: &str, body: impl Into<Bytes>) -> Answer {
    let request = request(Method::POST, path)
        .body(Full::new(body.into()))
        .unwrap();
    send(provider, request).await.unwrap()
}

#[tokio::test]
async fn the_account_is_recognised_by_every_scheme() {
    let provider = provider().await;
    let basic = format!("Basic {}", STANDARD.encode("ada:simulated-password"));
    let cases = [
        ("/me", "x-api-key", "simulated-api-key", "api-key-header"),
        (
            "/me?api_key=simulated-api-key",
            "x-none",
            "",
            "api-key-query",
        ),
        (
            "/me",
            "authorization",
            "Bearer simulated-bearer-token",
            "bearer",
        ),
        ("/me", "authorization", &basic, "basic"),
        (
            "/me",
            "x-integration-app-token",
            "e30.eyJzdWIiOiJjLTEifQ.",
            "workspace-token",
        ),
    ];
    for (path, header, value, scheme) in cases {
        let answer = get_with(&provider, path, header, value).await;
        assert_eq!(answer.status, StatusCode::OK, "{scheme}");
        assert_eq!(answer.json()["authenticatedBy"], scheme);
    }
}

#[tokio::test]
async fn wrong_credentials_get_401_and_json() {
    let provider = provider().await;
    let cases = [
        ("x-none", ""),
        ("x-api-key", "simulated"),
        ("authorization", "Bearer wrong"),
        ("authorization", "Basic wrong"),
        ("authorization", "Digest wrong"),
        ("x-membrane-token", "wrong"),
    ];
    for (header, value) in cases {
        let answer = get_with(&provider, "/me", header, value).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}: {value}");
        assert_eq!(answer.json()["error"], "unauthorized");
    }
}

#[tokio::test]
async fn token_headers_that_differ_are_refused() {
    let provider = provider().await;
    let request = request(Method::GET, "/me")
        .header("x-membrane-token", "e30.e30.")
        .header("x-integration-app-token", "e30.eyJzdWIiOiJjLTEifQ.")
        .body(Full::default());
    let answer = send(&provider, request.unwrap()).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["message"], "the token headers differ");
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended() {
    let provider = provider().await;
    let credentials = r#"{"email":"ada@example.com","password":"simulated-password"}"#;
    let token = post(&provider, "/login", credentials).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let bearer = format!("Bearer {token}");
    let recognised = get_with(&provider, "/me", AUTHORIZATION.as_str(), &bearer).await;
    assert_eq!(recognised.json()["authenticatedBy"], "session");

    provider.end_sessions();
    let ended = get_with(&provider, "/me", AUTHORIZATION.as_str(), &bearer).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_login_that_is_wrong_is_refused() {
    let provider = provider().await;
    assert_eq!(
        post(&provider, "/login", "{}").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        post(&provider, "/login", "email=ada").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(get(&provider, "/login").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn echo_shows_the_request_as_it_was_sent() {
    let provider = provider().await;
    let sent = request(Method::PATCH, "/echo//a%2Fb/?q=%20&q")
        .header("x-a", "1")
        .header("x-a", "2");
    let answer = send(&provider, sent.body(Full::new("hello".into())).unwrap())
        .await
        .unwrap()
        .json();
    assert_eq!(answer["method"], "PATCH");
    assert_eq!(answer["path"], "/echo//a%2Fb/");
    assert_eq!(answer["query"], "q=%20&q");
    assert_eq!(answer["body"], "hello");
    let headers = answer["headers"].as_array().unwrap();
    let repeated: Vec<_> = headers
        .iter()
        .filter(|pair| pair[0] == "x-a")
        .map(|pair| &pair[1])
        .collect();
    assert_eq!(repeated, ["1", "2"]);
}

#[tokio::test]
async fn what_was_sent_is_recorded_with_the_digest_of_its_body() {
    let provider = provider().await;
    let answer = post(&provider, "/sink?x=1", vec![7; 200_000]).await.json();
    let seen = provider.seen().remove(0);
    assert_eq!(
        (seen.method, seen.path_and_query.as_str()),
        (Method::POST, "/sink?x=1")
    );
    assert_eq!(answer["length"], 200_000);
    assert_eq!(answer["sha256"], seen.body.sha256);
    assert!(seen.body.complete);

    provider.forget_seen();
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_mirrored_body_comes_back_byte_for_byte() {
    let provider = provider().await;
    let body: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(post(&provider, "/mirror", body.clone()).await.body, body);
    assert_eq!(provider.seen().remove(0).body.length, 1_200_000);
}

#[tokio::test]
async fn bytes_have_their_length_and_pattern() {
    let provider = provider().await;
    let answer = get(&provider, "/bytes/70000").await;
    assert_eq!(answer.headers[CONTENT_LENGTH], "70000");
    assert!(
        answer
            .body
            .iter()
            .zip((0..251_u8).cycle())
            .all(|(found, expected)| *found == expected)
    );
    assert_eq!(answer.body.len(), 70_000);
    assert_eq!(
        get(&provider, "/bytes/many").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn statuses_are_answered_as_asked() {
    let provider = provider().await;
    for code in [200, 204, 304, 404, 418, 503] {
        assert_eq!(
            get(&provider, &format!("/status/{code}"))
                .await
                .status
                .as_u16(),
            code
        );
    }
    for code in ["100", "1000", "x"] {
        assert_eq!(
            get(&provider, &format!("/status/{code}")).await.status,
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn awkward_answers_are_there() {
    let provider = provider().await;
    let redirect = get(&provider, "/redirect?to=https%3A%2F%2Fexample.com%2F").await;
    assert_eq!(
        (redirect.status, &redirect.headers["location"]),
        (StatusCode::FOUND, &"https://example.com/".parse().unwrap())
    );
    assert_eq!(
        get(&provider, "/error200").await.json()["error"],
        "invalid_auth"
    );
    assert!(
        get(&provider, "/html-error")
            .await
            .body
            .starts_with(b"<!doctype html>")
    );
    assert_eq!(
        get(&provider, "/nothing").await.status,
        StatusCode::NOT_FOUND
    );
    let hop = get(&provider, "/hop").await;
    assert_eq!(hop.headers["connection"], "close, X-Hop");
    let cookies = get(&provider, "/headers?set-cookie=a%3D1&set-cookie=b%3D2").await;
    assert_eq!(cookies.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(
        get(&provider, "/headers?a%20b=1").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn streams_send_the_chunks_that_were_asked_for() {
    let provider = provider().await;
    assert_eq!(get(&provider, "/drip?n=2").await.body, "chunk 0\nchunk 1\n");
    let events = get(&provider, "/sse?n=1").await;
    assert_eq!(events.headers["content-type"], "text/event-stream");
    assert_eq!(events.body, "id: 0\nevent: tick\ndata: {\"n\":0}\n\n");
    assert_eq!(
        get(&provider, "/slow-head?ms=1").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_web_socket_echoes_after_its_greeting() {
    let provider = provider().await;
    let stream = TcpStream::connect(provider.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection.with_upgrades());
    let request = request(Method::GET, "/ws?headers")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "one, two");
    let response = sender
        .send_request(request.body(Full::<Bytes>::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()["sec-websocket-protocol"], "one");

    let upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
    let greeting = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(greeting.contains("sec-websocket-key"), "{greeting}");
    for message in [Message::text("hello"), Message::binary(vec![0, 255])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    provider.shutdown().await;
    assert!(socket.next().await.is_none_or(|end| end.is_err()));
}

#[tokio::test]
async fn an_ordinary_request_to_the_web_socket_is_told_so() {
    let provider = provider().await;
    assert_eq!(
        get(&provider, "/ws").await.status,
        StatusCode::UPGRADE_REQUIRED
    );
}

#[tokio::test]
async fn faults_come_when_they_were_ordered() {
    let provider = provider().await;
    provider.fail_next(1, StatusCode::SERVICE_UNAVAILABLE);
    provider.disconnect_next(1);
    provider.cut_next(1);
    assert_eq!(
        get(&provider, "/me").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let plain = || {
        request(Method::GET, "/status/200")
            .body(Full::default())
            .unwrap()
    };
    assert!(send(&provider, plain()).await.is_err());
    assert!(send(&provider, plain()).await.is_err());
    assert_eq!(get(&provider, "/status/200").await.status, StatusCode::OK);
    assert_eq!(provider.seen().len(), 4);
}

#[tokio::test]
async fn a_provider_that_hangs_answers_when_it_recovers() {
    let provider = provider().await;
    provider.hang();
    let answer = get(&provider, "/status/200");
    tokio::pin!(answer);
    while provider.seen().is_empty() {
        tokio::select! {
            _ = &mut answer => panic!("it answered while it hung"),
            () = tokio::task::yield_now() => {}
        }
    }
    provider.recover();
    assert_eq!(answer.await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_that_was_shut_down_is_gone() {
    let provider = provider().await;
    let address = provider.address();
    assert_eq!(provider.base_uri(), format!("http://{address}"));
    provider.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_simulated_api_is_every_host_and_knows_its_account() {
    let api = SimulatedApi::start(TokenCheck::default()).await.unwrap();
    api.open_account(vec!["a-typed-key".into()]);
    let with = |key: &str| {
        Request::get("/v1/me?page=1")
            .header("host", "api.example.com")
            .header("x-key", key)
            .body(Full::default())
            .unwrap()
    };
    let answer = send_to(api.address(), with("a-typed-key")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.json().get("id").is_some());
    let answer = send_to(api.address(), with("another")).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    api.expire_all();
    send_to(api.address(), with("a-typed-key")).await.unwrap();
    let exchanges = api.take_exchanges();
    let verdicts: Vec<Verdict> = exchanges.iter().map(|it| it.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Accepted, Verdict::Unknown, Verdict::Expired]
    );
    assert_eq!(exchanges[0].request.address(), "api.example.com/v1/me");
    assert!(!format!("{exchanges:?}").contains("a-typed-key"));
    assert!(api.take_exchanges().is_empty());
}

#[tokio::test]
async fn canned_exchanges_are_answered_in_order_and_nothing_else() {
    let api = SimulatedApi::start(TokenCheck::default()).await.unwrap();
    let answer = SimulatedAnswer {
        status: 201,
        headers: vec![("x-page".into(), "2".into())],
        data: json!({ "made": true }),
    };
    let expected = ExpectedRequest {
        method: Some("POST".into()),
        url: Some("https://api.example.com/things".into()),
        ..ExpectedRequest::default()
    };
    api.expect(vec![Canned { expected, answer }]);
    let request = || {
        Request::post("/things")
            .header("host", "api.example.com")
            .body(Full::default())
            .unwrap()
    };
    let answer = send_to(api.address(), request()).await.unwrap();
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers["x-page"], "2");
    assert_eq!(answer.json(), json!({ "made": true }));
    let answer = send_to(api.address(), request()).await.unwrap();
    assert_eq!(answer.status.as_u16(), 599);
    let outcome = api.end_script();
    assert_eq!((outcome.mismatches.len(), outcome.missing.len()), (1, 0));
}
