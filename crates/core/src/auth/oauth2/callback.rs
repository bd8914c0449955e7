//! What the browser brings back from the authorization endpoint (RFC 6749 section 4.1.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::config::OAuth2Config;
use super::refusal::shortened;
use crate::auth::{AuthError, Callback};

/// Refuses answers that say no, and answers of somebody else (RFC 9207 section 2.4).
pub(super) fn check(config: &OAuth2Config, callback: &Callback) -> Result<(), AuthError> {
    if let Some(issuer) = &config.issuer {
        match callback.parameter("iss") {
            Some(said) if said == issuer => {}
            Some(_) => return Err(mixed_up("it names another issuer in `iss`")),
            None if config.announces_iss => {
                return Err(mixed_up("the issuer announces `iss`, and it is missing"));
            }
            None => {}
        }
    }
    match callback.parameter("error") {
        None => Ok(()),
        Some(code) => Err(AuthError::NotAuthorized {
            code: shortened(code),
            description: callback.parameter("error_description").map(shortened),
        }),
    }
}

fn mixed_up(what: &str) -> AuthError {
    AuthError::Callback(format!(
        "the answer does not come from where the request went: {what}"
    ))
}

/// The ID token must be the answer to our request (OpenID Connect Core section 3.1.3.7, 11). Its
/// signature need not be checked, since it comes from the token endpoint itself (6).
pub(super) fn check_nonce(
    nonce: Option<&Value>,
    response: &Map<String, Value>,
) -> Result<(), AuthError> {
    let Some(nonce) = nonce.and_then(Value::as_str) else {
        return Ok(());
    };
    let Some(token) = response.get("id_token").and_then(Value::as_str) else {
        return Ok(());
    };
    let claims = token
        .split('.')
        .nth(1)
        .and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok())
        .and_then(|payload| serde_json::from_slice::<Value>(&payload).ok());
    let said = claims.as_ref().and_then(|claims| claims.get("nonce"));
    if said.and_then(Value::as_str) == Some(nonce) {
        return Ok(());
    }
    Err(AuthError::Callback(
        "the ID token is not the answer to this request: its `nonce` is another".to_owned(),
    ))
}
