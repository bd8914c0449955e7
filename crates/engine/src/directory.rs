//! Loading a workspace directory into a workspace.

use std::path::Path;
use std::slice;

use authbridge_core::SecretJson;
use authbridge_definition::{
    ConnectorFile, Directory, ElementFile, ElementType, IntegrationFile, ReadError, load_directory,
};
use authbridge_store::{Origin, PutOutcome};

use crate::connectors::put_request;
use crate::error::is_error;
use crate::push::{Change, ChangeKind, Push, PushedElement};
use crate::{Engine, EngineError, IntegrationDraft, Session};

/// What loading a directory did.
#[derive(Debug)]
pub struct LoadReport {
    /// The directory as it was read, with diagnostics and what was ignored.
    pub directory: Directory,
    /// One entry per element, in the order of loading.
    pub loaded: Vec<Loaded>,
}

/// One element of a directory.
#[derive(Debug)]
pub struct Loaded {
    /// Its type, such as `connector`.
    pub kind: &'static str,
    /// Its key.
    pub key: String,
    /// What became of it.
    pub outcome: Result<PutOutcome, EngineError>,
}

impl LoadReport {
    /// Whether everything was read and taken.
    pub fn is_clean(&self) -> bool {
        self.loaded.iter().all(|element| element.outcome.is_ok())
            && !self.directory.diagnostics.iter().any(is_error)
    }
}

impl Engine {
    /// Loads every connector, integration, auth proxy and other element below `path`. A broken one
    /// does not hide the others.
    pub async fn load_directory(
        &self,
        session: &Session,
        path: &Path,
    ) -> Result<LoadReport, LoadError> {
        session.require_admin()?;
        let directory = load_directory(path)?;
        let mut loaded = Vec::new();
        for file in &directory.connectors {
            if let Some(element) = self.load_connector(session, file).await {
                loaded.push(element);
            }
        }
        for file in &directory.integrations {
            let (kind, outcome) = if file.is_auth_proxy {
                let outcome = self.load_auth_proxy(session, file).await;
                (ElementType::AuthProxy.word(), outcome)
            } else {
                let outcome = self.load_integration(session, file).await;
                (ElementType::Integration.word(), outcome)
            };
            loaded.push(Loaded {
                kind,
                key: file.key.clone(),
                outcome,
            });
        }
        loaded.extend(self.load_elements(session, &directory.elements).await);
        self.shared.clients.forget_all();
        Ok(LoadReport { directory, loaded })
    }

    /// A connector that could not be read is in the diagnostics already.
    async fn load_connector(&self, session: &Session, file: &ConnectorFile) -> Option<Loaded> {
        let connector = file.connector.as_ref()?;
        let put = put_request(connector, &file.bundle, Origin::Directory);
        let put = self
            .shared
            .store
            .put_connector(session.workspace_id(), put)
            .await;
        let outcome = put.map(|put| put.outcome).map_err(EngineError::from);
        Some(Loaded {
            kind: ElementType::Connector.word(),
            key: file.key.clone(),
            outcome,
        })
    }

    async fn load_auth_proxy(
        &self,
        session: &Session,
        file: &IntegrationFile,
    ) -> Result<PutOutcome, EngineError> {
        let existing = self.auth_proxy(session, &file.key).await;
        let before = match existing {
            Ok(existing) => Some(existing.revision),
            Err(EngineError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let putting = self.put_auth_proxy(session, &file.key, draft(file), Origin::Directory);
        let after = putting.await?.revision;
        Ok(match before {
            None => PutOutcome::Created,
            Some(before) if before == after => PutOutcome::Unchanged,
            Some(_) => PutOutcome::Changed,
        })
    }

    /// All at once; if that is refused, one by one, so that the good ones are there.
    async fn load_elements(&self, session: &Session, files: &[ElementFile]) -> Vec<Loaded> {
        if let Ok(loaded) = self.push_elements(session, files).await {
            return loaded;
        }
        let mut loaded = Vec::with_capacity(files.len());
        for file in files {
            match self.push_elements(session, slice::from_ref(file)).await {
                Ok(pushed) => loaded.extend(pushed),
                Err(error) => loaded.push(Loaded {
                    kind: file.element_type.word(),
                    key: file.key.clone(),
                    outcome: Err(error),
                }),
            }
        }
        loaded
    }

    async fn push_elements(
        &self,
        session: &Session,
        files: &[ElementFile],
    ) -> Result<Vec<Loaded>, EngineError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let push = Push {
            elements: files.iter().map(pushed).collect(),
            ..Push::default()
        };
        let plan = Box::pin(self.push(session, push, false)).await?;
        Ok(plan.changes.into_iter().map(loaded).collect())
    }

    async fn load_integration(
        &self,
        session: &Session,
        file: &IntegrationFile,
    ) -> Result<PutOutcome, EngineError> {
        let workspace = session.workspace_id();
        let existing = self
            .shared
            .store
            .find_integration(workspace, &file.key)
            .await?;
        let draft = draft(file);
        match existing.filter(|existing| existing.archived_at.is_none()) {
            None => {
                self.create_integration(session, draft, Origin::Directory)
                    .await?;
                Ok(PutOutcome::Created)
            }
            Some(existing) => {
                let updated = self
                    .update_integration(session, existing.id.as_str(), draft, Origin::Directory)
                    .await?;
                let is_same = updated.revision == existing.revision;
                Ok(if is_same {
                    PutOutcome::Unchanged
                } else {
                    PutOutcome::Changed
                })
            }
        }
    }
}

fn loaded(change: Change) -> Loaded {
    let element_type = ElementType::from_word(&change.name.element_type);
    Loaded {
        kind: element_type.map_or("element", ElementType::word),
        key: change.name.key,
        outcome: Ok(match change.change {
            ChangeKind::Created => PutOutcome::Created,
            ChangeKind::Changed | ChangeKind::Removed => PutOutcome::Changed,
            ChangeKind::Unchanged => PutOutcome::Unchanged,
        }),
    }
}

fn pushed(file: &ElementFile) -> PushedElement {
    PushedElement {
        element_type: file.element_type.path().to_owned(),
        key: file.key.clone(),
        integration_key: file.integration_key.clone(),
        content: file.content.as_object().cloned().unwrap_or_default(),
        files: None,
        version: None,
    }
}

/// Why a directory was not loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The caller may not, or the store is away.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What the file does not say is left as it is, so that parameters set by the API survive.
fn draft(file: &IntegrationFile) -> IntegrationDraft {
    IntegrationDraft {
        key: Some(file.key.clone()),
        name: Some(Some(file.name.clone())),
        connector: file.connector_key.clone().map(Some),
        connector_version: Some(file.connector_version.clone()),
        logo_uri: Some(file.logo_uri.clone()),
        base_uri: Some(file.base_uri.clone()),
        oauth_callback_uri: Some(file.oauth_callback_uri.clone()),
        allows_external_callback: Some(file.allows_external_callback),
        meta: file.meta.clone().map(Some),
        parameters: file
            .parameters
            .clone()
            .map(|value| Some(SecretJson::new(value))),
    }
}
