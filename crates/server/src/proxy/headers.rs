//! Which header fields pass, in both directions.

use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::ERROR_HEADER;

/// Fields that are about one connection and never pass (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Fields of requests that do not pass: they are about the way to us (wire contract B.4).
/// `Content-Length` is made anew from the body; `Expect` was answered here.
const INFRASTRUCTURE: [&str; 32] = [
    "authorization",
    "cdn-loop",
    "cf-connecting-ip",
    "cf-ipcountry",
    "cf-ray",
    "cf-visitor",
    "content-length",
    "expect",
    "forwarded",
    "forwarded-for-header",
    "host",
    "membrane-api-version",
    "proxy-protocol",
    "real_ip_header",
    "real_ip_recursive",
    "true-client-ip",
    "via",
    "x-amzn-trace-id",
    "x-different-name",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-integration-app-token",
    "x-membrane-token",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-request-id",
    "x-request-start",
    "x-scheme",
    "x-using-nginx-controller",
];

/// Fields of the caller that win over the connector's of the same name: they describe this
/// request's body and what the caller can read.
const CALLERS: [&str; 10] = [
    "accept-language",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "prefer",
    "range",
];

/// Takes out of a request what does not pass.
pub(super) fn strip_request(headers: &mut HeaderMap, is_upgrade: bool) {
    strip_named(headers);
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
    for name in INFRASTRUCTURE {
        headers.remove(name);
    }
    if is_upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
}

/// Takes out of an answer what does not pass: hop-by-hop fields, and the mark of our own errors,
/// which would be a lie there.
pub(super) fn strip_response(headers: &mut HeaderMap) {
    strip_named(headers);
    headers.remove(ERROR_HEADER);
    if headers.contains_key(TRANSFER_ENCODING) {
        // The length that counts is that of the chunks (RFC 9112 section 6.3).
        headers.remove(CONTENT_LENGTH);
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Adds the connector's fields. They win, except where the caller knows better.
pub(super) fn add(headers: &mut HeaderMap, own: &[(HeaderName, HeaderValue)]) {
    for (name, value) in own {
        let given = headers.get(name);
        if given.is_some_and(|given| callers_wins(name, given)) {
            continue;
        }
        headers.insert(name, value.clone());
    }
}

fn callers_wins(name: &HeaderName, given: &HeaderValue) -> bool {
    if CALLERS.contains(&name.as_str()) {
        return true;
    }
    // What client libraries send by themselves says nothing about the caller's wishes.
    name == ACCEPT
        && !matches!(
            given.as_bytes(),
            b"*/*" | b"application/json, text/plain, */*"
        )
}

/// The fields that `Connection` names are about this connection too.
fn strip_named(headers: &mut HeaderMap) {
    if !headers.contains_key(CONNECTION) {
        return;
    }
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| !PROTECTED.contains(name))
        .collect();
    for name in named {
        headers.remove(name);
    }
}

/// Fields that a sender cannot take out by naming them in `Connection`.
const PROTECTED: [HeaderName; 5] = [AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, USER_AGENT];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn hop_by_hop_and_infrastructure_fields_do_not_pass() {
        let mut request = headers(&[
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("authorization", "Bearer of-the-caller"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-custom", "stays"),
            ("te", "trailers"),
        ]);
        strip_request(&mut request, false);
        assert_eq!(names(&request), ["x-custom"]);
    }

    #[test]
    fn an_answer_keeps_everything_that_is_end_to_end() {
        let mut answer = headers(&[
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("etag", "\"x\""),
        ]);
        strip_response(&mut answer);
        assert_eq!(names(&answer), ["set-cookie", "etag"]);
        assert_eq!(answer.get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn the_connectors_fields_win_except_where_the_caller_knows_better() {
        let mut request = headers(&[
            ("x-api-key", "forged"),
            ("content-type", "text/csv"),
            ("accept", "*/*"),
        ]);
        let own: Vec<(HeaderName, HeaderValue)> = headers(&[
            ("x-api-key", "k"),
            ("content-type", "application/json"),
            ("accept", "a/b"),
        ])
        .into_iter()
        .filter_map(|(name, value)| Some((name?, value)))
        .collect();
        add(&mut request, &own);
        assert_eq!(request["x-api-key"], "k");
        assert_eq!(request["content-type"], "text/csv");
        assert_eq!(request["accept"], "a/b");
    }

    #[test]
    fn a_length_beside_chunks_does_not_pass() {
        let mut answer = headers(&[("transfer-encoding", "chunked"), ("content-length", "3")]);
        strip_response(&mut answer);
        assert!(answer.is_empty());
    }

    fn any_headers() -> impl Strategy<Value = HeaderMap> {
        let name = prop_oneof![
            prop::sample::select(HOP_BY_HOP.map(|name| name.to_string()).to_vec()),
            prop::sample::select(INFRASTRUCTURE.map(str::to_owned).to_vec()),
            "[a-z]{1,3}",
        ];
        let value = prop_oneof!["[a-z]{1,3}(, ?[a-z]{1,3}){0,2}", "[ -~]{0,8}"];
        prop::collection::vec((name, value), 0..12).prop_map(|pairs| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                let name: HeaderName = name.parse().unwrap();
                headers.append(name, HeaderValue::from_str(&value).unwrap());
            }
            headers
        })
    }

    proptest! {
        #[test]
        fn what_was_stripped_stays_as_it_is(headers in any_headers()) {
            let mut once = headers.clone();
            strip_request(&mut once, false);
            for name in HOP_BY_HOP.iter().map(HeaderName::as_str).chain(INFRASTRUCTURE) {
                prop_assert!(!once.contains_key(name), "{}", name);
            }
            let mut twice = once.clone();
            strip_request(&mut twice, false);
            prop_assert_eq!(&once, &twice);

            let mut answer = headers;
            strip_response(&mut answer);
            let mut again = answer.clone();
            strip_response(&mut again);
            prop_assert_eq!(answer, again);
        }
    }
}
