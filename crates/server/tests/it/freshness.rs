//! A change takes effect on the very next request, though nearly everything is remembered.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Setup, World, api_key_connector, token_connector};

/// What the header `name` of a proxied request to `/echo` was.
async fn sent_header(world: &World, connection: &str, token: &str, name: &str) -> Value {
    let answer = world.proxy(connection, "/echo", token).await;
    header_of(answer.expect(200), name)
}

fn header_of(answer: &Answer, name: &str) -> Value {
    let headers = answer.json()["headers"].clone();
    let found = headers.as_array().unwrap().iter().find(|it| it[0] == name);
    found.map_or(Value::Null, |pair| pair[1].clone())
}

/// An API key connector that sends the connector parameter `app` in a header.
fn parameter_connector(base_uri: &str) -> Value {
    let mut connector = api_key_connector("acme", base_uri);
    connector["parametersSchema"] =
        json!({"type": "object", "properties": {"app": {"type": "string", "default": "none"}}});
    connector["makeApiClient"]["mapping"]["headers"]["X-App"] =
        json!({"$var": "connectorParameters.app"});
    connector
}

#[tokio::test]
async fn connector_parameters_are_those_of_now() {
    let world = World::new().await;
    let connector = parameter_connector(world.provider.base_uri());
    world.install(connector).await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    world.connect("acme", &token).await;
    assert_eq!(sent_header(&world, "acme", &token, "x-app").await, "none");
    let body = json!({"parameters": {"app": "second"}});
    let changed = world.patch("/integrations/acme", &admin, body).await;
    changed.expect(200);
    assert_eq!(sent_header(&world, "acme", &token, "x-app").await, "second");
}

#[tokio::test]
async fn parameters_of_a_connection_lie_over_those_of_its_integration() {
    let world = World::new().await;
    let connector = parameter_connector(world.provider.base_uri());
    world.install(connector).await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    world.get("/self", &token).await.expect(200);
    let body = json!({
        "integrationKey": "acme", "customerId": "c-1",
        "input": {"apiKey": "simulated-api-key"}, "connectorParameters": {"app": "own"},
    });
    let made = world.post("/connections", &admin, body).await;
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    let body = json!({"parameters": {"app": "second"}});
    let changed = world.patch("/integrations/acme", &admin, body).await;
    changed.expect(200);
    assert_eq!(sent_header(&world, "acme", &token, "x-app").await, "own");
    let path = format!("/connections/{id}?includeSecrets=true");
    let shown = world.get(&path, &admin).await.json();
    assert_eq!(shown["connectorParameters"], json!({"app": "own"}));
}

#[tokio::test]
async fn a_changed_definition_is_used_at_once() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    assert_eq!(
        sent_header(&world, "acme", &token, "x-more").await,
        Value::Null
    );
    let mut connector = api_key_connector("acme", world.provider.base_uri());
    connector["makeApiClient"]["mapping"]["headers"]["X-More"] = json!("more");
    let pushed = world.post("/connectors", &world.admin(), connector).await;
    pushed.expect(200);
    assert_eq!(sent_header(&world, "acme", &token, "x-more").await, "more");
}

#[tokio::test]
async fn replaced_credentials_are_used_at_once() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    world.proxy("acme", "/me", &token).await.expect(200);
    let body = json!({"credentials": {"apiKey": "another"}});
    let path = format!("/connections/{id}");
    world.patch(&path, &token, body).await.expect(200);
    assert_eq!(
        sent_header(&world, "acme", &token, "x-api-key").await,
        "another"
    );
}

#[tokio::test]
async fn changed_fields_are_in_the_next_token() {
    let world = World::new().await;
    let connector = token_connector("membrane-token", world.provider.base_uri());
    world.install(connector).await;
    let token = world.customer("c-1");
    let fields = async || {
        let me = world.proxy("membrane-token", "/me", &token).await;
        me.expect(200).json()["claims"]["fields"].clone()
    };
    assert_eq!(fields().await, json!({}));
    let body = json!({"fields": {"plan": "pro"}});
    let admin = world.admin();
    let changed = world.patch("/customers/c-1", &admin, body).await;
    changed.expect(200);
    assert_eq!(fields().await, json!({"plan": "pro"}));
    let body = json!({"internalId": "c-1", "fields": {"plan": "free"}});
    world.post("/customers", &admin, body).await.expect(201);
    assert_eq!(fields().await, json!({"plan": "free"}));
}

#[tokio::test]
async fn an_archived_customer_is_out_at_once_and_back_when_restored() {
    let world = World::new().await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    world.connected("acme", &token).await;
    world.proxy("acme", "/me", &token).await.expect(200);
    world.delete("/customers/c-1", &admin).await.expect(200);
    for path in ["/self", "/connections/acme/proxy/me"] {
        let refused = world.get(path, &token).await;
        refused.expect_error(403, "bad_request", Some("access_denied"));
    }
    let restored = world
        .call(Method::POST, "/customers/c-1/restore", &admin, None)
        .await;
    restored.expect(200);
    world.proxy("acme", "/me", &token).await.expect(200);
}

#[tokio::test]
async fn an_archived_connection_or_integration_is_out_at_once() {
    let world = World::new().await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    let id = world.connected("acme", &token).await;
    world.proxy(&id, "/me", &token).await.expect(200);
    world.delete("/integrations/acme", &admin).await.expect(200);
    for selector in ["acme", id.as_str()] {
        let refused = world.proxy(selector, "/me", &token).await;
        refused.expect_error(404, "bad_request", Some("not_found"));
    }
    let path = "/integrations/acme/restore";
    let restored = world.call(Method::POST, path, &admin, None).await;
    restored.expect(200);
    world.proxy("acme", "/me", &token).await.expect(200);

    let path = format!("/connections/{id}");
    world.delete(&path, &token).await.expect(200);
    for selector in ["acme", id.as_str()] {
        let refused = world.proxy(selector, "/me", &token).await;
        refused.expect_error(404, "bad_request", Some("not_found"));
    }
    let path = format!("/connections/{id}?includeSecrets=true");
    world
        .get(&path, &admin)
        .await
        .expect_error(404, "bad_request", Some("not_found"));
}

#[tokio::test]
async fn a_change_is_seen_by_every_worker() {
    let world = World::with(Setup {
        threads: 4,
        ..Setup::default()
    })
    .await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    let path = format!("/connections/{id}");
    for round in 0..10 {
        let value = format!("key-{round}");
        let body = json!({"credentials": {"apiKey": value}});
        world.patch(&path, &token, body).await.expect(200);
        let calls = (0..12).map(|_| world.proxy(&id, "/echo", &token));
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(header_of(answer.expect(200), "x-api-key"), value.as_str());
        }
    }
}

#[tokio::test]
async fn a_token_that_expires_is_refused_though_it_is_remembered() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.get("/self", &token).await.expect(200);
    world.clock.advance(SignedDuration::from_secs(3605));
    let refused = world.get("/self", &token).await;
    let error = refused.expect_error(401, "bad_request", Some("not_authenticated"));
    assert_eq!(error["doc"], "authentication-token-errors");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn a_changed_name_or_key_of_an_integration_is_seen_at_once() {
    let world = World::new().await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    world.connected("acme", &token).await;
    world.proxy("acme", "/me", &token).await.expect(200);
    let body = json!({"key": "renamed"});
    world
        .patch("/integrations/acme", &admin, body)
        .await
        .expect(200);
    world.proxy("renamed", "/me", &token).await.expect(200);
    world
        .proxy("acme", "/me", &token)
        .await
        .expect_error(404, "bad_request", Some("not_found"));
}
