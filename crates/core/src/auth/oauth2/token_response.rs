//! Answers of token endpoints, in whichever form they come.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::config::{OAuth2Config, TokenResponseFormat};
use super::refusal::{TokenRefusal, error_code};
use crate::auth::retry::{FailureClass, retry_after};
use crate::request::Response;

impl OAuth2Config {
    /// The members of a token response, or why there is none.
    ///
    /// Errors inside a 200 are errors. Where the token is nested (`tokenResponsePath`), the inner
    /// members are laid over the outer ones, which stay.
    pub(super) fn token_of(
        &self,
        response: &Response,
        now: Timestamp,
    ) -> Result<Map<String, Value>, TokenRefusal> {
        let data = self.data_of(response);
        let refusal = || {
            let patience = retry_after(&response.headers, now);
            TokenRefusal::read(response, &data, &self.failures, patience)
        };
        if !response.status.is_success() {
            return Err(refusal());
        }
        let Value::Object(mut members) = data.clone() else {
            return Err(refusal());
        };
        if let Some(inner) = nested(&data, &self.token_response_path) {
            members.extend(inner.clone());
        }
        if has_token(&members) {
            return Ok(members);
        }
        if error_code(&data).is_some() {
            return Err(refusal());
        }
        Ok(members)
    }

    /// The body as an object, or as what it is when it cannot be one.
    fn data_of(&self, response: &Response) -> Value {
        let text = || String::from_utf8_lossy(&response.body).into_owned();
        match self.token_response_format {
            TokenResponseFormat::Form => form(&response.body),
            TokenResponseFormat::Text if response.status.is_success() => {
                let token = Value::from(text().trim());
                Value::Object(Map::from_iter([("access_token".to_owned(), token)]))
            }
            TokenResponseFormat::Auto if looks_like_a_form(&text()) => form(&response.body),
            TokenResponseFormat::Json | TokenResponseFormat::Text | TokenResponseFormat::Auto => {
                response.data()
            }
        }
    }
}

/// Whether there is an access token among `members`.
pub(super) fn has_token(members: &Map<String, Value>) -> bool {
    members
        .get("access_token")
        .and_then(Value::as_str)
        .is_some_and(|token| !token.is_empty())
}

/// What is wrong with an answer that has everything but a token.
pub(super) fn without_token() -> TokenRefusal {
    TokenRefusal {
        endpoint: super::refusal::ENDPOINT,
        class: FailureClass::Transient,
        status: StatusCode::OK,
        code: None,
        description: Some("there is no `access_token` in the answer".to_owned()),
        retry_after: None,
    }
}

fn nested<'a>(data: &'a Value, path: &[String]) -> Option<&'a Map<String, Value>> {
    if path.is_empty() {
        return None;
    }
    path.iter()
        .try_fold(data, |value, name| value.get(name))?
        .as_object()
}

fn form(body: &[u8]) -> Value {
    let pairs = form_urlencoded::parse(body);
    let members = pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
    Value::Object(members.collect())
}

fn looks_like_a_form(text: &str) -> bool {
    let is_one_line = !text.trim().contains(char::is_whitespace);
    is_one_line
        && ["access_token=", "error="]
            .iter()
            .any(|start| text.starts_with(start) || text.contains(&format!("&{start}")))
}
