//! The audit log.

use async_trait::async_trait;
use authbridge_core::id::{AuditId, WorkspaceId};
use rusqlite::{Connection as Database, params};

use super::record::Record;
use super::statement::{Conditions, Ids, execute, many};
use super::{Sqlite, workspace};
use crate::backend::Audits;
use crate::model::audit::{Actor, Audit, AuditFilter};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl Audits for Sqlite {
    async fn insert_audit(&self, workspace: &WorkspaceId, audit: &Audit) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let audit = audit.clone();
        self.write(move |database| {
            workspace::require(database, &workspace)?;
            insert(database, &workspace, &audit)
        })
        .await
    }

    async fn list_audit(
        &self,
        workspace: &WorkspaceId,
        filter: AuditFilter,
        page: Page,
    ) -> Result<Paged<Audit>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| {
            let AuditFilter { subject } = filter;
            let mut conditions = Conditions::of(workspace.as_str(), TABLE);
            if let Some(subject) = subject {
                conditions.and_with("subject = ?", [&subject]);
            }
            let ids = Ids {
                prefix: AuditId::PREFIX,
                id: |audit: &Audit| audit.id.as_str(),
            };
            conditions.page(database, SELECT, &ids, &page, audit)
        })
        .await
    }

    async fn latest_audit(
        &self,
        workspace: &WorkspaceId,
        subject: &str,
        limit: u32,
    ) -> Result<Vec<Audit>, StoreError> {
        let values = (workspace.to_string(), subject.to_owned(), limit);
        self.read(move |database| {
            let sql =
                format!("{SELECT} WHERE workspace_id = ? AND subject = ? ORDER BY id DESC LIMIT ?");
            many(database, TABLE, &sql, values, audit)
        })
        .await
    }
}

fn insert(database: &Database, workspace: &WorkspaceId, audit: &Audit) -> Result<(), StoreError> {
    let (kind, name) = match &audit.actor {
        Actor::Admin { name } => (ADMIN, Some(name.as_str())),
        Actor::Customer(id) => (CUSTOMER, Some(id.as_str())),
        Actor::Operator => (OPERATOR, None),
        Actor::System => (SYSTEM, None),
    };
    let sql = "INSERT INTO audit
        (workspace_id, id, actor_kind, actor_name, action, subject, detail, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        workspace.as_str(),
        audit.id.as_str(),
        kind,
        name,
        audit.action,
        audit.subject,
        audit.detail.to_string(),
        audit.created_at.as_microsecond(),
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn audit(row: &Record<'_>) -> Result<Audit, StoreError> {
    Ok(Audit {
        id: row.parse("id")?,
        actor: actor(row)?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        detail: row.json("detail")?,
        created_at: row.time("created_at")?,
    })
}

fn actor(row: &Record<'_>) -> Result<Actor, StoreError> {
    let kind: String = row.get("actor_kind")?;
    match kind.as_str() {
        ADMIN => Ok(Actor::Admin {
            name: row.get("actor_name")?,
        }),
        CUSTOMER => Ok(Actor::Customer(row.parse("actor_name")?)),
        OPERATOR => Ok(Actor::Operator),
        SYSTEM => Ok(Actor::System),
        _ => Err(row.inconsistent("actor_kind", &"not a kind of actor")),
    }
}

const ADMIN: &str = "admin";
const CUSTOMER: &str = "customer";
const OPERATOR: &str = "operator";
const SYSTEM: &str = "system";

const TABLE: &str = "audit";
const SELECT: &str = "SELECT id, actor_kind, actor_name, action, subject, detail, created_at
    FROM audit";
