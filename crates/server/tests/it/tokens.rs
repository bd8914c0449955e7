//! The token that the workspace signs for external apps.

use authbridge_core::token::SigningAlgorithm;
use authbridge_testkit::Provider;
use authbridge_verify::{Verifier, VerifyError};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Setup, WORKSPACE_KEY, WORKSPACE_SECRET, World, token_connector};

async fn world_with(auth_type: &str, algorithm: SigningAlgorithm) -> World {
    let world = World::with(Setup {
        algorithm,
        ..Setup::default()
    })
    .await;
    let connector = token_connector(auth_type, world.provider.base_uri());
    world.install(connector).await;
    world
}

/// The token of the last request that the provider saw.
fn last_token(provider: &Provider, header: &str) -> String {
    let seen = provider.seen();
    let value = seen.last().unwrap().headers.get(header).unwrap();
    value.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_type_sends_its_headers() {
    for (auth_type, headers) in [
        ("integration-app-token", vec!["X-Integration-App-Token"]),
        (
            "membrane-token",
            vec!["X-Membrane-Token", "X-Integration-App-Token"],
        ),
    ] {
        let world = world_with(auth_type, SigningAlgorithm::Hs256).await;
        let token = world.customer("c-1");
        let me = world.proxy(auth_type, "/me", &token).await;
        assert_eq!(me.expect(200).json()["tokenHeaders"], json!(headers));
    }
}

#[tokio::test]
async fn the_claims_say_who_calls_for_whom_and_until_when() {
    let world = world_with("integration-app-token", SigningAlgorithm::Hs256).await;
    let token = world.sign(json!({"id": "c-1", "fields": {"plan": "pro", "seats": 7}}));
    world
        .proxy("integration-app-token", "/me", &token)
        .await
        .expect(200);
    let sent = last_token(&world.provider, "x-integration-app-token");
    let verifier = Verifier::with_secret(WORKSPACE_KEY, WORKSPACE_SECRET.as_bytes());
    let now = world.clock.seconds();
    let claims = verifier.verify(&sent, now).unwrap();
    assert_eq!(claims.workspace_key, WORKSPACE_KEY);
    assert_eq!(claims.customer_id, "c-1");
    assert_eq!(
        serde_json::Value::Object(claims.fields),
        json!({"plan": "pro", "seats": 7})
    );
    assert_eq!(claims.issued_at, Some(now));
    assert_eq!(claims.expires_at, now + 300);
    assert!(claims.token_id.unwrap().starts_with("jti_"));
    assert_eq!(verifier.verify(&sent, now + 306), Err(VerifyError::Expired));
}

/// Looking is enough: in the list of connections, and on the integration.
#[tokio::test]
async fn a_connection_is_there_before_its_first_use() {
    let world = world_with("membrane-token", SigningAlgorithm::Hs256).await;
    let token = world.customer("c-1");
    let listed = world.get("/connections", &token).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let id = &listed["items"][0]["id"];
    let integration = world.get("/integrations/membrane-token", &token).await;
    assert_eq!(&integration.expect(200).json()["connection"]["id"], id);
    // Only looked at: the external app was not asked.
    assert!(world.provider.seen().is_empty());
    let other = world.customer("c-2");
    let listed = world.get("/integrations", &other).await.expect(200).json();
    assert_ne!(&listed["items"][0]["connection"]["id"], id);
    let listed = world.get("/connections", &other).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_is_used_again_while_it_is_fresh_and_no_longer() {
    let world = world_with("integration-app-token", SigningAlgorithm::Hs256).await;
    let token = world.customer("c-1");
    let mut sent = Vec::new();
    for seconds in [0, 20, 300] {
        world.clock.advance(SignedDuration::from_secs(seconds));
        world
            .proxy("integration-app-token", "/me", &token)
            .await
            .expect(200);
        sent.push(last_token(&world.provider, "x-integration-app-token"));
    }
    assert_eq!(sent[0], sent[1]);
    assert_ne!(sent[1], sent[2]);
    let verifier = Verifier::with_secret(WORKSPACE_KEY, WORKSPACE_SECRET.as_bytes());
    let claims = verifier.verify(&sent[2], world.clock.seconds()).unwrap();
    assert_eq!(claims.issued_at, Some(world.clock.seconds()));
}

#[tokio::test]
async fn every_customer_has_a_token_of_its_own() {
    let world = world_with("membrane-token", SigningAlgorithm::Hs256).await;
    for id in ["c-1", "c-2", "c-1"] {
        let token = world.customer(id);
        let me = world.proxy("membrane-token", "/me", &token).await;
        assert_eq!(me.expect(200).json()["claims"]["sub"], id);
    }
}

#[tokio::test]
async fn an_admin_calls_in_the_name_of_the_owner() {
    let world = world_with("membrane-token", SigningAlgorithm::Hs256).await;
    let token = world.sign(json!({"id": "c-1", "fields": {"plan": "pro"}}));
    let connection = world.get("/connections/membrane-token", &token).await;
    let id = connection.expect(200).json()["id"].clone();
    let me = world
        .proxy(id.as_str().unwrap(), "/me", &world.admin())
        .await;
    let claims = &me.expect(200).json()["claims"];
    assert_eq!(claims["sub"], "c-1");
    assert_eq!(claims["fields"], json!({"plan": "pro"}));
}

#[tokio::test]
async fn a_caller_cannot_bring_a_token_of_its_own() {
    let world = world_with("integration-app-token", SigningAlgorithm::Hs256).await;
    let token = world.customer("c-1");
    let request = http::Request::get("/connections/integration-app-token/proxy/echo")
        .header("host", "a")
        .header("authorization", format!("Bearer {token}"))
        .header("x-integration-app-token", "forged")
        .header("x-membrane-token", "forged")
        .body(http_body_util::Full::default())
        .unwrap();
    world.send(request).await.expect(200);
    let seen = world.provider.seen();
    let headers = &seen.last().unwrap().headers;
    assert_eq!(headers.get_all("x-integration-app-token").iter().count(), 1);
    assert_ne!(headers["x-integration-app-token"], "forged");
    assert_eq!(headers.get("x-membrane-token"), None);
}

#[tokio::test]
async fn a_workspace_with_a_key_pair_signs_what_its_key_set_verifies() {
    for algorithm in SigningAlgorithm::ASYMMETRIC {
        let world = world_with("integration-app-token", algorithm).await;
        let token = world.customer("c-1");
        world
            .proxy("integration-app-token", "/echo", &token)
            .await
            .expect(200);
        let sent = last_token(&world.provider, "x-integration-app-token");
        let keys = world.get("/.well-known/jwks.json", "").await;
        assert_eq!(
            keys.expect(200).json()["keys"][0]["alg"],
            algorithm.as_str()
        );
        let verifier = Verifier::with_jwks(WORKSPACE_KEY, &keys.text()).unwrap();
        let claims = verifier.verify(&sent, world.clock.seconds()).unwrap();
        assert_eq!(claims.customer_id, "c-1");
        // What the engine signed is good for calling back.
        let own = world.get("/self", &sent).await;
        assert_eq!(own.expect(200).json()["internalId"], "c-1");
    }
}

#[tokio::test]
async fn the_connection_exists_as_soon_as_the_integration_does_and_only_once() {
    let world = World::with(Setup {
        threads: 2,
        ..Setup::default()
    })
    .await;
    let connector = token_connector("integration-app-token", world.provider.base_uri());
    world.install(connector).await;
    let token = world.customer("c-1");
    let calls = (0..8).map(|_| world.proxy("integration-app-token", "/me", &token));
    for answer in futures_util::future::join_all(calls).await {
        answer.expect(200);
    }
    let list = world.get("/connections", &token).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}
