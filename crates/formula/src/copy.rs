//! `$copy`: the second pass over a built value.

use serde_json::Value;

use crate::limits::{Budget, MAX_VALUE_DEPTH};
use crate::locator::{Locator, Step, steps_to_locator};
use crate::mapping::ConfigurationError;
use crate::registry::{FormulaName, formula_name};

/// Replaces every `$copy` by the value at its locator, in the order of the document; one whose
/// target is missing is removed.
pub(crate) fn resolve_copies(data: Value) -> Result<Value, ConfigurationError> {
    let found: Vec<(Vec<Step>, Value)> = copies(&data)
        .into_iter()
        .filter(|(place, _)| !place.is_empty())
        .map(|(place, target)| (place, target.clone()))
        .collect();
    let budget = Budget::new();
    let mut data = Some(data);
    let mut missing = Vec::new();
    for (place, target) in found {
        let locator = Locator::from_value(Some(&target)).ok();
        let found = locator
            .zip(data.as_ref())
            .and_then(|(locator, data)| locator.get(data));
        let Some(found) = found else {
            // Items are removed at the end, so that those after them keep their places.
            if matches!(place.last(), Some(Step::Item(_))) {
                missing.push(place);
            } else {
                data = write(data, place, None)?;
            }
            continue;
        };
        if !copies(&found).is_empty() {
            return Err(copies_a_copy(&place, &target));
        }
        budget.charge_value(&found).map_err(|_| too_large())?;
        let found = found.into_owned();
        data = write(data, place, Some(found))?;
    }
    // From the back, for the same reason.
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
    written.map_err(|error| ConfigurationError {
        message: error.to_string(),
    })
}

fn copies_a_copy(place: &[Step], target: &Value) -> ConfigurationError {
    let place = steps_to_locator(place);
    let target = target.as_str().unwrap_or_default();
    ConfigurationError {
        message: format!("{place} is copying {target}, which contains a copy formula"),
    }
}

fn too_large() -> ConfigurationError {
    ConfigurationError {
        message: "the formula produces too much data to evaluate".to_owned(),
    }
}

/// Where the `$copy` formulas are, wherever they stand, and their arguments.
fn copies(value: &Value) -> Vec<(Vec<Step>, &Value)> {
    locations(value, FormulaName::Copy)
}

/// Where the `$var` formulas are, and their arguments. Inside a formula only its own argument is
/// searched, and of `$iterate` only the source: the rest sees other variables.
pub(crate) fn variable_locations(value: &Value) -> Vec<(Vec<Step>, &Value)> {
    locations(value, FormulaName::Var)
}

fn locations(value: &Value, wanted: FormulaName) -> Vec<(Vec<Step>, &Value)> {
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
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "no array has 2^53 items")]
                place.push(Step::Item(index as f64));
                collect(item, wanted, place, found);
                place.pop();
            }
        }
        Value::Object(members) => {
            let formula = formula_name(members);
            let searched = match formula {
                Some(name) if name == wanted => {
                    found.extend(
                        members
                            .values()
                            .next()
                            .map(|argument| (place.clone(), argument)),
                    );
                    return;
                }
                Some(_) if wanted == FormulaName::Var => 1,
                _ => members.len(),
            };
            for (key, member) in members.iter().take(searched) {
                let step = Step::Property(key.clone());
                if wanted == FormulaName::Var && formula == Some(FormulaName::Iterate) {
                    collect_source(member, step, place, found);
                } else {
                    place.push(step);
                    collect(member, wanted, place, found);
                    place.pop();
                }
            }
        }
    }
}

/// Searches the source of an `$iterate` for variables.
fn collect_source<'v>(
    argument: &'v Value,
    step: Step,
    place: &mut Vec<Step>,
    found: &mut Vec<(Vec<Step>, &'v Value)>,
) {
    let Some(source) = argument.get("source") else {
        return;
    };
    let length = place.len();
    place.extend([step, Step::Property("source".to_owned())]);
    collect(source, FormulaName::Var, place, found);
    place.truncate(length);
}
