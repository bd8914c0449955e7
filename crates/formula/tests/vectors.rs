//! Replays the vectors that the original SDK (`@integration-app/sdk` 1.14.1, Node 20, `TZ=UTC`)
//! produced: those of the wire contract, and more over every function.

use authbridge_formula::replay::replay;
use authbridge_formula::{Mapping, Value, build_value};

const CONTRACT: &str = include_str!("formula-vectors.json");
const MORE_COUNT: usize = 28141;
const MORE: &str = include_str!("more-vectors.json");

fn lines(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    let shared = &file["variables"];
    let vectors = file["vectors"].as_array().unwrap();
    let with_variables = vectors.iter().map(|vector| {
        let mut vector = vector.clone();
        vector
            .as_object_mut()
            .unwrap()
            .entry("variables")
            .or_insert_with(|| shared.clone());
        vector
    });
    with_variables.collect()
}

/// JSON has one kind of number; `serde_json` has three.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn assert_replays(file: &str, count: usize) {
    let lines = lines(file);
    assert_eq!(lines.len(), count);
    let mut wrong = Vec::new();
    for mut line in lines {
        let replayed = replay(&line);
        if !replayed.as_ref().is_ok_and(|replayed| same(replayed, &line["result"])) {
            line.as_object_mut().unwrap().remove("variables");
            wrong.push(format!("{line}\n  gave {replayed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_vector_of_the_wire_contract_replays() {
    assert_replays(CONTRACT, 192);
}

#[test]
fn every_further_vector_replays() {
    assert_replays(MORE, MORE_COUNT);
}

#[test]
fn a_compiled_mapping_agrees_with_a_single_evaluation() {
    for line in lines(CONTRACT).into_iter().chain(lines(MORE)) {
        if line["fn"] == "buildValue" {
            let (formula, variables) = (&line["formula"], &line["variables"]);
            let compiled = Mapping::compile(formula);
            assert_eq!(compiled.evaluate(variables), build_value(formula, variables), "{formula}");
            assert_eq!(compiled.source(), formula);
        }
    }
}
