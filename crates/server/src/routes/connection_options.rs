//! `POST /connection-options`: the ways to connect an account (wire contract B.3).

use std::sync::Arc;

use authbridge_core::connector::{AuthOption, AuthType};
use authbridge_engine::EngineError;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{Fields, JsonBody};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new().routes(routes!(options))
}

/// A way to connect an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectionOption {
    /// What to give as `authOptionKey`; absent for the connector's own, which is meant where none is
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The type of authentication. `client-credentials` alone needs no window.
    #[serde(rename = "type")]
    auth_type: &'static str,
    /// What people choose it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Data schema of what the user is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<Value>,
    /// Data schema of the connector parameters; for admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_parameters_schema: Option<Value>,
    /// Where the external app sends the browser back to.
    #[serde(rename = "oAuthCallbackUri", skip_serializing_if = "Option::is_none")]
    oauth_callback_uri: Option<String>,
}

/// The ways to connect an account through an integration, or to reconnect one.
#[utoipa::path(post, path = "/connection-options", tag = "connect", request_body = Object,
    responses((status = 200, body = Vec<ConnectionOption>),
        (status = 400, body = crate::wire::Error), (status = 404, body = crate::wire::Error)))]
async fn options(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<Json<Vec<ConnectionOption>>, ApiError> {
    let mut fields = Fields::of(body)?;
    let connection = fields.first_text(&["connectionId"])?;
    let integration = fields.first_text(&["integrationId", "integrationKey"])?;
    let engine = &worker.engine;
    let connector = fields.first_text(&["connectorId", "connectorKey"])?;
    let selector = match (connection, integration, connector) {
        (Some(connection), _, _) => {
            let connection = engine.connection(&session, &connection).await?;
            connection.integration_id.to_string()
        }
        (None, Some(integration), _) => integration,
        (None, None, Some(connector)) => {
            let integration = engine.integration_of_connector(&session, &connector);
            integration.await?.id.to_string()
        }
        (None, None, None) => {
            return Err(ApiError::bad_request(
                "say what is to be connected: give `integrationKey`, `integrationId` or \
                 `connectionId`",
            ));
        }
    };
    let record = engine.integration(&session, &selector).await?;
    let view = engine.view_integration(&session, record).await?;
    let message = view.problem.clone().unwrap_or_default();
    let Some(connector) = view.connector.clone() else {
        return Err(EngineError::Configuration { message }.into());
    };
    let is_admin = session.customer().is_none();
    let parameters = connector.parameters_schema.as_ref().filter(|_| is_admin);
    let own = view.record.oauth_callback_uri.clone();
    let callback_uri = own.unwrap_or_else(|| engine.callback_uri());
    let offered = connector
        .options
        .iter()
        .filter(|option| view.option_keys.contains(&option.key));
    let options = offered.map(|option| ConnectionOption {
        key: option.key.clone(),
        auth_type: option.auth_type.as_str(),
        title: option.title.clone(),
        description: option.description.clone(),
        input_schema: view.form(option).cloned(),
        connector_parameters_schema: parameters.cloned(),
        oauth_callback_uri: goes_away(option).then(|| callback_uri.clone()),
    });
    Ok(Json(options.collect()))
}

/// Whether a browser is sent to the external app, and comes back.
fn goes_away(option: &AuthOption) -> bool {
    match option.auth_type {
        AuthType::OAuth2 | AuthType::OAuth1 => true,
        AuthType::ClientCredentials
        | AuthType::Proxy
        | AuthType::IntegrationAppToken
        | AuthType::MembraneToken => false,
    }
}
