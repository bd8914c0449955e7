//! What the user gives: by arguments, in a file, and on the terminal.

use serde_json::{Map, Value};

use super::ask;
use super::fields::{self, Field};
use crate::args::Connect;
use crate::commands::upload::text_of;
use crate::error::CliError;

/// The input for `schema`; what is missing is asked for where there is a terminal.
pub(super) async fn gather(args: &Connect, schema: Option<&Value>) -> Result<Value, CliError> {
    let fields = fields::of(schema);
    let mut input = match &args.input_file {
        Some(path) => from_file(path).await?,
        None => Map::new(),
    };
    for argument in &args.input {
        let (name, value) = parsed(argument, &fields)?;
        input.insert(name, value);
    }
    if ask::is_possible() {
        for field in &fields {
            if !input.contains_key(field.name)
                && let Some(value) = ask::field(field).await?
            {
                input.insert(field.name.to_owned(), value);
            }
        }
    }
    let missing: Vec<&Field<'_>> = fields
        .iter()
        .filter(|field| field.is_required && !input.contains_key(field.name))
        .collect();
    if missing.is_empty() {
        return Ok(Value::Object(input));
    }
    Err(incomplete(&missing))
}

async fn from_file(path: &str) -> Result<Map<String, Value>, CliError> {
    let text = text_of(&format!("@{path}")).await?;
    match serde_json::from_slice(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(CliError::usage(
            format!("`{path}` does not hold a JSON object"),
            "write {\"name\": \"value\"} there",
        )),
    }
}

fn parsed(argument: &str, fields: &[Field<'_>]) -> Result<(String, Value), CliError> {
    let Some((name, value)) = argument.split_once('=') else {
        // It may be a secret whose name was forgotten.
        return Err(CliError::usage(
            "an `--input` has no `=`",
            "write `-i name=value`",
        ));
    };
    if fields.is_empty() {
        return Ok((name.to_owned(), value.into()));
    }
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        let names: Vec<String> = fields
            .iter()
            .map(|field| format!("`{}`", field.name))
            .collect();
        return Err(CliError::usage(
            format!("the connector does not ask for `{name}`"),
            format!("it asks for {}", names.join(", ")),
        ));
    };
    let value = field.value(value);
    let value = value
        .ok_or_else(|| CliError::usage(format!("`{name}` cannot be that"), field.expected()))?;
    Ok((name.to_owned(), value))
}

fn incomplete(missing: &[&Field<'_>]) -> CliError {
    let names: Vec<String> = missing
        .iter()
        .map(|field| format!("`{}`", field.name))
        .collect();
    let are = if missing.len() == 1 { "is" } else { "are" };
    let flags: Vec<String> = missing
        .iter()
        .filter(|field| !field.is_secret)
        .map(|field| format!("-i {}=…", field.name))
        .collect();
    let file = "`--input-file PATH`, or `--input-file -` for standard input";
    let hint = if flags.is_empty() {
        format!("give it as JSON with {file}, or run this on a terminal")
    } else {
        format!(
            "give {} or {file}, or run this on a terminal",
            flags.join(" ")
        )
    };
    CliError::usage(format!("{} {are} missing", names.join(", ")), hint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "properties": { "shop": { "type": "string" }, "apiKey": { "type": "string" } },
            "required": ["shop", "apiKey"],
        })
    }

    #[test]
    fn an_argument_has_a_name_that_the_connector_asks_for() {
        let schema = schema();
        let fields = fields::of(Some(&schema));
        let (name, value) = parsed("shop=a=b", &fields).unwrap();
        assert_eq!((name.as_str(), value), ("shop", json!("a=b")));
        let error = parsed("shpo=a", &fields).unwrap_err();
        assert_eq!(error.hint().unwrap(), "it asks for `shop`, `apiKey`");
        let error = parsed("hunter2", &fields).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        assert!(parsed("anything=1", &[]).is_ok());
    }

    #[test]
    fn what_is_missing_is_named_and_a_secret_is_not_asked_for_as_an_argument() {
        let schema = schema();
        let fields = fields::of(Some(&schema));
        let error = incomplete(&fields.iter().collect::<Vec<_>>());
        assert_eq!(error.to_string(), "`shop`, `apiKey` are missing");
        let hint = error.hint().unwrap();
        assert!(hint.contains("-i shop=…"), "{hint}");
        assert!(!hint.contains("-i apiKey"), "{hint}");
    }
}
