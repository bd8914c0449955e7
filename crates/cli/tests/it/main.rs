//! The executable as its users meet it: arguments, files and signals in, text and exit codes out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod connect;
mod connections;
mod connector;
mod connector_oauth1;
mod connector_oauth2;
mod crash;
mod crash_push;
mod demo;
mod formula;
mod guide;
mod help;
mod json;
mod request;
mod run;
mod serve;
mod support;
mod sync;
mod token;
mod validate;
mod workspace;
