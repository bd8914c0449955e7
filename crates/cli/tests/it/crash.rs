//! The server, killed while it refreshes: at every step, and at random. The provider rotates
//! refresh tokens, and revokes everything when an old one is used again.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use ::http::StatusCode;
use authbridge_core::Effects;
use authbridge_testkit::oauth2::{
    AuthorizationServer, AuthorizationServerOptions, FaultAnswer, FaultBody, GrantType, Rotation,
    TokenFault,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Place, Server, http};

/// How often the server is killed at a moment that nobody chose.
const RANDOM_KILLS: u32 = 200;

/// How many connections are refreshed when that happens.
const CONNECTIONS: usize = 4;

/// A provider, and a place in which one server after the other serves.
struct Scene {
    place: Place,
    provider: AuthorizationServer,
    token: String,
    _runtime: Runtime,
}

impl Scene {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let options = AuthorizationServerOptions {
            rotation: Rotation::Always,
            ..AuthorizationServerOptions::default()
        };
        let starting = AuthorizationServer::start(options);
        let provider = runtime.block_on(starting).unwrap();
        let place = Place::new();
        let scene = Self {
            token: mint(&place, &["--customer", "user-42"]),
            place,
            provider,
            _runtime: runtime,
        };
        let server = scene.serve();
        let admin = mint(&scene.place, &["--admin"]);
        let install = |path, body| {
            let (status, answer) = http::post(&server.url, path, &admin, &body);
            assert_eq!(status, 201, "{answer}");
        };
        install("/connectors", connector(scene.provider.base_uri()));
        install(
            "/integrations",
            json!({"key": "oauth", "connectorKey": "oauth"}),
        );
        server.stop();
        scene
    }

    fn serve(&self) -> Server {
        Server::start(self.place.command(&["serve", "--dev"]))
    }

    /// A server that stops for ever when it comes to `step`.
    fn serve_until(&self, step: &str) -> Server {
        let arguments = ["serve", "--dev", "--pause-at", step];
        Server::start(self.place.command(&arguments))
    }

    fn call(&self, server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.try_call(&server.url, method, path, body).unwrap()
    }

    fn try_call(
        &self,
        url: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> io::Result<(u16, Value)> {
        http::call(method, url, path, &self.token, body)
    }

    fn credentials(&self) -> Value {
        let issued = self.provider.issue("simulated-client", "read");
        json!({
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "expires_in": 3600,
        })
    }

    fn connect(&self, server: &Server) -> String {
        let body = json!({
            "integrationKey": "oauth",
            "credentials": self.credentials(),
            "allowMultipleConnections": true,
        });
        let (status, connection) = self.call(server, "POST", "/connections", &body);
        assert_eq!(status, 201, "{connection}");
        connection["id"].as_str().unwrap().to_owned()
    }

    fn reconnect(&self, server: &Server, id: &str) {
        let body = json!({ "credentials": self.credentials() });
        let path = format!("/connections/{id}");
        let (status, answer) = self.call(server, "PATCH", &path, &body);
        assert_eq!(status, 200, "{answer}");
    }

    /// How a connection is after it was asked to refresh.
    fn fate(&self, server: &Server, id: &str) -> Fate {
        let path = format!("/connections/{id}/refresh-credentials");
        let (status, answer) = self.call(server, "POST", &path, &json!({}));
        if status == 200 {
            return Fate::Valid;
        }
        let path = format!("/connections/{id}");
        let (_, connection) = self.call(server, "GET", &path, &json!({}));
        assert_eq!(connection["state"], "CLIENT_ACTION_REQUIRED", "{answer}");
        assert_eq!(
            connection["error"]["key"], "refresh_interrupted",
            "{connection}"
        );
        Fate::Interrupted
    }

    /// Refreshes until `step` is reached, and kills the server there.
    fn kill_at(&self, step: &str, id: &str) {
        let server = self.serve_until(step);
        thread::scope(|scope| {
            let path = format!("/connections/{id}/refresh-credentials");
            let url = server.url.clone();
            // It ends with the server, and without an answer.
            scope.spawn(move || drop(self.try_call(&url, "POST", &path, &json!({}))));
            server.wait_for(&format!("paused at {step}"));
            server.kill();
        });
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Valid,
    Interrupted,
}

fn mint(place: &Place, arguments: &[&str]) -> String {
    let ran = place.run(&[&["token", "mint", "--expires-in", "86400"], arguments].concat());
    ran.succeeded().stdout.trim().to_owned()
}

fn connector(base_uri: &str) -> Value {
    json!({
        "key": "oauth",
        "name": "OAuth",
        "type": "oauth2",
        "getOAuthConfig": {"type": "mapping", "mapping": {
            "clientId": "simulated-client",
            "clientSecret": "simulated-secret",
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

/// Where a process is killed, and what then has to become of the connection.
const STEPS: [(&str, Fate); 6] = [
    // The provider has not been asked.
    ("refresh.claimed", Fate::Valid),
    // Its answer was in this process's memory and nowhere else; the only token that is left has
    // been used.
    ("refresh.answered", Fate::Interrupted),
    ("refresh.spooled", Fate::Valid),
    ("refresh.committed", Fate::Valid),
    ("refresh.unspooled", Fate::Valid),
    // After a failure that says nothing about the credentials.
    ("refresh.released", Fate::Valid),
];

#[test]
fn a_server_that_is_killed_at_any_step_loses_no_answer_that_it_had_stored() {
    let scene = Scene::new();
    let server = scene.serve();
    let id = scene.connect(&server);
    server.stop();
    for (step, expected) in STEPS {
        if step == "refresh.released" {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let answer = FaultAnswer::new(status, FaultBody::Html);
            scene.provider.fault_always(TokenFault::Answer(answer));
        }
        scene.kill_at(step, &id);
        scene.provider.recover();
        let server = scene.serve();
        assert_eq!(scene.fate(&server, &id), expected, "{step}");
        if expected == Fate::Interrupted {
            scene.reconnect(&server, &id);
        }
        server.stop();
    }
}

#[test]
fn what_was_in_the_spool_is_part_of_the_story() {
    let scene = Scene::new();
    let server = scene.serve();
    let id = scene.connect(&server);
    server.stop();
    scene.kill_at("refresh.spooled", &id);
    let server = scene.serve();
    server.wait_for("fresh credentials: they were in the spool");
    let path = format!("/connections/{id}");
    let connection = scene.call(&server, "GET", &path, &json!({})).1;
    assert_eq!(connection["state"], "READY");
    let path = format!("/connections/{id}/events");
    loop {
        let (_, events) = scene.call(&server, "GET", &path, &json!({}));
        if events["items"][0]["detail"]["cause"] == "recovered" {
            break;
        }
        thread::yield_now();
    }
}

#[test]
fn a_server_that_is_asked_to_stop_stores_what_it_has_asked_for() {
    let scene = Scene::new();
    let server = scene.serve();
    let id = scene.connect(&server);
    let delay = TokenFault::Delay(Duration::from_millis(300));
    scene.provider.fault_always(delay);
    let path = format!("/connections/{id}/refresh-credentials");
    let (authority, token) = (server.url.replace("http://", ""), &scene.token);
    let mut caller = TcpStream::connect(&authority).unwrap();
    write!(
        caller,
        "POST {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {token}\r\n\
         content-length: 0\r\n\r\n"
    )
    .unwrap();
    while scene.provider.counts().of(GrantType::RefreshToken) == 0 {
        thread::yield_now();
    }
    // Nobody waits for it any more.
    drop(caller);
    assert_eq!(server.stop().code, Some(0));
    scene.provider.recover();
    let server = scene.serve();
    assert_eq!(scene.fate(&server, &id), Fate::Valid);
    assert_eq!(scene.provider.counts().refresh_token_reuses, 0);
}

#[test]
fn a_server_that_is_killed_at_random_loses_nothing_silently() {
    let scene = Scene::new();
    scene
        .provider
        .fault_always(TokenFault::Delay(Duration::from_millis(5)));
    let effects = Effects::of_the_system();
    let mut server = scene.serve();
    let ids: Vec<String> = (0..CONNECTIONS).map(|_| scene.connect(&server)).collect();
    let mut interrupted = 0;
    for _ in 0..RANDOM_KILLS {
        // A refresh takes some twenty milliseconds here.
        let [random] = effects.random_bytes::<1>();
        let moment = Duration::from_micros(u64::from(random) * 150);
        thread::scope(|scope| {
            for id in &ids {
                let path = format!("/connections/{id}/refresh-credentials");
                let (scene, url) = (&scene, server.url.clone());
                scope.spawn(move || drop(scene.try_call(&url, "POST", &path, &json!({}))));
            }
            thread::sleep(moment);
            server.kill();
        });
        server = scene.serve();
        for id in &ids {
            if scene.fate(&server, id) == Fate::Interrupted {
                interrupted += 1;
                scene.reconnect(&server, id);
            }
        }
    }
    let refreshes = u32::try_from(CONNECTIONS).unwrap() * RANDOM_KILLS;
    println!("{RANDOM_KILLS} kills: of {refreshes} refreshes, {interrupted} were interrupted");
}
