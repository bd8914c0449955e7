//! `/connection-requests`: asking a user to connect an account, by a link; and the link itself
//! (wire contract B.5).

use std::sync::Arc;

use authbridge_engine::{ConnectRequest, ConnectionRequestDraft, RequestedConnection};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Named, Shared};
use crate::access::Authenticated;
use crate::connect::{ConnectForm, Place, is_web, moved};
use crate::embed;
use crate::error::ApiError;
use crate::wire::{Fields, JsonBody};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(get, patch))
        .routes(routes!(open))
}

/// A request to connect an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectionRequest {
    /// Names the request. Who knows it may connect the account, so it is as secret as `url`.
    request_id: String,
    /// Our id of the customer whose account is connected.
    tenant_id: String,
    integration_id: String,
    /// The connection that is connected again.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<String>,
    /// What the connection will be called by the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_key: Option<Value>,
    /// What people will see.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_option_key: Option<Value>,
    allow_multiple_connections: bool,
    /// Where the browser goes at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<Value>,
    /// `pending`, `success`, `cancelled`, or `error` when the last attempt failed or nobody came in
    /// time. Until it has expired the user may try again after an error.
    status: &'static str,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_connection_id: Option<String>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_error: Option<Value>,
    created_at: String,
    /// From when on the link does not work.
    expires_at: String,
    /// The page to send the user to. It needs no token, works until the account is connected or the
    /// request cancelled, and for an hour at most.
    url: String,
}

impl ConnectionRequest {
    fn of(worker: &Worker, requested: RequestedConnection) -> Self {
        let record = requested.record;
        let detail = |name: &str| {
            let detail = record.details.get(name);
            detail.filter(|detail| !detail.is_null()).cloned()
        };
        let (status, result_error) = if requested.has_expired {
            ("error", Some(record.result_error.unwrap_or_else(expired)))
        } else {
            (record.status.as_str(), record.result_error)
        };
        Self {
            tenant_id: record.customer_id.to_string(),
            integration_id: record.integration_id.to_string(),
            connection_id: record.connection_id.map(|id| id.to_string()),
            connection_key: detail("key"),
            name: detail("name"),
            auth_option_key: detail("authOptionKey"),
            allow_multiple_connections: detail("allowMultiple") == Some(Value::Bool(true)),
            redirect_uri: detail("redirectUri"),
            prompt: detail("prompt"),
            status,
            result_connection_id: record.result_connection_id.map(|id| id.to_string()),
            result_error,
            created_at: record.created_at.to_string(),
            expires_at: record.expires_at.to_string(),
            url: worker.engine.connect_link(&requested.link),
            request_id: requested.link,
        }
    }
}

fn expired() -> Value {
    json!({
        "type": "bad_request",
        "message": "nobody connected the account before the link expired: make a new request",
    })
}

/// Asks for an account to be connected: the answer's `url` is a page to send the user to, which
/// needs no token. `integrationKey` or `integrationId` says what is connected (or `connectorId`, if it
/// has one integration), or `connectionId` what is connected again. Admins name the customer.
#[utoipa::path(post, path = "/connection-requests", tag = "connect", request_body = Object,
    responses((status = 201, body = ConnectionRequest),
        (status = 400, body = crate::wire::Error), (status = 404, body = crate::wire::Error)))]
async fn create(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<(StatusCode, Json<ConnectionRequest>), ApiError> {
    let draft = draft(Fields::of(body)?)?;
    if let Some(uri) = &draft.redirect_uri {
        worker.engine.require_redirect(&session, uri).await?;
    }
    let made = worker.engine.request_connection(&session, draft).await?;
    Ok((
        StatusCode::CREATED,
        Json(ConnectionRequest::of(&worker, made)),
    ))
}

/// How it stands with a request, for whoever could have made it. Ask again until `status` is no
/// longer `pending`.
#[utoipa::path(get, path = "/connection-requests/{request}", tag = "connect",
    params(("request" = String, Path, description = "Its `requestId`")),
    responses((status = 200, body = ConnectionRequest), (status = 404, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(id): Named,
) -> Result<Json<ConnectionRequest>, ApiError> {
    let found = worker.engine.connection_request(&session, &id).await?;
    Ok(Json(ConnectionRequest::of(&worker, found)))
}

/// Cancels a request, with `{"status": "cancelled"}`; its link does not work from then on. Nothing
/// else can be changed, and one that is over stays as it is.
#[utoipa::path(patch, path = "/connection-requests/{request}", tag = "connect",
    params(("request" = String, Path, description = "Its `requestId`")), request_body = Object,
    responses((status = 200, body = ConnectionRequest), (status = 404, body = crate::wire::Error)))]
async fn patch(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(id): Named,
    body: JsonBody,
) -> Result<Json<ConnectionRequest>, ApiError> {
    let status = Fields::of(body)?.text("status")?.flatten();
    let engine = &worker.engine;
    let mut found = engine.connection_request(&session, &id).await?;
    if status.as_deref() == Some("cancelled") {
        engine.cancel_connection_request(&id).await?;
        found = engine.connection_request(&session, &id).await?;
    }
    Ok(Json(ConnectionRequest::of(&worker, found)))
}

/// The page of a connection request: the user who opens it connects the account.
#[utoipa::path(get, path = "/connect/{request}", tag = "connect", security(()),
    params(("request" = String, Path, description = "What the request's `url` ends with"),
        ("theme" = Option<String>, Query, description = "`light`, `dark` or `auto`")),
    responses((status = 303, description = "to the page, by an address without the link"),
        (status = 400, description = "a page that says why the link does not work"),
        (status = 404, description = "a page that says that the link is not known")))]
async fn open(
    State(worker): Shared,
    Named(link): Named,
    place: Place,
    headers: HeaderMap,
) -> Response {
    let asked = ConnectForm::read(place.query(), "").and_then(|form| form.theme());
    let theme = match asked {
        Ok(theme) => theme,
        Err(error) => return embed::unusable(&worker, &headers, &error),
    };
    let (session, request) = match worker.engine.open_connection_request(&link).await {
        Ok(opened) => opened,
        Err(error) => return embed::unusable(&worker, &headers, &error.into()),
    };
    match place.by_its_public_name(&worker) {
        Some(here) => moved(&here),
        None => embed::begin(&worker, place.view().in_theme(theme), session, request),
    }
}

fn draft(mut fields: Fields) -> Result<ConnectionRequestDraft, ApiError> {
    let connection = fields.first_text(&["connectionId"])?;
    let integration = fields.first_text(&["integrationId", "integrationKey"])?;
    let connector = fields.first_text(&["connectorId", "connectorKey"])?;
    let connector = connector.filter(|_| integration.is_none());
    if connection.is_none() && integration.is_none() && connector.is_none() {
        return Err(ApiError::bad_request(
            "say what to connect: give `integrationKey` or `integrationId`, or `connectionId` to \
             reconnect",
        ));
    }
    let redirect_uri = fields.text("redirectUri")?.flatten();
    if redirect_uri.as_deref().is_some_and(|uri| !is_web(uri)) {
        return Err(ApiError::bad_request(
            "`redirectUri` must be a URL of the scheme `https` or `http`",
        ));
    }
    Ok(ConnectionRequestDraft {
        connect: ConnectRequest {
            integration: integration.unwrap_or_default(),
            customer: fields.first_text(&["userId", "customerId", "tenantId", "tenantKey"])?,
            auth_option_key: fields.text("authOptionKey")?.flatten(),
            name: fields.text("name")?.flatten(),
            key: fields.first_text(&["connectionKey", "key"])?,
            meta: fields.value("meta").flatten(),
            input: None,
            credentials: None,
            connector_parameters: fields.secret(&["connectorParameters"])?,
            allow_multiple: fields.flag("allowMultipleConnections")?,
        },
        connection,
        connector,
        redirect_uri,
        prompt: fields.text("prompt")?.flatten(),
    })
}
