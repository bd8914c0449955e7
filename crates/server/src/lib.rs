//! Authbridge over HTTP: the API of the wire contract, and the proxy.
//!
//! A request enters at `worker.rs`. The proxy path goes to `proxy/`, everything else to the
//! router of `app.rs`.

mod access;
mod app;
mod body;
mod connect;
mod cors;
mod embed;
mod error;
mod listen;
mod logs;
mod openapi;
mod proxy;
mod routes;
mod sessions;
mod wire;
mod worker;

pub use error::ApiError;
pub use listen::{ListenError, Options, Patience, Server, start, start_with};
pub use openapi::openapi;
