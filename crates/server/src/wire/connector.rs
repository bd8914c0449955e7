//! Connectors on the wire: the record, and the public part of the definition.

use authbridge_core::connector::{self as core, AuthOption};
use authbridge_store as store;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A connector of the workspace.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connector {
    id: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    /// The workspace that it belongs to; clients take a connector with one for a custom one.
    workspace_id: String,
    revision: String,
    /// The public part of the definition; absent in lists.
    #[serde(flatten)]
    spec: Option<ConnectorSpec>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
}

impl Connector {
    pub(crate) fn of(
        record: store::Connector,
        workspace_id: &str,
        definition: Option<&core::Connector>,
    ) -> Self {
        let spec = definition.map(|definition| ConnectorSpec {
            key: None,
            name: None,
            ..ConnectorSpec::of(definition)
        });
        Self {
            id: record.id.to_string(),
            key: record.key,
            uuid: record.uuid,
            name: record.name,
            logo_uri: record.logo_uri,
            workspace_id: workspace_id.to_owned(),
            revision: record.revision.to_string(),
            spec,
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
            archived_at: record.archived_at.map(|at| at.to_string()),
        }
    }
}

/// What clients need to know of a definition (wire contract C.1). Code and mappings stay here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Data schema of the connector parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_schema: Option<Value>,
    /// The default auth option, with the others under `options`.
    auth: Value,
}

impl ConnectorSpec {
    pub(crate) fn of(definition: &core::Connector) -> Self {
        Self {
            key: Some(definition.key.clone()),
            name: Some(definition.name.clone()),
            description: definition.description.clone(),
            parameters_schema: definition.parameters_schema.clone(),
            auth: auth(definition),
        }
    }
}

fn auth(definition: &core::Connector) -> Value {
    let Some(default) = definition.options.first() else {
        return json!({});
    };
    let mut auth = option(default);
    let named: Map<String, Value> = definition
        .options
        .iter()
        .filter_map(|each| Some((each.key.clone()?, Value::Object(option(each)))))
        .collect();
    if !named.is_empty() {
        auth.insert("options".into(), named.into());
    }
    auth.into()
}

fn option(option: &AuthOption) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("type".into(), option.auth_type.as_str().into());
    let texts = [
        ("title", &option.title),
        ("description", &option.description),
    ];
    for (name, text) in texts {
        members.extend(
            text.as_ref()
                .map(|text| (name.into(), text.as_str().into())),
        );
    }
    let form = option.input_schema.as_ref();
    members.insert("ui".into(), ui(option, form));
    let schemas = [
        ("inputSchema", &option.input_schema),
        ("credentialsSchema", &option.credentials_schema),
        ("proxyKey", &option.proxy_key.clone().map(Value::from)),
    ];
    for (name, schema) in schemas {
        members.extend(schema.as_ref().map(|schema| (name.into(), schema.clone())));
    }
    for function in &option.functions {
        let kind = function.implementation.kind().as_str();
        members.insert(
            function.name.as_str().into(),
            json!({ "implementationType": kind }),
        );
    }
    members
}

/// The older place of the form, which older clients read.
pub(super) fn ui(option: &AuthOption, form: Option<&Value>) -> Value {
    let mut ui = Map::new();
    ui.extend(form.map(|schema| ("schema".into(), schema.clone())));
    ui.extend(
        option
            .help_uri
            .clone()
            .map(|uri| ("helpUri".into(), uri.into())),
    );
    ui.into()
}
