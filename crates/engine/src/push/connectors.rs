//! Connectors of a push: compiled, then compared file by file.

use std::sync::Arc;

use authbridge_core::connector::Connector;
use authbridge_core::id::ConnectorId;
use authbridge_definition::{ConnectorDefaults, Diagnostic, load_connector};
use authbridge_store::{self as store, Origin, PutConnector};
use serde_json::{Map, Value};

use super::plan::{Compiled, Planner};
use super::read::{PushedConnector, Request};
use super::{ChangeKind, FieldChange};
use crate::connectors::keep_names;
use crate::error::is_error;

impl Planner {
    pub(super) fn connectors(&mut self, request: &Request) {
        for record in self.index.connectors.values() {
            if record.archived_at.is_none() {
                for selector in selectors(record) {
                    self.connectors.insert(selector, record.id.clone());
                }
            }
        }
        for pushed in &request.connectors {
            self.connector(pushed);
        }
    }

    fn connector(&mut self, pushed: &PushedConnector) {
        let key = &pushed.name.key;
        let known = self.index.connectors.get(key).cloned();
        let id = known
            .as_ref()
            .map(|record| record.id.clone())
            .or_else(|| self.connectors.get(key).cloned())
            .unwrap_or_else(|| ConnectorId::generate(&self.effects));
        self.connectors.insert(key.clone(), id.clone());
        let version = pushed.name.version.clone();
        self.versions.insert((id.clone(), version.clone()));
        let files = pushed.bundle.to_json();
        let before = self.index.bundle(&id, version.as_deref()).cloned();
        let is_archived = known.as_ref().is_some_and(|it| it.archived_at.is_some());
        if before.as_ref() == Some(&files) && !is_archived {
            self.note(&pushed.name, ChangeKind::Unchanged, Vec::new());
            return;
        }
        if let (Some(before), Some(version)) = (&before, &version)
            && *before != files
        {
            let message = format!(
                "version `{version}` is published and cannot change; publish another one, or \
                 change the development version"
            );
            self.refuse(&pushed.name, message);
            return;
        }
        let Some(compiled) = self.compile(pushed) else {
            return;
        };
        let uuid = compiled.uuid.clone();
        let put = put(pushed, &compiled, known.as_ref(), files.clone());
        self.connectors.extend(
            uuid.or_else(|| put.uuid.clone())
                .map(|uuid| (uuid, id.clone())),
        );
        self.batch.connectors.push((id.clone(), put));
        self.compiled.push(Compiled {
            name: pushed.name.clone(),
            id,
            connector: Arc::new(compiled),
        });
        let is_there = before.is_some() && !is_archived;
        let fields = before.map_or_else(Vec::new, |before| changed_files(&before, &files));
        let kind = if is_there {
            ChangeKind::Changed
        } else {
            ChangeKind::Created
        };
        let fields = if is_there { fields } else { Vec::new() };
        self.note(&pushed.name, kind, fields);
    }

    /// The definition, unless it has errors.
    fn compile(&mut self, pushed: &PushedConnector) -> Option<Connector> {
        let key = &pushed.name.key;
        let defaults = ConnectorDefaults {
            key: Some(key.clone()),
            version: pushed.name.version.clone(),
        };
        let loaded = load_connector(&pushed.bundle, defaults);
        let errors = loaded.diagnostics.iter().filter(|it| is_error(it)).count();
        if errors > 0 || loaded.value.is_none() {
            self.refuse(
                &pushed.name,
                format!("its definition has {errors} error(s); see `diagnostics`"),
            );
        }
        let diagnostics = loaded.diagnostics.into_iter();
        self.diagnostics
            .extend(diagnostics.map(|it| placed(it, pushed)));
        loaded.value.filter(|_| errors == 0)
    }
}

/// Everything by which an integration may name a connector.
fn selectors(record: &store::Connector) -> impl Iterator<Item = String> {
    let texts = [
        Some(record.key.clone()),
        Some(record.id.to_string()),
        record.uuid.clone(),
    ];
    texts.into_iter().flatten()
}

fn put(
    pushed: &PushedConnector,
    compiled: &Connector,
    known: Option<&store::Connector>,
    files: Value,
) -> PutConnector {
    let text = |name: &str| text(&pushed.content, name);
    let mut put = PutConnector {
        key: pushed.name.key.clone(),
        uuid: compiled.uuid.clone().or_else(|| text("uuid")),
        name: compiled.name.clone(),
        logo_uri: compiled.logo_uri.clone().or_else(|| text("logoUri")),
        version: pushed.name.version.clone(),
        bundle: Some(files),
        origin: Origin::Directory,
    };
    keep_names(&mut put, text("name"), known);
    put
}

fn text(content: &Map<String, Value>, name: &str) -> Option<String> {
    content.get(name)?.as_str().map(str::to_owned)
}

/// The same diagnostic with its file as it is called in the workspace.
fn placed(mut diagnostic: Diagnostic, pushed: &PushedConnector) -> Diagnostic {
    let key = &pushed.name.key;
    let file = match &pushed.name.version {
        None => format!("connectors/{key}/{}", diagnostic.file),
        Some(version) => format!("connectors/{key}/{version}/{}", diagnostic.file),
    };
    diagnostic.file = file;
    diagnostic
}

/// One entry per file; what is in them is not repeated.
fn changed_files(before: &Value, after: &Value) -> Vec<FieldChange> {
    let changes = super::diff::diff(before, after).into_iter();
    let only_path = |change: FieldChange| FieldChange {
        path: format!("/files{}", change.path.replace("~1", "/")),
        from: None,
        to: None,
    };
    changes.map(only_path).collect()
}
