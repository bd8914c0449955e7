//! Talking to the token endpoint.

use serde_json::{Map, Value};
use url::Url;

use super::config::OAuth2Config;
use super::refusal::TokenRefusal;
use super::token_request::Grant;
use crate::auth::{AuthContext, AuthError};
use crate::request::Response;

/// The token response for `grant`.
///
/// Where the provider does not know the client by one secret, or one way of sending it, the next
/// is tried: that happens before a provider looks at the grant, so nothing is used up.
pub(super) async fn token(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
    endpoint: &Url,
    grant: &Grant<'_>,
) -> Result<Map<String, Value>, AuthError> {
    let mut refused: Option<TokenRefusal> = None;
    for identity in config.identities() {
        let request = config.token_request(endpoint, grant, identity)?;
        let response = context.send(request).await?;
        match config.token_of(&response, context.effects().now()) {
            Ok(members) => return Ok(members),
            Err(refusal) if refusal.is_about_the_client() => {
                // Of several refusals the first is about what is configured first.
                refused.get_or_insert(refusal);
            }
            Err(refusal) => return Err(refusal.into()),
        }
    }
    match refused {
        Some(refusal) => Err(refusal.into()),
        // There is always one identity.
        None => Err(AuthError::NotRefreshable("there is no client to ask as")),
    }
}

/// Tells the provider that the tokens in `credentials` are no longer needed (RFC 7009).
pub(super) async fn revoke(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
    credentials: &Map<String, Value>,
) -> Result<(), AuthError> {
    let Some(endpoint) = &config.revocation_uri else {
        return Ok(());
    };
    for hint in ["refresh_token", "access_token"] {
        let Some(token) = credentials.get(hint).and_then(Value::as_str) else {
            continue;
        };
        revoke_one(context, config, endpoint, (token, hint)).await?;
    }
    Ok(())
}

async fn revoke_one(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
    endpoint: &Url,
    (token, hint): (&str, &str),
) -> Result<(), AuthError> {
    let mut refused: Option<AuthError> = None;
    for identity in config.identities() {
        let request = config.revocation_request(endpoint, token, hint, identity)?;
        let response = context.send(request).await?;
        if response.status.is_success() {
            return Ok(());
        }
        let refusal = refusal_of(config, &response);
        if !refusal.is_about_the_client() {
            return Err(refusal.into());
        }
        refused.get_or_insert(refusal.into());
    }
    refused.map_or(Ok(()), Err)
}

fn refusal_of(config: &OAuth2Config, response: &Response) -> TokenRefusal {
    TokenRefusal::read(response, &response.data(), &config.failures, None)
}
