//! What the engine does by itself, for as long as it is polled: refresh what is due, and clear
//! away what nobody needs any more.

use std::time::Duration;

use authbridge_store::Replayed;
use serde_json::json;
use tokio::time::sleep;

use crate::{Engine, EngineError};

/// How often attempts to connect that were given up are cleared away.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

impl Engine {
    /// Everything that has to happen without anybody asking. It never ends; dropping it leaves
    /// refreshes that are under way alone, see [`refreshes_finished`](Self::refreshes_finished).
    pub async fn keep_house(&self) {
        self.tell_of_replayed().await;
        tokio::join!(self.refresh_when_due(), self.sweep());
    }

    async fn sweep(&self) {
        loop {
            let now = self.shared.effects.now();
            match self.shared.store.purge_auth_sessions(now).await {
                Ok(0) => {}
                Ok(count) => tracing::debug!(count, "cleared away old attempts to connect"),
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old attempts to connect could not be cleared away"
                ),
            }
            match self.shared.store.purge_connection_requests(now).await {
                Ok(0) => {}
                Ok(count) => tracing::debug!(count, "cleared away old connection requests"),
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old connection requests could not be cleared away"
                ),
            }
            sleep(SWEEP_EVERY).await;
        }
    }

    /// What the process before left half done is part of the story of its connections.
    async fn tell_of_replayed(&self) {
        let store = self.shared.store.clone();
        for path in store.moved_aside() {
            tracing::error!(
                path = %path.display(),
                "an answer of a provider that was kept for the database could not be read, and \
                 was moved aside"
            );
        }
        for replayed in store.replayed() {
            if let Err(error) = self.tell_of(replayed).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    connection.id = %replayed.connection_id,
                    "what became of an answer in the spool could not be noted"
                );
            }
        }
    }

    async fn tell_of(&self, replayed: &Replayed) -> Result<(), EngineError> {
        let (id, is_used) = (&replayed.connection_id, replayed.committed);
        tracing::warn!(
            connection.id = %id,
            is_used,
            "the process ended before it had stored fresh credentials: they were in the spool"
        );
        if !is_used {
            return Ok(());
        }
        let session = self.own_session(&replayed.workspace_id).await?;
        let connection = self.connection(&session, id.as_str()).await?;
        let detail = json!({ "cause": "recovered" });
        self.audit_with(&session, "connection.refreshed", &connection, detail)
            .await
    }
}
