//! The flow against a token endpoint that the test plays.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::*;
use crate::auth::retry::FailureClass;
use crate::auth::timing::RefreshTiming;
use crate::connector::{AuthType, Function, Implementation, Mapping, SourceLocation};
use crate::request::{Request, Response};
use crate::{Clock, Effects, Random};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        noon()
    }
}

struct Sevens;

impl Random for Sevens {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// An external app that answers in order, and a connector whose functions are mappings.
struct World {
    option: AuthOption,
    effects: Effects,
    answers: Mutex<VecDeque<Response>>,
    requests: Vec<Request>,
    metadata: Value,
}

impl World {
    fn new(config: &Value) -> Self {
        Self {
            option: option([(FunctionName::GetOAuthConfig, config)]),
            effects: Effects::new(Arc::new(Noon), Arc::new(Sevens)),
            answers: Mutex::default(),
            requests: Vec::new(),
            metadata: Value::Null,
        }
    }

    fn with(mut self, name: FunctionName, mapping: &Value) -> Self {
        self.option.functions.push(function(name, mapping));
        self
    }

    fn answering(self, status: u16, media_type: &'static str, body: impl Into<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.answers.lock().unwrap().push_back(Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into().into(),
        });
        self
    }

    fn json(self, status: u16, body: &Value) -> Self {
        self.answering(status, "application/json", body.to_string())
    }

    fn body(&self, index: usize) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.requests[index].body)
            .into_owned()
            .collect()
    }

    fn parameter(&self, index: usize, name: &str) -> Option<String> {
        let found = self.body(index).into_iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    fn begin(&mut self) -> Result<Begin, AuthError> {
        let option = self.option.clone();
        now(OAuth2.begin(self, &option, arguments(None), &START))
    }

    fn complete(&mut self, query: &[(&str, &str)]) -> Result<Connected, AuthError> {
        let pending = json!({ "codeVerifier": "verifier", "nonce": "n-1" });
        let pairs = query.iter();
        let pairs = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let callback = Callback::new(pairs);
        let pending = SecretJson::new(pending);
        let back = Return {
            pending: &pending,
            callback: &callback,
        };
        let option = self.option.clone();
        now(OAuth2.complete(self, &option, arguments(None), &START, &back))
    }

    fn refresh(&mut self, credentials: Value) -> Result<Issued, AuthError> {
        let option = self.option.clone();
        now(OAuth2.refresh(self, &option, &arguments(Some(credentials)), &START))
    }
}

#[async_trait]
impl AuthContext for World {
    async fn call(
        &mut self,
        function: FunctionName,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let Some(function) = self.option.function(function) else {
            return Ok(None);
        };
        let Implementation::Mapping(mapping) = &function.implementation else {
            panic!("tests have mappings only");
        };
        Ok(mapping.evaluate(&arguments.to_variables()))
    }

    async fn send(&mut self, request: Request) -> Result<Response, AuthError> {
        self.requests.push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        Ok(answer.expect("one more request than expected"))
    }

    async fn metadata(&mut self, _urls: &[Url]) -> Result<Arc<Value>, AuthError> {
        Ok(Arc::new(self.metadata.clone()))
    }

    fn effects(&self) -> &Effects {
        &self.effects
    }
}

const START: Start<'_> = Start {
    redirect_uri: "https://bridge.example.com/oauth-callback",
    state: "s-1:custom",
};

fn option<'a>(functions: impl IntoIterator<Item = (FunctionName, &'a Value)>) -> AuthOption {
    let functions = functions.into_iter();
    AuthOption {
        key: None,
        auth_type: AuthType::OAuth2,
        title: None,
        description: None,
        help_uri: None,
        enabled: None,
        input_schema: None,
        parameters_schema: None,
        credentials_schema: None,
        allowed_hosts: Vec::new(),
        function_hosts: Vec::new(),
        proxy_key: None,
        allowed_child_hosts: Vec::new(),
        refresh: RefreshTiming::default(),
        functions: functions
            .map(|(name, value)| function(name, value))
            .collect(),
    }
}

fn function(name: FunctionName, mapping: &Value) -> Function {
    Function {
        name,
        implementation: Implementation::Mapping(Mapping::compile(mapping)),
        source: SourceLocation {
            file: "spec.yml".into(),
            line: 1,
            column: 1,
        },
    }
}

fn arguments(credentials: Option<Value>) -> Arguments {
    Arguments {
        withholds_credentials: false,
        connector_parameters: SecretJson::new(json!({ "scopes": ["read", "write"] })),
        connection_input: SecretJson::empty_object(),
        credentials: credentials.map(SecretJson::new),
        own: SecretJson::default(),
    }
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("nothing here waits"),
    }
}

fn config() -> Value {
    json!({
        "clientId": "id/1",
        "clientSecret": "se cret",
        "clientAuth": "basic",
        "authorizeUri": "https://id.example.com/authorize?tenant=7",
        "tokenUri": "https://id.example.com/token",
        "scopes": { "$var": "connectorParameters.scopes" },
    })
}

fn with(mut config: Value, members: &Value) -> Value {
    let more = members.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(more);
    config
}

fn query_of(begun: Result<Begin, AuthError>) -> Vec<(String, String)> {
    let Ok(Begin::Redirect { location, .. }) = begun else {
        panic!("no redirect");
    };
    location.query_pairs().into_owned().collect()
}

fn token() -> Value {
    json!({ "access_token": "a-1", "refresh_token": "r-1", "expires_in": 3600, "scope": "read" })
}

#[test]
fn the_browser_is_sent_away_with_everything_a_provider_asks_for() {
    let extra = json!({ "extra": { "prompt": "consent", "state": "mine" }, "resource": "urn:api" });
    let query = query_of(World::new(&with(config(), &extra)).begin());
    let of = |name: &str| {
        let found = query.iter().filter(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("tenant"), ["7"]);
    assert_eq!(of("response_type"), ["code"]);
    assert_eq!(of("client_id"), ["id/1"]);
    assert_eq!(of("redirect_uri"), [START.redirect_uri]);
    assert_eq!(of("state"), [START.state], "nobody replaces the state");
    assert_eq!(of("scope"), ["read write"]);
    assert_eq!(of("prompt"), ["consent"]);
    assert_eq!(of("resource"), ["urn:api"]);
    let verifier = pkce::unguessable(&Effects::new(Arc::new(Noon), Arc::new(Sevens)));
    assert_eq!(of("code_challenge"), [pkce::challenge(&verifier)]);
    assert_eq!(of("code_challenge_method"), ["S256"]);
}

#[test]
fn pkce_and_the_separator_of_scopes_are_as_the_connector_says() {
    let quirks = json!({ "skipPkce": true, "scopeSeparator": "," });
    let query = query_of(World::new(&with(config(), &quirks)).begin());
    assert!(query.contains(&("scope".into(), "read,write".into())));
    assert!(query.iter().all(|(name, _)| name != "code_challenge"));
}

#[test]
fn the_code_is_exchanged_and_the_answer_kept_with_its_expiry() {
    let mut world = World::new(&config()).json(200, &token());
    let connected = world
        .complete(&[("code", "c-1"), ("state", "s-1")])
        .unwrap();
    let credentials = connected.issued.credentials.expose();
    assert_eq!(credentials["access_token"], "a-1");
    assert_eq!(credentials["expires_in"], 3600);
    assert_eq!(credentials["expires_at"], "2026-11-21T13:00:00Z");
    assert!(connected.issued.is_refreshable);
    let scopes = connected.issued.scopes.unwrap();
    assert_eq!(scopes.missing(), ["write"]);
    assert_eq!(world.parameter(0, "code").unwrap(), "c-1");
    assert_eq!(world.parameter(0, "code_verifier").unwrap(), "verifier");
    assert_eq!(world.parameter(0, "client_id"), None);
    let basic = format!("Basic {}", STANDARD.encode("id%2F1:se+cret"));
    assert_eq!(world.requests[0].headers[AUTHORIZATION], basic);
}

#[test]
fn clients_say_who_they_are_in_the_way_the_connector_says() {
    let sent = |quirk: Value| {
        let mut world = World::new(&with(config(), &quirk)).json(200, &token());
        world.complete(&[("code", "c")]).unwrap();
        let header = world.requests[0].headers.contains_key(AUTHORIZATION);
        (header, world.parameter(0, "client_secret").is_some())
    };
    assert_eq!(sent(json!({ "clientAuth": "basic" })), (true, false));
    assert_eq!(sent(json!({ "clientAuth": "body" })), (false, true));
    assert_eq!(sent(json!({ "clientAuth": "both" })), (true, true));
    assert_eq!(sent(json!({ "clientAuth": "none" })), (false, false));
    let older = json!({ "clientAuth": null, "clientAuthLocation": "body" });
    assert_eq!(sent(older), (false, true));
    let oldest = json!({ "clientAuth": null, "skipClientAuthInHeaders": true });
    assert_eq!(sent(oldest), (false, true));
}

#[test]
fn a_secret_that_is_being_replaced_still_works() {
    let two = with(config(), &json!({ "clientSecret": ["new", "old"] }));
    let refusal = json!({ "error": "invalid_client" });
    let mut world = World::new(&two).json(401, &refusal).json(200, &token());
    world.complete(&[("code", "c")]).unwrap();
    let secret = |index: usize| {
        let value = world.requests[index].headers[AUTHORIZATION]
            .to_str()
            .unwrap();
        let pair = STANDARD.decode(value.trim_start_matches("Basic ")).unwrap();
        String::from_utf8(pair).unwrap()
    };
    assert_eq!(
        (secret(0), secret(1)),
        ("id%2F1:new".into(), "id%2F1:old".into())
    );
}

#[test]
fn a_grant_that_is_refused_is_not_tried_with_another_secret() {
    let two = with(
        config(),
        &json!({ "clientSecret": ["new", "old"], "clientAuth": null }),
    );
    let mut world = World::new(&two).json(400, &json!({ "error": "invalid_grant" }));
    let error = world.refresh(token()).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
    assert_eq!(world.requests.len(), 1);
}

#[test]
fn token_requests_have_the_form_the_connector_says() {
    let mut json_world =
        World::new(&with(config(), &json!({ "tokenRequestFormat": "json" }))).json(200, &token());
    json_world.complete(&[("code", "c")]).unwrap();
    let body: Value = serde_json::from_slice(&json_world.requests[0].body).unwrap();
    assert_eq!(body["grant_type"], "authorization_code");

    let quirks = json!({ "tokenRequestMethod": "GET", "tokenExtra": { "v": 2 } });
    let mut query_world = World::new(&with(config(), &quirks)).json(200, &token());
    query_world.complete(&[("code", "c")]).unwrap();
    let request = &query_world.requests[0];
    assert!(request.body.is_empty());
    let sent = &request.target.path_and_query;
    assert!(
        sent.starts_with("/token?grant_type=authorization_code&code=c"),
        "{sent}"
    );
    assert!(sent.ends_with("v=2"), "{sent}");
}

#[test]
fn token_responses_are_read_in_every_form() {
    let access_token = |quirk: Value, media_type, body: &str| {
        let config = with(config(), &quirk);
        let mut world = World::new(&config).answering(200, media_type, body);
        let connected = world.complete(&[("code", "c")]).unwrap();
        connected.issued.credentials.expose()["access_token"].clone()
    };
    let form = "access_token=a%2B1&expires_in=60";
    assert_eq!(access_token(json!({}), "text/plain", form), "a+1");
    assert_eq!(
        access_token(
            json!({ "tokenResponseFormat": "text" }),
            "text/plain",
            "a-2\n"
        ),
        "a-2"
    );
    let nested = r#"{"ok":true,"authed_user":{"access_token":"a-3"}}"#;
    assert_eq!(
        access_token(
            json!({ "tokenResponsePath": "authed_user" }),
            "application/json",
            nested
        ),
        "a-3"
    );
}

#[test]
fn refusals_mean_what_they_say_wherever_they_say_it() {
    let class = |status, media_type, body: &str| {
        let mut world = World::new(&config()).answering(status, media_type, body);
        world.refresh(token()).unwrap_err().failure_class()
    };
    let json = "application/json";
    assert_eq!(
        class(400, json, r#"{"error":"invalid_grant"}"#),
        FailureClass::Terminal
    );
    assert_eq!(
        class(200, json, r#"{"ok":false,"error":"invalid_grant"}"#),
        FailureClass::Terminal
    );
    assert_eq!(
        class(401, json, r#"{"error":"invalid_client"}"#),
        FailureClass::Configuration
    );
    assert_eq!(class(429, json, "{}"), FailureClass::Throttled);
    assert_eq!(class(500, json, "{}"), FailureClass::Transient);
    assert_eq!(
        class(502, "text/html", "<html>Bad gateway"),
        FailureClass::Transient
    );
    assert_eq!(
        class(200, "text/html", "<html>Hello"),
        FailureClass::Transient
    );
    assert_eq!(class(200, json, "{}"), FailureClass::Transient);
    assert_eq!(class(200, json, "[1"), FailureClass::Transient);
    assert_eq!(class(302, json, ""), FailureClass::Configuration);
    assert_eq!(
        class(404, "text/html", "<html>"),
        FailureClass::Configuration
    );
}

#[test]
fn the_connector_may_say_what_a_refusal_means() {
    let rule = json!({
        "match": { "$eval": { "$var": "response.data.error_code" }, "is": 90 },
        "class": "terminal",
    });
    let config = with(config(), &json!({ "failures": [rule] }));
    let mut world = World::new(&config).json(500, &json!({ "error_code": 90 }));
    let error = world.refresh(token()).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
}

#[test]
fn a_refresh_keeps_what_the_answer_leaves_out() {
    let answer = json!({ "access_token": "a-2", "refresh_token": null, "expires_in": "60" });
    let mut world = World::new(&config()).json(200, &answer);
    let mut old = token();
    old["expires_at"] = "2020-01-01T00:00:00Z".into();
    old["instance_url"] = "https://eu.example.com".into();
    let issued = world.refresh(old).unwrap();
    let credentials = issued.credentials.expose();
    assert_eq!(credentials["access_token"], "a-2");
    assert_eq!(credentials["refresh_token"], "r-1");
    assert_eq!(credentials["instance_url"], "https://eu.example.com");
    assert_eq!(credentials["expires_at"], "2026-11-21T12:01:00Z");
    assert_eq!(world.parameter(0, "refresh_token").unwrap(), "r-1");
}

#[test]
fn the_configuration_says_when_to_refresh_and_the_option_what_it_leaves_open() {
    let mut world = World::new(&with(config(), &json!({ "refresh": { "margin": "2m" } })))
        .json(200, &json!({ "access_token": "a-2" }));
    let both = json!({ "margin": "9m", "defaultLifetime": "1h" });
    world.option.refresh = RefreshTiming::from_value(Some(&both)).unwrap();
    let issued = world.refresh(token()).unwrap();
    let expected = json!({ "margin": "2m", "defaultLifetime": "1h" });
    let expected = RefreshTiming::from_value(Some(&expected)).unwrap();
    assert_eq!(issued.timing, expected);
}

#[test]
fn grants_without_a_browser_need_none_and_are_repeated_on_refresh() {
    let quirk = json!({ "grantType": "client_credentials", "authorizeUri": null });
    let mut world = World::new(&with(config(), &quirk))
        .json(200, &json!({ "access_token": "a-1" }))
        .json(200, &json!({ "access_token": "a-2" }));
    let Ok(Begin::Complete(connected)) = world.begin() else {
        panic!("not connected");
    };
    assert!(connected.issued.is_refreshable);
    assert_eq!(world.parameter(0, "scope").unwrap(), "read write");
    let credentials = connected.issued.credentials.expose().clone();
    let issued = world.refresh(credentials).unwrap();
    assert_eq!(issued.credentials.expose()["access_token"], "a-2");
    assert_eq!(
        world.parameter(1, "grant_type").unwrap(),
        "client_credentials"
    );
}

#[test]
fn without_a_refresh_token_the_user_is_needed() {
    let mut world = World::new(&config());
    let error = world.refresh(json!({ "access_token": "a-1" })).unwrap_err();
    assert_eq!(error.failure_class(), FailureClass::Terminal);
    assert!(world.requests.is_empty());
}

#[test]
fn functions_of_the_connector_take_part() {
    let mut world = World::new(&config())
        .with(
            FunctionName::GetTokenData,
            &json!({ "token": { "$var": "queryParameters.code" } }),
        )
        .with(
            FunctionName::GetCredentialsFromAccessTokenResponse,
            &json!({
                "access_token": { "$var": "tokenResponse.token" },
                "shop": { "$var": "queryParameters.shop" },
            }),
        );
    let connected = world.complete(&[("code", "c-9"), ("shop", "s-2")]).unwrap();
    let credentials = connected.issued.credentials.expose();
    assert_eq!(credentials["access_token"], "c-9");
    assert_eq!(credentials["shop"], "s-2");
    assert!(world.requests.is_empty());
}

#[test]
fn the_metadata_of_an_issuer_fill_in_what_is_not_given() {
    let issuer = "https://id.example.com";
    let minimal = json!({ "clientId": "id", "clientSecret": "s", "issuer": issuer });
    let mut world = World::new(&minimal).json(200, &token());
    world.metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": "https://id.example.com/auth",
        "token_endpoint": "https://id.example.com/tok",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    });
    let missing = world.complete(&[("code", "c")]).unwrap_err();
    assert!(missing.to_string().contains("announces `iss`"), "{missing}");
    let other = [("code", "c"), ("iss", "https://evil.example.com")];
    assert!(world.complete(&other).is_err());
    world.complete(&[("code", "c"), ("iss", issuer)]).unwrap();
    assert_eq!(world.requests[0].target.path_and_query, "/tok");
    assert_eq!(world.parameter(0, "client_secret").unwrap(), "s");

    world.metadata["issuer"] = "https://evil.example.com".into();
    assert!(world.begin().is_err());
}

#[test]
fn an_id_token_must_answer_this_request() {
    let id_token = |nonce: &str| {
        let claims = URL_SAFE_NO_PAD.encode(json!({ "nonce": nonce }).to_string());
        format!("e30.{claims}.sig")
    };
    let completed = |nonce| {
        let answer = with(token(), &json!({ "id_token": id_token(nonce) }));
        World::new(&config())
            .json(200, &answer)
            .complete(&[("code", "c")])
    };
    assert!(completed("n-1").is_ok());
    assert!(completed("n-2").is_err());
}

#[test]
fn a_provider_that_says_no_is_quoted() {
    let query = [
        ("error", "access_denied"),
        ("error_description", "not  today"),
    ];
    let error = World::new(&config()).complete(&query).unwrap_err();
    assert_eq!(error.to_string(), "access was denied: not today");
}

#[test]
fn what_is_wrong_with_a_configuration_is_named() {
    let message = |quirk: Value| {
        let error = World::new(&with(config(), &quirk)).begin().unwrap_err();
        error.to_string()
    };
    for (quirk, expected) in [
        (json!({ "clientId": null }), "`clientId` is missing"),
        (json!({ "tokenUri": null }), "`tokenUri` is missing"),
        (json!({ "tokenUri": "id.example.com" }), "`tokenUri`"),
        (json!({ "clientAuth": "tls" }), "`clientAuth: tls`"),
        (json!({ "par": "https://id.example.com/par" }), "`par`"),
        (
            json!({ "grantType": "magic" }),
            "one of `authorization_code`",
        ),
        (
            json!({ "refresh": { "margin": "soon" } }),
            "`refresh.margin`",
        ),
        (
            json!({ "failures": [{ "class": "bad" }] }),
            "`failures[0].match`",
        ),
        (json!({ "grantType": "password" }), "`username` is missing"),
    ] {
        let message = message(quirk);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let mut config = config();
    config["scopes"] = json!([]);
    let config = OAuth2Config::from_value(Some(&config)).unwrap();
    assert!(!format!("{config:?}").contains("se cret"));
}
