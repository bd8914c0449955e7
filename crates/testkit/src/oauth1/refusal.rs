//! Why a request is refused, in the words of OAuth Problem Reporting.

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use url::form_urlencoded;

use super::options::ProblemPlace;
use super::signature::encoded;
use crate::answer::{self, Body};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What is wrong with a request: the values of `oauth_problem`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// A protocol parameter is missing.
    ParameterAbsent,
    /// A protocol parameter is not one for this request, is there twice, or in two places.
    ParameterRejected,
    /// `oauth_version` is not `1.0`.
    VersionRejected,
    /// There is no such consumer.
    ConsumerKeyUnknown,
    /// The consumer may not sign so.
    SignatureMethodRejected,
    /// The signature is not the one of this request.
    SignatureInvalid,
    /// The timestamp is too far from the server's clock.
    TimestampRefused,
    /// The nonce was used with this timestamp before.
    NonceUsed,
    /// There is no such token, or it is not this consumer's.
    TokenRejected,
    /// The time of the token is over.
    TokenExpired,
    /// The token was revoked.
    TokenRevoked,
    /// The temporary credentials were traded already.
    TokenUsed,
    /// The verifier is not the one that the user brought.
    VerifierInvalid,
    /// The user has not consented.
    PermissionUnknown,
    /// The session handle is not the token's.
    SessionHandleRejected,
    /// `oauth_body_hash` is not that of the body.
    BodyHashInvalid,
}

impl Problem {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ParameterAbsent => "parameter_absent",
            Self::ParameterRejected => "parameter_rejected",
            Self::VersionRejected => "version_rejected",
            Self::ConsumerKeyUnknown => "consumer_key_unknown",
            Self::SignatureMethodRejected => "signature_method_rejected",
            Self::SignatureInvalid => "signature_invalid",
            Self::TimestampRefused => "timestamp_refused",
            Self::NonceUsed => "nonce_used",
            Self::TokenRejected => "token_rejected",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TokenUsed => "token_used",
            Self::VerifierInvalid => "verifier_invalid",
            Self::PermissionUnknown => "permission_unknown",
            Self::SessionHandleRejected => "session_handle_rejected",
            Self::BodyHashInvalid => "body_hash_invalid",
        }
    }

    /// RFC 5849 section 3.2.
    const fn status(self) -> StatusCode {
        match self {
            Self::ParameterAbsent
            | Self::ParameterRejected
            | Self::VersionRejected
            | Self::SignatureMethodRejected => StatusCode::BAD_REQUEST,
            Self::ConsumerKeyUnknown
            | Self::SignatureInvalid
            | Self::TimestampRefused
            | Self::NonceUsed
            | Self::TokenRejected
            | Self::TokenExpired
            | Self::TokenRevoked
            | Self::TokenUsed
            | Self::VerifierInvalid
            | Self::PermissionUnknown
            | Self::SessionHandleRejected
            | Self::BodyHashInvalid => StatusCode::UNAUTHORIZED,
        }
    }
}

/// A problem, with what the client may want to know of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) problem: Problem,
    details: Vec<(&'static str, String)>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            details: Vec::new(),
        }
    }
}

impl Refusal {
    pub(super) fn absent(name: &str) -> Self {
        Self::from(Problem::ParameterAbsent).with("oauth_parameters_absent", name.to_owned())
    }

    pub(super) fn rejected(name: &str) -> Self {
        Self::from(Problem::ParameterRejected).with("oauth_parameters_rejected", name.to_owned())
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.details.push((name, value));
        self
    }

    pub(super) fn response(&self, place: ProblemPlace) -> Response<Body> {
        let (in_header, in_body) = match place {
            ProblemPlace::HeaderAndBody => (true, true),
            ProblemPlace::Header => (true, false),
            ProblemPlace::Body => (false, true),
            ProblemPlace::Nowhere => (false, false),
        };
        let body = if in_body { self.form() } else { String::new() };
        let mut response = answer::whole(self.problem.status(), FORM, body);
        let challenge = if in_header {
            self.challenge()
        } else {
            "OAuth realm=\"Simulated\"".to_owned()
        };
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let details = self.details.iter();
        let details = details.map(|(name, value)| (*name, value.as_str()));
        std::iter::once(("oauth_problem", self.problem.as_str())).chain(details)
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(self.members()).finish()
    }

    fn challenge(&self) -> String {
        let members = self.members();
        let members = members.map(|(name, value)| format!(", {name}=\"{}\"", encoded(value)));
        std::iter::once("OAuth realm=\"Simulated\"".to_owned())
            .chain(members)
            .collect()
    }
}
