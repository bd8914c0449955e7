//! Deadlines: small ones, whose outcome is waited for.

use std::time::Duration;

use authbridge_engine::egress::Deadlines;
use authbridge_server::Patience;

use crate::egress::{install, scripted};
use crate::handlers::get;
use crate::support::{Setup, Upstream, World};

const SHORT: Duration = Duration::from_millis(50);

fn with(change: impl FnOnce(&mut Deadlines)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.deadlines);
    setup
}

fn patient(change: impl FnOnce(&mut Patience)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.patience);
    setup
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_given_up() {
    let (world, upstream, token) = scripted(with(|it| it.response_head = SHORT)).await;
    let serve = async {
        let mut connection = upstream.accept().await;
        connection.head().await;
        // Nothing more is said until the engine hangs up.
        assert_eq!(connection.rest().await, "");
    };
    let ((), answer) = tokio::join!(serve, world.proxy("acme", "/x", &token));
    let error = answer.expect_error(504, "connection", None);
    assert!(error["message"].as_str().unwrap().contains("too long"));
}

#[tokio::test]
async fn an_upstream_that_does_not_finish_its_handshake_is_given_up() {
    let world = World::with(with(|it| it.connect = SHORT)).await;
    let upstream = Upstream::start().await;
    let base_uri = upstream.base_uri.replace("http://", "https://");
    let token = install(&world, &base_uri).await;
    let (_connection, answer) = tokio::join!(upstream.accept(), world.proxy("acme", "/x", &token));
    answer.expect_error(504, "connection", None);
}

#[tokio::test]
async fn an_answer_that_stops_is_cut() {
    let (world, upstream, token) = scripted(with(|it| it.idle = SHORT)).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning")
        .await;
    let answer = caller.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("beginning"));
    assert_eq!(connection.rest().await, "");
}

#[tokio::test]
async fn a_caller_who_stops_in_the_middle_of_a_body_is_told() {
    let (world, upstream, token) = scripted(with(|it| it.idle = SHORT)).await;
    let mut caller = world.raw().await;
    caller
        .send(&format!(
            "POST /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\n\
             Authorization: Bearer {token}\r\nContent-Length: 100\r\n\r\nbeginning"
        ))
        .await;
    let mut connection = upstream.accept().await;
    connection.until(b"beginning").await;
    let (head, body) = caller.message().await;
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}{body}");
    assert!(body.contains("stopped arriving"), "{body}");
    assert_eq!(connection.rest().await, "");
}

#[tokio::test]
async fn a_caller_who_does_not_finish_a_head_is_hung_up_on() {
    let world = World::with(patient(|it| it.head = SHORT)).await;
    for beginning in ["", "GET", "GET /self HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let mut caller = world.raw().await;
        caller.send(beginning).await;
        let answer = caller.rest().await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    world.get("/healthz", "").await.expect(200);
}

#[tokio::test]
async fn a_caller_who_does_not_finish_a_body_of_the_api_is_told() {
    let world = World::with(patient(|it| it.api = SHORT)).await;
    let admin = world.admin();
    let mut caller = world.raw().await;
    caller
        .send(&format!(
            "POST /integrations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {admin}\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
        ))
        .await;
    let (head, body) = caller.message().await;
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}{body}");
}
