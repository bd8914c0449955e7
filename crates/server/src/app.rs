//! The router of the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{Method, StatusCode, Uri};
use utoipa_axum::router::OpenApiRouter;

use crate::error::ApiError;
use crate::wire::MAX_BODY_BYTES;
use crate::worker::Worker;
use crate::{connect, embed, openapi, routes};

const JSON: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

pub(crate) fn router(worker: Arc<Worker>) -> Router {
    let (router, description) = described().split_for_parts();
    let description = openapi::complete(description);
    let description = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
    router
        .route(
            openapi::PATH,
            get(move || std::future::ready((JSON, description))),
        )
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(worker)
}

pub(crate) fn described() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .merge(routes::customers::router())
        .merge(routes::logos::router())
        .merge(routes::connectors::router())
        .merge(routes::connector_files::router())
        .merge(routes::integrations::router())
        .merge(routes::auth_proxies::router())
        .merge(routes::connections::router())
        .merge(routes::elements::router())
        .merge(routes::action_instances::router())
        .merge(routes::actions::router())
        .merge(routes::interfaces::router())
        .merge(routes::workspace::router())
        .merge(connect::router())
        .merge(embed::router())
        .merge(routes::operations::router())
        .merge(routes::connection_requests::router())
        .merge(routes::connection_options::router())
        .merge(routes::older::router())
        .merge(routes::absent::router())
        .merge(routes::well_known::router())
        .merge(routes::health::router())
}

async fn unknown_path(method: Method, uri: Uri) -> ApiError {
    ApiError::not_found(format!(
        "no such endpoint: {method} {}; `/openapi.json` lists those that there are",
        uri.path()
    ))
}

async fn unknown_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{} does not take {method}; see `/openapi.json`", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "bad_request", message)
}
