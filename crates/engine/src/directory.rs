//! Loading a directory into a workspace.

use std::path::Path;

use authbridge_core::SecretJson;
use authbridge_definition::{ConnectorFile, Directory, IntegrationFile, ReadError, load_directory};
use authbridge_store::{Origin, PutOutcome};

use crate::connectors::put_request;
use crate::error::is_error;
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
    /// `connector`, `integration`, `action` and so on.
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
    /// Loads every connector, integration and other element below `path`. A broken one does not hide the others.
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
            let outcome = self.load_integration(session, file).await;
            loaded.push(Loaded {
                kind: "integration",
                key: file.key.clone(),
                outcome,
            });
        }
        loaded.extend(self.load_elements(session, &directory).await);
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
            kind: "connector",
            key: file.key.clone(),
            outcome,
        })
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
        meta: None,
        parameters: file
            .parameters
            .clone()
            .map(|value| Some(SecretJson::new(value))),
    }
}
