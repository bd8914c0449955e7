//! `formula eval` from outside.

use serde_json::Value;

use crate::support::{Place, repository};

/// The SDK's own answers.
fn vectors() -> Value {
    let path = repository().join("crates/formula/tests/formula-vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_vector_of_the_sdk_is_answered_as_the_sdk_does() {
    let vectors = vectors();
    let cases = vectors["vectors"].as_array().unwrap();
    let mut input = String::new();
    for case in cases {
        let mut line = case.as_object().unwrap().clone();
        line.remove("result");
        line.remove("name");
        if !line.contains_key("variables") {
            line.insert("variables".into(), vectors["variables"].clone());
        }
        input.push_str(&Value::Object(line).to_string());
        input.push('\n');
    }
    let ran = Place::new()
        .run_with_input(&["formula", "eval"], input.as_bytes())
        .succeeded();
    let answers: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(cases.len(), 192);
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(*answer, case["result"], "{case}");
    }
}

#[test]
fn no_input_is_no_output() {
    let ran = Place::new()
        .run_with_input(&["formula", "eval"], b"")
        .succeeded();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_gives_exit_code_2() {
    let input = b"{\"formula\": 1}\nnonsense\n\xff\n{\"formula\": 2}";
    let ran = Place::new().run_with_input(&["formula", "eval"], input);
    assert_eq!(ran.code, Some(2));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], "{\"value\":1}");
    assert!(
        lines[1].starts_with("{\"error\":\"line 2: not JSON"),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with("{\"error\":\"line 3: not JSON"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "{\"value\":2}");
}
