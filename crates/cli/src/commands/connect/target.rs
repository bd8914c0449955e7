//! What is to be connected, for whom, and by whom.

use std::time::Duration;

use authbridge_core::Effects;
use http::Method;
use serde_json::{Map, Value};

use super::ask;
use crate::api::{Api, segment};
use crate::args::{Connect, Remote};
use crate::commands::upload::text_of;
use crate::error::CliError;

/// What is left to do when the user is done.
const MARGIN: Duration = Duration::from_mins(1);

/// An integration, the auth option, and the connection if there is one already.
pub(super) struct Target {
    integration: String,
    option: Value,
    connection: Option<String>,
    /// Whose account it is, where the caller is an admin.
    customer: Option<String>,
}

impl Target {
    /// What `args` ask for, and the API called as whom it is connected.
    pub(super) async fn find(args: &Connect, effects: &Effects) -> Result<(Api, Self), CliError> {
        let (remote, customer) = caller(args)?;
        if customer.is_some() {
            // Customers come into being when they are first seen.
            let seen = Api::new(&args.remote, effects)?;
            seen.call(Method::GET, "/self", None).await?;
        }
        let lifetime = args.timeout.saturating_add(MARGIN);
        let mut api = Api::lasting(&remote, effects, lifetime)?;
        let mut option_key = args.auth_option.clone();
        let (integration, connection) = match &args.connection {
            None => (args.integration.clone().unwrap_or_default(), None),
            Some(selector) => {
                let found = get(&api, "/connections/", selector).await;
                let hint = super::connections::not_found(&args.remote);
                let found = found.map_err(|error| error.hint_if_not_found(hint))?;
                if let Some(owner) = owner_to_be(args, &api, &found).await? {
                    api = Api::lasting(&owner, effects, lifetime)?;
                }
                option_key = option_key.or_else(|| text(&found, "authOptionKey"));
                (
                    text(&found, "integrationId").unwrap_or_default(),
                    text(&found, "id"),
                )
            }
        };
        let found = get(&api, "/integrations/", &integration).await;
        let found = found.map_err(|error| {
            error.hint_if_not_found("say the key of an integration that the server has")
        })?;
        check_same(args, &found)?;
        let target = Self {
            integration: text(&found, "id").unwrap_or(integration),
            option: option(&found, option_key.as_deref()).await?,
            connection,
            customer,
        };
        Ok((api, target))
    }

    /// What the user is asked.
    pub(super) fn schema(&self) -> Option<&Value> {
        self.option.get("inputSchema")
    }

    /// The members of the form (wire contract B.3).
    pub(super) async fn payload(
        &self,
        args: &Connect,
        input: Value,
        request_id: String,
    ) -> Result<Map<String, Value>, CliError> {
        let mut payload = Map::new();
        let mut text = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                payload.insert(name.into(), value.into());
            }
        };
        match &self.connection {
            Some(connection) => text("connectionId", Some(connection)),
            None => text("integrationId", Some(&self.integration)),
        }
        let option_key = self.option.get("key").and_then(Value::as_str);
        text("authOptionKey", option_key);
        text("customerId", self.customer.as_deref());
        text("name", args.name.as_deref());
        text("customState", args.custom_state.as_deref());
        text("requestId", Some(&request_id));
        if args.allow_multiple {
            payload.insert("allowMultipleConnections".into(), true.into());
        }
        if input.as_object().is_some_and(|input| !input.is_empty()) {
            payload.insert("input".into(), input);
        }
        if let Some(given) = &args.connector_parameters {
            let parameters = serde_json::from_slice(&text_of(given).await?);
            let parameters = parameters.ok().filter(Value::is_object).ok_or_else(|| {
                CliError::usage("`--connector-parameters` is not a JSON object", "check it")
            })?;
            payload.insert("connectorParameters".into(), parameters);
        }
        Ok(payload)
    }
}

/// The caller; and the customer, if that is somebody else. Connector parameters are for admins.
fn caller(args: &Connect) -> Result<(Remote, Option<String>), CliError> {
    let mut remote = args.remote.clone();
    if args.link && remote.token.is_some() {
        return Err(CliError::usage(
            "with `--link` a ready-made token would stand in a URL, for as long as it is valid",
            "leave `--link` out; or set AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET instead of AUTHBRIDGE_TOKEN, to have one signed for this alone",
        ));
    }
    if args.connector_parameters.is_some() {
        if args.link {
            return Err(CliError::usage(
                "with `--link` connector parameters would stand in a URL",
                "leave `--link` out",
            ));
        }
        let customer = remote.customer.take();
        return Ok((remote, customer));
    }
    let is_of_nobody = remote.customer.is_none() && remote.token.is_none();
    if is_of_nobody && args.connection.is_none() && remote.workspace.both().is_some() {
        return Err(CliError::usage(
            "whose account is it?",
            "say `--customer` and your own id of the customer",
        ));
    }
    Ok((remote, None))
}

/// A page in a browser shall hold the token of the connection's owner, not an admin's.
async fn owner_to_be(
    args: &Connect,
    api: &Api,
    connection: &Value,
) -> Result<Option<Remote>, CliError> {
    let remote = &args.remote;
    let is_admin = remote.customer.is_none() && remote.token.is_none();
    if !is_admin || args.connector_parameters.is_some() {
        return Ok(None);
    }
    let owner = text(connection, "userId").unwrap_or_default();
    let owner = get(api, "/customers/", &owner).await?;
    let mut remote = remote.clone();
    remote.customer = text(&owner, "internalId");
    Ok(Some(remote))
}

/// Who names an integration and a connection of another means something else.
fn check_same(args: &Connect, integration: &Value) -> Result<(), CliError> {
    let (Some(named), Some(connection)) = (&args.integration, &args.connection) else {
        return Ok(());
    };
    let is_same = ["id", "key"]
        .iter()
        .any(|name| text(integration, name).as_ref() == Some(named));
    if is_same {
        return Ok(());
    }
    let key = text(integration, "key").unwrap_or_default();
    Err(CliError::usage(
        format!("the connection `{connection}` is through `{key}`, not `{named}`"),
        "leave the integration out",
    ))
}

async fn get(api: &Api, path: &str, selector: &str) -> Result<Value, CliError> {
    let path = format!("{path}{}", segment(selector));
    api.call(Method::GET, &path, None).await
}

/// The auth option `key` of `integration`; the only one if there is no choice.
async fn option(integration: &Value, key: Option<&str>) -> Result<Value, CliError> {
    let offered = integration.get("authOptions").and_then(Value::as_array);
    let offered = offered.map_or(&[][..], Vec::as_slice);
    let key_of = |option: &Value| text(option, "key").unwrap_or_default();
    let found = |key: &str| offered.iter().find(|option| key_of(option) == key).cloned();
    match (key, offered) {
        (Some(key), _) => found(key).ok_or_else(|| {
            let message = format!("there is no auth option `{key}` that can be chosen");
            CliError::usage(message, choices(offered))
        }),
        (None, [only]) => Ok(only.clone()),
        // The server knows what is wrong with it.
        (None, []) => Ok(Value::Null),
        (None, _) => {
            let named = |option: &Value| (key_of(option), text(option, "title"));
            let chosen = ask::choice("how to authenticate", offered.iter().map(named)).await?;
            chosen.and_then(|key| found(&key)).ok_or_else(|| {
                CliError::usage("there are several ways to authenticate", choices(offered))
            })
        }
    }
}

fn choices(offered: &[Value]) -> String {
    let keys: Vec<String> = offered
        .iter()
        .filter_map(|option| text(option, "key"))
        .map(|key| format!("`--auth-option {key}`"))
        .collect();
    if keys.is_empty() {
        return "leave `--auth-option` out: there is only one way".into();
    }
    format!("say {}", keys.join(" or "))
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}
