//! The mapping of `makeApiClient`: checked, taken out of `args`, older spellings renamed.

use serde_json::{Map, Value};

use crate::fields::{API_CLIENT, API_CLIENT_ARGS};
use crate::formulas::to_value;
use crate::object::Object;
use crate::report::Report;
use crate::tree::{Entry, Node, Tree};

/// The value to compile.
///
/// Formulas that choose or merge are followed into what they yield; what other formulas yield is
/// known only when they run.
pub(super) fn read(node: &Node, report: &mut Report) -> Value {
    if let Some(formula) = node.formula() {
        return through_formula(node, formula, report);
    }
    let args = node
        .get(API_CLIENT_ARGS)
        .filter(|args| args.entries().is_some());
    if let Some(args) = args {
        return read(args, report);
    }
    let Some(client) = Object::read(node, &API_CLIENT, report) else {
        return to_value(node);
    };
    renamed(client.node().entries().unwrap_or_default())
}

fn through_formula(node: &Node, formula: &Entry, report: &mut Report) -> Value {
    let argument = match (formula.key.as_str(), &formula.value.tree) {
        ("$mergeObjects" | "$firstNotEmpty", Tree::List(items)) => {
            items.iter().map(|item| read(item, report)).collect()
        }
        ("$case", Tree::Mapping(_) | Tree::List(_)) => case(&formula.value, report),
        _ => return to_value(node),
    };
    let mut value = to_value(node);
    if let Some(slot) = value.get_mut(&formula.key) {
        *slot = argument;
    }
    value
}

/// `{cases: [{filter, value}], default}`, or the list of cases by itself.
fn case(argument: &Node, report: &mut Report) -> Value {
    let Some(entries) = argument.entries() else {
        let cases = argument.items().unwrap_or_default();
        return cases.iter().map(|case| one_case(case, report)).collect();
    };
    let members = entries.iter().map(|entry| {
        let value = match entry.key.as_str() {
            "cases" => case(&entry.value, report),
            "default" => read(&entry.value, report),
            _ => to_value(&entry.value),
        };
        (entry.key.clone(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

fn one_case(case: &Node, report: &mut Report) -> Value {
    let mut value = to_value(case);
    if let (Some(client), Some(slot)) = (case.get("value"), value.get_mut("value")) {
        *slot = read(client, report);
    }
    value
}

/// The members under their current names; an older spelling beside the current one is dropped.
fn renamed(entries: &[Entry]) -> Value {
    let mut client = Map::new();
    for entry in entries {
        let name = API_CLIENT
            .field(&entry.key)
            .map_or(entry.key.as_str(), |field| field.name);
        let is_older = name != entry.key;
        if !(is_older && entries.iter().any(|other| other.key == name)) {
            client.insert(name.to_owned(), to_value(&entry.value));
        }
    }
    Value::Object(client)
}
