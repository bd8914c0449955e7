//! Connectors: pushed as definitions, compiled once per version, used many times.

use std::sync::Arc;

use authbridge_core::connector::Connector;
use authbridge_core::id::{ConnectorId, WorkspaceId};
use authbridge_definition::{Bundle, ConnectorDefaults, Loaded, load_connector};
use authbridge_store::{self as store, Origin, PutConnector, Store};
use moka::future::Cache;
use serde_json::Value;

use crate::connector_files::DOCUMENT;
use crate::error::is_error;
use crate::interfaces::is_of_interface;
use crate::{Engine, EngineError, Session};

/// Compiled connectors. A revision never changes, so entries never go stale.
pub(crate) struct Connectors {
    store: Store,
    compiled: Cache<CompiledKey, Arc<Connector>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CompiledKey {
    id: ConnectorId,
    revision: u64,
    version: Option<String>,
}

impl Connectors {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            compiled: Cache::new(10_000),
        }
    }

    /// The connector `id` in `version`, compiled.
    pub(crate) async fn compiled(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
        version: Option<&str>,
    ) -> Result<Arc<Connector>, EngineError> {
        let record = self.store.find_connector(workspace, id.as_str()).await?;
        let record = record.ok_or_else(|| EngineError::not_found("Connector", id.as_str()))?;
        self.compiled_record(workspace, &record, version).await
    }

    /// The connector whose record is `record` in `version`, compiled.
    pub(crate) async fn compiled_record(
        &self,
        workspace: &WorkspaceId,
        record: &store::Connector,
        version: Option<&str>,
    ) -> Result<Arc<Connector>, EngineError> {
        let key = CompiledKey {
            id: record.id.clone(),
            revision: record.revision,
            version: version.map(str::to_owned),
        };
        if let Some(connector) = self.compiled.get(&key).await {
            return Ok(connector);
        }
        let connector = Arc::new(self.compile(workspace, record, version).await?);
        self.compiled.insert(key, Arc::clone(&connector)).await;
        Ok(connector)
    }

    async fn compile(
        &self,
        workspace: &WorkspaceId,
        record: &store::Connector,
        version: Option<&str>,
    ) -> Result<Connector, EngineError> {
        let version = version.filter(|version| !matches!(*version, "dev" | "development"));
        let files = self
            .store
            .connector_bundle(workspace, &record.id, version)
            .await?;
        let files = files.ok_or_else(|| {
            let version = version.unwrap_or("development");
            EngineError::configuration(format!(
                "the connector `{}` has no version `{version}`",
                record.key
            ))
        })?;
        let defaults = ConnectorDefaults {
            key: Some(record.key.clone()),
            version: version.map(str::to_owned),
        };
        let bundle = Bundle::from_json(&files)
            .map_err(|error| EngineError::configuration(error.to_string()))?;
        let (_, loaded) = read(bundle, defaults).await?;
        loaded
            .value
            .ok_or(EngineError::Definition(loaded.diagnostics))
    }
}

/// Reads a definition. Linking code may take a while, so it is not for the thread of a worker.
pub(crate) async fn read(
    bundle: Bundle,
    defaults: ConnectorDefaults,
) -> Result<(Bundle, Loaded<Connector>), EngineError> {
    let reading = tokio::task::spawn_blocking(move || {
        let loaded = load_connector(&bundle, defaults);
        (bundle, loaded)
    });
    reading
        .await
        .map_err(|_| EngineError::configuration("the connector's definition could not be read"))
}

impl Engine {
    /// Creates or replaces a connector from one flat document (or one with an `auth` block).
    pub async fn push_connector(
        &self,
        session: &Session,
        document: &Value,
    ) -> Result<store::Put<store::Connector>, EngineError> {
        session.require_admin()?;
        let bundle = Bundle::from_document(DOCUMENT, &document.to_string());
        let (bundle, loaded) = read(bundle, ConnectorDefaults::default()).await?;
        if loaded.diagnostics.iter().any(is_error) {
            return Err(EngineError::Definition(loaded.diagnostics));
        }
        let connector = loaded
            .value
            .ok_or(EngineError::Definition(loaded.diagnostics))?;
        let put = put_request(&connector, &bundle, Origin::Api);
        let put = self
            .shared
            .store
            .put_connector(session.workspace_id(), put)
            .await?;
        self.shared.clients.forget_all();
        Ok(put)
    }

    /// The connectors of the workspace.
    pub async fn list_connectors(
        &self,
        session: &Session,
        search: Option<String>,
        page: store::Page,
    ) -> Result<store::Paged<store::Connector>, EngineError> {
        let filter = store::ConnectorFilter { search };
        let mut found = self
            .shared
            .store
            .list_connectors(session.workspace_id(), filter, page)
            .await?;
        // Interfaces are listed as such.
        found.items.retain(|record| !is_of_interface(&record.key));
        Ok(found)
    }

    /// One connector by id, key or uuid, with its compiled development version, unless it has
    /// none.
    pub async fn connector(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<(store::Connector, Option<Arc<Connector>>), EngineError> {
        let workspace = session.workspace_id();
        let found = self
            .shared
            .store
            .find_connector(workspace, selector)
            .await?;
        let record = found
            .filter(|record| record.archived_at.is_none())
            .ok_or_else(|| EngineError::not_found("Connector", selector))?;
        let compiled = self
            .shared
            .connectors
            .compiled(workspace, &record.id, None)
            .await
            .ok();
        Ok((record, compiled))
    }

    /// Archives a connector that no integration uses.
    pub async fn archive_connector(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<store::Connector, EngineError> {
        session.require_admin()?;
        let (record, _) = self.connector(session, selector).await?;
        let workspace = session.workspace_id();
        let users = self
            .integrations_of_connector(workspace, &record.id)
            .await?;
        if let Some(user) = users.first() {
            return Err(EngineError::bad_request(format!(
                "the connector `{}` is used by the integration `{}`; archive that first",
                record.key, user.key
            )));
        }
        Ok(self
            .shared
            .store
            .archive_connector(workspace, &record.id)
            .await?)
    }
}

pub(crate) fn put_request(connector: &Connector, bundle: &Bundle, origin: Origin) -> PutConnector {
    PutConnector {
        key: connector.key.clone(),
        uuid: connector.uuid.clone(),
        name: connector.name.clone(),
        logo_uri: connector.logo_uri.clone(),
        version: connector.version.clone(),
        bundle: Some(bundle.to_json()),
        origin,
    }
}

/// A definition without a name of its own is called by its key; then a better name stays, be it
/// `given` beside the definition or known from before.
pub(crate) fn keep_names(
    put: &mut PutConnector,
    given: Option<String>,
    known: Option<&store::Connector>,
) {
    if put.name == put.key {
        let known_name = known.map(|record| record.name.clone());
        put.name = given.or(known_name).unwrap_or_else(|| put.key.clone());
    }
    if put.logo_uri.is_none() {
        put.logo_uri = known.and_then(|record| record.logo_uri.clone());
    }
}
