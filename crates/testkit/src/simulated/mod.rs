//! A simulated API: it stands in for any external app while a connector is tested offline.

mod account;
mod canned;
mod exchange;
mod graphql;
mod rules;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, request};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

pub use canned::{Canned, CannedOutcome, ExpectedRequest, Mismatch};
pub use exchange::{Exchange, SimulatedAnswer, SimulatedRequest, Verdict};
pub(crate) use exchange::{address_of, host_of};
pub use rules::SimulatedRoute;

use crate::answer::{self, Body};
use crate::options::TokenCheck;
use crate::provider::{Stopped, accept};
use crate::record::unpoisoned;
use crate::{oauth1, oauth2};
use account::Account;
use canned::Script;

/// Larger request bodies are refused with 413.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The status of the answer to a request that no canned exchange expects: none that an API uses.
const UNEXPECTED_STATUS: u16 = 599;

/// A running simulated API on a loopback port, which takes the place of every host. Dropping it
/// stops it.
///
/// It speaks plain HTTP and is told by the `Host` header which API it is. It answers
///
/// 1. by canned exchanges, while there are some ([`SimulatedApi::expect`]);
/// 2. by routes ([`SimulatedApi::set_routes`]) for requests with credentials that are in force;
/// 3. else plausibly: a request with credentials in force gets an account, a request to something
///    like a token endpoint with what the user typed or with a refresh token gets fresh tokens, and
///    everybody else gets 401.
///
/// Where an authorization server stands in ([`SimulatedApi::stand_in`]), its endpoints answer before
/// the third rule; a route of the author's gives its tokens another form.
///
/// Credentials are looked for in headers, also in `Basic` ones, in the query, the path and the
/// body; a JWT that is signed with what the user typed counts as well, and so do tokens of the
/// workspace.
pub struct SimulatedApi {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _stop: watch::Sender<()>,
}

impl fmt::Debug for SimulatedApi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedApi")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

struct State {
    account: Account,
    routes: Vec<SimulatedRoute>,
    script: Option<Script>,
    stand_in: Option<Standing>,
    exchanges: Vec<Exchange>,
}

/// An authorization server that stands in for a connector's.
#[derive(Clone, Debug)]
pub enum StandIn {
    /// One of OAuth 1.0a. It verifies the signatures of all requests.
    OAuth1(Box<oauth1::StandInOptions>),
    /// One of OAuth 2.0.
    OAuth2(Box<oauth2::StandInOptions>),
}

/// The authorization server that stands in at present.
enum Standing {
    OAuth1(Box<oauth1::StandIn>),
    OAuth2(Box<oauth2::StandIn>),
}

impl SimulatedApi {
    /// Binds a free port of 127.0.0.1 and serves it on the current tokio runtime, which needs I/O
    /// and time enabled. Tokens of the workspace are checked as `tokens` says.
    ///
    /// Fails when no port can be bound.
    pub async fn start(tokens: TokenCheck) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            account: Account::new(tokens),
            routes: Vec::new(),
            script: None,
            stand_in: None,
            exchanges: Vec::new(),
        }));
        let (stop, stopped) = Stopped::channel();
        let shared = Arc::clone(&state);
        let accepting = accept(listener, stopped.clone(), move |stream| {
            serve(stream, Arc::clone(&shared))
        });
        tokio::spawn(stopped.or(accepting));
        Ok(Self {
            address,
            state,
            _stop: stop,
        })
    }

    /// The bound address, where everything is to be sent.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forgets every credential and knows `typed` from now on: what the user proves who they are
    /// with. Values of fewer than four characters are not taken for credentials.
    pub fn open_account(&self, typed: Vec<String>) {
        unpoisoned(&self.state).account.open(typed);
    }

    /// From now on requests with something in one of the headers (in lower case) or query
    /// parameters `names` count as if they carried what the user typed: for signatures and the
    /// like, which the simulated API cannot check.
    pub fn trust(&self, names: Vec<String>) {
        unpoisoned(&self.state).account.trust(names);
    }

    /// The author's own answers; the first that matches counts.
    pub fn set_routes(&self, routes: Vec<SimulatedRoute>) {
        unpoisoned(&self.state).routes = routes;
    }

    /// From now on only these requests are expected, in this order, until
    /// [`SimulatedApi::end_script`]. Any other request is answered with status 599.
    pub fn expect(&self, exchanges: Vec<Canned>) {
        unpoisoned(&self.state).script = Some(Script::new(exchanges));
    }

    /// Ends the script of [`SimulatedApi::expect`], and says how it went.
    pub fn end_script(&self) -> CannedOutcome {
        let script = unpoisoned(&self.state).script.take();
        script.map(Script::outcome).unwrap_or_default()
    }

    /// Everything issued so far expires, and what the user typed is refused at resources; logging
    /// in and refreshing still work.
    pub fn expire_all(&self) {
        let mut state = unpoisoned(&self.state);
        state.account.expire();
        match &mut state.stand_in {
            Some(Standing::OAuth1(server)) => server.expire_all(),
            Some(Standing::OAuth2(server)) => server.expire_all(),
            None => {}
        }
    }

    /// The account is closed: nothing works any more.
    pub fn revoke_all(&self) {
        let mut state = unpoisoned(&self.state);
        state.account.revoke();
        match &mut state.stand_in {
            Some(Standing::OAuth1(server)) => server.revoke_all(),
            Some(Standing::OAuth2(server)) => server.revoke_all(),
            None => {}
        }
    }

    /// From now on an authorization server answers at its endpoints, or none any more. Its tokens
    /// are good at every other address.
    pub fn stand_in(&self, server: Option<StandIn>) {
        unpoisoned(&self.state).stand_in = server.map(|server| match server {
            StandIn::OAuth1(options) => Standing::OAuth1(Box::new(oauth1::StandIn::new(*options))),
            StandIn::OAuth2(options) => Standing::OAuth2(Box::new(oauth2::StandIn::new(*options))),
        });
    }

    /// Whether the user says no from now on, where the authorization server asks for consent.
    pub fn deny_consent(&self, denies: bool) {
        match &mut unpoisoned(&self.state).stand_in {
            Some(Standing::OAuth1(server)) => server.deny_consent(denies),
            Some(Standing::OAuth2(server)) => server.deny_consent(denies),
            None => {}
        }
    }

    /// A browser visits `url`: it gets the answer that a request would get.
    pub fn visit(&self, url: &Url) -> SimulatedAnswer {
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let host = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let request = Request::get(target).header("host", host).body(());
        let Ok((head, ())) = request.map(Request::into_parts) else {
            return unexpected();
        };
        let request = SimulatedRequest::new(&head, &[]);
        unpoisoned(&self.state).answer(request, &head, &[])
    }

    /// What arrived and was answered since the last call, oldest first.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut unpoisoned(&self.state).exchanges)
    }

    /// Everything that is a credential of the account or was one, for masking in transcripts.
    pub fn secrets(&self) -> Vec<String> {
        unpoisoned(&self.state).account.secrets()
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let service = service_fn(|request| respond(Arc::clone(&state), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that goes away has what it wanted.
    drop(connection.await);
}

async fn respond(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        let message = "the simulated API takes 16 MiB at most";
        return Ok(answer::refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            message,
        ));
    };
    let body = body.to_bytes();
    let request = SimulatedRequest::new(&head, &body);
    Ok(response(&unpoisoned(&state).answer(request, &head, &body)))
}

impl State {
    fn answer(
        &mut self,
        request: SimulatedRequest,
        head: &request::Parts,
        body: &[u8],
    ) -> SimulatedAnswer {
        let (answer, verdict) = match &mut self.script {
            Some(script) => match script.answer(&request) {
                Some(answer) => (answer, Verdict::Canned),
                None => (unexpected(), Verdict::Unexpected),
            },
            None => self.plausible(&request, head, body),
        };
        self.exchanges.push(Exchange {
            request,
            answer: answer.clone(),
            verdict,
        });
        answer
    }

    fn plausible(
        &mut self,
        request: &SimulatedRequest,
        head: &request::Parts,
        body: &[u8],
    ) -> (SimulatedAnswer, Verdict) {
        let (account, routes) = (&mut self.account, &self.routes);
        match &mut self.stand_in {
            Some(Standing::OAuth2(server)) => match server.answer(request, head, body) {
                Some(given) => rules::answer_of_server(account, routes, given, server, request),
                None => rules::answer(account, routes, Some(server), request),
            },
            Some(Standing::OAuth1(server)) => {
                rules::answer_with_signatures(account, routes, server, request, (head, body))
            }
            None => rules::answer(account, routes, None, request),
        }
    }
}

fn unexpected() -> SimulatedAnswer {
    let message = "this request is not the one that the test expects";
    let data = json!({ "error": "unexpected_request", "message": message });
    SimulatedAnswer::json(UNEXPECTED_STATUS, data)
}

fn response(given: &SimulatedAnswer) -> Response<Body> {
    let status = StatusCode::from_u16(given.status).ok();
    let status = status.filter(|status| !status.is_informational());
    let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = match &given.data {
        Value::Null => answer::whole(status, "text/plain", ""),
        Value::String(text) => answer::whole(status, "text/plain; charset=utf-8", text.clone()),
        data @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            answer::json(status, data)
        }
    };
    for (name, value) in &given.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
