//! The description of the API.

use http::Method;
use serde_json::Value;

use crate::support::World;

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operations.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    operations.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    operations
}

#[tokio::test]
async fn what_there_is_is_described() {
    let world = World::new().await;
    let document = world.get("/openapi.json", "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let general = document["security"].clone();
    let mut text = String::new();
    for (method, path, operation) in operations(&document) {
        let security = operation.get("security").unwrap_or(&general);
        // An alternative without requirements is one that needs nothing.
        let is_public = security
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it == &serde_json::json!({}));
        let access = if is_public { "public" } else { "token" };
        text.push_str(&format!("{method} {path} ({access})\n"));
    }
    text.push_str("\nschemas\n");
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        text.push_str(&format!("{name}\n"));
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn every_described_operation_exists_and_those_with_security_want_a_token() {
    let world = World::new().await;
    let document = world.get("/openapi.json", "").await.json();
    for (method, path, operation) in operations(&document) {
        if path.starts_with("/sse/") {
            // It never ends.
            continue;
        }
        let method: Method = method.parse().unwrap();
        let path = path.replace(['{', '}'], "x");
        let answer = world.call(method.clone(), &path, "", None).await;
        let is_public = operation.get("security").is_some();
        // Pages take the token from their address, and say in HTML that there is none.
        let is_picture = path.starts_with("/embed/logos/");
        let is_page = path.starts_with("/embed/") && !is_picture
            || is_public && path.starts_with("/screens/");
        let expected: &[u16] = if is_public && !is_page {
            &[200, 400, 404]
        } else {
            &[401]
        };
        assert!(
            expected.contains(&answer.status.as_u16()),
            "{method} {path}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let world = World::new().await;
    let document = world.get("/openapi.json", "").await.json();
    let mut names: Vec<String> = operations(&document)
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let world = World::new().await;
    let document = world.get("/openapi.json", "").await.json();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.push(reference.clone());
            }
            members.values().for_each(|it| collect(it, references));
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
