//! `$jsonata`: an expression over all variables. Whatever goes wrong, the result is undefined.
//!
//! The limits below stop loops, recursion and large results. They do not bound what one built-in
//! function does between two looks at the clock: a hostile expression can still build a value that
//! shares its parts and then compare it or turn it into text, which takes long and much memory.
//! Expressions of authors who are not trusted belong into the script sandbox.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonata_core::Expression;
use jsonata_core::evaluator::EvaluatorOptions;
use jsonata_core::value::JValue;
use regex::Regex;
use serde_json::Value;

use crate::eval::{Evaluated, Evaluator, Scope};
use crate::js;
use crate::limits::{Budget, MAX_DEPTH, NODE_COST};

/// How long an expression may run.
const TIMEOUT_MS: u64 = 200;
/// How deep an expression may call itself.
const MAX_STACK_DEPTH: usize = 256;
/// How many items a sequence may have.
const MAX_SEQUENCE_LENGTH: usize = 50_000;
/// How long an expression may be, in bytes.
const MAX_EXPRESSION_LENGTH: usize = 64 << 10;
/// How large the variables may be, in estimated bytes: a single built-in function runs to its end
/// before the timeout is looked at, so its input is bounded instead.
const MAX_INPUT_COST: usize = 16 << 20;
/// How large the result may be, in estimated bytes.
const MAX_OUTPUT_COST: usize = 16 << 20;
/// How many digits the width given to `$pad` may have. It allocates what it is asked for, so a
/// larger or computed width could end the process.
const PAD_WIDTH_DIGITS: usize = 4;

impl Evaluator<'_> {
    pub(super) fn jsonata<'v>(
        &self,
        expression: Option<&Value>,
        scope: &'v Scope<'v>,
    ) -> Evaluated<'v> {
        let Some(expression) = expression.and_then(Value::as_str) else {
            return Ok(None);
        };
        let variables = self.whole_scope(scope)?;
        let input = Budget::with_limit(MAX_INPUT_COST);
        if input.charge_value(&variables).is_err() {
            return Ok(None);
        }
        self.budget.charge(MAX_INPUT_COST - input.left())?;
        let Some(result) = run(expression, Some(variables.into_owned())) else {
            return Ok(None);
        };
        self.budget.charge_value(&result)?;
        Ok(Some(Cow::Owned(result)))
    }
}

/// What an expression gives for these variables; undefined where anything goes wrong.
pub(crate) fn run(expression: &str, variables: Option<Value>) -> Option<Value> {
    if expression.is_empty() || expression.len() > MAX_EXPRESSION_LENGTH || !pads_safely(expression)
    {
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
        let result = expression
            .evaluate(&variables.map_or(JValue::Undefined, JValue::from))
            .ok()?;
        let budget = Budget::with_limit(MAX_OUTPUT_COST);
        is_within(&result, MAX_DEPTH, &budget).then(|| Value::from(&result))
    }));
    evaluated.ok()?.map(with_whole_numbers)
}

/// Whether a result is data, and small enough to copy. The library shares equal parts, so what is
/// small in its memory can be huge when written out.
fn is_within(result: &JValue, depth_left: usize, budget: &Budget) -> bool {
    if depth_left == 0 || budget.charge(NODE_COST).is_err() {
        return false;
    }
    match result {
        JValue::Null | JValue::Bool(_) | JValue::Number(_) => true,
        JValue::String(text) => budget.charge(text.len()).is_ok(),
        JValue::Array(items) => items
            .iter()
            .all(|item| is_within(item, depth_left - 1, budget)),
        JValue::Object(members) => members.iter().all(|(key, member)| {
            budget.charge(key.len()).is_ok() && is_within(member, depth_left - 1, budget)
        }),
        JValue::Undefined | JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => {
            false
        }
    }
}

/// Whether every `$pad` in the expression is called with its width as a short literal: last, or
/// before a literal padding text.
fn pads_safely(expression: &str) -> bool {
    let mentions = expression.matches("$pad").count();
    if mentions == 0 {
        return true;
    }
    let quoted = r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"#;
    let plain = r#"[^()"'`]"#;
    let group = format!(r"\((?:{plain}|{quoted}|\((?:{plain}|{quoted})*\))*\)");
    let argument = format!(r"(?:(?:{plain}|{quoted}|{group})*?,)?");
    let call = format!(
        r"\$pad\s*\({argument}\s*-?[0-9]{{1,{PAD_WIDTH_DIGITS}}}\s*(?:,\s*(?:{quoted})\s*)?\)"
    );
    // Comments could hide where an argument ends.
    !expression.contains("/*")
        && Regex::new(&call).is_ok_and(|call| call.find_iter(expression).count() == mentions)
}

/// The library has doubles only; whole ones are integers in JSON.
fn with_whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => js::number(js::double(&number)).unwrap_or(Value::Null),
        Value::Array(items) => items.into_iter().map(with_whole_numbers).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, with_whole_numbers(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: Option<&Value>) {
        assert_eq!(
            run(expression, Some(json!({"a": 1, "list": [1, 2]}))).as_ref(),
            expected,
            "{expression}"
        );
    }

    #[test]
    fn whole_numbers_are_integers() {
        check("a + 1", Some(&json!(2)));
        check("list.{\"n\": $}", Some(&json!([{"n": 1}, {"n": 2}])));
        check("a / 2", Some(&json!(0.5)));
    }

    #[test]
    fn errors_and_functions_are_undefined() {
        for expression in [
            "",
            "a +",
            "$number('x')",
            "$sum",
            "/a/",
            "function($x){1}",
            "missing",
        ] {
            check(expression, None);
        }
    }

    #[test]
    fn runaway_expressions_end() {
        for expression in [
            "($f := function($n){1 + $f($n + 1)}; $f(1))",
            "[1..10000000]",
            "$reduce([1..40000], function($a, $i){[[$a]]}, 1)",
            "$reduce([1..25], function($a, $i){[$a, [$a]]}, 1)",
            "$pad('x', 1000000000000)",
            "$pad('x', a * 10000000)",
            "$pad('x', 9999999 * 10)",
            "$pad(',5)', 1000000000000)",
            r#"$pad("\",5)", 1000000000000)"#,
            "$pad(/*,5)*/ 'x', 1000000000000)",
            "($p := $pad; $p('x', 1000000000000))",
        ] {
            check(expression, None);
        }
    }

    #[test]
    fn padding_to_a_written_width_works() {
        check("$pad($string(a), -2, '0')", Some(&json!("01")));
        check("$pad('x', 3) & $pad('y', 3, '-')", Some(&json!("x  y--")));
        check("'x' ~> $pad(3)", Some(&json!("x  ")));
    }
}
