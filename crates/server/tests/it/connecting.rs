//! Connecting an account in a browser, as far as no real browser is needed to tell: what scopes do
//! to it, and callbacks that began elsewhere.

use authbridge_testkit::oauth2::{AuthorizationServer, AuthorizationServerOptions, Pkce};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Answer, World, fetch};

struct Scene {
    world: World,
    server: AuthorizationServer,
}

impl Scene {
    /// A connector that asks for `read` and `write`, with more members in its config.
    async fn new(more: Value, integration: Value) -> Self {
        let world = World::new().await;
        let server = AuthorizationServer::start(AuthorizationServerOptions {
            effects: world.clock.effects(),
            pkce: Pkce::Optional,
            ..AuthorizationServerOptions::default()
        });
        let server = server.await.unwrap();
        let spec = connector(server.base_uri(), more);
        world.install_with(spec, integration).await;
        Self { world, server }
    }

    fn grant(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.server.change(|options| options.scopes = Some(scopes));
    }

    /// Connects in a browser, and gives where it ends.
    async fn connect(&self) -> Url {
        let token = self.world.customer("c-1");
        let query = [
            ("integrationKey", "oauth"),
            ("token", &token),
            ("redirectUri", "https://app.example.com/done"),
        ];
        self.browse(url("http://authbridge.test/connect", &query))
            .await
    }

    /// Follows redirects as a browser does, until they lead to a place that is not of this test.
    async fn browse(&self, mut at: Url) -> Url {
        let mut cookie = String::new();
        loop {
            let address = match at.host_str() {
                Some("authbridge.test") | None => self.world.address,
                Some("127.0.0.1") if at.port() == Some(self.world.address.port()) => {
                    self.world.address
                }
                Some("127.0.0.1") => self.server.address(),
                Some(_) => return at,
            };
            let path = &at[url::Position::BeforePath..];
            let request = Request::get(path)
                .header("host", at.authority())
                .header("cookie", &cookie)
                .body(Full::<Bytes>::default())
                .unwrap();
            let answer: Answer = fetch(address, request).await;
            if let Some(set) = answer.header("set-cookie") {
                set.split(';').next().unwrap().clone_into(&mut cookie);
            }
            let location = answer.header("location").unwrap_or_else(|| {
                panic!("{at} leads nowhere: {} {}", answer.status, answer.text());
            });
            at = at.join(location).unwrap();
        }
    }

    async fn connection(&self) -> Value {
        let token = self.world.customer("c-1");
        let found = self.world.get("/connections/oauth", &token).await;
        found.expect(200).json()
    }

    /// A code of the external app's own store, which knows nothing of PKCE or states.
    async fn code_from_outside(&self) -> String {
        let query = [
            ("response_type", "code"),
            ("client_id", "simulated-client"),
            ("redirect_uri", "https://app.example.com/installed"),
            ("scope", "read write"),
        ];
        let at = url(&format!("{}/authorize", self.server.base_uri()), &query);
        let installed = self.browse(at).await;
        parameter(&installed, "code").unwrap()
    }
}

fn callback(query: &[(&str, &str)]) -> String {
    let at = url("http://authbridge.test/oauth-callback", query);
    at[url::Position::BeforePath..].to_owned()
}

fn connector(base_uri: &str, more: Value) -> Value {
    let mut config = json!({
        "clientId": "simulated-client",
        "clientSecret": "simulated-secret",
        "authorizeUri": format!("{base_uri}/authorize"),
        "tokenUri": format!("{base_uri}/token"),
        "scopes": ["read", "write"],
    });
    let Value::Object(more) = more else { panic!() };
    config.as_object_mut().unwrap().extend(more);
    json!({
        "key": "oauth",
        "name": "OAuth",
        "type": "oauth2",
        "getOAuthConfig": {"type": "mapping", "mapping": config},
        "makeApiClient": {"type": "mapping", "mapping": {
            "baseUri": base_uri,
            "headers": {"Authorization": {
                "$concat": ["Bearer ", {"$var": "credentials.access_token"}],
            }},
        }},
        "operations": {"write": {"key": "write", "run": {"type": "javascript", "code":
            "export default async () => {
                const error = new Error('write is forbidden')
                error.response = { status: 403 }
                throw error
            }",
        }}},
    })
}

fn url(base: &str, query: &[(&str, &str)]) -> Url {
    Url::parse_with_params(base, query).unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn what_was_granted_is_shown_beside_what_is_missing() {
    let scene = Scene::new(json!({}), json!({})).await;
    scene.grant(&["read"]);
    let end = scene.connect().await;
    assert!(parameter(&end, "connectionId").is_some(), "{end}");
    let connection = scene.connection().await;
    assert_eq!(connection["state"], "READY");
    assert_eq!(connection["grantedScopes"], json!(["read"]));
    assert_eq!(connection["missingScopes"], json!(["write"]));
}

#[tokio::test]
async fn what_fails_for_want_of_a_scope_says_so_and_where_to_allow_it() {
    let scene = Scene::new(json!({}), json!({})).await;
    scene.grant(&["read"]);
    scene.connect().await;
    let id = scene.connection().await["id"].as_str().unwrap().to_owned();
    let path = format!("/connections/{id}/operations/write/run");
    let token = scene.world.customer("c-1");
    let run = scene.world.post(&path, &token, json!({})).await;
    let error = run.json();
    assert_eq!(error["data"]["missingScopes"], json!(["write"]), "{error}");
    let uri = error["data"]["connectUri"].as_str().unwrap();
    let (_, link) = uri.rsplit_once("/connect/").unwrap();
    assert_eq!(link.len(), 43, "a link that needs no token: {uri}");
    let link = format!("/connect/{link}?moved=1");
    let opened = scene.world.get(&link, "").await;
    opened.expect(303);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("did not grant `write`") && !message.contains("/connect/"),
        "{message}"
    );
    // With everything granted the same failure is just what it is.
    scene.grant(&["read", "write"]);
    scene.connect().await;
    let run = scene
        .world
        .post("/connections/oauth/operations/write/run", &token, json!({}))
        .await;
    assert!(!run.text().contains("did not grant"), "{}", run.text());
}

#[tokio::test]
async fn without_a_required_scope_there_is_no_connection() {
    let scene = Scene::new(json!({ "requiredScopes": ["write"] }), json!({})).await;
    scene.grant(&["read"]);
    let end = scene.connect().await;
    let error = parameter(&end, "error").unwrap_or_else(|| panic!("{end}"));
    assert!(error.contains("did not grant `write`"), "{error}");
    let token = scene.world.customer("c-1");
    scene
        .world
        .get("/connections/oauth", &token)
        .await
        .expect(404);
    scene.grant(&["read", "write"]);
    scene.connect().await;
    assert_eq!(scene.connection().await["state"], "READY");
}

#[tokio::test]
async fn an_install_from_outside_connects_where_the_integration_allows_it() {
    let own = json!({
        "allowExternalCallback": true,
        "oAuthCallbackUri": "https://app.example.com/installed",
    });
    let scene = Scene::new(json!({}), own).await;
    let (code, token) = (scene.code_from_outside().await, scene.world.customer("c-1"));
    let query = [
        ("integration", "oauth"),
        ("token", &token),
        ("code", &code),
        ("redirectUri", "https://app.example.com/done"),
    ];
    let callback = callback(&query);
    let done = scene.world.get(&callback, "").await;
    let location = Url::parse(done.expect(302).header("location").unwrap()).unwrap();
    assert_eq!(location.host_str(), Some("app.example.com"));
    assert_eq!(scene.connection().await["state"], "READY");
    // Codes work once, and the failure goes where the app wants it.
    let again = scene.world.get(&callback, "").await;
    let location = Url::parse(again.expect(302).header("location").unwrap()).unwrap();
    assert!(parameter(&location, "error").is_some(), "{location}");
}

#[tokio::test]
async fn an_install_from_outside_is_refused_everywhere_else() {
    let own = json!({ "oAuthCallbackUri": "https://app.example.com/installed" });
    let scene = Scene::new(json!({}), own).await;
    let (code, token) = (scene.code_from_outside().await, scene.world.customer("c-1"));
    let query = [("integration", "oauth"), ("token", &token), ("code", &code)];
    let refused = scene.world.get(&callback(&query), "").await;
    assert!(
        refused.text().contains("allowExternalCallback"),
        "{}",
        refused.text()
    );
    let query = [
        ("integration", "oauth"),
        ("token", "nobody's"),
        ("code", &code),
        ("redirectUri", "https://evil.example.com/"),
    ];
    let refused = scene.world.get(&callback(&query), "").await;
    assert_eq!(refused.header("location"), None);
    scene
        .world
        .get("/connections/oauth", &token)
        .await
        .expect(404);
}
