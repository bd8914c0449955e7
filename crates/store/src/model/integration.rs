//! Integrations: a workspace's installations of connectors.

use authbridge_core::SecretJson;
use authbridge_core::id::{ConnectorId, IntegrationId};
use jiff::Timestamp;
use serde_json::Value;

use super::{Origin, set};

/// A workspace's installation of a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// Its name in files and calls; unique among the workspace's unarchived integrations.
    pub key: String,
    /// A name for people.
    pub name: Option<String>,
    /// The connector it installs.
    pub connector_id: Option<ConnectorId>,
    /// Which version of it; `None` is the development version.
    pub connector_version: Option<String>,
    /// Where its logo is.
    pub logo_uri: Option<String>,
    /// The base URI of the API, where the integration decides it.
    pub base_uri: Option<String>,
    /// Where OAuth providers send the browser back to, when not to us directly.
    pub oauth_callback_uri: Option<String>,
    /// Whether browsers may come to the callback that were not sent away from here, as installs
    /// from an app store do.
    pub allows_external_callback: bool,
    /// What callers keep here for themselves.
    pub meta: Option<Value>,
    /// Whether it is an auth proxy: there for others to delegate to, and shown to nobody.
    pub is_auth_proxy: bool,
    /// Whether there are connector parameters; they are secret and read apart.
    pub has_parameters: bool,
    /// Who put it there.
    pub origin: Origin,
    /// Counts its changes, those of the parameters included; starts at 1.
    pub revision: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// An integration to make.
#[derive(Clone, Debug)]
pub struct NewIntegration {
    /// Its name in files and calls.
    pub key: String,
    /// A name for people.
    pub name: Option<String>,
    /// The connector it installs.
    pub connector_id: Option<ConnectorId>,
    /// Which version of it; `None` is the development version.
    pub connector_version: Option<String>,
    /// Where its logo is.
    pub logo_uri: Option<String>,
    /// The base URI of the API.
    pub base_uri: Option<String>,
    /// Where OAuth providers send the browser back to.
    pub oauth_callback_uri: Option<String>,
    /// Whether browsers may come to the callback that were not sent away from here.
    pub allows_external_callback: bool,
    /// What callers keep here for themselves.
    pub meta: Option<Value>,
    /// Whether it is an auth proxy.
    pub is_auth_proxy: bool,
    /// Connector parameters, such as the client secret; kept sealed.
    pub parameters: Option<SecretJson>,
    /// Who puts it there.
    pub origin: Origin,
}

impl NewIntegration {
    /// The integration with this id, as it begins; its parameters are sealed apart.
    pub(crate) fn with_id(self, id: IntegrationId, now: Timestamp) -> Integration {
        Integration {
            id,
            key: self.key,
            name: self.name,
            connector_id: self.connector_id,
            connector_version: self.connector_version,
            logo_uri: self.logo_uri,
            base_uri: self.base_uri,
            oauth_callback_uri: self.oauth_callback_uri,
            allows_external_callback: self.allows_external_callback,
            meta: self.meta,
            is_auth_proxy: self.is_auth_proxy,
            has_parameters: self.parameters.is_some(),
            origin: self.origin,
            revision: 1,
            created_at: now,
            updated_at: now,
            archived_at: None,
        }
    }
}

/// What to change about an integration; `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct IntegrationPatch {
    /// Its name in files and calls.
    pub key: Option<String>,
    /// A name for people.
    pub name: Option<Option<String>>,
    /// The connector it installs.
    pub connector_id: Option<Option<ConnectorId>>,
    /// Which version of it.
    pub connector_version: Option<Option<String>>,
    /// Where its logo is.
    pub logo_uri: Option<Option<String>>,
    /// The base URI of the API.
    pub base_uri: Option<Option<String>>,
    /// Where OAuth providers send the browser back to.
    pub oauth_callback_uri: Option<Option<String>>,
    /// Whether browsers may come to the callback that were not sent away from here.
    pub allows_external_callback: Option<bool>,
    /// What callers keep here for themselves.
    pub meta: Option<Option<Value>>,
    /// Connector parameters, all of them.
    pub parameters: Option<Option<SecretJson>>,
    /// Who puts it there.
    pub origin: Option<Origin>,
}

impl IntegrationPatch {
    /// Applies all but the parameters, which are sealed apart.
    pub(crate) fn apply(self, integration: &mut Integration) {
        let Self {
            key,
            name,
            connector_id,
            connector_version,
            logo_uri,
            base_uri,
            oauth_callback_uri,
            allows_external_callback,
            meta,
            parameters: _,
            origin,
        } = self;
        set(&mut integration.key, key);
        set(&mut integration.name, name);
        set(&mut integration.connector_id, connector_id);
        set(&mut integration.connector_version, connector_version);
        set(&mut integration.logo_uri, logo_uri);
        set(&mut integration.base_uri, base_uri);
        set(&mut integration.oauth_callback_uri, oauth_callback_uri);
        set(
            &mut integration.allows_external_callback,
            allows_external_callback,
        );
        set(&mut integration.meta, meta);
        set(&mut integration.origin, origin);
    }
}

/// Which integrations to list.
#[derive(Clone, Debug, Default)]
pub struct IntegrationFilter {
    /// Text that the key or the name contains, in any case.
    pub search: Option<String>,
    /// Whether archived ones are listed as well.
    pub include_archived: bool,
    /// Auth proxies, instead of what is none.
    pub is_auth_proxy: bool,
}
