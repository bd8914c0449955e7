//! What a server is started with.

use std::fmt;
use std::time::Duration;

use authbridge_core::Effects;
use jiff::SignedDuration;

/// How an [`AuthorizationServer`](super::AuthorizationServer) behaves. All of it can be changed
/// while it runs ([`AuthorizationServer::change`](super::AuthorizationServer::change)).
///
/// The default has one consumer `simulated-consumer` with the secret `simulated-secret`, takes every
/// signature method, consents at once, and issues tokens that stay good.
#[derive(Clone)]
pub struct AuthorizationServerOptions {
    /// Where time and randomness come from; by default the machine's.
    pub effects: Effects,
    /// The clients that are registered.
    pub consumers: Vec<Consumer>,
    /// The only methods that signatures may have; empty means any.
    pub signature_methods: Vec<SignatureMethod>,
    /// Who gives consent: `user_id` of the tokens.
    pub subject: String,
    /// What happens at the authorization endpoint.
    pub consent: Consent,
    /// How far the server's clock, by which it judges timestamps, is ahead of the right one.
    pub clock_skew: SignedDuration,
    /// How far timestamps may be from the server's clock.
    pub timestamp_tolerance: Duration,
    /// How long temporary credentials and verifiers are good for.
    pub request_token_lifetime: Duration,
    /// How long tokens are good for; `None` is until they are revoked.
    pub access_token_lifetime: Option<Duration>,
    /// Whether tokens come with a session handle, which renews them (OAuth Session extension).
    pub sessions: bool,
    /// Whether the resource takes requests that are signed by the consumer alone.
    pub two_legged: bool,
    /// Where refusals are explained.
    pub problem_place: ProblemPlace,
    /// How many requests [`AuthorizationServer::seen`](super::AuthorizationServer::seen) remembers;
    /// older ones are forgotten. Read at the start only.
    pub record_limit: usize,
}

impl Default for AuthorizationServerOptions {
    fn default() -> Self {
        Self {
            effects: Effects::of_the_system(),
            consumers: vec![Consumer::new("simulated-consumer", "simulated-secret")],
            signature_methods: Vec::new(),
            subject: "ada".to_owned(),
            consent: Consent::Given,
            clock_skew: SignedDuration::ZERO,
            timestamp_tolerance: Duration::from_mins(5),
            request_token_lifetime: Duration::from_mins(10),
            access_token_lifetime: None,
            sessions: false,
            two_legged: false,
            problem_place: ProblemPlace::HeaderAndBody,
            record_limit: 1000,
        }
    }
}

impl fmt::Debug for AuthorizationServerOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthorizationServerOptions")
            .field("consumers", &self.consumers)
            .field("consent", &self.consent)
            .field("clock_skew", &self.clock_skew)
            .finish_non_exhaustive()
    }
}

/// A client that is registered. Its secret does not print.
#[derive(Clone)]
pub struct Consumer {
    /// `oauth_consumer_key`.
    pub key: String,
    /// What HMAC signatures and plain ones are made with.
    pub secret: String,
    /// What RSA signatures are verified with: PEM (SPKI).
    pub public_key: Option<String>,
}

impl Consumer {
    /// A consumer that shares a secret with the server.
    pub fn new(key: &str, secret: &str) -> Self {
        Self {
            key: key.to_owned(),
            secret: secret.to_owned(),
            public_key: None,
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Consumer")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What happens at the authorization endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consent {
    /// The user is sent back with a verifier at once.
    Given,
    /// A page with the buttons `Allow` and `Deny`, for a real browser.
    Asked,
    /// The user is sent back with `oauth_problem=permission_denied`.
    Denied,
}

/// Where a refusal is explained.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProblemPlace {
    /// In `WWW-Authenticate` and in the body.
    HeaderAndBody,
    /// In `WWW-Authenticate` only.
    Header,
    /// In the body only.
    Body,
    /// Nowhere: there is a status, and nothing else.
    Nowhere,
}

/// How requests are signed (RFC 5849 section 3.4, and the same with other digests).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureMethod {
    /// `HMAC-SHA1`.
    HmacSha1,
    /// `HMAC-SHA256`.
    HmacSha256,
    /// `HMAC-SHA512`.
    HmacSha512,
    /// `RSA-SHA1`.
    RsaSha1,
    /// `RSA-SHA256`.
    RsaSha256,
    /// `RSA-SHA512`.
    RsaSha512,
    /// `PLAINTEXT`.
    Plaintext,
}

impl SignatureMethod {
    /// The method of this name.
    pub(super) fn read(name: &str) -> Option<Self> {
        match name {
            "HMAC-SHA1" => Some(Self::HmacSha1),
            "HMAC-SHA256" => Some(Self::HmacSha256),
            "HMAC-SHA512" => Some(Self::HmacSha512),
            "RSA-SHA1" => Some(Self::RsaSha1),
            "RSA-SHA256" => Some(Self::RsaSha256),
            "RSA-SHA512" => Some(Self::RsaSha512),
            "PLAINTEXT" => Some(Self::Plaintext),
            _ => None,
        }
    }
}
