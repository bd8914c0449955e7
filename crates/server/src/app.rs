//! The router of the API, and its description.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{Method, StatusCode, Uri};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, ResponseBuilder, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;

use crate::error::ApiError;
use crate::routes;
use crate::wire::MAX_BODY_BYTES;
use crate::worker::Worker;

const OPENAPI_PATH: &str = "/openapi.json";

const JSON: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

pub(crate) fn router(worker: Arc<Worker>) -> Router {
    let (router, description) = described().split_for_parts();
    let description = described_fully(description);
    let description = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
    router
        .route(
            OPENAPI_PATH,
            get(move || std::future::ready((JSON, description))),
        )
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(worker)
}

/// The description of the API, OpenAPI 3.1, as served at `/openapi.json`.
pub fn openapi() -> OpenApi {
    described_fully(described().split_for_parts().1)
}

fn described() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .merge(routes::customers::router())
        .merge(routes::connectors::router())
        .merge(routes::integrations::router())
        .merge(routes::connections::router())
        .merge(routes::well_known::router())
        .merge(routes::health::router())
}

fn described_fully(mut description: OpenApi) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Authbridge")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")));
    description.info = info.build();
    let itself = ResponseBuilder::new().description("This document");
    let operation = OperationBuilder::new()
        .tag("health")
        .summary(Some("The description of the API, OpenAPI 3.1"))
        .response("200", itself.build())
        .security(SecurityRequirement::default())
        .build();
    description.paths.paths.insert(
        OPENAPI_PATH.into(),
        PathItem::new(HttpMethod::Get, operation),
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A JWT that the workspace signed: of a customer (`id`) or an admin (`isAdmin`).",
        ));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("workspaceToken", SecurityScheme::Http(bearer.build()));
    let security = SecurityRequirement::new("workspaceToken", Vec::<String>::new());
    let builder: OpenApiBuilder = description.into();
    let mut description = builder.security(Some([security])).build();
    crate::proxy::describe(&mut description);
    description
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
