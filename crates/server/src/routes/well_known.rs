//! What receivers of our tokens fetch.

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use crate::error::ApiError;

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<crate::worker::Worker>> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// The public keys that workspaces sign with, as a JWK set (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "tokens", security(()),
    responses((status = 200, description = "The key set", body = Object)))]
async fn jwks(State(worker): Shared) -> Result<Json<Value>, ApiError> {
    let keys = worker.engine.public_keys().await?;
    Ok(Json(Value::clone(&keys)))
}
