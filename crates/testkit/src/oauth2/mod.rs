//! A simulated OAuth 2.0 authorization server, and a resource that takes its tokens.
//!
//! [`AuthorizationServer`] speaks the grants that people use, strictly by default, and every quirk
//! that providers are known for where [`AuthorizationServerOptions`] says so. Its token endpoint
//! fails on demand ([`TokenFault`]), and it counts everything ([`Counts`]). Time and randomness are
//! injected; delays are in tokio's time.
//!
//! | Endpoint | Answer |
//! |---|---|
//! | `GET /authorize` | 302 back to the client (RFC 6749 section 4.1.2), or a page with buttons |
//! | `POST /token` | tokens (RFC 6749 section 5) |
//! | `POST /revoke` | 200 (RFC 7009) |
//! | `GET /.well-known/oauth-authorization-server`, `…/openid-configuration` | the metadata (RFC 8414) |
//! | `ANY /me`, `ANY /api/…` | 200 for a live access token, else 401 (RFC 6750) |

mod assertion;
mod authorize;
mod counts;
mod faults;
mod identity;
mod key;
mod ledger;
mod metadata;
mod mint;
mod options;
mod parameters;
mod refusal;
mod resource;
mod route;
mod server;
mod shape;
mod stand_in;
mod state;
mod token;

pub use counts::{Counts, GrantType};
pub use faults::{FaultAnswer, FaultBody, RetryAfter, TokenFault};
pub use key::SigningPair;
pub(crate) use key::der;
pub use options::{
    AssertionKey, AuthorizationServerOptions, CallbackIss, Client, ClientAuthMethod, Consent,
    IdTokens, Pkce, Rotation, TokenRequestFormat, User,
};
pub use server::{AuthorizationServer, IssuedTokens, serve};
pub use shape::{Expiry, ResponseShape, TokenResponseFormat};
pub use stand_in::StandInOptions;
pub(crate) use stand_in::{Served, StandIn};
