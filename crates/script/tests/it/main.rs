//! The sandbox as its users see it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside of test functions"
)]

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
