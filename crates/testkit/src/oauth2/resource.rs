//! What the access tokens are for (RFC 6750).

use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use super::state::State;
use crate::answer::{self, Body};

impl State {
    /// Answers `ANY /me` and `ANY /api/…`.
    pub(super) fn resource(&mut self, headers: &HeaderMap, path: &str) -> Response<Body> {
        let now = self.now();
        let live = bearer(headers).and_then(|token| self.ledger.access(token, now).ok());
        let Some(live) = live else {
            self.counts.resource_requests_refused += 1;
            let status = StatusCode::UNAUTHORIZED;
            let message = "there is no live access token";
            let mut response = answer::refusal(status, "invalid_token", message);
            let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            return response;
        };
        let body = json!({
            "id": live.consented.subject,
            "clientId": live.consented.client_id,
            "scope": live.consented.scope,
            "grant": live.grant,
            "path": path,
        });
        self.counts.resource_requests_accepted += 1;
        answer::json(StatusCode::OK, &body)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
