//! The server in the place of another's.

use authbridge_testkit::oauth1::{AuthorizationServerOptions, IssuedToken, StandInOptions};
use authbridge_testkit::{
    SimulatedAnswer, SimulatedApi, SimulatedRoute, StandIn, TokenCheck, Verdict,
};
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::json;
use url::Url;

use super::{CALLBACK, Token, member, signed, token};
use crate::{Answer, send_to};

async fn api() -> SimulatedApi {
    let api = SimulatedApi::start(TokenCheck::default()).await.unwrap();
    api.open_account(Vec::new());
    let url = |text: &str| vec![Url::parse(text).unwrap()];
    api.stand_in(Some(StandIn::OAuth1(Box::new(StandInOptions {
        request_token: url("https://api.example.com/initiate"),
        authorize: url("https://id.example.com/dialog"),
        access_token: url("https://api.example.com/token"),
        known: vec![IssuedToken {
            token: "typed".into(),
            secret: "typed-secret".into(),
        }],
        server: AuthorizationServerOptions::default(),
    }))));
    api
}

async fn ask(api: &SimulatedApi, path: &str, by: &Token, further: &[(&str, &str)]) -> Answer {
    let request = Request::post(path)
        .header("host", "api.example.com")
        .header("authorization", signed(by, further))
        .body(Full::default())
        .unwrap();
    send_to(api.address(), request).await.unwrap()
}

/// What the user's browser brings back.
fn brought(api: &SimulatedApi, pending: &Token, name: &str) -> Option<String> {
    let url = format!("https://id.example.com/dialog?oauth_token={}", pending.0);
    let answer = api.visit(&Url::parse(&url).unwrap());
    let (_, location) = answer.headers.iter().find(|(name, _)| name == "location")?;
    let location = Url::parse(location).unwrap();
    let found = location.query_pairs().find(|(given, _)| given == name);
    found.map(|(_, value)| value.into_owned())
}

fn verdicts(api: &SimulatedApi) -> Vec<Verdict> {
    let exchanges = api.take_exchanges();
    exchanges.iter().map(|exchange| exchange.verdict).collect()
}

#[tokio::test]
async fn it_issues_tokens_and_verifies_requests_to_any_api() {
    let api = api().await;
    api.set_routes(vec![SimulatedRoute {
        method: None,
        path: "/token".into(),
        answer: SimulatedAnswer {
            status: 200,
            headers: Vec::new(),
            data: json!({ "screen_name": "lovelace" }),
        },
    }]);
    let callback = [("oauth_callback", CALLBACK)];
    let pending = token(&ask(&api, "/initiate", &Token::default(), &callback).await);
    let verifier = brought(&api, &pending, "oauth_verifier").unwrap();
    let answer = ask(&api, "/token", &pending, &[("oauth_verifier", &verifier)]).await;
    assert_eq!(member(&answer, "screen_name").as_deref(), Some("lovelace"));
    let access = token(&answer);
    assert_eq!(ask(&api, "/me", &access, &[]).await.status, StatusCode::OK);
    let forged = Token(access.0.clone(), "another".into());
    ask(&api, "/me", &forged, &[]).await;
    api.expire_all();
    ask(&api, "/me", &access, &[]).await;
    let unsigned = Request::get("/me").header("host", "api.example.com");
    let unsigned = unsigned.body(Full::default()).unwrap();
    send_to(api.address(), unsigned).await.unwrap();
    assert_eq!(
        verdicts(&api),
        [
            Verdict::Issued,
            Verdict::Consented,
            Verdict::Issued,
            Verdict::Accepted,
            Verdict::Refused,
            Verdict::Expired,
            Verdict::Unknown,
        ]
    );
}

#[tokio::test]
async fn a_user_may_say_no_and_typed_tokens_are_good() {
    let api = api().await;
    api.deny_consent(true);
    let callback = [("oauth_callback", CALLBACK)];
    let pending = token(&ask(&api, "/initiate", &Token::default(), &callback).await);
    let problem = brought(&api, &pending, "oauth_problem");
    assert_eq!(problem.as_deref(), Some("permission_denied"));
    let typed = Token("typed".into(), "typed-secret".into());
    assert_eq!(ask(&api, "/me", &typed, &[]).await.status, StatusCode::OK);
    api.revoke_all();
    assert_eq!(
        ask(&api, "/me", &typed, &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
}
