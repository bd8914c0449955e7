//! The helper functions that a line can name.

use std::borrow::Cow;

use serde_json::Value;

use super::Outcome;
use crate::eval::filter::{DataFilterError, matches_filter};
use crate::locator::{self, Locator, LocatorError, Step};
use crate::registry;
use crate::schema::{self, DataLocationError, ValueToSchemaOptions};

/// Arguments of a call; `null` is undefined.
#[derive(Clone, Copy)]
struct Arguments<'a> {
    function: &'a str,
    values: &'a [Value],
}

impl<'a> Arguments<'a> {
    fn get(self, index: usize) -> Option<&'a Value> {
        self.values.get(index).filter(|value| !value.is_null())
    }

    /// The argument, or `null` if it is undefined.
    fn value(self, index: usize) -> &'a Value {
        self.values.get(index).unwrap_or(&Value::Null)
    }

    fn locator(self, index: usize) -> Result<Locator, LocatorError> {
        Locator::from_value(self.get(index))
    }

    fn texts(self, index: usize) -> Result<Vec<&'a str>, String> {
        match self.get(index) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| {
                    item.as_str()
                        .ok_or_else(|| self.wrong(index, "a list of texts"))
                })
                .collect(),
            Some(_) => Err(self.wrong(index, "a list of texts")),
        }
    }

    fn list(self, index: usize) -> Result<&'a [Value], String> {
        match self.get(index) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(index, "a list")),
        }
    }

    fn wrong(self, index: usize, wanted: &str) -> String {
        format!(
            "argument {} of `{}` must be {wanted}",
            index + 1,
            self.function
        )
    }
}

/// Calls a function by the name it has in the original.
pub(super) fn call(function: &str, values: &[Value]) -> Result<Outcome, String> {
    let arguments = Arguments { function, values };
    if let Some(outcome) = locators(arguments)?.or(schema_transforms(arguments)?) {
        return Ok(outcome);
    }
    data_helpers(arguments)
        .or_else(|| schema_predicates(arguments))
        .or_else(|| schema_places(arguments))
        .ok_or_else(|| format!("`{function}` is no function that can be replayed"))
}

/// The outcome, unless the function is of another family.
type Called = Result<Option<Outcome>, String>;

fn locators(arguments: Arguments<'_>) -> Called {
    let data = arguments.get(0);
    let outcome = match arguments.function {
        "isValidLocator" => {
            Outcome::returned(data.and_then(Value::as_str).is_some_and(locator::is_valid))
        }
        "locatorToSteps" => arguments
            .locator(0)
            .map(|locator| Some(locator.steps().iter().map(Step::to_value).collect()))
            .into(),
        "makeObjectPropertyLocator" => {
            let object = data.and_then(Value::as_str).unwrap_or("$");
            let name = arguments.value(1).as_str();
            let name = name.ok_or_else(|| arguments.wrong(1, "a text"))?;
            Outcome::returned(locator::make_object_property_locator(object, name))
        }
        "getValueAtLocator" => Outcome::Returned(read(arguments, Locator::get)),
        "getValueByLocator" => Outcome::Returned(read(arguments, Locator::read)),
        "setValueAtLocator" => arguments
            .locator(1)
            .and_then(|locator| locator.set(data.cloned(), arguments.get(2).cloned()))
            .into(),
        "getLocatorsFromData" => Outcome::returned(
            data.map(locator::get_locators_from_data)
                .unwrap_or_default(),
        ),
        "pickFieldsFromValue" => {
            let fields = arguments.texts(1)?;
            let picked = data.and_then(|data| locator::pick_fields_from_value(data, &fields));
            Outcome::Returned(picked)
        }
        "excludeFieldsFromValue" => match data {
            Some(data) => {
                locator::exclude_fields_from_value(data.clone(), &arguments.texts(1)?).into()
            }
            None => Outcome::Returned(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(outcome))
}

fn read<'a>(
    arguments: Arguments<'a>,
    how: impl FnOnce(&Locator, &'a Value) -> Option<Cow<'a, Value>>,
) -> Option<Value> {
    let locator = arguments.locator(1).ok()?;
    how(&locator, arguments.get(0)?).map(Cow::into_owned)
}

fn data_helpers(arguments: Arguments<'_>) -> Option<Outcome> {
    let value = arguments.get(0);
    let outcome = match arguments.function {
        "isFormula" => Outcome::returned(value.is_some_and(registry::is_formula)),
        "parseDate" => Outcome::Returned(value.and_then(crate::parse_date).map(Value::String)),
        "mergeWithFormulas" => Outcome::Returned(schema::merge_with_formulas(
            value.cloned(),
            arguments.get(1).cloned(),
        )),
        "doesMatchFilter" => match matches_filter(value, arguments.value(1)) {
            Ok(matches) => Outcome::returned(matches),
            Err(DataFilterError::Locator(error)) => Outcome::Threw {
                class: "BadRequestError",
                message: error.to_string(),
            },
            Err(error @ DataFilterError::NoCondition) => Outcome::Threw {
                class: "TypeError",
                message: error.to_string(),
            },
        },
        "makeDataLocationPath" => {
            let path = value.and_then(schema::make_data_location_path);
            Outcome::Returned(path.map(Value::String))
        }
        "parseDataLocationPath" => {
            let path = value.and_then(Value::as_str).unwrap_or_default();
            location(schema::parse_data_location_path(path))
        }
        "getReferenceCollectionPathForSchema" => {
            let path = value.map_or(Ok(None), schema::get_reference_collection_path);
            location(path.map(|path| path.map(Value::String)))
        }
        "getReferenceCollectionPointerForSchema" => {
            location(value.map_or(Ok(None), schema::get_reference_collection_pointer))
        }
        _ => return None,
    };
    Some(outcome)
}

fn location(result: Result<Option<Value>, DataLocationError>) -> Outcome {
    match result {
        Ok(value) => Outcome::Returned(value),
        Err(error) => Outcome::Threw {
            class: "Error",
            message: error.to_string(),
        },
    }
}

fn schema_predicates(arguments: Arguments<'_>) -> Option<Outcome> {
    let schema = arguments.get(0);
    let outcome = match arguments.function {
        "isSchemaEmpty" => schema::is_schema_empty(schema),
        "schemaIsScalar" => schema::schema_is_scalar(schema),
        "schemaIsNumber" => schema.is_some_and(schema::schema_is_number),
        "schemaHasFixedValues" => schema::schema_has_fixed_values(schema),
        "schemaAllowsCustomValue" => schema::schema_allows_custom_value(schema),
        _ => return None,
    };
    Some(Outcome::returned(outcome))
}

fn schema_transforms(arguments: Arguments<'_>) -> Called {
    let schema = arguments.get(0);
    let changed = |change: fn(&Value) -> Value| schema.map(change);
    let value = match arguments.function {
        "createSchema" => Some(schema::create_schema(arguments.value(0))),
        "createCompoundSchema" => schema::create_compound_schema(arguments.list(0)?),
        "mergeSchemas" => schema::merge_schemas(arguments.list(0)?),
        "getSchemaFromValue" => {
            schema.and_then(|value| schema::get_schema_from_value(value, arguments.get(1)))
        }
        "valueToSchema" => {
            let options = value_options(arguments.get(2));
            schema::value_to_schema(arguments.get(0), arguments.get(1), options)
        }
        "getRequiredFieldsFromSchema" => {
            let fields = schema.map(schema::get_required_fields_from_schema);
            Some(fields.unwrap_or_default().into())
        }
        "getMissingRequiredFields" => {
            let value = arguments.get(1);
            let fields = schema.map(|schema| schema::get_missing_required_fields(schema, value));
            Some(fields.unwrap_or_default().into())
        }
        "addRequiredFieldsToSchema" => {
            let fields = arguments.texts(1)?;
            schema.map(|schema| schema::add_required_fields_to_schema(schema, &fields))
        }
        "removeRequiredFieldsFromSchema" => changed(schema::remove_required_fields_from_schema),
        "pickFieldsFromSchema" => Some(schema::pick_fields_from_schema(
            schema,
            &arguments.texts(1)?,
        )),
        "excludeFieldsFromSchema" => {
            let Some(schema) = schema else {
                return Ok(Some(Outcome::Returned(None)));
            };
            let excluded = schema::exclude_fields_from_schema(schema, &arguments.texts(1)?);
            return Ok(Some(excluded.into()));
        }
        "excludeReadOnlyFieldsFromSchema" => changed(schema::exclude_read_only_fields_from_schema),
        "excludeWriteOnlyFieldsFromSchema" => {
            changed(schema::exclude_write_only_fields_from_schema)
        }
        "populateSchemaTitles" => changed(schema::populate_schema_titles),
        "compressDataSchema" => changed(schema::compress_data_schema),
        "generateExampleFromSchema" => schema.and_then(schema::generate_example_from_schema),
        _ => return Ok(None),
    };
    Ok(Some(Outcome::Returned(value)))
}

fn value_options(options: Option<&Value>) -> ValueToSchemaOptions {
    let is_set = |name| options.and_then(|options| options.get(name)) == Some(&Value::Bool(true));
    ValueToSchemaOptions {
        add_defaults: is_set("addDefaults"),
        normalize_values: is_set("normalizeValues"),
        skip_read_only_fields: is_set("skipReadOnlyFields"),
        skip_unknown_fields: is_set("skipUnknownFields"),
    }
}

/// Functions that look into a schema at a locator.
fn schema_places(arguments: Arguments<'_>) -> Option<Outcome> {
    let schema = arguments.get(0);
    // These take an invalid locator for a place that does not exist.
    let described = |describe: &dyn Fn(&Locator) -> Option<Value>| {
        let text = arguments
            .get(1)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        let locator = text.and_then(|text| Locator::parse(text).ok());
        Outcome::Returned(locator.as_ref().and_then(describe))
    };
    let outcome = match arguments.function {
        "getSchemaByLocator" => {
            described(&|locator| Some(schema::get_schema_by_locator(schema, locator)))
        }
        "setSchemaAtLocator" => arguments
            .locator(1)
            .map(|place| schema::set_schema_at_locator(schema, &place, arguments.get(2).cloned()))
            .into(),
        "makeSchemaForLocator" => arguments
            .locator(0)
            .map(|place| schema::make_schema_for_locator(&place, arguments.get(1).cloned()))
            .into(),
        "getLocatorsFromSchema" => {
            let root = arguments.get(1).and_then(Value::as_str).unwrap_or("$");
            let locators = schema.map(|schema| schema::get_locators_from_schema(schema, root));
            Outcome::returned(locators.unwrap_or_default())
        }
        "getNameForLocator" => described(&|locator| {
            schema::get_name_for_locator(schema, locator)
                .map(|name| name.map_or(Value::Null, Value::String))
        }),
        "getNameComponentsForLocator" => described(&|locator| {
            schema::get_name_components_for_locator(schema, locator).map(Value::from)
        }),
        "getFullNameForLocator" => described(&|locator| {
            schema::get_full_name_for_locator(schema, locator).map(Value::String)
        }),
        _ => return None,
    };
    Some(outcome)
}
