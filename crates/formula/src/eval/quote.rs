//! `$formula`: a formula as the result, with only its variables evaluated.

use std::borrow::Cow;

use serde_json::Value;

use crate::eval::{Evaluated, Evaluator, Halt, Scope};
use crate::locator::{Locator, Step};
use crate::node::compile_var;

impl Evaluator<'_> {
    /// Replaces the variables one after the other, each by what then stands at its place. As in the
    /// original, one that is undefined is removed from its array, and the later places there are
    /// off by one.
    pub(super) fn quoted<'v>(
        &self,
        source: &'v Value,
        places: &[Vec<Step>],
        scope: &Scope<'_>,
    ) -> Evaluated<'v> {
        if places.is_empty() {
            return Ok(Some(Cow::Borrowed(source)));
        }
        self.budget.charge_value(source)?;
        let mut result = Some(source.clone());
        for place in places {
            let place = Locator::from_steps(place.clone());
            let value = self.variable_at(&place, result.as_ref(), scope)?;
            match place.set(result, value) {
                Ok(changed) => result = changed,
                // The places come from the source itself, so their indices are within bounds.
                Err(_) => return Ok(None),
            }
        }
        Ok(result.map(Cow::Owned))
    }

    fn variable_at(
        &self,
        place: &Locator,
        formula: Option<&Value>,
        scope: &Scope<'_>,
    ) -> Result<Option<Value>, Halt> {
        let found = formula.and_then(|formula| place.get(formula));
        let locator = found.as_deref().and_then(|found| found.get("$var"));
        match locator {
            Some(locator) => self.evaluate_owned(&compile_var(locator), scope, None),
            None => Ok(None),
        }
    }
}
