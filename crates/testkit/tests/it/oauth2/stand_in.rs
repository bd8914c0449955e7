//! The authorization server in the place of another's.

use authbridge_testkit::oauth2::{AuthorizationServerOptions, StandInOptions};
use authbridge_testkit::{
    SimulatedAnswer, SimulatedApi, SimulatedRoute, StandIn, TokenCheck, Verdict,
};
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use url::Url;

use super::{CALLBACK, CLIENT, VERIFIER, authorization, form};
use crate::{Answer, send_to};

async fn api() -> SimulatedApi {
    let api = SimulatedApi::start(TokenCheck::default()).await.unwrap();
    api.open_account(Vec::new());
    let url = |text: &str| vec![Url::parse(text).unwrap()];
    api.stand_in(Some(StandIn::OAuth2(Box::new(StandInOptions {
        authorize: url("https://id.example.com/dialog"),
        token: url("https://api.example.com/v1/access?version=2"),
        revocation: url("https://api.example.com/v1/forget"),
        issuer: None,
        server: AuthorizationServerOptions::default(),
    }))));
    api
}

/// A code, as the user gives it.
fn code(api: &SimulatedApi) -> Option<String> {
    let parameters = form(&authorization(&[]));
    let url = format!("https://id.example.com/dialog?{parameters}");
    let answer = api.visit(&Url::parse(&url).unwrap());
    let (_, location) = answer.headers.iter().find(|(name, _)| name == "location")?;
    let location = Url::parse(location).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code");
    code.map(|(_, code)| code.into_owned())
}

async fn post(api: &SimulatedApi, path: &str, parameters: &[(&str, &str)]) -> Answer {
    let request = Request::post(path)
        .header("host", "api.example.com")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(form(&[parameters, &CLIENT].concat())))
        .unwrap();
    send_to(api.address(), request).await.unwrap()
}

async fn redeem(api: &SimulatedApi, code: &str, verifier: &str) -> Answer {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ];
    post(api, "/v1/access?version=2", &parameters).await
}

async fn me(api: &SimulatedApi, token: &str) -> StatusCode {
    let request = Request::get("/me")
        .header("host", "anything.example.com")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::default())
        .unwrap();
    send_to(api.address(), request).await.unwrap().status
}

fn verdicts(api: &SimulatedApi) -> Vec<Verdict> {
    let exchanges = api.take_exchanges();
    exchanges.iter().map(|exchange| exchange.verdict).collect()
}

#[tokio::test]
async fn tokens_of_a_server_at_any_address_are_good_at_every_other() {
    let api = api().await;
    let tokens = redeem(&api, &code(&api).unwrap(), VERIFIER).await.json();
    let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
    let access = access.as_str().unwrap();
    assert_eq!(me(&api, access).await, StatusCode::OK);
    api.expire_all();
    assert_eq!(me(&api, access).await, StatusCode::UNAUTHORIZED);
    let refreshing = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str().unwrap()),
    ];
    let fresh = post(&api, "/v1/access", &refreshing).await.json();
    let fresh = fresh["access_token"].as_str().unwrap();
    assert_eq!(me(&api, fresh).await, StatusCode::OK);
    post(&api, "/v1/forget", &[("token", fresh)]).await;
    assert_eq!(me(&api, fresh).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        verdicts(&api),
        [
            Verdict::Consented,
            Verdict::Issued,
            Verdict::Accepted,
            Verdict::Expired,
            Verdict::Issued,
            Verdict::Accepted,
            Verdict::Revoked,
            Verdict::Expired,
        ]
    );
}

#[tokio::test]
async fn a_user_who_says_no_and_a_wrong_verifier_are_refused() {
    let api = api().await;
    api.deny_consent(true);
    assert_eq!(code(&api), None);
    api.deny_consent(false);
    let answer = redeem(&api, &code(&api).unwrap(), "another").await;
    assert_eq!(answer.json()["error"], "invalid_grant");
    assert_eq!(
        verdicts(&api),
        [Verdict::Refused, Verdict::Consented, Verdict::Refused]
    );
}

#[tokio::test]
async fn a_route_of_the_author_gives_the_answer_its_form() {
    let api = api().await;
    let route = |data: Value| SimulatedRoute {
        method: None,
        path: "/v1/access".into(),
        answer: SimulatedAnswer {
            status: 200,
            headers: Vec::new(),
            data,
        },
    };
    api.set_routes(vec![route(
        json!({ "ok": true, "user": { "token": "{{token}}" } }),
    )]);
    let tokens = redeem(&api, &code(&api).unwrap(), VERIFIER).await.json();
    let access = tokens["user"]["token"].as_str().unwrap();
    assert_eq!(me(&api, access).await, StatusCode::OK);
    // A request that is none of OAuth, but has the code, is what such routes are for.
    let odd = [("auth_code", code(&api).unwrap())];
    let odd = odd.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(post(&api, "/v1/access", &odd).await.status, StatusCode::OK);
    let again = post(&api, "/v1/access", &odd).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_issuer_publishes_its_metadata_in_both_places() {
    let api = api().await;
    let issuer = "https://id.example.com/tenant/7";
    api.stand_in(Some(StandIn::OAuth2(Box::new(StandInOptions {
        issuer: Some(Url::parse(issuer).unwrap()),
        ..StandInOptions::default()
    }))));
    for path in [
        "/tenant/7/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/tenant/7",
    ] {
        let url = format!("https://id.example.com{path}");
        let metadata = api.visit(&Url::parse(&url).unwrap()).data;
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["token_endpoint"], format!("{issuer}/token"));
    }
    assert_eq!(verdicts(&api), [Verdict::Published, Verdict::Published]);
}
