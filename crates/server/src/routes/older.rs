//! What older clients call for what has newer endpoints (wire contract B.2).

use std::sync::Arc;

use authbridge_core::element::ElementType;
use authbridge_engine::{ConnectionQuery, EngineError};
use axum::Json;
use axum::extract::State;
use axum::routing::{any, post};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::elements::{Query, by_query, read, selector};
use super::{Named, NamedPair, Shared};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::logs::Collecting;
use crate::wire::{Fields, Integration, JsonBody};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    let router = OpenApiRouter::new()
        .routes(routes!(request))
        .routes(routes!(execute_request))
        .routes(routes!(set_up))
        .routes(routes!(disconnect));
    // Not described: there is nothing to set up, so that these only answer with what there is.
    [ElementType::DataSource, ElementType::FieldMapping]
        .into_iter()
        .fold(router, of_element)
        .route("/action-instance/restore", any(restore_instance))
        .route("/field-mappings/{element}/app-schema", any(app_schema))
        .route("/field-mapping/app-schema", any(app_schema))
}

fn of_element(router: OpenApiRouter<Arc<Worker>>, of: ElementType) -> OpenApiRouter<Arc<Worker>> {
    router
        .route(
            &format!("/{}/{{element}}/setup", of.path()),
            post(
                move |worker: Shared, session: Authenticated, Named(name), query: Query| {
                    read(worker, session, of, selector(name, &query.0))
                },
            ),
        )
        .route(
            &format!("/{}/setup", of.singular()),
            post(
                move |worker: Shared, session: Authenticated, query: Query| async move {
                    read(worker, session, of, by_query(&query.0)?).await
                },
            ),
        )
}

async fn restore_instance(_: Authenticated) -> ApiError {
    ApiError::bad_request("what a connection has of an action is made anew when it is written")
}

async fn app_schema(_: Authenticated) -> ApiError {
    ApiError::bad_request(
        "this engine keeps field mappings and does not run them, so that they have no schema",
    )
}

/// Runs the operation whose key is the path. The body is its input, and what it returns is the
/// answer; `/operations/{operation}/run` is the newer way.
#[utoipa::path(post, path = "/connections/{connection}/api/{*operation}", tag = "operations",
    params(("connection" = String, Path), ("operation" = String, Path)), request_body = Object,
    responses((status = 200, description = "what the operation returned"),
        (status = 404, body = crate::wire::Error)))]
async fn request(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    NamedPair(connection, key): NamedPair,
    JsonBody(input): JsonBody,
) -> Result<Json<Option<Value>>, ApiError> {
    let running = engine.run_operation(&session, &connection, &key, input);
    running.await.map(Json).map_err(hinting)
}

/// Runs the operation that `key` names with `payload` as its input, and answers with what it
/// returns.
#[utoipa::path(post, path = "/connections/{connection}/execute-request", tag = "operations",
    params(("connection" = String, Path)), request_body = Object,
    responses((status = 200, description = "what the operation returned"),
        (status = 404, body = crate::wire::Error)))]
async fn execute_request(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Named(connection): Named,
    body: JsonBody,
) -> Result<Json<Option<Value>>, ApiError> {
    let mut fields = Fields::of(body)?;
    let key = fields.text("key")?.flatten();
    let key = key.ok_or_else(|| ApiError::bad_request("give the `key` of an operation"))?;
    let input = fields.value("payload").flatten().unwrap_or_default();
    let running = engine.run_operation(&session, &connection, &key, input);
    running.await.map(Json).map_err(hinting)
}

/// Who calls this way may have a path of the external app in mind.
fn hinting(error: EngineError) -> ApiError {
    if let EngineError::NotFound {
        noun: "Operation", ..
    } = error
    {
        return ApiError::not_found(format!(
            "{error}; requests to the external app go through `/connections/{{id}}/proxy/…`"
        ));
    }
    error.into()
}

/// The integration, in which there is nothing to set up.
#[utoipa::path(post, path = "/integrations/{integration}/setup", tag = "integrations",
    params(("integration" = String, Path)),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn set_up(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    let record = worker.engine.integration(&session, &selector).await?;
    let view = worker.engine.view_integration(&session, record).await?;
    Ok(Json(view.into()))
}

/// Archives the calling customer's connections through an integration.
#[utoipa::path(post, path = "/integrations/{integration}/disconnect", tag = "integrations",
    params(("integration" = String, Path)),
    responses((status = 200, body = Integration), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn disconnect(
    State(worker): Shared,
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    if session.customer().is_none() {
        return Err(ApiError::from(EngineError::AccessDenied(
            "an admin token speaks for no customer: archive connections with \
             `DELETE /connections/{id}`",
        )));
    }
    let integration = engine.integration(&session, &selector).await?;
    let asked = ConnectionQuery {
        integration: Some(integration.id.to_string()),
        ..ConnectionQuery::default()
    };
    let page = authbridge_store::Page {
        limit: 1000,
        cursor: None,
    };
    let found = engine.list_connections(&session, asked, page).await?;
    for connection in found.items {
        let archiving = engine.archive_connection(&session, connection.id.as_str(), false);
        archiving.await?;
    }
    set_up(State(worker), Authenticated(session), Named(selector)).await
}
