//! The sandbox as its users see it.

mod basics;
mod builtins;
mod concurrency;
mod crypto;
mod errors;
mod globals;
mod hostile;
mod http;
mod isolation;
mod linking;
mod support;
