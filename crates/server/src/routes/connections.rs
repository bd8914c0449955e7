//! `/connections`.

use authbridge_engine::{ConnectRequest, ConnectionChange, ConnectionQuery};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, SelectorQuery, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::logs::Collecting;
use crate::wire::{Connection, Fields, JsonBody, List, ListQuery, flag};

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<crate::worker::Worker>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, patch, archive))
        .routes(routes!(test))
        .routes(routes!(refresh_credentials))
        .routes(routes!(events))
        .routes(routes!(get_selected, patch_selected, archive_selected))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
struct FilterQuery {
    /// Of this customer, by our id or the app's; for admins.
    user_id: Option<String>,
    /// The same, by its newer name.
    tenant_id: Option<String>,
    /// Through this integration.
    integration_id: Option<String>,
    /// Through this integration.
    integration_key: Option<String>,
    /// Of this connector.
    connector_id: Option<String>,
    /// `true` for connected ones only.
    connected: Option<String>,
    /// `true` for disconnected ones only.
    disconnected: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
struct SecretsQuery {
    /// `true` shows credentials to admins; it is written to the audit log.
    include_secrets: Option<String>,
}

/// How a test went.
#[derive(Serialize, ToSchema)]
struct TestResult {
    /// Whether the connection works.
    success: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
    /// The connection in the state that the test left it.
    connection: Connection,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct ArchiveQuery {
    /// `true` archives the connection whose account it used as well, if nothing else uses it.
    with_parent: Option<String>,
}

/// The connections that the caller may see: a customer's own, or the workspace's for admins.
#[utoipa::path(get, path = "/connections", tag = "connections", params(ListQuery, FilterQuery),
    responses((status = 200, body = List<Connection>)))]
async fn list(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Asked<ListQuery>,
    Asked(filter): Asked<FilterQuery>,
) -> Result<Json<List<Connection>>, ApiError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let connected = flag(filter.connected.as_ref()).map(|connected| !connected);
    let asked = ConnectionQuery {
        customer: given(filter.user_id).or_else(|| given(filter.tenant_id)),
        integration: given(filter.integration_id).or_else(|| given(filter.integration_key)),
        connector: given(filter.connector_id),
        is_disconnected: flag(filter.disconnected.as_ref()).or(connected),
        include_archived: query.include_archived(),
        search: query.search(),
    };
    let found = worker
        .engine
        .list_connections(&session, asked, page(&query)?)
        .await?;
    Ok(Json(List::of(found, Connection::from)))
}

/// Connects an account: with `input` the connector's auth runs and is tested; with `credentials`
/// these are kept as they are. A customer's earlier connection through the same integration is
/// replaced unless `allowMultipleConnections` is true.
#[utoipa::path(post, path = "/connections", tag = "connections", request_body = Object,
    responses((status = 201, body = Connection),
        (status = 400, description = "`data.fields` says what does not fit the form",
            body = crate::wire::Error)))]
async fn create(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<(StatusCode, Json<Connection>), ApiError> {
    let mut fields = Fields::of(body)?;
    let integration = fields
        .first_text(&["integrationId", "integrationKey"])?
        .ok_or_else(|| ApiError::bad_request("give `integrationId` or `integrationKey`"))?;
    let request = ConnectRequest {
        integration,
        customer: fields.first_text(&["userId", "customerId", "tenantId", "tenantKey"])?,
        auth_option_key: fields.text("authOptionKey")?.flatten(),
        name: fields.text("name")?.flatten(),
        key: fields.text("key")?.flatten(),
        meta: fields.value("meta").flatten(),
        input: fields.secret(&[
            "input",
            "connectionInput",
            "connectionParameters",
            "parameters",
        ])?,
        credentials: fields.secret(&["credentials"])?,
        connector_parameters: fields.secret(&["connectorParameters"])?,
        allow_multiple: fields.flag("allowMultipleConnections")?,
    };
    let connection = engine.connect(&session, request).await?;
    Ok((StatusCode::CREATED, Json(connection.into())))
}

/// One connection: by its id, or by the id or key of an integration through which there is
/// exactly one.
#[utoipa::path(get, path = "/connections/{connection}", tag = "connections",
    params(("connection" = String, Path), SecretsQuery),
    responses((status = 200, body = Connection), (status = 404, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
    Asked(query): Asked<SecretsQuery>,
) -> Result<Json<Connection>, ApiError> {
    let connection = worker.engine.connection(&session, &selector).await?;
    let asks_for_secrets = flag(query.include_secrets.as_ref()).unwrap_or(false);
    let mut shown = Connection::from(connection.clone());
    if shown.wants_action() {
        let uri = worker.engine.reconnect_uri(&session, &connection).await?;
        shown = shown.with_action_at(uri);
    }
    if !asks_for_secrets || session.customer().is_some() {
        return Ok(Json(shown));
    }
    let secrets = worker
        .engine
        .connection_secrets(&session, &connection)
        .await?;
    Ok(Json(shown.with_secrets(secrets)))
}

/// Changes a connection's name, key or meta, or replaces its credentials. By either method, what
/// is not given stays.
#[utoipa::path(method(patch, put), path = "/connections/{connection}", tag = "connections",
    params(("connection" = String, Path)), request_body = Object,
    responses((status = 200, body = Connection), (status = 404, body = crate::wire::Error)))]
async fn patch(
    worker: Shared,
    session: Authenticated,
    Named(selector): Named,
    body: JsonBody,
) -> Result<Json<Connection>, ApiError> {
    update(worker, session, &selector, body).await
}

/// Archives a connection: the connector's `disconnect` runs, and its secrets are erased.
#[utoipa::path(delete, path = "/connections/{connection}", tag = "connections",
    params(("connection" = String, Path), ArchiveQuery),
    responses((status = 200, body = Connection), (status = 404, body = crate::wire::Error)))]
async fn archive(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Named(selector): Named,
    Asked(query): Asked<ArchiveQuery>,
) -> Result<Json<Connection>, ApiError> {
    let with_parent = flag(query.with_parent.as_ref()).unwrap_or(false);
    let archiving = engine.archive_connection(&session, &selector, with_parent);
    Ok(Json(archiving.await?.into()))
}

/// Runs the connector's `test` and remembers what was learned.
#[utoipa::path(post, path = "/connections/{connection}/test", tag = "connections",
    params(("connection" = String, Path)),
    responses((status = 200, body = TestResult), (status = 404, body = crate::wire::Error)))]
async fn test(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<TestResult>, ApiError> {
    let outcome = engine.test_connection(&session, &selector).await?;
    let error = outcome
        .failure
        .map(|failure| ApiError::from(authbridge_engine::EngineError::Auth(failure)).to_json());
    Ok(Json(TestResult {
        success: error.is_none(),
        error,
        connection: outcome.connection.into(),
    }))
}

/// Renews the credentials now, by the connector's `refreshCredentials`.
#[utoipa::path(post, path = "/connections/{connection}/refresh-credentials", tag = "connections",
    params(("connection" = String, Path)),
    responses((status = 200, body = Connection),
        (status = 400, description = "nothing can be refreshed, or it was refused",
            body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn refresh_credentials(
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Connection>, ApiError> {
    Ok(Json(
        engine
            .refresh_credentials(&session, &selector)
            .await?
            .into(),
    ))
}

/// Something that happened to a connection.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectionEvent {
    /// When.
    at: String,
    /// What, such as `connection.refreshed` or `connection.refresh_failed`.
    action: String,
    /// `admin`, `customer`, `operator`, or `system` for the engine itself.
    by: &'static str,
    /// More about it: of a failed refresh `class`, `error`, `attempt`, `retryAt` and `cause`.
    detail: serde_json::Value,
}

/// The last things that happened to a connection.
#[derive(Serialize, ToSchema)]
struct ConnectionEvents {
    /// The newest first.
    items: Vec<ConnectionEvent>,
}

/// What happened to a connection: connected, refreshed or not and why, tested, reconnected.
#[utoipa::path(get, path = "/connections/{connection}/events", tag = "connections",
    params(("connection" = String, Path)),
    responses((status = 200, body = ConnectionEvents), (status = 404, body = crate::wire::Error)))]
async fn events(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<ConnectionEvents>, ApiError> {
    let events = worker.engine.connection_events(&session, &selector).await?;
    let items = events.into_iter().map(|event| ConnectionEvent {
        at: event.at,
        action: event.action,
        by: event.by,
        detail: event.detail,
    });
    Ok(Json(ConnectionEvents {
        items: items.collect(),
    }))
}

/// One connection, chosen by query.
#[utoipa::path(get, path = "/connection", tag = "connections",
    params(SelectorQuery, SecretsQuery),
    responses((status = 200, body = Connection), (status = 404, body = crate::wire::Error)))]
async fn get_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
    secrets: Asked<SecretsQuery>,
) -> Result<Json<Connection>, ApiError> {
    get(worker, session, Named(query.selector()?), secrets).await
}

/// Changes a connection chosen by query.
#[utoipa::path(method(patch, put), path = "/connection", tag = "connections", params(SelectorQuery),
    request_body = Object,
    responses((status = 200, body = Connection), (status = 404, body = crate::wire::Error)))]
async fn patch_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
    body: JsonBody,
) -> Result<Json<Connection>, ApiError> {
    update(worker, session, &query.selector()?, body).await
}

/// Archives a connection chosen by query.
#[utoipa::path(delete, path = "/connection", tag = "connections",
    params(SelectorQuery, ArchiveQuery),
    responses((status = 200, body = Connection), (status = 404, body = crate::wire::Error)))]
async fn archive_selected(
    engine: Collecting,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
    with: Asked<ArchiveQuery>,
) -> Result<Json<Connection>, ApiError> {
    archive(engine, session, Named(query.selector()?), with).await
}

async fn update(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    selector: &str,
    body: JsonBody,
) -> Result<Json<Connection>, ApiError> {
    let mut fields = Fields::of(body)?;
    let change = ConnectionChange {
        name: fields.text("name")?,
        key: fields.text("key")?,
        meta: fields.value("meta"),
        credentials: fields.secret(&["credentials"])?,
    };
    Ok(Json(
        worker
            .engine
            .update_connection(&session, selector, change)
            .await?
            .into(),
    ))
}
