//! Legacy filters: lists of `{field, operator, value}`, all of which must hold (wire contract D.3).

use std::borrow::Cow;

use serde_json::Value;

use crate::eval::eval_operator::{is_empty, is_one_of};
use crate::js;
use crate::locator::{Locator, LocatorError, Step};

/// How many values a field may fan out to before the rest is ignored.
const MAX_FIELD_VALUES: usize = 100_000;

/// Why a filter cannot be applied.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DataFilterError {
    /// A condition's field is no locator.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// A condition is `null`.
    #[error("a condition of a filter must be an object")]
    NoCondition,
}

/// Whether `data` meets every condition. A condition whose operator is not known holds, and so does
/// a filter that is no list. A field locator that crosses arrays reads from all their items, and
/// the condition holds if it does for one of them.
pub fn matches_filter(data: Option<&Value>, filter: &Value) -> Result<bool, DataFilterError> {
    let Some(conditions) = filter.as_array() else {
        return Ok(true);
    };
    for condition in conditions {
        if !meets(data, condition)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn meets(data: Option<&Value>, condition: &Value) -> Result<bool, DataFilterError> {
    if condition.is_null() {
        return Err(DataFilterError::NoCondition);
    }
    let Some(operator) = condition.get("operator").and_then(Operator::from_value) else {
        return Ok(true);
    };
    let locator = Locator::from_value(condition.get("field"))?;
    let operand = condition.get("value");
    let values = data
        .map(|data| field_values(data, locator.steps()))
        .unwrap_or_default();
    if values.is_empty() {
        return Ok(operator.holds(None, operand));
    }
    Ok(values
        .into_iter()
        .any(|value| operator.holds(Some(value), operand)))
}

/// The values at a locator, one for each item of the arrays that property steps cross.
fn field_values<'d>(data: &'d Value, steps: &[Step]) -> Vec<&'d Value> {
    let mut values = vec![data];
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            step_into(value, step, 0, &mut next);
        }
        next.truncate(MAX_FIELD_VALUES);
        values = next;
    }
    values
}

fn step_into<'d>(value: &'d Value, step: &Step, depth: usize, found: &mut Vec<&'d Value>) {
    if depth > crate::limits::MAX_VALUE_DEPTH || found.len() >= MAX_FIELD_VALUES {
        return;
    }
    match (step, value) {
        (Step::Property(name), Value::Object(members)) => found.extend(members.get(name)),
        (Step::Property(_), Value::Array(items)) => {
            for item in items {
                step_into(item, step, depth + 1, found);
            }
        }
        (Step::Item(_), Value::Array(_)) => {
            let item = Locator::from_steps(vec![step.clone()]);
            if let Some(Cow::Borrowed(item)) = item.get(value) {
                found.push(item);
            }
        }
        _ => {}
    }
}

/// The operator of a condition.
#[derive(Clone, Copy)]
enum Operator {
    Is,
    IsNot,
    IsOneOf,
    IsNotOneOf,
    IsTrue,
    IsFalse,
    Contains,
    DoesNotContain,
    ArrayIncludes,
    ArrayDoesNotInclude,
    LessThan,
    LessThanOrEqual,
    MoreThan,
    MoreThanOrEqual,
    IsNotEmpty,
    IsEmpty,
}

impl Operator {
    fn from_value(name: &Value) -> Option<Self> {
        Some(match name.as_str()? {
            "is" => Self::Is,
            "is_not" => Self::IsNot,
            "is_one_of" => Self::IsOneOf,
            "is_not_one_of" => Self::IsNotOneOf,
            "is_true" => Self::IsTrue,
            "is_false" => Self::IsFalse,
            "contains" => Self::Contains,
            "does_not_contain" => Self::DoesNotContain,
            "array_includes" => Self::ArrayIncludes,
            "array_does_not_include" => Self::ArrayDoesNotInclude,
            "less_than" => Self::LessThan,
            "less_than_or_equal" => Self::LessThanOrEqual,
            "more_than" => Self::MoreThan,
            "more_than_or_equal" => Self::MoreThanOrEqual,
            "is_not_empty" => Self::IsNotEmpty,
            "is_empty" => Self::IsEmpty,
            _ => return None,
        })
    }

    fn holds(self, value: Option<&Value>, operand: Option<&Value>) -> bool {
        match self {
            Self::Is => js::loose_equals(value, operand),
            Self::IsNot => !js::loose_equals(value, operand),
            // `null` is in no list here, other than in `$eval`.
            Self::IsOneOf => !js::is_nullish(value) && is_one_of(value, operand),
            Self::IsNotOneOf => js::is_nullish(value) || !is_one_of(value, operand),
            Self::IsTrue => js::truthy(value),
            Self::IsFalse => value == Some(&Value::Bool(false)),
            Self::Contains => js::truthy(value) && text_contains(value, operand),
            Self::DoesNotContain => js::truthy(value) && !text_contains(value, operand),
            Self::ArrayIncludes => is_one_of(operand, value),
            Self::ArrayDoesNotInclude => !is_one_of(operand, value),
            Self::LessThan => js::parse_float(value) < js::parse_float(operand),
            Self::LessThanOrEqual => js::parse_float(value) <= js::parse_float(operand),
            Self::MoreThan => js::parse_float(value) > js::parse_float(operand),
            Self::MoreThanOrEqual => js::parse_float(value) >= js::parse_float(operand),
            Self::IsNotEmpty => !is_empty(value),
            Self::IsEmpty => is_empty(value),
        }
    }
}

/// A search in the text, with regard to case.
fn text_contains(value: Option<&Value>, operand: Option<&Value>) -> bool {
    let operand = js::to_string_or_undefined(operand);
    js::to_string_or_undefined(value).contains(operand.as_ref())
}
