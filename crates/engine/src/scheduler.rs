//! Refreshing credentials before they expire.
//!
//! Connections that are due are read in batches and refreshed side by side, as many for one
//! integration at a time as its lane has room, and all together as many as there is room at all.
//! A lane in which enough wait is left out when the next batch is read. A provider that keeps
//! failing keeps its own lane busy with one try at a time, and nobody else's.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// How many refreshes of all integrations are under way at a time: providers that hang hold as
/// many as their lanes have room, until they are known to.
const ALL: usize = 2048;

/// From how many that run or wait on no more are read for a lane.
const ENOUGH: usize = 256;

/// After how many failures in a row a lane is tried with one refresh at a time, until one works.
const FAILING_FROM: u32 = 5;

/// The longest and the shortest that the scheduler sleeps. What becomes due earlier than it was
/// known to is found after the longest.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);

/// What is under way.
struct Underway {
    connections: Mutex<HashSet<ConnectionId>>,
    lanes: Mutex<HashMap<IntegrationId, Arc<Lane>>>,
    room: Semaphore,
}

struct Lane {
    room: Semaphore,
    /// Those that run and those that wait.
    inside: AtomicUsize,
    failures: AtomicU32,
}

impl Engine {
    /// Refreshes what is due, for as long as it is polled.
    pub(crate) async fn refresh_when_due(&self) {
        let underway = Arc::new(Underway::new());
        let mut tasks = JoinSet::new();
        loop {
            let now = self.shared.effects.now();
            // Those that wait for room in their lane are due still, and must not hide others.
            let limit = BATCH.saturating_add(underway.count());
            let full = underway.full_lanes();
            match self.shared.store.due_refreshes(now, limit, &full).await {
                Ok(due) => {
                    for due in due {
                        if let Some(lane) = underway.begin(&due) {
                            let (engine, underway) = (self.clone(), Arc::clone(&underway));
                            let refreshing = async move {
                                engine.refresh_one(&due, &lane, &underway.room).await;
                                underway.end(&due, &lane);
                            };
                            tasks.spawn(refreshing);
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

    async fn refresh_one(&self, due: &DueRefresh, lane: &Lane, room: &Semaphore) {
        let permits = if lane.is_failing() { LANE } else { 1 };
        let Ok(_in_lane) = lane.room.acquire_many(permits).await else {
            return;
        };
        let Ok(_among_all) = room.acquire().await else {
            return;
        };
        let result = self.refresh_due_one(due).await;
        lane.note(&result);
        if let Err(error) = result {
            tracing::info!(
                error = &error as &dyn std::error::Error,
                connection.id = %due.connection_id,
                "credentials that are due were not refreshed"
            );
        }
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
    fn new() -> Self {
        Self {
            connections: Mutex::default(),
            lanes: Mutex::default(),
            room: Semaphore::new(ALL),
        }
    }

    /// The lane to go in, if the connection is not under way yet and the lane has not enough to
    /// do already; from now on the connection is under way.
    fn begin(&self, due: &DueRefresh) -> Option<Arc<Lane>> {
        let lane = self.lane(&due.integration_id);
        if lane.has_enough() || !self.connections().insert(due.connection_id.clone()) {
            return None;
        }
        lane.inside.fetch_add(1, Ordering::Relaxed);
        Some(lane)
    }

    fn end(&self, due: &DueRefresh, lane: &Lane) {
        self.connections().remove(&due.connection_id);
        lane.inside.fetch_sub(1, Ordering::Relaxed);
    }

    fn count(&self) -> u32 {
        u32::try_from(self.connections().len()).unwrap_or(u32::MAX)
    }

    fn full_lanes(&self) -> Vec<IntegrationId> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let full = lanes.iter().filter(|(_, lane)| lane.has_enough());
        full.map(|(id, _)| id.clone()).collect()
    }

    fn connections(&self) -> MutexGuard<'_, HashSet<ConnectionId>> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }

    fn lane(&self, id: &IntegrationId) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(id.clone());
        Arc::clone(lane.or_insert_with(|| Arc::new(Lane::new())))
    }
}

impl Lane {
    fn new() -> Self {
        Self {
            room: Semaphore::new(LANE as usize),
            inside: AtomicUsize::new(0),
            failures: AtomicU32::new(0),
        }
    }

    fn is_failing(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILING_FROM
    }

    /// One that tries whether a failing provider is back is enough.
    fn has_enough(&self) -> bool {
        let enough = if self.is_failing() { 1 } else { ENOUGH };
        self.inside.load(Ordering::Relaxed) >= enough
    }

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
