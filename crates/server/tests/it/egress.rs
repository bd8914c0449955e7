//! Connections to the external app: kept, replaced, refused.

use authbridge_engine::egress::Policy;
use http::Method;
use serde_json::json;

use crate::support::{Raw, Setup, Upstream, World, api_key_connector};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A world with one connection to a scripted upstream, which is not tested.
pub(crate) async fn scripted(setup: Setup) -> (World, Upstream, String) {
    let world = World::with(setup).await;
    let upstream = Upstream::start().await;
    let token = install(&world, &upstream.base_uri).await;
    (world, upstream, token)
}

/// A connection through `acme` to `base_uri`, made without a request.
pub(crate) async fn install(world: &World, base_uri: &str) -> String {
    let mut connector = api_key_connector("acme", base_uri);
    connector.as_object_mut().unwrap().remove("test");
    world.install(connector).await;
    let token = world.customer("c-1");
    world.connect("acme", &token).await;
    token
}

/// Answers the next request on `connection`.
async fn answer(connection: &mut Raw) -> String {
    let head = connection.head().await;
    connection.send(OK).await;
    head
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let serve = async {
        let mut connection = upstream.accept().await;
        for path in ["/1", "/2", "/3"] {
            let head = answer(&mut connection).await;
            assert!(head.starts_with(&format!("GET {path} ")), "{head}");
        }
    };
    let call = async {
        for path in ["/1", "/2", "/3"] {
            world.proxy("acme", path, &token).await.expect(200);
        }
    };
    tokio::join!(serve, call);
    assert!(upstream.is_idle());
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced_unnoticed() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    for _ in 0..3 {
        let serve = async {
            let mut connection = upstream.accept().await;
            answer(&mut connection).await;
        };
        let body = json!({"any": "body"});
        let call = world.post("/connections/acme/proxy/x", &token, body);
        let ((), answer) = tokio::join!(serve, call);
        answer.expect(200);
    }
}

/// Serves one request on a connection that is kept, and takes the next on it without an answer.
async fn hang_up_on_second(upstream: &Upstream) {
    let mut connection = upstream.accept().await;
    answer(&mut connection).await;
    connection.head().await;
}

#[tokio::test]
async fn a_safe_request_that_met_a_dying_connection_is_sent_again() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let serve = async {
        hang_up_on_second(&upstream).await;
        let mut connection = upstream.accept().await;
        answer(&mut connection).await
    };
    let call = async {
        world.proxy("acme", "/1", &token).await.expect(200);
        world.proxy("acme", "/2", &token).await
    };
    let (head, second) = tokio::join!(serve, call);
    assert!(head.starts_with("GET /2 ") && head.contains("x-api-key: simulated-api-key"));
    assert_eq!(second.expect(200).text(), "ok");
}

#[tokio::test]
async fn a_request_that_may_have_done_something_is_not_sent_again() {
    for (method, body) in [
        (Method::POST, Some(json!({"amount": 1}))),
        (Method::PUT, Some(json!({"amount": 1}))),
        (Method::POST, None),
        (Method::DELETE, None),
    ] {
        let (world, upstream, token) = scripted(Setup::default()).await;
        let call = async {
            world.proxy("acme", "/1", &token).await.expect(200);
            let path = "/connections/acme/proxy/2";
            world.call(method.clone(), path, &token, body).await
        };
        let ((), second) = tokio::join!(hang_up_on_second(&upstream), call);
        second.expect_error(502, "connection", None);
        assert!(upstream.is_idle(), "{method}");
    }
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_to_its_end_is_not_kept() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller
        .send(&crate::handlers::get("/connections/acme/proxy/1", &token))
        .await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        .await;
    caller.until(b"half").await;
    drop(caller);
    // The caller is gone, and with it the exchange.
    assert_eq!(connection.rest().await, "");
    let serve = async {
        let mut connection = upstream.accept().await;
        answer(&mut connection).await;
    };
    let ((), second) = tokio::join!(serve, world.proxy("acme", "/2", &token));
    second.expect(200);
}

#[tokio::test]
async fn workers_do_not_share_connections_but_all_keep_theirs() {
    let world = World::with(Setup {
        threads: 2,
        ..Setup::default()
    })
    .await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    for _ in 0..4 {
        let calls = (0..8).map(|_| world.proxy("acme", "/me", &token));
        for answer in futures_util::future::join_all(calls).await {
            answer.expect(200);
        }
    }
}

fn strict() -> Setup {
    Setup {
        policy: Policy::default(),
        ..Setup::default()
    }
}

#[tokio::test]
async fn without_development_mode_local_addresses_are_refused() {
    for base_uri in [
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://localhost",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://10.0.0.1",
        "https://192.168.0.1",
        "https://169.254.169.254",
        "https://100.64.0.1",
        "https://0.0.0.0",
    ] {
        let world = World::with(strict()).await;
        let token = install(&world, base_uri).await;
        let refused = world.proxy("acme", "/x", &token).await;
        let error = refused.expect_error(403, "bad_request", Some("access_denied"));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("--allow-network"), "{base_uri}: {message}");
    }
}

#[tokio::test]
async fn development_mode_opens_no_cloud_metadata() {
    let world = World::new().await;
    let token = install(&world, "http://169.254.169.254").await;
    let refused = world.proxy("acme", "/latest/meta-data/", &token).await;
    refused.expect_error(403, "bad_request", Some("access_denied"));
}

#[tokio::test]
async fn without_development_mode_plain_http_is_refused() {
    let world = World::with(strict()).await;
    let token = install(&world, "http://1.1.1.1").await;
    let refused = world.proxy("acme", "/x", &token).await;
    let error = refused.expect_error(403, "bad_request", Some("access_denied"));
    assert!(error["message"].as_str().unwrap().contains("https"));
}

#[tokio::test]
async fn a_network_that_the_operator_allows_is_open() {
    let policy = Policy {
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..Policy::default()
    };
    let world = World::with(Setup {
        policy,
        ..Setup::default()
    })
    .await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    world.proxy("acme", "/me", &token).await.expect(200);
}

#[tokio::test]
async fn a_host_that_is_not_declared_is_refused_with_the_line_to_add() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    world.provider.forget_seen();
    let port = world.provider.address().port();
    for url in [
        "https://evil.example/x".to_owned(),
        format!("http://localhost:{port}/me"),
        format!("http://127.0.0.1:{}/me", port ^ 1),
        "http:/evil.example/x".to_owned(),
        "HTTPS://EVIL.example/x".to_owned(),
    ] {
        let refused = world.proxy("acme", &format!("/{url}"), &token).await;
        let error = refused.expect_error(403, "bad_request", Some("access_denied"));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("allowedHosts: [\""), "{url}: {message}");
    }
    for url in [
        "https://user:pass@evil.example/",
        "https:///",
        "http://[::/",
    ] {
        let refused = world.proxy("acme", &format!("/{url}"), &token).await;
        assert!(
            refused.status.is_client_error(),
            "{url}: {}",
            refused.status
        );
    }
    assert!(world.provider.seen().is_empty());
    let whole = format!("/http://127.0.0.1:{port}/echo?x=1");
    let allowed = world.proxy("acme", &whole, &token).await;
    assert_eq!(allowed.expect(200).json()["query"], "x=1");
}

#[tokio::test]
async fn a_redirect_is_the_callers_to_follow() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let location = format!("{}/elsewhere", upstream.base_uri);
    let serve = async {
        let mut connection = upstream.accept().await;
        connection.head().await;
        connection
            .send(&format!(
                "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ))
            .await;
        connection
    };
    let (_connection, answer) = tokio::join!(serve, world.proxy("acme", "/x", &token));
    assert_eq!(
        answer.expect(302).header("location"),
        Some(location.as_str())
    );
    assert!(upstream.is_idle());
}
