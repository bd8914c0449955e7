//! The formulas that exist.
//!
//! The wire contract passes an object with an unknown `$name` through literally, which is a trap:
//! a misspelt formula silently becomes data. [`unknown_formulas`] finds them for diagnostics.

use serde_json::{Map, Value};

use crate::js;
use crate::limits::MAX_VALUE_DEPTH;

/// The names of all formulas, without their `$`, in the order of the wire contract (D.1).
pub const FORMULA_NAMES: [&str; 25] = [
    "var",
    "copy",
    "tpl",
    "record",
    "lookup",
    "plain",
    "map",
    "concat",
    "firstName",
    "lastName",
    "iterate",
    "case",
    "extractDate",
    "extractTime",
    "findExternalRecordId",
    "findAppRecordId",
    "eval",
    "and",
    "or",
    "mergeObjects",
    "firstNotEmpty",
    "domainFromEmail",
    "formula",
    "jsonata",
    "dataSchemaRef",
];

/// How alike two names must be for one to be suggested for the other, from 0 to 1.
const SUGGESTION_THRESHOLD: f64 = 0.7;

/// A registered formula.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FormulaName {
    Var,
    Copy,
    Tpl,
    Record,
    Lookup,
    Plain,
    Map,
    Concat,
    FirstName,
    LastName,
    Iterate,
    Case,
    ExtractDate,
    ExtractTime,
    FindExternalRecordId,
    FindAppRecordId,
    Eval,
    And,
    Or,
    MergeObjects,
    FirstNotEmpty,
    DomainFromEmail,
    Formula,
    Jsonata,
    DataSchemaRef,
}

impl FormulaName {
    /// The formula that a key such as `$var` names.
    fn from_key(key: &str) -> Option<Self> {
        Some(match key.strip_prefix('$')? {
            "var" => Self::Var,
            "copy" => Self::Copy,
            "tpl" => Self::Tpl,
            "record" => Self::Record,
            "lookup" => Self::Lookup,
            "plain" => Self::Plain,
            "map" => Self::Map,
            "concat" => Self::Concat,
            "firstName" => Self::FirstName,
            "lastName" => Self::LastName,
            "iterate" => Self::Iterate,
            "case" => Self::Case,
            "extractDate" => Self::ExtractDate,
            "extractTime" => Self::ExtractTime,
            "findExternalRecordId" => Self::FindExternalRecordId,
            "findAppRecordId" => Self::FindAppRecordId,
            "eval" => Self::Eval,
            "and" => Self::And,
            "or" => Self::Or,
            "mergeObjects" => Self::MergeObjects,
            "firstNotEmpty" => Self::FirstNotEmpty,
            "domainFromEmail" => Self::DomainFromEmail,
            "formula" => Self::Formula,
            "jsonata" => Self::Jsonata,
            "dataSchemaRef" => Self::DataSchemaRef,
            _ => return None,
        })
    }
}

/// The formula an object is, which its first key decides.
pub(crate) fn formula_name(object: &Map<String, Value>) -> Option<FormulaName> {
    FormulaName::from_key(js::first_key(object)?)
}

/// Whether the value is a formula.
pub fn is_formula(value: &Value) -> bool {
    value.as_object().and_then(formula_name).is_some()
}

/// An object that looks like a formula and is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownFormula {
    /// JSON pointer of the object.
    pub pointer: String,
    /// Its first key without the `$`.
    pub name: String,
    /// The formula that was probably meant, without the `$`.
    pub suggestion: Option<&'static str>,
}

/// Every object whose first key starts with `$` and names no formula, in the order of the document.
/// What stands under `$plain` is data and not looked at.
pub fn unknown_formulas(value: &Value) -> Vec<UnknownFormula> {
    let mut found = Vec::new();
    collect_unknown(value, "", 0, &mut found);
    found
}

fn collect_unknown(value: &Value, pointer: &str, depth: usize, found: &mut Vec<UnknownFormula>) {
    if depth > MAX_VALUE_DEPTH {
        return;
    }
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_unknown(item, &format!("{pointer}/{index}"), depth + 1, found);
            }
        }
        Value::Object(members) => {
            let formula = formula_name(members);
            if formula == Some(FormulaName::Plain) {
                return;
            }
            let unknown = js::first_key(members).filter(|_| formula.is_none());
            if let Some(name) = unknown.and_then(|key| key.strip_prefix('$')) {
                found.push(UnknownFormula {
                    pointer: pointer.to_owned(),
                    name: name.to_owned(),
                    suggestion: suggest(name),
                });
            }
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect_unknown(member, &format!("{pointer}/{key}"), depth + 1, found);
            }
        }
    }
}

/// The registered name closest to a misspelt one.
fn suggest(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    FORMULA_NAMES
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&lower, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness >= SUGGESTION_THRESHOLD)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_name_is_registered() {
        for name in FORMULA_NAMES {
            assert!(
                FormulaName::from_key(&format!("${name}")).is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn misspelt_formulas_are_found_with_a_suggestion() {
        let found = unknown_formulas(&json!({
            "headers": {"Authorization": {"$concatt": ["Bearer ", {"$Var": "token"}]}},
            "a/b": [{"$template": "x"}, {"x": 1, "$nope": 2}],
            "fine": {"$var": "a"},
            "literal": {"$plain": {"$nope": 1}},
        }));
        let found: Vec<_> = found
            .iter()
            .map(|unknown| {
                (
                    unknown.pointer.as_str(),
                    unknown.name.as_str(),
                    unknown.suggestion,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("/headers/Authorization", "concatt", Some("concat")),
                ("/headers/Authorization/$concatt/1", "Var", Some("var")),
                ("/a~1b/0", "template", Some("tpl")),
            ]
        );
    }
}
