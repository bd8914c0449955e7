//! Workspaces and their keys.

use authbridge_core::SecretString;
use authbridge_core::id::WorkspaceId;
use authbridge_core::secret::ExposeSecret;
use serde_json::Value;

use super::Store;
use crate::backend::SealedField;
use crate::keys::{Place, field};
use crate::model::workspace::{NewWorkspace, NewWorkspaceKey, Workspace, WorkspaceKey};
use crate::{SecretBytes, StoreError};

impl Store {
    /// Makes a workspace with a data key of its own; a conflict when its key is taken.
    pub async fn create_workspace(&self, new: NewWorkspace) -> Result<Workspace, StoreError> {
        let NewWorkspace { key, name, secret } = new;
        let workspace = Workspace {
            id: WorkspaceId::generate(self.effects()),
            key,
            name,
            settings: Value::Object(serde_json::Map::new()),
            created_at: self.now(),
        };
        let data_key = self.vault().new_data_key(&workspace.id);
        let secret = self.seal_workspace_secret(&workspace.id, &secret).await?;
        let inserted = self
            .backend()
            .insert_workspace(&workspace, data_key, secret)
            .await;
        if inserted.is_err() {
            self.vault().forget(&workspace.id);
        }
        inserted.map(|()| workspace)
    }

    /// All workspaces, the oldest first.
    pub async fn list_workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        self.backend().list_workspaces().await
    }

    /// The workspace with this id.
    pub async fn find_workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
        self.backend().find_workspace(id).await
    }

    /// The workspace with this key.
    pub async fn find_workspace_by_key(&self, key: &str) -> Result<Option<Workspace>, StoreError> {
        self.backend().find_workspace_by_key(key).await
    }

    /// Gives the workspace another name and other settings, a JSON object; unless it is no longer
    /// what it was `before`, which the answer tells.
    pub async fn update_workspace(
        &self,
        before: &Workspace,
        name: Option<&str>,
        settings: &Value,
    ) -> Result<bool, StoreError> {
        self.backend()
            .update_workspace(before, name, settings)
            .await
    }

    /// What signs the workspace's tokens.
    pub async fn workspace_secret(&self, id: &WorkspaceId) -> Result<SecretString, StoreError> {
        let table = field::WORKSPACE_SECRET.table;
        let secrets = self.secrets(id, table, id.as_str()).await?;
        let missing = || StoreError::missing("workspace", id.as_str());
        let plain = secrets.open(field::WORKSPACE_SECRET).await?;
        let plain = plain.ok_or_else(missing)?;
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::Inconsistent {
            table,
            row: id.to_string(),
            reason: "`secret` is not text".to_owned(),
        })?;
        Ok(SecretString::from(text))
    }

    /// Puts another secret in the place of the workspace's.
    pub async fn replace_workspace_secret(
        &self,
        id: &WorkspaceId,
        secret: &SecretString,
    ) -> Result<(), StoreError> {
        let secret = self.seal_workspace_secret(id, secret).await?;
        self.backend().replace_workspace_secret(id, secret).await
    }

    /// Adds a key pair, or the public half of one; a conflict when its `kid` is taken.
    pub async fn insert_workspace_key(
        &self,
        workspace: &WorkspaceId,
        new: NewWorkspaceKey,
    ) -> Result<WorkspaceKey, StoreError> {
        let NewWorkspaceKey {
            kid,
            algorithm,
            public_jwk,
            private_pkcs8,
            purpose,
        } = new;
        let private = match private_pkcs8 {
            Some(private) => {
                let place = Place {
                    workspace,
                    field: field::PRIVATE_KEY,
                    row: &kid,
                    generation: 0,
                };
                Some(self.seal(place, private.expose()).await?)
            }
            None => None,
        };
        let key = WorkspaceKey {
            kid,
            algorithm,
            public_jwk,
            purpose,
            created_at: self.now(),
            retired_at: None,
        };
        self.backend()
            .insert_workspace_key(workspace, &key, private)
            .await?;
        Ok(key)
    }

    /// The workspace's keys, the oldest first.
    pub async fn list_workspace_keys(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<WorkspaceKey>, StoreError> {
        self.backend().list_workspace_keys(workspace).await
    }

    /// The private half of a key pair, as PKCS #8; missing where only the public half is here.
    pub async fn workspace_private_key(
        &self,
        workspace: &WorkspaceId,
        kid: &str,
    ) -> Result<SecretBytes, StoreError> {
        let secrets = self
            .secrets(workspace, field::PRIVATE_KEY.table, kid)
            .await?;
        let plain = secrets.open(field::PRIVATE_KEY).await?;
        plain
            .map(SecretBytes::from)
            .ok_or_else(|| StoreError::missing("private workspace key", kid))
    }

    async fn seal_workspace_secret(
        &self,
        workspace: &WorkspaceId,
        secret: &SecretString,
    ) -> Result<SealedField, StoreError> {
        let place = Place {
            workspace,
            field: field::WORKSPACE_SECRET,
            row: workspace.as_str(),
            generation: 0,
        };
        self.seal(place, secret.expose_secret().as_bytes()).await
    }
}
