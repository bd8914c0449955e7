//! Actions: resolved, checked, run; and what is said where nothing authenticates them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

async fn push(world: &World, elements: Value) {
    let body = json!({ "elements": elements });
    let answer = world.post("/workspace/push", &world.admin(), body).await;
    answer.expect(200);
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "documents are made where they are needed"
)]
fn action(key: &str, content: Value) -> Value {
    json!({ "type": "actions", "key": key, "content": content })
}

/// Sends the whole request back.
fn echo() -> Value {
    json!({
        "type": "api-request-to-external-app",
        "inputSchema": {
            "type": "object",
            "properties": {
                "email": {"type": "string"}, "age": {"type": "integer"},
                "list": {"type": "string", "default": "main"},
            },
            "required": ["email"],
        },
        "config": {"request": {
            "method": "POST", "path": "/echo/{list}",
            "pathParameters": {"list": {"$var": "$.input.list"}},
            "query": {"for": {"$var": "$.user.internalId"}},
            "headers": {"X-Via": {"$var": "$.connection.integrationKey"}},
            "data": {"email": {"$var": "$.input.email"}, "age": {"$var": "$.input.age"}},
        }},
        "outputMapping": {
            "target": {"$concat": [{"$var": "$.output.data.path"}, "?", {"$var": "$.output.data.query"}]},
            "status": {"$var": "$.output.status"},
            "sent": {"$var": "$.output.data.body"},
            "headers": {"$var": "$.output.data.headers"},
        },
    })
}

#[tokio::test]
async fn a_request_is_made_of_formulas_and_sent_with_the_connections_authentication() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("crm", &token).await;
    push(&world, json!([action("create-contact", echo())])).await;
    let input = json!({"email": "a@b.c", "age": "42"});
    let path = "/connections/crm/actions/create-contact/run";
    let answer = world
        .post(path, &token, input.clone())
        .await
        .expect(200)
        .json();
    let output = &answer["output"];
    assert_eq!(output["target"], "/echo/main?for=c-1", "{answer}");
    assert_eq!(output["status"], 200);
    let sent: Value = serde_json::from_str(output["sent"].as_str().unwrap()).unwrap();
    assert_eq!(sent, json!({"email": "a@b.c", "age": 42}));
    let headers = output["headers"].to_string();
    assert!(headers.contains("simulated-api-key"), "{headers}");
    assert!(headers.contains(r#"["x-via","crm"]"#), "{headers}");
    for (path, body) in [
        (
            "/actions/create-contact/run?integrationKey=crm",
            json!({ "input": input }),
        ),
        ("/actions/create-contact/run", json!({ "input": input })),
        (
            "/act",
            json!({"key": "create-contact", "input": input, "integrationKey": "crm"}),
        ),
        (
            "/action-instance/run?parentKey=create-contact&integrationKey=crm",
            input.clone(),
        ),
    ] {
        let other = world.post(path, &token, body).await.expect(200).json();
        assert_eq!(other["output"]["target"], output["target"], "{path}");
        assert!(other["actionRunId"].as_str().unwrap().starts_with("run_"));
    }
    let body = json!({"key": "create-contact", "input": input, "integrationKey": "crm", "customerId": "c-1"});
    let answer = world.post("/act", &world.admin(), body).await;
    assert_eq!(
        answer.expect(200).json()["output"]["target"],
        output["target"]
    );
}

#[tokio::test]
async fn input_that_does_not_fit_is_refused_by_field() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("crm", &token).await;
    push(&world, json!([action("create-contact", echo())])).await;
    let path = "/connections/crm/actions/create-contact/run";
    let answer = world.post(path, &token, json!({"age": "old"})).await;
    let error = answer.expect_error(400, "bad_request", None);
    let fields: Vec<_> = error["data"]["fields"].as_array().unwrap().iter().collect();
    assert_eq!(fields.len(), 2, "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("the action's `inputSchema`")
    );
    world.post(path, &token, json!([1])).await.expect(400);
}

#[tokio::test]
async fn an_integrations_own_action_takes_the_place_of_the_workspaces() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("crm", &token).await;
    let get = |path: &str| {
        json!({"type": "api-request-to-external-app", "config": {"request": {"path": path}},
            "outputMapping": {"$var": "output.data.path"}})
    };
    let mut own = action("find", get("/echo/own"));
    own["integrationKey"] = "crm".into();
    let only_here = {
        let mut it = action("only-here", get("/echo/here"));
        it["integrationKey"] = "crm".into();
        it
    };
    push(
        &world,
        json!([
            action("find", get("/echo/all")),
            own,
            only_here,
            action("other", get("/echo/other"))
        ]),
    )
    .await;
    let run = |key: &'static str| {
        let (world, token, path) = (
            &world,
            &token,
            format!("/connections/{id}/actions/{key}/run"),
        );
        async move { world.post(&path, token, json!({})).await.json()["output"].clone() }
    };
    assert_eq!(run("find").await, "/echo/own");
    assert_eq!(run("other").await, "/echo/other");
    let list = world
        .get("/connections/crm/actions", &token)
        .await
        .expect(200)
        .json();
    let mut keys: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["key"].as_str().unwrap())
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["find", "only-here", "other"]);
    let one = world
        .get("/connections/crm/actions/find?autoCreate=true", &token)
        .await
        .expect(200)
        .json();
    assert_eq!(one["connectionId"], id.as_str());
    let universal = world.get("/actions/find", &world.admin()).await.json();
    assert_eq!(one["universalParentId"], universal["id"]);
    let path = format!(
        "/connections/crm/actions/{}/run",
        universal["id"].as_str().unwrap()
    );
    let by_id = world
        .post(&path, &token, json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(by_id["output"], "/echo/own");
    world
        .call(Method::PUT, "/connections/crm/actions/find", &token, None)
        .await
        .expect(200);
    // An action of one integration is found without naming it by its id alone.
    let own_id = one["id"].as_str().unwrap();
    let answer = world
        .post(&format!("/actions/{own_id}/run"), &token, json!({}))
        .await;
    assert_eq!(answer.expect(200).json()["output"], "/echo/own");
    let answer = world
        .post("/connections/crm/actions/nothing/run", &token, json!({}))
        .await;
    answer.expect_error(404, "bad_request", Some("not_found"));
}

#[tokio::test]
async fn code_gets_input_and_client_and_no_secrets() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("crm", &token).await;
    let code = "export default async (given) => {
        console.log('looking for ' + given.input.id)
        const me = await given.externalApiClient.get('/me')
        return { id: given.input.id, me, names: Object.keys(given).sort(), user: given.user.internalId }
    }";
    let script = json!({"type": "run-javascript", "config": {"code": code}});
    push(&world, json!([action("look", script)])).await;
    let path = "/connections/crm/actions/look/run?logs=1";
    let answer = world
        .post(path, &token, json!({"id": 7}))
        .await
        .expect(200)
        .json();
    let output = &answer["output"];
    assert_eq!((&output["id"], &output["user"]), (&json!(7), &json!("c-1")));
    assert!(output["me"].is_object());
    let names = output["names"].to_string();
    for secret in ["credentials", "connectorParameters", "connectionInput"] {
        assert!(!names.contains(secret), "{names}");
    }
    assert_eq!(answer["_logs"][0]["message"], "looking for 7");
    let body = json!({"code": "export default ({input}) => input.a + 1", "input": {"a": 1}});
    let answer = world.post("/act", &world.admin(), body.clone()).await;
    assert_eq!(answer.expect(200).json()["output"], 2);
    let answer = world.post("/act", &token, body.clone()).await;
    answer.expect_error(403, "bad_request", Some("access_denied"));
    // Nor where it says who it is, in whichever way.
    let by_id = world.get("/self", &token).await.expect(200).json()["id"].clone();
    for name in ["customerId", "userId", "tenantId", "tenantKey"] {
        for who in [json!("c-1"), by_id.clone()] {
            let mut with_it = body.clone();
            with_it[name] = who.clone();
            let in_query = format!("/act?{name}={}", who.as_str().unwrap());
            for (path, body) in [("/act", &with_it), (in_query.as_str(), &body)] {
                let answer = world.post(path, &token, body.clone()).await;
                answer.expect_error(403, "bad_request", Some("access_denied"));
                let answer = world.post(path, &world.admin(), body.clone()).await;
                assert_eq!(answer.expect(200).json()["output"], 2, "{path} {body}");
            }
        }
    }
}

#[tokio::test]
async fn operations_and_plain_requests_run_as_well() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let mut connector = api_key_connector("crm", world.provider.base_uri());
    connector["operations"] = json!([{
        "key": "find-me", "name": "Find me",
        "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "run": {"type": "rest-api-mapping", "mapping": {
            "path": "/echo", "method": "GET", "requestMapping": {"query": {"id": {"$var": "input.id"}}}}},
    }]);
    world.install(connector).await;
    world.connect("crm", &token).await;
    let base_uri = world.provider.base_uri();
    push(
        &world,
        json!([
            action("find", json!({"type": "connector-operation",
                "config": {"operationKey": "find-me", "inputMapping": {"id": {"$var": "input.who"}}},
                "outputMapping": {"query": {"$var": "output.query"}}})),
            action("plain", json!({"type": "http-request",
                "config": {"request": {"uri": format!("{base_uri}/echo?a=1"), "query": {"b": 2}}},
                "outputMapping": {"headers": {"$var": "output.data.headers"}, "query": {"$var": "output.data.query"}}})),
            action("list", json!({"type": "list-data-records", "config": {"dataSource": {"key": "contacts"}}})),
            action("none", json!({"type": "http-endpoint"})),
        ]),
    )
    .await;
    let run = |key: &'static str, input: Value| {
        let (world, token) = (&world, &token);
        async move {
            world
                .post(&format!("/connections/crm/actions/{key}/run"), token, input)
                .await
        }
    };
    let found = run("find", json!({"who": "x"})).await.expect(200).json();
    assert_eq!(found["output"], json!({"query": "id=x"}));
    run("find", json!({}))
        .await
        .expect_error(400, "bad_request", None);
    let plain = run("plain", json!({})).await.expect(200).json();
    assert!(
        !plain["output"].to_string().contains("simulated-api-key"),
        "{plain}"
    );
    assert_eq!(plain["output"]["query"], "a=1&b=2");
    world
        .post("/actions/plain/run", &token, json!({}))
        .await
        .expect(200);
    let refused = run("list", json!({}))
        .await
        .expect_error(400, "configuration", None);
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("data source `contacts`") && message.contains("`crm`"),
        "{message}"
    );
    run("none", json!({}))
        .await
        .expect_error(400, "configuration", None);
}

#[tokio::test]
async fn a_request_of_the_caller_goes_where_the_connection_may_go() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("crm", &token).await;
    let api = json!({"method": "post", "path": "/echo", "query": {"q": {"$var": "input.a"}}, "body": {"$var": "input"}});
    let body = json!({"api": api, "integrationKey": "crm", "input": {"a": 1}});
    let answer = world.post("/act", &token, body).await.expect(200).json();
    let output = &answer["output"];
    assert_eq!(output["status"], 200);
    assert_eq!(
        output["data"]["body"], r#"{"$var":"input"}"#,
        "a value, no formula"
    );
    let api = |path: &str| json!({"api": {"path": path}, "integrationKey": "crm"});
    let refused = world
        .post("/act", &token, api("/status/418"))
        .await
        .expect(200)
        .json();
    assert_eq!(refused["output"]["status"], 418);
    let elsewhere = world
        .post("/act", &token, api("https://elsewhere.example.com/"))
        .await;
    elsewhere.expect_error(403, "bad_request", Some("access_denied"));
    world.post("/act", &token, json!({})).await.expect(400);
}

#[tokio::test]
async fn what_authenticates_nothing_is_told_with_the_lines_to_add() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let base_uri = world.provider.base_uri();
    let mut off = api_key_connector("off", base_uri);
    off["enabled"] = json!({"$var": "connectorParameters.isOn"});
    let mut needy = api_key_connector("needy", base_uri);
    needy["parametersSchema"] = json!({"type": "object",
        "properties": {"clientId": {"type": "string"}}, "required": ["clientId"]});
    for connector in [off, needy, api_key_connector("crm", base_uri)] {
        world.install(connector).await;
    }
    world
        .post("/integrations", &world.admin(), json!({"key": "bare"}))
        .await
        .expect(201);
    push(&world, json!([action("create-contact", echo())])).await;
    let run = |integration: &'static str| {
        let (world, token) = (&world, &token);
        let path = format!("/connections/{integration}/actions/create-contact/run");
        async move { world.post(&path, token, json!({"email": "a@b.c"})).await }
    };
    for (integration, reason, words) in [
        (
            "bare",
            "no_connector",
            "`connectorKey: <key of a connector>`",
        ),
        (
            "off",
            "disabled",
            "all auth options of connector `off` are disabled by `enabled`",
        ),
        ("needy", "missing_parameters", "`parameters: {clientId: …}`"),
    ] {
        let error = run(integration)
            .await
            .expect_error(400, "configuration", None);
        let message = error["message"].as_str().unwrap();
        let begin = format!(
            "authentication not configured: action `create-contact` of integration `{integration}`: "
        );
        assert!(
            message.starts_with(&begin) && message.contains(words),
            "{message}"
        );
        assert_eq!(error["data"]["reason"], reason);
        assert_eq!(error["data"]["integration"], integration);
    }
    let error = run("crm")
        .await
        .expect_error(404, "bad_request", Some("not_found"));
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("the customer `c-1` has no connection"),
        "{message}"
    );
}
