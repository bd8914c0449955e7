//! What a provider is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

/// How a [`Provider`](crate::Provider) behaves from the start.
#[derive(Clone, Debug)]
pub struct ProviderOptions {
    /// The address to bind; by default a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// What the one account of this provider is recognised by.
    pub credentials: Credentials,
    /// How workspace tokens (`X-Integration-App-Token`, `X-Membrane-Token`) are checked.
    pub tokens: TokenCheck,
    /// How many requests [`Provider::seen`](crate::Provider::seen) remembers; older ones are
    /// forgotten.
    pub record_limit: usize,
}

impl Default for ProviderOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            credentials: Credentials::default(),
            tokens: TokenCheck::default(),
            record_limit: 1000,
        }
    }
}

/// Everything that proves the provider's one account. All of it is accepted at the same time.
#[derive(Clone)]
pub struct Credentials {
    /// For the header `X-Api-Key` and the query parameter `api_key`.
    pub api_key: String,
    /// For `Authorization: Bearer`.
    pub bearer_token: String,
    /// For `Authorization: Basic`.
    pub username: String,
    /// For `Authorization: Basic` and for `POST /login`.
    pub password: String,
    /// For `POST /login`.
    pub email: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            api_key: "simulated-api-key".to_owned(),
            bearer_token: "simulated-bearer-token".to_owned(),
            username: "ada".to_owned(),
            password: "simulated-password".to_owned(),
            email: "ada@example.com".to_owned(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("username", &self.username)
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// What a workspace token must satisfy.
#[derive(Clone, Default)]
pub struct TokenCheck {
    /// The secret the token must be signed with (HS256, HS384 or HS512). `None` believes any token
    /// and only reads its claims.
    pub workspace_secret: Option<String>,
    /// The present, in seconds since 1970, which `exp` is compared with. `None` ignores `exp`.
    pub now: Option<fn() -> u64>,
}

impl fmt::Debug for TokenCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenCheck")
            .field("verifies_signature", &self.workspace_secret.is_some())
            .field("verifies_lifetime", &self.now.is_some())
            .finish()
    }
}
