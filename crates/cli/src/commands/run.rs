//! `authbridge run`: an action, as a customer's connection would run it.

use std::collections::BTreeSet;
use std::process::ExitCode;

use authbridge_core::Effects;
use http::Method;
use serde_json::{Map, Value};

use super::upload::json_of;
use crate::api::{Api, segment};
use crate::args::Run;
use crate::error::CliError;
use crate::output::{Output, pretty};

/// How many keys are named to somebody who asked for one that is not there.
const MAX_NAMED: usize = 12;

pub(super) async fn run(
    args: Run,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let body = body(&args).await?;
    let api = Api::new(&args.remote, effects)?;
    let query = if args.logs { "?logs=1" } else { "" };
    let path = format!("/actions/{}/run{query}", segment(&args.action));
    let answer = match api.call(Method::POST, &path, Some(&body)).await {
        Ok(answer) => answer,
        Err(error) => return Err(explained(error, &api, &args).await),
    };
    output.logs(&answer)?;
    let text = answer.get("output").map(pretty).unwrap_or_default();
    output.result(&text, &answer)?;
    Ok(ExitCode::SUCCESS)
}

/// `{input}`, and what the action runs with.
async fn body(args: &Run) -> Result<Value, CliError> {
    let mut body = Map::new();
    if let Some(input) = &args.input {
        body.insert("input".into(), json_of(input).await?);
    }
    let choices = [
        ("connectionId", &args.connection),
        ("connectionKey", &args.connection_key),
        ("integrationKey", &args.integration),
    ];
    for (name, value) in choices {
        if let Some(value) = value {
            body.insert(name.into(), value.as_str().into());
        }
    }
    Ok(body.into())
}

/// The refusal, with what can be done about it on the command line.
async fn explained(mut error: CliError, api: &Api, args: &Run) -> CliError {
    let CliError::Api { body, hint, .. } = &mut error else {
        return error;
    };
    if body.pointer("/data/fields").is_some() {
        *hint = Some(
            "give what is asked for with `--input`; the action's `inputSchema` says what that is"
                .to_owned(),
        );
        return error;
    }
    if body.get("key").and_then(Value::as_str) != Some("not_found") {
        return error;
    }
    let message = body.get("message").and_then(Value::as_str);
    let message = message.unwrap_or_default();
    *hint = if message.starts_with("Action") {
        known_actions(api, args).await
    } else if let (true, Some(customer)) =
        (message.contains("has no connection"), &args.remote.customer)
    {
        Some(format!(
            "`authbridge connect INTEGRATION --customer {customer}` connects one"
        ))
    } else if args.remote.customer.is_none() && args.remote.token.is_none() {
        Some("connections are customers'; name one with `--customer`".to_owned())
    } else {
        Some("`authbridge connections list` shows what there is".to_owned())
    };
    error
}

/// Names what could have been meant, if the server tells.
async fn known_actions(api: &Api, args: &Run) -> Option<String> {
    let of_connection = args.connection.as_deref().or(args.integration.as_deref());
    let path = of_connection.map(|name| format!("/connections/{}/actions", segment(name)));
    let found = match path {
        Some(path) => api.call(Method::GET, &path, None).await.ok(),
        None => None,
    };
    let found = match found {
        Some(found) => found,
        None => api
            .call(Method::GET, "/actions?limit=1000", None)
            .await
            .ok()?,
    };
    let items = found.get("items").and_then(Value::as_array)?;
    // Instances have their action's key.
    let keys: BTreeSet<&str> = items
        .iter()
        .filter_map(|item| item.get("key")?.as_str())
        .collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    Some(named(&keys))
}

fn named(keys: &[&str]) -> String {
    if keys.is_empty() {
        return "there are no actions; `authbridge push` brings them to the server".to_owned();
    }
    let shown: Vec<String> = keys
        .iter()
        .take(MAX_NAMED)
        .map(|key| format!("`{key}`"))
        .collect();
    let more = keys.len().saturating_sub(MAX_NAMED);
    let more = (more > 0).then(|| format!(", and {more} more"));
    format!("there are {}{}", shown.join(", "), more.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_are_not_all_named() {
        assert_eq!(named(&["a", "b"]), "there are `a`, `b`");
        let keys = ["k"; 14];
        assert!(named(&keys).ends_with("`k`, and 2 more"));
        assert!(named(&[]).contains("authbridge push"));
    }
}
