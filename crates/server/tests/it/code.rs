//! API clients and functions that are code.

use http::Method;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

fn code(text: &str) -> Value {
    json!({ "type": "javascript", "code": text })
}

/// A connector whose `makeApiClient` is `text`, which may use `BASE`.
fn coded_connector(world: &World, text: &str) -> Value {
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    let text = text.replace("BASE", &format!("'{}'", world.provider.base_uri()));
    connector["makeApiClient"] = code(&text);
    connector["baseUri"] = world.provider.base_uri().into();
    connector
}

/// A header field of a request that the provider echoed.
fn echoed_header<'a>(echoed: &'a Value, name: &str) -> Option<&'a str> {
    let fields = echoed["headers"].as_array().unwrap();
    let field = fields.iter().find(|field| field[0] == name)?;
    field[1].as_str()
}

async fn connected(world: &World, connector: Value, token: &str) -> String {
    world.install(connector).await;
    world
        .connect_with("coded", token, json!({"apiKey": "simulated-api-key"}))
        .await
        .expect(201)
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn options_made_by_code_are_used_by_tests_and_by_the_proxy() {
    let world = World::new().await;
    let connector = coded_connector(
        &world,
        "export default ({ credentials }) => ({ baseUri: BASE, headers: { 'X-Api-Key': credentials.apiKey } })",
    );
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    world.proxy(&id, "/me", &token).await.expect(200);
}

#[tokio::test]
async fn dynamic_options_see_each_request_and_change_it() {
    let world = World::new().await;
    let connector = coded_connector(
        &world,
        "export default ({ credentials }) => ({
            baseUri: BASE,
            headers: { 'X-Api-Key': credentials.apiKey },
            dynamicOptions: ({ path, method, query }) => ({
                headers: { 'X-Signed': `${method} ${path} ${query.a}` },
                query: { stamp: 7 },
            }),
        })",
    );
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    let echoed = world
        .proxy(&id, "/echo?a=1", &token)
        .await
        .expect(200)
        .json();
    assert_eq!(echoed_header(&echoed, "x-signed"), Some("GET /echo 1"));
    assert!(echoed.to_string().contains("stamp"), "{echoed}");
}

#[tokio::test]
async fn dynamic_options_see_the_body_and_leave_overrides_in_force() {
    let world = World::new().await;
    let connector = coded_connector(
        &world,
        "export default ({ credentials }) => ({
            baseUri: BASE,
            headers: { 'X-Api-Key': credentials.apiKey },
            overrides: [{ match: { path: '/echo' }, patch: { headers: { 'X-Version': '2' } } }],
            dynamicOptions: ({ data, path }) => ({ headers: { 'X-Saw': JSON.stringify(data) + path } }),
        })",
    );
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    let path = format!("/connections/{id}/proxy/echo");
    let posted = world.post(&path, &token, json!({"a": 1})).await;
    let posted = posted.expect(200).json();
    assert_eq!(echoed_header(&posted, "x-saw"), Some("{\"a\":1}/echo"));
    assert_eq!(echoed_header(&posted, "x-version"), Some("2"));
    let large = json!({"a": "x".repeat(70_000)});
    let posted = world.post(&path, &token, large).await.expect(200).json();
    assert_eq!(echoed_header(&posted, "x-saw"), Some("null/echo"));
}

#[tokio::test]
async fn overrides_change_the_requests_of_their_path_only() {
    let world = World::new().await;
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    connector["makeApiClient"]["mapping"]["overrides"] = json!([{
        "match": {"path": "/echo", "method": "GET"},
        "patch": {"headers": {"X-Version": "2"}, "query": {"v": 2}},
    }]);
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    let echoed = world.proxy(&id, "/echo", &token).await.expect(200).json();
    assert_eq!(echoed_header(&echoed, "x-version"), Some("2"));
    let body = json!({});
    let path = format!("/connections/{id}/proxy/echo");
    let other = world.post(&path, &token, body).await.expect(200).json();
    assert_eq!(echoed_header(&other, "x-version"), None);
}

#[tokio::test]
async fn a_client_of_methods_makes_the_requests_of_the_proxy() {
    let world = World::new().await;
    let connector = coded_connector(
        &world,
        "import axios from 'axios'
        export default ({ credentials }) => {
            const http = axios.create({ baseURL: BASE, headers: { 'X-Api-Key': credentials.apiKey } })
            return {
                get: async (path, query) => (await http.get(path, { params: query })).data,
                post: async (path, data) => {
                    const { status, data: answer } = await http.post(path, data)
                    return { status: 202, headers: {}, data: { answer, was: status } }
                },
            }
        }",
    );
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    world.proxy(&id, "/me", &token).await.expect(200);
    let path = format!("/connections/{id}/proxy/echo");
    let posted = world.post(&path, &token, json!({"a": 1})).await;
    let posted = posted.expect(202).json();
    assert_eq!(posted["was"], 200, "{posted}");
    let refused = world
        .call(Method::DELETE, &path, &token, None)
        .await
        .expect_error(400, "configuration", None);
    assert!(refused["message"].as_str().unwrap().contains("DELETE"));
}

#[tokio::test]
async fn on_error_may_put_its_own_error_in_place() {
    let world = World::new().await;
    let mut connector = coded_connector(
        &world,
        "import { NotFoundError } from '@integration-app/sdk'
        export default ({ credentials }) => ({
            baseUri: BASE,
            headers: { 'X-Api-Key': credentials.apiKey },
            onError: (error) => {
                if (error.response.status === 404) throw new NotFoundError('it is gone')
            },
        })",
    );
    connector["operations"] = json!({
        "gone": {"name": "Gone", "run": code("export default ({ apiClient }) => apiClient.get('/status/404')")},
        "teapot": {"name": "Teapot", "run": code("export default ({ apiClient }) => apiClient.get('/status/418')")},
    });
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    let run = |key: &str| format!("/connections/{id}/operations/{key}/run");
    let gone = world.post(&run("gone"), &token, json!({})).await.json();
    assert!(
        gone["message"].as_str().unwrap().contains("it is gone"),
        "{gone}"
    );
    let other = world.post(&run("teapot"), &token, json!({})).await.json();
    assert!(
        other["message"].as_str().unwrap().contains("418"),
        "{other}"
    );
}

#[tokio::test]
async fn code_reaches_no_host_that_the_connector_does_not_declare() {
    let world = World::new().await;
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    let base = world.provider.base_uri();
    connector["operations"] = json!({
        "own": {"name": "Own", "run": code(&format!("export default async () => (await fetch('{base}/status/204')).status"))},
        "metadata": {"name": "Metadata", "run": code("export default async () => (await fetch('http://169.254.169.254/')).status")},
        "elsewhere": {"name": "Elsewhere", "run": code("export default async ({ apiClient }) => apiClient.get('https://elsewhere.example/x')")},
    });
    let token = world.customer("c-1");
    let id = connected(&world, connector, &token).await;
    let run = |key: &str| format!("/connections/{id}/operations/{key}/run");
    let own = world.post(&run("own"), &token, json!({})).await;
    assert_eq!(own.expect(200).json()["output"], 204);
    for key in ["metadata", "elsewhere"] {
        let refused = world.post(&run(key), &token, json!({})).await.json();
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("does not allow"), "{message}");
    }
}

#[tokio::test]
async fn code_that_does_not_parse_is_refused_when_it_is_pushed() {
    let world = World::new().await;
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    connector["test"] = code("export default function ( {");
    let refused = world.post("/connectors", &world.admin(), connector).await;
    let refused = refused.expect_error(400, "configuration", None);
    assert!(
        refused["data"]["diagnostics"].to_string().contains("test"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_code_throws_while_connecting_is_told_without_secrets() {
    let world = World::new().await;
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    connector["test"] = code(
        "export default ({ credentials }) => { console.log(credentials); throw new Error('no ' + credentials.apiKey) }",
    );
    world.install(connector).await;
    let token = world.customer("c-1");
    let input = json!({"apiKey": "planted-key-1234"});
    let refused = world.connect_with("coded", &token, input).await;
    let refused = refused.expect_error(400, "custom_code", None);
    assert!(!refused.to_string().contains("planted"), "{refused}");
    assert!(
        refused["logs"][0].as_str().unwrap().contains("[secret]"),
        "{refused}"
    );
    assert_eq!(refused["stack"][0]["line"], 1, "{refused}");
}
