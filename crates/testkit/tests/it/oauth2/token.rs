//! Grants, clients, rotation, revocation and the shapes of answers.

use std::time::Duration;

use authbridge_testkit::oauth2::{
    AssertionKey, Client, ClientAuthMethod, Expiry, GrantType, Rotation, TokenRequestFormat,
    TokenResponseFormat,
};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, json};
use url::form_urlencoded;

use super::{CLIENT, World, assert_refused, form, post, refreshing, text};
use crate::request;

const CLIENT_CREDENTIALS: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[tokio::test]
async fn a_client_acts_for_itself_without_a_refresh_token() {
    let world = World::plain().await;
    let tokens = world.token(&CLIENT_CREDENTIALS).await;
    assert_eq!(tokens.json().get("refresh_token"), None);
    let access = text(&tokens, "access_token");
    assert_eq!(
        world.resource(&access).await.json()["id"],
        "simulated-client"
    );
    assert_eq!(world.server.live_grants(), 1);
    world.advance(3600);
    assert!(!world.server.is_live(&access));
    world.token(&CLIENT_CREDENTIALS).await;
    assert_eq!(world.server.live_grants(), 1);
    assert_eq!(world.server.counts().of(GrantType::ClientCredentials), 2);
}

#[tokio::test]
async fn a_user_logs_in_by_password() {
    let world = World::plain().await;
    let login = |password| {
        [
            ("grant_type", "password"),
            ("username", "ada"),
            ("password", password),
        ]
    };
    let tokens = world.token(&login("simulated-password")).await;
    assert_eq!(tokens.status, StatusCode::OK);
    let refreshed = world.refresh(&text(&tokens, "refresh_token")).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    let answer = world.token(&login("wrong")).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(world.server.counts().of(GrantType::Password), 2);
}

/// A key pair for ES256: the private key, and the public one in PEM.
fn key_pair() -> (EncodingKey, String) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let private = pair.to_pkcs8v1().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let public = STANDARD.encode(public.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
    (EncodingKey::from_ec_der(private.as_ref()), pem)
}

#[tokio::test]
async fn an_assertion_is_verified_with_the_public_key() {
    let (private, public) = key_pair();
    let world = World::new(|options| {
        options.assertion_keys = vec![AssertionKey {
            issuer: "robot".into(),
            algorithm: Algorithm::ES256,
            key: public,
        }];
    })
    .await;
    let claims = json!({
        "iss": "robot",
        "sub": "grace",
        "aud": format!("{}/token", world.server.base_uri()),
        "exp": 1_800_000_060,
    });
    let sign = |key: &EncodingKey| {
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, key).unwrap()
    };
    let assertion = sign(&private);
    let grant_type = ("grant_type", GrantType::JwtBearer.as_str());
    let parameters = [grant_type, ("assertion", assertion.as_str())];
    let tokens = world.try_token(&parameters).await.unwrap();
    assert_eq!(tokens.status, StatusCode::OK);
    assert_eq!(tokens.json().get("refresh_token"), None);
    let resource = world.resource(&text(&tokens, "access_token")).await.json();
    assert_eq!(
        (&resource["id"], &resource["clientId"]),
        (&json!("grace"), &json!("robot"))
    );
    assert_eq!(world.token(&parameters).await.status, StatusCode::OK);

    let forged = sign(&key_pair().0);
    let answer = world.token(&[grant_type, ("assertion", &forged)]).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    let stranger = [&parameters[..], &[("client_id", "stranger")]].concat();
    let answer = world.try_token(&stranger).await.unwrap();
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
    world.advance(60);
    let answer = world.token(&parameters).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
}

#[tokio::test]
async fn unknown_and_missing_grants_are_refused() {
    let world = World::plain().await;
    let answer = world.token(&[("grant_type", "telepathy")]).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "unsupported_grant_type");
    assert_refused(
        &world.token(&[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    );
    let twice = [("grant_type", "password"), ("grant_type", "password")];
    assert_refused(
        &world.token(&twice).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    );
    let counts = world.server.counts();
    assert_eq!((counts.token_requests, counts.tokens_refused), (3, 3));
    assert!(counts.token_requests_by_grant.is_empty());
}

/// A client credentials request with basic authentication.
fn with_basic(id: &str, secret: &str, parameters: &[(&str, &str)]) -> Request<Full<bytes::Bytes>> {
    let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encode(id), encode(secret)));
    let mut request = post("/token", parameters);
    let value = format!("Basic {pair}").parse().unwrap();
    request.headers_mut().insert(AUTHORIZATION, value);
    request
}

#[tokio::test]
async fn clients_prove_who_they_are_in_every_way() {
    let world = World::new(|options| {
        options.clients.push(Client {
            methods: vec![ClientAuthMethod::Both],
            ..Client::confidential("both", "b")
        });
        options
            .clients
            .push(Client::confidential("odd id", "s&:+% "));
        options.clients.push(Client::public("public"));
    })
    .await;
    let both = [
        ("client_id", "both"),
        ("client_secret", "b"),
        CLIENT_CREDENTIALS[0],
    ];
    let granted = [
        post("/token", &[&CLIENT[..], &CLIENT_CREDENTIALS].concat()),
        with_basic("simulated-client", "simulated-secret", &CLIENT_CREDENTIALS),
        with_basic("odd id", "s&:+% ", &CLIENT_CREDENTIALS),
        with_basic("both", "b", &both),
    ];
    for request in granted {
        assert_eq!(world.send(request).await.unwrap().status, StatusCode::OK);
    }
    let refused = [
        post("/token", &both),
        post("/token", &CLIENT_CREDENTIALS),
        with_basic("both", "b", &CLIENT_CREDENTIALS),
        with_basic("simulated-client", "wrong", &CLIENT_CREDENTIALS),
        with_basic("public", "", &CLIENT_CREDENTIALS),
    ];
    for request in refused {
        let answer = world.send(request).await.unwrap();
        assert_refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.headers.contains_key(WWW_AUTHENTICATE));
    }
    let public = [("client_id", "public"), CLIENT_CREDENTIALS[0]];
    let answer = world.try_token(&public).await.unwrap();
    assert_refused(&answer, StatusCode::BAD_REQUEST, "unauthorized_client");
}

#[tokio::test]
async fn a_public_client_refreshes_with_its_id_alone() {
    let world = World::new(|options| options.clients.push(Client::public("public"))).await;
    let refresh = world.server.issue("public", "a").refresh_token.unwrap();
    let parameters = [&[("client_id", "public")][..], &refreshing(&refresh)].concat();
    let tokens = world.try_token(&parameters).await.unwrap();
    assert_eq!(tokens.json()["scope"], "a");
}

#[tokio::test]
async fn several_secrets_are_good_until_they_are_taken_away() {
    let world = World::new(|options| options.clients[0].secrets.push("new".into())).await;
    let with = |secret| {
        let client = [("client_id", "simulated-client"), ("client_secret", secret)];
        post("/token", &[&client[..], &CLIENT_CREDENTIALS].concat())
    };
    for secret in ["simulated-secret", "new"] {
        assert_eq!(
            world.send(with(secret)).await.unwrap().status,
            StatusCode::OK
        );
    }
    world
        .server
        .change(|options| options.clients[0].secrets = vec!["new".into()]);
    let answer = world.send(with("simulated-secret")).await.unwrap();
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(
        world.send(with("new")).await.unwrap().status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn parameters_are_read_where_the_options_say_and_nowhere_else() {
    let world = World::plain().await;
    let parameters = [&CLIENT[..], &CLIENT_CREDENTIALS].concat();
    let query = format!("/token?{}", form(&parameters));
    let json: Map<_, _> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let in_json = || {
        request(Method::POST, "/token")
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::new(json!(json).to_string().into()))
            .unwrap()
    };
    let in_query = || post(&query, &[]);
    let in_form = || post("/token", &parameters);
    for (format, expected) in [
        (TokenRequestFormat::Form, [true, false, false]),
        (TokenRequestFormat::Json, [false, true, false]),
        (TokenRequestFormat::Query, [false, false, true]),
    ] {
        world
            .server
            .change(|options| options.request_format = format);
        for (request, expected) in [in_form(), in_json(), in_query()].into_iter().zip(expected) {
            let answer = world.send(request).await.unwrap();
            assert_eq!(answer.status.is_success(), expected, "{format:?}");
        }
    }
    assert_eq!(
        world.get(&query).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    world.server.change(|options| options.accepts_get = true);
    assert_eq!(world.get(&query).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reused_refresh_token_ends_the_whole_family() {
    let world = World::plain().await;
    let (first_access, first) = world.tokens();
    let (other_access, other) = world.tokens();
    let tokens = world.refresh(&first).await;
    let (second_access, second) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    assert_ne!(first, second);
    assert!(world.server.is_live(&first_access) && world.server.is_live(&second_access));

    let answer = world.refresh(&first).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    for token in [&first_access, &second_access] {
        let answer = world.resource(token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            answer.headers[WWW_AUTHENTICATE],
            "Bearer error=\"invalid_token\""
        );
    }
    let answer = world.refresh(&second).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    let counts = world.server.counts();
    assert_eq!(counts.refresh_token_reuses, 1);
    assert_eq!(counts.resource_requests_refused, 2);
    // Nobody else is concerned.
    assert!(world.server.is_live(&other_access));
    assert_eq!(world.refresh(&other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn refresh_tokens_may_stay() {
    for (rotation, repeated) in [(Rotation::Never, false), (Rotation::SameToken, true)] {
        let world = World::new(|options| options.rotation = rotation).await;
        let (_, refresh) = world.tokens();
        for _ in 0..3 {
            let answer = world.refresh(&refresh).await.json();
            assert_eq!(answer["refresh_token"] == refresh, repeated);
            assert_eq!(answer.get("refresh_token").is_some(), repeated);
        }
        assert_eq!(world.server.live_grants(), 1);
    }
}

#[tokio::test]
async fn access_tokens_expire_by_the_clock_and_by_order() {
    let world = World::plain().await;
    let (first, refresh) = world.tokens();
    world.advance(3599);
    assert!(world.server.is_live(&first));
    world.advance(1);
    assert_eq!(
        world.resource(&first).await.status,
        StatusCode::UNAUTHORIZED
    );
    let tokens = world.refresh(&refresh).await;
    let second = text(&tokens, "access_token");
    world.server.expire_all();
    assert_eq!(
        world.resource(&second).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        world.refresh(&text(&tokens, "refresh_token")).await.status,
        StatusCode::OK
    );

    world
        .server
        .change(|options| options.access_token_lifetime = None);
    let (third, refresh) = world.tokens();
    world.advance(1_000_000_000);
    assert!(world.server.is_live(&third));
    assert_eq!(world.refresh(&refresh).await.json().get("expires_in"), None);
    world.server.revoke_all();
    assert!(!world.server.is_live(&third));
    assert_eq!(world.server.live_grants(), 0);
}

#[tokio::test]
async fn the_expiry_is_told_in_every_way() {
    let world = World::new(|options| {
        options.access_token_lifetime = Some(Duration::from_mins(5));
    })
    .await;
    let cases = [
        (Expiry::Seconds, Some(json!(300)), None),
        (Expiry::Text, Some(json!("300")), None),
        (Expiry::At, None, Some(json!(1_800_000_300))),
        (Expiry::Absent, None, None),
    ];
    for (expiry, expires_in, expires_at) in cases {
        world
            .server
            .change(|options| options.response.expiry = expiry);
        let answer = world.token(&CLIENT_CREDENTIALS).await.json();
        assert_eq!(answer.get("expires_in"), expires_in.as_ref(), "{expiry:?}");
        assert_eq!(answer.get("expires_at"), expires_at.as_ref(), "{expiry:?}");
    }
}

#[tokio::test]
async fn answers_are_nested_and_carry_more() {
    let world = World::new(|options| {
        options.response.path = vec!["data".into(), "user".into()];
        options.response.extra = Map::from_iter([("team".into(), json!({ "id": 7 }))]);
    })
    .await;
    let answer = world.token(&CLIENT_CREDENTIALS).await.json();
    assert!(answer["data"]["user"]["access_token"].is_string());
    assert_eq!(answer["team"]["id"], 7);
    world.server.change(|options| {
        options.response.path.clear();
        options.response.extra = Map::from_iter([
            ("token_type".into(), json!(null)),
            ("expires_in".into(), json!(1)),
        ]);
    });
    let answer = world.token(&CLIENT_CREDENTIALS).await.json();
    assert_eq!(
        (answer.get("token_type"), &answer["expires_in"]),
        (None, &json!(1))
    );
}

#[tokio::test]
async fn answers_may_be_forms_or_text() {
    let world = World::new(|options| options.response.format = TokenResponseFormat::Form).await;
    let answer = world.token(&CLIENT_CREDENTIALS).await;
    assert_eq!(
        answer.headers[CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    let found: Vec<_> = form_urlencoded::parse(&answer.body).into_owned().collect();
    assert_eq!(found[0].0, "access_token");
    assert_eq!(found[2], ("expires_in".into(), "3600".into()));
    assert!(world.server.is_live(&found[0].1));
    let refused = world.token(&[]).await;
    assert!(refused.body.starts_with(b"error=invalid_request"));

    world
        .server
        .change(|options| options.response.format = TokenResponseFormat::Text);
    let answer = world.token(&CLIENT_CREDENTIALS).await;
    assert_eq!(answer.headers[CONTENT_TYPE], "text/plain");
    assert!(world.server.is_live(str::from_utf8(&answer.body).unwrap()));
}

#[tokio::test]
async fn errors_may_come_with_200() {
    let world = World::new(|options| options.response.errors_with_200 = true).await;
    assert_refused(
        &world.refresh("unknown").await,
        StatusCode::OK,
        "invalid_grant",
    );
    let answer = world.try_token(&CLIENT_CREDENTIALS).await.unwrap();
    assert_refused(&answer, StatusCode::OK, "invalid_client");
}

#[tokio::test]
async fn tokens_are_revoked_by_their_client_only() {
    let world = World::new(|options| options.clients.push(Client::public("public"))).await;
    let revoke = |parameters: &[(&str, &str)]| world.send(post("/revoke", parameters));
    let of_client = |token| [&CLIENT[..], &[("token", token)]].concat();
    let (access, refresh) = world.tokens();

    let answer = revoke(&[("client_id", "public"), ("token", &refresh)])
        .await
        .unwrap();
    assert_refused(&answer, StatusCode::BAD_REQUEST, "unauthorized_client");
    let answer = revoke(&[("token", &refresh)]).await.unwrap();
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
    let answer = revoke(&CLIENT).await.unwrap();
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_request");
    assert!(world.server.is_live(&access));

    let answer = revoke(&of_client(&access)).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!world.server.is_live(&access));
    let fresh = text(&world.refresh(&refresh).await, "refresh_token");
    // With the refresh token goes the grant; twice is no error, and nor is what is unknown.
    for token in [&fresh, &fresh, "unknown"] {
        let answer = revoke(&of_client(token)).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(world.server.live_grants(), 0);
    let counts = world.server.counts();
    assert_eq!((counts.revocation_requests, counts.revocations), (6, 2));
}

#[tokio::test]
async fn a_stranger_with_a_refresh_token_gets_and_breaks_nothing() {
    let world = World::new(|options| options.clients.push(Client::public("public"))).await;
    let (access, refresh) = world.tokens();
    let stolen = [&[("client_id", "public")][..], &refreshing(&refresh)].concat();
    let answer = world.try_token(&stolen).await.unwrap();
    assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    assert!(world.server.is_live(&access));
    assert_eq!(world.refresh(&refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ten_thousand_connections_refresh_in_memory_of_their_number() {
    let world = World::new(|options| options.record_limit = 10).await;
    for _ in 0..10_000 {
        world.tokens();
    }
    let (_, mut refresh) = world.tokens();
    for _ in 0..50 {
        refresh = text(&world.refresh(&refresh).await, "refresh_token");
    }
    assert_eq!(world.server.live_grants(), 10_001);
    assert_eq!(world.server.seen().len(), 10);
}
