//! The operators of `$eval`.

use serde_json::Value;

use crate::js;

/// What compares the value of `$eval` with its operand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EvalOperator {
    Is,
    IsNot,
    OneOf,
    NoneOf,
    Contains,
    DoesNotContain,
    Lt,
    Lte,
    Gt,
    Gte,
    IsEmpty,
    IsNotEmpty,
    /// None, or one that is not known: the result is true.
    Unknown,
}

impl EvalOperator {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "is" => Self::Is,
            "isNot" => Self::IsNot,
            "oneOf" => Self::OneOf,
            "noneOf" => Self::NoneOf,
            "contains" => Self::Contains,
            "doesNotContain" => Self::DoesNotContain,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "isEmpty" => Self::IsEmpty,
            "isNotEmpty" => Self::IsNotEmpty,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn apply(self, value: Option<&Value>, operand: Option<&Value>) -> bool {
        match self {
            Self::Is => js::loose_equals(value, operand),
            Self::IsNot => !js::loose_equals(value, operand),
            Self::OneOf => is_one_of(value, operand),
            Self::NoneOf => !is_one_of(value, operand),
            Self::Contains => contains(value, operand),
            Self::DoesNotContain => !contains(value, operand),
            Self::Lt => js::parse_float(value) < js::parse_float(operand),
            Self::Lte => js::parse_float(value) <= js::parse_float(operand),
            Self::Gt => js::parse_float(value) > js::parse_float(operand),
            Self::Gte => js::parse_float(value) >= js::parse_float(operand),
            Self::IsEmpty => is_empty(value),
            Self::IsNotEmpty => !is_empty(value),
            Self::Unknown => true,
        }
    }
}

/// Undefined, `null`, `""`, `[]` and `{}` are empty; `0` and `false` are not.
pub(crate) fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

/// Strict membership; never in what is no array.
pub(crate) fn is_one_of(value: Option<&Value>, candidates: Option<&Value>) -> bool {
    let candidates = candidates.and_then(Value::as_array);
    candidates.is_some_and(|candidates| {
        candidates
            .iter()
            .any(|candidate| js::strict_equals(value, Some(candidate)))
    })
}

/// Strict membership in an array, otherwise a search in the text without regard to case. A falsy
/// value contains nothing.
fn contains(value: Option<&Value>, operand: Option<&Value>) -> bool {
    match value.filter(|value| js::truthy(Some(value))) {
        None => false,
        Some(array @ Value::Array(_)) => is_one_of(operand, Some(array)),
        Some(value) => {
            // The original searches for `undefined` where the operand is `null`, too.
            let operand = operand.filter(|operand| !operand.is_null());
            let operand = js::to_string_or_undefined(operand).to_lowercase();
            js::to_string(value).to_lowercase().contains(&operand)
        }
    }
}
