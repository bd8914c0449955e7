//! Who may call what: extractors that stand for authority.

use std::sync::Arc;

use authbridge_core::token::TokenError;
use authbridge_engine::{EngineError, Session};
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::error::ApiError;
use crate::worker::Worker;

/// A caller whose token was verified: an admin or a customer.
pub(crate) struct Authenticated(pub(crate) Session);

impl FromRequestParts<Arc<Worker>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, worker: &Arc<Worker>) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).map_err(EngineError::from)?;
        let now = worker.engine.effects().now();
        let known = worker.sessions.get(&worker.engine, token, now).await?;
        Ok(Self(known.session.clone()))
    }
}

/// A caller whose token was verified, wherever it is: in `Authorization`, or in the header in which
/// the workspace's own token travels (wire contract A.4).
pub(crate) struct AnyToken(pub(crate) Session);

impl FromRequestParts<Arc<Worker>> for AnyToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, worker: &Arc<Worker>) -> Result<Self, ApiError> {
        let own = parts.headers.get(OWN_TOKEN);
        let token = match own.filter(|_| !parts.headers.contains_key(AUTHORIZATION)) {
            Some(value) => value.to_str().map_err(|_| TokenError::Malformed),
            None => bearer(&parts.headers),
        };
        let token = token.map_err(EngineError::from)?;
        let now = worker.engine.effects().now();
        let known = worker.sessions.get(&worker.engine, token, now).await?;
        Ok(Self(known.session.clone()))
    }
}

/// The header in which the token travels that the workspace signs for external apps.
const OWN_TOKEN: &str = "x-integration-app-token";

/// The token of `Authorization: Bearer …` (RFC 6750 section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let value = headers.get(AUTHORIZATION).ok_or(TokenError::Absent)?;
    let text = value.to_str().map_err(|_| TokenError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(TokenError::Absent)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Absent);
    }
    Ok(token.trim())
}
