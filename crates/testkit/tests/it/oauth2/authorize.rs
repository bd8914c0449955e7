//! Consent, codes and PKCE.

use authbridge_testkit::oauth2::{CallbackIss, Consent, IdTokens, Pkce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{
    CALLBACK, CHALLENGE, VERIFIER, World, assert_refused, authorization, form, post, sent_back,
    text,
};

#[tokio::test]
async fn a_code_becomes_tokens_that_the_resource_takes() {
    let world = World::plain().await;
    let answer = world.authorize(&authorization(&[("scope", "a b")])).await;
    assert_eq!(sent_back(&answer, "state"), Some("s&1".into()));
    assert_eq!(sent_back(&answer, "iss"), None);
    let tokens = world.exchange(&sent_back(&answer, "code").unwrap()).await;
    assert_eq!(tokens.status, StatusCode::OK);
    assert_eq!(tokens.headers["cache-control"], "no-store");
    assert_eq!(tokens.json()["token_type"], "Bearer");
    assert_eq!(tokens.json()["expires_in"], 3600);
    assert_eq!(tokens.json()["scope"], "a b");
    assert!(tokens.json()["refresh_token"].is_string());

    let resource = world.resource(&text(&tokens, "access_token")).await;
    assert_eq!(resource.json()["id"], "ada");
    assert_eq!(resource.json()["path"], "/api/things");
    let counts = world.server.counts();
    assert_eq!((counts.codes_issued, counts.tokens_granted), (1, 1));
    assert_eq!(counts.resource_requests_accepted, 1);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_a_minute() {
    let world = World::plain().await;
    let code = world.code(&[]).await;
    let tokens = world.exchange(&code).await;
    assert_refused(
        &world.exchange(&code).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    assert_eq!(world.server.counts().code_reuses, 1);
    // RFC 6749 section 4.1.2: what it was used for is revoked.
    assert!(!world.server.is_live(&text(&tokens, "access_token")));
    let refreshed = world.refresh(&text(&tokens, "refresh_token")).await;
    assert_refused(&refreshed, StatusCode::BAD_REQUEST, "invalid_grant");

    let code = world.code(&[]).await;
    world.advance(60);
    assert_refused(
        &world.exchange(&code).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    let code = world.code(&[]).await;
    world.advance(59);
    assert_eq!(world.exchange(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_needs_its_verifier_and_its_redirect_uri() {
    let world = World::plain().await;
    let cases = [
        vec![("redirect_uri", CALLBACK)],
        vec![("redirect_uri", CALLBACK), ("code_verifier", "wrong")],
        // What `plain` would send.
        vec![("redirect_uri", CALLBACK), ("code_verifier", CHALLENGE)],
        vec![("code_verifier", VERIFIER)],
        vec![
            ("redirect_uri", "http://client.test/other"),
            ("code_verifier", VERIFIER),
        ],
    ];
    for parameters in cases {
        let code = world.code(&[]).await;
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
        ];
        let answer = world.token(&[&grant, parameters.as_slice()].concat()).await;
        assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    }
    assert_eq!(world.server.counts().tokens_refused, 5);
}

#[tokio::test]
async fn pkce_is_required_by_the_method_s256() {
    let world = World::plain().await;
    for more in [
        [("code_challenge", ""), ("code_challenge_method", "")],
        [("code_challenge", CHALLENGE), ("code_challenge_method", "")],
        [
            ("code_challenge", VERIFIER),
            ("code_challenge_method", "plain"),
        ],
    ] {
        let answer = world.authorize(&authorization(&more)).await;
        assert_eq!(sent_back(&answer, "error"), Some("invalid_request".into()));
        assert_eq!(sent_back(&answer, "state"), Some("s&1".into()));
        assert_eq!(sent_back(&answer, "code"), None);
    }
}

#[tokio::test]
async fn pkce_may_be_optional_or_unknown() {
    let world = World::new(|options| options.pkce = Pkce::Optional).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let grant = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
    ];
    let code = world.code(&without).await;
    let parameters = [&grant[..], &[("code", &code)]].concat();
    assert_eq!(world.token(&parameters).await.status, StatusCode::OK);
    // A verifier without a challenge: somebody took the challenge away.
    let code = world.code(&without).await;
    assert_refused(
        &world.exchange(&code).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );

    world.server.change(|options| options.pkce = Pkce::Unknown);
    let code = world.code(&[]).await;
    let parameters = [&grant[..], &[("code", &code)]].concat();
    assert_eq!(world.token(&parameters).await.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_of_strangers_are_not_sent_anywhere() {
    let world = World::new(|options| {
        options.clients[0].redirect_uris = vec![CALLBACK.into()];
    })
    .await;
    for more in [
        [("client_id", "stranger")],
        [("client_id", "")],
        [("redirect_uri", "http://client.test/cb/")],
        [("redirect_uri", "")],
        [("redirect_uri", "<script>")],
    ] {
        let answer = world.authorize(&authorization(&more)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{more:?}");
    }
    let twice = format!("{}&state=2", form(&authorization(&[])));
    let answer = world.get(&format!("/authorize?{twice}")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        world
            .authorize(&authorization(&[]))
            .await
            .status
            .is_redirection()
    );
}

#[tokio::test]
async fn only_codes_are_given_out() {
    let world = World::plain().await;
    for (response_type, error) in [
        ("token", "unsupported_response_type"),
        ("", "invalid_request"),
    ] {
        let answer = world
            .authorize(&authorization(&[("response_type", response_type)]))
            .await;
        assert_eq!(sent_back(&answer, "error"), Some(error.into()));
    }
}

#[tokio::test]
async fn consent_may_be_denied() {
    let world = World::new(|options| {
        options.consent = Consent::Denied {
            error: "access_denied".into(),
            description: Some("Not & today".into()),
        };
    })
    .await;
    let answer = world.authorize(&authorization(&[])).await;
    assert_eq!(sent_back(&answer, "error"), Some("access_denied".into()));
    assert_eq!(
        sent_back(&answer, "error_description"),
        Some("Not & today".into())
    );
    assert_eq!(sent_back(&answer, "state"), Some("s&1".into()));
    assert_eq!(world.server.counts().codes_issued, 0);
}

#[tokio::test]
async fn the_page_asks_and_its_buttons_decide() {
    let world = World::new(|options| options.consent = Consent::Asked).await;
    let query = form(&authorization(&[("scope", "<b>")]));
    let page = world.get(&format!("/authorize?{query}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers[CONTENT_TYPE], "text/html; charset=utf-8");
    let html = str::from_utf8(&page.body).unwrap();
    assert!(html.contains(">Allow</button>") && html.contains(">Deny</button>"));
    assert!(html.contains("&lt;b>") && !html.contains("<b>"), "{html}");
    let (_, action) = html.split_once("action=\"").unwrap();
    let (action, _) = action.split_once('"').unwrap();
    let action = action.replace("&amp;", "&");

    let answer = world
        .send(post(&action, &[("decision", "allow")]))
        .await
        .unwrap();
    let code = sent_back(&answer, "code").unwrap();
    assert_eq!(sent_back(&answer, "state"), Some("s&1".into()));
    assert_eq!(world.exchange(&code).await.status, StatusCode::OK);
    let answer = world
        .send(post(&action, &[("decision", "deny")]))
        .await
        .unwrap();
    assert_eq!(sent_back(&answer, "error"), Some("access_denied".into()));
    let answer = world.send(post(&action, &[])).await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_way_back_may_carry_iss_and_more() {
    let world = World::new(|options| {
        options.callback_iss = CallbackIss::Right;
        options.callback_extra = vec![("realm".into(), "r 1".into())];
    })
    .await;
    let more = [("redirect_uri", "http://client.test/cb?own=1")];
    let answer = world.authorize(&authorization(&more)).await;
    assert_eq!(sent_back(&answer, "own"), Some("1".into()));
    assert_eq!(sent_back(&answer, "realm"), Some("r 1".into()));
    assert_eq!(
        sent_back(&answer, "iss").as_deref(),
        Some(world.server.base_uri())
    );
    world.server.change(|options| {
        options.callback_iss = CallbackIss::Wrong("https://other.test".into());
        options.consent = Consent::Denied {
            error: "access_denied".into(),
            description: None,
        };
    });
    let answer = world.authorize(&authorization(&[])).await;
    assert_eq!(sent_back(&answer, "iss"), Some("https://other.test".into()));
}

#[tokio::test]
async fn fewer_scopes_may_be_granted_than_were_asked_for() {
    let world = World::new(|options| options.scopes = Some(vec!["a".into(), "b".into()])).await;
    for (asked, granted) in [("b c", json!("b")), ("a,c", json!("a")), ("", json!("a b"))] {
        let tokens = world.exchange(&world.code(&[("scope", asked)]).await).await;
        assert_eq!(tokens.json()["scope"], granted, "{asked}");
    }
    let tokens = world.exchange(&world.code(&[("scope", "c")]).await).await;
    assert_eq!(tokens.json().get("scope"), None);
}

#[tokio::test]
async fn an_id_token_has_the_nonce_of_its_request() {
    let world = World::new(|options| options.id_tokens = IdTokens::Right).await;
    let openid = [("scope", "openid"), ("nonce", "n-1")];
    let claims = |token: &str| -> Value {
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    };
    let tokens = world.exchange(&world.code(&openid).await).await;
    let said = claims(&text(&tokens, "id_token"));
    assert_eq!(said["nonce"], "n-1");
    assert_eq!(said["aud"], "simulated-client");
    assert_eq!(said["iss"], world.server.base_uri());
    let refreshed = world.refresh(&text(&tokens, "refresh_token")).await;
    assert_eq!(claims(&text(&refreshed, "id_token")).get("nonce"), None);

    world
        .server
        .change(|options| options.id_tokens = IdTokens::WrongNonce);
    let tokens = world.exchange(&world.code(&openid).await).await;
    assert_ne!(claims(&text(&tokens, "id_token"))["nonce"], "n-1");
    let tokens = world.exchange(&world.code(&[("nonce", "n-1")]).await).await;
    assert_eq!(tokens.json().get("id_token"), None);
}
