//! What the server says of itself and of what it saw.

use authbridge_testkit::oauth2::{
    AuthorizationServerOptions, CallbackIss, Client, IssuedTokens, serve,
};
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::Full;
use serde_json::{Map, json};
use tokio::net::TcpListener;

use super::{CLIENT, World, form, post};
use crate::{request, send_to};

#[tokio::test]
async fn both_documents_say_where_everything_is() {
    let world = World::plain().await;
    let base = world.server.base_uri();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration",
        "/tenant/.well-known/openid-configuration",
    ] {
        let said = world.get(path).await.json();
        assert_eq!(said["issuer"], base, "{path}");
        assert_eq!(said["authorization_endpoint"], format!("{base}/authorize"));
        assert_eq!(said["token_endpoint"], format!("{base}/token"));
        assert_eq!(said["revocation_endpoint"], format!("{base}/revoke"));
        assert_eq!(said["code_challenge_methods_supported"], json!(["S256"]));
        let methods = json!(["client_secret_basic", "client_secret_post"]);
        assert_eq!(said["token_endpoint_auth_methods_supported"], methods);
        assert_eq!(
            said["authorization_response_iss_parameter_supported"],
            false
        );
    }
}

#[tokio::test]
async fn metadata_follow_the_options() {
    let world = World::new(|options| {
        options.issuer = Some("https://issuer.test".into());
        options.callback_iss = CallbackIss::Right;
        options.clients = vec![Client::public("p")];
        options.metadata_extra = Map::from_iter([
            ("revocation_endpoint".into(), json!(null)),
            ("x".into(), json!(1)),
        ]);
    })
    .await;
    let said = world.get("/.well-known/openid-configuration").await.json();
    assert_eq!(said["issuer"], "https://issuer.test");
    assert_eq!(
        said["token_endpoint_auth_methods_supported"],
        json!(["none"])
    );
    assert_eq!(said["authorization_response_iss_parameter_supported"], true);
    assert_eq!(said.get("revocation_endpoint"), None);
    assert_eq!(said["x"], 1);
}

#[tokio::test]
async fn what_was_sent_is_recorded_and_does_not_print() {
    let world = World::plain().await;
    let (access, refresh) = world.tokens();
    world.refresh(&refresh).await;
    world.resource(&access).await;
    let seen = world.server.seen();
    assert_eq!(seen.len(), 2);
    let body = form(&[&CLIENT[..], &super::refreshing(&refresh)].concat());
    assert_eq!(seen[0].body.prefix, body);
    let issued = world.server.issue("simulated-client", "");
    let IssuedTokens { access_token, .. } = &issued;
    let options = AuthorizationServerOptions::default();
    let printed = format!("{seen:?} {:?} {issued:?} {options:?}", world.server);
    for secret in [
        &access,
        &refresh,
        access_token,
        "simulated-secret",
        "simulated-password",
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
    world.server.forget_seen();
    assert!(world.server.seen().is_empty());
}

#[tokio::test]
async fn endpoints_take_their_methods_only() {
    let world = World::plain().await;
    for (path, status) in [
        (
            "/token?grant_type=client_credentials",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        ("/revoke?token=t", StatusCode::METHOD_NOT_ALLOWED),
        ("/nothing", StatusCode::NOT_FOUND),
        ("/me", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(world.get(path).await.status, status, "{path}");
    }
    assert_eq!(world.server.counts().token_requests, 1);
}

#[tokio::test]
async fn a_server_serves_a_listener_until_it_is_dropped() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(AuthorizationServerOptions::default(), listener));
    let credentials = [&CLIENT[..], &[("grant_type", "client_credentials")]].concat();
    let answer = send_to(address, post("/token", &credentials))
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_server_that_was_shut_down_is_gone() {
    let world = World::plain().await;
    let address = world.server.address();
    world.server.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let world = World::plain().await;
    let request = request(Method::POST, "/token")
        .body(Full::new(Bytes::from("grant_type=client_credentials")))
        .unwrap();
    let answer = world.send(request).await.unwrap();
    super::assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_request");
}
