//! `/workspace`: the workspace as a whole, and what it is made of.

use std::sync::Arc;

use authbridge_core::settings::WorkspaceSettings;
use authbridge_engine::{Plan, Push, WorkspaceElements, WorkspacePatch, WorkspaceState};
use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Shared};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{Fields, JsonBody, flag};
use crate::worker::Worker;

/// The largest push. A workspace with hundreds of connectors has some tens of megabytes.
const MAX_PUSH_BYTES: usize = 128 * 1024 * 1024;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    let push = OpenApiRouter::new()
        .routes(routes!(push))
        .layer(DefaultBodyLimit::max(MAX_PUSH_BYTES));
    OpenApiRouter::new()
        .routes(routes!(id))
        .routes(routes!(get, change))
        .routes(routes!(elements))
        .merge(push)
}

/// A workspace's id.
#[derive(Serialize, ToSchema)]
struct WorkspaceId {
    id: String,
}

/// A workspace, and what its owner decided about connect pages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Workspace {
    id: String,
    /// What tokens carry as `iss`.
    key: String,
    /// What customers see.
    name: Option<String>,
    #[schema(value_type = Object)]
    settings: WorkspaceSettings,
    created_at: String,
}

impl From<&WorkspaceState> for Workspace {
    fn from(state: &WorkspaceState) -> Self {
        Self {
            id: state.record.id.to_string(),
            key: state.record.key.clone(),
            name: state.record.name.clone(),
            settings: state.settings.clone(),
            created_at: state.record.created_at.to_string(),
        }
    }
}

/// The workspace and its settings. For admins.
#[utoipa::path(get, path = "/workspace", tag = "workspace",
    responses((status = 200, body = Workspace), (status = 403, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
) -> Result<Json<Workspace>, ApiError> {
    session.require_admin()?;
    let state = worker.engine.workspace(&session).await?;
    Ok(Json(Workspace::from(&*state)))
}

/// Changes the workspace's `name`, or members of its `settings`: `embeddingOrigins`,
/// `redirectUris`, `brandColor`, `logoUri`. What is not given stays, null removes. For admins.
#[utoipa::path(patch, path = "/workspace", tag = "workspace", request_body = Object,
    responses((status = 200, body = Workspace), (status = 400, body = crate::wire::Error),
        (status = 403, body = crate::wire::Error)))]
async fn change(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<Json<Workspace>, ApiError> {
    let mut fields = Fields::of(body)?;
    let settings = match fields.value("settings").flatten() {
        None => Map::new(),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(ApiError::bad_request("`settings` must be an object")),
    };
    let name = fields.text("name")?;
    let patch = WorkspacePatch { name, settings };
    let state = worker.engine.change_workspace(&session, patch).await?;
    Ok(Json(Workspace::from(&*state)))
}

/// The id of the workspace; the command line of the original product asks for it.
#[utoipa::path(get, path = "/org-workspace-id", tag = "workspace",
    responses((status = 200, body = WorkspaceId)))]
async fn id(Authenticated(session): Authenticated) -> Result<Json<WorkspaceId>, ApiError> {
    session.require_admin()?;
    Ok(Json(WorkspaceId {
        id: session.workspace_id().to_string(),
    }))
}

/// Everything that a push can bring about, with the workspace's revision: connectors with their
/// files, integrations without their parameters, and elements. For admins.
#[utoipa::path(get, path = "/workspace/elements", tag = "workspace",
    responses((status = 200, body = Object), (status = 403, body = crate::wire::Error)))]
async fn elements(
    State(worker): Shared,
    Authenticated(session): Authenticated,
) -> Result<Json<WorkspaceElements>, ApiError> {
    Ok(Json(worker.engine.workspace_elements(&session).await?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
struct PushQuery {
    /// `true` only tells what the push would do.
    dry_run: Option<String>,
}

/// Brings the workspace to what the push says, all of it or nothing, and tells what that took. For
/// admins.
///
/// `elements` hold `type`, `key`, `integrationKey`, `content`, and for connectors `files` and
/// `version`. With `prune` what is not among them is archived, limited to `types`. With
/// `baseRevision` a workspace that changed since is a conflict, unless `force` is true.
#[utoipa::path(post, path = "/workspace/push", tag = "workspace", params(PushQuery),
    request_body = Object,
    responses((status = 200, body = Object),
        (status = 400, description = "Nothing was applied; `data.issues` and `data.diagnostics` \
            tell why", body = crate::wire::Error),
        (status = 409, description = "The workspace changed", body = crate::wire::Error)))]
async fn push(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Asked<PushQuery>,
    PushBody(push): PushBody,
) -> Result<Json<Plan>, ApiError> {
    let is_dry_run = flag(query.dry_run.as_ref()).unwrap_or(false);
    Ok(Json(worker.engine.push(&session, push, is_dry_run).await?))
}

/// The body of a push.
struct PushBody(Push);

impl<S: Send + Sync> FromRequest<S> for PushBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| match rejection.into_response().status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => {
                let message = format!("the push is larger than {MAX_PUSH_BYTES} bytes");
                ApiError::new(status, "bad_request", message)
            }
            status => ApiError::new(status, "bad_request", "the push could not be read"),
        })?;
        // A list would be taken for the members in their order.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError::bad_request("a push must be a JSON object"));
        }
        // Megabytes of JSON take a while, and a worker has others to serve.
        let parsing = tokio::task::spawn_blocking(move || serde_json::from_slice(&bytes));
        let parsed = parsing.await.map_err(|error| ApiError::internal(&error))?;
        parsed
            .map(Self)
            .map_err(|error| ApiError::bad_request(format!("the push is not well formed: {error}")))
    }
}
