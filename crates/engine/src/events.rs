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
    /// The last things that happened to a connection, the newest first.
    pub async fn connection_events(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Vec<ConnectionEvent>, EngineError> {
        let connection = self.connection(session, selector).await?;
        let store = &self.shared.store;
        let workspace = session.workspace_id();
        let entries = store.latest_audit(workspace, connection.id.as_str(), MOST);
        Ok(entries.await?.into_iter().map(event).collect())
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
