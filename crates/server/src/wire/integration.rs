//! Integrations on the wire.

use authbridge_core::connector::AuthOption;
use authbridge_engine::IntegrationView;
use authbridge_store as store;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Connection;
use super::connector::ui;

/// A workspace's installation of a connector. Its parameters are write-only.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Integration {
    id: String,
    key: String,
    /// What people see; the key when nobody gave a name.
    name: String,
    /// `READY`, `CONFIGURATION_ERROR` or `SETUP_FAILED`; absent once it is archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// What keeps it from being `READY`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_uri: Option<String>,
    #[serde(rename = "oAuthCallbackUri", skip_serializing_if = "Option::is_none")]
    oauth_callback_uri: Option<String>,
    /// Whether browsers may come to `/oauth-callback` that were not sent away from here.
    allow_external_callback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Value>,
    /// Data schema of the connector parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_schema: Option<Value>,
    /// Whether parameters are set; their values are never shown.
    has_parameters: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_missing_parameters: Option<bool>,
    /// The type of the default auth option.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<&'static str>,
    /// The auth options that users may choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_options: Option<Vec<OfferedOption>>,
    /// The calling customer's connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<Connection>,
    revision: String,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
}

/// One way to connect.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IntegrationAuthOption)]
pub(crate) struct OfferedOption {
    /// Absent for the only option of a connector without `options`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(rename = "type")]
    auth_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Data schema of what the user is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<Value>,
    ui: Value,
}

impl From<store::Integration> for Integration {
    fn from(record: store::Integration) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name.unwrap_or_else(|| record.key.clone()),
            key: record.key,
            state: None,
            errors: Vec::new(),
            connector_id: record.connector_id.map(|id| id.to_string()),
            connector_version: record.connector_version,
            logo_uri: record.logo_uri,
            base_uri: record.base_uri,
            oauth_callback_uri: record.oauth_callback_uri,
            allow_external_callback: record.allows_external_callback,
            meta: record.meta,
            parameters_schema: None,
            has_parameters: record.has_parameters,
            has_missing_parameters: None,
            auth_type: None,
            auth_options: None,
            connection: None,
            revision: record.revision.to_string(),
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
            archived_at: record.archived_at.map(|at| at.to_string()),
        }
    }
}

impl From<IntegrationView> for Integration {
    fn from(view: IntegrationView) -> Self {
        let connector = view.connector.as_deref();
        let options = connector.map_or(&[][..], |connector| &connector.options);
        let offered = options
            .iter()
            .filter(|option| view.option_keys.contains(&option.key))
            .map(|option| OfferedOption::of(option, view.form(option)))
            .collect();
        let missing = view.has_missing_parameters;
        let problem = view
            .problem
            .or_else(|| missing.then(|| "required connector parameters are not set".to_owned()));
        Self {
            state: Some(if problem.is_some() {
                "CONFIGURATION_ERROR"
            } else {
                "READY"
            }),
            errors: problem
                .into_iter()
                .map(|message| json!({ "type": "configuration", "message": message }))
                .collect(),
            parameters_schema: connector.and_then(|connector| connector.parameters_schema.clone()),
            has_missing_parameters: Some(missing),
            auth_type: options.first().map(|option| option.auth_type.as_str()),
            auth_options: Some(offered),
            connection: view.connection.map(Connection::from),
            ..Self::from(view.record)
        }
    }
}

impl OfferedOption {
    fn of(option: &AuthOption, form: Option<&Value>) -> Self {
        Self {
            key: option.key.clone(),
            auth_type: option.auth_type.as_str(),
            title: option.title.clone(),
            description: option.description.clone(),
            input_schema: form.cloned(),
            ui: ui(option, form),
        }
    }
}
