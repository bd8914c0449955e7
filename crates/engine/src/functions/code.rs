//! Functions in JavaScript.

use authbridge_core::auth::{Arguments, AuthError, ScriptCause, ScriptFailure, StackFrame};
use authbridge_core::connector::{FunctionName, Script, SourceLocation};
use authbridge_module::Program;
use authbridge_script as script;
use authbridge_script::{LogLevel, LogLine, Outcome, ScriptError, Then, Thrown};
use serde_json::Value;

use super::delegated::silenced;
use super::host::ScriptHost;
use super::scrub::Secrets;
use super::{FunctionRunner, Step};
use crate::LogEntry;

/// The names by which scripts know the API client (membrane-connectors reference, section 2.3).
const CLIENTS: [&str; 2] = ["apiClient", "externalApiClient"];

/// Functions that make the client, or come before there is one.
pub(super) fn gets_client(function: &str, arguments: &Arguments) -> bool {
    function != FunctionName::MakeApiClient.as_str() && arguments.credentials.is_some()
}

impl FunctionRunner<'_> {
    /// Runs `script`.
    pub(super) async fn script(
        &self,
        step: Step<'_>,
        script: &Script,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        self.run_code(step.name, script, arguments, None).await
    }

    /// Runs `script`, and then a method of what it returned.
    pub(super) async fn run_code(
        &self,
        function: &str,
        script: &Script,
        arguments: &Arguments,
        then: Option<Then>,
    ) -> Result<Option<Value>, AuthError> {
        let argument = arguments.to_variables();
        self.run_code_with(function, script, arguments, argument, then)
            .await
    }

    /// The same with another object for the function than its arguments, which its client is still
    /// made with.
    pub(super) async fn run_code_with(
        &self,
        function: &str,
        script: &Script,
        arguments: &Arguments,
        argument: Value,
        then: Option<Then>,
    ) -> Result<Option<Value>, AuthError> {
        let clients = if gets_client(function, arguments) {
            CLIENTS.map(str::to_owned).to_vec()
        } else {
            Vec::new()
        };
        let call = script::Call {
            tenant: self.tenant.to_owned(),
            function: export_name(function).to_owned(),
            argument,
            clients,
            // The engine looks for functions and bytes only in what makes requests.
            plain: then.is_none() && function != FunctionName::MakeApiClient.as_str(),
            then,
            limits: None,
        };
        let host = ScriptHost::new(self, function, arguments);
        let program = &script.program;
        let outcome = Box::pin(self.scripts.call(program, call, &host)).await;
        let outcome = if self.is_silent(function) {
            silenced(outcome)
        } else {
            outcome
        };
        let mut secrets = Secrets::of(arguments);
        // What a function got in exchange for secrets is as secret.
        if let Ok(Some(result)) = &outcome.result
            && returns_secrets(function)
        {
            secrets.add(result);
        }
        let result = self.read_outcome(function, program, outcome, &secrets);
        result.map_err(|error| host.with_inner_frames(error))
    }

    fn read_outcome(
        &self,
        function: &str,
        program: &Program,
        outcome: Outcome,
        secrets: &Secrets,
    ) -> Result<Option<Value>, AuthError> {
        let entry = |line: LogLine| LogEntry {
            function: function.to_owned(),
            level: level(line.level),
            message: secrets.scrub(&line.message),
        };
        let entries: Vec<LogEntry> = outcome.logs.into_iter().map(entry).collect();
        let result = outcome.result.map_err(|error| {
            let logs = entries.iter().map(|entry| entry.message.clone()).collect();
            AuthError::from(Box::new(failure(function, program, error, secrets, logs)))
        });
        for entry in entries {
            tracing::debug!(
                function = entry.function,
                level = entry.level,
                "{}",
                entry.message
            );
            if let Some(logs) = &self.logs {
                logs.push(entry);
            }
        }
        result
    }
}

/// The name under which a module exports the function.
fn export_name(function: &str) -> &str {
    if function.starts_with("operations/") || function.starts_with("actions/") {
        return "run";
    }
    function
}

fn returns_secrets(function: &str) -> bool {
    FunctionName::ALL
        .into_iter()
        .filter(|name| *name != FunctionName::Test)
        .any(|name| name.as_str() == function)
}

const fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

fn failure(
    function: &str,
    program: &Program,
    error: ScriptError,
    secrets: &Secrets,
    logs: Vec<String>,
) -> ScriptFailure {
    let (cause, stack) = match error {
        ScriptError::Thrown(thrown) => {
            let stack = stack(program, &thrown);
            (thrown_cause(thrown, secrets), stack)
        }
        ScriptError::Limit { which, limit } => {
            let limit = format!("{which} ({limit})");
            (ScriptCause::Limit { limit }, Vec::new())
        }
        ScriptError::Busy => (ScriptCause::Busy, Vec::new()),
        ScriptError::Syntax { message, at } => {
            let location = locate(program, &at.module, at.line, at.column);
            let frame = StackFrame {
                function: None,
                location,
            };
            let reason = format!("does not parse: {message}");
            (ScriptCause::Unusable { reason }, vec![frame])
        }
        other @ (ScriptError::NoFunction { .. }
        | ScriptError::NotSerialisable { .. }
        | ScriptError::Abandoned
        | ScriptError::Crashed { .. }) => {
            let reason = format!("failed: {}", secrets.scrub(&other.to_string()));
            (ScriptCause::Unusable { reason }, Vec::new())
        }
    };
    ScriptFailure {
        function: function.to_owned(),
        cause,
        stack,
        logs,
    }
}

fn thrown_cause(thrown: Thrown, secrets: &Secrets) -> ScriptCause {
    ScriptCause::Thrown {
        name: if thrown.name.is_empty() {
            "Error".to_owned()
        } else {
            secrets.scrub(&thrown.name)
        },
        message: secrets.scrub(&thrown.message),
        kind: thrown.kind,
        key: thrown.key,
        data: thrown.data.map(|data| secrets.scrub_value(data)),
        status: thrown.status,
    }
}

fn stack(program: &Program, thrown: &Thrown) -> Vec<StackFrame> {
    let frame = |frame: &script::Frame| StackFrame {
        function: Some(frame.function.clone()).filter(|name| name != "<anonymous>"),
        location: locate(program, &frame.module, frame.line, frame.column),
    };
    thrown.frames.iter().map(frame).collect()
}

/// A place in what runs, as a place in the author's file.
fn locate(program: &Program, module: &str, line: u32, column: u32) -> SourceLocation {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    match program.locate(module, line, column) {
        Some(position) => SourceLocation {
            file: position.file,
            line: size(position.line),
            column: size(position.column),
        },
        None => SourceLocation {
            file: module.to_owned(),
            line: size(line),
            column: size(column),
        },
    }
}
