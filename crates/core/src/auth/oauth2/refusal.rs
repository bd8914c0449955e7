//! What a token endpoint that refuses means (RFC 6749 section 5.2, and what providers make of it).

use authbridge_formula::Mapping;
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;

use super::config::FAILURES;
use crate::auth::members::{Members, OAuthConfigError, shape};
use crate::auth::retry::FailureClass;
use crate::client::{ResponseFacts, is_truthy};
use crate::request::Response;

/// Why a token endpoint gave no token.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenRefusal {
    /// Which endpoint, in words.
    pub endpoint: &'static str,
    /// What it means.
    pub class: FailureClass,
    /// The status of the answer.
    pub status: StatusCode,
    /// The code of the error, such as `invalid_grant`.
    pub code: Option<String>,
    /// The provider's words, shortened.
    pub description: Option<String>,
    /// When the provider wants to be asked again.
    pub retry_after: Option<SignedDuration>,
}

impl std::fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.code {
            Some(code) => write!(f, "the {} refused with `{code}`", self.endpoint)?,
            None => write!(f, "the {} answered {}", self.endpoint, self.status)?,
        }
        match &self.description {
            Some(description) => write!(f, ": {description}"),
            None => Ok(()),
        }
    }
}

/// The endpoint of OAuth 2.0 that refuses.
pub(super) const ENDPOINT: &str = "token endpoint";

/// The most that is kept of what a provider says.
const MAX_WORDS: usize = 300;

impl TokenRefusal {
    /// Reads a refusal. `data` is the body, parsed.
    pub(super) fn read(
        response: &Response,
        data: &Value,
        rules: &[FailureRule],
        retry_after: Option<SignedDuration>,
    ) -> Self {
        let code = error_code(data);
        let class = FailureRule::class_of(rules, response, data)
            .unwrap_or_else(|| class_of(response.status, code.as_deref(), retry_after.is_some()));
        Self {
            endpoint: ENDPOINT,
            class,
            status: response.status,
            description: description(data).or_else(|| not_json(response, data)),
            code,
            retry_after,
        }
    }

    /// Whether the endpoint did not accept who the client says it is, so that another secret or
    /// another way of saying it may help.
    pub(super) fn is_about_the_client(&self) -> bool {
        match self.code.as_deref() {
            Some(code) => code == "invalid_client" || code == "unauthorized_client",
            None => self.status == StatusCode::UNAUTHORIZED,
        }
    }
}

/// What the usual codes and statuses mean.
fn class_of(status: StatusCode, code: Option<&str>, asks_for_patience: bool) -> FailureClass {
    match code {
        Some(
            "invalid_grant"
            | "access_denied"
            | "consent_required"
            | "interaction_required"
            | "login_required"
            | "expired_token"
            | "token_revoked",
        ) => FailureClass::Terminal,
        Some(
            "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
            | "invalid_target"
            | "invalid_request"
            | "unsupported_grant_type",
        ) => FailureClass::Configuration,
        Some("slow_down") => FailureClass::Throttled,
        _ => class_of_status(status, asks_for_patience),
    }
}

pub(in crate::auth) fn class_of_status(
    status: StatusCode,
    asks_for_patience: bool,
) -> FailureClass {
    match status {
        StatusCode::TOO_MANY_REQUESTS => FailureClass::Throttled,
        StatusCode::SERVICE_UNAVAILABLE if asks_for_patience => FailureClass::Throttled,
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::GONE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => FailureClass::Configuration,
        status if status.is_redirection() => FailureClass::Configuration,
        _ => FailureClass::Transient,
    }
}

/// The code of the error in a body, in the places where providers put it.
pub(super) fn error_code(data: &Value) -> Option<String> {
    let error = data.get("error").filter(|error| !error.is_null())?;
    let code = match error {
        Value::String(code) => Some(code.clone()),
        Value::Object(_) => ["code", "type", "error", "status"]
            .iter()
            .filter_map(|name| error.get(name))
            .find_map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    Some(code.unwrap_or_else(|| "error".to_owned()))
        .filter(|code| !code.is_empty())
        .map(|code| shortened(&code))
}

fn description(data: &Value) -> Option<String> {
    let words = |value: &Value, names: &[&str]| {
        let mut values = names.iter().filter_map(|name| value.get(name));
        values.find_map(|value| value.as_str()).map(shortened)
    };
    words(
        data,
        &["error_description", "error_message", "message", "detail"],
    )
    .or_else(|| {
        let error = data.get("error")?;
        words(
            error,
            &["message", "description", "error_description", "detail"],
        )
    })
}

/// The beginning of an answer that is a page or a text is often the only explanation.
fn not_json(response: &Response, data: &Value) -> Option<String> {
    let text = data.as_str()?;
    let is_page = response
        .headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|media_type| media_type.contains("html"))
        || text.trim_start().starts_with('<');
    Some(if is_page {
        "it sent a page instead of JSON".to_owned()
    } else {
        "it sent something that is not JSON".to_owned()
    })
}

/// One line, and not too long.
pub(in crate::auth) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(&line)),
        None => line,
    }
}

/// A rule of the connector on what refusals mean: `failures` in the configuration, each
/// `{match, class}`. The first whose formula over `response` (`status`, `headers`, `data`) is truthy
/// decides.
#[derive(Clone, Debug)]
pub struct FailureRule {
    condition: Mapping,
    class: FailureClass,
}

impl FailureRule {
    /// Its keys.
    pub const KEYS: [&str; 2] = ["match", "class"];

    pub(in crate::auth) fn read_list(members: &Members<'_>) -> Result<Vec<Self>, OAuthConfigError> {
        match members.value(FAILURES) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().enumerate().map(Self::read).collect(),
            Some(_) => Err(shape("failures", "a list")),
        }
    }

    fn read((index, value): (usize, &Value)) -> Result<Self, OAuthConfigError> {
        let Some(condition) = value.get("match") else {
            return Err(shape(&format!("failures[{index}].match"), "a formula"));
        };
        let name = value.get("class").and_then(Value::as_str);
        let Some(class) = name.and_then(FailureClass::from_name) else {
            let names = FailureClass::ALL.map(FailureClass::as_str).join("`, `");
            return Err(shape(
                &format!("failures[{index}].class"),
                format!("one of `{names}`"),
            ));
        };
        Ok(Self {
            condition: Mapping::compile(condition),
            class,
        })
    }

    /// What the first of `rules` that is about this answer says it means.
    pub(in crate::auth) fn class_of(
        rules: &[Self],
        response: &Response,
        data: &Value,
    ) -> Option<FailureClass> {
        let rule = rules.iter().find(|rule| rule.matches(response, data));
        rule.map(|rule| rule.class)
    }

    fn matches(&self, response: &Response, data: &Value) -> bool {
        let facts = ResponseFacts {
            status: response.status,
            headers: &response.headers,
            data: Some(data),
        };
        let result = self.condition.evaluate(&facts.variables());
        result.is_some_and(|result| is_truthy(&result))
    }
}
