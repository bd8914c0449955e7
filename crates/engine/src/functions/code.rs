//! Functions in JavaScript, and the parts of an API client that are code.

use authbridge_core::auth::{Arguments, AuthError, ScriptCause, ScriptFailure, StackFrame};
use authbridge_core::client::{ApiClient, Call, CallData};
use authbridge_core::connector::{FunctionName, Implementation, Script, SourceLocation};
use authbridge_core::request::Response;
use authbridge_module::Program;
use authbridge_script as script;
use authbridge_script::{LogLevel, LogLine, Outcome, ScriptError, Then, Thrown};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::exchange::{Answer, Failure};
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
    async fn run_code(
        &self,
        function: &str,
        script: &Script,
        arguments: &Arguments,
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
            argument: arguments.to_variables(),
            clients,
            then,
            limits: None,
        };
        let host = ScriptHost::new(self, function, arguments);
        let program = &script.program;
        let outcome = Box::pin(self.scripts.call(program, call, &host)).await;
        let mut secrets = Secrets::of(arguments);
        // What a function got in exchange for secrets is as secret.
        if let Ok(Some(result)) = &outcome.result
            && returns_secrets(function)
        {
            secrets.add(result);
        }
        self.read_outcome(function, program, outcome, &secrets)
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

    /// The code of `makeApiClient`.
    fn client_script(&self) -> Option<&Script> {
        match &self
            .option
            .function(FunctionName::MakeApiClient)?
            .implementation
        {
            Implementation::Javascript(script) => Some(script),
            Implementation::Mapping(_)
            | Implementation::RestApiMapping(_)
            | Implementation::GraphqlApiMapping(_)
            | Implementation::OperationMapping(_)
            | Implementation::NotSupported => None,
        }
    }

    /// Calls `method` of what `makeApiClient` returns.
    async fn call_client(
        &self,
        arguments: &Arguments,
        method: &str,
        values: Vec<Value>,
    ) -> Result<Option<Value>, AuthError> {
        let Some(script) = self.client_script() else {
            return Ok(None);
        };
        let then = Then {
            method: method.to_owned(),
            arguments: values,
        };
        let function = FunctionName::MakeApiClient.as_str();
        self.run_code(function, script, arguments, Some(then)).await
    }
}

/// The options that `dynamicOptions` returns for `call`.
pub(crate) async fn dynamic_options(
    runner: &FunctionRunner<'_>,
    arguments: &Arguments,
    call: &Call,
) -> Result<Option<Value>, AuthError> {
    let input = request_value(call);
    runner
        .call_client(arguments, "dynamicOptions", vec![input])
        .await
}

/// What `onError` makes of a failure: another error when it throws, data when it returns some,
/// the same failure otherwise.
pub(super) async fn on_error(
    runner: &FunctionRunner<'_>,
    arguments: &Arguments,
    failure: Failure,
) -> Result<Answer, Failure> {
    let response = failure.response.as_ref().map(|response| {
        json!({
            "status": response.status.as_u16(),
            "statusCode": response.status.as_u16(),
            "data": response.data(),
        })
    });
    let error = json!({ "message": failure.error.to_string(), "response": response });
    match runner.call_client(arguments, "onError", vec![error]).await {
        Ok(None | Some(Value::Null)) => Err(failure),
        Ok(Some(data)) => Ok(Answer {
            response: failure.response.map_or_else(
                || made_response(StatusCode::OK, &data),
                |response| *response,
            ),
            data,
            is_replaced: true,
        }),
        Err(error) => Err(Failure {
            error,
            response: failure.response,
        }),
    }
}

/// A request by the methods of a client that is code.
pub(super) async fn client_request(
    runner: &FunctionRunner<'_>,
    arguments: &Arguments,
    client: &ApiClient,
    call: &Call,
) -> Result<Answer, Failure> {
    let (response, data) = client_method(runner, arguments, client, call).await?;
    Ok(Answer {
        response,
        data,
        is_replaced: true,
    })
}

/// Makes a request by the client's own methods. The answer has a status and headers where the
/// client gave the whole response, and is a plain success where it gave data.
pub(crate) async fn client_method(
    runner: &FunctionRunner<'_>,
    arguments: &Arguments,
    client: &ApiClient,
    call: &Call,
) -> Result<(Response, Value), AuthError> {
    let method = if call.method.is_empty() {
        "GET"
    } else {
        &call.method
    };
    let Some((name, takes_request)) = client.code.method(method) else {
        return Err(AuthError::Operation(format!(
            "the client that `makeApiClient` returns has no method for {method} requests"
        )));
    };
    let has_body = !matches!(name, "get");
    let options = json!({
        "query": call.query, "params": call.query, "headers": call.headers,
        "baseUri": call.base_uri, "returnFullResponse": true,
    });
    let values = if takes_request {
        vec![request_value(call)]
    } else if has_body {
        vec![call.path.as_str().into(), data_value(&call.data), options]
    } else {
        vec![call.path.as_str().into(), call.query.clone(), options]
    };
    let returned = runner.call_client(arguments, name, values).await?;
    Ok(read_returned(returned.unwrap_or_default()))
}

/// A whole response has a status beside its data; anything else is data.
fn read_returned(value: Value) -> (Response, Value) {
    let status = value
        .get("statusCode")
        .or_else(|| value.get("status"))
        .and_then(Value::as_u64)
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let is_response = value.get("data").is_some() || value.get("headers").is_some();
    match (status, is_response) {
        (Some(status), true) => {
            let data = value.get("data").cloned().unwrap_or_default();
            (made_response(status, &data), data)
        }
        _ => (made_response(StatusCode::OK, &value), value),
    }
}

/// A response of our own making: bytes that a script returned, text as it is, other data as JSON.
fn made_response(status: StatusCode, data: &Value) -> Response {
    let bytes = data
        .get("$bytes")
        .and_then(Value::as_str)
        .and_then(|encoded| STANDARD.decode(encoded).ok());
    let (body, content_type): (Bytes, _) = match (bytes, data) {
        (Some(bytes), _) => (bytes.into(), "application/octet-stream"),
        (None, Value::Null) => (Bytes::new(), "application/json"),
        (None, Value::String(text)) => (text.clone().into(), "text/plain; charset=utf-8"),
        (None, other) => (other.to_string().into(), "application/json"),
    };
    let content_type = HeaderValue::from_static(content_type);
    Response {
        status,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        body,
    }
}

/// A request as the SDK's `RestApiClientInput` has it.
fn request_value(call: &Call) -> Value {
    json!({
        "path": call.path, "url": call.path,
        "method": if call.method.is_empty() { "GET" } else { &call.method },
        "query": object_or_empty(&call.query), "params": object_or_empty(&call.query),
        "headers": object_or_empty(&call.headers),
        "data": data_value(&call.data),
        "returnFullResponse": true,
    })
}

/// Code looks into it without asking whether it is there.
fn object_or_empty(value: &Value) -> Value {
    if value.is_null() {
        return json!({});
    }
    value.clone()
}

fn data_value(data: &CallData) -> Value {
    match data {
        CallData::Empty => Value::Null,
        CallData::Value(value) => value.clone(),
        CallData::Bytes { bytes, .. } => String::from_utf8_lossy(bytes).into_owned().into(),
    }
}

/// The name under which a module exports the function.
fn export_name(function: &str) -> &str {
    if function.starts_with("operations/") {
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
