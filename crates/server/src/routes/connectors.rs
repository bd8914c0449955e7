//! `/connectors`.

use authbridge_engine::EngineError;
use authbridge_store::PutOutcome;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{Connector, JsonBody, List, ListQuery};

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<crate::worker::Worker>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, archive))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
struct ConnectorQuery {
    /// Given by the command line of the original product, which expects a bare array.
    workspace_id: Option<String>,
}

/// The connectors of the workspace: a page, or a bare array when `workspaceId` is given.
#[utoipa::path(get, path = "/connectors", tag = "connectors", params(ListQuery, ConnectorQuery),
    responses((status = 200, body = List<Connector>)))]
async fn list(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Asked<ListQuery>,
    Asked(shape): Asked<ConnectorQuery>,
) -> Result<Response, ApiError> {
    let is_bare = shape.workspace_id.is_some();
    let page = if is_bare {
        authbridge_store::Page {
            limit: 1000,
            cursor: None,
        }
    } else {
        page(&query)?
    };
    let found = worker
        .engine
        .list_connectors(&session, query.search(), page)
        .await?;
    let workspace = session.workspace_id().as_str();
    let list = List::of(found, |record| Connector::of(record, workspace, None));
    Ok(if is_bare {
        Json(list.items).into_response()
    } else {
        Json(list).into_response()
    })
}

/// Creates or replaces a connector from one document: flat, or with an `auth` block. With a
/// `workspaceId` its files may come later, by `/connectors/{connector}/upload`.
#[utoipa::path(post, path = "/connectors", tag = "connectors", request_body = Object,
    responses((status = 201, body = Connector), (status = 200, body = Connector),
        (status = 400, description = "The definition has errors; `data.diagnostics` lists them",
            body = crate::wire::Error)))]
async fn create(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    JsonBody(document): JsonBody,
) -> Result<(StatusCode, Json<Connector>), ApiError> {
    // The command line of the original product says which workspace, and brings files later.
    let put = if document.get("workspaceId").is_some() {
        worker
            .engine
            .register_connector(&session, &document)
            .await?
    } else {
        worker.engine.push_connector(&session, &document).await?
    };
    let status = match put.outcome {
        PutOutcome::Created => StatusCode::CREATED,
        PutOutcome::Changed | PutOutcome::Unchanged => StatusCode::OK,
    };
    let (record, definition) = worker
        .engine
        .connector(&session, put.item.id.as_str())
        .await?;
    let workspace = session.workspace_id().as_str();
    Ok((
        status,
        Json(Connector::of(record, workspace, definition.as_deref())),
    ))
}

/// One connector, by id, key or uuid, with the public part of its definition.
#[utoipa::path(get, path = "/connectors/{connector}", tag = "connectors",
    params(("connector" = String, Path)),
    responses((status = 200, body = Connector), (status = 404, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Response, ApiError> {
    let found = worker.engine.connector(&session, &selector).await;
    if is_no_connector(&selector, &found) {
        let none = json!({ "id": NO_CONNECTOR, "key": NO_CONNECTOR, "name": "No connector" });
        return Ok(Json(none).into_response());
    }
    let (record, definition) = found?;
    let workspace = session.workspace_id().as_str();
    let connector = Connector::of(record, workspace, definition.as_deref());
    Ok(Json(connector).into_response())
}

/// Whether `selector` is the word for no connector, and names none.
pub(super) fn is_no_connector<T>(selector: &str, found: &Result<T, EngineError>) -> bool {
    selector == NO_CONNECTOR && matches!(found, Err(EngineError::NotFound { .. }))
}

/// What the command line of the original product asks for when an integration has no connector:
/// JavaScript's word for it. It goes on only if there is one, and leaves it alone if that belongs
/// to no workspace.
const NO_CONNECTOR: &str = "undefined";

/// Archives a connector that no integration uses.
#[utoipa::path(delete, path = "/connectors/{connector}", tag = "connectors",
    params(("connector" = String, Path)),
    responses((status = 200, body = Connector), (status = 404, body = crate::wire::Error)))]
async fn archive(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Connector>, ApiError> {
    let record = worker.engine.archive_connector(&session, &selector).await?;
    Ok(Json(Connector::of(
        record,
        session.workspace_id().as_str(),
        None,
    )))
}
