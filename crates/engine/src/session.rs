//! Who calls: a verified token, its workspace, and the customer it speaks for.

use std::sync::Arc;

use authbridge_core::id::{CustomerId, WorkspaceId};
use authbridge_core::token::{Caller, TokenError, UnverifiedToken};
use authbridge_store::{Actor, Customer, CustomerSelector, SeenCustomer};
use jiff::Timestamp;
use serde_json::Value;

use crate::{Engine, EngineError, WorkspaceState};

/// A caller whose token was verified.
#[derive(Clone, Debug)]
pub struct Session {
    /// The workspace whose key signed the token.
    pub workspace: Arc<WorkspaceState>,
    /// Whom the token speaks for.
    pub caller: SessionCaller,
    /// When the token stops being valid.
    pub expires_at: Option<Timestamp>,
    /// How often the customer had changed when it was read.
    changes: u64,
}

/// Whom a session speaks for.
#[derive(Clone, Debug)]
pub enum SessionCaller {
    /// The workspace itself.
    Admin {
        /// What the token calls itself.
        name: Option<String>,
    },
    /// One customer.
    Customer(Arc<Customer>),
    /// The engine, which does by itself what nobody has to ask for.
    System,
}

impl Session {
    /// The id of the caller's workspace.
    pub fn workspace_id(&self) -> &WorkspaceId {
        &self.workspace.record.id
    }

    /// The customer, unless the caller is an admin.
    pub fn customer(&self) -> Option<&Customer> {
        match &self.caller {
            SessionCaller::Admin { .. } | SessionCaller::System => None,
            SessionCaller::Customer(customer) => Some(customer),
        }
    }

    /// Refuses everybody but admins.
    pub fn require_admin(&self) -> Result<(), EngineError> {
        match self.caller {
            SessionCaller::Admin { .. } | SessionCaller::System => Ok(()),
            SessionCaller::Customer(_) => Err(EngineError::AccessDenied(
                "this needs an admin token: sign one with `isAdmin: true` and without `id`",
            )),
        }
    }

    /// Who this is, for the audit log.
    pub fn actor(&self) -> Actor {
        match &self.caller {
            SessionCaller::Admin { name } => Actor::Admin {
                name: name.clone().unwrap_or_else(|| "admin".into()),
            },
            SessionCaller::Customer(customer) => Actor::Customer(customer.id.clone()),
            SessionCaller::System => Actor::System,
        }
    }
}

impl Engine {
    /// Verifies a caller's token. A customer who was never seen before comes into being.
    pub async fn authenticate(&self, token: &str) -> Result<Session, EngineError> {
        let unverified = UnverifiedToken::parse(token)?;
        let issuer = &unverified.unverified_issuer;
        let workspace = self
            .shared
            .workspaces
            .find(issuer)
            .await?
            .ok_or_else(|| TokenError::UnknownIssuer(issuer.clone()))?;
        let now = self.shared.effects.now();
        let verified = unverified.verify(&workspace.verification_keys, now)?;
        let caller = match verified.caller {
            Caller::Admin { name } => SessionCaller::Admin { name },
            Caller::Customer {
                internal_id,
                name,
                fields,
            } => {
                let seen = SeenCustomer {
                    internal_id,
                    name,
                    fields: fields.map(Value::Object),
                };
                let (customer, changes) = self.see(&workspace.record.id, seen).await?;
                if customer.archived_at.is_some() {
                    return Err(EngineError::AccessDenied("this customer is archived"));
                }
                return Ok(Session {
                    workspace,
                    caller: SessionCaller::Customer(Arc::new(customer)),
                    expires_at: verified.expires_at,
                    changes,
                });
            }
        };
        Ok(Session {
            workspace,
            caller,
            expires_at: verified.expires_at,
            changes: 0,
        })
    }

    /// The session of a customer who is known without a token.
    pub(crate) async fn session_of_customer(
        &self,
        workspace_key: &str,
        id: &CustomerId,
    ) -> Result<Session, EngineError> {
        let found = self.shared.workspaces.find(workspace_key).await?;
        let workspace = found.ok_or_else(|| EngineError::not_found("Workspace", workspace_key))?;
        let changes = self.shared.changes.of(id.as_str());
        let selector = CustomerSelector::Id(id.clone());
        let store = &self.shared.store;
        let customer = store
            .find_customer(&workspace.record.id, &selector)
            .await?
            .filter(|customer| customer.archived_at.is_none())
            .ok_or_else(|| EngineError::not_found("Customer", id.as_str()))?;
        Ok(Session {
            workspace,
            caller: SessionCaller::Customer(Arc::new(customer)),
            expires_at: None,
            changes,
        })
    }

    /// `session` as it is now: with the customer as it is stored, or an error if it is archived.
    pub async fn renewed(&self, session: Session) -> Result<Session, EngineError> {
        let Some(customer) = session.customer().filter(|_| self.is_outdated(&session)) else {
            return Ok(session);
        };
        let key = &session.workspace.record.key;
        let expires_at = session.expires_at;
        let renewed = self.session_of_customer(key, &customer.id).await?;
        Ok(Session {
            expires_at,
            ..renewed
        })
    }

    /// Whether the customer of `session` was changed or archived through this process since.
    pub fn is_outdated(&self, session: &Session) -> bool {
        session
            .customer()
            .is_some_and(|customer| self.shared.changes.of(customer.id.as_str()) != session.changes)
    }

    /// The customer of a token, and how often it had changed when it was read.
    async fn see(
        &self,
        workspace: &WorkspaceId,
        seen: SeenCustomer,
    ) -> Result<(Customer, u64), EngineError> {
        let changes = &self.shared.changes;
        let store = &self.shared.store;
        let total = changes.total();
        let customer = store.see_customer(workspace, seen.clone()).await?;
        let count = changes.of(customer.id.as_str());
        if changes.total() == total {
            return Ok((customer, count));
        }
        // Something changed between reading and counting, perhaps this customer.
        let customer = store.see_customer(workspace, seen).await?;
        Ok((customer, count))
    }

    /// The engine's own session.
    pub(crate) async fn own_session(&self, id: &WorkspaceId) -> Result<Session, EngineError> {
        let record = self.shared.store.find_workspace(id).await?;
        let record = record.ok_or_else(|| EngineError::not_found("Workspace", id.as_str()))?;
        let found = self.shared.workspaces.find(&record.key).await?;
        let workspace = found.ok_or_else(|| EngineError::not_found("Workspace", id.as_str()))?;
        Ok(Session {
            workspace,
            caller: SessionCaller::System,
            expires_at: None,
            changes: 0,
        })
    }

    /// The session of whoever runs this process, who needs no token.
    pub async fn operator_session(&self, workspace_key: &str) -> Result<Session, EngineError> {
        let found = self.shared.workspaces.find(workspace_key).await?;
        let workspace = found.ok_or_else(|| EngineError::not_found("Workspace", workspace_key))?;
        let caller = SessionCaller::Admin {
            name: Some("operator".into()),
        };
        Ok(Session {
            workspace,
            caller,
            expires_at: None,
            changes: 0,
        })
    }
}
