//! Customers see and use what is theirs, and nothing else.

use http::Method;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn another_customers_connection_is_not_found() {
    let world = World::new().await;
    let (owner, other) = (world.customer("c-1"), world.customer("c-2"));
    let id = world.connected("acme", &owner).await;
    world.provider.forget_seen();
    let path = format!("/connections/{id}");
    let name = || Some(json!({"name": "mine"}));
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::GET, format!("{path}?includeSecrets=true"), None),
        (Method::PATCH, path.clone(), name()),
        (Method::PUT, path.clone(), name()),
        (Method::DELETE, path.clone(), None),
        (Method::POST, format!("{path}/test"), None),
        (Method::POST, format!("{path}/refresh-credentials"), None),
        (Method::GET, format!("{path}/proxy/me"), None),
        (Method::GET, format!("/connection?id={id}"), None),
        (Method::PATCH, format!("/connection?id={id}"), name()),
        (Method::PUT, format!("/connection?id={id}"), name()),
        (Method::DELETE, format!("/connection?id={id}"), None),
        (Method::GET, "/connections/acme".into(), None),
        (Method::GET, "/connections/acme/proxy/me".into(), None),
    ] {
        let refused = world.call(method, &path, &other, body).await;
        refused.expect_error(404, "bad_request", Some("not_found"));
    }
    assert!(world.provider.seen().is_empty());
    let mine = world.get(&path, &owner).await.json();
    assert_eq!(mine["state"], "READY");
    assert_ne!(mine["name"], "mine");
}

#[tokio::test]
async fn lists_show_a_customer_its_own_connections_only() {
    let world = World::new().await;
    let (first, second) = (world.customer("c-1"), world.customer("c-2"));
    let id = world.connected("acme", &first).await;
    for query in ["", "?userId=c-1", "?tenantId=c-1", "?integrationKey=acme"] {
        let list = world.get(&format!("/connections{query}"), &second).await;
        assert_eq!(list.expect(200).json()["items"], json!([]), "{query}");
    }
    let list = world.get("/connections?userId=c-1", &world.admin()).await;
    assert_eq!(list.json()["items"][0]["id"], id.as_str());
    let seen = world.get("/integrations/acme", &second).await.json();
    assert_eq!(seen.get("connection"), None);
    for integration in ["/integrations/acme", "/integrations"] {
        let seen = world.get(integration, &first).await.json();
        let seen = seen["items"].get(0).unwrap_or(&seen);
        assert_eq!(seen["connection"]["id"], id.as_str());
    }
}

#[tokio::test]
async fn a_token_of_another_workspace_opens_nothing() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    let other = world.sign(json!({"isAdmin": true, "iss": "another"}));
    let refused = world.get(&format!("/connections/{id}"), &other).await;
    refused.expect_error(401, "bad_request", Some("not_authenticated"));
}

#[tokio::test]
async fn what_is_for_admins_is_refused_to_customers() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    for (method, path) in [
        (Method::GET, "/customers"),
        (Method::POST, "/customers"),
        (Method::PATCH, "/customers/c-1"),
        (Method::DELETE, "/customers/c-1"),
        (Method::POST, "/customers/c-1/restore"),
        (Method::POST, "/connectors"),
        (Method::DELETE, "/connectors/acme"),
        (Method::POST, "/integrations"),
        (Method::PATCH, "/integrations/acme"),
        (Method::PUT, "/integrations/acme"),
        (Method::DELETE, "/integrations/acme"),
        (Method::POST, "/integrations/acme/restore"),
        (Method::PUT, "/integration?key=acme"),
    ] {
        let body = Some(json!({"internalId": "x", "key": "x", "name": "x"}));
        let refused = world.call(method.clone(), path, &token, body).await;
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.text());
        refused.expect_error(403, "bad_request", Some("access_denied"));
    }
}

#[tokio::test]
async fn a_customer_connects_for_itself_and_sets_no_connector_parameters() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    world.get("/self", &world.customer("c-2")).await.expect(200);
    let input = json!({"apiKey": "simulated-api-key"});
    for more in [
        json!({"userId": "c-2"}),
        json!({"connectorParameters": {"clientId": "mine"}}),
    ] {
        let mut body = json!({"integrationKey": "acme", "input": input});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = world.post("/connections", &token, body).await;
        refused.expect_error(403, "bad_request", Some("access_denied"));
    }
}

#[tokio::test]
async fn secrets_are_for_admins_who_ask_and_it_is_written_down() {
    let world = World::new().await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    let id = world.connected("acme", &token).await;
    let path = format!("/connections/{id}");
    let secret = "simulated-api-key";
    for (path, token) in [
        (path.clone(), &admin),
        (format!("{path}?includeSecrets=false"), &admin),
        (format!("{path}?includeSecrets=true"), &token),
        ("/connections?includeSecrets=true".into(), &admin),
    ] {
        let answer = world.get(&path, token).await;
        assert!(!answer.expect(200).text().contains(secret), "{path}");
    }
    assert_eq!(world.audited(&id).await, ["connection.connected"]);
    let path = format!("{path}?includeSecrets=true");
    let answer = world.get(&path, &admin).await;
    assert_eq!(answer.json()["credentials"]["apiKey"], secret);
    assert_eq!(
        world.audited(&id).await,
        ["connection.connected", "connection.secrets_read"]
    );
}
