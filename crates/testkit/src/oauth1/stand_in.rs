//! The server in the place of others, for connectors that are tested offline.

use http::request;
use serde_json::Value;
use url::Url;

use super::message::Message;
use super::options::{AuthorizationServerOptions, Consent};
use super::refusal::{Problem, Refusal};
use super::server::IssuedToken;
use super::state::{Answered, State};
use super::tokens;
use super::verify::Endpoint;
use crate::simulated::{SimulatedAnswer, SimulatedRequest, Verdict, address_of};

/// What stands in for a connector's authorization server. Every request with a signature is
/// verified, wherever it goes.
#[derive(Clone, Debug, Default)]
pub struct StandInOptions {
    /// Where temporary credentials are obtained.
    pub request_token: Vec<Url>,
    /// Where the user is sent.
    pub authorize: Vec<Url>,
    /// Where tokens are obtained and renewed.
    pub access_token: Vec<Url>,
    /// Tokens that are good from the beginning, with any consumer: those that users type.
    pub known: Vec<IssuedToken>,
    /// How it behaves.
    pub server: AuthorizationServerOptions,
}

#[derive(Clone, Copy)]
enum Place {
    Authorize,
    Signed(Endpoint),
}

/// How a request to an API is signed.
pub(crate) enum Signed {
    Well,
    /// What it is answered, and why.
    Badly(SimulatedAnswer, Verdict),
    NotAtAll,
}

pub(crate) struct StandIn {
    state: State,
    /// Hosts with paths, which is what there is to compare.
    places: Vec<(String, Place)>,
}

impl StandIn {
    pub(crate) fn new(options: StandInOptions) -> Self {
        let mut places = Vec::new();
        let mut add = |urls: &[Url], place| {
            places.extend(urls.iter().map(|url| (address_of(url), place)));
        };
        add(&options.authorize, Place::Authorize);
        let request_token = Place::Signed(Endpoint::RequestToken);
        add(&options.request_token, request_token);
        let access_token = Place::Signed(Endpoint::AccessToken);
        add(&options.access_token, access_token);
        let mut state = State::new(options.server, &["https", "http"]);
        let subject = state.options.subject.clone();
        for IssuedToken { token, secret } in &options.known {
            state.ledger.know(token, secret, &subject);
        }
        Self { state, places }
    }

    pub(crate) fn deny_consent(&mut self, denies: bool) {
        self.state.options.consent = if denies {
            Consent::Denied
        } else {
            Consent::Given
        };
    }

    pub(crate) fn expire_all(&mut self) {
        self.state.ledger.expire_all();
    }

    pub(crate) fn revoke_all(&mut self) {
        self.state.ledger.revoke_all();
    }

    /// The answer to `request`, if it is for one of the endpoints, and what it means. With a token
    /// come the members of `further`, if that is an object.
    pub(crate) fn answer(
        &mut self,
        request: &SimulatedRequest,
        further: Option<&Value>,
        head: &request::Parts,
        body: &[u8],
    ) -> Option<(SimulatedAnswer, Verdict)> {
        let address = request.address();
        let (_, place) = self.places.iter().find(|(place, _)| *place == address)?;
        let endpoint = match *place {
            Place::Authorize => return Some(self.authorize(head, body)),
            Place::Signed(endpoint) => endpoint,
        };
        Some(match self.state.answer(endpoint, head, body) {
            Ok(Answered::Token(mut members)) => {
                members.extend(texts(further));
                let answer = SimulatedAnswer::of(tokens::response(&members));
                (answer, Verdict::Issued)
            }
            Ok(Answered::Resource(data)) => (SimulatedAnswer::json(200, data), Verdict::Accepted),
            Err(refusal) => (self.refused(&refusal), Verdict::Refused),
        })
    }

    /// How a request that is for no endpoint is signed.
    pub(crate) fn signed(&mut self, head: &request::Parts, body: &[u8]) -> Signed {
        if matches!(Message::read(head, body), Ok(None)) {
            return Signed::NotAtAll;
        }
        match self.state.verified(Endpoint::Resource, head, body) {
            Ok(_) => Signed::Well,
            Err(refusal) => {
                let verdict = match refusal.problem {
                    Problem::TokenExpired | Problem::TokenRevoked => Verdict::Expired,
                    Problem::ParameterAbsent
                    | Problem::ParameterRejected
                    | Problem::VersionRejected
                    | Problem::ConsumerKeyUnknown
                    | Problem::SignatureMethodRejected
                    | Problem::SignatureInvalid
                    | Problem::TimestampRefused
                    | Problem::NonceUsed
                    | Problem::TokenRejected
                    | Problem::TokenUsed
                    | Problem::VerifierInvalid
                    | Problem::PermissionUnknown
                    | Problem::SessionHandleRejected
                    | Problem::BodyHashInvalid => Verdict::Refused,
                };
                Signed::Badly(self.refused(&refusal), verdict)
            }
        }
    }

    fn authorize(&mut self, head: &request::Parts, body: &[u8]) -> (SimulatedAnswer, Verdict) {
        let before = self.state.counts.consents_given;
        let answer = SimulatedAnswer::of(self.state.answer_authorization(head, body));
        let verdict = if self.state.counts.consents_given > before {
            Verdict::Consented
        } else {
            Verdict::Refused
        };
        (answer, verdict)
    }

    fn refused(&mut self, refusal: &Refusal) -> SimulatedAnswer {
        SimulatedAnswer::of(self.state.refused(refusal))
    }
}

/// The members of an object, as a form has them.
fn texts(value: Option<&Value>) -> Vec<(String, String)> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    members
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}
