//! The JavaScript sandbox: JSON in, JSON out.
//!
//! A [`Sandbox`] compiles a connector's modules once ([`Sandbox::compile`]) and runs one function of them per
//! [`Sandbox::call`], each time in a fresh instance of the engine: `QuickJS` as WebAssembly, started from a snapshot in
//! which the environment (`Buffer`, `fetch`, `axios` …) is already set up. Nothing survives from one call to the next.
//!
//! A script reaches the world through the [`Host`] it was given, and through nothing else: there is no file system, no
//! process, no environment and no socket. [`Limits`] end whatever does not end by itself, from outside: the engine's
//! own native code (sorting, searching, regular expressions) is interrupted like everything else, and a bug in its
//! memory management corrupts its own linear memory at most.
//!
//! Scripts never run on the thread of who calls them: the sandbox has its own threads, on which they take turns.

mod call;
mod compile;
mod engine;
mod engine_config;
mod error;
mod guest;
mod host;
mod meter;
mod operations;
mod program;
mod queue;
mod run;
mod sandbox;
mod settings;
mod stack;
mod ticker;
mod wire;

pub use call::{Call, LogLevel, LogLine, Outcome, Then, Usage};
pub use error::{Frame, LimitKind, Position, SandboxError, ScriptError, Thrown};
pub use host::{
    ClientBody, ClientData, ClientRequest, ClientResponse, FetchRequest, FetchResponse, Host,
    HostError, Redirect, ResponseType,
};
pub use program::{ModuleFormat, ModuleSource, Program, ProgramSource};
pub use sandbox::Sandbox;
pub use settings::{Clock, Limits, Random, SandboxSettings};
