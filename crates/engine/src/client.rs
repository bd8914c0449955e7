//! Prepared clients: everything that a request through a connection needs, in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use authbridge_core::client::{ApiClient, TargetError};
use authbridge_core::id::{ConnectionId, CustomerId, IntegrationId};
use authbridge_store::Connection;
use jiff::Timestamp;
use moka::future::Cache;
use moka::ops::compute::Op;

use crate::egress::Origin;
use crate::platform_token::PlatformToken;
use crate::refresh::Cause;
use crate::{Engine, EngineError, Session};

/// How long a prepared client is kept. Changes made through this process are seen at once;
/// those made by another are seen after this.
const REMEMBERED_FOR: Duration = Duration::from_mins(1);

/// A connection's API client, ready to send.
///
/// Holders ask [`PreparedClient::is_stale`] before each use and fetch a new one when it is.
#[derive(Debug)]
pub struct PreparedClient {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Which of its credentials these are; replacing them moves it.
    pub generation: u64,
    /// Base URI, headers, query, allowed hosts, response handlers.
    pub api: ApiClient,
    /// Where the base URI points.
    pub origin: Arc<Origin>,
    /// The workspace's signed token, for auth types that send it.
    pub token: Option<PlatformToken>,
    /// Whether expired credentials can be renewed.
    pub can_refresh: bool,
    customer_id: CustomerId,
    /// The integration, and those that it delegates to.
    integration_ids: Vec<IntegrationId>,
    prepared_at: Timestamp,
    /// When the credentials expire, if they can be renewed.
    renew_at: Option<Timestamp>,
    is_stale: AtomicBool,
}

impl PreparedClient {
    /// Whether the connection, its integration or its connector changed since, or its credentials
    /// have expired and can be renewed.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.is_stale.load(Ordering::Acquire)
            || self.renew_at.is_some_and(|at| now >= at)
            || now.duration_since(self.prepared_at).unsigned_abs() > REMEMBERED_FOR
    }

    fn give_up(&self) {
        self.is_stale.store(true, Ordering::Release);
    }
}

/// Where one request goes.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Scheme, host and port.
    pub origin: Arc<Origin>,
    /// What the request line says.
    pub path_and_query: String,
}

impl Destination {
    /// Where a request for `path` through `api` goes.
    pub fn of(api: &ApiClient, path: &str, query: Option<&str>) -> Result<Self, TargetError> {
        let target = api.target(path, query)?;
        let origin = Origin::of(&target.origin)
            .ok_or_else(|| TargetError::Invalid(target.origin.scheme().to_owned()))?;
        Ok(Self {
            origin: Arc::new(origin),
            path_and_query: target.path_and_query,
        })
    }
}

impl PreparedClient {
    /// Where a request for `path` goes: below the base URI, or to the whole URL that it is.
    pub fn destination(&self, path: &str, query: Option<&str>) -> Result<Destination, TargetError> {
        if authbridge_core::client::absolute(path).is_none() {
            let path_and_query = self.api.below_base(path, query);
            return Ok(Destination {
                origin: Arc::clone(&self.origin),
                path_and_query,
            });
        }
        let mut destination = Destination::of(&self.api, path, query)?;
        if destination.origin == self.origin {
            destination.origin = Arc::clone(&self.origin);
        }
        Ok(destination)
    }
}

/// The prepared clients of all workspaces.
pub(crate) struct Clients {
    /// A client that is in use but not in here is stale, or nobody could tell it that it is.
    prepared: Cache<ConnectionId, Arc<PreparedClient>>,
    /// Moves with every change, for clients that are being prepared while something changes.
    changes: AtomicU64,
    /// Clients by the connection whose credentials they have from.
    children: Mutex<HashMap<ConnectionId, Vec<Weak<PreparedClient>>>>,
}

impl Default for Clients {
    fn default() -> Self {
        let prepared = Cache::builder()
            .max_capacity(100_000)
            .time_to_live(REMEMBERED_FOR)
            .eviction_listener(|_, client: Arc<PreparedClient>, _| client.give_up())
            .build();
        Self {
            prepared,
            changes: AtomicU64::new(0),
            children: Mutex::default(),
        }
    }
}

impl Clients {
    /// A changed connection, with what uses its credentials.
    pub(crate) async fn forget(&self, id: &ConnectionId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        if let Some(client) = self.prepared.remove(id).await {
            client.give_up();
        }
        let children = self.children().remove(id);
        for child in children.iter().flatten().filter_map(Weak::upgrade) {
            child.give_up();
        }
    }

    /// Notes that `client` has the credentials of `parent`.
    fn belongs_to(&self, parent: &ConnectionId, client: &Arc<PreparedClient>) {
        let mut children = self.children();
        let clients = children.entry(parent.clone()).or_default();
        clients.retain(|client| client.strong_count() > 0);
        clients.push(Arc::downgrade(client));
    }

    fn children(&self) -> MutexGuard<'_, HashMap<ConnectionId, Vec<Weak<PreparedClient>>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A changed integration.
    pub(crate) fn forget_integration(&self, id: &IntegrationId) {
        self.forget_where(|client| client.integration_ids.contains(id));
    }

    /// A changed customer.
    pub(crate) fn forget_customer(&self, id: &CustomerId) {
        self.forget_where(|client| client.customer_id == *id);
    }

    /// A changed connector, which is rare.
    pub(crate) fn forget_all(&self) {
        self.forget_where(|_| true);
    }

    /// Marked ones are not used again even if a racing caller still finds them here.
    fn forget_where(&self, is_concerned: impl Fn(&PreparedClient) -> bool) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        for (_, client) in &self.prepared {
            if is_concerned(&client) {
                client.give_up();
            }
        }
    }
}

impl Engine {
    /// The prepared client of the connection that `selector` means to the caller. Several who ask
    /// for it at the same time wait for one preparation.
    pub async fn client(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Arc<PreparedClient>, EngineError> {
        let clients = &self.shared.clients;
        let changes = clients.changes.load(Ordering::SeqCst);
        let connection = self.connection(session, selector).await?;
        let now = self.shared.effects.now();
        if let Some(client) = clients.prepared.get(&connection.id).await
            && !client.is_stale(now)
        {
            return Ok(client);
        }
        let id = connection.id.clone();
        let entry = clients.prepared.entry(id.clone());
        entry
            .and_try_compute_with(async |found| {
                if found.is_some_and(|found| !found.value().is_stale(now)) {
                    return Ok::<_, EngineError>(Op::Nop);
                }
                let parent = connection.parent_id.clone();
                let client = Arc::new(self.prepare(session, connection).await?);
                if let Some(parent) = parent {
                    clients.belongs_to(&parent, &client);
                }
                Ok(Op::Put(client))
            })
            .await?
            .into_entry()
            .map(moka::Entry::into_value)
            .inspect(|client| {
                // Something changed meanwhile, perhaps what was read: good for this request only.
                if clients.changes.load(Ordering::SeqCst) != changes {
                    client.give_up();
                }
            })
            .ok_or_else(|| EngineError::not_found("Connection", id.as_str()))
    }

    async fn prepare(
        &self,
        session: &Session,
        connection: Connection,
    ) -> Result<PreparedClient, EngineError> {
        require_ready(&connection)?;
        let prepared_at = self.shared.effects.now();
        let mut opened = self.open(session, connection).await?;
        if opened.has_expired(prepared_at) {
            let generation = opened.generation;
            let renewing = self.renew(session, opened.connection, generation, Cause::Due);
            opened = Box::pin(renewing).await?;
        }
        let option = &opened.setup.option;
        let runner = self.runner(session, &opened.setup, &opened.owner, None)?;
        let api = runner.made_client(&opened.arguments).await?;
        let origin = Origin::of(&api.base_uri).map(Arc::new).ok_or_else(|| {
            EngineError::configuration("the base URI of the API client has no host")
        })?;
        let can_refresh = opened.can_refresh();
        let token = PlatformToken::new(option.auth_type, &session.workspace, opened.owner.clone());
        Ok(PreparedClient {
            can_refresh,
            token,
            connection_id: opened.connection.id,
            generation: opened.generation,
            customer_id: opened.connection.customer_id,
            integration_ids: opened.setup.integration_ids(),
            is_stale: AtomicBool::new(false),
            renew_at: opened
                .connection
                .expires_at
                .filter(|at| can_refresh && *at > prepared_at),
            prepared_at,
            origin,
            api,
        })
    }
}

/// A connection that is not READY sends nothing: its credentials are known not to work.
pub(crate) fn require_ready(connection: &Connection) -> Result<(), EngineError> {
    if !connection.state.disconnected() {
        return Ok(());
    }
    Err(EngineError::Disconnected {
        message: format!(
            "the connection {} is {}; connect it again, or repair its integration and call \
             `POST /connections/{}/test`",
            connection.id,
            connection.state.as_str(),
            connection.id
        ),
        error: connection.error.clone(),
    })
}
