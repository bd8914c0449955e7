//! Ending: requests in progress finish, nothing new begins.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::egress::scripted;
use crate::handlers::get;
use crate::support::Setup;

#[tokio::test]
async fn requests_in_progress_survive_a_shutdown() {
    let (mut world, upstream, token) = scripted(Setup::default()).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    let mut idle = world.raw().await;
    idle.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.message().await;

    let server = world.server.take().unwrap();
    let stopping = tokio::task::spawn_blocking(move || server.stop());
    // Idle connections are closed, which shows that the shutdown has begun.
    assert_eq!(idle.rest().await, "");
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        .await;
    let (head, body) = caller.message().await;
    assert!(head.starts_with("HTTP/1.1 200") && body == "done", "{head}");
    assert!(
        head.to_ascii_lowercase().contains("connection: close"),
        "{head}"
    );
    stopping.await.unwrap();
    assert!(TcpStream::connect(world.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_server_alive() {
    let setup = Setup {
        grace: Duration::from_millis(50),
        ..Setup::default()
    };
    let (mut world, upstream, token) = scripted(setup).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    let server = world.server.take().unwrap();
    tokio::task::spawn_blocking(move || server.stop())
        .await
        .unwrap();
    assert_eq!(caller.rest().await, "");
}
