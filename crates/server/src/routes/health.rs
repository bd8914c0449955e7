//! Whether the server is up.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use crate::error::ApiError;

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<crate::worker::Worker>> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "It does")))]
async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The process can do its work: the store answers.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, description = "It can"), (status = 500, description = "It cannot", body = crate::wire::Error)))]
async fn ready(State(worker): Shared) -> Result<Json<Value>, ApiError> {
    worker
        .engine
        .store()
        .find_workspace_by_key("-")
        .await
        .map_err(authbridge_engine::EngineError::from)?;
    Ok(Json(json!({ "status": "ready" })))
}
