//! Canned exchanges: the requests that a test case expects, in order, and their answers.

use std::fmt;

use serde_json::{Map, Value};

use super::exchange::{SimulatedAnswer, SimulatedRequest};
use crate::difference::{Difference, Strictness, differences_at};
use crate::query;

/// A request that is expected. What it does not name is not looked at; objects in the real request
/// may have more members.
#[derive(Clone, Default)]
pub struct ExpectedRequest {
    /// The method, in any case.
    pub method: Option<String>,
    /// A whole URL, or a path, which any host will do for. A query in it is expected as well. The
    /// scheme is not compared: the simulated API is always spoken to without TLS.
    pub url: Option<String>,
    /// An object of query parameters.
    pub query: Option<Value>,
    /// An object of header fields; their names in any case.
    pub headers: Option<Value>,
    /// The body, decoded as in [`SimulatedRequest::data`].
    pub data: Option<Value>,
}

/// An expected request and what it is answered.
#[derive(Clone)]
pub struct Canned {
    /// What is expected.
    pub expected: ExpectedRequest,
    /// What it is answered.
    pub answer: SimulatedAnswer,
}

/// Values may be credentials.
impl fmt::Debug for Canned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Canned")
            .field("method", &self.expected.method)
            .finish_non_exhaustive()
    }
}

/// A request that was not as expected.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// Which request it was, counted from 1.
    pub number: usize,
    /// What arrived.
    pub request: SimulatedRequest,
    /// Where it differs from the expected one; `None` when no more requests were expected.
    pub differences: Option<Vec<Difference>>,
}

/// How a script of canned exchanges went.
#[derive(Clone, Debug, Default)]
pub struct CannedOutcome {
    /// Requests that were not as expected.
    pub mismatches: Vec<Mismatch>,
    /// Expected requests that never came; each counted from 1, with method and URL.
    pub missing: Vec<(usize, String)>,
}

/// Canned exchanges in the order in which their requests must come.
pub(super) struct Script {
    exchanges: Vec<Canned>,
    /// How many requests have come.
    come: usize,
    mismatches: Vec<Mismatch>,
}

impl Script {
    pub(super) fn new(exchanges: Vec<Canned>) -> Self {
        Self {
            exchanges,
            come: 0,
            mismatches: Vec::new(),
        }
    }

    /// The answer for `request`, or `None` when it is not what was expected.
    pub(super) fn answer(&mut self, request: &SimulatedRequest) -> Option<SimulatedAnswer> {
        let expected = self.exchanges.get(self.come);
        self.come += 1;
        let differences = match expected {
            None => None,
            Some(canned) => {
                let found = differences(&canned.expected, request);
                if found.is_empty() {
                    return Some(canned.answer.clone());
                }
                Some(found)
            }
        };
        self.mismatches.push(Mismatch {
            number: self.come,
            request: request.clone(),
            differences,
        });
        None
    }

    pub(super) fn outcome(self) -> CannedOutcome {
        let missing = self.exchanges.iter().enumerate().skip(self.come);
        CannedOutcome {
            missing: missing
                .map(|(index, canned)| (index + 1, summary(&canned.expected)))
                .collect(),
            mismatches: self.mismatches,
        }
    }
}

fn summary(expected: &ExpectedRequest) -> String {
    let method = expected.method.as_deref().unwrap_or("any method");
    let url = expected.url.as_deref().unwrap_or("any URL");
    format!("{method} {url}")
}

fn differences(expected: &ExpectedRequest, request: &SimulatedRequest) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(method) = &expected.method
        && !method.eq_ignore_ascii_case(&request.method)
    {
        found.push(text_difference("method", method, &request.method));
    }
    let mut query = match &expected.query {
        Some(Value::Object(members)) => members.clone(),
        Some(_) | None => Map::new(),
    };
    if let Some(url) = &expected.url {
        let (address, more) = url.split_once('?').unwrap_or((url, ""));
        for (name, value) in query::pairs(Some(more)) {
            query.insert(name.into_owned(), value.into_owned().into());
        }
        found.extend(address_difference(address, request));
    }
    found.extend(differences_at(
        "query",
        &as_text(&Value::Object(query)),
        &request.query_object(),
        Strictness::Lenient,
    ));
    if let Some(Value::Object(headers)) = &expected.headers {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), as_text(value)))
            .collect();
        found.extend(differences_at(
            "headers",
            &Value::Object(headers),
            &request.header_object(),
            Strictness::Lenient,
        ));
    }
    if let Some(data) = &expected.data {
        found.extend(differences_at(
            "data",
            data,
            &request.data,
            Strictness::Lenient,
        ));
    }
    found
}

fn address_difference(expected: &str, request: &SimulatedRequest) -> Option<Difference> {
    let without_scheme = expected.split_once("://").map(|(_, rest)| rest);
    let (expected, actual) = match without_scheme {
        None => (expected.to_owned(), request.path.clone()),
        Some(address) => {
            let (host, path) = address.split_once('/').unwrap_or((address, ""));
            let host = host.to_ascii_lowercase();
            (format!("{host}/{path}"), request.address())
        }
    };
    let (expected, actual) = (expected.as_str(), actual.as_str());
    (expected != actual).then(|| text_difference("url", expected, actual))
}

fn text_difference(at: &str, expected: &str, actual: &str) -> Difference {
    Difference {
        at: at.to_owned(),
        expected: Some(expected.into()),
        actual: Some(actual.into()),
    }
}

/// Scalars as the text that they are on the wire.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Number(_) | Value::Bool(_) => value.to_string().into(),
        Value::Array(items) => items.iter().map(as_text).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), as_text(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::exchange::tests::request;
    use super::*;

    fn canned(expected: ExpectedRequest) -> Canned {
        Canned {
            expected,
            answer: SimulatedAnswer::json(200, json!({ "ok": true })),
        }
    }

    fn places(expected: &ExpectedRequest, request: &SimulatedRequest) -> Vec<String> {
        differences(expected, request)
            .into_iter()
            .map(|difference| difference.at)
            .collect()
    }

    #[test]
    fn what_is_not_named_is_not_looked_at() {
        let request = request(
            "POST",
            "/v1/me?limit=10&x=1",
            "authorization: k",
            "{\"a\":1}",
        );
        assert!(places(&ExpectedRequest::default(), &request).is_empty());
        let expected = ExpectedRequest {
            method: Some("post".into()),
            url: Some("https://api.example.com/v1/me?x=1".into()),
            query: Some(json!({ "limit": 10 })),
            headers: Some(json!({ "Authorization": "k" })),
            data: Some(json!({ "a": 1 })),
        };
        assert!(places(&expected, &request).is_empty());
    }

    #[test]
    fn every_part_that_differs_is_named() {
        let request = request("POST", "/v1/me", "authorization: k", "{\"a\":1}");
        let expected = ExpectedRequest {
            method: Some("GET".into()),
            url: Some("/v2/me?x=1".into()),
            headers: Some(json!({ "Authorization": "l" })),
            data: Some(json!({ "a": 2 })),
            ..ExpectedRequest::default()
        };
        assert_eq!(
            places(&expected, &request),
            [
                "method",
                "url",
                "query.x",
                "headers.authorization",
                "data.a"
            ]
        );
    }

    #[test]
    fn requests_come_in_order_and_none_may_be_missing_or_too_many() {
        let of = |url: &str| {
            canned(ExpectedRequest {
                url: Some(url.into()),
                ..ExpectedRequest::default()
            })
        };
        let mut script = Script::new(vec![of("/a"), of("/b"), of("/c")]);
        assert!(script.answer(&request("GET", "/a", "", "")).is_some());
        assert!(script.answer(&request("GET", "/c", "", "")).is_none());
        let outcome = script.outcome();
        assert_eq!(outcome.mismatches.len(), 1);
        assert_eq!(outcome.missing, [(3, "any method /c".to_owned())]);

        let mut script = Script::new(Vec::new());
        assert!(script.answer(&request("GET", "/a", "", "")).is_none());
        assert!(script.outcome().mismatches[0].differences.is_none());
    }
}
