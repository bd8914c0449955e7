//! Answers of external apps that are odd, wrong or hostile.

use http::Method;

use crate::egress::scripted;
use crate::handlers::get;
use crate::support::{Answer, Setup, Upstream, World};

async fn answered(answer: &str) -> Answer {
    let (world, upstream, token) = scripted(Setup::default()).await;
    exchange(&world, &upstream, &token, answer).await
}

async fn exchange(world: &World, upstream: &Upstream, token: &str, answer: &str) -> Answer {
    let serve = async {
        let mut connection = upstream.accept().await;
        connection.head().await;
        connection.send(answer).await;
    };
    let ((), answer) = tokio::join!(serve, world.proxy("acme", "/x", token));
    answer
}

#[tokio::test]
async fn an_answer_of_http_1_0_is_passed_on_as_our_own_version() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    connection
        .send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
        .await;
    drop(connection);
    let head = caller.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
    );
    caller.until(b"until the end\r\n0\r\n\r\n").await;
    // The caller's connection is still good.
    caller
        .send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(caller.message().await.0.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn contradicting_lengths_do_not_confuse_callers() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    connection
        .send(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\
             9\r\nHTTP/1.1 \r\n0\r\n\r\n",
        )
        .await;
    let head = caller.head().await.to_ascii_lowercase();
    if head.starts_with("http/1.1 200") {
        // Chunked wins (RFC 9112 section 6.3), and the length is not passed on.
        assert!(!head.contains("content-length"), "{head}");
        caller.until(b"9\r\nHTTP/1.1 \r\n0\r\n\r\n").await;
    } else {
        assert!(head.starts_with("http/1.1 502"), "{head}");
    }
}

#[tokio::test]
async fn two_lengths_that_differ_are_refused() {
    let answer = answered("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde");
    answer.await.expect_error(502, "connection", None);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    for answer in [
        "",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 999999 What\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Header: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Bad: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    ] {
        let answered = answered(answer).await;
        let error = answered.expect_error(502, "connection", None);
        assert!(error["message"].as_str().unwrap().contains("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let padding = "x".repeat(300_000);
    let answer = answered(&format!("HTTP/1.1 200 OK\r\nX-Long: {padding}\r\n\r\n")).await;
    answer.expect_error(502, "connection", None);
}

#[tokio::test]
async fn an_answer_cannot_pass_for_an_error_of_ours() {
    let answer = answered(
        "HTTP/1.1 403 Forbidden\r\nX-Authbridge-Error: access_denied\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(answer.expect(403).header("x-authbridge-error"), None);
}

#[tokio::test]
async fn a_change_of_protocol_that_nobody_asked_for_is_refused() {
    let answer = answered(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    )
    .await;
    answer.expect_error(502, "connection", None);
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let answer = answered(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    assert_eq!(answer.expect(200).text(), "ok");
}

#[tokio::test]
async fn answers_without_a_body_keep_the_connection() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 100\r\n\r\n",
    ] {
        let (world, upstream, token) = scripted(Setup::default()).await;
        let serve = async {
            let mut connection = upstream.accept().await;
            for _ in 0..2 {
                connection.head().await;
                connection.send(head).await;
            }
        };
        let call = async {
            let mut caller = world.raw().await;
            for _ in 0..2 {
                caller.send(&get("/connections/acme/proxy/x", &token)).await;
                let answer = caller.head().await;
                assert_eq!(answer.get(..12), head.get(..12), "{answer}");
            }
        };
        tokio::join!(serve, call);
        assert!(upstream.is_idle());
    }
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_upload_reaches_the_caller() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller
        .send(&format!(
            "POST /connections/acme/proxy/x HTTP/1.1\r\nHost: a\r\n\
             Authorization: Bearer {token}\r\nContent-Length: 1000000\r\n\r\nbeginning"
        ))
        .await;
    let mut connection = upstream.accept().await;
    connection.until(b"beginning").await;
    connection
        .send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!")
        .await;
    let (head, body) = caller.message().await;
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    assert_eq!(body, "no!");
}

#[tokio::test]
async fn a_reset_while_the_body_passes_ends_the_callers_answer_early() {
    let (world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    connection
        .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        .await;
    caller.until(b"part\r\n").await;
    drop(connection);
    let rest = caller.rest().await;
    assert!(!rest.contains("0\r\n\r\n"), "the end was made up: {rest:?}");
    world
        .call(Method::GET, "/healthz", "", None)
        .await
        .expect(200);
}
