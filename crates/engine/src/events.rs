//! The story of a connection: what was done to it, by whom, and what came of it.

use authbridge_store::{Actor, Audit};
use serde_json::Value;

use crate::{Engine, EngineError, Session};

/// How many entries a story has, at most.
const MOST: u32 = 50;

/// Something that happened to a connection.
#[derive(Clone, Debug)]
pub struct ConnectionEvent {
    /// When, in RFC 3339.
    pub at: String,
    /// What, such as `connection.refreshed`.
    pub action: String,
    /// `admin`, `customer`, `operator`, or `system` for the engine itself.
    pub by: &'static str,
    /// More about it, such as why a refresh failed and when it is tried again. Never a secret.
    pub detail: Value,
}

impl Engine {
    /// The last things that happened to a connection, and to the one whose credentials it uses,
    /// the newest first.
    pub async fn connection_events(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Vec<ConnectionEvent>, EngineError> {
        let connection = self.connection(session, selector).await?;
        let store = &self.shared.store;
        let workspace = session.workspace_id();
        let mut subjects = vec![&connection.id];
        subjects.extend(&connection.parent_id);
        let mut entries = Vec::new();
        for subject in subjects {
            entries.extend(
                store
                    .latest_audit(workspace, subject.as_str(), MOST)
                    .await?,
            );
        }
        entries.sort_by(|one, other| other.id.cmp(&one.id));
        entries.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
        Ok(entries.into_iter().map(event).collect())
    }
}

fn event(entry: Audit) -> ConnectionEvent {
    ConnectionEvent {
        at: entry.created_at.to_string(),
        action: entry.action,
        by: match entry.actor {
            Actor::Admin { .. } => "admin",
            Actor::Customer(_) => "customer",
            Actor::Operator => "operator",
            Actor::System => "system",
        },
        detail: entry.detail,
    }
}
