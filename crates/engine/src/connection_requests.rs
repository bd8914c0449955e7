//! Asking a user to connect an account, by a link.
//!
//! The link holds 256 random bits, of which the store has the hash: whoever has it may connect this
//! one account for this one customer, and nothing else. It works for an hour, as often as it takes
//! until the account is connected or somebody gives up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use authbridge_core::auth::oauth2::pkce::unguessable;
use authbridge_core::auth::{AuthError, NotGranted};
use authbridge_core::id::ConnectionId;
use authbridge_store::{
    Connection, ConnectionRequest, ConnectionRequestOutcome, ConnectionRequestStatus,
    NewConnectionRequest,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::OwnedMutexGuard;

use crate::browser::hash;
use crate::open::Opened;
use crate::testing::stored_error;
use crate::{BrowserRequest, ConnectRequest, Engine, EngineError, Session};

/// How long a link works.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The most that a request may say beside what it is for, as JSON.
const MOST_BYTES: usize = 16 * 1024;

/// How long the link of a connection that has to be connected again is given out once more.
const GIVEN_OUT_FOR: SignedDuration = SignedDuration::from_mins(30);

/// How many links are remembered to be given out once more.
const MOST: usize = 10_000;

/// What a user shall connect.
#[derive(Clone, Debug, Default)]
pub struct ConnectionRequestDraft {
    /// What is to be connected; `input` and `credentials` are the user's to give.
    pub connect: ConnectRequest,
    /// A connection that is connected again, instead of a new one.
    pub connection: Option<String>,
    /// The connector whose only integration is meant, where `connect` names none.
    pub connector: Option<String>,
    /// Where the browser goes at the end.
    pub redirect_uri: Option<String>,
    /// What whoever asks wants to be told beside; kept and given back.
    pub prompt: Option<String>,
}

/// A request, and what its link holds.
#[derive(Clone)]
pub struct RequestedConnection {
    /// The request as it is kept.
    pub record: ConnectionRequest,
    /// What its link holds, which is also how it is called: who knows it may connect.
    pub link: String,
    /// Whether its link has stopped working before anybody used it up.
    pub has_expired: bool,
}

/// Links that were made for connections which have to be connected again, so that looking at one
/// twice does not make two.
#[derive(Default)]
pub(crate) struct ReconnectLinks {
    by_connection: Mutex<HashMap<ConnectionId, (String, Timestamp)>>,
}

impl ReconnectLinks {
    fn known(&self, connection: &ConnectionId, now: Timestamp) -> Option<String> {
        let links = self.by_connection.lock();
        let links = links.unwrap_or_else(PoisonError::into_inner);
        let (link, until) = links.get(connection)?;
        (*until > now).then(|| link.clone())
    }

    fn remember(&self, connection: &ConnectionId, link: &str, now: Timestamp) {
        let links = self.by_connection.lock();
        let mut links = links.unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MOST {
            links.retain(|_, (_, until)| *until > now);
        }
        if links.len() >= MOST {
            links.clear();
        }
        let until = now.checked_add(GIVEN_OUT_FOR).unwrap_or(now);
        links.insert(connection.clone(), (link.to_owned(), until));
    }

    fn forget(&self, connection: &ConnectionId) {
        let links = self.by_connection.lock();
        let mut links = links.unwrap_or_else(PoisonError::into_inner);
        links.remove(connection);
    }
}

impl Engine {
    /// Makes a request and its link.
    pub async fn request_connection(
        &self,
        session: &Session,
        draft: ConnectionRequestDraft,
    ) -> Result<RequestedConnection, EngineError> {
        let connect = draft.connect;
        connect.check_authority(session)?;
        let (connection_id, integration_id, customer_id) = if let Some(selector) = &draft.connection
        {
            let earlier = self.connection(session, selector).await?;
            (
                Some(earlier.id),
                earlier.integration_id,
                earlier.customer_id,
            )
        } else {
            let integration = match &draft.connector {
                Some(connector) => self.integration_of_connector(session, connector).await?,
                None => self.integration(session, &connect.integration).await?,
            };
            let customer = self.owner(session, connect.customer.as_deref()).await?;
            (None, integration.id, customer.id)
        };
        let details = json!({
            "name": connect.name,
            "key": connect.key,
            "meta": connect.meta,
            "authOptionKey": connect.auth_option_key,
            "allowMultiple": connect.allow_multiple,
            "redirectUri": draft.redirect_uri,
            "prompt": draft.prompt,
        });
        if details.to_string().len() > MOST_BYTES {
            return Err(EngineError::bad_request(format!(
                "what a connection request says may have {MOST_BYTES} bytes at most"
            )));
        }
        let link = unguessable(&self.shared.effects);
        let new = NewConnectionRequest {
            customer_id,
            integration_id,
            connection_id,
            link_hash: hash(&link),
            details,
            connector_parameters: connect.connector_parameters,
            expires_at: self.shared.effects.now() + LIFE,
        };
        let store = &self.shared.store;
        let made = store.insert_connection_request(session.workspace_id(), new);
        Ok(self.requested(made.await?, link))
    }

    /// The request whose link holds `link`, for whoever may have made it.
    pub async fn connection_request(
        &self,
        session: &Session,
        link: &str,
    ) -> Result<RequestedConnection, EngineError> {
        let record = self.linked(link).await?;
        if !is_of(&record, session) {
            return Err(unknown());
        }
        Ok(self.requested(record, link.to_owned()))
    }

    /// Ends a request that nobody needs any more. One that is over stays as it is.
    pub async fn cancel_connection_request(&self, link: &str) -> Result<(), EngineError> {
        let _alone = self.alone_with(Some(link)).await;
        let record = self.linked(link).await?;
        self.settle(&record, ConnectionRequestOutcome::Cancelled)
            .await
    }

    /// What a browser that opens the link may do, and for whom.
    pub async fn open_connection_request(
        &self,
        link: &str,
    ) -> Result<(Session, BrowserRequest), EngineError> {
        let record = self.linked(link).await?;
        self.check_open(&record)?;
        let mut session = self
            .customer_session(&record.workspace_id, &record.customer_id)
            .await?;
        let mut request = BrowserRequest {
            connection_request: Some(link.to_owned()),
            ..BrowserRequest::default()
        };
        fill_in(&mut request, &record);
        session.expires_at = Some(record.expires_at);
        Ok((session, request))
    }

    /// Where a user connects `connection` again; `None` where this server does not know where
    /// browsers reach it.
    pub async fn reconnect_uri(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<Option<String>, EngineError> {
        // Nobody can connect what nobody sees; its children say how.
        if self.public_uri().is_none() || connection.is_hidden {
            return Ok(None);
        }
        let now = self.shared.effects.now();
        let links = &self.shared.reconnect_links;
        if let Some(link) = links.known(&connection.id, now) {
            return Ok(Some(self.connect_link(&link)));
        }
        let draft = ConnectionRequestDraft {
            connection: Some(connection.id.to_string()),
            ..ConnectionRequestDraft::default()
        };
        let made = self.request_connection(session, draft).await?;
        links.remember(&connection.id, &made.link, now);
        Ok(Some(self.connect_link(&made.link)))
    }

    /// The address of a link.
    pub fn connect_link(&self, link: &str) -> String {
        let public = self.public_uri().map_or("", |uri| uri.as_str());
        format!("{}/connect/{link}", public.trim_end_matches('/'))
    }

    /// An error of something that ran for a caller, with what the connection's scopes tell about it,
    /// and a link where that is the user's to change.
    pub(crate) async fn explain_to_caller(
        &self,
        session: &Session,
        opened: &Opened,
        error: AuthError,
    ) -> AuthError {
        let connection = &opened.connection;
        let error = error.explained_by(&connection.scopes, None);
        let AuthError::NotGranted(not_granted) = error else {
            return error;
        };
        // Without a link the error is as true.
        let uri = self.reconnect_uri(session, connection).await;
        AuthError::NotGranted(Box::new(NotGranted {
            connect_uri: uri.ok().flatten(),
            ..*not_granted
        }))
    }

    /// Fills in what the link says by which a browser came, where `request` says nothing else, and
    /// finds the integration of a connector.
    pub async fn fill_in(
        &self,
        session: &Session,
        request: &mut BrowserRequest,
    ) -> Result<(), EngineError> {
        self.filled_in(session, request).await?;
        Ok(())
    }

    async fn filled_in(
        &self,
        session: &Session,
        request: &mut BrowserRequest,
    ) -> Result<Option<ConnectionRequest>, EngineError> {
        if let Some(connector) = request.connector.take() {
            let integration = self.integration_of_connector(session, &connector).await?;
            request.connect.integration = integration.id.to_string();
        }
        let Some(link) = &request.connection_request else {
            return Ok(None);
        };
        let record = self.linked(link).await?;
        if !is_of(&record, session) {
            return Err(unknown());
        }
        if request.page.is_some() {
            // The link worked when its page was opened.
            check_unused(&record)?;
        } else {
            self.check_open(&record)?;
        }
        fill_in(request, &record);
        if session.customer().is_none() {
            request.connect.customer = Some(record.customer_id.to_string());
        }
        Ok(Some(record))
    }

    /// The request that a browser follows, whose details are filled in where the browser says
    /// nothing else.
    pub(crate) async fn followed(
        &self,
        session: &Session,
        request: &mut BrowserRequest,
    ) -> Result<Option<ConnectionRequest>, EngineError> {
        let Some(record) = self.filled_in(session, request).await? else {
            return Ok(None);
        };
        if request.connect.connector_parameters.is_none() {
            let store = &self.shared.store;
            let parameters = store.connection_request_parameters(&record).await?;
            request.connect.connector_parameters = parameters;
        }
        Ok(Some(record))
    }

    /// The request that a browser followed before it went to the external app.
    pub(crate) async fn followed_before(
        &self,
        link: Option<&str>,
    ) -> Result<Option<ConnectionRequest>, EngineError> {
        let Some(link) = link else {
            return Ok(None);
        };
        let record = self.linked(link).await?;
        // It may have expired while the user was away, which is no reason to refuse what came of
        // it.
        check_unused(&record)?;
        Ok(Some(record))
    }

    /// Waits until nobody else here does what a link is for: of two windows one connects, and a link
    /// is not cancelled while it is used.
    pub(crate) async fn alone_with(&self, link: Option<&str>) -> Option<OwnedMutexGuard<()>> {
        // Not the link itself, which is a secret and may be as long as somebody likes.
        let id = BASE64_URL_SAFE_NO_PAD.encode(hash(link?));
        Some(self.shared.following.lock(&id).await)
    }

    /// Notes what came of the attempt to do what `record` asks for.
    pub(crate) async fn note_attempt(
        &self,
        record: &ConnectionRequest,
        came_of_it: Result<&Connection, &EngineError>,
        is_asked_again: bool,
    ) -> Result<(), EngineError> {
        let outcome = match came_of_it {
            Ok(connection) => ConnectionRequestOutcome::Success(connection.id.clone()),
            // The user is still there, and tries again.
            Err(_) if is_asked_again => return Ok(()),
            Err(EngineError::Auth(AuthError::Input(_))) => return Ok(()),
            Err(error) => ConnectionRequestOutcome::Error(noted(error)),
        };
        self.settle(record, outcome).await
    }

    async fn settle(
        &self,
        record: &ConnectionRequest,
        outcome: ConnectionRequestOutcome,
    ) -> Result<(), EngineError> {
        let is_over = match &outcome {
            ConnectionRequestOutcome::Success(_) | ConnectionRequestOutcome::Cancelled => true,
            ConnectionRequestOutcome::Error(_) => false,
        };
        if let Some(connection) = record.connection_id.as_ref().filter(|_| is_over) {
            self.shared.reconnect_links.forget(connection);
        }
        let store = &self.shared.store;
        store
            .settle_connection_request(&record.workspace_id, &record.id, outcome)
            .await?;
        Ok(())
    }

    async fn linked(&self, link: &str) -> Result<ConnectionRequest, EngineError> {
        let store = &self.shared.store;
        let found = store.find_connection_request(hash(link)).await?;
        found.ok_or_else(unknown)
    }

    fn check_open(&self, record: &ConnectionRequest) -> Result<(), EngineError> {
        check_unused(record)?;
        if record.expires_at <= self.shared.effects.now() {
            return Err(EngineError::bad_request(
                "this link is too old: ask for a new one",
            ));
        }
        Ok(())
    }

    fn requested(&self, record: ConnectionRequest, link: String) -> RequestedConnection {
        let is_over = match record.status {
            ConnectionRequestStatus::Success | ConnectionRequestStatus::Cancelled => true,
            ConnectionRequestStatus::Pending | ConnectionRequestStatus::Error => false,
        };
        let has_expired = !is_over && record.expires_at <= self.shared.effects.now();
        RequestedConnection {
            record,
            link,
            has_expired,
        }
    }
}

fn check_unused(record: &ConnectionRequest) -> Result<(), EngineError> {
    match record.status {
        ConnectionRequestStatus::Pending | ConnectionRequestStatus::Error => Ok(()),
        ConnectionRequestStatus::Success => Err(EngineError::bad_request(
            "this link was used already: the account is connected",
        )),
        ConnectionRequestStatus::Cancelled => Err(EngineError::bad_request(
            "this link does not work any more: what it was for was cancelled",
        )),
    }
}

fn is_of(record: &ConnectionRequest, session: &Session) -> bool {
    let customer = session.customer();
    record.workspace_id == *session.workspace_id()
        && customer.is_none_or(|customer| customer.id == record.customer_id)
}

/// What nobody asked for, or somebody else did. What was shown is not said back: it may be a link.
fn unknown() -> EngineError {
    EngineError::not_found("Connection request", "it is too old, or was not made here")
}

fn fill_in(request: &mut BrowserRequest, record: &ConnectionRequest) {
    let text = |name: &str| {
        let text = record.details.get(name).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    let connect = &mut request.connect;
    // What is connected is not the browser's to say: parameters that an admin gave are for this.
    request.connection = record.connection_id.as_ref().map(ToString::to_string);
    connect.integration = record.integration_id.to_string();
    connect.name = connect.name.take().or_else(|| text("name"));
    connect.key = connect.key.take().or_else(|| text("key"));
    connect.auth_option_key = connect.auth_option_key.take().or(text("authOptionKey"));
    if connect.meta.is_none() {
        let meta = record.details.get("meta");
        connect.meta = meta.filter(|meta| !meta.is_null()).cloned();
    }
    connect.allow_multiple |= record.details.get("allowMultiple") == Some(&Value::Bool(true));
    request.redirect_uri = request.redirect_uri.take().or_else(|| text("redirectUri"));
}

/// An error as those who ask later are told of it.
fn noted(error: &EngineError) -> Value {
    match error {
        EngineError::Auth(error) => stored_error(error),
        EngineError::Configuration { .. }
        | EngineError::Definition(_)
        | EngineError::NoAuthentication(_)
        | EngineError::Action(_) => {
            json!({ "type": "configuration", "message": error.to_string() })
        }
        EngineError::Store(_) | EngineError::SigningKey(_) => json!({
            "type": "internal",
            "message": "the engine could not do this; its log says why",
        }),
        EngineError::Token(_)
        | EngineError::AccessDenied(_)
        | EngineError::NotFound { .. }
        | EngineError::BadRequest { .. }
        | EngineError::Disconnected { .. }
        | EngineError::NotConnected { .. }
        | EngineError::PushRefused { .. }
        | EngineError::WorkspaceChanged { .. }
        | EngineError::Target(_)
        | EngineError::Egress(_) => {
            json!({ "type": "bad_request", "message": error.to_string() })
        }
    }
}

#[cfg(test)]
mod tests {
    use authbridge_core::Effects;

    use super::*;

    #[test]
    fn a_link_is_given_out_again_for_half_of_its_life() {
        let links = ReconnectLinks::default();
        let connection = ConnectionId::generate(&Effects::of_the_system());
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(links.known(&connection, now), None);
        links.remember(&connection, "link", now);
        let last = now + GIVEN_OUT_FOR - SignedDuration::from_micros(1);
        assert_eq!(links.known(&connection, last).as_deref(), Some("link"));
        assert_eq!(links.known(&connection, now + GIVEN_OUT_FOR), None);
        links.forget(&connection);
        assert_eq!(links.known(&connection, now), None);
    }
}
