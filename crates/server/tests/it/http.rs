//! HTTP as it should and should not be spoken.

use futures_util::{SinkExt as _, StreamExt as _};
use http::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::egress::scripted;
use crate::handlers::get;
use crate::support::{Setup, World};

/// The status of what is answered to these bytes; 0 when the server just hangs up.
async fn status_of(world: &World, bytes: &[u8]) -> u16 {
    let mut caller = world.raw().await;
    caller.send_bytes(bytes).await;
    let answer = caller.rest().await;
    let status = answer.get(9..12).unwrap_or("0");
    status.parse().unwrap_or_else(|_| panic!("{answer}"))
}

#[tokio::test]
async fn heads_that_are_not_http_are_refused_and_the_server_lives() {
    let world = World::new().await;
    let long = "x".repeat(300_000);
    let many = "X-Same: 1\r\n".repeat(300);
    let close = "Connection: close\r\n";
    for (head, expected) in [
        (
            format!("GET /self HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n{close}\r\n"),
            400,
        ),
        (
            format!("GET /self HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n{close}\r\n"),
            400,
        ),
        (
            format!("GET /self HTTP/1.1\r\nHost: a\r\n: none\r\n{close}\r\n"),
            400,
        ),
        (
            format!("GET /se lf HTTP/1.1\r\nHost: a\r\n{close}\r\n"),
            400,
        ),
        (format!("GET /self HTTP/3.0\r\nHost: a\r\n{close}\r\n"), 400),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(), 400),
        (
            format!("GET /self HTTP/1.1\r\nHost: a\r\nX: {long}\r\n{close}\r\n"),
            431,
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\n{close}\r\n"),
            431,
        ),
        (
            format!("GET /self HTTP/1.1\r\nHost: a\r\n{many}{close}\r\n"),
            431,
        ),
    ] {
        let status = status_of(&world, head.as_bytes()).await;
        assert_eq!(status, expected, "{}", &head[..head.len().min(60)]);
    }
    world.get("/healthz", "").await.expect(200);
}

#[tokio::test]
async fn contradicting_lengths_never_smuggle_a_request() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let request = |fields: &str, body: &str| {
        format!(
            "POST /connections/acme/proxy/outer HTTP/1.1\r\nHost: a\r\n\
             Authorization: Bearer {token}\r\n{fields}\r\n{body}"
        )
    };
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ] {
        let bytes = request(fields, "hello");
        let status = status_of(&world, bytes.as_bytes()).await;
        assert_eq!(status, 400, "{fields}");
    }
    assert!(upstream.is_idle());

    // Chunked wins over a length; what is forwarded has one framing, and no second request.
    let inner = "GET /connections/acme/proxy/inner HTTP/1.1\r\nHost: a\r\n\r\n";
    let fields = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n";
    let body = format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    let serve = async {
        let mut connection = upstream.accept().await;
        let head = connection.head().await.to_ascii_lowercase();
        assert!(
            head.starts_with("post /outer ") && !head.contains("content-length"),
            "{head}"
        );
        connection.until(b"\r\n0\r\n\r\n").await;
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
        connection
    };
    let bytes = request(fields, &body);
    let refused_or_served = async {
        let status = status_of(&world, bytes.as_bytes()).await;
        assert_eq!(status, 200);
    };
    let (_connection, ()) = tokio::join!(serve, refused_or_served);
    assert!(upstream.is_idle());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_flat() {
    let world = World::new().await;
    let body = json!({"key": "x", "meta": {"padding": "x".repeat(11 << 20)}}).to_string();
    let admin = world.admin();
    let mut caller = world.raw().await;
    caller
        .send(&format!(
            "POST /integrations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {admin}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ))
        .await;
    // The length alone decides.
    let (head, body) = caller.message().await;
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    let error: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(error["type"], "bad_request");
    world.get("/healthz", "").await.expect(200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_flat() {
    let world = World::new().await;
    let token = world.customer("c-1");
    for path in [
        "/",
        "/nope",
        "/connections/a/b",
        "/self/",
        "//self",
        "/connections/a/proxying",
    ] {
        let refused = world.get(path, &token).await;
        refused.expect_error(404, "bad_request", Some("not_found"));
    }
    for (method, path) in [
        (Method::DELETE, "/self"),
        (Method::POST, "/self"),
        (Method::PUT, "/integrations"),
        (Method::OPTIONS, "/self"),
        (Method::TRACE, "/self"),
        (Method::from_bytes(b"BREW").unwrap(), "/self"),
    ] {
        let refused = world.call(method, path, &token, None).await;
        refused.expect_error(405, "bad_request", None);
    }
}

#[tokio::test]
async fn odd_request_targets_are_answered() {
    let world = World::new().await;
    for (head, expected) in [
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT example.com:443 HTTP/1.1", 404),
        ("GET http://anything.example/healthz HTTP/1.1", 200),
        ("GET /healthz?%00=%ff&%=% HTTP/1.1", 200),
        ("GET /integrations/%ff%fe HTTP/1.1", 400),
        ("GET /integrations/%00 HTTP/1.1", 401),
    ] {
        let request = format!("{head}\r\nHost: a\r\nConnection: close\r\n\r\n");
        let status = status_of(&world, request.as_bytes()).await;
        // Who calls and what is asked for may be looked at in either order.
        let is_fine = status == expected || (expected == 400 && status == 401);
        assert!(is_fine, "{head}: {status}");
    }
}

#[tokio::test]
async fn bodies_that_are_no_objects_are_refused_flat() {
    let world = World::new().await;
    let admin = world.admin();
    let send = async |body: &[u8]| {
        let request = http::Request::post("/integrations")
            .header("host", "a")
            .header("authorization", format!("Bearer {admin}"))
            .header("content-type", "application/json")
            .body(http_body_util::Full::from(body.to_vec()))
            .unwrap();
        world.send(request).await
    };
    let deep = "[".repeat(100_000);
    for body in [
        b"{".as_slice(),
        b"[]",
        b"\"text\"",
        b"1",
        b"{\"key\":\"a\"",
        b"{\"key\": {}}",
        b"\xff\xfe",
        b"{\"a\":\"\\ud800\"}",
        deep.as_bytes(),
    ] {
        send(body).await.expect_error(400, "bad_request", None);
    }
}

#[tokio::test]
async fn an_empty_form_is_an_empty_body() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    let request = http::Request::post(format!("/connections/{id}/test?"))
        .header("host", "a")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", "0")
        .body(http_body_util::Full::default())
        .unwrap();
    world.send(request).await.expect(200);
}

#[tokio::test]
async fn paths_and_queries_reach_the_provider_as_they_are() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    for (sent, arrives) in [
        ("/echo//a/", "/echo//a/"),
        ("//echo/a", "/echo/a"),
        ("/echo/a%2Fb%20c?", "/echo/a%2Fb%20c"),
        ("/echo/../echo/./x?a=1&a=2&b", "/echo/../echo/./x?a=1&a=2&b"),
        (
            "/echo?url=https://x.example/?y",
            "/echo?url=https://x.example/?y",
        ),
    ] {
        world.provider.forget_seen();
        world.proxy("acme", sent, &token).await;
        let seen = world.provider.seen();
        let path = seen[0].path_and_query.trim_end_matches('?');
        assert_eq!(path, arrives);
    }
}

#[tokio::test]
async fn a_preflight_of_any_path_is_answered_without_a_token() {
    let world = World::new().await;
    let document = world.get("/openapi.json", "").await.json();
    let paths = document["paths"].as_object().unwrap().keys();
    for path in paths.map(|path| path.replace(['{', '}'], "x")) {
        let request = http::Request::options(&path)
            .header("host", "a")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization,x-own")
            .body(http_body_util::Full::default())
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let allowed = answer.header("access-control-allow-headers");
        assert_eq!(allowed, Some("authorization,x-own"));
    }
}

#[tokio::test]
async fn a_caller_that_waits_for_100_gets_it() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller
        .send(&format!(
            "POST /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
             Authorization: Bearer {token}\r\nContent-Length: 5\r\n\r\n"
        ))
        .await;
    let (mut connection, interim) = tokio::join!(upstream.accept(), caller.head());
    assert!(interim.starts_with("HTTP/1.1 100"), "{interim}");
    caller.send("hello").await;
    let head = connection.until(b"hello").await.to_ascii_lowercase();
    assert!(!head.contains("expect:") && head.contains("content-length: 5"));
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert!(caller.head().await.starts_with("HTTP/1.1 200"));

    // Who may not call is told so before sending anything.
    let mut stranger = world.raw().await;
    stranger
        .send(
            "POST /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
             Content-Length: 5\r\n\r\n",
        )
        .await;
    assert!(stranger.head().await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn a_body_in_chunks_passes_with_every_method() {
    for method in ["POST", "PUT", "GET", "DELETE", "REPORT"] {
        let (world, upstream, token) = scripted(Setup::default()).await;
        let mut caller = world.raw().await;
        caller
            .send(&format!(
                "{method} /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\n\
                 Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n\
                 5\r\nhello\r\n0\r\n\r\n"
            ))
            .await;
        let mut connection = upstream.accept().await;
        let head = connection.head().await;
        assert!(
            head.starts_with(&format!("{method} /x HTTP/1.1\r\n")),
            "{head}"
        );
        connection.until(b"5\r\nhello\r\n0\r\n\r\n").await;
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await;
        assert_eq!(caller.message().await.1, "ok");
    }
}

#[tokio::test]
async fn a_body_with_a_length_keeps_it_with_every_method() {
    for method in ["POST", "GET", "DELETE"] {
        let (world, upstream, token) = scripted(Setup::default()).await;
        let mut caller = world.raw().await;
        caller
            .send(&format!(
                "{method} /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\n\
                 Authorization: Bearer {token}\r\nContent-Length: 5\r\n\r\nhello"
            ))
            .await;
        let mut connection = upstream.accept().await;
        let request = connection.until(b"hello").await.to_ascii_lowercase();
        assert!(request.contains("content-length: 5\r\n"), "{request}");
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await;
        assert_eq!(caller.message().await.1, "ok");
    }
}

#[tokio::test]
async fn callers_of_http_1_0_are_served() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    for path in ["/self", "/connections/acme/proxy/drip?n=3&ms=0"] {
        let mut caller = world.raw().await;
        caller
            .send(&format!(
                "GET {path} HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n"
            ))
            .await;
        let answer = caller.rest().await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        // HTTP/1.0 has no chunks.
        assert!(!answer.to_ascii_lowercase().contains("transfer-encoding"));
        assert!(answer.ends_with("chunk 2\n") || path == "/self");
    }
}

#[tokio::test]
async fn a_connection_goes_on_after_errors() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let mut caller = world.raw().await;
    for (path, status) in [
        ("/nope", "404"),
        ("/connections/acme/proxy/x", "404"),
        ("/integrations?limit=0", "400"),
        ("/self", "200"),
    ] {
        caller.send(&get(path, &token)).await;
        let (head, _) = caller.message().await;
        assert_eq!(head.get(9..12), Some(status), "{path}");
    }
    caller.send(&get("/self", "no-token")).await;
    assert!(caller.message().await.0.starts_with("HTTP/1.1 401"));
    caller.send(&get("/self", &token)).await;
    assert!(caller.message().await.0.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    let mut caller = world.raw().await;
    let requests: String = (0..5)
        .map(|n| get(&format!("/connections/acme/proxy/echo/{n}"), &token))
        .collect();
    caller.send(&requests).await;
    for number in 0..5 {
        let (_, body) = caller.message().await;
        assert!(body.contains(&format!("/echo/{number}")), "{body}");
    }
}

#[tokio::test]
async fn head_requests_of_the_api_have_no_body() {
    let world = World::new().await;
    let token = world.customer("c-1");
    for path in ["/self", "/integrations", "/nope"] {
        let answer = world.call(Method::HEAD, path, &token, None).await;
        assert!(answer.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_websocket_passes_both_ways_with_the_credentials() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    let url = format!("ws://{}/connections/acme/proxy/ws?headers", world.address);
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    let stream = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    let first = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(first.contains("simulated-api-key") && !first.contains(&token));
    for message in [Message::text("hello"), Message::binary(vec![7; 100_000])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn only_websockets_change_the_protocol() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller
        .send(&format!(
            "GET /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
             Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"
        ))
        .await;
    let mut connection = upstream.accept().await;
    let head = connection.head().await.to_ascii_lowercase();
    assert!(
        !head.contains("upgrade") && !head.contains("http2"),
        "{head}"
    );
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert!(caller.head().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn the_bearer_scheme_is_read_leniently_and_no_other() {
    let world = World::new().await;
    let token = world.customer("c-1");
    for (value, status) in [
        (format!("bearer {token}"), 200),
        (format!("BEARER  {token} "), 200),
        (format!("Basic {token}"), 401),
        (token.clone(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
    ] {
        let request = http::Request::get("/self")
            .header("host", "a")
            .header("authorization", &value)
            .body(http_body_util::Full::default())
            .unwrap();
        assert_eq!(world.send(request).await.status, status, "{value:.10}");
    }
}
