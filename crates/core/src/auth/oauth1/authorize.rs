//! Sending the user to the provider, and what comes back (RFC 5849 section 2.2).

use serde_json::{Map, Value};
use url::Url;

use super::config::{OAuth1Config, ScopeTransmission};
use crate::auth::oauth2::authorize::replace_query;
use crate::auth::oauth2::refusal::shortened;
use crate::auth::{AuthError, Callback, OAuthConfigError, Start};

/// Our callback, with the state in its query, since OAuth 1.0 has none of its own: providers keep
/// the query of a callback and append to it (RFC 5849 section 2.2).
pub(super) fn callback_url(start: &Start<'_>) -> Result<String, AuthError> {
    let unusable = || AuthError::Callback("the callback is no absolute URL".to_owned());
    let mut url = Url::parse(start.redirect_uri).map_err(|_| unusable())?;
    url.query_pairs_mut().append_pair("state", start.state);
    Ok(url.into())
}

/// Where the user's browser is sent. `callback` is there for providers of OAuth 1.0, which did not
/// hear of it before.
pub(super) fn location(
    config: &OAuth1Config,
    request_token: &str,
    callback: Option<String>,
) -> Result<Url, OAuthConfigError> {
    let mut url = config.authorization_endpoint()?.clone();
    let mut parameters = vec![("oauth_token", request_token.to_owned())];
    parameters.extend(callback.map(|callback| ("oauth_callback", callback)));
    let has_scope = match config.scope_transmission {
        ScopeTransmission::Both | ScopeTransmission::Authorize => true,
        ScopeTransmission::RequestToken => false,
    };
    let scope = config.scope().filter(|_| has_scope);
    parameters.extend(scope.map(|scope| ("scope", scope)));
    replace_query(
        &mut url,
        &parameters,
        &config.authorize_extra,
        "oauth_token",
    );
    Ok(url)
}

/// The verifier that came back; `None` where the provider need not send one.
///
/// Refuses answers that say no, and answers to another request: the token is one that the browser
/// brings, and may be somebody else's.
pub(super) fn verifier<'a>(
    config: &OAuth1Config,
    callback: &'a Callback,
    pending: &Map<String, Value>,
) -> Result<Option<&'a str>, AuthError> {
    check_denied(callback)?;
    let expected = pending.get("oauth_token").and_then(Value::as_str);
    let is_typed = super::is_typed(config);
    match callback.parameter("oauth_token") {
        Some(token) if expected == Some(token) => {}
        // The user typed a verifier, and nothing else.
        None if is_typed && expected.is_some() => {}
        None | Some(_) => {
            return Err(AuthError::Callback(
                "the answer is not the one to this request: its `oauth_token` is another"
                    .to_owned(),
            ));
        }
    }
    let verifier = callback.parameter("oauth_verifier").map(str::trim);
    match verifier.filter(|verifier| !verifier.is_empty()) {
        Some(verifier) => Ok(Some(verifier)),
        None if is_typed => Err(AuthError::Callback(
            "the code that the external app shows is missing".to_owned(),
        )),
        None if config.requires_confirmation => Err(AuthError::Callback(
            "the external app sent no `oauth_verifier`".to_owned(),
        )),
        None => Ok(None),
    }
}

/// RFC 5849 does not say how a provider says no. Some come back with `denied`, some with a
/// problem, some with the error of OAuth 2.0.
fn check_denied(callback: &Callback) -> Result<(), AuthError> {
    let denied = |code: &str, description: Option<&str>| {
        Err(AuthError::NotAuthorized {
            code: shortened(code),
            description: description.map(shortened),
        })
    };
    if callback.parameter("denied").is_some() {
        return denied("access_denied", None);
    }
    match callback.parameter("oauth_problem") {
        Some("permission_denied" | "user_refused") => {
            return denied("access_denied", callback.parameter("oauth_problem_advice"));
        }
        Some(problem) => return denied(problem, callback.parameter("oauth_problem_advice")),
        None => {}
    }
    match callback.parameter("error") {
        Some(code) => denied(code, callback.parameter("error_description")),
        None => Ok(()),
    }
}
