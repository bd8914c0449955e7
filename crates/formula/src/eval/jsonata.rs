//! `$jsonata`: an expression over all variables. Whatever goes wrong, the result is undefined.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonata_core::Expression;
use jsonata_core::evaluator::EvaluatorOptions;
use jsonata_core::value::JValue;
use serde_json::Value;

use crate::eval::{Evaluated, Evaluator, Scope};
use crate::js;
use crate::limits::Budget;

/// How long an expression may run.
const TIMEOUT_MS: u64 = 1000;
/// How deep an expression may call itself.
const MAX_STACK_DEPTH: usize = 512;
/// How many items a sequence may have.
const MAX_SEQUENCE_LENGTH: usize = 100_000;
/// How long an expression may be, in bytes.
const MAX_EXPRESSION_LENGTH: usize = 64 << 10;
/// How large the variables may be, in estimated bytes: a single built-in function runs to its end
/// before the timeout is looked at, so its input is bounded instead.
const MAX_INPUT_COST: usize = 16 << 20;

impl Evaluator<'_> {
    pub(super) fn jsonata<'v>(
        &self,
        expression: Option<Cow<'v, Value>>,
        scope: &'v Scope<'v>,
    ) -> Evaluated<'v> {
        let Some(expression) = expression.as_deref().and_then(Value::as_str) else {
            return Ok(None);
        };
        let variables = self.whole_scope(scope)?;
        let input = Budget::with_limit(MAX_INPUT_COST);
        if input.charge_value(&variables).is_err() {
            return Ok(None);
        }
        self.budget.charge(MAX_INPUT_COST - input.left())?;
        let Some(result) = run(expression, Some(variables.into_owned())) else { return Ok(None) };
        self.budget.charge_value(&result)?;
        Ok(Some(Cow::Owned(result)))
    }
}

/// What an expression gives for these variables; undefined where anything goes wrong.
pub(crate) fn run(expression: &str, variables: Option<Value>) -> Option<Value> {
    if expression.is_empty() || expression.len() > MAX_EXPRESSION_LENGTH {
        return None;
    }
    let options = EvaluatorOptions {
        timeout_ms: Some(TIMEOUT_MS),
        max_stack_depth: Some(MAX_STACK_DEPTH),
        max_sequence_length: Some(MAX_SEQUENCE_LENGTH),
        ..EvaluatorOptions::default()
    };
    // The library is young; should it panic on some expression, that is one more error.
    // Nothing outlives the call that a panic could leave half-changed.
    let evaluated = catch_unwind(AssertUnwindSafe(|| {
        let expression = Expression::compile_with_options(expression, options).ok()?;
        expression.evaluate(&variables.map_or(JValue::Undefined, JValue::from)).ok()
    }));
    match evaluated.ok()?? {
        JValue::Undefined => None,
        result if result.is_function() || result.is_regex() => None,
        result => Some(with_whole_numbers(Value::from(&result))),
    }
}

/// The library has doubles only; whole ones are integers in JSON.
fn with_whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => js::number(js::double(&number)).unwrap_or(Value::Null),
        Value::Array(items) => items.into_iter().map(with_whole_numbers).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(key, value)| (key, with_whole_numbers(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}
