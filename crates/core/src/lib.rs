//! Authbridge without I/O: the connector model, auth types, secrets, tokens.
//!
//! Nothing here reads a clock, a random generator, a file or a socket: effects come in through
//! [`Effects`], and requests go out as values that somebody else sends.

pub mod action;
pub mod auth;
pub mod client;
pub mod connector;
pub mod effects;
pub mod element;
pub mod id;
pub mod request;
pub mod secret;
pub mod settings;
pub mod token;

pub use effects::{Clock, Effects, Random, Watcher};
pub use secret::{SecretJson, SecretString};
