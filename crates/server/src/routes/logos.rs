//! Logos of workspaces and integrations, for the connect pages.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Named, Shared};
use crate::error::ApiError;
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(of_workspace))
        .routes(routes!(of_integration))
}

/// A workspace's logo. By its id, which cannot be guessed; without a token, as `img` asks.
#[utoipa::path(get, path = "/embed/logos/{workspace}", tag = "connect", security(()),
    params(("workspace" = String, Path, description = "The workspace's id")),
    responses((status = 200, description = "the picture"), (status = 404, body = crate::wire::Error)))]
async fn of_workspace(
    State(worker): Shared,
    Named(workspace): Named,
) -> Result<Response, ApiError> {
    answer(&worker, &workspace, None).await
}

/// The logo of an integration, or of its connector.
#[utoipa::path(get, path = "/embed/logos/{workspace}/{integration}", tag = "connect", security(()),
    params(("workspace" = String, Path, description = "The workspace's id"),
        ("integration" = String, Path, description = "The integration's id")),
    responses((status = 200, description = "the picture"), (status = 404, body = crate::wire::Error)))]
async fn of_integration(
    State(worker): Shared,
    Path((workspace, integration)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    answer(&worker, &workspace, Some(&integration)).await
}

async fn answer(
    worker: &Worker,
    workspace: &str,
    integration: Option<&str>,
) -> Result<Response, ApiError> {
    let logo = worker.engine.logo(workspace, integration).await?;
    let Some(logo) = logo else {
        return Err(ApiError::not_found("there is no logo"));
    };
    let headers = [
        (CONTENT_TYPE, logo.media_type),
        (CACHE_CONTROL, "public, max-age=600"),
        // Opened by itself, an SVG could run scripts.
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, headers, logo.bytes.clone()).into_response())
}
