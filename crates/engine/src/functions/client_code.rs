//! The parts of an API client that are code: its options for one request, its own methods, and
//! what it makes of errors.

use authbridge_core::auth::{Arguments, AuthError};
use authbridge_core::client::{ApiClient, Call, CallData};
use authbridge_core::connector::{FunctionName, Implementation, Script};
use authbridge_core::request::Response;
use authbridge_script::Then;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::FunctionRunner;
use super::exchange::{Answer, Failure};

impl FunctionRunner<'_> {
    /// The code of `makeApiClient`.
    fn client_script(&self) -> Option<&Script> {
        match &self.own_client_function()?.implementation {
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
        if let (None, Some(parent)) = (self.own_client_function(), &self.parent) {
            let arguments = parent.arguments(arguments);
            let calling = parent.runner.call_client(&arguments, method, values);
            return Box::pin(calling).await;
        }
        let Some(script) = self.client_script() else {
            return Ok(None);
        };
        let arguments = &Arguments {
            withholds_credentials: false,
            ..arguments.clone()
        };
        let then = Then {
            method: method.to_owned(),
            arguments: values,
        };
        let function = FunctionName::MakeApiClient.as_str();
        let called = self.run_code(function, script, arguments, Some(then));
        Ok(self.without_way_back(arguments, called.await?))
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

/// Makes a request by the client's own methods. The answer has a status where the client gave the
/// whole response, and is a plain success where it gave data.
pub(super) async fn client_request(
    runner: &FunctionRunner<'_>,
    arguments: &Arguments,
    client: &ApiClient,
    call: &Call,
) -> Result<Answer, Failure> {
    let method = method_of(call);
    let Some((name, takes_request)) = client.code.method(method) else {
        let message =
            format!("the client that `makeApiClient` returns has no method for {method} requests");
        return Err(AuthError::Operation(message).into());
    };
    let path = Value::from(call.rooted_path());
    let values = if takes_request {
        vec![request_value(call)]
    } else if name == "get" {
        vec![path, object_or_empty(&call.query), options_value(call)]
    } else {
        vec![path, data_value(&call.data), options_value(call)]
    };
    let returned = runner.call_client(arguments, name, values).await?;
    let (response, data) = read_returned(returned.unwrap_or_default());
    Ok(Answer {
        response,
        data,
        is_replaced: true,
    })
}

fn method_of(call: &Call) -> &str {
    if call.method.is_empty() {
        return "GET";
    }
    &call.method
}

/// What a method returned: a whole response has status, headers and data; anything else is data.
fn read_returned(value: Value) -> (Response, Value) {
    let status = value
        .get("statusCode")
        .or_else(|| value.get("status"))
        .and_then(Value::as_u64)
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let is_response = value.get("headers").is_some_and(Value::is_object);
    let (status, data) = match (status, value.get("data")) {
        (Some(status), Some(data)) if is_response => (status, data.clone()),
        _ => (StatusCode::OK, value),
    };
    let response = made_response(status, &data);
    // In data, bytes are their base64, as in what functions return.
    let data = match data.get("$bytes") {
        Some(encoded) => encoded.clone(),
        None => data,
    };
    (response, data)
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
    let mut request = json!({
        "path": call.rooted_path(), "url": call.rooted_path(), "method": method_of(call),
        "data": data_value(&call.data),
    });
    lay_over(&mut request, options_value(call));
    request
}

/// The options of a request: what the caller gave, and nothing else.
fn options_value(call: &Call) -> Value {
    let mut options = json!({
        "query": object_or_empty(&call.query), "params": object_or_empty(&call.query),
        "headers": object_or_empty(&call.headers),
    });
    if let Some(base_uri) = &call.base_uri {
        lay_over(&mut options, json!({ "baseUri": base_uri }));
    }
    if !call.auth.is_null() {
        lay_over(&mut options, json!({ "auth": call.auth }));
    }
    if call.wants_full_response {
        lay_over(&mut options, json!({ "returnFullResponse": true }));
    }
    options
}

fn lay_over(value: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (value, more) {
        members.extend(more);
    }
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
