use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn client(value: &Value) -> ApiClient {
    ApiClient::from_value(Some(value), Defaults::default()).unwrap()
}

fn error(value: &Value) -> ApiClientError {
    ApiClient::from_value(Some(value), Defaults::default()).unwrap_err()
}

fn path(client: &ApiClient, path: &str, query: Option<&str>) -> String {
    client.target(path, query).unwrap().path_and_query
}

#[test]
fn relative_paths_are_joined_below_the_base_uri() {
    let client = client(&json!({"baseUri": "https://api.example.com/v1/"}));
    assert_eq!(path(&client, "users", None), "/v1/users");
    assert_eq!(
        path(&client, "/users//1/", Some("a=%20&b")),
        "/v1/users//1/?a=%20&b"
    );
    assert_eq!(path(&client, "", None), "/v1");
}

#[test]
fn whole_urls_keep_their_path_byte_for_byte() {
    let client = client(&json!({
        "baseUri": "https://api.example.com", "allowedHosts": ["*.files.example.com"],
    }));
    let target = client
        .target("https://eu.files.example.com/a%2Fb/../c", Some("x=1"))
        .unwrap();
    assert_eq!(target.path_and_query, "/a%2Fb/../c?x=1");
    assert_eq!(target.origin.host_str(), Some("eu.files.example.com"));
}

#[test]
fn credentials_go_to_no_other_host() {
    let client = client(&json!({
        "baseUri": "https://api.example.com", "allowedHosts": ["*.files.example.com"],
    }));
    for url in [
        "https://evil.example/",
        "https://files.example.com/",
        "https://evilfiles.example.com/",
        "https://api.example.com:8443/",
        "http://api.example.com/",
        "https://api.example.com.evil.example/",
        "https://api.example.com@evil.example/",
    ] {
        assert!(client.target(url, None).is_err(), "{url}");
    }
    assert!(
        client
            .target("https:/api.example.com/merged-slashes", None)
            .is_ok()
    );
}

#[test]
fn the_caller_overrides_query_parameters_of_the_client() {
    let client = client(&json!({"baseUri": "https://a.example", "query": {"key": "k&", "v": 2}}));
    assert_eq!(path(&client, "/x", Some("v=3")), "/x?v=3&key=k%26");
    assert_eq!(path(&client, "/x", None), "/x?key=k%26&v=2");
}

#[test]
fn basic_authentication_follows_rfc_7617() {
    let client = client(&json!({
        "baseUri": "https://a.example", "auth": {"username": "Aladdin", "password": "open sesame"},
    }));
    // The example of RFC 7617 section 2.
    assert_eq!(client.headers[0].1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

#[test]
fn debug_output_shows_no_credentials() {
    let client = client(&json!({
        "baseUri": "https://a.example", "headers": {"X-Key": "planted"}, "query": {"k": "planted"},
    }));
    assert!(!format!("{client:?}").contains("planted"));
}

#[test]
fn options_below_args_are_found() {
    let client = client(&json!({"args": {"baseUri": "https://a.example"}}));
    assert_eq!(client.base_uri.as_str(), "https://a.example/");
}

#[test]
fn every_mistake_has_its_own_message() {
    let base = "https://a.example";
    assert_eq!(error(&json!({})), ApiClientError::NoBaseUri);
    assert!(matches!(
        error(&json!({"baseUri": "ftp://x"})),
        ApiClientError::BaseUri
    ));
    assert!(matches!(error(&json!([])), ApiClientError::NotAnObject(_)));
    let newline = json!({"baseUri": base, "headers": {"X-Key": "a\nb"}});
    assert_eq!(error(&newline), ApiClientError::HeaderValue("X-Key".into()));
    let object = json!({"baseUri": base, "headers": {"X-Key": {"$template": "x"}}});
    assert!(matches!(error(&object), ApiClientError::Shape { .. }));
    let too_wide = json!({"baseUri": base, "allowedHosts": ["*.com"]});
    assert!(matches!(error(&too_wide), ApiClientError::AllowedHost(_)));
}

#[test]
fn the_first_matching_response_handler_decides() {
    let client = client(
        &json!({"baseUri": "https://a.example", "responseHandlers": [
            {"match": {"$eval": {"$var": "response.status"}, "is": 404}, "isSuccess": true},
            {"match": {"$eval": {"$var": "$.response.data.error"}, "isNotEmpty": true},
             "error": {"message": {"$var": "response.data.error"}, "key": "connection_is_defunct"}},
        ]}),
    );
    let headers = HeaderMap::new();
    let judge = |status, data: &Value| {
        let facts = ResponseFacts {
            status,
            headers: &headers,
            data: Some(data),
        };
        ResponseHandler::judge(&client.response_handlers, &facts)
    };
    assert_eq!(
        judge(StatusCode::NOT_FOUND, &json!({})),
        Some(Verdict::Success(None))
    );
    let failure = judge(StatusCode::OK, &json!({"error": "revoked"}));
    let Some(Verdict::Failure(failure)) = failure else {
        panic!("{failure:?}")
    };
    assert_eq!(failure.message.as_deref(), Some("revoked"));
    assert_eq!(failure.key, Some(HandlerErrorKey::ConnectionIsDefunct));
    assert_eq!(judge(StatusCode::OK, &json!({"ok": true})), None);
    let needs: Vec<bool> = client
        .response_handlers
        .iter()
        .map(ResponseHandler::needs_body)
        .collect();
    assert_eq!(needs, [false, true]);
}

#[test]
fn a_handler_that_needs_a_body_nobody_read_is_passed_over() {
    let client = client(
        &json!({"baseUri": "https://a.example", "responseHandlers": [
            {"match": {"$eval": {"$var": "response.data.ok"}, "isEmpty": true},
             "error": {"key": "connection_is_defunct"}},
            {"match": {"$eval": {"$var": "response.status"}, "is": 200}, "isSuccess": true},
        ]}),
    );
    let facts = ResponseFacts {
        status: StatusCode::OK,
        headers: &HeaderMap::new(),
        data: None,
    };
    let verdict = ResponseHandler::judge(&client.response_handlers, &facts);
    assert_eq!(verdict, Some(Verdict::Success(None)));
}

#[test]
fn fields_of_the_message_itself_are_not_a_definitions_to_set() {
    let client = client(&json!({"baseUri": "https://a.example", "headers": {
        "Transfer-Encoding": "chunked", "Content-Length": "3", "Connection": "x", "X-Own": "1",
    }}));
    let names: Vec<&str> = client
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["x-own"]);
}

#[test]
fn a_query_right_after_the_host_has_a_path() {
    let client = client(&json!({"baseUri": "https://api.example.com"}));
    assert_eq!(path(&client, "?a=1", None), "/?a=1");
}

/// Text that looks for a way out of the base URI.
fn crafty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("https://".to_owned()),
        Just("http:/".to_owned()),
        Just("//".to_owned()),
        Just("\\".to_owned()),
        Just("@".to_owned()),
        Just("#".to_owned()),
        Just("?".to_owned()),
        Just("..".to_owned()),
        Just(":443".to_owned()),
        Just("evil.example".to_owned()),
        Just("api.example.com".to_owned()),
        Just("%2f".to_owned()),
        "[ -~]{0,4}",
        "\\PC{0,3}",
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_path_leads_to_another_host(given in crafty(), query in prop::option::of("[ -~]{0,12}")) {
        let client = client(&json!({
            "baseUri": "https://api.example.com/v1", "allowedHosts": ["*.files.example.com"],
            "query": {"key": "k"},
        }));
        if let Ok(target) = client.target(&given, query.as_deref()) {
            prop_assert!(client.allowed_hosts.contains(&target.origin));
            prop_assert!(target.path_and_query.starts_with('/'), "{}", target.path_and_query);
            if let Ok(uri) = http::Uri::try_from(&target.path_and_query) {
                prop_assert_eq!(uri.authority(), None);
            }
        }
    }
}
