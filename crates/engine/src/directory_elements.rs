//! The elements of a directory that is loaded: pushed together, without those that are broken.

use std::collections::HashMap;

use authbridge_definition::{Directory, ElementFile};
use authbridge_store::PutOutcome;
use serde_json::{Map, Value};

use crate::{ChangeKind, Engine, EngineError, Issue, Loaded, Plan, Push, PushedElement, Session};

impl Engine {
    /// Brings every element of `directory` about. Those that are refused do not hide the others.
    pub(crate) async fn load_elements(
        &self,
        session: &Session,
        directory: &Directory,
    ) -> Vec<Loaded> {
        let mut files: Vec<&ElementFile> = directory.elements.iter().collect();
        let mut loaded = Vec::new();
        while !files.is_empty() {
            let push = Push {
                elements: files.iter().copied().map(pushed).collect(),
                ..Push::default()
            };
            match Box::pin(self.push(session, push, false)).await {
                Ok(plan) => {
                    loaded.extend(loaded_by(&plan, &files));
                    return loaded;
                }
                Err(EngineError::PushRefused { issues, .. }) => {
                    let before = files.len();
                    files.retain(|file| match refusal(&issues, file) {
                        Some(message) => {
                            let error = EngineError::configuration(message);
                            loaded.push(of_file(file, Err(error)));
                            false
                        }
                        None => true,
                    });
                    if files.len() == before {
                        // It is not about any of them, so none can be left out.
                        return loaded;
                    }
                }
                Err(error) => {
                    loaded.extend(files.first().map(|file| of_file(file, Err(error))));
                    return loaded;
                }
            }
        }
        loaded
    }
}

fn pushed(file: &ElementFile) -> PushedElement {
    let content = match &file.content {
        Value::Object(members) => members.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    PushedElement {
        element_type: file.element_type.path().to_owned(),
        key: file.key.clone(),
        integration_key: file.integration_key.clone(),
        content,
        files: None,
        version: None,
    }
}

fn refusal(issues: &[Issue], file: &ElementFile) -> Option<String> {
    let found = issues.iter().find(|issue| {
        issue.name.element_type == file.element_type.path()
            && issue.name.key == file.key
            && issue.name.integration_key == file.integration_key
    });
    found.map(|issue| issue.message.clone())
}

/// What became of each of `files`.
fn loaded_by(plan: &Plan, files: &[&ElementFile]) -> Vec<Loaded> {
    let mut kinds = HashMap::new();
    for change in &plan.changes {
        let name = &change.name;
        let place = (
            name.element_type.as_str(),
            name.key.as_str(),
            name.integration_key.as_deref(),
        );
        kinds.insert(place, change.change);
    }
    let outcome = |file: &ElementFile| {
        let place = (
            file.element_type.path(),
            file.key.as_str(),
            file.integration_key.as_deref(),
        );
        match kinds.get(&place) {
            Some(ChangeKind::Created) => PutOutcome::Created,
            Some(ChangeKind::Changed) => PutOutcome::Changed,
            Some(ChangeKind::Unchanged | ChangeKind::Removed) | None => PutOutcome::Unchanged,
        }
    };
    files
        .iter()
        .map(|file| of_file(file, Ok(outcome(file))))
        .collect()
}

fn of_file(file: &ElementFile, outcome: Result<PutOutcome, EngineError>) -> Loaded {
    Loaded {
        kind: file.element_type.word(),
        key: file.key.clone(),
        outcome,
    }
}
