//! The files of connectors, as the command line of the original product handles them: an archive
//! per version, and single files of the development version.

use authbridge_core::connector::Connector;
use authbridge_definition::{Bundle, ConnectorDefaults, Diagnostic};
use authbridge_store::{self as store, ConnectorVersion, Origin, Put, PutConnector};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::connectors::{keep_names, read};
use crate::error::is_error;
use crate::{Engine, EngineError, Session, archive};

/// The file that a connector which came as one document consists of.
pub(crate) const DOCUMENT: &str = "connector.json";

impl Engine {
    /// Makes a connector known whose files may come later. What the document says is its
    /// definition as long as nothing else is, and it is complete.
    pub async fn register_connector(
        &self,
        session: &Session,
        document: &Value,
    ) -> Result<Put<store::Connector>, EngineError> {
        session.require_admin()?;
        let text = |name: &str| {
            let text = document.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let key = text("key")
            .ok_or_else(|| EngineError::bad_request("a connector needs a `key`, such as `crm`"))?;
        let bundle = Bundle::from_document(DOCUMENT, &document.to_string());
        let (bundle, loaded) = read(bundle, ConnectorDefaults::default()).await?;
        let is_complete = !loaded.diagnostics.iter().any(is_error) && loaded.value.is_some();
        let has_files = self.has_files(session, &key).await?;
        let put = PutConnector {
            name: text("name").unwrap_or_else(|| key.clone()),
            uuid: text("uuid"),
            logo_uri: text("logoUri"),
            version: None,
            bundle: (is_complete && !has_files).then(|| bundle.to_json()),
            origin: Origin::Api,
            key,
        };
        self.put(session, put).await
    }

    /// Whether the development version of a connector came as files.
    async fn has_files(&self, session: &Session, key: &str) -> Result<bool, EngineError> {
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        let Some(record) = store.find_connector(workspace, key).await? else {
            return Ok(false);
        };
        let bundle = store.connector_bundle(workspace, &record.id, None).await?;
        Ok(bundle.is_some_and(|files| files.get(DOCUMENT).is_none()))
    }

    /// Puts an archive in the place of the development version, or publishes it as `version`.
    pub async fn upload_connector(
        &self,
        session: &Session,
        selector: &str,
        archive: Bytes,
        version: Option<String>,
    ) -> Result<Put<store::Connector>, EngineError> {
        session.require_admin()?;
        let record = self.live_connector(session, selector).await?;
        let files = tokio::task::spawn_blocking(move || archive::unpack(&archive))
            .await
            .map_err(|_| EngineError::bad_request("the archive could not be read"))??;
        let bundle = Bundle::from_json(&files)
            .map_err(|error| EngineError::bad_request(error.to_string()))?;
        let defaults = defaults_of(&record, version.clone());
        let (bundle, loaded) = read(bundle, defaults).await?;
        let compiled = match loaded.value {
            Some(compiled) if !loaded.diagnostics.iter().any(is_error) => compiled,
            Some(_) | None => return Err(EngineError::Definition(loaded.diagnostics)),
        };
        let put = put_of(&record, Some(&compiled), version, bundle.to_json());
        self.put(session, put).await
    }

    /// The versions of a connector, the oldest first.
    pub async fn connector_versions(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Vec<ConnectorVersion>, EngineError> {
        let record = self.live_connector(session, selector).await?;
        let store = &self.shared.store;
        Ok(store
            .list_connector_versions(session.workspace_id(), &record.id)
            .await?)
    }

    /// The files of a version as an archive; the development version's unless told otherwise.
    pub async fn download_connector(
        &self,
        session: &Session,
        selector: &str,
        version: Option<&str>,
    ) -> Result<Vec<u8>, EngineError> {
        session.require_admin()?;
        let record = self.live_connector(session, selector).await?;
        let version = version.filter(|it| !matches!(*it, "dev" | "development"));
        let store = &self.shared.store;
        let bundle = store
            .connector_bundle(session.workspace_id(), &record.id, version)
            .await?;
        let bundle = bundle.ok_or_else(|| {
            let version = version.unwrap_or("development");
            EngineError::not_found("Connector version", format!("{selector} {version}"))
        })?;
        tokio::task::spawn_blocking(move || archive::pack(&bundle))
            .await
            .map_err(|_| EngineError::bad_request("the archive could not be made"))?
    }

    /// Puts one file of the development version in its place, or takes it out with `None`, and
    /// tells what there is to say about the definition as it is now.
    ///
    /// It is kept even if the definition has errors then: whoever changes several files, one after
    /// the other, has it incomplete in between.
    pub async fn put_connector_file(
        &self,
        session: &Session,
        selector: &str,
        path: &str,
        text: Option<String>,
    ) -> Result<Vec<Diagnostic>, EngineError> {
        session.require_admin()?;
        let path = archive::checked_path(path)?;
        let record = self.live_connector(session, selector).await?;
        // Two files at once must not each be put beside the old version of the other.
        let turn = self.shared.connecting.of(record.id.as_str()).lock().await;
        let store = &self.shared.store;
        let workspace = session.workspace_id();
        let known = store.connector_bundle(workspace, &record.id, None).await?;
        let mut files = match known {
            Some(Value::Object(files)) => files,
            Some(_) | None => Map::new(),
        };
        if let Some(text) = text {
            files.insert(path, text.into());
        } else {
            let removed = files.shift_remove(&path);
            removed.ok_or_else(|| EngineError::not_found("File", path))?;
        }
        let bundle = Bundle::from_json(&files.into())
            .map_err(|error| EngineError::bad_request(error.to_string()))?;
        let (bundle, loaded) = read(bundle, defaults_of(&record, None)).await?;
        let put = put_of(&record, loaded.value.as_ref(), None, bundle.to_json());
        self.put(session, put).await?;
        drop(turn);
        Ok(loaded.diagnostics)
    }

    async fn live_connector(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<store::Connector, EngineError> {
        let store = &self.shared.store;
        let found = store
            .find_connector(session.workspace_id(), selector)
            .await?;
        found
            .filter(|record| record.archived_at.is_none())
            .ok_or_else(|| EngineError::not_found("Connector", selector))
    }

    async fn put(
        &self,
        session: &Session,
        put: PutConnector,
    ) -> Result<Put<store::Connector>, EngineError> {
        let store = &self.shared.store;
        let put = store.put_connector(session.workspace_id(), put).await?;
        self.shared.clients.forget_all();
        Ok(put)
    }
}

fn defaults_of(record: &store::Connector, version: Option<String>) -> ConnectorDefaults {
    ConnectorDefaults {
        key: Some(record.key.clone()),
        version,
    }
}

/// A version of the connector of `record`; its key and UUID stay.
fn put_of(
    record: &store::Connector,
    compiled: Option<&Connector>,
    version: Option<String>,
    files: Value,
) -> PutConnector {
    let name = compiled.map_or(&record.key, |compiled| &compiled.name);
    let mut put = PutConnector {
        key: record.key.clone(),
        uuid: None,
        name: name.clone(),
        logo_uri: compiled.and_then(|compiled| compiled.logo_uri.clone()),
        version,
        bundle: Some(files),
        origin: Origin::Api,
    };
    keep_names(&mut put, None, Some(record));
    put
}
