//! What tests stand on: a server with its provider, a client, raw connections, a scripted
//! upstream.

mod browser;
mod clock;
mod connectors;
mod raw;
mod world;

pub(crate) use browser::Browser;
pub(crate) use clock::TestClock;
pub(crate) use connectors::{api_key_connector, token_connector};
pub(crate) use raw::{Raw, Upstream};
pub(crate) use world::{Answer, Setup, WORKSPACE_KEY, WORKSPACE_SECRET, World, fetch};
