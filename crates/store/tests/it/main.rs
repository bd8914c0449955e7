//! What every database must do (`contract`), and what only files can show (the rest).

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod contract;
mod files;
mod keys;
mod spool;
mod support;
mod tampering;

contract::contract!(sqlite, crate::support::sqlite);
