//! Tokens: those that callers bring, and the one that the workspace signs for external apps.

mod incoming;
mod key;
mod outgoing;

pub use incoming::{
    Caller, MAX_TOKEN_BYTES, TokenError, UnverifiedToken, VerificationKey, VerifiedToken,
};
pub use key::{GeneratedKey, KeyError, SigningAlgorithm, SigningKey};
pub use outgoing::{CallerClaims, LIFETIME, OutgoingClaims};
