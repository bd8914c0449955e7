//! `/integrations`.

use authbridge_engine::{EngineError, IntegrationDraft, Session};
use authbridge_store::{self as store, IntegrationFilter, Origin};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, SelectorQuery, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{ConnectorSpec, Fields, Integration, JsonBody, List, ListQuery};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, patch, archive))
        .routes(routes!(restore))
        .routes(routes!(connector_spec))
        .routes(routes!(get_selected, patch_selected, archive_selected))
        .routes(routes!(restore_selected))
}

/// The integrations of the workspace.
#[utoipa::path(get, path = "/integrations", tag = "integrations", params(ListQuery),
    responses((status = 200, body = List<Integration>)))]
async fn list(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<List<Integration>>, ApiError> {
    let filter = IntegrationFilter {
        search: query.search(),
        include_archived: query.include_archived(),
        ..IntegrationFilter::default()
    };
    let found = worker
        .engine
        .list_integrations(&session, filter, page(&query)?)
        .await?;
    let views = worker
        .engine
        .view_integrations(&session, found.items)
        .await?;
    Ok(Json(List {
        items: views.into_iter().map(Integration::from).collect(),
        cursor: found.cursor,
    }))
}

/// Installs a connector in the workspace.
#[utoipa::path(post, path = "/integrations", tag = "integrations", request_body = Object,
    responses((status = 201, body = Integration), (status = 409, body = crate::wire::Error)))]
async fn create(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<(StatusCode, Json<Integration>), ApiError> {
    let draft = draft(body)?;
    let record = worker
        .engine
        .create_integration(&session, draft, Origin::Api)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(view(&worker, &session, record).await?),
    ))
}

/// One integration, by id or key.
#[utoipa::path(get, path = "/integrations/{integration}", tag = "integrations",
    params(("integration" = String, Path)),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    let record = worker.engine.integration(&session, &selector).await?;
    Ok(Json(view(&worker, &session, record).await?))
}

/// Changes an integration. `parameters` are write-only; by either method, what is not given stays,
/// since clients cannot read them back.
#[utoipa::path(method(patch, put), path = "/integrations/{integration}", tag = "integrations",
    params(("integration" = String, Path)), request_body = Object,
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn patch(
    worker: Shared,
    session: Authenticated,
    Named(selector): Named,
    body: JsonBody,
) -> Result<Json<Integration>, ApiError> {
    update(worker, session, &selector, body).await
}

/// Archives an integration; its connections cannot be used until it is restored.
#[utoipa::path(delete, path = "/integrations/{integration}", tag = "integrations",
    params(("integration" = String, Path)),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn archive(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    Ok(Json(
        worker
            .engine
            .archive_integration(&session, &selector)
            .await?
            .into(),
    ))
}

/// Takes an integration back from the archive.
#[utoipa::path(post, path = "/integrations/{integration}/restore", tag = "integrations",
    params(("integration" = String, Path)),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn restore(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Integration>, ApiError> {
    Ok(Json(
        worker
            .engine
            .restore_integration(&session, &selector)
            .await?
            .into(),
    ))
}

/// The public part of the connector's definition.
#[utoipa::path(get, path = "/integrations/{integration}/connector-spec", tag = "integrations",
    params(("integration" = String, Path)),
    responses((status = 200, body = ConnectorSpec), (status = 404, body = crate::wire::Error)))]
async fn connector_spec(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<ConnectorSpec>, ApiError> {
    let record = worker.engine.integration(&session, &selector).await?;
    let view = worker.engine.view_integration(&session, record).await?;
    let message = view.problem.unwrap_or_default();
    let definition = view
        .connector
        .ok_or(EngineError::Configuration { message })?;
    Ok(Json(ConnectorSpec::of(&definition)))
}

/// Takes an integration chosen by query back from the archive.
#[utoipa::path(post, path = "/integration/restore", tag = "integrations", params(SelectorQuery),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn restore_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Integration>, ApiError> {
    restore(worker, session, Named(query.selector()?)).await
}

/// One integration, chosen by query.
#[utoipa::path(get, path = "/integration", tag = "integrations", params(SelectorQuery),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn get_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Integration>, ApiError> {
    get(worker, session, Named(query.selector()?)).await
}

/// Changes an integration chosen by query.
#[utoipa::path(method(patch, put), path = "/integration", tag = "integrations", params(SelectorQuery),
    request_body = Object,
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn patch_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
    body: JsonBody,
) -> Result<Json<Integration>, ApiError> {
    update(worker, session, &query.selector()?, body).await
}

/// Archives an integration chosen by query.
#[utoipa::path(delete, path = "/integration", tag = "integrations", params(SelectorQuery),
    responses((status = 200, body = Integration), (status = 404, body = crate::wire::Error)))]
async fn archive_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Integration>, ApiError> {
    archive(worker, session, Named(query.selector()?)).await
}

async fn update(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    selector: &str,
    body: JsonBody,
) -> Result<Json<Integration>, ApiError> {
    let draft = draft(body)?;
    let record = worker
        .engine
        .update_integration(&session, selector, draft, Origin::Api)
        .await?;
    Ok(Json(view(&worker, &session, record).await?))
}

/// The integration, with the calling customer's connection if there is one.
async fn view(
    worker: &Worker,
    session: &Session,
    record: store::Integration,
) -> Result<Integration, ApiError> {
    let view = worker.engine.view_integration(session, record).await?;
    Ok(view.into())
}

pub(super) fn draft(body: JsonBody) -> Result<IntegrationDraft, ApiError> {
    let mut fields = Fields::of(body)?;
    let connector = fields
        .first_text(&["connectorId", "connectorKey", "connectorUuid"])?
        .map(Some);
    Ok(IntegrationDraft {
        key: fields.text("key")?.flatten(),
        name: fields.text("name")?,
        connector,
        connector_version: fields.text("connectorVersion")?,
        logo_uri: fields.text("logoUri")?,
        base_uri: fields.text("baseUri")?,
        oauth_callback_uri: fields.text("oAuthCallbackUri")?,
        allows_external_callback: fields.optional_flag("allowExternalCallback")?,
        meta: fields.value("meta"),
        parameters: fields.secret(&["parameters"])?.map(Some),
    })
}
