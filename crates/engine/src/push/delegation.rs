//! Whether what a push delegates authentication to will be there, and ends at an account.
//!
//! Chains are followed through what comes and what is there already. A push in which nothing speaks
//! of `proxy` is not looked into.

use std::collections::HashMap;

use authbridge_core::connector::{AuthOption, AuthType, Connector};
use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_definition::{Bundle, ConnectorDefaults, load_connector};
use authbridge_store::{IntegrationWrite, PushBatch, PutConnector};

use super::read::CONNECTORS;
use super::{ElementName, Issue};
use crate::delegation::{circle, missing_parent, unsuitable};
use crate::{Engine, EngineError, Session};

/// The connector of an integration: which, and which version.
type Installed = (Option<ConnectorId>, Option<String>);

/// What a push brings of what chains go through.
struct Coming<'a> {
    connectors: HashMap<(ConnectorId, Option<String>), Connector>,
    inserted: HashMap<&'a str, Installed>,
    updated: HashMap<&'a IntegrationId, Installed>,
}

impl Engine {
    /// What is wrong with the chains that begin at connectors of `batch`.
    pub(super) async fn check_delegation(
        &self,
        session: &Session,
        batch: &PushBatch,
    ) -> Result<Vec<Issue>, EngineError> {
        let coming = Coming::of(batch);
        let mut issues = Vec::new();
        for ((_, version), connector) in &coming.connectors {
            for option in delegating(connector) {
                let key = option.proxy_key.as_deref().unwrap_or_default();
                let problem = self.follow(session, &coming, &connector.key, key).await?;
                issues.extend(problem.map(|message| Issue {
                    name: ElementName {
                        element_type: CONNECTORS.to_owned(),
                        key: connector.key.clone(),
                        integration_key: None,
                        version: version.clone(),
                    },
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
            let stored;
            let connector = match coming.connectors.get(&(id.clone(), version.clone())) {
                Some(connector) => connector,
                None => {
                    let version = version.as_deref();
                    let workspace = session.workspace_id();
                    let connectors = &self.shared.connectors;
                    match connectors.compiled(workspace, &id, version).await {
                        Ok(connector) => {
                            stored = connector;
                            &stored
                        }
                        Err(EngineError::Store(error)) => return Err(error.into()),
                        // A definition that cannot be used is reported where it is.
                        Err(_) => return Ok(None),
                    }
                }
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
            Some(installed) => installed.clone(),
            None => (found.connector_id, found.connector_version),
        }))
    }
}

impl<'a> Coming<'a> {
    fn of(batch: &'a PushBatch) -> Self {
        let mut coming = Self {
            connectors: HashMap::new(),
            inserted: HashMap::new(),
            updated: HashMap::new(),
        };
        let delegates = batch.connectors.iter().any(|(_, put)| may_delegate(put));
        for (id, put) in batch.connectors.iter().filter(|_| delegates) {
            if let Some(connector) = compiled(put) {
                let place = (id.clone(), put.version.clone());
                coming.connectors.insert(place, connector);
            }
        }
        for write in &batch.integrations {
            match write {
                IntegrationWrite::Insert(_, new) => {
                    let installed = (new.connector_id.clone(), new.connector_version.clone());
                    coming.inserted.insert(&new.key, installed);
                }
                IntegrationWrite::Update(id, patch) => {
                    let connector = patch.connector_id.clone().flatten();
                    let version = patch.connector_version.clone().flatten();
                    coming.updated.insert(id, (connector, version));
                }
                IntegrationWrite::Archive(_) => {}
            }
        }
        coming
    }
}

/// Whether anything in a connector that comes speaks of delegating.
fn may_delegate(put: &PutConnector) -> bool {
    let files = put.bundle.as_ref().and_then(|files| files.as_object());
    let mut texts = files
        .into_iter()
        .flat_map(|files| files.values())
        .filter_map(|text| text.as_str());
    texts.any(|text| text.contains(AuthType::Proxy.as_str()))
}

fn compiled(put: &PutConnector) -> Option<Connector> {
    let bundle = Bundle::from_json(put.bundle.as_ref()?).ok()?;
    let defaults = ConnectorDefaults {
        key: Some(put.key.clone()),
        version: put.version.clone(),
    };
    load_connector(&bundle, defaults).value
}

fn delegating(connector: &Connector) -> impl Iterator<Item = &AuthOption> {
    connector.options.iter().filter(|it| is_delegating(it))
}

fn is_delegating(option: &AuthOption) -> bool {
    option.auth_type == AuthType::Proxy
}
