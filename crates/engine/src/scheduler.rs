//! Refreshing credentials before they expire.
//!
//! Connections that are due are read in batches and refreshed side by side, as many for one
//! integration at a time as its lane has room. A provider that keeps failing keeps its own lane
//! busy, and nobody else's.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authbridge_core::auth::AuthError;
use authbridge_core::auth::retry::FailureClass;
use authbridge_core::id::{ConnectionId, IntegrationId};
use authbridge_store::DueRefresh;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::refresh::Cause;
use crate::{Engine, EngineError};

/// How many connections are read at a time.
const BATCH: u32 = 500;

/// How many refreshes of one integration are under way at a time.
const LANE: u32 = 64;

/// After how many failures in a row a lane is tried with one refresh at a time, until one works.
const FAILING_FROM: u32 = 5;

/// The longest and the shortest that the scheduler sleeps. What becomes due earlier than it was
/// known to is found after the longest.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);

/// What is under way.
#[derive(Default)]
struct Underway {
    connections: Mutex<HashSet<ConnectionId>>,
    lanes: Mutex<HashMap<IntegrationId, Arc<Lane>>>,
}

struct Lane {
    room: Semaphore,
    failures: AtomicU32,
}

impl Engine {
    /// Refreshes what is due, for as long as it is polled.
    pub async fn refresh_when_due(&self) {
        let underway = Arc::new(Underway::default());
        let mut tasks = JoinSet::new();
        loop {
            let now = self.shared.effects.now();
            // Those that wait for room in their lane are due still, and must not hide others.
            let limit = BATCH.saturating_add(underway.count());
            match self.shared.store.due_refreshes(now, limit).await {
                Ok(due) => {
                    for due in due {
                        if underway.begins(&due.connection_id) {
                            let (engine, underway) = (self.clone(), Arc::clone(&underway));
                            tasks.spawn(async move { engine.refresh_one(due, &underway).await });
                        }
                    }
                }
                Err(error) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "connections that are due cannot be read"
                ),
            }
            while tasks.try_join_next().is_some() {}
            sleep(self.until_due().await).await;
        }
    }

    async fn until_due(&self) -> Duration {
        let next = self.shared.store.next_refresh_due().await.ok().flatten();
        let now = self.shared.effects.now();
        let wait = next.map_or(LONGEST_SLEEP, |next| until(next, now));
        wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    async fn refresh_one(&self, due: DueRefresh, underway: &Underway) {
        let lane = underway.lane(&due.integration_id);
        let permits = if lane.failures.load(Ordering::Relaxed) >= FAILING_FROM {
            LANE
        } else {
            1
        };
        if let Ok(_room) = lane.room.acquire_many(permits).await {
            let result = self.refresh_due_one(&due).await;
            lane.note(&result);
            if let Err(error) = result {
                tracing::info!(
                    error = &error as &dyn std::error::Error,
                    connection.id = %due.connection_id,
                    "credentials that are due were not refreshed"
                );
            }
        }
        underway.ends(&due.connection_id);
    }

    async fn refresh_due_one(&self, due: &DueRefresh) -> Result<(), EngineError> {
        let session = self.own_session(&due.workspace_id).await?;
        let connection = self
            .connection(&session, due.connection_id.as_str())
            .await?;
        let renewing = self.renew(&session, connection, due.generation, Cause::Due);
        Box::pin(renewing).await?;
        Ok(())
    }
}

impl Underway {
    /// Whether `id` is not under way yet; from now on it is.
    fn begins(&self, id: &ConnectionId) -> bool {
        let connections = self.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        connections.insert(id.clone())
    }

    fn count(&self) -> u32 {
        let connections = self.connections.lock();
        let connections = connections.unwrap_or_else(PoisonError::into_inner);
        u32::try_from(connections.len()).unwrap_or(u32::MAX)
    }

    fn ends(&self, id: &ConnectionId) {
        let connections = self.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        connections.remove(id);
    }

    fn lane(&self, id: &IntegrationId) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(id.clone()).or_insert_with(|| {
            Arc::new(Lane {
                room: Semaphore::new(LANE as usize),
                failures: AtomicU32::new(0),
            })
        });
        Arc::clone(lane)
    }
}

impl Lane {
    /// Only what the provider did wrong says something about the others in the lane.
    fn note(&self, result: &Result<(), EngineError>) {
        match result {
            Ok(()) => self.failures.store(0, Ordering::Relaxed),
            Err(EngineError::Auth(error)) if is_the_providers(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }
}

fn is_the_providers(error: &AuthError) -> bool {
    match error.failure_class() {
        FailureClass::Throttled | FailureClass::Transient => true,
        FailureClass::Terminal | FailureClass::Configuration => false,
    }
}

fn until(next: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(next.duration_since(now)).unwrap_or(Duration::ZERO)
}
