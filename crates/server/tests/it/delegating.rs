//! Delegated authentication (`proxy`): one account for several connectors.

use std::time::Duration;

use authbridge_testkit::oauth2::{
    AuthorizationServer, AuthorizationServerOptions, GrantType, Rotation, TokenFault,
};
use futures_util::future::join_all;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{World, api_key_connector};

/// An account provider, which serves the API as well, and what is registered for it.
struct Scene {
    world: World,
    server: AuthorizationServer,
    token: String,
}

impl Scene {
    /// With the integration `account`.
    async fn new() -> Self {
        let scene = Self::empty().await;
        scene.world.install(scene.account()).await;
        scene
    }

    /// With the auth proxy `account`.
    async fn with_auth_proxy() -> Self {
        let scene = Self::empty().await;
        let admin = scene.world.admin();
        let connector = scene.account();
        let pushed = scene.world.post("/connectors", &admin, connector).await;
        pushed.expect(201);
        let body = json!({"connectorKey": "account", "parameters": {"clientSecret": SECRET}});
        let put = scene
            .world
            .call(Method::PUT, "/auth-proxies/account", &admin, Some(body));
        put.await.expect(200);
        scene
    }

    async fn empty() -> Self {
        let world = World::new().await;
        let options = AuthorizationServerOptions {
            effects: world.clock.effects(),
            rotation: Rotation::Always,
            access_token_lifetime: Some(Duration::from_hours(1)),
            ..AuthorizationServerOptions::default()
        };
        let server = AuthorizationServer::start(options).await.unwrap();
        let token = world.customer("c-1");
        Self {
            world,
            server,
            token,
        }
    }

    fn account(&self) -> Value {
        let base_uri = self.server.base_uri();
        json!({
            "key": "account", "name": "Account", "type": "oauth2",
            "getOAuthConfig": {"type": "mapping", "mapping": {
                "clientId": "simulated-client", "clientSecret": SECRET, "clientAuth": "basic",
                "authorizeUri": format!("{base_uri}/authorize"),
                "tokenUri": format!("{base_uri}/token"),
            }},
            "makeApiClient": {"type": "mapping", "mapping": {
                "baseUri": base_uri,
                "headers": {"Authorization": {
                    "$concat": ["Bearer ", {"$var": "credentials.access_token"}],
                }},
            }},
        })
    }

    /// Connects with tokens that live for an hour more.
    async fn connect(&self, integration: &str) -> Value {
        let issued = self.server.issue("simulated-client", "read");
        let credentials = json!({
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "expires_at": self.world.clock.seconds() + 3600,
        });
        let body = json!({"integrationKey": integration, "credentials": credentials});
        let connected = self.world.post("/connections", &self.token, body).await;
        connected.expect(201).json()
    }

    /// Connects with an account that is there already.
    async fn join(&self, integration: &str) -> Value {
        let joined = self.world.connect_with(integration, &self.token, json!({}));
        joined.await.expect(201).json()
    }

    fn pass(&self, seconds: i64) -> String {
        self.world.clock.advance(SignedDuration::from_secs(seconds));
        self.world.customer("c-1")
    }

    async fn connection(&self, id: &Value) -> Value {
        let token = self.world.customer("c-1");
        let path = format!("/connections/{}", id.as_str().unwrap());
        self.world.get(&path, &token).await.json()
    }

    fn refreshes(&self) -> u64 {
        self.server.counts().of(GrantType::RefreshToken)
    }
}

const SECRET: &str = "simulated-secret";

fn child(key: &str) -> Value {
    json!({"key": key, "name": key, "type": "proxy", "proxyKey": "account"})
}

fn id(connection: &Value) -> &str {
    connection["id"].as_str().unwrap()
}

#[tokio::test]
async fn children_share_one_account_and_its_one_refresh() {
    let scene = Scene::new().await;
    for key in ["calendar", "files"] {
        scene.world.install(child(key)).await;
    }
    let calendar = scene.connect("calendar").await;
    let files = scene.join("files").await;
    assert_eq!(
        calendar["parentConnectionId"], files["parentConnectionId"],
        "{calendar} {files}"
    );
    let token = scene.pass(3601);
    let delay = Duration::from_millis(300);
    scene.server.fault_always(TokenFault::Delay(delay));
    let requests = (0..200).map(|index| {
        let connection = if index % 2 == 0 { &calendar } else { &files };
        scene.world.proxy(id(connection), "/api/things", &token)
    });
    for answer in join_all(requests).await {
        answer.expect(200);
    }
    assert_eq!(scene.refreshes(), 1);
    assert_eq!(scene.server.counts().refresh_token_reuses, 0);
    // Tokens that were refused are as well renewed once.
    scene.server.expire_all();
    let requests = (0..20).map(|index| {
        let connection = if index % 2 == 0 { &calendar } else { &files };
        scene.world.proxy(id(connection), "/api/things", &token)
    });
    for answer in join_all(requests).await {
        answer.expect(200);
    }
    assert_eq!(scene.refreshes(), 2);
}

#[tokio::test]
async fn a_refresh_through_one_child_is_seen_by_the_other() {
    let scene = Scene::new().await;
    for key in ["calendar", "files"] {
        scene.world.install(child(key)).await;
    }
    let calendar = scene.connect("calendar").await;
    let files = scene.join("files").await;
    for connection in [&calendar, &files] {
        let answer = scene
            .world
            .proxy(id(connection), "/api/things", &scene.token);
        answer.await.expect(200);
    }
    let path = format!("/connections/{}/refresh-credentials", id(&files));
    let refreshed = scene.world.post(&path, &scene.token, json!({})).await;
    assert_eq!(refreshed.expect(200).json()["id"], files["id"]);
    let events = format!("/connections/{}/events", id(&calendar));
    let story = scene.world.get(&events, &scene.token).await.json();
    // The clock stands still, so their order says nothing.
    let mut actions = story["items"].as_array().unwrap().iter();
    assert!(
        actions.any(|item| item["action"] == "connection.refreshed"),
        "{story}"
    );
    for connection in [&calendar, &files] {
        let answer = scene
            .world
            .proxy(id(connection), "/api/things", &scene.token);
        answer.await.expect(200);
    }
    assert_eq!(scene.refreshes(), 1);
}

#[tokio::test]
async fn a_token_that_a_child_carries_elsewhere_is_refused() {
    let scene = Scene::new().await;
    let elsewhere = scene.world.provider.base_uri().to_owned();
    let mut stray = child("stray");
    stray["baseUri"] = json!(elsewhere);
    scene.world.install(stray).await;
    let host = elsewhere.trim_start_matches("http://");
    let credentials = json!({"access_token": "planted-token"});
    let body = json!({"integrationKey": "stray", "credentials": credentials});
    let connected = scene.world.post("/connections", &scene.token, body.clone());
    connected.await.expect(201);
    let refused = scene.world.proxy("stray", "/me", &scene.token).await;
    let error = refused.expect_error(400, "configuration", None);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("allowedChildHosts: [\"{host}\"]")),
        "{message}"
    );
    assert_eq!(scene.world.provider.seen().len(), 0);

    // A child in its parent's own place may not go further, whatever it lists.
    let mut sly = child("sly");
    sly["allowedHosts"] = json!([host]);
    scene.world.install(sly).await;
    let sly = scene.connect("sly").await;
    let path = format!("/connections/{}/proxy/{elsewhere}/me", id(&sly));
    let refused = scene.world.get(&path, &scene.token).await;
    let error = refused.expect_error(403, "bad_request", Some("access_denied"));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("allowedChildHosts"),
        "{error}"
    );
    assert_eq!(scene.world.provider.seen().len(), 0);

    // Unless the parent says so.
    let mut account = scene.account();
    account["allowedChildHosts"] = json!([host]);
    let admin = scene.world.admin();
    scene
        .world
        .post("/connectors", &admin, account)
        .await
        .expect(200);
    scene
        .world
        .post("/connections", &scene.token, body)
        .await
        .expect(201);
    scene
        .world
        .proxy("stray", "/echo", &scene.token)
        .await
        .expect(200);
    let request = scene.world.provider.seen().pop().unwrap();
    assert_eq!(request.headers["authorization"], "Bearer planted-token");
}

#[tokio::test]
async fn no_child_tells_the_credentials() {
    let scene = Scene::with_auth_proxy().await;
    let tells = "export default function (args) { return JSON.stringify(args) }";
    let mut spy = child("spy");
    spy["operations"] = json!({"tell": {"run": {"type": "javascript", "code": tells}}});
    spy["makeApiClient"] = json!({"type": "javascript", "code":
        "export default ({credentials}) => {\n\
         console.log('it is', credentials.access_token.split('').reverse().join(''))\n\
         return {headers: {Authorization: 'Bearer ' + credentials.access_token}}}"});
    scene.world.install(spy).await;
    let issued = scene.server.issue("simulated-client", "read");
    let access_token = issued.access_token.clone();
    let body = json!({"integrationKey": "spy", "credentials": {
        "access_token": issued.access_token, "refresh_token": issued.refresh_token,
    }});
    let spy = scene.world.post("/connections", &scene.token, body).await;
    let spy = spy.expect(201).json();
    let backwards: String = access_token.chars().rev().collect();
    let admin = scene.world.admin();
    let secrets = format!("/connections/{}?includeSecrets=true", id(&spy));
    let secrets = scene.world.get(&secrets, &admin).await;
    assert!(secrets.expect(200).json().get("credentials").is_none());
    let run = format!("/connections/{}/operations/tell/run?logs=1", id(&spy));
    let told = scene.world.post(&run, &admin, json!({})).await;
    let told = told.expect(200).text();
    let proxied = scene
        .world
        .proxy(id(&spy), "/api/things", &scene.token)
        .await;
    let proxied = proxied.expect(200).text();
    for text in [secrets.text(), told, proxied] {
        assert!(!text.contains(&access_token), "{text}");
        assert!(!text.contains(&backwards), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
    let account = spy["parentConnectionId"].as_str().unwrap();
    let account = format!("/connections/{account}");
    scene.world.get(&account, &scene.token).await.expect(404);
    scene.world.get(&account, &admin).await.expect(200);
    let path = format!("{account}?includeSecrets=true");
    let secrets = scene.world.get(&path, &admin);
    secrets
        .await
        .expect_error(403, "bad_request", Some("access_denied"));
}

#[tokio::test]
async fn a_childs_client_answers_no_requests_and_its_words_are_not_heard() {
    let scene = Scene::new().await;
    let code = |text: &str| json!({"type": "javascript", "code": format!("export default ({{credentials}}) => {text}")});
    let handlers =
        "responseHandlers: [{match: true, isSuccess: true, data: credentials.access_token}]";
    let token = json!({"$var": "credentials.access_token"});
    let computed = json!({"$mergeObjects": [{
        "responseHandlers": [{"match": true, "isSuccess": true, "data": token}],
    }]});
    let clients = [
        code("({get: async () => credentials})"),
        code("({onError: () => credentials})"),
        code(&format!("({{{handlers}}})")),
        code(&format!("({{args: {{{handlers}}}}})")),
        code(&format!("({{dynamicOptions: () => ({{{handlers}}})}})")),
        json!({"type": "mapping", "mapping": computed}),
        code("{ throw new Error([...credentials.access_token].join(' ')) }"),
        code("{ throw Object.assign(new Error('no'), {key: credentials.access_token}) }"),
        code(
            "{ const e = new Error('no'); e.stack = `Error\n    at ${credentials.access_token} (x.js:1:1)`; throw e }",
        ),
        code("({[credentials.access_token]: () => 1, x: new Map()})"),
        code("({headers: {[credentials.access_token + ' ']: 'x'}})"),
        code("({baseUri: `https://${credentials.access_token}.example.com`})"),
        code(
            "({dynamicOptions: () => ({baseUri: `https://${credentials.access_token}.example.com`})})",
        ),
        json!({"type": "mapping", "mapping": {
            "baseUri": {"$concat": ["https://", token, ".example.com"]},
        }}),
    ];
    for (index, client) in clients.into_iter().enumerate() {
        let key = format!("child-{index}");
        let mut connector = child(&key);
        connector["makeApiClient"] = client.clone();
        scene.world.install(connector).await;
        let body = json!({"integrationKey": key, "credentials": {"access_token": "planted"}});
        let connected = scene.world.post("/connections", &scene.token, body).await;
        connected.expect(201);
        let answer = scene.world.proxy(&key, "/me?logs=1", &scene.token).await;
        let text = answer.text();
        assert!(
            !text.contains("planted") && !text.contains("p l a n"),
            "{client}: {text}"
        );
        assert!(
            answer.status == 400 || answer.status == 401,
            "{client}: {text}"
        );
    }
}

#[tokio::test]
async fn everybody_above_has_a_say_in_where_credentials_go() {
    let scene = Scene::new().await;
    let elsewhere = scene.world.provider.base_uri().to_owned();
    let host = elsewhere.trim_start_matches("http://").to_owned();
    let mut suite = child("suite");
    suite["allowedChildHosts"] = json!([host]);
    scene.world.install(suite).await;
    let own = json!({"type": "mapping", "mapping": {
        "headers": {"Authorization": {"$var": "credentials.access_token"}},
    }});
    for (key, client) in [("plain", None), ("own", Some(own))] {
        let mut app = child(key);
        app["proxyKey"] = json!("suite");
        app["baseUri"] = json!(elsewhere);
        if let Some(client) = client {
            app["makeApiClient"] = client;
        }
        scene.world.install(app).await;
        scene.connect(key).await;
        let refused = scene.world.proxy(key, "/me", &scene.token).await;
        refused.expect_error(400, "configuration", None);
    }
    assert_eq!(scene.world.provider.seen().len(), 0);
}

#[tokio::test]
async fn a_childs_parameters_do_not_move_its_parent() {
    let world = World::new().await;
    let token = world.customer("c-1");
    let mut account = api_key_connector("account", "unused");
    account["makeApiClient"]["mapping"]["baseUri"] = json!({"$var": "connectorParameters.base"});
    let parameters = json!({"parameters": {"base": world.provider.base_uri()}});
    world.install_with(account, parameters).await;
    let mut sly = child("sly");
    sly["parametersSchema"] = json!({"type": "object", "properties": {
        "base": {"type": "string", "default": "http://127.0.0.1:9"},
    }});
    world.install(sly).await;
    let sly = world.connect("sly", &token).await;
    world.proxy(&sly, "/me", &token).await.expect(200);
}

#[tokio::test]
async fn a_field_of_both_forms_is_the_accounts() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world
        .install(api_key_connector("account", world.provider.base_uri()))
        .await;
    let mut spy = child("spy");
    spy["inputSchema"] = json!({"type": "object", "properties": {"apiKey": {"type": "string"}}});
    let tells = "export default ({connectionInput}) => connectionInput";
    spy["operations"] = json!({"tell": {"run": {"type": "javascript", "code": tells}}});
    world.install(spy).await;
    let spy = world.connect("spy", &token).await;
    let run = format!("/connections/{spy}/operations/tell/run");
    let told = world.post(&run, &token, json!({})).await.expect(200).text();
    assert!(!told.contains("simulated-api-key"), "{told}");
}

#[tokio::test]
async fn what_is_hidden_works_for_its_owner_all_the_same() {
    let scene = Scene::with_auth_proxy().await;
    scene.world.install(child("calendar")).await;
    let calendar = scene.connect("calendar").await;
    let path = format!("/connections/{}", id(&calendar));
    let test = format!("{path}/test");
    let tested = scene.world.post(&test, &scene.token, json!({}));
    assert_eq!(tested.await.expect(200).json()["success"], true);
    let issued = scene.server.issue("simulated-client", "read");
    let body = json!({"credentials": {"access_token": issued.access_token}});
    scene
        .world
        .patch(&path, &scene.token, body)
        .await
        .expect(200);
    scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token)
        .await
        .expect(200);
    // By itself it is used by nobody, not even by admins.
    let admin = scene.world.admin();
    let account = calendar["parentConnectionId"].as_str().unwrap();
    scene
        .world
        .proxy(account, "/api/things", &admin)
        .await
        .expect(403);
    // An auth proxy that comes back has its accounts.
    let deleted = scene.world.delete("/auth-proxies/account", &admin);
    deleted.await.expect(200);
    scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token)
        .await
        .expect(400);
    let restored = scene.world.call(
        Method::PUT,
        "/auth-proxies/account",
        &admin,
        Some(json!({})),
    );
    restored.await.expect(200);
    scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token)
        .await
        .expect(200);
}

#[tokio::test]
async fn the_state_of_the_account_shows_on_each_child_and_heals_on_all() {
    let scene = Scene::new().await;
    for key in ["calendar", "files"] {
        scene.world.install(child(key)).await;
    }
    let calendar = scene.connect("calendar").await;
    let files = scene.join("files").await;
    scene.server.revoke_all();
    let answer = scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token);
    answer.await;
    for connection in [&calendar, &files] {
        let seen = scene.connection(&connection["id"]).await;
        assert_eq!(seen["state"], "CLIENT_ACTION_REQUIRED", "{seen}");
        assert_eq!(seen["error"]["class"], "terminal");
        assert_eq!(
            seen["error"]["parentConnectionId"],
            calendar["parentConnectionId"]
        );
    }
    let broken = "/connections?disconnected=true";
    let broken = scene.world.get(broken, &scene.token).await.json();
    assert_eq!(broken["items"].as_array().unwrap().len(), 3, "{broken}");
    // Connecting any of them connects the account.
    let again = scene.connect("files").await;
    assert_eq!(again["parentConnectionId"], calendar["parentConnectionId"]);
    let seen = scene.connection(&calendar["id"]).await;
    assert_eq!(seen["state"], "READY");
    let answer = scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token);
    answer.await.expect(200);
}

#[tokio::test]
async fn children_follow_an_account_that_is_replaced() {
    let scene = Scene::new().await;
    scene.world.install(child("calendar")).await;
    let first = scene.connect("account").await;
    let calendar = scene.join("calendar").await;
    assert_eq!(calendar["parentConnectionId"], first["id"]);
    let second = scene.connect("account").await;
    assert_ne!(first["id"], second["id"]);
    let seen = scene.connection(&calendar["id"]).await;
    assert_eq!(seen["parentConnectionId"], second["id"]);
    let answer = scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token);
    answer.await.expect(200);
    let path = format!("/connections/{}", id(&second));
    scene.world.delete(&path, &scene.token).await.expect(200);
    let seen = scene.connection(&calendar["id"]).await;
    assert_eq!(seen["state"], "CLIENT_ACTION_REQUIRED");
    assert_eq!(seen["error"]["key"], "parent_archived");
    let answer = scene
        .world
        .proxy(id(&calendar), "/api/things", &scene.token);
    answer.await.expect(400);
    let test = format!("/connections/{}/test", id(&calendar));
    scene
        .world
        .post(&test, &scene.token, json!({}))
        .await
        .expect(400);
}

#[tokio::test]
async fn the_last_child_takes_an_auth_proxys_account_with_it() {
    let scene = Scene::with_auth_proxy().await;
    for key in ["calendar", "files"] {
        scene.world.install(child(key)).await;
    }
    let calendar = scene.connect("calendar").await;
    let files = scene.join("files").await;
    let account = format!(
        "/connections/{}",
        files["parentConnectionId"].as_str().unwrap()
    );
    let admin = scene.world.admin();
    for (connection, status) in [(&calendar, 200), (&files, 404)] {
        let path = format!("/connections/{}", id(connection));
        scene.world.delete(&path, &scene.token).await.expect(200);
        scene.world.get(&account, &admin).await.expect(status);
    }
}

#[tokio::test]
async fn the_last_child_takes_an_integrations_account_where_it_is_asked_to() {
    let scene = Scene::new().await;
    scene.world.install(child("calendar")).await;
    let calendar = scene.connect("calendar").await;
    let account = format!(
        "/connections/{}",
        calendar["parentConnectionId"].as_str().unwrap()
    );
    let path = format!("/connections/{}", id(&calendar));
    scene.world.delete(&path, &scene.token).await.expect(200);
    scene.world.get(&account, &scene.token).await.expect(200);
    let calendar = scene.join("calendar").await;
    let path = format!("/connections/{}?withParent=true", id(&calendar));
    scene.world.delete(&path, &scene.token).await.expect(200);
    scene.world.get(&account, &scene.token).await.expect(404);
}

#[tokio::test]
async fn nobody_sees_an_auth_proxy() {
    let scene = Scene::with_auth_proxy().await;
    let admin = scene.world.admin();
    for token in [&scene.token, &admin] {
        let all = scene.world.get("/integrations", token).await.json();
        assert_eq!(all["items"], json!([]));
        scene
            .world
            .get("/integrations/account", token)
            .await
            .expect(404);
        let connecting = scene.world.connect_with("account", token, json!({}));
        connecting.await.expect(404);
    }
    scene
        .world
        .get("/auth-proxies", &scene.token)
        .await
        .expect(403);
    let seen = scene.world.get("/auth-proxies/account", &admin).await;
    let seen = seen.expect(200).json();
    assert_eq!(seen["hasParameters"], true);
    assert!(!seen.to_string().contains(SECRET), "{seen}");
    let body = json!({"key": "account", "connectorKey": "account"});
    scene
        .world
        .post("/integrations", &admin, body)
        .await
        .expect(409);
    // Neither is a connection of it.
    scene.world.install(child("calendar")).await;
    scene.connect("calendar").await;
    for token in [&scene.token, &admin] {
        let all = scene.world.get("/connections", token).await.json();
        assert_eq!(all["items"].as_array().unwrap().len(), 1);
    }
    let of_proxy = scene
        .world
        .get("/connections?integrationKey=account", &admin);
    assert_eq!(of_proxy.await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_chain_ends_at_the_account() {
    let scene = Scene::new().await;
    let mut suite = child("suite");
    suite["makeApiClient"] = json!({"type": "mapping", "mapping": {
        "headers": {
            "Authorization": {"$concat": ["Bearer ", {"$var": "credentials.access_token"}]},
            "X-Suite": "yes",
        },
    }});
    scene.world.install(suite).await;
    let mut app = child("app");
    app["proxyKey"] = json!("suite");
    scene.world.install(app).await;
    let app = scene.connect("app").await;
    scene
        .world
        .proxy(id(&app), "/api/things", &scene.token)
        .await
        .expect(200);
    let account = scene.world.get("/connections/account", &scene.token).await;
    assert_eq!(account.json()["id"], app["parentConnectionId"]);
    let path = format!("/connections/{}/refresh-credentials", id(&app));
    scene
        .world
        .post(&path, &scene.token, json!({}))
        .await
        .expect(200);
    assert_eq!(scene.refreshes(), 1);
}

#[tokio::test]
async fn what_cannot_be_delegated_to_is_said() {
    let scene = Scene::new().await;
    let mut lost = child("lost");
    lost["proxyKey"] = json!("nowhere");
    let mut round = child("round");
    round["proxyKey"] = json!("trip");
    let mut trip = child("trip");
    trip["proxyKey"] = json!("round");
    let mut itself = child("itself");
    itself["proxyKey"] = json!("itself");
    let token = json!({"key": "token", "name": "Token", "type": "membrane-token",
        "baseUri": "https://api.example.com"});
    let mut mine = child("mine");
    mine["proxyKey"] = json!("token");
    for connector in [lost, round, trip, itself, token, mine] {
        scene.world.install(connector).await;
    }
    for (key, words) in [
        ("lost", "neither an integration nor an auth proxy"),
        ("round", "round → trip → round"),
        ("itself", "itself → itself"),
        ("mine", "no account to share"),
    ] {
        let refused = scene.world.connect_with(key, &scene.token, json!({})).await;
        let error = refused.expect_error(400, "configuration", None);
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{error}"
        );
        let path = format!("/integrations/{key}");
        let seen = scene.world.get(&path, &scene.token);
        let seen = seen.await.json();
        assert_eq!(seen["state"], "CONFIGURATION_ERROR");
        assert!(seen["errors"].to_string().contains(words), "{seen}");
    }
}

#[tokio::test]
async fn a_form_asks_for_both_and_each_keeps_its_own() {
    let world = World::new().await;
    let token = world.customer("c-1");
    world
        .install(api_key_connector("account", world.provider.base_uri()))
        .await;
    let mut site = child("site");
    site["inputSchema"] = json!({
        "type": "object", "properties": {"site": {"type": "string"}}, "required": ["site"],
    });
    let tells =
        "export default ({connectionInput, credentials}) => ({connectionInput, credentials})";
    site["operations"] = json!({"tell": {"run": {"type": "javascript", "code": tells}}});
    site["test"] = json!({"type": "rest-api-mapping", "mapping": {"path": "/me", "method": "GET"}});
    world.install(site).await;
    let asked = world.get("/integrations/site", &token).await.json();
    let form = &asked["authOptions"][0]["inputSchema"];
    assert_eq!(form["required"], json!(["apiKey", "site"]), "{asked}");
    let missing = world.connect_with("site", &token, json!({"apiKey": "simulated-api-key"}));
    missing.await.expect(400);
    let wrong = json!({"apiKey": "wrong", "site": "s"});
    world.connect_with("site", &token, wrong).await.expect(400);
    let all = world.get("/connections", &token).await.json();
    assert_eq!(all["items"], json!([]));
    let input = json!({"apiKey": "simulated-api-key", "site": "s"});
    let connected = world.connect_with("site", &token, input).await;
    let connected = connected.expect(201).json();
    let run = format!("/connections/{}/operations/tell/run", id(&connected));
    let told = world.post(&run, &token, json!({})).await.json();
    assert_eq!(
        told["output"],
        json!({"connectionInput": {"site": "s"}}),
        "{told}"
    );
    // Who has an account is asked for the rest only.
    let asked = world.get("/integrations/site", &token).await.json();
    let form = &asked["authOptions"][0]["inputSchema"];
    assert_eq!(form["required"], json!(["site"]), "{asked}");
    let test = format!("/connections/{}/test", id(&connected));
    let tested = world.post(&test, &token, json!({})).await.json();
    assert_eq!(tested["success"], true, "{tested}");
}

#[tokio::test]
async fn status_of_a_child_is_its_own_where_the_account_is_well() {
    let scene = Scene::new().await;
    let mut picky = child("picky");
    picky["test"] = json!({"type": "rest-api-mapping", "mapping": {"path": "/api/things"}});
    scene.world.install(picky).await;
    scene.world.install(child("plain")).await;
    let picky = scene.connect("picky").await;
    let plain = scene.join("plain").await;
    for connection in [&picky, &plain] {
        let test = format!("/connections/{}/test", id(connection));
        let tested = scene
            .world
            .post(&test, &scene.token, json!({}))
            .await
            .json();
        assert_eq!(tested["success"], true, "{tested}");
        assert_eq!(tested["connection"]["id"], connection["id"]);
    }
    assert_eq!(scene.connection(&plain["id"]).await["state"], "READY");
    let answer = scene.world.proxy(id(&plain), "/api/things", &scene.token);
    assert_eq!(answer.await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_push_that_delegates_to_nobody_is_refused() {
    let world = World::new().await;
    let admin = world.admin();
    let spec = |auth: &str| json!({"spec.yml": format!("name: It\nbaseUri: https://api.example.com\nauth: {auth}\n")});
    let connector =
        |key: &str, auth: &str| json!({"type": "connectors", "key": key, "files": spec(auth)});
    let installed =
        |kind: &str, key: &str| json!({"type": kind, "key": key, "content": {"connectorKey": key}});
    let push = |elements: Vec<Value>| {
        let body = json!({ "elements": elements });
        world.post("/workspace/push", &admin, body)
    };
    for (auth, words) in [
        ("{type: proxy, proxyKey: nowhere}", "neither an integration"),
        ("{type: proxy, proxyKey: b}", "a → b → a"),
        ("{type: proxy, proxyKey: token}", "no account to share"),
    ] {
        let pushed = push(vec![
            connector("a", auth),
            connector("b", "{type: proxy, proxyKey: a}"),
            connector("token", "{type: membrane-token}"),
            installed("integrations", "a"),
            installed("auth-proxies", "b"),
            installed("integrations", "token"),
        ]);
        let refused = pushed.await.expect(400).json();
        let issues = refused["data"]["issues"].to_string();
        assert!(issues.contains(words), "{refused}");
    }
    let interface = json!({"type": "interfaces", "key": "api", "content": {
        "baseUri": "https://api.example.com", "auth": {"type": "proxy", "proxyKey": "nowhere"},
    }});
    let refused = push(vec![interface]).await.expect(400).json();
    let issue = &refused["data"]["issues"][0];
    assert_eq!(issue["type"], "interfaces", "{refused}");
    assert!(
        issue.to_string().contains("neither an integration"),
        "{refused}"
    );
    let pushed = push(vec![
        connector("a", "{type: proxy, proxyKey: b}"),
        connector(
            "b",
            "{type: client-credentials, makeApiClient: {type: mapping, mapping: {}}}",
        ),
        installed("integrations", "a"),
        installed("auth-proxies", "b"),
    ]);
    pushed.await.expect(200);
    // What is there already is part of the chain.
    let pushed = push(vec![connector("b", "{type: proxy, proxyKey: a}")]);
    let refused = pushed.await.expect(400).json();
    assert!(
        refused["data"]["issues"].to_string().contains("a → b → a"),
        "{refused}"
    );
}
