//! Functions of a definition, of every kind that runs, and those that do not yet.

use http::Method;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector, token_connector};

async fn test(world: &World, id: &str, token: &str) -> Value {
    let path = format!("/connections/{id}/test");
    let answer = world.call(Method::POST, &path, token, None).await;
    answer.expect(200).json()
}

fn login_connector(base_uri: &str) -> Value {
    json!({
        "key": "login",
        "name": "Login",
        "type": "client-credentials",
        "inputSchema": {"type": "object", "properties": {
            "email": {"type": "string"}, "password": {"type": "string"},
            "domain": {"type": "string", "default": base_uri},
        }, "required": ["email", "password"]},
        "getCredentialsFromConnectionParameters": {"type": "rest-api-mapping", "mapping": {
            "path": "/login", "method": "POST",
            "requestMapping": {"data": {
                "email": {"$var": "connectionParameters.email"},
                "password": {"$var": "connectionInput.password"},
            }},
            "responseMapping": {"sessionToken": {"$var": "response.data.token"}},
        }},
        "makeApiClient": {"type": "mapping", "mapping": {
            "baseUri": {"$var": "credentials.domain"},
            "headers": {"Authorization": {"$concat": ["Bearer ", {"$var": "credentials.sessionToken"}]}},
        }},
        "test": {"type": "rest-api-mapping", "mapping": {"path": "/me", "method": "GET"}},
    })
}

#[tokio::test]
async fn credentials_are_computed_by_a_mapping() {
    let world = World::new().await;
    let mut connector = api_key_connector("acme", world.provider.base_uri());
    connector["inputSchema"] = json!({"type": "object", "properties": {
        "first": {"type": "string"}, "rest": {"type": "string"}}});
    connector["getCredentialsFromConnectionParameters"] = json!({"type": "mapping", "mapping": {
        "apiKey": {"$concat": [{"$var": "connectionInput.first"}, {"$var": "connectionParameters.rest"}]},
    }});
    world.install(connector).await;
    let token = world.customer("c-1");
    let input = json!({"first": "simulated-", "rest": "api-key"});
    let answer = world.connect_with("acme", &token, input).await;
    let id = answer.expect(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/connections/{id}?includeSecrets=true");
    let connection = world.get(&path, &world.admin()).await.json();
    assert_eq!(
        connection["credentials"],
        json!({"first": "simulated-", "rest": "api-key", "apiKey": "simulated-api-key"})
    );
    assert_eq!(
        connection["input"],
        json!({"first": "simulated-", "rest": "api-key"})
    );
}

#[tokio::test]
async fn credentials_are_fetched_by_a_request_that_has_none() {
    let world = World::new().await;
    world
        .install(login_connector(world.provider.base_uri()))
        .await;
    let token = world.customer("c-1");
    let input = json!({"email": "ada@example.com", "password": "simulated-password"});
    world.connect_with("login", &token, input).await.expect(201);
    let seen = world.provider.seen();
    assert_eq!(seen[0].path_and_query, "/login");
    assert!(!seen[0].headers.contains_key("authorization"));
    assert_eq!(
        seen[0].body.prefix,
        r#"{"email":"ada@example.com","password":"simulated-password"}"#
    );
    let me = world.proxy("login", "/me", &token).await;
    assert_eq!(me.expect(200).json()["authenticatedBy"], "session");
}

#[tokio::test]
async fn a_login_that_is_refused_makes_no_connection() {
    let world = World::new().await;
    world
        .install(login_connector(world.provider.base_uri()))
        .await;
    let token = world.customer("c-1");
    let input = json!({"email": "ada@example.com", "password": "wrong"});
    let refused = world.connect_with("login", &token, input).await;
    refused.expect_error(400, "connection", Some("connection_is_defunct"));
    let list = world.get("/connections", &token).await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_test_with_a_response_mapping_is_as_truthy_as_what_it_gives() {
    let world = World::new().await;
    let token = world.customer("c-1");
    for (key, mapping, works) in [
        ("by-id", json!({"$var": "response.data.id"}), true),
        (
            "by-status",
            json!({"$eval": {"$var": "response.statusCode"}, "is": 200}),
            true,
        ),
        (
            "by-nothing",
            json!({"$var": "response.data.nothing"}),
            false,
        ),
        (
            "by-false",
            json!({"$eval": {"$var": "response.status"}, "is": 500}),
            false,
        ),
    ] {
        let mut connector = api_key_connector(key, world.provider.base_uri());
        connector["test"]["mapping"]["responseMapping"] = mapping;
        world.install(connector).await;
        let input = json!({"apiKey": "simulated-api-key"});
        let answer = world.connect_with(key, &token, input).await;
        if works {
            answer.expect(201);
        } else {
            answer.expect_error(400, "connection", Some("connection_is_defunct"));
        }
    }
}

#[tokio::test]
async fn response_handlers_decide_about_a_test() {
    let world = World::new().await;
    let mut connector = api_key_connector("acme", world.provider.base_uri());
    connector["test"]["mapping"]["path"] = json!("/error200");
    connector["makeApiClient"]["mapping"]["responseHandlers"] = json!([
        {"match": {"$eval": {"$var": "response.data.error"}, "isNotEmpty": true},
         "error": {"key": "connection_is_defunct", "message": {"$var": "response.data.error"}}},
    ]);
    world.install(connector).await;
    let token = world.customer("c-1");
    let input = json!({"apiKey": "simulated-api-key"});
    let refused = world.connect_with("acme", &token, input).await;
    let error = refused.expect_error(400, "connection", Some("connection_is_defunct"));
    assert!(error["message"].as_str().unwrap().contains("invalid_auth"));
}

#[tokio::test]
async fn a_provider_in_trouble_is_not_the_customers_fault() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    world
        .provider
        .fail_next(1, http::StatusCode::SERVICE_UNAVAILABLE);
    let outcome = test(&world, &id, &token).await;
    assert_eq!(outcome["success"], false);
    assert_eq!(outcome["error"]["type"], "connection");
    assert_eq!(outcome["error"].get("key"), None);
    assert_eq!(outcome["connection"]["state"], "READY");
    world
        .provider
        .fail_next(1, http::StatusCode::TOO_MANY_REQUESTS);
    let outcome = test(&world, &id, &token).await;
    assert_eq!(outcome["error"]["key"], "rate_limit_exceeded");
    assert_eq!(outcome["connection"]["state"], "READY");
}

#[tokio::test]
async fn credentials_that_stopped_working_are_found_by_a_test() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    let path = format!("/connections/{id}");
    let body = json!({"credentials": {"apiKey": "revoked"}});
    world.patch(&path, &token, body).await.expect(200);
    let outcome = test(&world, &id, &token).await;
    assert_eq!(outcome["success"], false);
    assert_eq!(outcome["connection"]["state"], "CLIENT_ACTION_REQUIRED");
    let body = json!({"credentials": {"apiKey": "simulated-api-key"}});
    world.patch(&path, &token, body).await.expect(200);
    assert_eq!(test(&world, &id, &token).await["success"], true);
}

#[tokio::test]
async fn a_test_of_a_token_connector_sends_the_token() {
    let world = World::new().await;
    let mut connector = token_connector("integration-app-token", world.provider.base_uri());
    connector["test"] = json!({"type": "rest-api-mapping", "mapping": {"path": "/me"}});
    world.install(connector).await;
    let token = world.customer("c-1");
    let me = world.proxy("integration-app-token", "/me", &token).await;
    assert_eq!(me.expect(200).json()["claims"]["sub"], "c-1");
    let id = world
        .get("/connections/integration-app-token", &token)
        .await
        .json()["id"]
        .clone();
    let outcome = test(&world, id.as_str().unwrap(), &token).await;
    assert_eq!(outcome["success"], true, "{outcome}");
}

#[tokio::test]
async fn a_base_uri_with_a_secret_in_it_is_refused_without_showing_it() {
    let world = World::new().await;
    let mut connector = api_key_connector("acme", "unused");
    connector["makeApiClient"]["mapping"]["baseUri"] =
        json!({"$concat": ["https://user:", {"$var": "credentials.apiKey"}, "@api.example.com"]});
    world.install(connector).await;
    let token = world.customer("c-1");
    let input = json!({"apiKey": "planted-in-a-url"});
    let refused = world.connect_with("acme", &token, input).await;
    let error = refused.expect_error(400, "configuration", None);
    assert!(!error.to_string().contains("planted"), "{error}");
}

#[tokio::test]
async fn an_integration_without_a_connector_says_what_to_add() {
    let world = World::new().await;
    let body = json!({"key": "bare"});
    world
        .post("/integrations", &world.admin(), body)
        .await
        .expect(201);
    let token = world.customer("c-1");
    let refused = world.connect_with("bare", &token, json!({})).await;
    let error = refused.expect_error(400, "configuration", None);
    assert!(error["message"].as_str().unwrap().contains("connectorKey"));
}
