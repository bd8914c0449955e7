//! What every database must do (`contract`), and what only files can show (the rest).

mod contract;
mod files;
mod keys;
mod support;
mod tampering;

contract::contract!(sqlite, crate::support::sqlite);
