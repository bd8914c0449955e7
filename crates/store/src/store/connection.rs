//! Connections and their secrets.

use authbridge_core::id::{ConnectionId, WorkspaceId};

use super::{Store, to_the_microsecond};
use crate::backend::{CredentialsChange, SealedField};
use crate::keys::{Place, field};
use crate::model::connection::{
    Connection, ConnectionFilter, ConnectionPatch, ConnectionSecrets, NewConnection, NewCredentials,
};
use crate::{Page, Paged, StoreError};

impl Store {
    /// Makes a connection; with `replace`, archives that one in the same transaction.
    pub async fn insert_connection(
        &self,
        workspace: &WorkspaceId,
        new: NewConnection,
    ) -> Result<Connection, StoreError> {
        let id = ConnectionId::generate(self.effects());
        let secrets = ConnectionSecrets {
            generation: 1,
            credentials: new.credentials,
            input: new.input,
            connector_parameters: new.connector_parameters,
        };
        let sealed = self.seal_connection(workspace, &id, &secrets).await?;
        let now = self.now();
        let connection = Connection {
            id,
            workspace_id: workspace.clone(),
            customer_id: new.customer_id,
            integration_id: new.integration_id,
            key: new.key,
            name: new.name,
            auth_option_key: new.auth_option_key,
            parent_id: new.parent_id,
            is_hidden: new.is_hidden,
            state: new.state,
            error: new.error,
            meta: new.meta,
            scopes: new.scopes,
            generation: secrets.generation,
            expires_at: new.expires_at.map(to_the_microsecond),
            refresh_due_at: new.refresh_due_at.map(to_the_microsecond),
            is_refreshable: new.is_refreshable,
            retry_at: None,
            retry_attempts: 0,
            last_active_at: now,
            created_at: now,
            updated_at: now,
            archived_at: None,
        };
        self.backend()
            .insert_connection(&connection, sealed, new.replace)
            .await?;
        Ok(connection)
    }

    /// The connection with this id, archived or not.
    pub async fn find_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        self.backend().find_connection(workspace, id).await
    }

    /// A page of the connections.
    pub async fn list_connections(
        &self,
        workspace: &WorkspaceId,
        filter: ConnectionFilter,
        page: Page,
    ) -> Result<Paged<Connection>, StoreError> {
        self.backend()
            .list_connections(workspace, filter, page)
            .await
    }

    /// Changes a connection, but not its secrets.
    pub async fn update_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        patch: ConnectionPatch,
    ) -> Result<Connection, StoreError> {
        let now = self.now();
        self.backend()
            .update_connection(workspace, id, patch, now)
            .await
    }

    /// Archives a connection and erases its secrets, for good; one that is archived already
    /// stays as it is. A refresh that is under way comes to nothing.
    pub async fn archive_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<Connection, StoreError> {
        let now = self.now();
        self.backend().archive_connection(workspace, id, now).await
    }

    /// Replaces the secrets of a connection whose generation is still `expected_generation`.
    ///
    /// Of several who try with the same generation exactly one succeeds; the others get
    /// [`StoreError::GenerationMoved`], and nothing of theirs is written. It wins over a refresh
    /// that is under way: lease, intent and what was noted of failed attempts are gone with it.
    pub async fn replace_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        expected_generation: u64,
        new: NewCredentials,
    ) -> Result<Connection, StoreError> {
        let change = self
            .credentials_change(workspace, id, expected_generation, new)
            .await?;
        self.backend()
            .replace_credentials(workspace, id, change)
            .await
    }

    /// What there is to write for new credentials that follow on `expected_generation`, sealed,
    /// under no lease.
    pub(super) async fn credentials_change(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        expected_generation: u64,
        new: NewCredentials,
    ) -> Result<CredentialsChange, StoreError> {
        // A seal is bound to its generation, so what stays is opened and sealed again.
        let (input, connector_parameters) = match (new.input, new.connector_parameters) {
            (Some(input), Some(parameters)) => (input, parameters),
            (input, parameters) => {
                let kept = self.connection_secrets(workspace, id).await?;
                if kept.generation != expected_generation {
                    return Err(StoreError::GenerationMoved);
                }
                (
                    input.unwrap_or(kept.input),
                    parameters.unwrap_or(kept.connector_parameters),
                )
            }
        };
        let secrets = ConnectionSecrets {
            generation: expected_generation.saturating_add(1),
            credentials: new.credentials,
            input,
            connector_parameters,
        };
        Ok(CredentialsChange {
            expected_generation,
            secrets: self.seal_connection(workspace, id, &secrets).await?,
            state: new.state,
            error: new.error,
            scopes: new.scopes,
            expires_at: new.expires_at.map(to_the_microsecond),
            refresh_due_at: new.refresh_due_at.map(to_the_microsecond),
            is_refreshable: new.is_refreshable,
            lease: None,
            now: self.now(),
        })
    }

    /// The secrets of a connection, read together with the generation they belong to; missing
    /// when it is archived.
    pub async fn connection_secrets(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<ConnectionSecrets, StoreError> {
        let table = field::CREDENTIALS.table;
        let secrets = self.secrets(workspace, table, id.as_str()).await?;
        let Some(first) = secrets.fields.first() else {
            return Err(StoreError::missing("connection", id.as_str()));
        };
        let generation = first.generation;
        if secrets
            .fields
            .iter()
            .any(|other| other.generation != generation)
        {
            return Err(StoreError::Inconsistent {
                table,
                row: id.to_string(),
                reason: "its secrets are of different generations".to_owned(),
            });
        }
        Ok(ConnectionSecrets {
            generation,
            credentials: secrets.require_json(field::CREDENTIALS).await?,
            input: secrets.require_json(field::INPUT).await?,
            connector_parameters: secrets.require_json(field::CONNECTOR_PARAMETERS).await?,
        })
    }

    async fn seal_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        secrets: &ConnectionSecrets,
    ) -> Result<Vec<SealedField>, StoreError> {
        let values = [
            (field::CREDENTIALS, &secrets.credentials),
            (field::INPUT, &secrets.input),
            (field::CONNECTOR_PARAMETERS, &secrets.connector_parameters),
        ];
        let mut sealed = Vec::with_capacity(values.len());
        for (field, value) in values {
            let place = Place {
                workspace,
                field,
                row: id.as_str(),
                generation: secrets.generation,
            };
            sealed.push(self.seal_json(place, value).await?);
        }
        Ok(sealed)
    }
}
