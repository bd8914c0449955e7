//! `authbridge operations`.

use std::process::ExitCode;

use authbridge_core::Effects;
use http::Method;
use serde_json::{Value, json};

use super::connections::not_found;
use super::upload::json_of;
use crate::api::{Api, segment};
use crate::args::Operations;
use crate::error::CliError;
use crate::output::{Output, pretty, table};

pub(super) async fn run(
    command: Operations,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    match command {
        Operations::List { connection, remote } => {
            let api = Api::new(&remote, effects)?;
            let path = format!("/connections/{}/operations", segment(&connection));
            let found = api.call(Method::GET, &path, None).await;
            let found = found.map_err(|error| error.hint_if_not_found(not_found(&remote)))?;
            output.result(&rows(&found), &found)?;
        }
        Operations::Show {
            connection,
            operation,
            remote,
        } => {
            let api = Api::new(&remote, effects)?;
            let path = path(&connection, &operation);
            let found = api.call(Method::GET, &path, None).await;
            let found = found.map_err(|error| error.hint_if_not_found(NO_OPERATION))?;
            output.result(&pretty(&found), &found)?;
        }
        Operations::Run {
            connection,
            operation,
            input,
            logs,
            remote,
        } => {
            let input = match input {
                Some(given) => json_of(&given).await?,
                None => Value::Null,
            };
            let api = Api::new(&remote, effects)?;
            let query = if logs { "?logs=1" } else { "" };
            let path = format!("{}/run{query}", path(&connection, &operation));
            let answer = api
                .call(Method::POST, &path, Some(&json!({ "input": input })))
                .await;
            let answer = answer.map_err(|error| error.hint_if_not_found(NO_OPERATION))?;
            output.logs(&answer)?;
            let text = answer.get("output").map(pretty).unwrap_or_default();
            output.result(&text, &answer)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

const NO_OPERATION: &str = "`authbridge operations list CONNECTION` shows what there is to run";

fn path(connection: &str, operation: &str) -> String {
    let (connection, operation) = (segment(connection), segment(operation));
    format!("/connections/{connection}/operations/{operation}")
}

fn rows(found: &Value) -> String {
    let head = ["KEY", "NAME", "READ ONLY", "DESCRIPTION"]
        .map(str::to_owned)
        .to_vec();
    let text = |item: &Value, name| {
        let value = item.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let items = found.as_array().into_iter().flatten().map(|item| {
        let is_read_only = item.get("isReadOnly").and_then(Value::as_bool);
        let is_read_only = match is_read_only {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        vec![
            text(item, "key"),
            text(item, "name"),
            is_read_only.to_owned(),
            text(item, "description"),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(items).collect();
    table(&rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::rows;

    #[test]
    fn operations_are_listed_with_what_they_do() {
        let found = json!([{ "key": "list-things", "name": "Things", "isReadOnly": true }]);
        let rows = rows(&found);
        assert_eq!(
            rows,
            "KEY          NAME    READ ONLY  DESCRIPTION\nlist-things  Things  yes\n"
        );
    }
}
