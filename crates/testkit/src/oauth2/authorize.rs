//! The authorization endpoint (RFC 6749 section 3.1).

use http::header::{HeaderValue, LOCATION};
use http::{Method, Response, StatusCode, request};
use url::Url;

use super::ledger::Pending;
use super::options::{CallbackIss, Consent, Pkce};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::state::{State, later};
use crate::answer::Body;
use crate::page::{consent_page, page};
use crate::query;

/// Why an authorization request gets no code.
enum Problem {
    /// The user must not be sent anywhere (RFC 6749 section 4.1.2.1).
    Page(String),
    /// The client is told, where the user is sent back to.
    Told {
        error: String,
        description: Option<String>,
    },
}

/// What is known of a request whose client may be told of problems.
struct Known<'p> {
    parameters: &'p Parameters,
    client_id: &'p str,
    redirect_uri: &'p str,
    target: Url,
}

impl State {
    /// Answers `GET /authorize`, and `POST` of the form on its page.
    pub(super) fn answer_authorization(
        &mut self,
        head: &request::Parts,
        body: &[u8],
    ) -> Response<Body> {
        let parameters = match Parameters::of_form(head.uri.query()) {
            Ok(parameters) => parameters,
            Err(refusal) => return page(&refusal.description.unwrap_or_default()),
        };
        let known = match self.known(&parameters) {
            Ok(known) => known,
            Err(message) => return page(&message),
        };
        let decision = match (&self.options.consent, &head.method) {
            (Consent::Given, _) => Ok(()),
            (Consent::Asked, &Method::POST) => decided(body),
            (Consent::Asked, _) => {
                return match self.check(&known) {
                    Ok(_) => {
                        let scope = parameters.get("scope").unwrap_or("nothing");
                        let query = head.uri.query().unwrap_or_default();
                        consent_page(known.client_id, scope, &format!("/authorize?{query}"))
                    }
                    Err(problem) => self.send_back(&known, Err(problem)),
                };
            }
            (Consent::Denied { error, description }, _) => Err(Problem::Told {
                error: error.clone(),
                description: description.clone(),
            }),
        };
        let code = self
            .check(&known)
            .and_then(|challenge| decision.map(|()| self.code(&known, challenge)));
        self.send_back(&known, code)
    }

    /// A client that is known, and an address that is one of its own.
    fn known<'p>(&self, parameters: &'p Parameters) -> Result<Known<'p>, String> {
        let missing = |refusal: Refusal| refusal.description.unwrap_or_default();
        let client_id = parameters.required("client_id").map_err(missing)?;
        let redirect_uri = parameters.required("redirect_uri").map_err(missing)?;
        let mut clients = self.options.clients.iter();
        let client = clients
            .find(|client| client.id == client_id)
            .ok_or("There is no such client.")?;
        let is_own = client.redirect_uris.is_empty()
            || client.redirect_uris.iter().any(|own| own == redirect_uri);
        let target = Url::parse(redirect_uri).ok();
        let target = target.filter(|target| is_own && target.fragment().is_none());
        Ok(Known {
            parameters,
            client_id,
            redirect_uri,
            target: target.ok_or("`redirect_uri` is not registered.")?,
        })
    }

    /// Checks the rest of the request. Gives the challenge of PKCE.
    fn check(&self, known: &Known<'_>) -> Result<Option<String>, Problem> {
        match known.parameters.get("response_type") {
            Some("code") => {}
            Some(_) => return Err(told("unsupported_response_type", "only `code` is known")),
            None => return Err(told("invalid_request", "`response_type` is missing")),
        }
        if self.options.pkce == Pkce::Unknown {
            return Ok(None);
        }
        let challenge = known.parameters.get("code_challenge");
        match (challenge, known.parameters.get("code_challenge_method")) {
            (Some(challenge), Some("S256")) => Ok(Some(challenge.to_owned())),
            // Without a method it would be `plain`.
            (Some(_), _) => Err(told("invalid_request", "the method must be `S256`")),
            (None, _) if self.options.pkce == Pkce::Required => {
                Err(told("invalid_request", "`code_challenge` is missing"))
            }
            (None, _) => Ok(None),
        }
    }

    fn code(&mut self, known: &Known<'_>, challenge: Option<String>) -> String {
        let subject = self.options.subject.clone();
        let client_id = known.client_id.to_owned();
        let consented = self.consented(client_id, subject, known.parameters.get("scope"));
        let pending = Pending {
            consented,
            redirect_uri: known.redirect_uri.to_owned(),
            challenge,
            nonce: known.parameters.get("nonce").map(str::to_owned),
        };
        let now = self.now();
        let ends = later(now, self.options.code_lifetime);
        self.counts.codes_issued += 1;
        self.ledger.issue_code(pending, now, ends)
    }

    fn send_back(&self, known: &Known<'_>, outcome: Result<String, Problem>) -> Response<Body> {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        match outcome {
            Ok(code) => pairs.push(("code", code)),
            Err(Problem::Page(message)) => return page(&message),
            Err(Problem::Told { error, description }) => {
                pairs.push(("error", error));
                pairs.extend(description.map(|text| ("error_description", text)));
            }
        }
        let state = known.parameters.get("state");
        pairs.extend(state.map(|state| ("state", state.to_owned())));
        match &self.options.callback_iss {
            CallbackIss::Absent => {}
            CallbackIss::Right => pairs.push(("iss", self.issuer().to_owned())),
            CallbackIss::Wrong(issuer) => pairs.push(("iss", issuer.clone())),
        }
        let mut target = known.target.clone();
        target
            .query_pairs_mut()
            .extend_pairs(pairs)
            .extend_pairs(&self.options.callback_extra);
        let Ok(location) = HeaderValue::from_str(target.as_str()) else {
            return page("`redirect_uri` is not an address.");
        };
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert(LOCATION, location);
        response
    }
}

fn told(error: &str, description: &str) -> Problem {
    Problem::Told {
        error: error.to_owned(),
        description: Some(description.to_owned()),
    }
}

/// Which button was pressed.
fn decided(body: &[u8]) -> Result<(), Problem> {
    let decision = query::first(str::from_utf8(body).ok(), "decision");
    match decision.as_deref() {
        Some("allow") => Ok(()),
        Some("deny") => Err(told("access_denied", "the user said no")),
        Some(_) | None => Err(Problem::Page("No button was pressed.".to_owned())),
    }
}
