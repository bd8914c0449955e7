//! Replays the vectors that the original SDK (`@integration-app/sdk` 1.14.1, Node 20, `TZ=UTC`)
//! produced: those of the wire contract, and more over every function. Then come properties that
//! hold for any input.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test: what is missing shall fail it, in helpers too"
)]

use authbridge_formula::locator::Locator;
use authbridge_formula::registry::{FORMULA_NAMES, unknown_formulas};
use authbridge_formula::replay::replay;
use authbridge_formula::{Mapping, Value, build_value, resolve_formulas};
use proptest::prelude::*;

const CONTRACT: &str = include_str!("formula-vectors.json");
const MORE_COUNT: usize = 2261;
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
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
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
        if !replayed
            .as_ref()
            .is_ok_and(|replayed| same(replayed, &line["result"]))
        {
            line.as_object_mut().unwrap().remove("variables");
            wrong.push(format!("{line}\n  gave {replayed:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
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
            assert_eq!(
                compiled.evaluate(variables),
                build_value(formula, variables),
                "{formula}"
            );
            assert_eq!(compiled.source(), formula);
        }
    }
}

/// Any JSON: small, but with the keys that mean something to formulas.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![
            "$",
            "$.a",
            "a[0].b",
            "item",
            "list",
            "2024-03-05",
            "a.b@c.d"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any_key(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let formulas = FORMULA_NAMES.map(|name| format!("${name}")).to_vec();
    let known = vec![
        "values",
        "delimiter",
        "template",
        "cases",
        "filter",
        "value",
        "default",
        "mapping",
        "from",
        "to",
        "source",
        "item",
        "is",
        "contains",
        "a",
        "0",
        "type",
        "properties",
        "items",
        "anyOf",
        "required",
        "title",
    ];
    prop_oneof![
        3 => proptest::sample::select(formulas),
        3 => proptest::sample::select(known).prop_map(str::to_owned),
        1 => ".{0,6}",
    ]
}

proptest! {
    #[test]
    fn no_input_panics_and_evaluation_is_deterministic(formula in any_json(), variables in any_json()) {
        let compiled = Mapping::compile(&formula);
        let first = compiled.evaluate(&variables);
        prop_assert_eq!(&first, &build_value(&formula, &variables));
        prop_assert_eq!(&first, &compiled.evaluate(&variables));
        if compiled.is_constant() {
            prop_assert_eq!(&first, &compiled.evaluate(&Value::Null));
            prop_assert!(compiled.variables().is_empty());
        }
        prop_assert_eq!(
            compiled.build_data(&variables),
            authbridge_formula::build_data(&formula, &variables)
        );
        let resolved = || resolve_formulas(&formula, &variables, Some(&variables), &());
        prop_assert_eq!(resolved(), resolved());
        unknown_formulas(&formula);
    }

    #[test]
    fn no_locator_panics_and_what_is_written_is_read_back(
        data in any_json(),
        text in r"[$.\[\]\\a-c0-2 e-]{0,10}",
        value in any_json(),
    ) {
        let Ok(parsed) = Locator::parse(&text) else { return Ok(()) };
        parsed.read(&data);
        let again = Locator::parse(&parsed.to_string()).unwrap();
        prop_assert_eq!(&again, &parsed);
        if let (Value::Object(_), Ok(Some(written))) =
            (&data, parsed.set(Some(data.clone()), Some(value.clone())))
            && let Some(found) = parsed.get(&written)
        {
            let is_length = text.ends_with("length");
            prop_assert!(is_length || found.as_ref() == &value || data.pointer("/").is_some());
        }
    }

    #[test]
    fn no_helper_panics(name in proptest::sample::select(HELPERS.to_vec()), a in any_json(), b in any_json(), c in any_json()) {
        let line = serde_json::json!({"fn": name, "args": [a, b, c]});
        let replayed = replay(&line);
        prop_assert_eq!(&replayed, &replay(&line));
        // Every name is known, whatever else may be wrong with the line.
        prop_assert!(!replayed.is_err_and(|error| error.contains("no function")));
    }
}

const HELPERS: [&str; 39] = [
    "isValidLocator",
    "locatorToSteps",
    "makeObjectPropertyLocator",
    "getValueAtLocator",
    "getValueByLocator",
    "setValueAtLocator",
    "getLocatorsFromData",
    "pickFieldsFromValue",
    "excludeFieldsFromValue",
    "isFormula",
    "parseDate",
    "mergeWithFormulas",
    "doesMatchFilter",
    "makeDataLocationPath",
    "parseDataLocationPath",
    "getReferenceCollectionPathForSchema",
    "getReferenceCollectionPointerForSchema",
    "isSchemaEmpty",
    "schemaIsScalar",
    "schemaIsNumber",
    "schemaHasFixedValues",
    "schemaAllowsCustomValue",
    "createSchema",
    "createCompoundSchema",
    "mergeSchemas",
    "getSchemaFromValue",
    "valueToSchema",
    "getRequiredFieldsFromSchema",
    "getMissingRequiredFields",
    "addRequiredFieldsToSchema",
    "removeRequiredFieldsFromSchema",
    "pickFieldsFromSchema",
    "excludeFieldsFromSchema",
    "excludeReadOnlyFieldsFromSchema",
    "excludeWriteOnlyFieldsFromSchema",
    "populateSchemaTitles",
    "compressDataSchema",
    "generateExampleFromSchema",
    "getFullNameForLocator",
];

/// `depth` arrays around a leaf, or `depth` times the same formula.
fn nested(depth: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..depth).fold(serde_json::json!({"$var": "a"}), |inner, _| wrap(inner))
}

#[test]
fn nesting_beyond_the_limit_is_cut_off_without_overflow() {
    use serde_json::json;
    let variables = json!({"a": 1});
    for depth in [60, 200] {
        let array = nested(depth, |inner| json!([inner]));
        let formula = nested(depth, |inner| json!({"$firstNotEmpty": [inner]}));
        let iterate = nested(
            depth,
            |inner| json!({"$iterate": {"source": [1], "item": inner}}),
        );
        for source in [array, formula, iterate] {
            build_value(&source, &variables);
            unknown_formulas(&source);
            authbridge_formula::schema::get_schema_from_value(&source, None);
            authbridge_formula::schema::create_schema(&source);
            build_value(&json!({"$var": "$"}), &source);
            build_value(&json!({"$concat": [{"$var": "$"}]}), &source);
        }
    }
}

#[test]
fn formulas_that_multiply_end_undefined_instead_of_filling_the_memory() {
    use serde_json::json;
    let list = Value::from(vec![1; 1000]);
    let variables = json!({"list": list, "text": "x".repeat(100_000)});
    let everything = json!({"$var": "$"});
    let product = nested(
        6,
        |inner| json!({"$iterate": {"source": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "item": [inner, everything]}}),
    );
    assert_eq!(build_value(&product, &variables), None);
    let replaced =
        json!({"$tpl": {"template": "{x}".repeat(2000), "values": {"x": {"$var": "text"}}}});
    assert_eq!(build_value(&replaced, &variables), None);
    let error = authbridge_formula::build_data(&replaced, &variables).unwrap_err();
    assert_eq!(
        error.message,
        "the formula produces too much data to evaluate"
    );
}
