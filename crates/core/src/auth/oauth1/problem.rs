//! Why a provider refused (OAuth Problem Reporting, an extension that most providers follow).

use http::StatusCode;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::authorization;
use crate::auth::oauth2::TokenRefusal;
use crate::auth::oauth2::refusal::{FailureRule, class_of_status, shortened};
use crate::auth::retry::{FailureClass, retry_after};
use crate::request::Response;

/// What a provider says about its refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// `oauth_problem`, such as `token_rejected`.
    pub(super) code: String,
    /// `oauth_problem_advice`, or which parameters are wrong.
    advice: Option<String>,
    /// `oauth_acceptable_timestamps`: the first and the last, in seconds since the epoch.
    pub(super) acceptable_timestamps: Option<(i64, i64)>,
}

impl Problem {
    /// What the body says, or else the challenge in `WWW-Authenticate`.
    pub(super) fn read(response: &Response) -> Option<Self> {
        let in_body = || Self::of(&members(&response.body));
        let in_challenge = || {
            let fields = response.headers.get_all(WWW_AUTHENTICATE).iter();
            let mut challenges =
                fields.filter_map(|field| authorization::parse(field.to_str().ok()?));
            challenges.find_map(|pairs| Self::of(&object(pairs)))
        };
        in_body().or_else(in_challenge)
    }

    fn of(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| {
            let value = members.get(name).and_then(Value::as_str);
            value.filter(|text| !text.is_empty())
        };
        let code = text("oauth_problem")?;
        let named = |name, what: &str| text(name).map(|names| format!("{what}: {names}"));
        let advice = text("oauth_problem_advice")
            .map(str::to_owned)
            .or_else(|| named("oauth_parameters_absent", "missing"))
            .or_else(|| named("oauth_parameters_rejected", "rejected"))
            .or_else(|| named("oauth_acceptable_versions", "acceptable versions"));
        Some(Self {
            code: shortened(code),
            advice: advice.map(|advice| shortened(&advice)),
            acceptable_timestamps: text("oauth_acceptable_timestamps").and_then(range),
        })
    }
}

fn range(text: &str) -> Option<(i64, i64)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

/// The members of an answer: a form (RFC 5849 section 2.1), or JSON where a provider sends that.
/// A page or a text has none.
pub(super) fn members(body: &[u8]) -> Map<String, Value> {
    let body = body.trim_ascii();
    if body.starts_with(b"{") {
        return match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
    }
    let is_form = !body.iter().any(u8::is_ascii_whitespace) && body.contains(&b'=');
    if is_form && !body.starts_with(b"<") {
        return object(form_urlencoded::parse(body).into_owned());
    }
    Map::new()
}

fn object(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let pairs = pairs.into_iter();
    pairs.map(|(name, value)| (name, value.into())).collect()
}

/// Why `endpoint` gave no token.
pub(super) fn refusal(
    endpoint: Endpoint,
    response: &Response,
    rules: &[FailureRule],
    now: Timestamp,
) -> TokenRefusal {
    let patience = retry_after(&response.headers, now);
    let problem = Problem::read(response);
    let stated = || problem.as_ref().and_then(|it| class_of_problem(&it.code));
    let class = FailureRule::class_of(rules, response, &data_of(response))
        .or_else(stated)
        .unwrap_or_else(|| endpoint.class_of_status(response.status, patience.is_some()));
    let advice = problem.as_ref().and_then(|problem| problem.advice.clone());
    TokenRefusal {
        endpoint: endpoint.as_str(),
        class,
        status: response.status,
        description: advice.or_else(|| words(response, problem.is_some())),
        code: problem.map(|problem| problem.code),
        retry_after: patience,
    }
}

/// Which of the provider's two endpoints (RFC 5849 section 2) was asked for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Temporary credentials (section 2.1).
    RequestToken,
    /// Token credentials for a verifier (section 2.3).
    AccessToken,
    /// Token credentials for older ones and a session handle.
    Renewal,
}

impl Endpoint {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RequestToken => "request token endpoint",
            Self::AccessToken | Self::Renewal => "access token endpoint",
        }
    }

    /// What a status means that comes without a problem.
    fn class_of_status(self, status: StatusCode, asks_for_patience: bool) -> FailureClass {
        let is_refusal = matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        );
        match self {
            // The provider took the same consumer's signature for the request token, so it is the
            // verifier that it does not take.
            Self::AccessToken if is_refusal => FailureClass::Terminal,
            // Most of them say 400 for what RFC 5849 section 3.2 has 401.
            Self::RequestToken if is_refusal => FailureClass::Configuration,
            Self::RequestToken | Self::AccessToken | Self::Renewal => {
                class_of_status(status, asks_for_patience)
            }
        }
    }
}

/// What the problems of the extension mean.
fn class_of_problem(code: &str) -> Option<FailureClass> {
    match code {
        "token_rejected"
        | "token_expired"
        | "token_revoked"
        | "token_used"
        | "verifier_invalid"
        | "permission_denied"
        | "permission_unknown"
        | "user_refused"
        | "session_handle_rejected"
        | "session_handle_expired"
        | "additional_authorization_required" => Some(FailureClass::Terminal),
        "consumer_key_unknown"
        | "consumer_key_rejected"
        | "signature_invalid"
        | "signature_method_rejected"
        | "version_rejected"
        | "parameter_absent"
        | "parameter_rejected" => Some(FailureClass::Configuration),
        // "Temporarily unacceptable", as when a consumer asks too often.
        "consumer_key_refused" => Some(FailureClass::Throttled),
        "timestamp_refused" | "nonce_used" => Some(FailureClass::Transient),
        _ => None,
    }
}

/// An answer that says yes, and has no token.
pub(super) fn without(endpoint: Endpoint, response: &Response, missing: &str) -> TokenRefusal {
    let description = words(response, false);
    TokenRefusal {
        endpoint: endpoint.as_str(),
        class: FailureClass::Transient,
        status: response.status,
        code: None,
        description: description.or_else(|| Some(format!("there is no `{missing}` in the answer"))),
        retry_after: None,
    }
}

/// The body for rules of the connector: a form as an object, anything else as functions see it.
fn data_of(response: &Response) -> Value {
    let members = members(&response.body);
    if members.is_empty() {
        return response.data();
    }
    Value::Object(members)
}

/// A text is often the only explanation; a page is none.
fn words(response: &Response, has_problem: bool) -> Option<String> {
    let body = String::from_utf8_lossy(&response.body);
    let body = body.trim();
    let media_type = response.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    if media_type.is_some_and(|it| it.contains("html")) || body.starts_with('<') {
        return Some("it sent a page".to_owned());
    }
    // A success has secrets in it, and is never quoted.
    let is_quotable = !has_problem && !response.status.is_success() && !body.is_empty();
    is_quotable.then(|| shortened(body))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn response(status: u16, challenge: Option<&'static str>, body: &'static str) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(challenge) = challenge {
            headers.append(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"x\""),
            );
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into(),
        }
    }

    fn read(response: &Response) -> TokenRefusal {
        refusal(Endpoint::Renewal, response, &[], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn problems_are_read_wherever_they_are() {
        let challenge = "OAuth realm=\"x\", oauth_problem=\"token_revoked\"";
        for response in [
            response(
                401,
                None,
                "oauth_problem=token_revoked&oauth_problem_advice=by%20you\n",
            ),
            response(401, Some(challenge), "<html>No"),
            response(401, None, r#"{"oauth_problem":"token_revoked"}"#),
        ] {
            let refusal = read(&response);
            assert_eq!(refusal.code.as_deref(), Some("token_revoked"));
            assert_eq!(refusal.class, FailureClass::Terminal);
        }
        let absent = "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce%26x";
        let refusal = read(&response(400, None, absent));
        assert_eq!(refusal.class, FailureClass::Configuration);
        assert_eq!(
            refusal.to_string(),
            "the access token endpoint refused with `parameter_absent`: missing: oauth_nonce&x"
        );
    }

    #[test]
    fn without_a_problem_status_and_text_speak() {
        let of = |endpoint, status, body| {
            let response = response(status, None, body);
            refusal(endpoint, &response, &[], Timestamp::UNIX_EPOCH)
        };
        let refused = of(
            Endpoint::RequestToken,
            401,
            "Failed to validate oauth signature\n",
        );
        assert_eq!(refused.class, FailureClass::Configuration);
        assert_eq!(
            refused.to_string(),
            "the request token endpoint answered 401 Unauthorized: Failed to validate oauth \
             signature"
        );
        let page = of(Endpoint::Renewal, 502, "<html>Bad gateway");
        assert_eq!(page.class, FailureClass::Transient);
        assert_eq!(page.description.as_deref(), Some("it sent a page"));
        assert_eq!(
            of(Endpoint::AccessToken, 401, "").class,
            FailureClass::Terminal
        );
        assert_eq!(
            of(Endpoint::Renewal, 401, "").class,
            FailureClass::Configuration
        );
        assert_eq!(
            of(Endpoint::Renewal, 429, "").class,
            FailureClass::Throttled
        );
    }

    #[test]
    fn a_success_is_never_quoted() {
        let response = response(200, None, "oauth_token_secret=s3cret");
        let refusal = without(Endpoint::AccessToken, &response, "oauth_token");
        assert!(!refusal.to_string().contains("s3cret"), "{refusal}");
    }
}
