//! The token that a workspace signs for external apps, made when it is needed and kept while it
//! is fresh.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use authbridge_core::Effects;
use authbridge_core::auth::platform_token;
use authbridge_core::connector::AuthType;
use authbridge_core::token::{LIFETIME, OutgoingClaims};
use authbridge_store::Customer;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;

use crate::{EngineError, WorkspaceState};

/// Makes the token that the workspace signs, and keeps it while it is fresh.
pub struct PlatformToken {
    /// The header fields that carry it.
    pub headers: Vec<HeaderName>,
    workspace: Arc<WorkspaceState>,
    owner: Customer,
    signed: ArcSwapOption<SignedToken>,
}

struct SignedToken {
    value: HeaderValue,
    fields: Value,
    fresh_until: Timestamp,
}

impl PlatformToken {
    /// For connections of `owner` by `auth_type`; `None` for types that send no such token.
    pub(crate) fn new(
        auth_type: AuthType,
        workspace: &Arc<WorkspaceState>,
        owner: Customer,
    ) -> Option<Self> {
        let headers = platform_token::headers(auth_type);
        (!headers.is_empty()).then(|| Self {
            headers,
            workspace: Arc::clone(workspace),
            owner,
            signed: ArcSwapOption::empty(),
        })
    }

    /// The token for `customer`, or for the connection's owner when an admin calls.
    pub fn value(
        &self,
        customer: Option<&Customer>,
        effects: &Effects,
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

    fn sign(&self, customer: &Customer, effects: &Effects) -> Result<SignedToken, EngineError> {
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
