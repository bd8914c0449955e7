//! `/integrations/…/operations` and `/connections/…/operations` (wire contract C.6).

use authbridge_core::connector::Operation;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, NamedPair, SelectorQuery, Shared};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::logs::Collecting;
use crate::wire::{Fields, JsonBody};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(of_integration))
        .routes(routes!(one_of_integration))
        .routes(routes!(of_selected_integration))
        .routes(routes!(one_of_selected_integration))
        .routes(routes!(of_connection))
        .routes(routes!(one_of_connection))
        .routes(routes!(run))
}

/// An operation in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OperationItem {
    /// Names it in its connector.
    key: String,
    /// What people see.
    name: String,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Free labels.
    tags: Vec<String>,
    /// Whether it changes nothing at the external app.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_read_only: Option<bool>,
}

/// An operation with its schemas.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OperationSpec {
    #[serde(flatten)]
    item: OperationItem,
    /// Data schema of its input.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<Value>,
    /// Data schema of its output.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<Value>,
}

/// What an operation returned.
#[derive(Serialize, ToSchema)]
struct OperationResult {
    /// Absent where it returned nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
}

impl From<Operation> for OperationItem {
    fn from(operation: Operation) -> Self {
        Self {
            key: operation.key,
            name: operation.name,
            description: operation.description,
            tags: operation.tags,
            is_read_only: operation.is_read_only,
        }
    }
}

impl From<Operation> for OperationSpec {
    fn from(mut operation: Operation) -> Self {
        Self {
            input_schema: operation.input_schema.take(),
            output_schema: operation.output_schema.take(),
            item: operation.into(),
        }
    }
}

/// The operations of an integration's connector.
#[utoipa::path(get, path = "/integrations/{integration}/operations", tag = "operations",
    params(("integration" = String, Path)),
    responses((status = 200, body = Vec<OperationItem>),
        (status = 404, body = crate::wire::Error)))]
async fn of_integration(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(integration): Named,
) -> Result<Json<Vec<OperationItem>>, ApiError> {
    let engine = &worker.engine;
    let found = engine
        .integration_operations(&session, &integration)
        .await?;
    Ok(Json(found.into_iter().map(Into::into).collect()))
}

/// One operation of an integration's connector.
#[utoipa::path(get, path = "/integrations/{integration}/operations/{operation}",
    tag = "operations", params(("integration" = String, Path), ("operation" = String, Path)),
    responses((status = 200, body = OperationSpec), (status = 404, body = crate::wire::Error)))]
async fn one_of_integration(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    NamedPair(integration, key): NamedPair,
) -> Result<Json<OperationSpec>, ApiError> {
    let engine = &worker.engine;
    let found = engine
        .integration_operation(&session, &integration, &key)
        .await?;
    Ok(Json(found.into()))
}

/// The operations of the connector of an integration that is chosen by query.
#[utoipa::path(get, path = "/integration/operations", tag = "operations", params(SelectorQuery),
    responses((status = 200, body = Vec<OperationItem>),
        (status = 404, body = crate::wire::Error)))]
async fn of_selected_integration(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Vec<OperationItem>>, ApiError> {
    of_integration(worker, session, Named(query.selector()?)).await
}

/// One operation of the connector of an integration that is chosen by query.
#[utoipa::path(get, path = "/integration/operations/{operation}", tag = "operations",
    params(("operation" = String, Path), SelectorQuery),
    responses((status = 200, body = OperationSpec), (status = 404, body = crate::wire::Error)))]
async fn one_of_selected_integration(
    worker: Shared,
    session: Authenticated,
    Named(key): Named,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<OperationSpec>, ApiError> {
    one_of_integration(worker, session, NamedPair(query.selector()?, key)).await
}

/// The operations that can be run with a connection.
#[utoipa::path(get, path = "/connections/{connection}/operations", tag = "operations",
    params(("connection" = String, Path)),
    responses((status = 200, body = Vec<OperationItem>),
        (status = 404, body = crate::wire::Error)))]
async fn of_connection(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(connection): Named,
) -> Result<Json<Vec<OperationItem>>, ApiError> {
    let engine = &worker.engine;
    let found = engine.connection_operations(&session, &connection).await?;
    Ok(Json(found.into_iter().map(Into::into).collect()))
}

/// One operation that can be run with a connection.
#[utoipa::path(get, path = "/connections/{connection}/operations/{operation}",
    tag = "operations", params(("connection" = String, Path), ("operation" = String, Path)),
    responses((status = 200, body = OperationSpec), (status = 404, body = crate::wire::Error)))]
async fn one_of_connection(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    NamedPair(connection, key): NamedPair,
) -> Result<Json<OperationSpec>, ApiError> {
    let engine = &worker.engine;
    let found = engine
        .connection_operation(&session, &connection, &key)
        .await?;
    Ok(Json(found.into()))
}

/// Runs an operation: `{input}` in, `{output}` out. With `?logs=1` the answer carries what the
/// operation's code wrote to its console.
#[utoipa::path(post, path = "/connections/{connection}/operations/{operation}/run",
    tag = "operations", params(("connection" = String, Path), ("operation" = String, Path)),
    request_body = Object,
    responses((status = 200, body = OperationResult),
        (status = 400, description = "the input does not fit, or the operation failed",
            body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn run(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    NamedPair(connection, key): NamedPair,
    body: JsonBody,
) -> Result<Json<OperationResult>, ApiError> {
    let mut fields = Fields::of(body)?;
    let input = fields.value("input").flatten().unwrap_or_default();
    let output = engine
        .run_operation(&session, &connection, &key, input)
        .await?;
    Ok(Json(OperationResult { output }))
}
