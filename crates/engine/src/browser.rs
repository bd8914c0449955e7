//! Connecting an account in a browser: away to the external app, and back.
//!
//! What is known when the browser leaves is sealed into an auth session. All that goes along is a
//! state of 256 random bits, which finds the session again once, and a cookie, which tells that
//! it is the same browser that comes back (RFC 9700 section 4.7).

use std::fmt;
use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::auth::oauth2::pkce::unguessable;
use authbridge_core::auth::{self, Arguments, Back, Begin, Callback, Connected, Return, Start};
use authbridge_core::id::{CustomerId, WorkspaceId};
use authbridge_store::{AuthSession, Connection, Customer, NewAuthSession, TakenAuthSession};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::Url;

use crate::children::Child;
use crate::connect::{Setup, explain_new};
use crate::{ConnectRequest, Engine, EngineError, Session, WorkspaceState};

/// How long a user may take at the external app.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What begins a connection in a browser. The cookie's value is not shown.
#[derive(Clone, Default)]
pub struct BrowserRequest {
    /// What is to be connected.
    pub connect: ConnectRequest,
    /// A connection that keeps its id and gets new credentials, instead of a new one.
    pub connection: Option<String>,
    /// The connector whose only integration is meant, where `connect` names none.
    pub connector: Option<String>,
    /// What the waiting client calls this attempt.
    pub request_id: Option<String>,
    /// Where the browser goes when everything is over.
    pub redirect_uri: Option<String>,
    /// What the app wants handed along in the state, behind a colon.
    pub custom_state: Option<String>,
    /// What the browser is known by: the value of this attempt's cookie.
    pub browser: String,
    /// What the server calls its page on which this was begun, for when the browser is back.
    pub page: Option<String>,
    /// What the link holds by which the browser came here, if any.
    pub connection_request: Option<String>,
}

impl fmt::Debug for BrowserRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BrowserRequest")
            .field("connect", &self.connect)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// What to do next. The states in it are not shown.
pub enum BrowserStep {
    /// Nothing: the account is connected.
    Connected(Box<Connection>),
    /// Send the browser there.
    Away(Url),
    /// The external app sends nobody back, but shows a code that the user has to type here.
    Typed(Box<TypedCode>),
}

impl fmt::Debug for BrowserStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connected(_) => "Connected",
            Self::Away(_) => "Away",
            Self::Typed(_) => "Typed",
        })
    }
}

/// A code that the user fetches from the external app's page.
pub struct TypedCode {
    /// The page that shows it, to be opened beside ours.
    pub location: Url,
    /// What to submit to our callback: this state …
    pub state: String,
    /// … and the code under this name.
    pub parameter: &'static str,
}

/// A browser that came back.
#[derive(Debug)]
pub struct BrowserReturn {
    /// What the waiting client calls this attempt.
    pub request_id: Option<String>,
    /// Where the browser goes now.
    pub redirect_uri: Option<String>,
    /// The page on which this was begun.
    pub page: Option<String>,
    /// Whose customer this is about.
    pub workspace: Option<Arc<WorkspaceState>>,
    /// How it went.
    pub result: Result<Connection, EngineError>,
}

/// Why a browser that came back belongs to nothing. No client is told: these may be anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrayReturn {
    /// Not even a state.
    #[error("the link has no `state`: it was not made here, or lost a part on the way")]
    NoState,
    /// A state that nobody here made, or long ago.
    #[error("this attempt to connect is not known here: it is too old, or was made elsewhere")]
    Unknown,
    /// A state whose callback came already.
    #[error("this attempt to connect is over already: its link works only once")]
    Used,
}

impl Engine {
    /// A value to know a browser by.
    pub fn new_browser(&self) -> String {
        unguessable(&self.shared.effects)
    }

    /// Begins a connection in a browser. Types that need no browser are connected at once.
    pub async fn connect_in_browser(
        &self,
        session: &Session,
        mut request: BrowserRequest,
    ) -> Result<BrowserStep, EngineError> {
        request.connect.check_authority(session)?;
        let _alone = self.alone_with(request.connection_request.as_deref()).await;
        let followed = self.followed(session, &mut request).await?;
        let is_asked_again = request.page.is_some();
        let begun = Box::pin(self.begin_in_browser(session, request)).await;
        let came_of_it = match &begun {
            Ok(BrowserStep::Connected(connection)) => Ok(&**connection),
            Ok(BrowserStep::Away(_) | BrowserStep::Typed(_)) => return begun,
            Err(error) => Err(error),
        };
        if let Some(followed) = followed {
            let noting = self.note_attempt(&followed, came_of_it, is_asked_again);
            noting.await?;
        }
        begun
    }

    async fn begin_in_browser(
        &self,
        session: &Session,
        mut request: BrowserRequest,
    ) -> Result<BrowserStep, EngineError> {
        let earlier = match &request.connection {
            Some(selector) => Some(self.connection(session, selector).await?),
            None => None,
        };
        if let Some(earlier) = &earlier {
            inherit(&mut request.connect, earlier);
        }
        let customer = if let Some(earlier) = &earlier {
            self.customer(session, earlier.customer_id.as_str()).await?
        } else {
            let selector = request.connect.customer.as_deref();
            self.owner(session, selector).await?
        };
        let setup = self.setup_for(session, &request.connect).await?;
        if setup.parent.is_some() {
            let child = Child {
                session,
                setup: &setup,
                customer: &customer,
            };
            let joining = self.join_in_browser(child, &mut request.connect, earlier.as_ref());
            if let Some(done) = Box::pin(joining).await? {
                return Ok(BrowserStep::Connected(Box::new(done)));
            }
        }
        let state = unguessable(&self.shared.effects);
        let attempt = Attempt {
            full_state: full_state(&state, request.custom_state.as_deref()),
            callback_uri: self.redirect_uri(&setup.account().integration),
        };
        let begun = self
            .begin_flow(
                session,
                &setup,
                &customer,
                &request.connect,
                attempt.start(),
            )
            .await?;
        let (location, pending, input, back) = match begun {
            Begin::Complete(connected) => {
                let finishing = self.finish(session, &setup, request.connect, earlier, connected);
                let done = Box::pin(finishing).await?;
                return Ok(BrowserStep::Connected(Box::new(done)));
            }
            Begin::Redirect {
                location,
                pending,
                input,
                back,
            } => (location, pending, input, back),
        };
        let input = setup.all_input(&request.connect, input);
        let payload = attempt.payload(&request, &pending, &input);
        let new = NewAuthSession {
            integration_id: setup.integration.id,
            customer_id: customer.id,
            connection_id: earlier.map(|earlier| earlier.id),
            request_id: request.request_id,
            state_hash: hash(&state),
            browser_hash: Some(hash(&request.browser)),
            expires_at: self.shared.effects.now() + PATIENCE,
            payload,
        };
        let store = &self.shared.store;
        store
            .insert_auth_session(session.workspace_id(), new)
            .await?;
        Ok(match back {
            Back::Callback => BrowserStep::Away(location),
            Back::Typed { parameter } => BrowserStep::Typed(Box::new(TypedCode {
                location,
                state: attempt.full_state,
                parameter,
            })),
        })
    }

    /// A browser is back from the external app with `query`. `browsers` are the
    /// values of its cookies.
    pub async fn return_from_browser(
        &self,
        browsers: &[&str],
        query: Vec<(String, String)>,
    ) -> Result<Result<BrowserReturn, StrayReturn>, EngineError> {
        let callback = Callback::new(query);
        let Some(state) = callback.parameter("state") else {
            return Ok(Err(StrayReturn::NoState));
        };
        let opaque = state.split(':').next().unwrap_or(state);
        let now = self.shared.effects.now();
        let taken = self
            .shared
            .store
            .take_auth_session(hash(opaque), now)
            .await?;
        let (attempt, payload) = match taken {
            TakenAuthSession::Fresh(attempt, payload) => (attempt, payload),
            TakenAuthSession::Used(_) => return Ok(Err(StrayReturn::Used)),
            TakenAuthSession::Unknown => return Ok(Err(StrayReturn::Unknown)),
            TakenAuthSession::Expired(attempt) => {
                let workspace = self.workspace_by_id(&attempt.workspace_id).await?;
                return Ok(Ok(BrowserReturn {
                    request_id: attempt.request_id,
                    redirect_uri: None,
                    page: None,
                    workspace,
                    result: Err(too_late()),
                }));
            }
        };
        let redirect_uri = text(payload.expose(), "redirectUri");
        let page = text(payload.expose(), "page");
        let request_id = attempt.request_id.clone();
        let workspace = self.workspace_by_id(&attempt.workspace_id).await?;
        let result = if is_same_browser(&attempt, browsers) {
            Box::pin(self.complete_followed(&attempt, &payload, &callback)).await
        } else {
            Err(other_browser())
        };
        Ok(Ok(BrowserReturn {
            request_id,
            redirect_uri,
            page,
            workspace,
            result,
        }))
    }

    /// A browser came to the callback that was never sent away from here: the external app's own
    /// store installs something of the workspace's app, whose page handed the browser on with the
    /// customer's token. There is no state that binds it to a browser and no code verifier, so
    /// only integrations that say so take it (RFC 9700 section 4.7).
    pub async fn connect_from_outside(
        &self,
        session: &Session,
        integration: &str,
        query: Vec<(String, String)>,
    ) -> Result<Connection, EngineError> {
        let request = ConnectRequest {
            integration: integration.to_owned(),
            ..ConnectRequest::default()
        };
        let setup = self.setup_for(session, &request).await?;
        if !setup.integration.allows_external_callback {
            return Err(EngineError::bad_request(format!(
                "accounts of `{}` are connected from here only: set `allowExternalCallback: true` \
                 on the integration to let other pages start it",
                setup.integration.key
            )));
        }
        let customer = self.owner(session, None).await?;
        let callback_uri = self.redirect_uri(&setup.account().integration);
        let outside = Away {
            setup: &setup,
            customer: &customer,
            pending: SecretJson::default(),
            start: Start {
                redirect_uri: &callback_uri,
                state: "",
            },
        };
        let callback = Callback::new(query);
        let connected = self.come_back(session, &outside, &request, &callback);
        let connected = Box::pin(connected).await?;
        let finishing = self.finish(session, &setup, request, None, connected);
        Box::pin(finishing).await
    }

    /// Goes on where [`Self::connect_in_browser`] left off, and notes it where a link led there.
    async fn complete_followed(
        &self,
        attempt: &AuthSession,
        payload: &SecretJson,
        callback: &Callback,
    ) -> Result<Connection, EngineError> {
        let link = text(payload.expose(), "connectionRequest");
        let _alone = self.alone_with(link.as_deref()).await;
        let followed = self.followed_before(link.as_deref()).await?;
        let result = Box::pin(self.complete(attempt, payload, callback)).await;
        if let Some(followed) = followed {
            let is_asked_again = text(payload.expose(), "page").is_some();
            let noting = self.note_attempt(&followed, result.as_ref(), is_asked_again);
            noting.await?;
        }
        result
    }

    /// Goes on where [`Self::connect_in_browser`] left off.
    async fn complete(
        &self,
        attempt: &AuthSession,
        payload: &SecretJson,
        callback: &Callback,
    ) -> Result<Connection, EngineError> {
        let session = self
            .customer_session(&attempt.workspace_id, &attempt.customer_id)
            .await?;
        let earlier = match &attempt.connection_id {
            Some(id) => Some(self.connection(&session, id.as_str()).await?),
            None => None,
        };
        let kept = payload.expose();
        let request = request_of(attempt, kept);
        let setup = self.setup_for(&session, &request).await?;
        let full_state = text(kept, "state").unwrap_or_default();
        let callback_uri = text(kept, "callbackUri").unwrap_or_default();
        let start = Start {
            redirect_uri: &callback_uri,
            state: &full_state,
        };
        let customer = self
            .customer(&session, attempt.customer_id.as_str())
            .await?;
        let away = Away {
            setup: &setup,
            customer: &customer,
            pending: SecretJson::new(kept.get("pending").cloned().unwrap_or_default()),
            start,
        };
        let connected = self.come_back(&session, &away, &request, callback);
        let connected = Box::pin(connected).await?;
        Box::pin(self.finish(&session, &setup, request, earlier, connected)).await
    }

    /// Exchanges what the browser brought for credentials, and tests them.
    async fn come_back(
        &self,
        session: &Session,
        away: &Away<'_>,
        request: &ConnectRequest,
        callback: &Callback,
    ) -> Result<Connected, EngineError> {
        let account = away.setup.account();
        let arguments = away.setup.account_arguments(request);
        let flow = auth::flow(account.option.auth_type)?;
        let mut runner = self.runner(session, account, away.customer, None)?;
        let back = Return {
            pending: &away.pending,
            callback,
        };
        let completing = flow.complete(
            &mut runner,
            &account.option,
            arguments.clone(),
            &away.start,
            &back,
        );
        let connected = completing.await?;
        let tested = Arguments {
            connection_input: connected.input.clone(),
            credentials: Some(connected.issued.credentials.clone()),
            ..arguments
        };
        let tested = runner.test(&tested).await;
        tested.map_err(|error| explain_new(error, &connected))?;
        if away.setup.parent.is_some() {
            let child = Child {
                session,
                setup: away.setup,
                customer: away.customer,
            };
            self.test_child(child, request, &connected).await?;
        }
        Ok(connected)
    }

    /// Keeps what was connected: in a new connection, or in one that there is.
    async fn finish(
        &self,
        session: &Session,
        setup: &Setup,
        request: ConnectRequest,
        earlier: Option<Connection>,
        connected: Connected,
    ) -> Result<Connection, EngineError> {
        if setup.parent.is_some() {
            let customer = match &earlier {
                Some(earlier) => self.customer(session, earlier.customer_id.as_str()).await?,
                None => self.owner(session, request.customer.as_deref()).await?,
            };
            let child = Child {
                session,
                setup,
                customer: &customer,
            };
            let finishing = self.finish_child(child, request, earlier, connected);
            return Box::pin(finishing).await;
        }
        match earlier {
            Some(earlier) => Box::pin(self.reconnect(session, earlier, request, connected)).await,
            None => self.keep_new(session, setup, request, connected).await,
        }
    }

    /// The session of a customer who is known without a token.
    pub(crate) async fn customer_session(
        &self,
        workspace: &WorkspaceId,
        customer: &CustomerId,
    ) -> Result<Session, EngineError> {
        let record = self.shared.store.find_workspace(workspace).await?;
        let record =
            record.ok_or_else(|| EngineError::not_found("Workspace", workspace.as_str()))?;
        self.session_of_customer(&record.key, customer).await
    }
}

/// A browser that is away at the external app, and for whom.
struct Away<'a> {
    setup: &'a Setup,
    customer: &'a Customer,
    /// What the flow wanted to be kept.
    pending: SecretJson,
    start: Start<'a>,
}

/// What is the same when the browser leaves and when it is back.
struct Attempt {
    full_state: String,
    callback_uri: String,
}

impl Attempt {
    fn start(&self) -> Start<'_> {
        Start {
            redirect_uri: &self.callback_uri,
            state: &self.full_state,
        }
    }

    fn payload(
        &self,
        request: &BrowserRequest,
        pending: &SecretJson,
        input: &SecretJson,
    ) -> SecretJson {
        let connect = &request.connect;
        let parameters = connect.connector_parameters.as_ref();
        SecretJson::new(json!({
            "state": self.full_state,
            "callbackUri": self.callback_uri,
            "redirectUri": request.redirect_uri,
            "page": request.page,
            "connectionRequest": request.connection_request,
            "pending": pending.expose(),
            "input": input.expose(),
            "connectorParameters": parameters.map(SecretJson::expose),
            "authOptionKey": connect.auth_option_key,
            "name": connect.name,
            "key": connect.key,
            "meta": connect.meta,
            "allowMultiple": connect.allow_multiple,
        }))
    }
}

fn request_of(attempt: &AuthSession, kept: &Value) -> ConnectRequest {
    let value = |name: &str| kept.get(name).filter(|value| !value.is_null()).cloned();
    ConnectRequest {
        integration: attempt.integration_id.to_string(),
        customer: None,
        auth_option_key: text(kept, "authOptionKey"),
        name: text(kept, "name"),
        key: text(kept, "key"),
        meta: value("meta"),
        input: value("input").map(SecretJson::new),
        credentials: None,
        connector_parameters: value("connectorParameters").map(SecretJson::new),
        allow_multiple: value("allowMultiple").is_some_and(|value| value == true),
    }
}

/// A reconnect is of the same integration, and of the same option unless it names another.
fn inherit(request: &mut ConnectRequest, earlier: &Connection) {
    request.integration = earlier.integration_id.to_string();
    if request.auth_option_key.is_none() {
        request.auth_option_key.clone_from(&earlier.auth_option_key);
    }
}

fn full_state(state: &str, custom: Option<&str>) -> String {
    match custom.filter(|custom| !custom.is_empty()) {
        Some(custom) => format!("{state}:{custom}"),
        None => state.to_owned(),
    }
}

fn is_same_browser(attempt: &AuthSession, browsers: &[&str]) -> bool {
    let Some(expected) = &attempt.browser_hash else {
        return true;
    };
    browsers
        .iter()
        .any(|browser| verify_slices_are_equal(expected, &hash(browser)).is_ok())
}

pub(crate) fn hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

fn text(kept: &Value, name: &str) -> Option<String> {
    kept.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn too_late() -> EngineError {
    EngineError::bad_request(
        "this attempt to connect took longer than ten minutes: please start again",
    )
}

fn other_browser() -> EngineError {
    EngineError::bad_request(
        "the answer came from another browser than the question, or the browser lost its cookie: \
         please start again, and allow cookies for this page",
    )
}
