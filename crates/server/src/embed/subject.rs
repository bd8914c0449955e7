//! What a visit is about: the integration, and the ways to connect it.

use authbridge_core::SecretJson;
use authbridge_core::connector::AuthType;
use authbridge_engine::{BrowserRequest, Engine, EngineError, Session};
use serde_json::Value;

use super::input::without_secrets;
use super::schema::{Field, fields};
use super::texts::{Texts, named};

/// The integration of a visit.
pub(super) struct Subject {
    /// What people call the integration.
    pub(super) name: String,
    id: String,
    /// Why it cannot be connected.
    pub(super) problem: Option<String>,
    /// The options that are offered.
    pub(super) offers: Vec<Offer>,
    /// The option that is named by whoever sent the user, or of the connection that there is.
    preferred: Option<String>,
    /// What is known of the input before the user types: what the app gave, and what was typed
    /// when the account was connected before.
    given: Option<Value>,
    is_reconnect: bool,
}

/// A way to connect.
pub(super) struct Offer {
    pub(super) key: Option<String>,
    pub(super) auth_type: AuthType,
    title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) help_uri: Option<String>,
    pub(super) fields: Vec<Field>,
}

impl Offer {
    /// What people choose it by.
    pub(super) fn title<'a>(&'a self, integration: &'a str) -> &'a str {
        let title = self.title.as_deref().or(self.key.as_deref());
        title.unwrap_or(integration)
    }
}

impl Subject {
    pub(super) async fn of(
        engine: &Engine,
        session: &Session,
        request: &BrowserRequest,
    ) -> Result<Self, EngineError> {
        let earlier = match &request.connection {
            Some(selector) => Some(engine.connection(session, selector).await?),
            None => None,
        };
        let selector = earlier.as_ref().map_or_else(
            || request.connect.integration.clone(),
            |earlier| earlier.integration_id.to_string(),
        );
        let record = engine.integration(session, &selector).await?;
        let view = engine.view_integration(session, record).await?;
        let connector = view.connector.as_deref();
        let options = connector.map_or(&[][..], |connector| &connector.options);
        let offers: Vec<Offer> = options
            .iter()
            .filter(|option| view.option_keys.contains(&option.key))
            .map(|option| Offer {
                key: option.key.clone(),
                auth_type: option.auth_type,
                title: option.title.clone(),
                description: option.description.clone(),
                help_uri: option.help_uri.clone(),
                fields: fields(view.form(option)),
            })
            .collect();
        let own = request.connect.auth_option_key.clone();
        let before = earlier
            .as_ref()
            .and_then(|earlier| earlier.auth_option_key.clone());
        let preferred = own.or(before);
        let given = request.connect.input.as_ref();
        let mut given = given.map(|given| given.expose().clone());
        if let (None, Some(earlier)) = (&given, &earlier) {
            let kept = engine.typed_before(session, earlier).await?;
            let offer = offers.iter().find(|offer| offer.key == preferred);
            given = offer.map(|offer| without_secrets(&offer.fields, kept.expose()));
        }
        Ok(Self {
            id: view.record.id.to_string(),
            name: view.record.name.unwrap_or(view.record.key),
            problem: view.problem,
            offers,
            preferred,
            given,
            is_reconnect: earlier.is_some(),
        })
    }

    /// The heading.
    pub(super) fn title(&self, texts: &'static Texts) -> String {
        let text = if self.is_reconnect {
            texts.reconnect
        } else {
            texts.connect
        };
        named(text, &self.name)
    }

    /// The option called `key`; without one, the one that is named, or the only one.
    pub(super) fn offer(&self, key: Option<&str>) -> Option<&Offer> {
        let of = |key: &str| {
            let is = |offer: &&Offer| offer.key.as_deref() == Some(key);
            self.offers.iter().find(is)
        };
        match (key.or(self.preferred.as_deref()), self.offers.as_slice()) {
            (Some(key), _) if of(key).is_some() => of(key),
            (_, [only]) => Some(only),
            (_, _) => None,
        }
    }

    /// What the external app will be asked to allow by `offer`, as far as that is known before the
    /// user has filled in the form that goes with `request`.
    pub(super) async fn scopes(
        &self,
        engine: &Engine,
        session: &Session,
        mut request: BrowserRequest,
        offer: &Offer,
    ) -> Vec<String> {
        if !matches!(offer.auth_type, AuthType::OAuth2 | AuthType::Proxy) {
            return Vec::new();
        }
        request.connect.integration.clone_from(&self.id);
        request.connect.auth_option_key.clone_from(&offer.key);
        request.connect.input = self.given.clone().map(SecretJson::new);
        // What keeps the account from being connected is said when it is.
        let scopes = engine.scopes_asked_for(session, request).await;
        scopes.unwrap_or_default()
    }

    /// What is known of `offer`'s input before the user types.
    pub(super) fn given(&self) -> Option<&Value> {
        self.given.as_ref()
    }
}
