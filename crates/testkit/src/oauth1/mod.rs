//! A simulated OAuth 1.0a authorization server (RFC 5849), and a resource that verifies signatures.
//!
//! [`AuthorizationServer`] is strict: it verifies every signature by base strings of its own making,
//! and refuses clocks that are off, nonces that were used, and callbacks, tokens and verifiers that
//! are not those it knows. [`AuthorizationServerOptions`] say what it wants,
//! [`AuthorizationServer::refuse_next`] what goes wrong. Refusals are told in the words of OAuth
//! Problem Reporting.
//!
//! | Endpoint | Answer |
//! |---|---|
//! | `ANY /request_token` | temporary credentials (RFC 5849 section 2.1) |
//! | `GET /authorize` | 302 back to the client with a verifier (section 2.2), a page with buttons, or for `oob` one with the verifier |
//! | `ANY /access_token` | token credentials (section 2.3), also for a session handle |
//! | `ANY /me`, `ANY /api/…` | 200 for a signature that is good, else 400 or 401 (section 3.2) |

mod authorize;
mod ledger;
mod message;
mod options;
mod refusal;
mod resource;
mod route;
mod server;
mod signature;
mod stand_in;
mod state;
mod tokens;
mod verify;

pub use options::{AuthorizationServerOptions, Consent, Consumer, ProblemPlace, SignatureMethod};
pub use refusal::Problem;
pub use server::{AuthorizationServer, IssuedToken};
pub use stand_in::StandInOptions;
pub(crate) use stand_in::{Signed, StandIn};
pub use state::Counts;
