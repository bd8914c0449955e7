//! Pushing a whole workspace.

use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

fn spec(base_uri: &str, header: &str) -> Value {
    let mut connector = api_key_connector("crm", base_uri);
    connector["makeApiClient"]["mapping"]["headers"] =
        json!({ header: {"$var": "credentials.apiKey"} });
    json!({"connector.json": connector.to_string()})
}

fn everything(world: &World) -> Value {
    let base_uri = world.provider.base_uri();
    json!([
        {"type": "interfaces", "key": "contacts", "content": {
            "baseUri": base_uri, "auth": {"type": "membrane-token"}, "actions": ["send"]}},
        {"type": "actions", "key": "send", "integrationKey": "crm", "content": {"v": 2}},
        {"type": "actions", "key": "send", "content": {"v": 1, "id": "server", "revision": "3"}},
        {"type": "flows", "key": "sync", "content": {"nodes": {"a": {"$var": "x"}}}},
        {"type": "integrations", "key": "crm", "content": {
            "name": "CRM", "connectorKey": "crm", "parameters": {"clientSecret": "very-secret"}}},
        {"type": "integrations", "key": "crm-1", "content": {
            "connectorKey": "crm", "connectorVersion": "1.0.0"}},
        {"type": "connectors", "key": "crm", "files": spec(base_uri, "X-Api-Key")},
        {"type": "connectors", "key": "crm", "version": "1.0.0", "files": spec(base_uri, "X-Api-Key")},
    ])
}

async fn push(world: &World, body: Value) -> Value {
    let answer = world.post("/workspace/push", &world.admin(), body).await;
    answer.expect(200).json()
}

async fn refused(world: &World, body: Value) -> Value {
    let answer = world.post("/workspace/push", &world.admin(), body).await;
    answer.expect_error(400, "bad_request", None)["data"].clone()
}

async fn snapshot(world: &World) -> Value {
    let answer = world.get("/workspace/elements", &world.admin()).await;
    answer.expect(200).json()
}

fn changes(plan: &Value) -> Vec<String> {
    let changes = plan["changes"].as_array().unwrap().iter();
    let mut changes: Vec<_> = changes
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
            let name = [
                text("type"),
                text("integrationKey"),
                text("key"),
                text("version"),
            ];
            format!(
                "{} {}",
                name.join(" ").replace("  ", " ").trim(),
                text("change")
            )
        })
        .filter(|it| !it.ends_with("unchanged"))
        .collect();
    changes.sort();
    changes
}

#[tokio::test]
async fn a_workspace_is_pushed_read_back_and_pushed_without_change() {
    let world = World::new().await;
    let body = json!({"elements": everything(&world)});
    let dry = world
        .post("/workspace/push?dryRun=true", &world.admin(), body.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(dry["revision"], 0);
    assert_eq!(snapshot(&world).await["elements"], json!([]));
    let plan = push(&world, body.clone()).await;
    assert_eq!(plan["revision"], 1);
    assert_eq!(changes(&plan), changes(&dry));
    assert_eq!(changes(&plan).len(), 8);
    let again = push(&world, body).await;
    assert_eq!(changes(&again), [""; 0]);
    assert_eq!(again["revision"], 1);
    let read = snapshot(&world).await;
    assert!(!read.to_string().contains("very-secret"));
    let action = json!({"type": "actions", "key": "send", "content": {"v": 1}, "revision": 1});
    assert!(read["elements"].as_array().unwrap().contains(&action));
    let back = push(&world, json!({"elements": read["elements"], "prune": true})).await;
    assert_eq!(changes(&back), [""; 0]);
    // Parameters are where they were.
    let integration = world.get("/integrations/crm", &world.admin()).await.json();
    assert_eq!(integration["hasParameters"], true);
    // What was pushed works.
    let token = world.customer("c-1");
    for key in ["crm", "crm-1"] {
        let connection = world.connect(key, &token).await;
        world.proxy(&connection, "/me", &token).await.expect(200);
    }
}

#[tokio::test]
async fn a_change_is_told_field_by_field_and_secrets_are_not() {
    let world = World::new().await;
    push(&world, json!({"elements": everything(&world)})).await;
    let uri = world.provider.base_uri();
    let plan = push(
        &world,
        json!({"elements": [
            {"type": "actions", "key": "send", "content": {"v": 5, "w": {"a/b": true}}},
            {"type": "integrations", "key": "crm", "content": {
                "name": "Sales", "parameters": {"clientSecret": "another-secret"}}},
            {"type": "connectors", "key": "crm", "files": spec(uri, "X-Other")},
        ]}),
    )
    .await;
    let fields = |of: &str| {
        let all = plan["changes"].as_array().unwrap();
        all.iter().find(|it| it["type"] == of).unwrap()["fields"].clone()
    };
    let expected = json!([
        {"path": "/v", "from": 1, "to": 5},
        {"path": "/w", "to": {"a/b": true}},
    ]);
    assert_eq!(fields("actions"), expected);
    let expected = json!([
        {"path": "/name", "from": "CRM", "to": "Sales"},
        {"path": "/parameters", "from": "[secret]", "to": "[secret]"},
    ]);
    assert_eq!(fields("integrations"), expected);
    assert_eq!(
        fields("connectors"),
        json!([{"path": "/files/connector.json"}])
    );
    assert_eq!(plan["revision"], 2);
    // Live at once, and the published version is not touched.
    let token = world.customer("c-1");
    let body = json!({"integrationKey": "crm", "input": {"apiKey": "simulated-api-key"}});
    world.post("/connections", &token, body).await.expect(400);
    world.connect("crm-1", &token).await;
}

#[tokio::test]
async fn what_is_not_customised_follows_also_in_a_push() {
    let world = World::new().await;
    push(&world, json!({"elements": everything(&world)})).await;
    let admin = world.admin();
    let keys = json!({"integrationKeys": ["crm-1"]});
    let path = "/action/apply?key=send";
    world.post(path, &admin, keys).await.expect(200);
    let one = json!([{"type": "actions", "key": "send", "content": {"v": 7}}]);
    let plan = push(&world, json!({"elements": one})).await;
    assert_eq!(
        changes(&plan),
        ["actions crm-1 send changed", "actions send changed"]
    );
    let value = async |path: &str| world.get(path, &admin).await.json()["v"].clone();
    assert_eq!(value("/integrations/crm-1/actions/send").await, 7);
    assert_eq!(value("/integrations/crm/actions/send").await, 2);
}

#[tokio::test]
async fn what_came_from_something_that_is_pruned_stands_for_itself() {
    let world = World::new().await;
    push(&world, json!({"elements": everything(&world)})).await;
    let rest: Vec<Value> = everything(&world)
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] != "interfaces")
        .filter(|it| it["key"] != "send" || it["integrationKey"] == "crm")
        .cloned()
        .collect();
    let plan = push(&world, json!({"elements": rest, "prune": true})).await;
    let told = changes(&plan);
    assert!(
        told.contains(&"actions crm send changed".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"actions send removed".to_owned()),
        "{told:?}"
    );
    let all = plan["changes"].as_array().unwrap();
    let child = all.iter().find(|it| it["change"] == "changed").unwrap();
    assert_eq!(
        child["fields"],
        json!([{"path": "/parentKey", "from": "send"}])
    );
    let admin = world.admin();
    let child = world.get("/integrations/crm/actions/send", &admin).await;
    assert!(child.json().get("parentId").is_none(), "{}", child.text());
    let again = push(&world, json!({"elements": rest, "prune": true})).await;
    assert_eq!(changes(&again), [""; 0]);
}

#[tokio::test]
async fn pruning_archives_what_is_not_pushed() {
    let world = World::new().await;
    push(&world, json!({"elements": everything(&world)})).await;
    let of_actions = json!({"elements": [], "prune": true, "types": ["flows"]});
    let plan = push(&world, of_actions).await;
    assert_eq!(changes(&plan), ["flows sync removed"]);
    // A connector that an integration uses does not go.
    let of_connectors = json!({"elements": [], "prune": true, "types": ["connectors"]});
    let issues = refused(&world, of_connectors).await["issues"].clone();
    assert!(issues[0]["message"].as_str().unwrap().contains("uses it"));
    let all = push(&world, json!({"elements": [], "prune": true})).await;
    assert_eq!(changes(&all).len(), 6);
    assert_eq!(snapshot(&world).await["elements"], json!([]));
    // And all of it can come back.
    push(&world, json!({"elements": everything(&world)})).await;
    let elements = snapshot(&world).await["elements"].clone();
    assert_eq!(elements.as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn a_push_with_a_problem_is_refused_as_a_whole() {
    let world = World::new().await;
    let uri = world.provider.base_uri();
    let fine = json!({"type": "actions", "key": "fine", "content": {}});
    let mut broken = api_key_connector("crm", uri);
    broken["type"] = "client-credential".into();
    for (bad, message) in [
        (json!({"type": "action", "key": "a"}), "no such type"),
        (json!({"type": "actions", "key": ""}), "empty"),
        (json!({"type": "actions", "key": "fine"}), "twice"),
        (
            json!({"type": "actions", "key": "a", "integrationKey": "x"}),
            "no integration `x`",
        ),
        (
            json!({"type": "screens", "key": "a", "integrationKey": "x"}),
            "as a whole",
        ),
        (
            json!({"type": "interfaces", "key": "a", "content": {
                "baseUri": "https://a.example", "auth": {"type": "membrane-token"}, "actions": ["no"]}}),
            "`no`",
        ),
        (
            json!({"type": "integrations", "key": "a", "content": {"connectorKey": "x"}}),
            "names no connector",
        ),
        (
            json!({"type": "integrations", "key": "a", "content": {"name": []}}),
            "must be a string",
        ),
        (json!({"type": "connectors", "key": "crm"}), "needs `files`"),
        (
            json!({"type": "connectors", "key": "crm", "files": {"../a": ""}}),
            "../a",
        ),
        (
            json!({"type": "connectors", "key": "crm", "files": {"connector.json": broken.to_string()}}),
            "error(s)",
        ),
    ] {
        let data = refused(&world, json!({"elements": [fine, bad]})).await;
        let issue = data["issues"][0]["message"].as_str().unwrap();
        assert!(issue.contains(message), "{bad}: {issue}");
        assert_eq!(data["issues"][0]["type"], bad["type"]);
        assert_eq!(snapshot(&world).await["revision"], 0);
    }
    let files = json!({"connector.json": broken.to_string()});
    let body = json!({"elements": [{"type": "connectors", "key": "crm", "files": files}]});
    let data = refused(&world, body).await;
    assert_eq!(
        data["diagnostics"][0]["file"],
        "connectors/crm/connector.json"
    );
}

#[tokio::test]
async fn a_published_version_does_not_change() {
    let world = World::new().await;
    push(&world, json!({"elements": everything(&world)})).await;
    let files = spec(world.provider.base_uri(), "X-Other");
    let body = json!({"elements": [
        {"type": "connectors", "key": "crm", "version": "1.0.0", "files": files}]});
    let issues = refused(&world, body).await["issues"].clone();
    assert!(issues[0]["message"].as_str().unwrap().contains("published"));
}

#[tokio::test]
async fn a_workspace_that_changed_is_a_conflict_unless_forced() {
    let world = World::new().await;
    let admin = world.admin();
    push(&world, json!({"elements": everything(&world)})).await;
    let patch = json!({"name": "Changed"});
    world
        .patch("/integrations/crm", &admin, patch)
        .await
        .expect(200);
    let one = json!([{"type": "actions", "key": "new", "content": {}}]);
    let body = json!({"elements": one, "baseRevision": 1});
    let refused = world.post("/workspace/push", &admin, body).await;
    let error = refused.expect_error(409, "concurrency", Some("conflict"));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("integration `crm`"),
        "{error}"
    );
    assert_eq!(error["data"], json!({"baseRevision": 1, "revision": 2}));
    push(
        &world,
        json!({"elements": one, "baseRevision": 1, "force": true}),
    )
    .await;
    push(&world, json!({"elements": [], "baseRevision": 3})).await;
}

#[tokio::test]
async fn pushes_at_once_are_all_applied() {
    let world = World::new().await;
    let body = |number: usize| {
        json!({"elements": [
            {"type": "actions", "key": format!("own-{number}"), "content": {}},
            {"type": "actions", "key": "shared", "content": {"last": number}},
        ]})
    };
    let all = (0..8).map(|number| push(&world, body(number)));
    let plans = futures_util::future::join_all(all).await;
    let mut revisions: Vec<_> = plans
        .iter()
        .map(|it| it["revision"].as_u64().unwrap())
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [1, 2, 3, 4, 5, 6, 7, 8]);
    let elements = snapshot(&world).await["elements"].clone();
    assert_eq!(elements.as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn a_push_that_is_cut_off_leaves_nothing() {
    let world = World::new().await;
    let body = json!({"elements": everything(&world)}).to_string();
    let head = format!(
        "POST /workspace/push HTTP/1.1\r\nhost: authbridge.test\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        world.admin(),
        body.len()
    );
    for sent in [0, 1, body.len() / 2, body.len() - 1] {
        let mut connection = world.raw().await;
        connection.send(&head).await;
        connection.send(&body[..sent]).await;
        drop(connection);
    }
    // The others come after them, and find nothing.
    assert_eq!(snapshot(&world).await["revision"], 0);
    assert_eq!(
        push(&world, json!({"elements": everything(&world)})).await["revision"],
        1
    );
}

#[tokio::test]
async fn five_thousand_elements_are_one_push() {
    let world = World::new().await;
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    let filler = "x".repeat(2_500);
    let elements: Vec<Value> = (0..5_000)
        .map(|number| {
            json!({
                "type": "actions", "key": format!("action-{number}"),
                "content": {"inputSchema": schema, "description": filler},
            })
        })
        .collect();
    let body = json!({"elements": elements});
    assert!(body.to_string().len() > 10 * 1024 * 1024);
    assert_eq!(push(&world, body.clone()).await["revision"], 1);
    assert_eq!(changes(&push(&world, body).await), [""; 0]);
}

#[tokio::test]
async fn auth_proxies_are_pushed_and_share_their_keys_with_integrations() {
    let world = World::new().await;
    let connector = json!({"type": "connectors", "key": "crm",
        "files": spec(world.provider.base_uri(), "X-Api-Key")});
    let content = json!({"connectorKey": "crm", "parameters": {"clientSecret": "very-secret"}});
    let proxy = json!({"type": "auth-proxies", "key": "account", "content": content});
    let body = json!({"elements": [connector, proxy]});
    let plan = push(&world, body.clone()).await;
    assert_eq!(
        changes(&plan),
        ["auth-proxies account created", "connectors crm created"]
    );
    assert_eq!(changes(&push(&world, body).await), [""; 0]);
    let found = world.get("/auth-proxies/account", &world.admin()).await;
    assert_eq!(found.expect(200).json()["hasParameters"], true);
    world
        .get("/integrations/account", &world.admin())
        .await
        .expect(404);
    let elements = snapshot(&world).await["elements"].clone();
    assert_eq!(elements[1]["type"], "auth-proxies");
    let twin = json!({"type": "integrations", "key": "account", "content": {}});
    let both = |key: &str| {
        json!({"elements": [
            {"type": "auth-proxies", "key": key, "content": {}},
            {"type": "integrations", "key": key, "content": {}},
        ]})
    };
    for body in [json!({"elements": [twin]}), both("new")] {
        let issues = refused(&world, body).await["issues"].clone();
        assert!(
            issues[0]["message"]
                .as_str()
                .unwrap()
                .contains("both share")
        );
    }
    let body = json!({"elements": [], "prune": true, "types": ["auth-proxies"]});
    assert_eq!(
        changes(&push(&world, body).await),
        ["auth-proxies account removed"]
    );
}

#[tokio::test]
async fn a_body_that_is_no_push_is_refused() {
    let world = World::new().await;
    for body in [
        json!([]),
        json!({"elements": [{"key": "a"}]}),
        json!({"elements": 1}),
    ] {
        let refused = world.post("/workspace/push", &world.admin(), body).await;
        refused.expect_error(400, "bad_request", None);
    }
}
