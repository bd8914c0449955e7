//! `authbridge connections`.

use std::process::ExitCode;

use authbridge_core::Effects;
use http::Method;
use serde_json::Value;
use url::form_urlencoded;

use crate::api::Api;
use crate::args::{Connections, Remote};
use crate::error::CliError;
use crate::output::{Output, table};

pub(super) async fn run(
    command: Connections,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    match command {
        Connections::List {
            integration,
            disconnected,
            archived,
            remote,
        } => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("limit", "1000");
            if let Some(integration) = &integration {
                query.append_pair("integrationKey", integration);
            }
            if disconnected {
                query.append_pair("disconnected", "true");
            }
            if archived {
                query.append_pair("includeArchived", "true");
            }
            let items = all(&Api::new(&remote, effects)?, query.finish()).await?;
            output.result(&rows(&items), &Value::Array(items.clone()))?;
        }
        Connections::Show { connection, remote } => {
            let found = one(&remote, effects, Method::GET, &connection, "").await?;
            output.result(&details(&found), &found)?;
        }
        Connections::Test { connection, remote } => {
            let result = one(&remote, effects, Method::POST, &connection, "/test").await?;
            let works = result
                .get("success")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            let why = result
                .pointer("/error/message")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let text = if works {
                "it works\n".to_owned()
            } else {
                format!("it does not work: {why}\n")
            };
            output.result(&text, &result)?;
            return Ok(if works {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            });
        }
        Connections::Archive { connection, remote } => {
            let archived = one(&remote, effects, Method::DELETE, &connection, "").await?;
            output.result(&format!("archived {}\n", text(&archived, "id")), &archived)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn all(api: &Api, query: String) -> Result<Vec<Value>, CliError> {
    let mut items = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let path = format!("/connections?{query}&cursor={cursor}");
        let mut page = api.call(Method::GET, &path, None).await?;
        if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
            items.extend(found);
        }
        match page.get("cursor").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(items),
        }
    }
}

async fn one(
    remote: &Remote,
    effects: &Effects,
    method: Method,
    connection: &str,
    after: &str,
) -> Result<Value, CliError> {
    let selector: String = form_urlencoded::byte_serialize(connection.as_bytes()).collect();
    let path = format!("/connections/{}{after}", selector.replace('+', "%20"));
    Api::new(remote, effects)?.call(method, &path, None).await
}

fn rows(items: &[Value]) -> String {
    let head = ["ID", "NAME", "STATE", "CUSTOMER", "CREATED"]
        .map(str::to_owned)
        .to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head)
        .chain(items.iter().map(|item| {
            ["id", "name", "state", "userId", "createdAt"]
                .map(|name| text(item, name))
                .to_vec()
        }))
        .collect();
    table(&rows)
}

fn details(connection: &Value) -> String {
    let names = [
        "id",
        "name",
        "state",
        "error",
        "userId",
        "integrationId",
        "authOptionKey",
        "createdAt",
        "updatedAt",
        "archivedAt",
    ];
    let rows: Vec<Vec<String>> = names
        .iter()
        .filter(|name| connection.get(**name).is_some_and(|value| !value.is_null()))
        .map(|name| vec![(*name).to_owned(), text(connection, name)])
        .collect();
    table(&rows)
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(error)) if error.contains_key("message") => error
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        Some(other) => other.to_string(),
    }
}
