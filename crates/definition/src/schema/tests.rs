use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json_schemas;
use crate::report::Report;
use crate::tree::{Syntax, parse};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn pretty(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap();
    text.push('\n');
    text
}

#[test]
fn the_published_schemas_are_current() {
    for (name, schema) in json_schemas() {
        let published = fs::read_to_string(repository().join("schemas").join(&name));
        assert!(
            published.is_ok_and(|published| published == pretty(&schema)),
            "schemas/{name} is not current: run the ignored test that writes it",
        );
    }
}

#[test]
#[ignore = "writes files: run it after a change of the table of fields"]
fn write_the_published_schemas() {
    for (name, schema) in json_schemas() {
        fs::write(repository().join("schemas").join(name), pretty(&schema)).unwrap();
    }
}

#[test]
fn the_examples_fit_the_schemas() {
    let mut files = Vec::new();
    files_below(&repository().join("examples"), &mut files);
    let mut checked = 0;
    for path in files {
        let Some(schema) = schema_of(&path) else {
            continue;
        };
        let validator = jsonschema::validator_for(&schema).unwrap();
        let value = value_of(&path);
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{}", path.display());
        checked += 1;
    }
    assert!(checked > 35);
}

#[test]
fn a_misspelled_key_does_not_fit() {
    let (_, schema) = json_schemas().into_iter().next().unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&serde_json::json!({"key": "a", "type": "oauth2", "id": 1})));
    assert!(!validator.is_valid(&serde_json::json!({"nmae": "a"})));
    assert!(!validator.is_valid(&serde_json::json!({"type": "oauth3"})));
    assert!(!validator.is_valid(&serde_json::json!({"test": {"type": "mapping", "pth": "/"}})));
}

fn schema_of(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).unwrap();
    let path = path.to_string_lossy();
    let name = if path.ends_with("/get-oauth-config.map.yml") {
        // Which one depends on the auth type; its first line says so, as it does to editors.
        let first = text.lines().next().unwrap_or_default();
        first.rsplit_once('/').unwrap_or_default().1
    } else if path.contains("/operations/") && path.ends_with(".yml") {
        "operation.schema.json"
    } else if path.ends_with("/tests/provider.yml") {
        "connector-test-provider.schema.json"
    } else if path.contains("/tests/") {
        "connector-test.schema.json"
    } else if path.ends_with(".graphql.yml") {
        "graphql-api-mapping.schema.json"
    } else if path.ends_with("spec.yml") {
        "spec.schema.json"
    } else if path.ends_with(".rest.yml") {
        "rest-api-mapping.schema.json"
    } else if path.ends_with(".map.yml") {
        "mapping.schema.json"
    } else if path.contains("/actions/") {
        "action.schema.json"
    } else if path.contains("/interfaces/") {
        "interface.schema.json"
    } else if path.contains("/integrations/") {
        "integration.schema.json"
    } else {
        return None;
    };
    let (_, mut schema) = json_schemas().into_iter().find(|(file, _)| file == name)?;
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut)
        && name.starts_with("mapping")
    {
        // Any value is a mapping; those of the examples are all API clients.
        choices.truncate(1);
    }
    Some(schema)
}

fn value_of(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let mut report = Report::default();
    let id = report.add_file("a.yml", text.as_str().into());
    parse(Syntax::Yaml, &text, id, &mut report)
        .unwrap()
        .to_value()
}

fn files_below(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        // An app has other files than workspaces.
        if path.join("package.json").exists() {
            continue;
        }
        if path.is_dir() {
            files_below(&path, into);
        } else {
            into.push(path);
        }
    }
}
