//! `authbridge connections`.

mod names;
mod story;

use std::process::ExitCode;

use authbridge_core::Effects;
use http::Method;
use serde_json::Value;
use url::form_urlencoded;

use crate::api::{Api, segment};
use crate::args::{Connections, Remote};
use crate::error::CliError;
use crate::output::{Output, table};
use names::Names;

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
            let api = Api::new(&remote, effects)?;
            let query = filter(integration.as_deref(), disconnected, archived);
            let items = all(&api, &query).await?;
            let text = if output.is_json() {
                String::new()
            } else {
                rows(&items, &Names::of(&api, &items).await?)
            };
            output.result(&text, &Value::Array(items))?;
        }
        Connections::Show { connection, remote } => {
            let api = Api::new(&remote, effects)?;
            let found = one(&api, &remote, Method::GET, &connection, "").await?;
            let text = if output.is_json() {
                String::new()
            } else {
                let events = one(&api, &remote, Method::GET, &connection, "/events").await?;
                summary(&api, &found).await? + &story::tell(&events)
            };
            output.result(&text, &found)?;
        }
        Connections::Test {
            connection,
            logs,
            remote,
        } => {
            let api = Api::new(&remote, effects)?;
            let what = if logs { "/test?logs=1" } else { "/test" };
            let result = one(&api, &remote, Method::POST, &connection, what).await?;
            output.logs(&result)?;
            return tested(&result, output);
        }
        Connections::Refresh { connection, remote } => {
            let api = Api::new(&remote, effects)?;
            let what = "/refresh-credentials";
            let found = one(&api, &remote, Method::POST, &connection, what).await?;
            let until = match to_the_second(&text(&found, "credentialsExpireAt")) {
                at if at.is_empty() => String::new(),
                at => format!(", valid until {at}"),
            };
            let line = format!("refreshed {}{until}\n", text(&found, "id"));
            output.result(&line, &found)?;
        }
        Connections::Archive { connection, remote } => {
            let api = Api::new(&remote, effects)?;
            let archived = one(&api, &remote, Method::DELETE, &connection, "").await?;
            output.result(&format!("archived {}\n", text(&archived, "id")), &archived)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One connection as people read it, without its story.
pub(super) async fn summary(api: &Api, connection: &Value) -> Result<String, CliError> {
    let names = Names::of(api, std::slice::from_ref(connection)).await?;
    Ok(details(connection, &names))
}

fn filter(integration: Option<&str>, disconnected: bool, archived: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(integration) = integration {
        query.append_pair("integrationKey", integration);
    }
    if disconnected {
        query.append_pair("disconnected", "true");
    }
    if archived {
        query.append_pair("includeArchived", "true");
    }
    query.finish()
}

async fn all(api: &Api, query: &str) -> Result<Vec<Value>, CliError> {
    let mut items = Vec::new();
    let mut pages = api.pages("/connections", query);
    while let Some(found) = pages.next().await? {
        items.extend(found);
    }
    Ok(items)
}

async fn one(
    api: &Api,
    remote: &Remote,
    method: Method,
    connection: &str,
    after: &str,
) -> Result<Value, CliError> {
    let path = format!("/connections/{}{after}", segment(connection));
    let found = api.call(method, &path, None).await;
    found.map_err(|error| error.hint_if_not_found(not_found(remote)))
}

/// What to try when there is no such connection.
pub(super) fn not_found(remote: &Remote) -> &'static str {
    if remote.customer.is_some() {
        "`authbridge connections list` shows everybody's connections; leave `--customer` out there"
    } else {
        "`authbridge connections list` shows what there is"
    }
}

fn tested(result: &Value, output: Output) -> Result<ExitCode, CliError> {
    let works = result
        .get("success")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if works {
        output.result("it works\n", result)?;
        return Ok(ExitCode::SUCCESS);
    }
    let why = result
        .pointer("/error/message")
        .and_then(Value::as_str)
        .unwrap_or("the server does not say why");
    let mut text = format!("it does not work: {why}\n");
    for frame in crate::error::stack(result.get("error").unwrap_or(&Value::Null)) {
        text.push_str(&format!("  at {frame}\n"));
    }
    output.result(&text, result)?;
    Ok(ExitCode::from(1))
}

fn rows(items: &[Value], names: &Names) -> String {
    let head = ["ID", "CUSTOMER", "INTEGRATION", "STATE", "CREATED", "NAME"]
        .map(str::to_owned)
        .to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head)
        .chain(items.iter().map(|item| {
            vec![
                text(item, "id"),
                names.customer(item),
                names.integration(item),
                state(item),
                to_the_second(&text(item, "createdAt")),
                text(item, "name"),
            ]
        }))
        .collect();
    table(&rows)
}

fn details(connection: &Value, names: &Names) -> String {
    let text = |member| text(connection, member);
    let rows = [
        ("id", text("id")),
        ("name", text("name")),
        ("customer", names.customer(connection)),
        ("integration", names.integration(connection)),
        ("auth option", text("authOptionKey")),
        ("account", text("parentConnectionId")),
        ("state", state(connection)),
        ("error", text("error")),
        ("what to do", todo(connection)),
        ("granted", list(connection, "grantedScopes")),
        ("not granted", list(connection, "missingScopes")),
        ("expires", to_the_second(&text("credentialsExpireAt"))),
        (
            "refresh due",
            to_the_second(&text("nextCredentialsRefreshAt")),
        ),
        ("tried again", retry(connection)),
        ("created", to_the_second(&text("createdAt"))),
        ("updated", to_the_second(&text("updatedAt"))),
        ("archived", to_the_second(&text("archivedAt"))),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    table(&rows)
}

/// What puts right what is wrong with it.
fn todo(connection: &Value) -> String {
    let hint = connection.pointer("/error/hint").and_then(Value::as_str);
    let is_missing = !list(connection, "missingScopes").is_empty();
    let id = text(connection, "id");
    match hint {
        Some(hint) => hint.to_owned(),
        None if is_missing => {
            format!("`authbridge connect --connection {id}`, and allow what was not granted")
        }
        None => String::new(),
    }
}

/// When a refresh that failed is tried again.
fn retry(connection: &Value) -> String {
    let at = to_the_second(&text(connection, "nextRetryTimestamp"));
    if at.is_empty() {
        return at;
    }
    format!("{at}, after {} failed", text(connection, "retryAttempts"))
}

fn list(connection: &Value, name: &str) -> String {
    let items = connection.get(name).and_then(Value::as_array);
    let texts: Vec<&str> = items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    texts.join(" ")
}

/// An archived connection is in no other state.
fn state(connection: &Value) -> String {
    if connection.get("archivedAt").is_some_and(Value::is_string) {
        return "archived".into();
    }
    text(connection, "state")
}

/// A timestamp without its fraction of a second.
fn to_the_second(timestamp: &str) -> String {
    match timestamp.split_once('.') {
        Some((seconds, fraction)) if fraction.ends_with('Z') => format!("{seconds}Z"),
        _ => timestamp.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Names, details, state, to_the_second};

    #[test]
    fn what_is_wrong_is_shown_with_what_to_do() {
        let shown = |connection| details(&connection, &Names::default());
        let refused = shown(json!({
            "id": "con_1",
            "error": {"message": "it said no", "hint": "ask the customer"},
            "retryAttempts": 3,
            "nextRetryTimestamp": "2026-11-21T10:00:00.5Z",
        }));
        assert!(
            refused.contains("what to do   ask the customer"),
            "{refused}"
        );
        assert!(
            refused.contains("2026-11-21T10:00:00Z, after 3 failed"),
            "{refused}"
        );
        let narrow = shown(json!({"id": "con_1", "missingScopes": ["write", "admin"]}));
        assert!(narrow.contains("write admin"), "{narrow}");
        assert!(
            narrow.contains("authbridge connect --connection con_1"),
            "{narrow}"
        );
    }

    #[test]
    fn an_archived_connection_says_so() {
        let archived = json!({ "state": "READY", "archivedAt": "2026-01-01T00:00:00Z" });
        assert_eq!(state(&archived), "archived");
        assert_eq!(state(&json!({ "state": "READY" })), "READY");
    }

    #[test]
    fn people_do_not_read_microseconds() {
        let timestamp = "2026-11-21T09:04:24.33693Z";
        assert_eq!(to_the_second(timestamp), "2026-11-21T09:04:24Z");
        assert_eq!(to_the_second(""), "");
    }
}
