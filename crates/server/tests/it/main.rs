//! The server over real connections: started as the command line starts it, in front of a
//! simulated provider or a scripted listener.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on fails its test"
)]

mod support;

mod absent;
mod action_instances;
mod actions;
mod api;
mod archives;
mod auth;
mod code;
mod code_clients;
mod connecting;
mod connection_requests;
mod deadlines;
mod delegating;
mod egress;
mod elements;
mod embedding;
mod freshness;
mod functions;
mod handlers;
mod http;
mod interfaces;
mod isolation;
mod openapi;
mod pushes;
mod refreshing;
mod secrets;
mod settings;
mod shutdown;
mod tokens;
mod upstream;
