//! Response handlers on the proxy: what they learn, and that they change nothing.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Raw, Upstream, World, api_key_connector};

/// A connector at `base_uri` with these handlers, whose test always passes.
fn connector(base_uri: &str, handlers: Value) -> Value {
    let mut connector = api_key_connector("acme", base_uri);
    connector["makeApiClient"]["mapping"]["responseHandlers"] = handlers;
    connector.as_object_mut().unwrap().remove("test");
    connector
}

fn defunct_when(condition: &Value) -> Value {
    json!([{"match": condition, "error": {
        "key": "connection_is_defunct", "message": "the account was closed",
    }}])
}

fn status_is(status: u16) -> Value {
    json!({"$eval": {"$var": "response.status"}, "is": status})
}

fn data_has(name: &str) -> Value {
    json!({"$eval": {"$var": format!("response.data.{name}")}, "isNotEmpty": true})
}

async fn state(world: &World, id: &str, token: &str) -> Value {
    world.get(&format!("/connections/{id}"), token).await.json()
}

/// A world with one connection through `handlers` to a scripted upstream.
async fn scripted(handlers: Value) -> (World, Upstream, String, String) {
    let world = World::new().await;
    let upstream = Upstream::start().await;
    world.install(connector(&upstream.base_uri, handlers)).await;
    let token = world.customer("c-1");
    let id = world.connect("acme", &token).await;
    (world, upstream, token, id)
}

/// One proxied request, which the upstream answers with `answer`.
async fn answered(world: &World, upstream: &Upstream, token: &str, answer: &[u8]) -> Answer {
    let serve = async {
        let mut connection = upstream.accept().await;
        connection.head().await;
        connection.send_bytes(answer).await;
        connection
    };
    let (connection, answer) = tokio::join!(serve, world.proxy("acme", "/x", token));
    drop(connection);
    answer
}

fn json_answer(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_defunct_connection_is_refused_until_a_test_brings_it_back() {
    let world = World::new().await;
    let mut connector = api_key_connector("acme", world.provider.base_uri());
    connector["makeApiClient"]["mapping"]["responseHandlers"] = defunct_when(&status_is(418));
    world.install(connector).await;
    let token = world.customer("c-1");
    let id = world.connect("acme", &token).await;

    let original = world.proxy("acme", "/status/418", &token).await;
    assert_eq!(original.expect(418).json(), json!({"status": 418}));
    assert_eq!(original.header("x-authbridge-error"), None);

    let connection = state(&world, &id, &token).await;
    assert_eq!(connection["state"], "CLIENT_ACTION_REQUIRED");
    assert_eq!(connection["disconnected"], true);
    assert_eq!(connection["error"]["message"], "the account was closed");

    world.provider.forget_seen();
    let refused = world.proxy("acme", "/me", &token).await;
    let error = refused.expect_error(400, "connection", Some("connection_is_defunct"));
    assert_eq!(error["data"]["error"]["key"], "connection_is_defunct");
    assert!(world.provider.seen().is_empty());

    let path = format!("/connections/{id}/test");
    let tested = world.call(Method::POST, &path, &token, None).await;
    assert_eq!(tested.expect(200).json()["success"], true);
    assert_eq!(tested.json()["connection"]["state"], "READY");
    world.proxy("acme", "/me", &token).await.expect(200);
    assert_eq!(
        world.audited(&id).await,
        ["connection.connected", "connection.defunct"]
    );
}

#[tokio::test]
async fn a_small_body_is_looked_at_and_passed_on_byte_for_byte() {
    let (world, upstream, token, id) = scripted(defunct_when(&data_has("revoked"))).await;
    let body = "{ \"revoked\" :\ttrue, \"odd\": 1.00 }\n";
    let answer = answered(&world, &upstream, &token, &json_answer(body)).await;
    assert_eq!(answer.expect(200).text(), body);
    assert_eq!(
        answer.header("content-length"),
        Some(body.len().to_string().as_str())
    );
    assert_eq!(
        state(&world, &id, &token).await["state"],
        "CLIENT_ACTION_REQUIRED"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_passes_unread() {
    let handlers = json!([
        {"match": {"$eval": {"$var": "response.data.ok"}, "isEmpty": true},
         "error": {"key": "connection_is_defunct"}},
    ]);
    let (world, upstream, token, id) = scripted(handlers).await;
    let body = format!("{{\"ok\": true, \"padding\": \"{}\"}}", "x".repeat(300_000));
    let answer = answered(&world, &upstream, &token, &json_answer(&body)).await;
    assert!(answer.expect(200).text() == body);
    assert_eq!(state(&world, &id, &token).await["state"], "READY");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_still_read() {
    let (world, upstream, token, id) = scripted(defunct_when(&data_has("revoked"))).await;
    let frame = "{\"revoked\": true, \"padding\": \"\"}";
    let padding = "x".repeat(256 * 1024 - frame.len());
    let body = format!("{{\"revoked\": true, \"padding\": \"{padding}\"}}");
    let answer = answered(&world, &upstream, &token, &json_answer(&body)).await;
    assert!(answer.expect(200).text() == body);
    assert_eq!(
        state(&world, &id, &token).await["state"],
        "CLIENT_ACTION_REQUIRED"
    );
}

#[tokio::test]
async fn chunks_of_a_body_that_is_looked_at_arrive_whole() {
    let (world, upstream, token, _) = scripted(defunct_when(&data_has("revoked"))).await;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
    let answer = answered(&world, &upstream, &token, answer).await;
    assert_eq!(answer.expect(200).text(), "{\"a\":1}");
}

#[tokio::test]
async fn a_stream_of_documents_is_not_held_back() {
    let (world, upstream, token, _) = scripted(defunct_when(&data_has("revoked"))).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    connection
        .send(
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\
             Transfer-Encoding: chunked\r\n\r\n8\r\n{\"n\":1}\n\r\n",
        )
        .await;
    // The upstream has not ended its answer, and never does.
    assert!(caller.head().await.starts_with("HTTP/1.1 200"));
    caller.until(b"{\"n\":1}\n").await;
}

#[tokio::test]
async fn a_head_request_has_nothing_to_look_at() {
    let handlers = json!([
        {"match": {"$eval": {"$var": "response.data"}, "isEmpty": true},
         "error": {"key": "connection_is_defunct"}},
    ]);
    let (world, upstream, token, id) = scripted(handlers).await;
    let serve = async {
        let mut connection = upstream.accept().await;
        assert!(connection.head().await.starts_with("HEAD /x HTTP/1.1"));
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n";
        connection.send(head).await;
        connection
    };
    let path = "/connections/acme/proxy/x";
    let call = world.call(Method::HEAD, path, &token, None);
    let (_connection, answer) = tokio::join!(serve, call);
    assert_eq!(answer.expect(200).header("content-length"), Some("7"));
    assert_eq!(state(&world, &id, &token).await["state"], "READY");
}

#[tokio::test]
async fn a_late_refusal_says_nothing_about_new_credentials() {
    let (world, upstream, token, id) = scripted(defunct_when(&status_is(401))).await;
    let mut caller = world.raw().await;
    caller.send(&get("/connections/acme/proxy/x", &token)).await;
    let mut connection = upstream.accept().await;
    connection.head().await;
    let body = json!({"credentials": {"apiKey": "another"}});
    let path = format!("/connections/{id}");
    world.patch(&path, &token, body).await.expect(200);
    connection
        .send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert!(caller.head().await.starts_with("HTTP/1.1 401"));
    assert_eq!(state(&world, &id, &token).await["state"], "READY");
}

#[tokio::test]
async fn the_first_matching_handler_decides() {
    let handlers = json!([
        {"match": status_is(404), "isSuccess": true},
        {"match": {"$eval": {"$var": "response.status"}, "is": 404},
         "error": {"key": "connection_is_defunct"}},
    ]);
    let world = World::new().await;
    let base_uri = world.provider.base_uri().to_owned();
    world.install(connector(&base_uri, handlers)).await;
    let token = world.customer("c-1");
    let id = world.connect("acme", &token).await;
    world.proxy("acme", "/status/404", &token).await.expect(404);
    assert_eq!(state(&world, &id, &token).await["state"], "READY");
}

/// A request on a connection that stays open.
pub(crate) fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n")
}

#[tokio::test]
async fn an_answer_that_breaks_off_while_it_is_looked_at_is_an_error_of_ours() {
    let (world, upstream, token, _) = scripted(defunct_when(&data_has("revoked"))).await;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
        Content-Length: 100\r\n\r\n{\"a\":";
    let serve = async {
        let mut connection: Raw = upstream.accept().await;
        connection.head().await;
        connection.send_bytes(answer).await;
    };
    let ((), answer) = tokio::join!(serve, world.proxy("acme", "/x", &token));
    answer.expect_error(502, "connection", None);
}
