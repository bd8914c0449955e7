//! Prepared clients: everything that a request through a connection needs, in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use authbridge_core::auth::{Arguments, platform_token};
use authbridge_core::client::{ApiClient, Defaults, TargetError};
use authbridge_core::connector::AuthOption;
use authbridge_core::id::{ConnectionId, CustomerId, IntegrationId, WorkspaceId};
use authbridge_core::token::{LIFETIME, OutgoingClaims};
use authbridge_store::{Connection, Customer, CustomerSelector};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use moka::future::Cache;
use serde_json::Value;

use crate::egress::Origin;
use crate::{Engine, EngineError, Session, WorkspaceState};

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
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// Base URI, headers, query, allowed hosts, response handlers.
    pub api: ApiClient,
    /// Where the base URI points.
    pub origin: Arc<Origin>,
    /// The workspace's signed token, for auth types that send it.
    pub token: Option<PlatformToken>,
    customer_id: CustomerId,
    integration_id: IntegrationId,
    prepared_at: Timestamp,
    is_stale: AtomicBool,
}

impl PreparedClient {
    /// Whether the connection, its integration or its connector changed since.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.is_stale.load(Ordering::Acquire)
            || now.duration_since(self.prepared_at).unsigned_abs() > REMEMBERED_FOR
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
        let target = self.api.target(path, query)?;
        let origin = Origin::of(&target.origin)
            .ok_or_else(|| TargetError::Invalid(target.origin.scheme().to_owned()))?;
        let origin = if origin == *self.origin {
            Arc::clone(&self.origin)
        } else {
            Arc::new(origin)
        };
        Ok(Destination {
            origin,
            path_and_query: target.path_and_query,
        })
    }
}

/// Makes the token that the workspace signs, and keeps it while it is fresh.
pub struct PlatformToken {
    /// The header fields that carry it.
    pub headers: Vec<HeaderName>,
    workspace: Arc<WorkspaceState>,
    owner: Arc<Customer>,
    signed: ArcSwapOption<SignedToken>,
}

struct SignedToken {
    value: HeaderValue,
    fields: Value,
    fresh_until: Timestamp,
}

impl PlatformToken {
    /// The token for `customer`, or for the connection's owner when an admin calls.
    pub fn value(
        &self,
        customer: Option<&Customer>,
        effects: &authbridge_core::Effects,
    ) -> Result<HeaderValue, EngineError> {
        let customer = customer.unwrap_or(&self.owner);
        if let Some(signed) = &*self.signed.load()
            && signed.fresh_until > effects.now()
            && signed.fields == customer.fields
        {
            return Ok(signed.value.clone());
        }
        let signed = self.sign(customer, effects)?;
        let value = signed.value.clone();
        self.signed.store(Some(Arc::new(signed)));
        Ok(value)
    }

    fn sign(
        &self,
        customer: &Customer,
        effects: &authbridge_core::Effects,
    ) -> Result<SignedToken, EngineError> {
        let broken = || EngineError::SigningKey(self.workspace.record.key.clone());
        let claims = OutgoingClaims {
            workspace_key: &self.workspace.record.key,
            customer_id: &customer.internal_id,
            fields: &customer.fields,
        };
        let (token, expires_at) = claims
            .sign(&self.workspace.signing_key, effects)
            .ok_or_else(broken)?;
        let mut value = HeaderValue::from_str(&token).map_err(|_| broken())?;
        value.set_sensitive(true);
        // A receiver far away must still find it valid, so it is used for part of its life only.
        let fresh_until = expires_at.checked_sub(LIFETIME / 5).map_err(|_| broken())?;
        Ok(SignedToken {
            value,
            fields: customer.fields.clone(),
            fresh_until,
        })
    }
}

impl std::fmt::Debug for PlatformToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PlatformToken")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The prepared clients of all workspaces.
pub(crate) struct Clients {
    prepared: Cache<ConnectionId, Arc<PreparedClient>>,
}

impl Default for Clients {
    fn default() -> Self {
        let prepared = Cache::builder()
            .max_capacity(100_000)
            .time_to_live(REMEMBERED_FOR)
            .build();
        Self { prepared }
    }
}

impl Clients {
    /// A changed connection.
    pub(crate) async fn forget(&self, id: &ConnectionId) {
        if let Some(client) = self.prepared.remove(id).await {
            client.is_stale.store(true, Ordering::Release);
        }
    }

    /// A changed integration.
    pub(crate) fn forget_integration(&self, id: &IntegrationId) {
        self.forget_where(|client| client.integration_id == *id);
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
        for (_, client) in &self.prepared {
            if is_concerned(&client) {
                client.is_stale.store(true, Ordering::Release);
            }
        }
    }
}

impl Engine {
    /// The prepared client of the connection that `selector` means to the caller.
    pub async fn client(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Arc<PreparedClient>, EngineError> {
        let connection = self.connection(session, selector).await?;
        let clients = &self.shared.clients.prepared;
        let now = self.shared.effects.now();
        if let Some(client) = clients.get(&connection.id).await
            && !client.is_stale(now)
        {
            return Ok(client);
        }
        let id = connection.id.clone();
        let client = Arc::new(self.prepare(session, connection).await?);
        clients.insert(id, Arc::clone(&client)).await;
        Ok(client)
    }

    async fn prepare(
        &self,
        session: &Session,
        connection: Connection,
    ) -> Result<PreparedClient, EngineError> {
        require_ready(&connection)?;
        let workspace = session.workspace_id();
        let prepared_at = self.shared.effects.now();
        let integration = self
            .integration(session, connection.integration_id.as_str())
            .await?;
        let connector = self.connector_of(workspace, &integration).await?;
        let option = Self::option_of(&connector, &connection)?;
        let secrets = self
            .shared
            .store
            .connection_secrets(workspace, &connection.id)
            .await?;
        let arguments = Arguments {
            connector_parameters: secrets.connector_parameters,
            connection_input: secrets.input,
            credentials: Some(secrets.credentials),
        };
        let base_uri = integration
            .base_uri
            .as_deref()
            .or(connector.base_uri.as_deref());
        let defaults = Defaults {
            base_uri,
            allowed_hosts: &option.allowed_hosts,
        };
        let api = ApiClient::make(option, &arguments.to_variables(), defaults)?;
        let origin = Origin::of(&api.base_uri).map(Arc::new).ok_or_else(|| {
            EngineError::configuration("the base URI of the API client has no host")
        })?;
        Ok(PreparedClient {
            token: self.platform_token(session, option, &connection).await?,
            workspace_id: workspace.clone(),
            connection_id: connection.id,
            customer_id: connection.customer_id,
            integration_id: integration.id,
            is_stale: AtomicBool::new(false),
            prepared_at,
            origin,
            api,
        })
    }

    async fn platform_token(
        &self,
        session: &Session,
        option: &AuthOption,
        connection: &Connection,
    ) -> Result<Option<PlatformToken>, EngineError> {
        let headers = platform_token::headers(option.auth_type);
        if headers.is_empty() {
            return Ok(None);
        }
        let selector = CustomerSelector::Id(connection.customer_id.clone());
        let owner = self
            .shared
            .store
            .find_customer(session.workspace_id(), &selector)
            .await?;
        let owner = owner
            .ok_or_else(|| EngineError::not_found("Customer", connection.customer_id.as_str()))?;
        Ok(Some(PlatformToken {
            headers,
            workspace: Arc::clone(&session.workspace),
            owner: Arc::new(owner),
            signed: ArcSwapOption::empty(),
        }))
    }
}

/// A connection that is not READY sends nothing: its credentials are known not to work.
fn require_ready(connection: &Connection) -> Result<(), EngineError> {
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
