//! What connections have of actions for themselves.

use http::Method;
use serde_json::{Value, json};

use crate::support::World;

const PATH: &str = "/connections/crm/actions/send";

/// A customer with a connection, and three actions of the workspace.
async fn scene() -> (World, String) {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("crm", &token).await;
    let request = json!({"path": "/echo/{at}", "pathParameters": {"at": {"$var": "input.at"}}});
    let elements = json!([
        {"type": "actions", "key": "send", "content": {
            "type": "api-request-to-external-app",
            "inputSchema": {"type": "object", "properties": {"at": {"type": "string", "default": "a"}}},
            "config": {"request": request},
            "outputMapping": {"path": {"$var": "output.data.path"}, "in": {"$var": "actionInstance"}}}},
        {"type": "actions", "key": "code", "content": {
            "name": "Code", "type": "run-javascript",
            "config": {"code": "export default () => 'the admins'"}}},
        {"type": "actions", "key": "other", "content": {
            "type": "api-request-to-external-app", "config": {"request": {"path": "/me"}}}},
    ]);
    let body = json!({ "elements": elements });
    let pushed = world.post("/workspace/push", &world.admin(), body).await;
    pushed.expect(200);
    (world, token)
}

async fn put(world: &World, path: &str, token: &str, body: Value) -> Value {
    let answer = world.call(Method::PUT, path, token, Some(body)).await;
    answer.expect(200).json()
}

async fn ran(world: &World, path: &str, token: &str) -> Value {
    let answer = world.post(path, token, json!({})).await;
    answer.expect(200).json()["output"].clone()
}

#[tokio::test]
async fn what_a_connection_says_of_an_action_is_what_runs_for_it() {
    let (world, token) = scene().await;
    let run = format!("{PATH}/run");
    assert_eq!(ran(&world, &run, &token).await["path"], "/echo/a");
    let plain = world.get(PATH, &token).await.expect(200).json();
    let change = json!({"config": {"request": {"path": "/echo/own"}}});
    let own = world.patch(PATH, &token, change).await.expect(200).json();
    assert!(own["id"].as_str().unwrap().starts_with("ain_"), "{own}");
    assert_eq!(own["parentId"], plain["id"]);
    assert_eq!(own["isCustomized"], true);
    assert_eq!(own["type"], "api-request-to-external-app", "the rest stays");
    let output = ran(&world, &run, &token).await;
    assert_eq!(output["path"], "/echo/own");
    assert_eq!(output["in"]["id"], own["id"]);
    // By its id, by the action's endpoint, and by the query.
    let id = own["id"].as_str().unwrap();
    for path in [
        format!("/connections/crm/actions/{id}/run"),
        format!("/action-instance/run?id={id}"),
        "/action-instance/run?parentKey=send&integrationKey=crm".to_owned(),
        "/actions/send/run?integrationKey=crm".to_owned(),
    ] {
        assert_eq!(
            ran(&world, &path, &token).await["path"],
            "/echo/own",
            "{path}"
        );
    }
    // Nobody else's.
    let other = world.customer("c-2");
    world.connect("crm", &other).await;
    assert_eq!(ran(&world, &run, &other).await["path"], "/echo/a");
    for path in [
        format!("/action-instance?id={id}"),
        format!("/connections/crm/actions/{id}"),
    ] {
        world
            .get(&path, &other)
            .await
            .expect_error(404, "bad_request", Some("not_found"));
    }
    let path = format!("/action-instance/run?id={id}");
    world.post(&path, &other, json!({})).await.expect(404);

    let path = format!("{PATH}/reset");
    let reset = world
        .post(&path, &token, json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&reset["id"], &reset["isCustomized"]),
        (&own["id"], &json!(false))
    );
    assert_eq!(ran(&world, &run, &token).await["path"], "/echo/a");
    world.delete(PATH, &token).await.expect(200);
    assert_eq!(world.get(PATH, &token).await.json()["id"], plain["id"]);
    world.delete(PATH, &token).await.expect(404);
}

#[tokio::test]
async fn instances_have_keys_and_follow_their_action() {
    let (world, token) = scene().await;
    let second = format!("{PATH}?instanceKey=second");
    world.get(&second, &token).await.expect(404);
    let made = world
        .get(&format!("{second}&autoCreate=true"), &token)
        .await;
    let made = made.expect(200).json();
    assert_eq!(made["instanceKey"], "second");
    assert_eq!(world.get(&second, &token).await.json()["id"], made["id"]);
    // What a client read and sends back is no change.
    let same = put(&world, &second, &token, made.clone()).await;
    assert_eq!(
        (&same["isCustomized"], &same["revision"]),
        (&json!(false), &json!("1"))
    );
    // An empty body makes one that follows, and changes none.
    let own = put(&world, PATH, &token, Value::Null).await;
    assert_eq!(own["isCustomized"], false);
    let body =
        json!({"type": "api-request-to-external-app", "config": {"request": {"path": "/echo/2"}}});
    put(&world, &second, &token, body).await;
    put(&world, &second, &token, json!({})).await;
    let run = |key: &str| format!("{PATH}/run?instanceKey={key}");
    let target = json!({"type": "actions", "key": "send", "content": {
        "type": "api-request-to-external-app", "config": {"request": {"path": "/echo/new"}},
        "outputMapping": {"path": {"$var": "output.data.path"}}}});
    let body = json!({"elements": [target]});
    world
        .post("/workspace/push", &world.admin(), body)
        .await
        .expect(200);
    assert_eq!(ran(&world, &run(""), &token).await["path"], "/echo/new");
    assert_eq!(
        ran(&world, &run("second"), &token).await["data"]["path"],
        "/echo/2"
    );
    // One that is not there runs what the action says.
    assert_eq!(
        ran(&world, &run("third"), &token).await["path"],
        "/echo/new"
    );

    let listed = world.get("/connections/crm/actions", &token).await.json();
    let names: Vec<(Value, Value)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["key"].clone(), it["instanceKey"].clone()))
        .filter(|(key, _)| key == "send")
        .collect();
    assert_eq!(
        names,
        [
            (json!("send"), Value::Null),
            (json!("send"), json!("second"))
        ]
    );
    let count = async |path: &str, token: &str| {
        let listed = world.get(path, token).await.expect(200).json();
        listed["items"].as_array().unwrap().len()
    };
    assert_eq!(
        count("/action-instances?integrationKey=crm", &token).await,
        2
    );
    assert_eq!(count("/action-instances?parentKey=other", &token).await, 0);
    assert_eq!(count("/action-instances", &world.customer("c-2")).await, 0);
    assert_eq!(count("/action-instances", &world.admin()).await, 2);
    assert_eq!(
        count("/action-instances?userId=c-1&limit=1", &world.admin()).await,
        1
    );
    // The workspace is none the wiser: nothing of it is in a push.
    let snapshot = world
        .get("/workspace/elements", &world.admin())
        .await
        .json();
    assert!(!snapshot.to_string().contains("/echo/2"), "{snapshot}");
    assert_eq!(snapshot["revision"], 4, "{snapshot}");
}

#[tokio::test]
async fn a_customer_changes_nothing_that_does_more_than_use_its_connection() {
    let (world, token) = scene().await;
    let code = "/connections/crm/actions/code";
    let own_code = json!({"config": {"code": "export default () => 'mine'"}});
    for (path, patch) in [
        (code, own_code.clone()),
        (code, json!({"inputSchema": {}})),
        (code, json!({"name": "Mine"})),
        (
            code,
            json!({"type": "api-request-to-external-app", "config": {"request": {"path": "/"}}}),
        ),
        (
            PATH,
            json!({"type": "run-javascript", "config": {"code": "export default () => 1"}}),
        ),
        (PATH, json!({"type": "api-request-to-your-app"})),
        (
            PATH,
            json!({"type": "http-request", "config": {"request": {"uri": "https://a.example"}}}),
        ),
    ] {
        let answer = world.patch(path, &token, patch.clone()).await;
        answer.expect_error(403, "bad_request", Some("access_denied"));
        let answer = world.call(Method::PUT, path, &token, Some(patch)).await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 403),
            "{}",
            answer.text()
        );
    }
    assert_eq!(
        ran(&world, &format!("{code}/run"), &token).await,
        "the admins"
    );
    // It may have one that follows, and an admin may change that.
    put(&world, code, &token, json!({})).await;
    let list = world.get("/action-instances", &token).await.json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/action-instance?id={id}");
    world
        .patch(&path, &world.admin(), own_code)
        .await
        .expect(200);
    assert_eq!(ran(&world, &format!("{code}/run"), &token).await, "mine");
    let long = json!({"description": "x".repeat(140_000)});
    world.patch(PATH, &token, long).await.expect(400);
    // What cannot run is refused when it is written.
    let answer = world.patch(PATH, &token, json!({"type": "nonsense"})).await;
    assert!(
        answer.text().contains("unknown type `nonsense`"),
        "{}",
        answer.text()
    );
    world
        .patch(PATH, &token, json!({"config": null}))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_customer_leaves_alone_what_an_admin_wrote_for_its_connection() {
    let (world, token) = scene().await;
    let admins = json!({"config": {"request": {"path": "/echo/admins"}}});
    let made = put(&world, PATH, &token, json!({})).await;
    let id = made["id"].as_str().unwrap();
    let chosen = format!("/action-instance?id={id}");
    let reset = format!("/action-instance/reset?id={id}");
    let run = format!("{PATH}/run");
    let patched = world
        .patch(&chosen, &world.admin(), admins.clone())
        .await
        .expect(200)
        .json();
    let whole =
        json!({"type": "api-request-to-external-app", "config": {"request": {"path": "/"}}});
    let own_reset = format!("{PATH}/reset");
    for (method, path, body) in [
        (Method::PATCH, PATH, Some(json!({"name": "Mine"}))),
        (Method::PATCH, &chosen, Some(json!({"name": "Mine"}))),
        (Method::PUT, PATH, Some(whole)),
        (Method::POST, &own_reset, Some(json!({}))),
        (Method::POST, &reset, Some(json!({}))),
        (Method::DELETE, PATH, None),
        (Method::DELETE, &chosen, None),
    ] {
        let answer = world.call(method, path, &token, body).await;
        let error = answer.expect_error(403, "bad_request", Some("access_denied"));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("an admin wrote"), "{path}: {message}");
    }
    let kept = world.get(PATH, &token).await.expect(200).json();
    assert_eq!(kept["revision"], patched["revision"]);
    assert_eq!(ran(&world, &run, &token).await["path"], "/echo/admins");

    // What the admins let go of is the customer's again.
    world
        .post(&reset, &world.admin(), json!({}))
        .await
        .expect(200);
    let own = json!({"config": {"request": {"path": "/echo/own"}}});
    world.patch(PATH, &token, own.clone()).await.expect(200);
    // An admin who says the same has said it.
    let same = world.patch(&chosen, &world.admin(), own).await;
    same.expect(200);
    world.delete(PATH, &token).await.expect(403);
    world.delete(&chosen, &world.admin()).await.expect(200);
}

#[tokio::test]
async fn a_customer_stores_no_formula_that_has_no_bound() {
    let (world, token) = scene().await;
    let formula = json!({"$jsonata": "$sum([1..9])"});
    for change in [
        json!({"outputMapping": formula}),
        json!({"outputMapping": {"a": [{"$firstNotEmpty": [formula]}]}}),
        json!({"outputMapping": {"$iterate": {"source": [1, 2], "item": {"a": formula}}}}),
        json!({"config": {"request": {"path": "/echo/a", "query": {"q": formula}}}}),
        json!({"config": {"request": {"path": formula}}}),
    ] {
        let answer = world.patch(PATH, &token, change).await;
        let error = answer.expect_error(403, "bad_request", Some("access_denied"));
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("`$jsonata`") && message.contains("admin"),
            "{message}"
        );
    }
    world.delete(PATH, &token).await.expect(404);
    put(&world, PATH, &token, json!({})).await;
    let id = world.get(PATH, &token).await.json()["id"].clone();
    let path = format!("/action-instance?id={}", id.as_str().unwrap());
    let change = json!({"outputMapping": formula});
    world.patch(&path, &world.admin(), change).await.expect(200);
    assert_eq!(ran(&world, &format!("{PATH}/run"), &token).await, 45);
}

#[tokio::test]
async fn a_connection_has_two_mebibytes_of_instances() {
    let (world, token) = scene().await;
    let own = json!({"description": "x".repeat(120_000)});
    let path = |number: usize| format!("{PATH}?instanceKey=k{number}");
    let mut made = 0;
    let refused = loop {
        let answer = world.patch(&path(made), &token, own.clone()).await;
        if answer.status != 200 {
            break answer;
        }
        made += 1;
        assert!(made < 20, "there is no bound");
    };
    assert_eq!(made, 17);
    let error = refused.expect_error(400, "bad_request", None);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("2097152 bytes in its instances"),
        "{message}"
    );
    // Nothing of it is there, and whoever makes room has room.
    world.get(&path(made), &token).await.expect(404);
    world.delete(&path(0), &token).await.expect(200);
    world.patch(&path(made), &token, own).await.expect(200);
}
