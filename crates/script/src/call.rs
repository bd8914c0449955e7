//! One call: what goes in, and what comes out.

use std::time::Duration;

use serde_json::Value;

use crate::error::ScriptError;
use crate::settings::Limits;

/// A function to run, and what it gets.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Whose call it is, for the fair share of places: a workspace, usually.
    pub tenant: String,
    /// The function's name, such as `makeApiClient`, for modules that export several.
    pub function: String,
    /// Its one argument.
    pub argument: Value,
    /// Members of the argument, such as `externalApiClient`, to be set to API clients. Their requests arrive at
    /// [`Host::client_request`](crate::Host::client_request) under the same name.
    pub clients: Vec<String>,
    /// What to do with the function's result, rather than to return it.
    pub then: Option<Then>,
    /// Whether the result is for others than the engine: without what marks functions and bytes (see
    /// [`Outcome::result`]).
    pub plain: bool,
    /// Other limits than the sandbox's own.
    pub limits: Option<Limits>,
}

/// Calls a method of the result and returns what that returns. This is how a client with methods, or an option that
/// is a function, is used: with the function that makes it, in one call.
#[derive(Clone, Debug, Default)]
pub struct Then {
    /// The method's name; `a.b` means the method `b` of the member `a`.
    pub method: String,
    /// Its arguments.
    pub arguments: Vec<Value>,
}

/// What a call came to. What it wrote and what it used are known whether it succeeded or not.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The result as JSON, `None` for `undefined`. Beside what JSON says: a function is `{"$function": true}`, bytes
    /// (`Buffer`, `Uint8Array`, `ArrayBuffer`) are `{"$bytes": "<base64>"}`, and an instance of a script's class has its
    /// class's methods as members. Where the call said [`plain`](Call::plain), functions are left out, bytes are text in
    /// base64, and an error is its name and message.
    pub result: Result<Option<Value>, ScriptError>,
    /// What the script wrote with `console`.
    pub logs: Vec<LogLine>,
    /// What it used.
    pub usage: Usage,
}

/// One line of `console`. The text is a script's: it may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The function of `console` that was called.
    pub level: LogLevel,
    /// The text, with objects written as Node writes them.
    pub message: String,
}

/// The functions of `console`; `log` and `trace` are `Info` and `Debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `console.debug`
    Debug,
    /// `console.log` and `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of the script and of the sandbox's work for it.
    pub cpu: Duration,
    /// From the beginning of the call to its end, with queueing and waiting.
    pub wall: Duration,
    /// The engine's memory at its largest, its environment included.
    pub heap_bytes: usize,
    /// Requests made.
    pub requests: usize,
}
