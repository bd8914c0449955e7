//! Elements: levels, parents, lists, and what is wrong with a request.

use http::Method;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

async fn world() -> World {
    let world = World::new().await;
    let connector = api_key_connector("crm", world.provider.base_uri());
    world.install(connector).await;
    world
}

async fn make(world: &World, path: &str, body: Value) -> Value {
    let made = world.post(path, &world.admin(), body).await;
    made.expect(201).json()
}

async fn put(world: &World, path: &str, body: Value) -> Value {
    let answer = world
        .call(Method::PUT, path, &world.admin(), Some(body))
        .await;
    answer.expect(200).json()
}

#[tokio::test]
async fn whatever_a_client_says_comes_back_beside_what_the_server_knows() {
    let world = world().await;
    let body = json!({
        "id": "old", "key": "send", "name": "Send", "type": "run-javascript",
        "config": {"code": "1"}, "ownMember": [1, {"a": null}], "revision": "9", "state": "X",
    });
    let made = make(&world, "/actions", body).await;
    assert_eq!(made["ownMember"], json!([1, {"a": null}]));
    assert_eq!(made["revision"], "1");
    assert_eq!(made["state"], "READY");
    assert!(made["id"].as_str().unwrap().starts_with("act_"));
    assert!(made.get("integrationId").is_none());
    let admin = world.admin();
    for selector in ["send", made["id"].as_str().unwrap()] {
        let read = world.get(&format!("/actions/{selector}"), &admin).await;
        assert_eq!(read.expect(200).json(), made);
    }
    // What was read can be put back as it is.
    assert_eq!(put(&world, "/actions/send", made.clone()).await, made);
    let patch = json!({"name": "Other", "config": null});
    let patched = world.patch("/actions/send", &admin, patch).await.json();
    assert_eq!(
        (&patched["name"], &patched["revision"]),
        (&json!("Other"), &json!("2"))
    );
    assert!(patched.get("config").is_none());
}

#[tokio::test]
async fn lists_are_universal_unless_an_integration_is_named() {
    let world = world().await;
    make(&world, "/flows", json!({"key": "sync"})).await;
    make(
        &world,
        "/flows",
        json!({"key": "own", "integrationKey": "crm"}),
    )
    .await;
    let admin = world.admin();
    let integration = world.get("/integrations/crm", &admin).await.json();
    let id = integration["id"].as_str().unwrap();
    let keys = async |path: &str| -> Vec<String> {
        let list = world.get(path, &admin).await;
        let list = list.expect(200).json();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|it| it["key"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys("/flows?limit=1000&cursor=0").await, ["sync"]);
    assert_eq!(keys("/flows?integrationId=null").await, ["sync"]);
    assert_eq!(keys(&format!("/flows?integrationId={id}")).await, ["own"]);
    assert_eq!(keys("/integrations/crm/flows").await, ["own"]);
    assert_eq!(keys("/flows?search=nothing").await, [""; 0]);
    let one = world.get("/flow?key=own&integrationKey=crm", &admin).await;
    assert_eq!(one.expect(200).json()["integrationKey"], "crm");
    world.get("/flows/own", &admin).await.expect(404);
}

#[tokio::test]
async fn an_element_is_applied_customised_and_reset() {
    let world = world().await;
    let universal = make(&world, "/field-mappings", json!({"key": "people", "v": 1})).await;
    let body = json!({"integrationKeys": ["crm"]});
    let applied = world
        .post("/field-mapping/apply?key=people", &world.admin(), body)
        .await;
    let applied = applied.expect(200).json()[0].clone();
    assert_eq!(applied["universalFieldMappingId"], universal["id"]);
    assert_eq!(applied["isCustomized"], false);
    // What is not customised follows.
    put(&world, "/field-mappings/people", json!({"v": 2})).await;
    let path = "/integrations/crm/field-mappings/people";
    let admin = world.admin();
    assert_eq!(world.get(path, &admin).await.json()["v"], 2);
    let selected = "/field-mapping?key=people&integrationKey=crm";
    let customised = put(&world, selected, json!({"v": 3})).await;
    assert_eq!(customised["isCustomized"], true);
    put(&world, "/field-mappings/people", json!({"v": 4})).await;
    assert_eq!(world.get(path, &admin).await.json()["v"], 3);
    let reset = format!(
        "/field-mappings/{}/reset",
        customised["id"].as_str().unwrap()
    );
    let reset = world.call(Method::POST, &reset, &admin, None).await;
    let reset = reset.expect(200).json();
    assert_eq!(
        (&reset["v"], &reset["isCustomized"]),
        (&json!(4), &json!(false))
    );
    let refused = world
        .call(Method::POST, "/field-mappings/people/reset", &admin, None)
        .await;
    refused.expect_error(400, "bad_request", None);
}

#[tokio::test]
async fn by_query_one_is_made_when_there_is_none() {
    let world = world().await;
    let path = "/data-source?key=things&integrationKey=crm";
    let made = put(&world, path, json!({"collectionKey": "things"})).await;
    assert_eq!(made["key"], "things");
    assert_eq!(made["integrationKey"], "crm");
    let again = put(&world, path, json!({"collectionKey": "things"})).await;
    assert_eq!(again, made);
    world
        .call(
            Method::PUT,
            "/data-sources/nothing",
            &world.admin(),
            Some(json!({})),
        )
        .await
        .expect(404);
}

#[tokio::test]
async fn an_element_goes_to_the_archive_and_comes_back() {
    let world = world().await;
    make(&world, "/screens", json!({"key": "home"})).await;
    let admin = world.admin();
    let gone = world.delete("/screens/home", &admin).await;
    assert!(gone.expect(200).json()["archivedAt"].is_string());
    world.get("/screens/home", &admin).await.expect(404);
    let restored = world
        .call(Method::POST, "/screens/home/restore", &admin, None)
        .await;
    assert!(restored.expect(200).json().get("archivedAt").is_none());
}

#[tokio::test]
async fn customers_read_and_do_not_write() {
    let world = world().await;
    make(&world, "/actions", json!({"key": "send"})).await;
    let customer = world.customer("c-1");
    world.get("/actions/send", &customer).await.expect(200);
    let body = json!({"key": "other"});
    let refused = world.post("/actions", &customer, body).await;
    refused.expect_error(403, "bad_request", Some("access_denied"));
    world
        .get("/workspace/elements", &customer)
        .await
        .expect(403);
    world.get("/org-workspace-id", &customer).await.expect(403);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let world = world().await;
    let admin = world.admin();
    for (path, body, status) in [
        ("/actions", json!({"name": "No key"}), 400),
        ("/actions", json!({"key": "a/b"}), 400),
        ("/actions", json!([]), 400),
        (
            "/actions",
            json!({"key": "a", "integrationKey": "nobody"}),
            404,
        ),
        (
            "/screens",
            json!({"key": "a", "integrationKey": "crm"}),
            400,
        ),
        (
            "/action/apply?key=nothing",
            json!({"integrationKeys": ["crm"]}),
            404,
        ),
        ("/action/apply?key=nothing", json!({}), 400),
        ("/action/reset", json!({}), 400),
    ] {
        let refused = world.post(path, &admin, body).await;
        refused.expect_error(
            status,
            "bad_request",
            (status == 404).then_some("not_found"),
        );
    }
    make(&world, "/actions", json!({"key": "send"})).await;
    let again = world.post("/actions", &admin, json!({"key": "send"})).await;
    again.expect_error(409, "bad_request", Some("already_exists"));
}
