//! `$copy`: the second pass over a built value.

use serde_json::Value;

use crate::limits::{Budget, MAX_VALUE_DEPTH};
use crate::locator::{Locator, Step, steps_to_locator};
use crate::mapping::ConfigurationError;
use crate::registry::{FormulaName, formula_name};

/// Replaces every `$copy` by the value at its locator, in the order of the document; one whose
/// target is missing is removed.
pub(crate) fn resolve_copies(data: Value) -> Result<Value, ConfigurationError> {
    let copies: Vec<(Vec<Step>, Value)> = formula_locations(&data, FormulaName::Copy)
        .into_iter()
        .filter(|(place, _)| !place.is_empty())
        .map(|(place, target)| (place, target.clone()))
        .collect();
    let budget = Budget::new();
    let mut data = Some(data);
    let mut missing = Vec::new();
    for (place, target) in copies {
        let locator = Locator::from_value(Some(&target)).ok();
        let found = locator.zip(data.as_ref()).and_then(|(locator, data)| locator.get(data));
        let Some(found) = found else {
            missing.push(place);
            continue;
        };
        if !formula_locations(&found, FormulaName::Copy).is_empty() {
            return Err(copies_a_copy(&place, &target));
        }
        budget.charge_value(&found).map_err(|_| too_large())?;
        let found = found.into_owned();
        data = write(data, place, Some(found))?;
    }
    // From the back, so that removing an item does not move those still to be removed.
    for place in missing.into_iter().rev() {
        data = write(data, place, None)?;
    }
    Ok(data.unwrap_or(Value::Null))
}

fn write(
    data: Option<Value>,
    place: Vec<Step>,
    value: Option<Value>,
) -> Result<Option<Value>, ConfigurationError> {
    let written = Locator::from_steps(place).set(data, value);
    written.map_err(|error| ConfigurationError { message: error.to_string() })
}

fn copies_a_copy(place: &[Step], target: &Value) -> ConfigurationError {
    let place = steps_to_locator(place);
    let target = target.as_str().unwrap_or_default();
    ConfigurationError {
        message: format!("{place} is copying {target}, which contains a copy formula"),
    }
}

fn too_large() -> ConfigurationError {
    ConfigurationError { message: "the formula produces too much data to evaluate".to_owned() }
}

/// Where formulas of one kind are, and their arguments. Inside a formula only its own argument is
/// searched, and of `$iterate` only the source: the rest sees other variables.
pub(crate) fn formula_locations(value: &Value, wanted: FormulaName) -> Vec<(Vec<Step>, &Value)> {
    let mut found = Vec::new();
    collect(value, wanted, &mut Vec::new(), &mut found);
    found
}

fn collect<'v>(
    value: &'v Value,
    wanted: FormulaName,
    place: &mut Vec<Step>,
    found: &mut Vec<(Vec<Step>, &'v Value)>,
) {
    if place.len() > MAX_VALUE_DEPTH {
        return;
    }
    let mut descend = |step: Step, member: &'v Value| {
        place.push(step);
        collect(member, wanted, place, found);
        place.pop();
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "no array has 2^53 items")]
                descend(Step::Item(index as f64), item);
            }
        }
        Value::Object(members) => {
            let formula = formula_name(members);
            let Some(formula) = formula else {
                for (key, member) in members {
                    descend(Step::Property(key.clone()), member);
                }
                return;
            };
            let Some((key, argument)) = members.iter().next() else { return };
            if formula == wanted {
                found.push((place.clone(), argument));
                return;
            }
            if formula != FormulaName::Iterate {
                descend(Step::Property(key.clone()), argument);
                return;
            }
            if let Some(source) = argument.get("source") {
                place.push(Step::Property(key.clone()));
                place.push(Step::Property("source".to_owned()));
                collect(source, wanted, place, found);
                place.truncate(place.len() - 2);
            }
        }
    }
}
