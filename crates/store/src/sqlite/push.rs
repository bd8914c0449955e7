//! A workspace as a whole: read at one moment, and changed all together or not at all.

use async_trait::async_trait;
use authbridge_core::Effects;
use authbridge_core::id::{IntegrationId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::Connection as Database;

use super::{Sqlite, change, connector, element, integration, workspace};
use crate::StoreError;
use crate::backend::{ParametersChange, Pushes, SealedField, SealedParameters};
use crate::model::connector::fresh_connector;
use crate::model::push::{
    Bundles, ElementWrite, IntegrationWrite, PushBatch, WorkspaceChange, WorkspaceSnapshot,
};

#[async_trait]
impl Pushes for Sqlite {
    async fn workspace_snapshot(
        &self,
        workspace: &WorkspaceId,
        bundles: Bundles,
    ) -> Result<WorkspaceSnapshot, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| {
            // One transaction, so that all of it is of one moment.
            let moment = database.unchecked_transaction()?;
            let snapshot = WorkspaceSnapshot {
                revision: change::revision(&moment, &workspace)?,
                connectors: connector::all(&moment, &workspace)?,
                versions: connector::all_versions(&moment, &workspace, &bundles)?,
                integrations: integration::all(&moment, &workspace)?,
                elements: element::all(&moment, &workspace)?,
            };
            moment.finish()?;
            Ok(snapshot)
        })
        .await
    }

    async fn workspace_changes(
        &self,
        workspace: &WorkspaceId,
        since: u64,
    ) -> Result<Vec<WorkspaceChange>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| change::since(database, &workspace, since))
            .await
    }

    async fn apply_push(
        &self,
        workspace: &WorkspaceId,
        batch: PushBatch,
        parameters: SealedParameters,
        now: Timestamp,
        watched: Effects,
    ) -> Result<u64, StoreError> {
        let workspace = workspace.clone();
        self.write(move |database| {
            workspace::require(database, &workspace)?;
            let revision = change::revision(database, &workspace)?;
            if revision != batch.expected_revision {
                return Err(StoreError::RevisionMoved);
            }
            let subject = batch.subject.clone();
            let changed_by = batch.changed_by.clone();
            apply(database, &workspace, batch, parameters, now, &watched)?;
            change::moved(database, &workspace, &subject, changed_by.as_deref(), now)
        })
        .await
    }
}

fn apply(
    database: &Database,
    workspace: &WorkspaceId,
    batch: PushBatch,
    mut parameters: SealedParameters,
    now: Timestamp,
    watched: &Effects,
) -> Result<(), StoreError> {
    for (id, put) in batch.connectors {
        let fresh = fresh_connector(id, &put, now);
        connector::put(database, workspace, fresh, &put)?;
    }
    for write in batch.integrations {
        let sealed = parameters.remove(id_of(&write));
        apply_integration(database, workspace, write, sealed, now)?;
    }
    let half = batch.elements.len() / 2;
    for (index, write) in batch.elements.into_iter().enumerate() {
        if index == half {
            watched.reached("push.writing");
        }
        apply_element(database, workspace, write, now)?;
    }
    for id in batch.archived_connectors {
        connector::archive(database, workspace, &id, now)?;
    }
    Ok(())
}

const fn id_of(write: &IntegrationWrite) -> &IntegrationId {
    match write {
        IntegrationWrite::Insert(id, _)
        | IntegrationWrite::Update(id, _)
        | IntegrationWrite::Archive(id)
        | IntegrationWrite::Restore(id) => id,
    }
}

fn apply_integration(
    database: &Database,
    workspace: &WorkspaceId,
    write: IntegrationWrite,
    sealed: Option<SealedField>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match write {
        IntegrationWrite::Insert(id, new) => {
            let integration = new.with_id(id, now);
            integration::insert_with(database, workspace, &integration, sealed)
        }
        IntegrationWrite::Update(id, patch) => {
            let change = match (&patch.parameters, sealed) {
                (Some(None), _) => ParametersChange::Clear,
                (None | Some(Some(_)), Some(sealed)) => ParametersChange::Replace(sealed),
                (None | Some(Some(_)), None) => ParametersChange::Keep,
            };
            integration::update(database, workspace, &id, patch, change, now)?;
            Ok(())
        }
        IntegrationWrite::Archive(id) => {
            integration::set_archived(database, workspace, &id, Some(now), now)?;
            Ok(())
        }
        IntegrationWrite::Restore(id) => {
            integration::set_archived(database, workspace, &id, None, now)?;
            Ok(())
        }
    }
}

fn apply_element(
    database: &Database,
    workspace: &WorkspaceId,
    write: ElementWrite,
    now: Timestamp,
) -> Result<(), StoreError> {
    match write {
        ElementWrite::Insert(id, new) => {
            element::insert(database, workspace, &new.with_id(id, now))
        }
        ElementWrite::Update(id, patch) => {
            let before = element::require(database, workspace, &id)?;
            element::update(database, workspace, &before, patch, now)?;
            Ok(())
        }
        ElementWrite::Archive(id) => {
            let before = element::require(database, workspace, &id)?;
            element::archive(database, workspace, before, Some(now), now)?;
            Ok(())
        }
        ElementWrite::Restore(id) => {
            let before = element::require(database, workspace, &id)?;
            element::archive(database, workspace, before, None, now)?;
            Ok(())
        }
    }
}
