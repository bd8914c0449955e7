//! The audit log.

use authbridge_core::id::{AuditId, WorkspaceId};

use super::Store;
use crate::model::audit::{Audit, AuditFilter, NewAudit};
use crate::{Page, Paged, StoreError};

impl Store {
    /// Writes an entry; it is on the disk when this answers.
    pub async fn record_audit(
        &self,
        workspace: &WorkspaceId,
        new: NewAudit,
    ) -> Result<(), StoreError> {
        let NewAudit {
            actor,
            action,
            subject,
            detail,
        } = new;
        let audit = Audit {
            id: AuditId::generate(self.effects()),
            actor,
            action,
            subject,
            detail,
            created_at: self.now(),
        };
        self.backend().insert_audit(workspace, &audit).await
    }

    /// The last `limit` entries about `subject`, the newest first.
    pub async fn latest_audit(
        &self,
        workspace: &WorkspaceId,
        subject: &str,
        limit: u32,
    ) -> Result<Vec<Audit>, StoreError> {
        self.backend().latest_audit(workspace, subject, limit).await
    }

    /// A page of the entries, the oldest first.
    pub async fn list_audit(
        &self,
        workspace: &WorkspaceId,
        filter: AuditFilter,
        page: Page,
    ) -> Result<Paged<Audit>, StoreError> {
        self.backend().list_audit(workspace, filter, page).await
    }
}
