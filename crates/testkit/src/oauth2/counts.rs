//! What happened, in numbers.

use std::collections::BTreeMap;

/// What an authorization server has been asked, in numbers since its start.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Requests to the token endpoint, whatever came of them.
    pub token_requests: u64,
    /// The same by grant, where it could be read. Those that met a fault count as well.
    pub token_requests_by_grant: BTreeMap<GrantType, u64>,
    /// Token requests that were granted, also those whose answer was lost on purpose.
    pub tokens_granted: u64,
    /// Token requests that were refused, without those that met a fault instead.
    pub tokens_refused: u64,
    /// Uses of a refresh token that had been replaced. Each ended a grant, so that the same grant
    /// is never counted twice.
    pub refresh_token_reuses: u64,
    /// Uses of a code that had been used.
    pub code_reuses: u64,
    /// Authorization requests that were sent back with a code.
    pub codes_issued: u64,
    /// Requests to the revocation endpoint by a client that proved who it is.
    pub revocation_requests: u64,
    /// Those of them that ended something.
    pub revocations: u64,
    /// Token requests that are being served: the only number here that also falls. One whose client
    /// has gone away is served no more.
    pub token_requests_in_flight: u64,
    /// The highest number of token requests that were being served at the same time.
    pub most_concurrent_token_requests: u64,
    /// Requests to the resource with a live access token.
    pub resource_requests_accepted: u64,
    /// Requests to the resource without one.
    pub resource_requests_refused: u64,
}

impl Counts {
    /// Token requests with this grant.
    pub fn of(&self, grant: GrantType) -> u64 {
        self.token_requests_by_grant
            .get(&grant)
            .copied()
            .unwrap_or_default()
    }
}

/// What is offered for a token.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum GrantType {
    /// `authorization_code` (RFC 6749 section 4.1).
    AuthorizationCode,
    /// `refresh_token` (RFC 6749 section 6).
    RefreshToken,
    /// `client_credentials` (RFC 6749 section 4.4).
    ClientCredentials,
    /// `password` (RFC 6749 section 4.3).
    Password,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 section 2.1).
    JwtBearer,
}

impl GrantType {
    /// Every grant.
    pub const ALL: [Self; 5] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::Password,
        Self::JwtBearer,
    ];

    /// The parameter `grant_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}
