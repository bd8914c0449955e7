//! The authorization server in the place of others, for connectors that are tested offline.

use http::{Response, request};
use url::Url;

use super::AuthorizationServerOptions;
use super::options::{Consent, TokenRequestFormat};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::server::IssuedTokens;
use super::state::State;
use crate::answer::Body;
use crate::simulated::{SimulatedAnswer, SimulatedRequest, Verdict, address_of, host_of};

/// What stands in for a connector's authorization server.
#[derive(Clone, Debug, Default)]
pub struct StandInOptions {
    /// Where the user is sent.
    pub authorize: Vec<Url>,
    /// Where tokens are obtained and refreshed.
    pub token: Vec<Url>,
    /// Where tokens are revoked.
    pub revocation: Vec<Url>,
    /// The issuer, whose metadata are published, and below which there are endpoints
    /// (`/authorize`, `/token`, `/revoke`) as well.
    pub issuer: Option<Url>,
    /// How it behaves. Token requests may have their parameters wherever a server could look for
    /// them.
    pub server: AuthorizationServerOptions,
}

/// What a request to an endpoint led to.
pub(crate) struct Served {
    pub(crate) answer: SimulatedAnswer,
    pub(crate) verdict: Verdict,
    /// The code that was issued, of which a token request may make use once.
    pub(crate) code: Option<String>,
    /// The tokens that were issued.
    pub(crate) tokens: Option<IssuedTokens>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Authorize,
    Token,
    Revocation,
    Metadata,
}

pub(crate) struct StandIn {
    state: State,
    /// Hosts with paths, which is what there is to compare.
    places: Vec<(String, Endpoint)>,
}

impl StandIn {
    pub(crate) fn new(options: StandInOptions) -> Self {
        let mut places = Vec::new();
        let mut add = |urls: &[Url], endpoint| {
            places.extend(urls.iter().map(|url| (address_of(url), endpoint)));
        };
        add(&options.authorize, Endpoint::Authorize);
        add(&options.token, Endpoint::Token);
        add(&options.revocation, Endpoint::Revocation);
        let base = options.issuer.as_ref().map_or_else(
            || "https://authorization-server.invalid".to_owned(),
            |issuer| issuer.as_str().trim_end_matches('/').to_owned(),
        );
        if let Some(issuer) = &options.issuer {
            let host = host_of(issuer);
            let path = issuer.path().trim_end_matches('/');
            for (suffix, endpoint) in [
                ("/authorize", Endpoint::Authorize),
                ("/token", Endpoint::Token),
                ("/revoke", Endpoint::Revocation),
                ("/.well-known/openid-configuration", Endpoint::Metadata),
            ] {
                places.push((format!("{host}{path}{suffix}"), endpoint));
            }
            let inserted = format!("{host}/.well-known/oauth-authorization-server{path}");
            places.push((inserted, Endpoint::Metadata));
        }
        Self {
            state: State::new(options.server, base),
            places,
        }
    }

    pub(crate) fn deny_consent(&mut self, denies: bool) {
        self.state.options.consent = if denies {
            Consent::Denied {
                error: "access_denied".to_owned(),
                description: None,
            }
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

    /// Tokens without any request.
    pub(crate) fn open_grant(&mut self) -> IssuedTokens {
        let client = self.state.options.clients.first();
        let client = client.map_or(String::new(), |client| client.id.clone());
        let subject = self.state.options.subject.clone();
        let consented = self.state.consented(client, subject, None);
        let refreshable = self.state.options.refresh_tokens;
        self.state.open_grant(consented, refreshable).into()
    }

    /// The answer to `request`, if it is for one of the endpoints.
    pub(crate) fn answer(
        &mut self,
        request: &SimulatedRequest,
        head: &request::Parts,
        body: &[u8],
    ) -> Option<Served> {
        let address = request.address();
        let (_, endpoint) = self.places.iter().find(|(place, _)| *place == address)?;
        Some(match endpoint {
            Endpoint::Authorize => self.authorize(head, body),
            Endpoint::Token => self.token(head, body),
            Endpoint::Revocation => {
                let parameters = parameters(head, body);
                let response = self.state.answer_revocation(&head.headers, parameters);
                let verdict = if response.status().is_success() {
                    Verdict::Revoked
                } else {
                    Verdict::Refused
                };
                served(response, verdict)
            }
            Endpoint::Metadata => served(self.state.metadata(), Verdict::Published),
        })
    }

    fn authorize(&mut self, head: &request::Parts, body: &[u8]) -> Served {
        let answer = SimulatedAnswer::of(self.state.answer_authorization(head, body));
        let code = location(&answer).and_then(|location| {
            let mut pairs = location.query_pairs();
            let code = pairs.find(|(name, _)| name == "code");
            code.map(|(_, code)| code.into_owned())
        });
        Served {
            verdict: if code.is_some() {
                Verdict::Consented
            } else {
                Verdict::Refused
            },
            answer,
            code,
            tokens: None,
        }
    }

    fn token(&mut self, head: &request::Parts, body: &[u8]) -> Served {
        let granted = parameters(head, body)
            .and_then(|parameters| self.state.grant(&head.headers, &parameters));
        match granted {
            Ok(issued) => {
                let tokens = IssuedTokens {
                    access_token: issued.access_token.clone(),
                    refresh_token: issued.refresh_token.clone(),
                };
                Served {
                    answer: SimulatedAnswer::of(self.state.options.response.success(issued)),
                    verdict: Verdict::Issued,
                    code: None,
                    tokens: Some(tokens),
                }
            }
            Err(refusal) => served(
                self.state.options.response.refusal(&refusal),
                Verdict::Refused,
            ),
        }
    }
}

fn served(response: Response<Body>, verdict: Verdict) -> Served {
    Served {
        answer: SimulatedAnswer::of(response),
        verdict,
        code: None,
        tokens: None,
    }
}

/// The parameters of a request, from wherever it has them.
fn parameters(head: &request::Parts, body: &[u8]) -> Result<Parameters, Refusal> {
    let media_type = head.headers.get(http::header::CONTENT_TYPE);
    let is_json = media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    let format = match (body.is_empty(), is_json) {
        (true, _) => TokenRequestFormat::Query,
        (false, true) => TokenRequestFormat::Json,
        (false, false) => TokenRequestFormat::Form,
    };
    Parameters::of_token_request(head, body, format)
}

/// Where an answer sends the browser.
fn location(answer: &SimulatedAnswer) -> Option<Url> {
    let (_, value) = answer.headers.iter().find(|(name, _)| name == "location")?;
    Url::parse(value).ok()
}
