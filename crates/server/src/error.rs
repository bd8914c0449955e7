//! The one map from what went wrong to what the API answers.

use authbridge_core::auth::oauth2::TokenRefusal;
use authbridge_core::auth::retry::FailureClass;
use authbridge_core::auth::{AuthError, Blame, NotGranted, ScriptCause, ScriptFailure, StackFrame};
use authbridge_core::client::{HandlerErrorKey, TargetError};
use authbridge_engine::EngineError;
use authbridge_engine::egress::EgressError;
use authbridge_store::StoreError;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

/// Says that an answer is the engine's own and not the external app's; its value is the error's
/// `key`, or its `type`.
pub(crate) const ERROR_HEADER: HeaderName = HeaderName::from_static("x-authbridge-error");

/// An error as the API answers it: flat, as clients expect (wire contract B.1).
#[derive(Debug)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    kind: &'static str,
    key: Option<&'static str>,
    message: String,
    data: Option<Box<Value>>,
    doc: Option<&'static str>,
    code: Option<Box<FailedCode>>,
}

/// Where code of a definition failed, and what it wrote before.
#[derive(Debug)]
struct FailedCode {
    stack: Vec<Value>,
    logs: Vec<String>,
    /// A key of the author's own.
    key: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            key: None,
            message: message.into(),
            data: None,
            doc: None,
            code: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "bad_request", message).key("not_found")
    }

    /// The caller learns that it happened; why goes to the log.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "internal error");
        let message = "the engine could not do this; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    #[must_use]
    fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    #[must_use]
    fn data(mut self, data: Option<Value>) -> Self {
        self.data = data.map(Box::new);
        self
    }

    /// What happened, for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), self.kind.into());
        if let Some(key) = self.key {
            body.insert("key".into(), key.into());
        }
        body.insert("message".into(), self.message.as_str().into());
        if let Some(data) = &self.data {
            body.insert("data".into(), (**data).clone());
        }
        if let Some(doc) = self.doc {
            body.insert("doc".into(), doc.into());
        }
        if let Some(code) = &self.code {
            if let Some(key) = &code.key {
                body.insert("key".into(), key.as_str().into());
            }
            body.insert("stack".into(), code.stack.clone().into());
            body.insert("logs".into(), code.logs.clone().into());
        }
        Value::Object(body)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.to_json().to_string().into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            ERROR_HEADER,
            HeaderValue::from_static(self.key.unwrap_or(self.kind)),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::Token(_) => {
                let mut error = Self::new(StatusCode::UNAUTHORIZED, "bad_request", message)
                    .key("not_authenticated");
                error.doc = Some("authentication-token-errors");
                error
            }
            EngineError::AccessDenied(_) => forbidden(message),
            EngineError::NotFound { .. } | EngineError::NotConnected { .. } => {
                Self::not_found(message)
            }
            EngineError::BadRequest { .. } => Self::bad_request(message),
            EngineError::Definition(diagnostics) => {
                let data = json!({ "diagnostics": diagnostics });
                Self::new(StatusCode::BAD_REQUEST, "configuration", message).data(Some(data))
            }
            EngineError::PushRefused {
                issues,
                diagnostics,
            } => {
                let data = json!({ "issues": issues, "diagnostics": diagnostics });
                Self::bad_request(message).data(Some(data))
            }
            EngineError::WorkspaceChanged { base, revision, .. } => {
                let data = json!({ "baseRevision": base, "revision": revision });
                Self::new(StatusCode::CONFLICT, "concurrency", message)
                    .key("conflict")
                    .data(Some(data))
            }
            EngineError::Configuration { .. } | EngineError::Action(_) => configuration(message),
            EngineError::NoAuthentication(missing) => configuration(message).data(Some(json!({
                "action": missing.action,
                "integration": missing.integration,
                "connector": missing.connector,
                "file": missing.file,
                "reason": missing.problem.reason,
                "fix": missing.problem.help,
            }))),
            EngineError::Disconnected { error, .. } => connection(StatusCode::BAD_REQUEST, message)
                .key("connection_is_defunct")
                .data(error.map(|error| json!({ "error": error }))),
            EngineError::Auth(error) => from_auth(error, message),
            EngineError::Target(error) => from_target(&error, message),
            EngineError::Egress(error) => from_egress(&error, message),
            EngineError::Store(error) => from_store(&error, message),
            EngineError::SigningKey(_) => Self::internal(&error),
        }
    }
}

impl From<TargetError> for ApiError {
    fn from(error: TargetError) -> Self {
        let message = error.to_string();
        from_target(&error, message)
    }
}

impl From<EgressError> for ApiError {
    fn from(error: EgressError) -> Self {
        let message = error.to_string();
        from_egress(&error, message)
    }
}

fn forbidden(message: String) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "bad_request", message).key("access_denied")
}

fn configuration(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "configuration", message)
}

fn connection(status: StatusCode, message: String) -> ApiError {
    ApiError::new(status, "connection", message)
}

fn from_auth(error: AuthError, message: String) -> ApiError {
    let blame = error.blame();
    match error {
        AuthError::Input(input) => {
            ApiError::bad_request(message).data(Some(json!({ "fields": input.fields })))
        }
        AuthError::Refused {
            key, status, data, ..
        } => {
            let key = key_of_refusal(Some(status), key);
            let data = match (data, key) {
                (Some(data), _) => Some(data),
                (None, Some("rate_limit_exceeded")) => None,
                (None, _) => Some(json!({ "response": { "status": status.as_u16() } })),
            };
            let mut error = connection(status_of_thrown(key, blame), message).data(data);
            error.key = key;
            error
        }
        AuthError::TestFailed => {
            connection(StatusCode::BAD_REQUEST, message).key("connection_is_defunct")
        }
        AuthError::Unavailable { .. } => connection(StatusCode::BAD_GATEWAY, message),
        AuthError::Blocked { .. } => forbidden(message),
        AuthError::Target(target) => from_target(&target, message),
        AuthError::Script(failure) => from_script(*failure, blame, message),
        AuthError::Token(refusal) => from_refusal(&refusal, message),
        AuthError::NotAuthorized { code, .. } => {
            let error = match blame {
                Blame::WorkspaceOwner => configuration(message),
                Blame::Provider => connection(StatusCode::BAD_GATEWAY, message),
                Blame::Caller | Blame::Customer | Blame::Operator => {
                    connection(StatusCode::BAD_REQUEST, message)
                }
            };
            error.data(Some(json!({ "error": code })))
        }
        AuthError::NotGranted(not_granted) => from_not_granted(*not_granted, message),
        AuthError::NotRefreshable(_) | AuthError::Callback(_) | AuthError::Signing(_) => {
            ApiError::bad_request(message)
        }
        AuthError::Delegated
        | AuthError::Delegation(_)
        | AuthError::KindNotAllowed { .. }
        | AuthError::Operation(_)
        | AuthError::Graphql { .. }
        | AuthError::NotSupported { .. }
        | AuthError::ApiClient(_)
        | AuthError::Returned { .. }
        | AuthError::OAuthConfig(_)
        | AuthError::Rest { .. } => configuration(message),
    }
}

/// What the external app refused decides the status; why it did is the user's to change.
fn from_not_granted(not_granted: NotGranted, message: String) -> ApiError {
    let data = json!({
        "missingScopes": not_granted.scopes,
        "connectUri": not_granted.connect_uri,
    });
    let mut error = match not_granted.refused {
        Some(refused) => from_auth(refused, message),
        None => connection(StatusCode::BAD_REQUEST, message),
    };
    match error.data.as_deref_mut() {
        Some(Value::Object(members)) => {
            if let Value::Object(own) = data {
                members.extend(own);
            }
            error
        }
        Some(_) | None => error.data(Some(data)),
    }
}

/// A token endpoint that refuses: what it means decides who is told to act.
fn from_refusal(refusal: &TokenRefusal, message: String) -> ApiError {
    let error = match refusal.class {
        FailureClass::Terminal => {
            connection(StatusCode::BAD_REQUEST, message).key("connection_is_defunct")
        }
        FailureClass::Configuration => configuration(message),
        FailureClass::Throttled => {
            connection(StatusCode::TOO_MANY_REQUESTS, message).key("rate_limit_exceeded")
        }
        FailureClass::Transient => connection(StatusCode::BAD_GATEWAY, message),
    };
    error.data(Some(json!({
        "class": refusal.class.as_str(),
        "error": refusal.code,
        "status": refusal.status.as_u16(),
    })))
}

/// Code that threw one of the SDK's errors answers with its type, key and data; code that failed
/// is a `custom_code` error. Both carry the author's stack.
fn from_script(failure: ScriptFailure, blame: Blame, message: String) -> ApiError {
    let status = failure.status();
    let (kind, key, data) = match failure.cause {
        ScriptCause::Thrown {
            kind, key, data, ..
        } => (kind, key, data),
        ScriptCause::Limit { .. } | ScriptCause::Unusable { .. } | ScriptCause::Busy => {
            (None, None, None)
        }
    };
    let kind = known(&THROWN_TYPES, kind.as_deref()).unwrap_or("custom_code");
    let refusal = key_of_refusal(status, key.as_deref().and_then(HandlerErrorKey::from_name));
    let key = match refusal {
        Some(refusal) if kind == "connection" => Some(refusal.to_owned()),
        _ => key,
    };
    let mut error = ApiError::new(status_of_thrown(key.as_deref(), blame), kind, message);
    error.key = known(&THROWN_KEYS, key.as_deref());
    error.code = Some(Box::new(FailedCode {
        stack: failure.stack.iter().map(frame).collect(),
        logs: failure.logs,
        key: key.filter(|_| error.key.is_none()),
    }));
    error.data(data)
}

/// The key of a request that the external app refused, whoever made it: the key that a response
/// handler or the connector's code gave, or what the status says. Credentials that were refused
/// and not renewed do not work any more.
fn key_of_refusal(
    status: Option<StatusCode>,
    key: Option<HandlerErrorKey>,
) -> Option<&'static str> {
    let is_unauthorised = status == Some(StatusCode::UNAUTHORIZED);
    let key = match key {
        Some(HandlerErrorKey::AccessTokenExpired) if is_unauthorised => {
            HandlerErrorKey::ConnectionIsDefunct
        }
        Some(key) => key,
        None => match status? {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                HandlerErrorKey::ConnectionIsDefunct
            }
            StatusCode::TOO_MANY_REQUESTS => HandlerErrorKey::RateLimitExceeded,
            // Any other refusal says nothing about the connection.
            _ => return None,
        },
    };
    Some(key.as_str())
}

/// Types and keys of the SDK's errors (membrane-connectors reference, section 2.4).
const THROWN_TYPES: [&str; 4] = ["bad_request", "configuration", "connection", "concurrency"];
const THROWN_KEYS: [&str; 8] = [
    "access_denied",
    "access_token_expired",
    "already_exists",
    "connection_is_defunct",
    "lock_timeout",
    "not_authenticated",
    "not_found",
    "rate_limit_exceeded",
];

fn known(names: &[&'static str], name: Option<&str>) -> Option<&'static str> {
    let name = name?;
    names.iter().copied().find(|known| *known == name)
}

/// As the reference's table of errors says, except that 401 is kept for the caller's own token.
fn status_of_thrown(key: Option<&str>, blame: Blame) -> StatusCode {
    match (key, blame) {
        (Some("not_found"), _) => StatusCode::NOT_FOUND,
        (Some("access_denied"), _) => StatusCode::FORBIDDEN,
        (Some("rate_limit_exceeded"), _) => StatusCode::TOO_MANY_REQUESTS,
        (_, Blame::Operator) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Blame::Provider) => StatusCode::BAD_GATEWAY,
        (_, Blame::Caller | Blame::Customer | Blame::WorkspaceOwner) => StatusCode::BAD_REQUEST,
    }
}

fn frame(frame: &StackFrame) -> Value {
    json!({
        "function": frame.function,
        "file": frame.location.file,
        "line": frame.location.line,
        "column": frame.location.column,
    })
}

fn from_target(error: &TargetError, message: String) -> ApiError {
    match error {
        TargetError::Invalid(_) => ApiError::bad_request(message),
        TargetError::HostNotAllowed { host } => forbidden(format!(
            "{message}, so the credentials do not go there; to permit it, add \
             `allowedHosts: [\"{host}\"]` to what the connector's `makeApiClient` returns"
        )),
        TargetError::HostNotPermitted { host } => forbidden(format!(
            "{message}; to permit it, add `allowedChildHosts: [\"{host}\"]` to the `auth` of that \
             connector"
        )),
    }
}

fn from_egress(error: &EgressError, message: String) -> ApiError {
    tracing::debug!(
        error = error as &dyn std::error::Error,
        "request did not succeed"
    );
    if error.is_policy() {
        return forbidden(message);
    }
    if matches!(error, EgressError::CallerStalled) {
        return ApiError::new(StatusCode::REQUEST_TIMEOUT, "bad_request", message);
    }
    let status = if error.is_timeout() {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    let message = format!("the request to the external app did not succeed: {message}");
    connection(status, message)
}

fn from_store(error: &StoreError, message: String) -> ApiError {
    match error {
        StoreError::Conflict { .. } => {
            ApiError::new(StatusCode::CONFLICT, "bad_request", message).key("already_exists")
        }
        StoreError::Missing { .. } => ApiError::not_found(message),
        StoreError::InvalidCursor | StoreError::Full { .. } => ApiError::bad_request(message),
        StoreError::Protected { .. } => forbidden(message),
        StoreError::RevisionMoved => {
            ApiError::new(StatusCode::CONFLICT, "concurrency", message).key("conflict")
        }
        StoreError::GenerationMoved => {
            ApiError::new(StatusCode::CONFLICT, "concurrency", message).key("lock_timeout")
        }
        StoreError::Locked { .. }
        | StoreError::WrongKey { .. }
        | StoreError::UnknownKey { .. }
        | StoreError::Inconsistent { .. }
        | StoreError::CannotOpen { .. }
        | StoreError::Keyring(_)
        | StoreError::Spooled(_)
        | StoreError::Unavailable(_)
        | StoreError::Closed => ApiError::internal(error),
    }
}
