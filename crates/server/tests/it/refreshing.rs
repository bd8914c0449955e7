//! Refreshing OAuth 2.0 credentials, as callers see it: every row of the behaviour that was
//! measured of the main rival, with the better outcome.

use std::time::Duration;

use authbridge_testkit::oauth2::{
    AuthorizationServer, AuthorizationServerOptions, Expiry, FaultAnswer, FaultBody, GrantType,
    IssuedTokens, ResponseShape, RetryAfter, Rotation, TokenFault,
};
use futures_util::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Setup, World};

/// A world with an authorization server that rotates refresh tokens, revokes whole families on
/// reuse, and serves the API itself.
struct Scene {
    world: World,
    server: AuthorizationServer,
    token: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut AuthorizationServerOptions)) -> Self {
        Self::of(World::new().await, change).await
    }

    async fn of(world: World, change: impl FnOnce(&mut AuthorizationServerOptions)) -> Self {
        let mut options = AuthorizationServerOptions {
            effects: world.clock.effects(),
            rotation: Rotation::Always,
            access_token_lifetime: Some(Duration::from_hours(1)),
            ..AuthorizationServerOptions::default()
        };
        change(&mut options);
        let server = AuthorizationServer::start(options).await.unwrap();
        world.install(connector(server.base_uri())).await;
        let token = world.customer("c-1");
        Self {
            world,
            server,
            token,
        }
    }

    /// One whose connector asks for `scopes`.
    async fn with_scopes(scopes: &[&str]) -> Self {
        let scene = Self::new().await;
        let mut spec = connector(scene.server.base_uri());
        spec["getOAuthConfig"]["mapping"]["scopes"] = json!(scopes);
        let admin = scene.world.admin();
        scene
            .world
            .post("/connectors", &admin, spec)
            .await
            .expect(200);
        scene
    }

    /// Connects with tokens that live for `seconds` more.
    async fn connect(&self, seconds: i64) -> String {
        let issued = self.server.issue("simulated-client", "read");
        let credentials = json!({
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "expires_at": self.world.clock.seconds() + seconds,
        });
        let body = json!({ "integrationKey": "oauth", "credentials": credentials });
        let connected = self.world.post("/connections", &self.token, body).await;
        connected.expect(201);
        connected.json()["id"].as_str().unwrap().to_owned()
    }

    /// Connects another account of the same customer.
    async fn connect_to(&self, integration: &str, issued: &IssuedTokens, seconds: i64) {
        let body = json!({
            "integrationKey": integration,
            "allowMultipleConnections": true,
            "credentials": {
                "access_token": issued.access_token,
                "refresh_token": issued.refresh_token,
                "expires_at": self.world.clock.seconds() + seconds,
            },
        });
        let connected = self.world.post("/connections", &self.token, body).await;
        connected.expect(201);
    }

    /// Connects with tokens that have expired by both clocks.
    async fn connect_expired(&self) -> String {
        let id = self.connect(3600).await;
        self.pass(3601);
        id
    }

    fn pass(&self, seconds: i64) {
        self.world.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The status of a request through the proxy.
    async fn status(&self, id: &str) -> StatusCode {
        let token = self.world.customer("c-1");
        self.world.proxy(id, "/api/things", &token).await.status
    }

    async fn statuses(&self, id: &str, count: usize) -> Vec<StatusCode> {
        join_all((0..count).map(|_| self.status(id))).await
    }

    async fn connection(&self, id: &str) -> Value {
        let token = self.world.customer("c-1");
        let found = self.world.get(&format!("/connections/{id}"), &token).await;
        found.json()
    }

    fn refreshes(&self) -> u64 {
        self.server.counts().of(GrantType::RefreshToken)
    }
}

fn connector(base_uri: &str) -> Value {
    json!({
        "key": "oauth",
        "name": "OAuth",
        "type": "oauth2",
        "getOAuthConfig": {"type": "mapping", "mapping": {
            "clientId": "simulated-client",
            "clientSecret": "simulated-secret",
            "clientAuth": "basic",
            "authorizeUri": format!("{base_uri}/authorize"),
            "tokenUri": format!("{base_uri}/token"),
            "revocationUri": format!("{base_uri}/revoke"),
        }},
        "makeApiClient": {"type": "mapping", "mapping": {
            "baseUri": base_uri,
            "headers": {"Authorization": {
                "$concat": ["Bearer ", {"$var": "credentials.access_token"}],
            }},
        }},
    })
}

fn all_ok(statuses: &[StatusCode]) -> bool {
    statuses.iter().all(|status| *status == StatusCode::OK)
}

fn status(code: u16) -> TokenFault {
    let status = StatusCode::from_u16(code).unwrap();
    TokenFault::Answer(FaultAnswer::new(status, FaultBody::Html))
}

#[tokio::test]
async fn many_requests_on_expired_credentials_are_one_token_request() {
    let scene = Scene::new().await;
    let id = scene.connect_expired().await;
    scene
        .server
        .fault_always(TokenFault::Delay(Duration::from_millis(300)));
    let statuses = scene.statuses(&id, 1000).await;
    assert!(all_ok(&statuses), "{statuses:?}");
    assert_eq!(scene.refreshes(), 1);
    assert_eq!(scene.server.counts().refresh_token_reuses, 0);
}

#[tokio::test]
async fn many_refusals_of_credentials_that_seem_valid_are_one_token_request() {
    let scene = Scene::new().await;
    let id = scene.connect(3600).await;
    scene.server.expire_all();
    let statuses = scene.statuses(&id, 64).await;
    assert!(all_ok(&statuses), "{statuses:?}");
    assert_eq!(scene.refreshes(), 1);
}

#[tokio::test]
async fn a_failure_that_passes_is_seen_by_nobody() {
    let scene = Scene::new().await;
    let id = scene.connect_expired().await;
    scene.server.fault_next(1, status(500));
    let statuses = scene.statuses(&id, 16).await;
    assert!(all_ok(&statuses), "{statuses:?}");
    assert_eq!(scene.refreshes(), 2);
}

#[tokio::test]
async fn while_refreshing_fails_a_token_that_is_valid_is_used() {
    let scene = Scene::new().await;
    let id = scene.connect(300).await;
    scene.server.fault_always(status(503));
    let path = format!("/connections/{id}/refresh-credentials");
    let refused = scene.world.post(&path, &scene.token, json!({})).await;
    refused.expect_error(502, "connection", None);
    let connection = scene.connection(&id).await;
    assert_eq!(connection["state"], "READY");
    assert_eq!(connection["retryAttempts"], 1);
    assert!(connection["nextRetryTimestamp"].is_string());
    assert!(all_ok(&scene.statuses(&id, 16).await));
}

#[tokio::test]
async fn a_provider_that_recovers_is_used_again_when_its_time_has_come() {
    let scene = Scene::new().await;
    let id = scene.connect_expired().await;
    scene.server.fault_always(status(500));
    assert_eq!(scene.status(&id).await, StatusCode::BAD_GATEWAY);
    let asked = scene.refreshes();
    // Nobody hammers it meanwhile.
    assert_eq!(scene.status(&id).await, StatusCode::BAD_GATEWAY);
    assert_eq!(scene.refreshes(), asked);
    scene.server.recover();
    scene.pass(5);
    assert_eq!(scene.status(&id).await, StatusCode::OK);
    assert_eq!(scene.connection(&id).await["retryAttempts"], 0);
}

#[tokio::test]
async fn a_dead_grant_is_asked_once() {
    let scene = Scene::new().await;
    let id = scene.connect_expired().await;
    scene.server.revoke_all();
    for _ in 0..3 {
        assert_eq!(scene.status(&id).await, StatusCode::BAD_REQUEST);
    }
    assert_eq!(scene.refreshes(), 1);
    let connection = scene.connection(&id).await;
    assert_eq!(connection["state"], "CLIENT_ACTION_REQUIRED");
    assert_eq!(connection["error"]["class"], "terminal");
    let events = format!("/connections/{id}/events");
    let events = scene.world.get(&events, &scene.world.customer("c-1")).await;
    let story = events.json();
    assert_eq!(story["items"][0]["action"], "connection.refresh_failed");
    assert_eq!(story["items"][0]["detail"]["cause"], "due");
}

#[tokio::test]
async fn a_wrong_client_is_the_owners_business_and_heals() {
    let scene = Scene::new().await;
    let id = scene.connect_expired().await;
    let refusal = FaultAnswer::error(StatusCode::UNAUTHORIZED, "invalid_client");
    scene.server.fault_always(TokenFault::Answer(refusal));
    assert_eq!(scene.status(&id).await, StatusCode::BAD_REQUEST);
    assert_eq!(scene.connection(&id).await["state"], "CONFIGURATION_ERROR");
    scene.server.recover();
    let path = format!("/connections/{id}/refresh-credentials");
    let token = scene.world.customer("c-1");
    scene.world.post(&path, &token, json!({})).await.expect(200);
    assert_eq!(scene.status(&id).await, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_that_asks_for_patience_gets_it() {
    let scene = Scene::new().await;
    let now = || scene.world.clock.effects().now();
    let id = scene.connect_expired().await;
    for retry_after in [
        RetryAfter::Seconds(120),
        RetryAfter::At(now() + SignedDuration::from_secs(126 + 120)),
    ] {
        let too_many = StatusCode::TOO_MANY_REQUESTS;
        let answer = FaultAnswer::new(too_many, FaultBody::Empty).retry_after(retry_after);
        scene.server.fault_next(1, TokenFault::Answer(answer));
        assert_eq!(scene.status(&id).await, StatusCode::TOO_MANY_REQUESTS);
        let retry = scene.connection(&id).await["nextRetryTimestamp"].clone();
        let retry: jiff::Timestamp = retry.as_str().unwrap().parse().unwrap();
        let wait = retry.duration_since(now()).as_secs();
        assert!((119..=125).contains(&wait), "{wait}");
        scene.pass(121);
        // Too early still, by the jitter; then it works.
        scene.pass(5);
    }
    assert_eq!(scene.status(&id).await, StatusCode::OK);
}

#[tokio::test]
async fn answers_that_are_no_token_change_nothing() {
    for body in [FaultBody::Html, FaultBody::Garbage, FaultBody::Empty] {
        let scene = Scene::new().await;
        let id = scene.connect(300).await;
        let answer = FaultAnswer::new(StatusCode::OK, body);
        scene.server.fault_always(TokenFault::Answer(answer));
        let path = format!("/connections/{id}/refresh-credentials");
        let refused = scene.world.post(&path, &scene.token, json!({})).await;
        refused.expect_error(502, "connection", None);
        assert_eq!(scene.connection(&id).await["state"], "READY");
        scene.server.recover();
        assert_eq!(scene.status(&id).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_token_that_does_not_say_how_long_it_lives_is_refreshed_when_refused() {
    let scene = Scene::with(|options| {
        options.response = ResponseShape {
            expiry: Expiry::Absent,
            ..ResponseShape::default()
        };
    })
    .await;
    let id = scene.connect_expired().await;
    assert_eq!(scene.status(&id).await, StatusCode::OK);
    assert_eq!(scene.refreshes(), 1);
    scene.server.expire_all();
    assert_eq!(scene.status(&id).await, StatusCode::OK);
    assert_eq!(scene.refreshes(), 2);
}

#[tokio::test]
async fn a_refresh_that_comes_too_late_overwrites_nothing() {
    let scene = Scene::new().await;
    let id = scene.connect_expired().await;
    scene.server.fault_always(TokenFault::Hang);
    let path = format!("/connections/{id}");
    let reconnect = async {
        while scene.refreshes() == 0 {
            tokio::task::yield_now().await;
        }
        let issued = scene.server.issue("simulated-client", "read");
        let credentials = json!({
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "expires_at": scene.world.clock.seconds() + 3600,
        });
        let token = scene.world.customer("c-1");
        let body = json!({ "credentials": credentials });
        scene.world.patch(&path, &token, body).await.expect(200);
        scene.server.recover();
    };
    let (_, ()) = tokio::join!(scene.status(&id), reconnect);
    assert_eq!(scene.status(&id).await, StatusCode::OK);
    assert_eq!(scene.connection(&id).await["state"], "READY");
    assert_eq!(scene.server.counts().refresh_token_reuses, 0);
}

#[tokio::test]
async fn an_endpoint_that_hangs_costs_its_deadline_and_no_more() {
    let setup = Setup {
        token_deadline: Duration::from_millis(100),
        ..Setup::default()
    };
    let scene = Scene::of(World::with(setup).await, |_| {}).await;
    let id = scene.connect_expired().await;
    scene.server.fault_always(TokenFault::Hang);
    let statuses = scene.statuses(&id, 64).await;
    let are_told = statuses.iter().all(|code| *code == StatusCode::BAD_GATEWAY);
    assert!(are_told, "{statuses:?}");
    assert_eq!(scene.refreshes(), 1);
    let connection = scene.connection(&id).await;
    assert_eq!(connection["state"], "READY");
    assert_eq!(connection["retryAttempts"], 1);
    scene.server.recover();
    scene.pass(5);
    assert_eq!(scene.status(&id).await, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_that_hangs_delays_no_other() {
    let scene = Scene::new().await;
    let hung = AuthorizationServer::start(AuthorizationServerOptions {
        effects: scene.world.clock.effects(),
        ..AuthorizationServerOptions::default()
    });
    let hung = hung.await.unwrap();
    hung.fault_always(TokenFault::Hang);
    let mut spec = connector(hung.base_uri());
    spec["key"] = "hung".into();
    scene.world.install(spec).await;
    // More than there is room for, and due before all others.
    for _ in 0..300 {
        let issued = hung.issue("simulated-client", "read");
        scene.connect_to("hung", &issued, 3500).await;
    }
    for _ in 0..20 {
        let issued = scene.server.issue("simulated-client", "read");
        scene.connect_to("oauth", &issued, 3600).await;
    }
    scene.pass(3590);
    let engine = scene.world.engine.clone();
    let keeping_house = tokio::spawn(async move { engine.keep_house().await });
    while scene.refreshes() < 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked = hung.counts().of(GrantType::RefreshToken);
    assert!(asked <= 64, "{asked} at a time");
    keeping_house.abort();
}

#[tokio::test]
async fn code_that_fails_without_saying_why_is_tried_again_but_not_for_ever() {
    let scene = Scene::new().await;
    let mut spec = connector(scene.server.base_uri());
    spec["refreshCredentials"] = json!({"type": "javascript", "code":
        "export default async () => { throw new Error('the provider said no') }"});
    let admin = scene.world.admin();
    let pushed = scene.world.post("/connectors", &admin, spec).await;
    pushed.expect(200);
    let id = scene.connect(300).await;
    let path = format!("/connections/{id}/refresh-credentials");
    scene.world.post(&path, &scene.token, json!({})).await;
    let connection = scene.connection(&id).await;
    assert_eq!(connection["state"], "READY", "{connection}");
    assert_eq!(connection["retryAttempts"], 1);
    scene.pass(301);
    for attempts in 2..9 {
        let state = scene.connection(&id).await["state"].clone();
        assert_eq!(state, "READY", "before attempt {attempts}");
        scene
            .world
            .post(&path, &scene.world.customer("c-1"), json!({}))
            .await;
    }
    let connection = scene.connection(&id).await;
    assert_eq!(
        connection["state"], "CLIENT_ACTION_REQUIRED",
        "{connection}"
    );
    assert!(connection["error"]["hint"].is_string());
}

#[tokio::test]
async fn ready_made_credentials_live_as_the_connector_says() {
    let mut spec = connector("https://provider.example.com");
    spec["getOAuthConfig"]["mapping"]["refresh"] = json!({ "defaultLifetime": "2h" });
    let world = World::new().await;
    world.install(spec).await;
    let token = world.customer("c-1");
    let now = world.clock.seconds();
    for (credentials, lives, refreshable) in [
        (
            json!({"access_token": "a", "refresh_token": "r"}),
            7200,
            true,
        ),
        (
            json!({"access_token": "a", "refresh_token": "r", "expires_in": "600"}),
            600,
            true,
        ),
        (
            json!({"access_token": "a", "refresh_token": "r", "expires_at": now + 60}),
            60,
            true,
        ),
        (
            json!({"access_token": "a", "expires_at": (now + 60) * 1000}),
            60,
            false,
        ),
    ] {
        let body = json!({ "integrationKey": "oauth", "credentials": credentials });
        let made = world.post("/connections", &token, body).await;
        let connection = made.expect(201).json();
        let expires = connection["credentialsExpireAt"].as_str().unwrap();
        let expires: jiff::Timestamp = expires.parse().unwrap();
        assert_eq!(expires.as_second(), now + lives, "{connection}");
        assert_eq!(connection["canRefreshCredentials"], refreshable);
    }
}

#[tokio::test]
async fn what_lives_for_ever_is_not_due_but_can_be_refreshed() {
    let scene = Scene::new().await;
    let issued = scene.server.issue("simulated-client", "read");
    let credentials = json!({
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "scope": "read",
    });
    let body = json!({ "integrationKey": "oauth", "credentials": credentials });
    let made = scene.world.post("/connections", &scene.token, body).await;
    let connection = made.expect(201).json();
    assert_eq!(connection["canRefreshCredentials"], true);
    assert_eq!(connection["nextCredentialsRefreshAt"], Value::Null);
    assert_eq!(connection["grantedScopes"], json!(["read"]));
}

#[tokio::test]
async fn a_refresh_that_grants_less_is_kept_and_shown() {
    let scene = Scene::with_scopes(&["read", "write"]).await;
    let id = scene.connect_expired().await;
    scene
        .server
        .change(|options| options.scopes = Some(vec!["read".to_owned()]));
    assert_eq!(scene.status(&id).await, StatusCode::OK);
    let connection = scene.connection(&id).await;
    assert_eq!(connection["grantedScopes"], json!(["read"]));
    assert_eq!(connection["missingScopes"], json!(["write"]));
}

#[tokio::test]
async fn archiving_revokes_and_nothing_brings_it_back() {
    let scene = Scene::new().await;
    let id = scene.connect(3600).await;
    let path = format!("/connections/{id}");
    scene.world.delete(&path, &scene.token).await.expect(200);
    assert!(scene.server.counts().revocations > 0);
    assert_eq!(scene.status(&id).await, StatusCode::NOT_FOUND);
}
