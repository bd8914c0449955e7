//! The API: forms, lists, selectors, and what is wrong with a request.

use http::Method;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

fn form_connector(base_uri: &str) -> Value {
    let mut connector = api_key_connector("form", base_uri);
    connector["inputSchema"] = json!({
        "type": "object",
        "properties": {
            "apiKey": {"type": "string", "minLength": 8},
            "region": {"type": "string", "enum": ["eu", "us"], "default": "eu"},
            "pageSize": {"type": "integer", "maximum": 100},
            "sandbox": {"type": "boolean"},
            "account": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        },
        "required": ["apiKey", "account"],
    });
    connector
}

#[tokio::test]
async fn every_field_that_does_not_fit_is_named() {
    let world = World::new().await;
    let connector = form_connector(world.provider.base_uri());
    world.install(connector).await;
    let token = world.customer("c-1");
    let input = json!({"apiKey": "short", "region": "mars", "pageSize": 500, "account": {}});
    let refused = world.connect_with("form", &token, input).await;
    let error = refused.expect_error(400, "bad_request", None);
    let mut fields: Vec<&str> = error["data"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["account.id", "apiKey", "pageSize", "region"]);
    assert!(!refused.text().contains("short") && !refused.text().contains("mars"));
    assert!(world.provider.seen().is_empty());
}

#[tokio::test]
async fn input_gets_defaults_and_casts() {
    let world = World::new().await;
    let connector = form_connector(world.provider.base_uri());
    world.install(connector).await;
    let token = world.customer("c-1");
    let input = json!({
        "apiKey": "simulated-api-key", "pageSize": "20", "sandbox": "true", "account": {"id": 7},
    });
    let made = world.connect_with("form", &token, input).await;
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/connections/{id}?includeSecrets=true");
    let connection = world.get(&path, &world.admin()).await.json();
    let expected = json!({
        "apiKey": "simulated-api-key", "region": "eu", "pageSize": 20, "sandbox": true,
        "account": {"id": "7"},
    });
    assert_eq!(connection["input"], expected);
    assert_eq!(connection["parameters"], expected);
}

#[tokio::test]
async fn every_name_of_the_input_is_taken() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    for name in [
        "input",
        "connectionInput",
        "connectionParameters",
        "parameters",
    ] {
        let body = json!({"integrationKey": "acme", name: {"apiKey": "simulated-api-key"}});
        world.post("/connections", &token, body).await.expect(201);
    }
}

#[tokio::test]
async fn a_new_connection_takes_the_place_of_the_earlier_one() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let first = world.connected("acme", &token).await;
    world.proxy("acme", "/me", &token).await.expect(200);
    let second = world.connect("acme", &token).await;
    let list = world.get("/connections", &token).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["id"], second.as_str());
    let gone = world.proxy(&first, "/me", &token).await;
    gone.expect_error(404, "bad_request", Some("not_found"));
    let list = world.get("/connections?includeArchived=true", &token).await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_failed_attempt_leaves_the_earlier_connection_in_force() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    let input = json!({"apiKey": "wrong"});
    let refused = world.connect_with("acme", &token, input).await;
    refused.expect_error(400, "connection", Some("connection_is_defunct"));
    let connection = world.get("/connections/acme", &token).await.json();
    assert_eq!(connection["id"], id.as_str());
    world.proxy("acme", "/me", &token).await.expect(200);
}

#[tokio::test]
async fn several_connections_must_be_told_apart() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let first = world.connected("acme", &token).await;
    let body = json!({
        "integrationKey": "acme", "allowMultipleConnections": true,
        "input": {"apiKey": "simulated-api-key"},
    });
    world.post("/connections", &token, body).await.expect(201);
    for path in ["/connections/acme", "/connections/acme/proxy/me"] {
        let refused = world.get(path, &token).await;
        let error = refused.expect_error(400, "bad_request", None);
        assert!(error["message"].as_str().unwrap().contains("by its id"));
    }
    world.proxy(&first, "/me", &token).await.expect(200);
}

#[tokio::test]
async fn many_attempts_at_once_leave_one_connection() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world.connected("acme", &token).await;
    let attempts = (0..8).map(|_| world.connect("acme", &token));
    futures_util::future::join_all(attempts).await;
    let list = world.get("/connections", &token).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ready_made_credentials_are_kept_as_they_are() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let connector = api_key_connector("acme", world.provider.base_uri());
    world.install(connector).await;
    let body = json!({
        "integrationKey": "acme", "name": "Mine", "credentials": {"apiKey": "simulated-api-key"},
    });
    let made = world.post("/connections", &token, body).await;
    assert_eq!(made.expect(201).json()["name"], "Mine");
    assert!(world.provider.seen().is_empty());
    world.proxy("acme", "/me", &token).await.expect(200);
}

#[tokio::test]
async fn an_option_is_chosen_by_its_key() {
    let world = World::new().await;
    let client = |header: &str| {
        json!({"type": "mapping", "mapping": {
            "baseUri": world.provider.base_uri(),
            "headers": {header: {"$concat": ["Bearer ", {"$var": "credentials.token"}]}},
        }})
    };
    let connector = json!({
        "key": "acme", "name": "acme", "inputSchema": {"type": "object"},
        "options": {
            "first": {"type": "client-credentials", "makeApiClient": client("X-First")},
            "second": {"type": "client-credentials", "makeApiClient": client("X-Second")},
            "never": {"type": "client-credentials", "enabled": {"$and": [false]},
                "makeApiClient": client("X-Never")},
        },
    });
    world.install(connector).await;
    let token = world.customer("c-1");
    let integration = world.get("/integrations/acme", &token).await.json();
    let offered: Vec<&str> = integration["authOptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| option["key"].as_str().unwrap())
        .collect();
    assert_eq!(offered, ["first", "second"]);
    let attempt = |option: &str| {
        let body =
            json!({"integrationKey": "acme", "authOptionKey": option, "input": {"token": "t"}});
        world.post("/connections", &token, body)
    };
    attempt("second").await.expect(201);
    world.proxy("acme", "/echo", &token).await.expect(200);
    let seen = world.provider.seen();
    assert!(seen.last().unwrap().headers.contains_key("x-second"));
    attempt("third")
        .await
        .expect_error(400, "bad_request", None);
    attempt("never")
        .await
        .expect_error(400, "configuration", None);
}

#[tokio::test]
async fn limits_and_cursors_out_of_bounds_are_refused() {
    let world = World::new().await;
    let admin = world.admin();
    for path in ["/integrations", "/connections", "/customers", "/connectors"] {
        for query in [
            "limit=0",
            "limit=1001",
            "limit=abc",
            "limit=-1",
            "cursor=nonsense",
        ] {
            let refused = world.get(&format!("{path}?{query}"), &admin).await;
            refused.expect_error(400, "bad_request", None);
        }
        let path = format!("{path}?limit=1000&cursor=0&hash=7");
        let list = world.get(&path, &admin).await;
        assert_eq!(list.expect(200).json(), json!({"items": []}));
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let world = World::new().await;
    let admin = world.admin();
    for number in 0..7 {
        let body = json!({"key": format!("i-{number}")});
        world.post("/integrations", &admin, body).await.expect(201);
    }
    let mut keys = Vec::new();
    let mut cursor = String::from("0");
    loop {
        let path = format!("/integrations?limit=3&cursor={cursor}");
        let page = world.get(&path, &admin).await.json();
        let items = page["items"].as_array().unwrap().iter();
        keys.extend(items.map(|item| item["key"].as_str().unwrap().to_owned()));
        match page["cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    keys.sort();
    let expected: Vec<String> = (0..7).map(|number| format!("i-{number}")).collect();
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn an_integration_says_what_it_lacks_in_lists_and_alone() {
    let world = World::new().await;
    let admin = world.admin();
    let mut connector = api_key_connector("acme", world.provider.base_uri());
    connector["parametersSchema"] = json!({"type": "object", "required": ["clientId"],
        "properties": {"clientId": {"type": "string"}}});
    world.install(connector).await;
    let lacking = |integration: &Value| {
        assert_eq!(integration["state"], "CONFIGURATION_ERROR");
        assert_eq!(integration["hasMissingParameters"], true);
        assert_eq!(integration["authType"], "client-credentials");
    };
    lacking(&world.get("/integrations/acme", &admin).await.json());
    lacking(&world.get("/integrations", &admin).await.json()["items"][0]);
    let body = json!({"parameters": {"clientId": "planted-parameter"}});
    let changed = world.patch("/integrations/acme", &admin, body).await;
    assert_eq!(changed.expect(200).json()["state"], "READY");
    assert!(!changed.text().contains("planted-parameter"));
    let list = world.get("/integrations", &admin).await;
    assert_eq!(list.json()["items"][0]["state"], "READY");
    assert_eq!(list.json()["items"][0]["hasParameters"], true);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused_when_made_and_when_changed() {
    let world = World::new().await;
    let admin = world.admin();
    let body = json!({"key": "acme"});
    world
        .post("/integrations", &admin, body.clone())
        .await
        .expect(201);
    let again = world.post("/integrations", &admin, body).await;
    again.expect_error(409, "bad_request", Some("already_exists"));
    for key in [
        "a/b",
        "int_01hzzzzzzzzzzzzzzzzzzzzzzz",
        "con_01hzzzzzzzzzzzzzzzzzzzzzzz",
    ] {
        let body = json!({"key": key});
        let refused = world.post("/integrations", &admin, body.clone()).await;
        refused.expect_error(400, "bad_request", None);
        let refused = world.patch("/integrations/acme", &admin, body).await;
        refused.expect_error(400, "bad_request", None);
    }
}

#[tokio::test]
async fn keys_with_odd_characters_are_selected_percent_encoded() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let connector = api_key_connector("acme", world.provider.base_uri());
    world
        .install_with(connector, json!({"key": "gr\u{fc}n & blau?"}))
        .await;
    let input = json!({"apiKey": "simulated-api-key"});
    let made = world.connect_with("gr\u{fc}n & blau?", &token, input).await;
    made.expect(201);
    let encoded = "gr%C3%BCn%20%26%20blau%3F";
    world
        .get(&format!("/integrations/{encoded}"), &token)
        .await
        .expect(200);
    world
        .get(&format!("/connections/{encoded}"), &token)
        .await
        .expect(200);
    world.proxy(encoded, "/me", &token).await.expect(200);
}

#[tokio::test]
async fn singular_paths_do_what_plural_ones_do() {
    let world = World::new().await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    let id = world.connected("acme", &token).await;
    let path = format!("/connection?id={id}");
    let named = json!({"name": "Renamed"});
    let changed = world
        .call(Method::PUT, &path, &token, Some(named.clone()))
        .await;
    assert_eq!(changed.expect(200).json()["name"], "Renamed");
    for path in ["/integration?key=acme", "/customer?id=c-1"] {
        let changed = world
            .call(Method::PUT, path, &admin, Some(named.clone()))
            .await;
        assert_eq!(changed.expect(200).json()["name"], "Renamed");
        world.delete(path, &admin).await.expect(200);
        let (noun, query) = path.split_once('?').unwrap();
        let path = format!("{noun}/restore?{query}");
        world
            .call(Method::POST, &path, &admin, None)
            .await
            .expect(200);
    }
    let selected = world.get("/connection?integrationKey=acme", &token).await;
    assert_eq!(selected.expect(200).json()["id"], id.as_str());
    let refused = world.get("/connection", &token).await;
    refused.expect_error(400, "bad_request", None);
}

#[tokio::test]
async fn there_is_nothing_to_refresh_yet_and_that_is_said() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let id = world.connected("acme", &token).await;
    let path = format!("/connections/{id}/refresh-credentials");
    let refused = world.call(Method::POST, &path, &token, None).await;
    refused.expect_error(400, "bad_request", None);
}

#[tokio::test]
async fn a_connector_in_use_is_not_archived() {
    let world = World::new().await;
    let admin = world.admin();
    let connector = api_key_connector("acme", world.provider.base_uri());
    world.install(connector).await;
    let refused = world.delete("/connectors/acme", &admin).await;
    refused.expect_error(400, "bad_request", None);
    world.delete("/integrations/acme", &admin).await.expect(200);
    world.delete("/connectors/acme", &admin).await.expect(200);
    let gone = world.get("/connectors/acme", &admin).await;
    gone.expect_error(404, "bad_request", Some("not_found"));
}

#[tokio::test]
async fn a_definition_with_mistakes_is_refused_with_all_of_them() {
    let world = World::new().await;
    let connector = json!({
        "key": "acme", "type": "client-credentals",
        "makeApiClient": {"type": "mapping", "mapping": {"baseUri": {"$vra": "x"}}},
    });
    let refused = world.post("/connectors", &world.admin(), connector).await;
    let error = refused.expect_error(400, "configuration", None);
    assert!(!error["data"]["diagnostics"].as_array().unwrap().is_empty());
}
