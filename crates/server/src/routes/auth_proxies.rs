//! `/auth-proxies`: shared clients of external apps, for connectors of type `proxy`.

use authbridge_store::Origin;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::integrations::draft;
use super::{Asked, Named, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{Integration, JsonBody, List, ListQuery};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, archive))
}

/// The auth proxies of the workspace; for admins.
#[utoipa::path(get, path = "/auth-proxies", tag = "auth proxies", params(ListQuery),
    responses((status = 200, body = List<Integration>)))]
async fn list(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<List<Integration>>, ApiError> {
    let found = worker.engine.list_auth_proxies(&session, page(&query)?);
    let found = found.await?;
    Ok(Json(List {
        items: found.items.into_iter().map(Integration::from).collect(),
        cursor: found.cursor,
    }))
}

/// One auth proxy, by key; for admins. Its parameters are write-only.
#[utoipa::path(get, path = "/auth-proxies/{authProxy}", tag = "auth proxies",
    params(("authProxy" = String, Path)),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    let record = worker.engine.auth_proxy(&session, &selector).await?;
    let view = worker.engine.view_integration(&session, record).await?;
    Ok(Json(view.into()))
}

/// Registers an auth proxy, or changes the one of that key; what is not given stays. The body is
/// that of an integration: `connectorKey`, `parameters` and so on. For admins.
#[utoipa::path(put, path = "/auth-proxies/{authProxy}", tag = "auth proxies",
    params(("authProxy" = String, Path)), request_body = Object,
    responses((status = 200, body = Integration), (status = 400, body = crate::wire::Error)))]
async fn put(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(key): Named,
    body: JsonBody,
) -> Result<Json<Integration>, ApiError> {
    let draft = draft(body)?;
    let record = worker
        .engine
        .put_auth_proxy(&session, &key, draft, Origin::Api)
        .await?;
    let view = worker.engine.view_integration(&session, record).await?;
    Ok(Json(view.into()))
}

/// Archives an auth proxy; what delegates to it stops working. For admins.
#[utoipa::path(delete, path = "/auth-proxies/{authProxy}", tag = "auth proxies",
    params(("authProxy" = String, Path)),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn archive(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    let archiving = worker.engine.archive_auth_proxy(&session, &selector);
    Ok(Json(archiving.await?.into()))
}
