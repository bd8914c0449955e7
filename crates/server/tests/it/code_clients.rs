//! API clients that are code: the SDK's class, classes of authors, and refreshes of what they use.

use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

fn code(text: &str) -> Value {
    json!({ "type": "javascript", "code": text })
}

/// A connector whose key is fresh only after a refresh, with an operation for each call that
/// `calls` names. `BASE` and `WORKS` stand for the base URI and the good key.
fn connector(world: &World, make_api_client: &str, calls: &[(&str, &str)]) -> Value {
    let base = world.provider.base_uri();
    let mut connector = api_key_connector("coded", base);
    let text = make_api_client.replace("BASE", &format!("'{base}'"));
    connector["makeApiClient"] = code(&text);
    connector["baseUri"] = base.into();
    connector["refreshCredentials"] =
        code("export default () => ({ apiKey: 'simulated-api-key' })");
    connector["test"] = code("export default () => true");
    connector["operations"] = calls
        .iter()
        .map(|(key, text)| {
            let text = format!(
                "export default async ({{ apiClient, externalApiClient }}) => {{
                    try {{ return {{ ok: await {text} }} }} catch (error) {{
                        const {{ name, message, type, key, data }} = error
                        return {{ name, message, type, key, data }}
                    }}
                }}"
            );
            ((*key).to_owned(), json!({"name": key, "run": code(&text)}))
        })
        .collect();
    connector
}

/// A connection with a key that the provider does not take.
async fn stale(world: &World, connector: Value, token: &str) -> String {
    world.install(connector).await;
    let input = json!({"apiKey": "expired-key"});
    let connected = world.connect_with("coded", token, input).await;
    connected.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn run(world: &World, id: &str, token: &str, key: &str) -> Value {
    let path = format!("/connections/{id}/operations/{key}/run");
    let answer = world.post(&path, token, json!({})).await;
    answer.expect(200).json()["output"].clone()
}

const REST_CLIENT: &str = "import { RestApiClient } from '@integration-app/connector-sdk'
    export default ({ credentials }) => new RestApiClient({
        baseUri: BASE, headers: { 'X-Api-Key': credentials.apiKey },
        responseHandlers: [{ match: { $eval: { $var: 'response.status' }, is: 418 },
            error: { message: 'a teapot', key: 'rate_limit_exceeded' } }],
    })";

const SUBCLASS: &str = "import { RestApiClient } from '@integration-app/connector-sdk'
    class Mine extends RestApiClient {
        async get(path, query, options) { return { path, wrapped: await super.get(path, query, options) } }
    }
    export default ({ credentials }) => new Mine({
        baseUri: BASE, headers: { 'X-Api-Key': credentials.apiKey },
        responseHandlers: [{ match: { $eval: { $var: 'response.status' }, is: 418 },
            error: { message: 'a teapot', key: 'rate_limit_exceeded' } }],
    })";

const METHODS: &str = "import axios from 'axios'
    export default ({ credentials }) => ({
        get: async (path, query, options) => {
            if (options.returnFullResponse) throw new Error('nobody asked for it')
            const url = BASE + path
            return (await axios.get(url, { params: query, headers: { 'X-Api-Key': credentials.apiKey } })).data
        },
    })";

#[tokio::test]
async fn expired_credentials_are_refreshed_whoever_makes_the_requests() {
    for client in [REST_CLIENT, SUBCLASS, METHODS] {
        let world = World::new().await;
        let calls = [("me", "apiClient.get('me')")];
        let token = world.customer("c-1");
        let id = stale(&world, connector(&world, client, &calls), &token).await;
        let found = run(&world, &id, &token, "me").await;
        let body = found["ok"].get("wrapped").unwrap_or(&found["ok"]);
        assert_eq!(
            body["authenticatedBy"], "api-key-header",
            "{client} {found}"
        );
        if client == SUBCLASS {
            assert_eq!(found["ok"]["path"], "/me");
        }
    }
}

#[tokio::test]
async fn the_proxy_refreshes_for_clients_of_methods_too() {
    for client in [REST_CLIENT, SUBCLASS, METHODS] {
        let world = World::new().await;
        let token = world.customer("c-1");
        let id = stale(&world, connector(&world, client, &[]), &token).await;
        world.proxy(&id, "/me", &token).await.expect(200);
    }
}

#[tokio::test]
async fn the_sdks_class_keeps_handlers_and_errors() {
    for client in [REST_CLIENT, SUBCLASS] {
        let world = World::new().await;
        let token = world.customer("c-1");
        let calls = [
            ("teapot", "apiClient.get('/status/418')"),
            ("missing", "apiClient.get('/status/404')"),
            ("busy", "apiClient.get('/status/429')"),
            ("posted", "apiClient.post('/echo', { a: 1 })"),
        ];
        let id = stale(&world, connector(&world, client, &calls), &token).await;
        let teapot = run(&world, &id, &token, "teapot").await;
        assert_eq!(teapot["key"], "rate_limit_exceeded", "{teapot}");
        assert_eq!(teapot["name"], "Error", "{teapot}");
        assert_eq!(teapot["type"], "connection", "{teapot}");
        let missing = run(&world, &id, &token, "missing").await;
        assert_eq!(missing["data"]["data"]["statusCode"], 404, "{missing}");
        let busy = run(&world, &id, &token, "busy").await;
        assert_eq!(busy["key"], "rate_limit_exceeded", "{busy}");
        let posted = run(&world, &id, &token, "posted").await;
        assert_eq!(posted["ok"]["method"], "POST", "{posted}");
    }
}

#[tokio::test]
async fn errors_that_on_error_throws_keep_their_class() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let client = "import { NotFoundError } from '@integration-app/sdk'
        export default ({ credentials }) => ({
            baseUri: BASE, headers: { 'X-Api-Key': credentials.apiKey },
            onError: () => { throw new NotFoundError({ message: 'gone', data: { id: 7 } }) },
        })";
    let sees = "import { NotFoundError } from '@integration-app/sdk'
        export default async ({ apiClient }) => {
            try { await apiClient.get('/status/404') } catch (error) {
                const { message, type, key, data } = error
                return { is: error instanceof NotFoundError, message, type, key, data: data.data }
            }
        }";
    let mut connector = connector(&world, client, &[]);
    connector["operations"]["sees"] = json!({"name": "Sees", "run": code(sees)});
    let id = stale(&world, connector, &token).await;
    let found = run(&world, &id, &token, "sees").await;
    let expected = json!({
        "is": true, "message": "gone", "type": "bad_request", "key": "not_found", "data": {"id": 7},
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_same_refusal_has_the_same_key_from_code_and_from_mappings() {
    for (status, key) in [
        (400, None),
        (401, Some("connection_is_defunct")),
        (403, Some("connection_is_defunct")),
        (404, None),
        (429, Some("rate_limit_exceeded")),
        (503, None),
    ] {
        let world = World::new().await;
        let token = world.customer("c-1");
        let path = format!("/status/{status}");
        let mut connector = api_key_connector("coded", world.provider.base_uri());
        let request = format!("export default ({{ apiClient }}) => apiClient.get('{path}')");
        let mapping =
            json!({"type": "rest-api-mapping", "mapping": {"path": path, "method": "GET"}});
        connector["operations"] = json!({
            "code": {"name": "Code", "run": code(&request)},
            "mapping": {"name": "Mapping", "run": mapping},
        });
        world.install(connector).await;
        let input = json!({"apiKey": "simulated-api-key"});
        let connected = world.connect_with("coded", &token, input).await;
        let id = connected.expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        for operation in ["code", "mapping"] {
            let path = format!("/connections/{id}/operations/{operation}/run");
            let refused = world.post(&path, &token, json!({})).await;
            let body = refused.json();
            assert_eq!(body["type"], "connection", "{body}");
            assert_eq!(body["key"].as_str(), key, "{operation} {body}");
        }
    }
}

#[tokio::test]
async fn traces_name_the_authors_lines_in_results_and_in_logs() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    connector["operations"] = json!({"trace": {"name": "Trace", "run": code(
        "interface Unused {
            a: string
        }
        export default async function (): Promise<any> {
            const error = new Error('here')
            console.error(error)
            return { stack: error.stack }
        }",
    )}});
    world.install(connector).await;
    let input = json!({"apiKey": "simulated-api-key"});
    let connected = world.connect_with("coded", &token, input).await;
    let id = connected.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/connections/{id}/operations/trace/run?logs=1");
    let answer = world
        .post(&path, &token, json!({}))
        .await
        .expect(200)
        .json();
    for text in [&answer["output"]["stack"], &answer["_logs"][0]["message"]] {
        let text = text.as_str().unwrap();
        assert!(text.contains("at default ("), "{text}");
        assert!(text.contains(":5:"), "{text}");
        assert!(
            !text.contains("authbridge:") && !text.contains("vite"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn results_are_plain_data_and_input_is_an_object() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    connector["operations"] = json!({"shapes": {"name": "Shapes", "run": code(
        "export default ({ input }) => ({
            input, bytes: Buffer.from('hi'), view: new Uint8Array([1]), error: new TypeError('no'),
            call: () => 1, list: [() => 1, undefined], map: new Map([[1, 2]]), set: new Set([1]),
        })",
    )}, "agent": {"name": "Agent", "run": code("export default ({ apiClient }) => apiClient.get('/echo', { f: { n: 'x' } })")}});
    world.install(connector).await;
    let input = json!({"apiKey": "simulated-api-key"});
    let connected = world.connect_with("coded", &token, input).await;
    let id = connected.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let expected = json!({
        "input": {}, "bytes": "aGk=", "view": "AQ==", "error": {"name": "TypeError", "message": "no"},
        "list": [null, null], "map": {}, "set": {},
    });
    assert_eq!(run(&world, &id, &token, "shapes").await, expected);
    let echoed = run(&world, &id, &token, "agent").await;
    let fields = echoed["headers"].as_array().unwrap();
    let agent = fields
        .iter()
        .find(|field| field[0] == "user-agent")
        .unwrap();
    let agent = agent[1].as_str().unwrap();
    assert!(agent.starts_with("authbridge/"), "{agent}");
    let echoed = echoed.to_string();
    assert!(echoed.contains("f%5Bn%5D=x"), "{echoed}");
}

#[tokio::test]
async fn hosts_are_named_with_their_port_and_may_be_listed_with_it() {
    let world = World::new().await;
    let other = World::new().await;
    let token = world.customer("c-1");
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    // Only `makeApiClient` says the base URI, so that no function inherits its plain http.
    connector.as_object_mut().unwrap().remove("baseUri");
    let address = other.provider.base_uri();
    let host = address.trim_start_matches("http://").trim_end_matches('/');
    connector["operations"] = json!({"far": {"name": "Far", "run": code(&format!(
        "export default async () => (await fetch('{address}/status/204')).status"
    ))}});
    world.install(connector.clone()).await;
    let input = json!({"apiKey": "simulated-api-key"});
    let connected = world.connect_with("coded", &token, input).await;
    let id = connected.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/connections/{id}/operations/far/run");
    let refused = world.post(&path, &token, json!({})).await.json();
    let advice = format!("add `functionHosts: [\"{host}\"]`");
    assert!(
        refused["message"].as_str().unwrap().contains(&advice),
        "{refused}"
    );
    connector["functionHosts"] = json!([host]);
    let pushed = world.post("/connectors", &world.admin(), connector).await;
    pushed.expect(200);
    let allowed = world.post(&path, &token, json!({})).await;
    assert_eq!(allowed.expect(200).json()["output"], 204);
}

#[tokio::test]
async fn an_api_client_that_fails_is_told_by_its_own_lines() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let client = "export default ({ credentials }) => {
        if (credentials.apiKey === 'expired-key') throw new Error('no such key')
    }";
    let mut connector = connector(&world, client, &[]);
    let call = "export default ({ apiClient }) =>\n\n\n apiClient.get('/me')";
    connector["operations"]["call"] = json!({"name": "Call", "run": code(call)});
    let id = stale(&world, connector, &token).await;
    let path = format!("/connections/{id}/operations/call/run");
    let failed = world.post(&path, &token, json!({})).await.json();
    assert_eq!(failed["type"], "custom_code", "{failed}");
    assert_eq!(failed["stack"][0]["line"], 2, "{failed}");
    let message = failed["message"].as_str().unwrap();
    assert!(
        message.contains("`makeApiClient` failed: no such key"),
        "{message}"
    );
}

#[tokio::test]
async fn a_misspelt_formula_in_a_handler_is_an_error_that_names_it() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let client =
        "export default () => ({ baseUri: BASE, responseHandlers: [{ match: { $evl: 1 } }] })";
    let calls = [("me", "apiClient.get('/me')")];
    let id = stale(&world, connector(&world, client, &calls), &token).await;
    let failed = run(&world, &id, &token, "me").await;
    let message = failed["message"].as_str().unwrap();
    assert!(message.contains("responseHandlers[0].match"), "{message}");
    assert!(message.contains("did you mean `$eval`"), "{message}");
}

#[tokio::test]
async fn input_that_does_not_fit_an_operation_is_called_its_input() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let mut connector = api_key_connector("coded", world.provider.base_uri());
    connector["operations"] = json!({"typed": {"name": "Typed", "run": code("export default () => 1"),
        "inputSchema": {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}}});
    world.install(connector).await;
    let input = json!({"apiKey": "simulated-api-key"});
    let connected = world.connect_with("coded", &token, input).await;
    let id = connected.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/connections/{id}/operations/typed/run");
    let refused = world.post(&path, &token, json!({})).await;
    let refused = refused.expect_error(400, "bad_request", None);
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("does not fit the operation's `inputSchema`: `n`"),
        "{message}"
    );
}
