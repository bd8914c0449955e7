//! From token responses to the credentials that a connection keeps.
//!
//! They keep the provider's names (`access_token`, `refresh_token`, `expires_in` …), which is
//! what `makeApiClient` reads; we add `expires_at` where the provider gives a lifetime only.

use serde_json::{Map, Value, json};

use super::config::OAuth2Config;
use crate::auth::expiry::{self, forget_expiry};
use crate::auth::{Arguments, AuthContext, AuthError, Issued, NotGranted, Scopes};
use crate::connector::FunctionName;
use crate::{Effects, SecretJson};

/// The members of `value`; none when it is no object.
pub(super) fn members(value: Option<&SecretJson>) -> Map<String, Value> {
    match value.map(SecretJson::expose) {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    }
}

/// What the connector makes of a token response.
pub(super) async fn hook(
    context: &mut dyn AuthContext,
    function: FunctionName,
    arguments: &Arguments,
    response: &Map<String, Value>,
    query: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, AuthError> {
    let own = json!({ "queryParameters": query, "tokenResponse": response });
    let result = context.call(function, &arguments.with_own(own)).await?;
    object(function, result)
}

/// What a function returned, which may be nothing.
pub(super) fn object(
    function: FunctionName,
    result: Option<Value>,
) -> Result<Option<Map<String, Value>>, AuthError> {
    match result {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(AuthError::Returned {
            function: function.as_str(),
            expected: "an object",
        }),
    }
}

/// The credentials of a new connection.
pub(super) fn first(
    effects: &Effects,
    config: &OAuth2Config,
    mut base: Map<String, Value>,
    response: Map<String, Value>,
    extra: Option<Map<String, Value>>,
) -> Result<Issued, AuthError> {
    require_token(&response, extra.as_ref())?;
    let scopes = scopes(config, &response);
    require_scopes(config, scopes.as_ref())?;
    forget_expiry(&mut base, &response);
    base.extend(response);
    base.extend(extra.unwrap_or_default());
    Ok(issued(effects, config, base, scopes))
}

/// The credentials of a connection after a refresh. What the answer leaves out, such as a refresh
/// token that stays the same, is kept.
pub(super) fn renewed(
    effects: &Effects,
    config: &OAuth2Config,
    mut old: Map<String, Value>,
    response: Map<String, Value>,
    extra: Option<Map<String, Value>>,
) -> Result<Issued, AuthError> {
    require_token(&response, extra.as_ref())?;
    let scopes = response
        .contains_key("scope")
        .then(|| scopes(config, &response));
    forget_expiry(&mut old, &response);
    if let Some(extra) = &extra {
        forget_expiry(&mut old, extra);
    }
    for (name, value) in response.into_iter().chain(extra.unwrap_or_default()) {
        // Some say `"refresh_token": null` for "the same as before".
        let says_nothing = name == "refresh_token" && value.as_str().is_none_or(str::is_empty);
        if !says_nothing {
            old.insert(name, value);
        }
    }
    Ok(issued(effects, config, old, scopes.flatten()))
}

/// Credentials that somebody brought.
pub(super) fn adopted(
    effects: &Effects,
    config: &OAuth2Config,
    credentials: Map<String, Value>,
) -> Issued {
    let speaks_of_scopes = credentials.contains_key("scope");
    let scopes = speaks_of_scopes.then(|| scopes(config, &credentials));
    issued(effects, config, credentials, scopes.flatten())
}

/// An answer without a token is no answer, unless the connector makes something of it.
fn require_token(
    response: &Map<String, Value>,
    extra: Option<&Map<String, Value>>,
) -> Result<(), AuthError> {
    if extra.is_some_and(|extra| !extra.is_empty()) || super::token_response::has_token(response) {
        return Ok(());
    }
    Err(super::token_response::without_token().into())
}

fn issued(
    effects: &Effects,
    config: &OAuth2Config,
    mut credentials: Map<String, Value>,
    scopes: Option<Scopes>,
) -> Issued {
    expiry::add_point(&mut credentials, effects.now());
    let has_refresh_token = credentials
        .get("refresh_token")
        .and_then(Value::as_str)
        .is_some_and(|token| !token.is_empty());
    Issued {
        credentials: SecretJson::new(Value::Object(credentials)),
        timing: config.refresh,
        is_refreshable: has_refresh_token || config.can_obtain_again(),
        scopes,
    }
}

/// Without the scopes that the connector cannot do without there is no connection.
fn require_scopes(config: &OAuth2Config, scopes: Option<&Scopes>) -> Result<(), AuthError> {
    let granted = scopes.map_or(&[][..], |scopes| &scopes.granted);
    let missing = config.required_scopes.iter();
    let missing: Vec<_> = missing
        .filter(|scope| !granted.contains(scope))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(AuthError::NotGranted(Box::new(NotGranted {
        scopes: missing,
        connect_uri: None,
        refused: None,
    })))
}

/// What was asked for, and what the provider says it granted: everything, if it does not say
/// (RFC 6749 section 5.1).
fn scopes(config: &OAuth2Config, response: &Map<String, Value>) -> Option<Scopes> {
    let requested = config.scopes.clone();
    let separators = [config.scope_separator.as_str(), " ", ","];
    let granted = match response.get("scope") {
        Some(Value::String(text)) => split(text, &separators),
        Some(Value::Array(items)) => {
            let texts = items.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => requested.clone(),
    };
    (!requested.is_empty() || !granted.is_empty()).then_some(Scopes { requested, granted })
}

fn split(text: &str, separators: &[&str]) -> Vec<String> {
    let mut parts = vec![text];
    for separator in separators.iter().filter(|separator| !separator.is_empty()) {
        parts = parts
            .into_iter()
            .flat_map(|part| part.split(separator))
            .collect();
    }
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}
