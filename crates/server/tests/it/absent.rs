//! What clients of the original product may call and this engine does not do.

use http::Method;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn lists_of_what_is_never_there_are_empty_and_want_a_token() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let connection = world.connected("api-key", &token).await;
    let of_connection = format!("/connections/{connection}/flows");
    for path in [
        "/flow-runs",
        "/external-apps",
        "/app-events",
        &of_connection,
    ] {
        world.get(path, "").await.expect(401);
        let list = world.get(&format!("{path}?limit=25&hash=1"), &token).await;
        assert_eq!(list.expect(200).json(), json!({ "items": [] }));
    }
    for path in [
        format!("/connections/{connection}/data"),
        "/integrations/api-key/data".to_owned(),
    ] {
        assert_eq!(world.get(&path, &token).await.expect(200).json(), json!([]));
    }
    let missing = world.get("/connections/nope/flows", &token).await;
    missing.expect_error(404, "bad_request", Some("not_found"));
}

#[tokio::test]
async fn what_is_not_done_says_so() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let connection = world.connected("api-key", &token).await;
    let said = async |method: Method, path: &str, status, key| {
        let body = (method != Method::GET).then(|| json!({}));
        let answer = world.call(method, path, &token, body).await;
        let error = answer.expect_error(status, "bad_request", key);
        error["message"].as_str().unwrap().to_owned()
    };
    let not_found = Some("not_found");
    let message = said(
        Method::GET,
        "/flow-runs/run_1/nodes/a/outputs",
        404,
        not_found,
    )
    .await;
    assert!(message.contains("does not run them"), "{message}");
    said(Method::POST, "/flow-runs", 400, None).await;
    said(Method::GET, "/flow-instance?id=a", 404, not_found).await;
    said(Method::POST, "/flow-instance/setup?id=a", 400, None).await;
    said(
        Method::DELETE,
        "/data-link-table-instance/links?id=a",
        400,
        None,
    )
    .await;
    let path = format!("/connections/{connection}/data/contacts/list?a=b");
    let message = said(Method::POST, &path, 404, not_found).await;
    assert!(message.contains("contacts"), "{message}");
    let path = format!("/connections/{connection}/field-mappings/m");
    said(Method::PUT, &path, 400, None).await;
    let message = said(Method::GET, "/search?q=a", 400, None).await;
    assert!(message.contains("`search`"), "{message}");
    let message = said(Method::POST, "/import?dryRun=1", 400, None).await;
    assert!(message.contains("/workspace/push"), "{message}");
    said(Method::GET, "/background-jobs/1", 400, None).await;
    let path = format!("/connections/{connection}/api/users/me");
    let message = said(Method::POST, &path, 404, not_found).await;
    assert!(message.contains("/proxy/"), "{message}");
}

#[tokio::test]
async fn disconnecting_an_integration_archives_the_callers_connections_alone() {
    let world = World::new().await;
    let (ours, theirs) = (world.customer("c-1"), world.customer("c-2"));
    world.connected("api-key", &ours).await;
    world.connect("api-key", &theirs).await;
    let path = "/integrations/api-key/disconnect";
    let refused = world.post(path, &world.admin(), json!({})).await;
    refused.expect_error(403, "bad_request", Some("access_denied"));
    let shown = world.post(path, &ours, json!({})).await.expect(200).json();
    assert_eq!(shown["connection"], json!(null));
    world.get("/connections/api-key", &ours).await.expect(404);
    world.get("/connections/api-key", &theirs).await.expect(200);
}
