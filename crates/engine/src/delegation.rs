//! Delegated authentication: from a connector to the one that does it, along `proxyKey`.
//!
//! A child's connection names the connection that has the credentials. What lies between the two,
//! when a parent delegates in turn, has none: it only adds to form, hosts and API client.

use authbridge_core::auth::AuthError;
use authbridge_core::connector::{AuthOption, AuthType};
use authbridge_core::id::IntegrationId;
use authbridge_store::Connection;

use crate::connect::Setup;
use crate::integrations::is_enabled;
use crate::{Engine, EngineError, Session};

impl Setup {
    /// What has the account: itself, unless it delegates.
    pub(crate) fn account(&self) -> &Self {
        self.parent.as_deref().map_or(self, Self::account)
    }

    /// Its integration, and those that it delegates to.
    pub(crate) fn integration_ids(&self) -> Vec<IntegrationId> {
        let parents = std::iter::successors(Some(self), |setup| setup.parent.as_deref());
        parents.map(|setup| setup.integration.id.clone()).collect()
    }

    /// What [`account`](Self::account) is, to be changed.
    pub(crate) fn account_mut(&mut self) -> &mut Self {
        match self.parent {
            Some(ref mut parent) => parent.account_mut(),
            None => self,
        }
    }
}

impl Engine {
    /// `setup` with what it delegates to, and so on to the end. `account` is the connection that
    /// has the credentials, once there is one.
    pub(crate) async fn with_parents(
        &self,
        session: &Session,
        setup: Setup,
        account: Option<&Connection>,
    ) -> Result<Setup, EngineError> {
        let mut chain = vec![setup];
        while let Some(key) = chain.last().and_then(parent_key) {
            let parent = self.next_parent(session, &chain, key, account).await?;
            chain.push(parent);
        }
        let mut nested: Option<Setup> = None;
        while let Some(mut setup) = chain.pop() {
            setup.parent = nested.map(Box::new);
            nested = Some(setup);
        }
        // The chain had `setup` at least.
        nested.ok_or_else(|| AuthError::Delegated.into())
    }

    /// The next one in `chain`, which `key` names.
    async fn next_parent(
        &self,
        session: &Session,
        chain: &[Setup],
        key: String,
        account: Option<&Connection>,
    ) -> Result<Setup, EngineError> {
        let keys: Vec<&str> = chain
            .iter()
            .map(|setup| setup.integration.key.as_str())
            .collect();
        let child = keys.last().copied().unwrap_or_default();
        let store = &self.shared.store;
        let found = store.find_integration(session.workspace_id(), &key).await?;
        let Some(integration) = found.filter(|found| found.archived_at.is_none()) else {
            return Err(delegation(missing_parent(child, &key)));
        };
        if chain
            .iter()
            .any(|setup| setup.integration.id == integration.id)
        {
            return Err(delegation(circle(&keys, &integration.key)));
        }
        let workspace = session.workspace_id();
        let connector = self.connector_of(workspace, &integration).await?;
        let its_own = account.filter(|account| account.integration_id == integration.id);
        let candidates: Vec<AuthOption> = match its_own {
            Some(account) => vec![Self::option_of(&connector, account)?.clone()],
            None => connector.options.clone(),
        };
        let is_named = its_own.is_some();
        for option in candidates {
            let can_be = option.auth_type.can_be_delegated_to();
            let setup =
                self.with_parameters(session, integration.clone(), connector.clone(), option);
            let setup = setup.await?;
            if can_be && (is_named || is_enabled(&setup.option, &setup.parameters)) {
                return Ok(setup);
            }
        }
        Err(delegation(unsuitable(child, &integration.key)))
    }
}

/// What the last one in a chain delegates to.
fn parent_key(setup: &Setup) -> Option<String> {
    let option = &setup.option;
    let delegates = option.auth_type == AuthType::Proxy;
    option.proxy_key.clone().filter(|_| delegates)
}

/// That there is nothing to delegate to.
pub(crate) fn missing_parent(child: &str, key: &str) -> String {
    format!(
        "`{child}` delegates authentication to `{key}`, and the workspace has neither an \
         integration nor an auth proxy of that key"
    )
}

/// That a chain of `keys` leads back to `key`.
pub(crate) fn circle(keys: &[impl AsRef<str>], key: &str) -> String {
    let mut path: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    path.push(key);
    format!(
        "authentication is delegated in a circle: {}",
        path.join(" → ")
    )
}

/// That there is no account at the end.
pub(crate) fn unsuitable(child: &str, parent: &str) -> String {
    format!(
        "`{child}` delegates authentication to `{parent}`, which has no account to share: none of \
         its auth options is both enabled and of a type that connects one"
    )
}

fn delegation(message: String) -> EngineError {
    AuthError::Delegation(message).into()
}
