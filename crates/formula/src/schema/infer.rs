//! Schemas made from values.

use serde_json::{Map, Value, json};

use crate::eval::jsonata;
use crate::js;
use crate::limits::{Budget, MAX_DEPTH};
use crate::locator::Locator;
use crate::registry::{FormulaName, formula_name};
use crate::schema::{get_schema_by_locator, merge_schemas, properties};

/// The schema of one value. Whole numbers are integers, and `null` can be anything.
pub fn create_schema(value: &Value) -> Value {
    create(value, 0)
}

/// The schema of several values together.
pub fn create_compound_schema(values: &[Value]) -> Option<Value> {
    merge_schemas(&values.iter().map(create_schema).collect::<Vec<_>>())
}

fn create(value: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return json!({});
    }
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(number) if js::double(number).fract() == 0.0 => json!({"type": "integer"}),
        Value::Number(_) => json!({"type": "number"}),
        Value::String(_) => json!({"type": "string"}),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| create(item, depth + 1)).collect();
            with_optional(json!({"type": "array"}), "items", merge_schemas(&items))
        }
        Value::Object(members) if members.is_empty() => json!({"type": "object"}),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, member)| (key.clone(), create(member, depth + 1)));
            json!({"type": "object", "properties": members.collect::<Map<_, _>>()})
        }
    }
}

/// The schema of what a value with formulas evaluates to, given the schema of the variables. Any
/// number is a `number`; `null` gives undefined; a variable that is not described gives `null`.
///
/// Nested `$iterate`s copy the schema of their surroundings; beyond [`crate::limits::MAX_COST`]
/// what they would add is undefined.
pub fn get_schema_from_value(value: &Value, variables_schema: Option<&Value>) -> Option<Value> {
    let budget = Budget::new();
    Inference {
        budget: &budget,
        sees_formulas: true,
        depth: 0,
    }
    .infer(value, variables_schema)
}

#[derive(Clone, Copy)]
struct Inference<'b> {
    budget: &'b Budget,
    sees_formulas: bool,
    depth: usize,
}

impl Inference<'_> {
    fn infer(self, value: &Value, variables: Option<&Value>) -> Option<Value> {
        if self.depth > MAX_DEPTH {
            return None;
        }
        let inside = Self {
            depth: self.depth + 1,
            ..self
        };
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(json!({"type": "boolean"})),
            Value::Number(_) => Some(json!({"type": "number"})),
            Value::String(_) => Some(json!({"type": "string"})),
            Value::Array(items) => {
                let items = inside.infer_all(items.iter(), variables);
                Some(with_optional(
                    json!({"type": "array"}),
                    "items",
                    merge_schemas(&items),
                ))
            }
            Value::Object(members) => {
                if let Some(name) = formula_name(members).filter(|_| self.sees_formulas) {
                    let argument = members.values().next().unwrap_or(&Value::Null);
                    return inside.infer_formula(name, argument, variables);
                }
                let members = members.iter().filter_map(|(key, member)| {
                    Some((key.clone(), inside.infer(member, variables)?))
                });
                Some(json!({"type": "object", "properties": members.collect::<Map<_, _>>()}))
            }
        }
    }

    fn infer_all<'v>(
        self,
        values: impl Iterator<Item = &'v Value>,
        variables: Option<&Value>,
    ) -> Vec<Value> {
        values
            .filter_map(|value| self.infer(value, variables))
            .collect()
    }

    fn infer_formula(
        self,
        name: FormulaName,
        argument: &Value,
        variables: Option<&Value>,
    ) -> Option<Value> {
        match name {
            FormulaName::Var => {
                let locator = Locator::from_value(Some(argument)).ok()?;
                let schema = get_schema_by_locator(variables, &locator);
                self.budget.charge_value(&schema).ok()?;
                Some(schema)
            }
            FormulaName::Copy => Some(Value::Null),
            FormulaName::Plain => Self {
                sees_formulas: false,
                ..self
            }
            .infer(argument, variables),
            FormulaName::Map => self.infer(argument.get("value")?, variables),
            FormulaName::FirstNotEmpty => self.infer(argument.as_array()?.first()?, variables),
            FormulaName::Case => self.infer_case(argument, variables),
            FormulaName::MergeObjects => {
                let Some(objects) = argument.as_array() else {
                    return Some(json!({"type": "object"}));
                };
                let properties = self.infer_merged(objects, variables);
                Some(json!({"type": "object", "properties": properties}))
            }
            FormulaName::Iterate => self.infer_iterate(argument, variables),
            FormulaName::Concat
            | FormulaName::Tpl
            | FormulaName::Record
            | FormulaName::Lookup
            | FormulaName::FindExternalRecordId
            | FormulaName::FindAppRecordId
            | FormulaName::FirstName
            | FormulaName::LastName
            | FormulaName::DomainFromEmail => Some(json!({"type": "string"})),
            FormulaName::Eval | FormulaName::And | FormulaName::Or => {
                Some(json!({"type": "boolean"}))
            }
            FormulaName::ExtractDate => Some(json!({"type": "string", "format": "date"})),
            FormulaName::ExtractTime => Some(json!({"type": "string", "format": "time"})),
            FormulaName::DataSchemaRef => Some(json!({"type": "object"})),
            // What the expression gives without any variables.
            FormulaName::Jsonata => {
                let value = jsonata::run(argument.as_str()?, None)?;
                Self {
                    sees_formulas: false,
                    ..self
                }
                .infer(&value, None)
            }
            FormulaName::Formula => None,
        }
    }

    /// The properties of all objects, the later ones winning, even with a value of no known schema.
    fn infer_merged(self, objects: &[Value], variables: Option<&Value>) -> Map<String, Value> {
        let mut merged = Map::new();
        for object in objects {
            let members = object
                .as_object()
                .filter(|members| formula_name(members).is_none());
            let Some(members) = members else {
                let schema = self.infer(object, variables);
                let known = schema.as_ref().and_then(properties).into_iter().flatten();
                merged.extend(known.map(|(key, property)| (key.clone(), property.clone())));
                continue;
            };
            for (key, member) in members {
                match self.infer(member, variables) {
                    Some(schema) => merged.insert(key.clone(), schema),
                    None => merged.shift_remove(key),
                };
            }
        }
        merged
    }

    fn infer_case(self, argument: &Value, variables: Option<&Value>) -> Option<Value> {
        let cases = argument
            .as_array()
            .or_else(|| argument.get("cases")?.as_array());
        let values = cases
            .into_iter()
            .flatten()
            .filter_map(|case| case.get("value"));
        let default = argument
            .get("default")
            .filter(|default| js::truthy(Some(default)));
        let values = values.chain(default);
        merge_schemas(&self.infer_all(values, variables))
    }

    fn infer_iterate(self, argument: &Value, variables: Option<&Value>) -> Option<Value> {
        let source = argument
            .get("source")
            .and_then(|source| self.infer(source, variables));
        let element = source.as_ref().and_then(|source| source.get("items"));
        for copied in element.into_iter().chain(variables) {
            self.budget.charge_value(copied).ok()?;
        }
        let mut scope = Map::new();
        scope.insert("index".to_owned(), json!({"type": "number"}));
        scope.extend(element.map(|element| ("item".to_owned(), element.clone())));
        scope.extend(variables.map(|variables| ("parent".to_owned(), variables.clone())));
        let scope = json!({"type": "object", "properties": scope});
        let item = argument
            .get("item")
            .and_then(|item| self.infer(item, Some(&scope)));
        Some(with_optional(json!({"type": "array"}), "items", item))
    }
}

fn with_optional(mut schema: Value, keyword: &str, value: Option<Value>) -> Value {
    if let (Some(value), Some(keywords)) = (value, schema.as_object_mut()) {
        keywords.insert(keyword.to_owned(), value);
    }
    schema
}
