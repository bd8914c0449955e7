//! Interfaces: compiled, listed, run, exposed, gone.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::support::{Answer, World};

const BODY: &str = r#"{"email":"a@b.c"}"#;

fn contacts(world: &World) -> Value {
    json!([
        {"type": "actions", "key": "create-contact", "content": {
            "type": "api-request-to-external-app",
            "inputSchema": {"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]},
            "config": {"request": {"method": "POST", "path": "/echo", "data": {"email": {"$var": "input.email"}}}},
            "outputMapping": {"$var": "output.data"}}},
        {"type": "actions", "key": "unlisted", "content": {
            "type": "api-request-to-external-app", "config": {"request": {"path": "/echo"}}}},
        {"type": "interfaces", "key": "contacts-api", "content": {
            "name": "Contacts", "baseUri": world.provider.base_uri(), "expose": true,
            "auth": {"type": "integration-app-token"},
            "actions": ["create-contact", {
                "key": "who-am-i", "type": "api-request-to-external-app",
                "config": {"request": {"path": "/me"}}, "outputMapping": {"$var": "output.data"}}]}},
    ])
}

async fn push(world: &World, body: Value) -> Value {
    let answer = world.post("/workspace/push", &world.admin(), body).await;
    answer.expect(200).json()
}

async fn exposed(world: &World, header: (&str, &str), path: &str) -> Answer {
    let request = Request::builder().method("POST").uri(path);
    let request = request
        .header("host", "authbridge.test")
        .header(header.0, header.1);
    let request = request.header("content-type", "application/json");
    world
        .send(request.body(Full::from(Bytes::from(BODY))).unwrap())
        .await
}

#[tokio::test]
async fn linked_and_inline_actions_run_with_the_interfaces_authentication() {
    let world = World::new().await;
    push(&world, json!({"elements": contacts(&world)})).await;
    let token = world.sign(json!({"id": "c-1", "fields": {"plan": "pro"}}));
    let path = "/connections/contacts-api/actions/create-contact/run";
    let answer = world
        .post(path, &token, json!({"email": "a@b.c"}))
        .await
        .expect(200)
        .json();
    let headers = answer["output"]["headers"].to_string();
    assert!(headers.contains("x-integration-app-token"), "{headers}");
    let path = "/connections/contacts-api/actions/who-am-i/run";
    let me = world.post(path, &token, json!({})).await.expect(200).json();
    assert!(
        me["output"].is_object(),
        "the receiving service took the token: {me}"
    );
    // Nothing else is needed where one interface lists the action.
    let body = json!({"input": {"email": "a@b.c"}});
    world
        .post("/actions/create-contact/run", &token, body)
        .await
        .expect(200);
    let body = json!({"key": "who-am-i"});
    world.post("/act", &token, body).await.expect(200);
    let list = world
        .get("/connections/contacts-api/actions", &token)
        .await
        .json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let path = "/connections/contacts-api/actions/unlisted/run";
    let error = world.post(path, &token, json!({})).await;
    let error = error.expect_error(404, "bad_request", Some("not_found"));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("does not list it")
    );
}

#[tokio::test]
async fn exposed_actions_are_served_to_customers_by_either_token() {
    let world = World::new().await;
    push(&world, json!({"elements": contacts(&world)})).await;
    let path = "/interfaces/contacts-api/actions/create-contact";
    let bearer = format!("Bearer {}", world.customer("c-1"));
    exposed(&world, ("authorization", &bearer), path)
        .await
        .expect(200);
    let own = world.sign(json!({"sub": "c-2", "fields": {}}));
    exposed(&world, ("x-integration-app-token", &own), path)
        .await
        .expect(200);
    exposed(&world, ("x-integration-app-token", "x.y.z"), path)
        .await
        .expect(401);
    exposed(&world, ("x-other", "1"), path).await.expect(401);
    let admin = format!("Bearer {}", world.admin());
    exposed(&world, ("authorization", &admin), path)
        .await
        .expect(403);
    let hidden = json!({"expose": false});
    world
        .patch("/interfaces/contacts-api", &world.admin(), hidden)
        .await
        .expect(200);
    let refused = exposed(&world, ("authorization", &bearer), path).await;
    let error = refused.expect_error(404, "bad_request", Some("not_found"));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`expose: true`")
    );
}

#[tokio::test]
async fn what_an_interface_is_compiled_to_comes_and_goes_with_it() {
    let world = World::new().await;
    let admin = world.admin();
    let elements = contacts(&world);
    push(&world, json!({"elements": elements})).await;
    let again = push(&world, json!({"elements": elements, "prune": true})).await;
    let changes = again["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 3, "{again}");
    assert!(
        changes.iter().all(|it| it["change"] == "unchanged"),
        "{again}"
    );
    let snapshot = world.get("/workspace/elements", &admin).await.json();
    let types: Vec<_> = snapshot["elements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["type"].clone())
        .collect();
    assert_eq!(types, ["actions", "actions", "interfaces"]);
    for path in ["/integrations", "/connectors"] {
        assert_eq!(
            world.get(path, &admin).await.json()["items"],
            json!([]),
            "{path}"
        );
    }
    let token = world.customer("c-1");
    let listed = world.get("/integrations", &token).await.json();
    assert_eq!(listed["items"][0]["key"], "contacts-api");
}

#[tokio::test]
async fn the_integration_of_an_interface_is_changed_by_the_interface_alone() {
    let world = World::new().await;
    let admin = world.admin();
    let elements = contacts(&world);
    push(&world, json!({"elements": elements})).await;
    let customer = world.customer("c-1");
    let parameters = json!({"parameters": {"region": "eu"}});
    world
        .patch("/integrations/contacts-api", &admin, parameters)
        .await
        .expect(200);
    world
        .delete("/integrations/contacts-api", &admin)
        .await
        .expect(400);
    world
        .patch(
            "/integrations/contacts-api",
            &admin,
            json!({"baseUri": "https://x.example"}),
        )
        .await
        .expect(400);
    let same_key =
        json!({"elements": [{"type": "integrations", "key": "contacts-api", "content": {}}]});
    world
        .post("/workspace/push", &admin, same_key)
        .await
        .expect(400);
    world
        .delete("/interfaces/contacts-api", &admin)
        .await
        .expect(200);
    world
        .get("/integrations/contacts-api", &customer)
        .await
        .expect(404);
    push(&world, json!({"elements": elements})).await;
    world
        .get("/integrations/contacts-api", &customer)
        .await
        .expect(200);
    push(&world, json!({"elements": [], "prune": true})).await;
    world
        .get("/integrations/contacts-api", &customer)
        .await
        .expect(404);
    let created = world
        .post(
            "/interfaces",
            &admin,
            json!({"key": "contacts-api",
        "baseUri": "https://api.example.com", "auth": {"type": "membrane-token"}}),
        )
        .await;
    created.expect(201);
    world
        .get("/integrations/contacts-api", &customer)
        .await
        .expect(200);
}

#[tokio::test]
async fn an_interface_that_cannot_authenticate_is_refused_as_a_whole() {
    let world = World::new().await;
    let admin = world.admin();
    let interface = |content: Value| json!({"elements": [{"type": "interfaces", "key": "contacts-api", "content": content}]});
    let without = interface(json!({"baseUri": "https://api.example.com"}));
    let answer = world.post("/workspace/push", &admin, without).await;
    let error = answer.expect_error(400, "bad_request", None);
    let message = error["data"]["issues"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("interface `contacts-api`: it has no `auth`"),
        "{message}"
    );
    let broken =
        interface(json!({"baseUri": "https://api.example.com", "auth": {"type": "magic"}}));
    let answer = world.post("/workspace/push", &admin, broken).await;
    let error = answer.expect_error(400, "bad_request", None);
    assert_ne!(error["data"]["diagnostics"], json!([]));
}

#[tokio::test]
async fn a_restored_interface_is_the_one_that_was_archived() {
    let world = World::new().await;
    let admin = world.admin();
    push(&world, json!({"elements": contacts(&world)})).await;
    let token = world.customer("c-1");
    let before = world.get("/interfaces/contacts-api", &admin).await.json();
    let connection = world.get("/connections", &token).await.json()["items"][0]["id"].clone();
    let run = "/interfaces/contacts-api/actions/who-am-i";
    world
        .delete("/interfaces/contacts-api", &admin)
        .await
        .expect(200);
    world.post(run, &token, json!({})).await.expect(404);
    let restore = "/interfaces/contacts-api/restore";
    let after = world
        .post(restore, &admin, json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(after["id"], before["id"]);
    assert!(after.get("archivedAt").is_none(), "{after}");
    world.post(run, &token, json!({})).await.expect(200);
    let connections = world.get("/connections", &token).await.json();
    assert_eq!(connections["items"][0]["id"], connection, "{connections}");
    // Not twice, and what there is by now is not replaced.
    let again = world
        .post(restore, &admin, json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(again["revision"], after["revision"]);
    world
        .delete("/interfaces/contacts-api", &admin)
        .await
        .expect(200);
    push(&world, json!({"elements": contacts(&world)})).await;
    let id = before["id"].as_str().unwrap();
    let path = format!("/interface/restore?id={id}");
    world.post(&path, &admin, json!({})).await.expect(409);
}

#[tokio::test]
async fn the_type_that_files_have_is_no_content_of_an_interface() {
    let world = World::new().await;
    let mut body = contacts(&world)[2]["content"].clone();
    body["key"] = json!("contacts-api");
    body["type"] = json!("http-endpoint");
    body["actions"] = json!([]);
    let path = "/interfaces";
    world
        .post(path, &world.admin(), body.clone())
        .await
        .expect(201);
    let mut content = body.clone();
    for member in ["key", "type"] {
        content.as_object_mut().unwrap().remove(member);
    }
    let element = json!({"type": "interfaces", "key": "contacts-api", "content": content});
    let plan = push(&world, json!({"elements": [element]})).await;
    assert_eq!(plan["changes"][0]["change"], "unchanged", "{plan}");
    body["key"] = json!("another");
    body["type"] = json!("flow");
    let refused = world
        .post(path, &world.admin(), body)
        .await
        .expect(400)
        .text();
    assert!(refused.contains("`http-endpoint`"), "{refused}");
}

#[tokio::test]
async fn accounts_are_connected_to_an_interface_as_to_any_integration() {
    let world = World::new().await;
    let auth = json!({
        "type": "client-credentials",
        "inputSchema": {"type": "object", "properties": {"apiKey": {"type": "string"}}, "required": ["apiKey"]},
        "makeApiClient": {"type": "mapping", "mapping": {
            "baseUri": world.provider.base_uri(), "headers": {"X-Api-Key": {"$var": "credentials.apiKey"}}}},
    });
    let interface = json!({"type": "interfaces", "key": "crm", "content": {
        "baseUri": world.provider.base_uri(), "auth": auth,
        "actions": {"me": {"type": "api-request-to-external-app", "config": {"request": {"path": "/me"}}}}}});
    push(&world, json!({"elements": [interface]})).await;
    let token = world.customer("c-1");
    let path = "/connections/crm/actions/me/run";
    let error = world.post(path, &token, json!({})).await.expect_error(
        404,
        "bad_request",
        Some("not_found"),
    );
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("authentication not configured")
    );
    world.connect("crm", &token).await;
    let answer = world.post(path, &token, json!({})).await.expect(200).json();
    assert_eq!(answer["output"]["status"], 200);
}

#[tokio::test]
async fn your_app_is_an_interface_and_gets_the_workspaces_token() {
    let world = World::new().await;
    let action = json!({"type": "actions", "key": "tell-app", "content": {
        "type": "api-request-to-your-app", "config": {"request": {"path": "/me"}},
        "outputMapping": {"$var": "output.data"}}});
    push(&world, json!({"elements": [action]})).await;
    let token = world.customer("c-1");
    let answer = world.post("/actions/tell-app/run", &token, json!({})).await;
    let error = answer.expect_error(400, "configuration", None);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("interface `your-app`")
    );
    let app = json!({"type": "interfaces", "key": "your-app", "content": {
        "baseUri": world.provider.base_uri(), "auth": {"type": "integration-app-token"}}});
    push(&world, json!({"elements": [app]})).await;
    world
        .post("/actions/tell-app/run", &token, json!({}))
        .await
        .expect(200);
    world
        .post("/actions/tell-app/run", &world.admin(), json!({}))
        .await
        .expect(400);
    let body = json!({"customerId": "c-1"});
    world
        .post("/actions/tell-app/run", &world.admin(), body)
        .await
        .expect(200);
}
