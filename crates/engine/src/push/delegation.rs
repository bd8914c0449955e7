//! Whether what a push delegates authentication to will be there, and ends at an account.
//!
//! Chains are followed through what comes and what is there already.

use std::collections::HashMap;
use std::sync::Arc;

use authbridge_core::connector::{AuthOption, AuthType, Connector};
use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_store::{IntegrationPatch, IntegrationWrite};

use super::Issue;
use super::plan::{Compiled, Planned};
use crate::delegation::{circle, missing_parent, unsuitable};
use crate::{Engine, EngineError, Session};

/// The connector of an integration: which, and which version.
type Installed = (Option<ConnectorId>, Option<String>);

/// What a push brings of what chains go through.
struct Coming<'a> {
    connectors: HashMap<(&'a ConnectorId, Option<&'a str>), &'a Arc<Connector>>,
    inserted: HashMap<&'a str, Installed>,
    updated: HashMap<&'a IntegrationId, &'a IntegrationPatch>,
}

impl Engine {
    /// What is wrong with the chains that begin at connectors that come.
    pub(super) async fn check_delegation(
        &self,
        session: &Session,
        planned: &Planned,
    ) -> Result<Vec<Issue>, EngineError> {
        let coming = Coming::of(planned);
        let mut issues = Vec::new();
        for Compiled {
            name, connector, ..
        } in &planned.compiled
        {
            for option in connector.options.iter().filter(|it| is_delegating(it)) {
                let key = option.proxy_key.as_deref().unwrap_or_default();
                let problem = self.follow(session, &coming, &name.key, key).await?;
                issues.extend(problem.map(|message| Issue {
                    name: name.clone(),
                    message,
                }));
            }
        }
        Ok(issues)
    }

    /// What is wrong with the chain of `child` that begins with the integration `key`.
    async fn follow(
        &self,
        session: &Session,
        coming: &Coming<'_>,
        child: &str,
        key: &str,
    ) -> Result<Option<String>, EngineError> {
        let mut path: Vec<String> = Vec::new();
        let mut key = key.to_owned();
        loop {
            if path.contains(&key) {
                return Ok(Some(circle(&path, &key)));
            }
            let Some((connector, version)) = self.installed(session, coming, &key).await? else {
                let last = path.last().map_or(child, String::as_str);
                return Ok(Some(missing_parent(last, &key)));
            };
            let Some(id) = connector else {
                return Ok(Some(unsuitable(child, &key)));
            };
            let Some(connector) = self.coming_or_there(session, coming, id, version).await? else {
                return Ok(None);
            };
            let mut options = connector.options.iter();
            let Some(option) = options.find(|it| it.auth_type.can_be_delegated_to()) else {
                return Ok(Some(unsuitable(child, &key)));
            };
            path.push(key);
            match option.proxy_key.clone().filter(|_| is_delegating(option)) {
                Some(next) => key = next,
                None => return Ok(None),
            }
        }
    }

    /// A connector that comes, or that is there; `None` for one whose definition cannot be used,
    /// which is reported where it is.
    async fn coming_or_there(
        &self,
        session: &Session,
        coming: &Coming<'_>,
        id: ConnectorId,
        version: Option<String>,
    ) -> Result<Option<Arc<Connector>>, EngineError> {
        if let Some(connector) = coming.connectors.get(&(&id, version.as_deref())) {
            return Ok(Some(Arc::clone(connector)));
        }
        let connectors = &self.shared.connectors;
        let compiled = connectors.compiled(session.workspace_id(), &id, version.as_deref());
        match compiled.await {
            Ok(connector) => Ok(Some(connector)),
            Err(EngineError::Store(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// The connector of the integration or auth proxy `key`; `None` where there is none.
    async fn installed(
        &self,
        session: &Session,
        coming: &Coming<'_>,
        key: &str,
    ) -> Result<Option<Installed>, EngineError> {
        if let Some(installed) = coming.inserted.get(key) {
            return Ok(Some(installed.clone()));
        }
        let store = &self.shared.store;
        let found = store.find_integration(session.workspace_id(), key).await?;
        let found = found.filter(|found| found.archived_at.is_none());
        Ok(found.map(|found| match coming.updated.get(&found.id) {
            // What a patch does not name stays.
            Some(patch) => (
                patch.connector_id.clone().unwrap_or(found.connector_id),
                patch
                    .connector_version
                    .clone()
                    .unwrap_or(found.connector_version),
            ),
            None => (found.connector_id, found.connector_version),
        }))
    }
}

impl<'a> Coming<'a> {
    fn of(planned: &'a Planned) -> Self {
        let connectors = planned.compiled.iter().map(|compiled| {
            let place = (&compiled.id, compiled.name.version.as_deref());
            (place, &compiled.connector)
        });
        let mut coming = Self {
            connectors: connectors.collect(),
            inserted: HashMap::new(),
            updated: HashMap::new(),
        };
        for write in &planned.batch.integrations {
            match write {
                IntegrationWrite::Insert(_, new) => {
                    let installed = (new.connector_id.clone(), new.connector_version.clone());
                    coming.inserted.insert(&new.key, installed);
                }
                IntegrationWrite::Update(id, patch) => {
                    coming.updated.insert(id, patch);
                }
                IntegrationWrite::Archive(_) | IntegrationWrite::Restore(_) => {}
            }
        }
        coming
    }
}

fn is_delegating(option: &AuthOption) -> bool {
    option.auth_type == AuthType::Proxy
}
