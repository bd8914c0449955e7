//! `$formula`: a formula as the result, with only its variables evaluated.

use std::borrow::Cow;

use serde_json::Value;

use crate::eval::{Evaluated, Evaluator, Scope};
use crate::locator::{Locator, Step};
use crate::node::Node;

impl Evaluator<'_> {
    /// Writes each variable's value at its place, one after the other: as in the original, an
    /// undefined one removes its array item, and the places after it are off by one.
    pub(super) fn quoted<'v>(
        &self,
        source: &'v Value,
        variables: &'v [(Vec<Step>, Node)],
        scope: &'v Scope<'v>,
    ) -> Evaluated<'v> {
        if variables.is_empty() {
            return Ok(Some(Cow::Borrowed(source)));
        }
        self.budget.charge_value(source)?;
        let mut result = Some(source.clone());
        for (steps, variable) in variables {
            let value = self.evaluate_owned(variable, scope, None)?;
            let place = Locator::from_steps(steps.clone());
            match place.set(result, value) {
                Ok(changed) => result = changed,
                // The places come from the source itself, so their indices are within bounds.
                Err(_) => return Ok(None),
            }
        }
        Ok(result.map(Cow::Owned))
    }
}
