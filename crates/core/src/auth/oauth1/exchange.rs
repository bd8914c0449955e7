//! Asking a provider for tokens (RFC 5849 sections 2.1 and 2.3).

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::{Map, Value};
use url::Url;

use super::clock::clock_offset;
use super::config::OAuth1Config;
use super::parameters::{FORM, query_of};
use super::problem::{self, Endpoint, Problem};
use super::signer::{ParameterTransmission, Signed, Token};
use crate::auth::oauth2::target;
use crate::auth::{AuthContext, AuthError};
use crate::request::{Request, Response};

/// One question to a provider.
pub(super) struct Question<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) url: &'a Url,
    pub(super) method: &'a Method,
    /// What signs beside the consumer.
    pub(super) token: Option<Token>,
    /// Further protocol parameters, such as `oauth_callback`.
    pub(super) protocol: Vec<(&'static str, String)>,
    /// What the connector adds. What it says of a protocol parameter wins; null leaves it out.
    pub(super) extra: &'a Map<String, Value>,
    /// Parameters that are not of the protocol, such as `scope`.
    pub(super) plain: Vec<(&'static str, String)>,
}

/// The members of the provider's answer, in which there is an `oauth_token`.
///
/// If the provider refuses our timestamp or nonce, it is asked once more, with its own time: it
/// looks at these before anything else, so nothing is used up. What is learnt of its clock is
/// remembered for whoever asks it next.
pub(super) async fn ask(
    context: &mut dyn AuthContext,
    config: &OAuth1Config,
    question: &Question<'_>,
) -> Result<Map<String, Value>, AuthError> {
    let (request, protocol) = unsigned(config, question);
    let known = context.clock_offset(question.url);
    let mut signer = config.signer(question.token.clone());
    signer = signer.with_clock_offset(known);
    let mut first = request.clone();
    signer.sign_request_with(&mut first, &protocol, context.effects())?;
    let response = context.send(first).await?;
    let now = context.effects().now();
    let refusal = match tokens(question.endpoint, config, &response, now) {
        Ok(members) => return Ok(members),
        Err(refusal) => refusal,
    };
    // Our timestamp was of the time that we took for the provider's.
    let theirs = now.checked_add(known).unwrap_or(now);
    let ahead = clock_offset(&response, theirs);
    if ahead.is_none() && !is_about_the_nonce(&response) {
        return Err(refusal);
    }
    if let Some(ahead) = ahead {
        let offset = known.saturating_add(ahead);
        context.remember_clock(question.url, offset);
        signer = signer.with_clock_offset(offset);
    }
    let mut second = request;
    signer.sign_request_with(&mut second, &protocol, context.effects())?;
    let response = context.send(second).await?;
    let now = context.effects().now();
    tokens(question.endpoint, config, &response, now)
}

fn is_about_the_nonce(response: &Response) -> bool {
    Problem::read(response).is_some_and(|problem| problem.code == "nonce_used")
}

fn tokens(
    endpoint: Endpoint,
    config: &OAuth1Config,
    response: &Response,
    now: jiff::Timestamp,
) -> Result<Map<String, Value>, AuthError> {
    let members = problem::members(&response.body);
    if !response.status.is_success() || members.contains_key("oauth_problem") {
        let refusal = problem::refusal(endpoint, response, &config.failures, now);
        return Err(refusal.into());
    }
    let token = members.get("oauth_token").and_then(Value::as_str);
    if token.is_none_or(str::is_empty) {
        return Err(problem::without(endpoint, response, "oauth_token").into());
    }
    // With RSA nobody needs one, and some providers send none.
    if !config.signature_method.is_rsa() && !members.contains_key("oauth_token_secret") {
        return Err(problem::without(endpoint, response, "oauth_token_secret").into());
    }
    Ok(members)
}

/// The request, and the protocol parameters that its signature adds.
fn unsigned(config: &OAuth1Config, question: &Question<'_>) -> (Request, Vec<(String, String)>) {
    let is_protocol = |name: &str| name.starts_with("oauth_");
    let is_free = |name: &str| !question.extra.contains_key(name);
    let ours = question.protocol.iter().chain(&question.plain);
    let ours = ours
        .filter(|(name, _)| is_free(name))
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let theirs = question.extra.iter();
    let theirs = theirs.filter_map(|(name, value)| Some((name.clone(), text(value)?)));
    let (protocol, plain): (Vec<_>, Vec<_>) =
        ours.chain(theirs).partition(|(name, _)| is_protocol(name));

    let mut headers = config.token_headers.clone();
    headers
        .entry(ACCEPT)
        .or_insert(HeaderValue::from_static("*/*"));
    let mut request = Request {
        method: question.method.clone(),
        target: target(question.url.clone()),
        headers,
        body: Bytes::new(),
    };
    let in_query = question.method == Method::GET
        || config.parameter_transmission == ParameterTransmission::Query;
    if plain.is_empty() {
        return (request, protocol);
    }
    let encoded = query_of(&plain);
    if in_query {
        let path_and_query = &mut request.target.path_and_query;
        *path_and_query = Signed::with_query(path_and_query, &encoded);
    } else {
        let form = HeaderValue::from_static(FORM);
        request.headers.insert(CONTENT_TYPE, form);
        request.body = encoded.into();
    }
    (request, protocol)
}

/// What the connector adds, as text; null is nothing.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}
