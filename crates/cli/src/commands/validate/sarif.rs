//! Findings as SARIF 2.1.0, which code hosts and editors read.

use std::collections::BTreeSet;

use authbridge_definition::{Code, Diagnostic, Directory, Severity};
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The rule for files that are no part of anything, which have no code of their own.
const IGNORED: &str = "ignored-file";

/// One run with all findings; `root` stands before the paths.
pub(super) fn sarif(root: &str, directory: &Directory) -> Value {
    let codes: BTreeSet<Code> = directory
        .diagnostics
        .iter()
        .map(|found| found.code)
        .collect();
    let mut rules: Vec<Value> = codes.iter().copied().map(rule).collect();
    if !directory.ignored.is_empty() {
        rules.push(json!({
            "id": IGNORED,
            "shortDescription": {"text": "file that is no element"},
            "defaultConfiguration": {"level": "note"},
        }));
    }
    let found = directory
        .diagnostics
        .iter()
        .map(|found| result(root, found));
    let ignored = directory.ignored.iter().map(|ignored| {
        let suggestion = ignored.suggestion.as_deref();
        let text = suggestion.map_or_else(
            || ignored.reason.clone(),
            |suggestion| format!("{}; {suggestion}", ignored.reason),
        );
        json!({
            "ruleId": IGNORED,
            "level": "note",
            "message": {"text": text},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(root, &ignored.path)}}}],
        })
    });
    let results: Vec<Value> = found.chain(ignored).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "authbridge",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "shortDescription": {"text": code.title()},
        "fullDescription": {"text": code.explanation()},
        "help": {"text": format!("{}\n\n{}", code.explanation(), code.example())},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(root: &str, found: &Diagnostic) -> Value {
    let text = match &found.help {
        Some(help) => format!("{}\n{help}", found.message),
        None => found.message.clone(),
    };
    json!({
        "ruleId": found.code.id(),
        "level": level(found.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(root, &found.file)},
            "region": {"startLine": found.line, "startColumn": found.column},
        }}],
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn uri(root: &str, path: &str) -> String {
    let path = format!("{root}{path}");
    let segments: Vec<String> = path.split('/').map(crate::api::segment).collect();
    segments.join("/")
}
