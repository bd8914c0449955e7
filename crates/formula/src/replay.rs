//! Replaying one line of a vectors file: what goes in, as JSON, and what comes out, in the file's
//! own form. It serves `authbridge formula eval` and the tests.
//!
//! A line has `fn` (`buildValue` if it is missing). For the evaluators `buildValue`, `buildData`
//! and `resolveFormulas` it further has `formula` and `variables`; for every other function `args`,
//! where a `null` argument stands for undefined. `resolveFormulas` may have `schema`, and `params`
//! with the names of the resolvers to provide. Those are stubs that answer with their own call, as
//! JSON text, so that the result shows what was asked.

mod functions;
mod stubs;

use serde_json::{Map, Value, json};

use crate::locator::LocatorError;
use crate::mapping::{ConfigurationError, build_data, build_value};
use crate::resolve::resolve_formulas;
use stubs::StubResolvers;

/// What a replayed function did.
enum Outcome {
    /// It returned; `None` is undefined.
    Returned(Option<Value>),
    /// It threw.
    Threw {
        class: &'static str,
        message: String,
    },
}

impl Outcome {
    fn returned(value: impl Into<Value>) -> Self {
        Self::Returned(Some(value.into()))
    }

    fn into_json(self) -> Value {
        match self {
            Self::Returned(Some(value)) => json!({"value": value}),
            Self::Returned(None) => json!({"undefined": true}),
            Self::Threw { class, message } => json!({"throws": class, "message": message}),
        }
    }
}

impl From<Result<Option<Value>, ConfigurationError>> for Outcome {
    fn from(result: Result<Option<Value>, ConfigurationError>) -> Self {
        match result {
            Ok(value) => Self::Returned(value),
            Err(error) => Self::Threw {
                class: "ConfigurationError",
                message: error.message,
            },
        }
    }
}

impl From<Result<Option<Value>, LocatorError>> for Outcome {
    fn from(result: Result<Option<Value>, LocatorError>) -> Self {
        match result {
            Ok(value) => Self::Returned(value),
            Err(error) => Self::Threw {
                class: "BadRequestError",
                message: error.to_string(),
            },
        }
    }
}

/// Replays a line and gives `{"value": …}`, `{"undefined": true}` or
/// `{"throws": class, "message": …}`.
///
/// # Errors
/// When the line is malformed or names no function that can be replayed; the text says what is
/// wrong.
pub fn replay(line: &Value) -> Result<Value, String> {
    let Value::Object(line) = line else {
        return Err("a line must be a JSON object".to_owned());
    };
    let function = match line.get("fn") {
        None => "buildValue",
        Some(Value::String(name)) => name,
        Some(other) => return Err(format!("`fn` must be a text, not {other}")),
    };
    let outcome = match function {
        "buildValue" => {
            let (formula, variables) = formula_and_variables(line)?;
            Outcome::Returned(build_value(formula, &variables))
        }
        "buildData" => {
            let (formula, variables) = formula_and_variables(line)?;
            build_data(formula, &variables).into()
        }
        "resolveFormulas" => {
            let (formula, variables) = formula_and_variables(line)?;
            let resolvers = StubResolvers::named(line.get("params"))?;
            resolve_formulas(formula, &variables, line.get("schema"), &resolvers).into()
        }
        name => functions::call(name, arguments(name, line)?)?,
    };
    Ok(outcome.into_json())
}

fn formula_and_variables(line: &Map<String, Value>) -> Result<(&Value, Value), String> {
    let formula = line.get("formula").ok_or("`formula` is missing")?;
    Ok((
        formula,
        line.get("variables").cloned().unwrap_or_else(|| json!({})),
    ))
}

fn arguments<'l>(name: &str, line: &'l Map<String, Value>) -> Result<&'l [Value], String> {
    match line.get("args") {
        Some(Value::Array(arguments)) => Ok(arguments),
        Some(other) => Err(format!("`args` must be a list, not {other}")),
        None => Err(format!("`args` is missing, which `{name}` needs")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_function_is_evaluated() {
        let line = json!({"formula": {"$var": "a"}, "variables": {"a": 1}});
        assert_eq!(replay(&line), Ok(json!({"value": 1})));
        assert_eq!(
            replay(&json!({"formula": {"$var": "a"}})),
            Ok(json!({"undefined": true}))
        );
    }

    #[test]
    fn stubs_show_what_was_asked() {
        let line = json!({
            "fn": "resolveFormulas",
            "formula": {"$findAppRecordId": {"dataLinkTable": {"key": "t"}, "recordId": 5}},
            "params": ["variables", "resolveImportDataLink"],
        });
        assert_eq!(
            replay(&line),
            Ok(json!({"value": r#"["resolveImportDataLink","t",5]"#}))
        );
    }

    #[test]
    fn malformed_lines_are_explained() {
        for (line, error) in [
            (json!([]), "a line must be a JSON object"),
            (json!({"fn": 5}), "`fn` must be a text, not 5"),
            (json!({"fn": "buildData"}), "`formula` is missing"),
            (
                json!({"fn": "nope", "args": []}),
                "`nope` is no function that can be replayed",
            ),
            (
                json!({"fn": "createSchema"}),
                "`args` is missing, which `createSchema` needs",
            ),
            (
                json!({"fn": "mergeSchemas", "args": [5]}),
                "argument 1 of `mergeSchemas` must be a list",
            ),
            (
                json!({"fn": "resolveFormulas", "formula": 1, "params": ["x"]}),
                "`params` has \"x\", which is no parameter",
            ),
        ] {
            assert_eq!(replay(&line), Err(error.to_owned()));
        }
    }
}
