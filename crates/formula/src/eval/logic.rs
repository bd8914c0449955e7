//! Choices and conditions: `$case`, `$map`, `$eval`, `$and`, `$or`, `$firstNotEmpty`.

use std::borrow::Cow;

use serde_json::Value;

use crate::eval::eval_operator::EvalOperator;
use crate::eval::filter::matches_filter;
use crate::eval::{Evaluated, Evaluator, Halt, Scope, boolean};
use crate::js;
use crate::node::{Case, Filter, MapItem, Node};

impl Evaluator<'_> {
    /// The value of the first case that applies, even if it is undefined; else the default, where
    /// `null` counts as none.
    pub(super) fn case<'v>(
        &self,
        cases: &'v [Case],
        default: &'v Node,
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        for case in cases {
            match self.applies(&case.filter, scope)? {
                Some(true) => return self.evaluate(&case.value, scope, schema),
                Some(false) => {}
                None => return Ok(None),
            }
        }
        let default = self.evaluate(default, scope, schema)?;
        Ok(default.filter(|value| !value.is_null()))
    }

    /// A filter that gives nothing passes. `None` where the original throws.
    fn applies(&self, filter: &Filter, scope: &Scope<'_>) -> Result<Option<bool>, Halt> {
        match filter {
            Filter::Always => Ok(Some(true)),
            Filter::Formula(node) => {
                let value = self.evaluate(node, scope, None)?;
                let value = value.as_deref();
                Ok(Some(js::is_nullish(value) || js::truthy(value)))
            }
            Filter::Conditions(_) if self.resolvers.is_some() => Ok(Some(true)),
            Filter::Conditions(conditions) => {
                let variables = self.whole_scope(scope)?;
                Ok(matches_filter(Some(&variables), &Value::Array(conditions.clone())).ok())
            }
        }
    }

    /// The value's counterpart: by structure or by loose equality.
    pub(super) fn map<'v>(
        &self,
        value: &'v Node,
        mapping: &'v [Option<MapItem>],
        default: &'v Node,
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        let value = self.evaluate(value, scope, schema)?;
        let value = value.as_deref();
        for item in mapping {
            // Where the original throws.
            let Some(item) = item else { return Ok(None) };
            let from = self.evaluate(&item.from, scope, None)?;
            let from = from.as_deref();
            if js::deep_equals(value, from) || js::loose_equals(value, from) {
                return self.evaluate(&item.to, scope, schema);
            }
        }
        self.evaluate(default, scope, schema)
    }

    pub(super) fn eval<'v>(
        &self,
        value: &'v Node,
        operator: EvalOperator,
        operand: &'v Node,
        scope: &'v Scope<'v>,
    ) -> Evaluated<'v> {
        let value = self.evaluate(value, scope, None)?;
        let operand = self.evaluate(operand, scope, None)?;
        let holds = operator.apply(value.as_deref(), operand.as_deref());
        Ok(Some(boolean(holds)))
    }
}

/// Whether all that is present is truthy; undefined if nothing is.
pub(super) fn and<'v>(values: Option<&Value>) -> Option<Cow<'v, Value>> {
    let present = present(values)?;
    Some(boolean(
        present.into_iter().all(|value| js::truthy(Some(value))),
    ))
}

/// Whether something present is truthy; undefined if nothing is present.
pub(super) fn or<'v>(values: Option<&Value>) -> Option<Cow<'v, Value>> {
    let present = present(values)?;
    Some(boolean(
        present.into_iter().any(|value| js::truthy(Some(value))),
    ))
}

/// The items that are not `null`, if there are any.
fn present(values: Option<&Value>) -> Option<Vec<&Value>> {
    let items = values?.as_array()?;
    let present: Vec<_> = items.iter().filter(|item| !item.is_null()).collect();
    (!present.is_empty()).then_some(present)
}

/// The first item that is not `null`.
pub(super) fn first_not_empty(values: Option<Cow<'_, Value>>) -> Option<Cow<'_, Value>> {
    match values? {
        Cow::Borrowed(values) => values
            .as_array()?
            .iter()
            .find(|item| !item.is_null())
            .map(Cow::Borrowed),
        Cow::Owned(Value::Array(items)) => items
            .into_iter()
            .find(|item| !item.is_null())
            .map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}
