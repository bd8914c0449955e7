//! What a script sees thrown where a request fails: the SDK's classes (membrane-connectors
//! reference, section 2.4).

use authbridge_core::auth::{AuthError, ScriptCause, ScriptFailure};
use authbridge_core::client::HandlerErrorKey;
use authbridge_core::request::Response;
use authbridge_script::{ClientData, ClientResponse, HostError};
use http::StatusCode;
use serde_json::{Value, json};

use super::host::header_list;

/// `error` as the script sees it, with the response that is the failure.
pub(super) fn host_error(error: AuthError, response: Option<Box<Response>>) -> HostError {
    let message = error.to_string();
    match error {
        AuthError::Refused {
            status, key, data, ..
        } => {
            let built_in = built_in_key(status);
            let body = response.as_ref().map(|response| response.data());
            HostError {
                key: key.or(built_in).map(|key| key.as_str().to_owned()),
                data: data.or_else(|| {
                    Some(json!({ "statusCode": status.as_u16(), "data": body.unwrap_or_default() }))
                }),
                response: response.map(|response| Box::new(whole(&response))),
                ..HostError::connection(message)
            }
        }
        AuthError::Unavailable { .. }
        | AuthError::Token(_)
        | AuthError::NotAuthorized { .. }
        | AuthError::NotGranted(_)
        | AuthError::Callback(_) => HostError::connection(message),
        AuthError::Blocked { .. } | AuthError::Target(_) => HostError {
            class: "AccessDeniedError".into(),
            kind: Some("bad_request".into()),
            key: Some("access_denied".into()),
            message,
            request_blocked: true,
            ..HostError::default()
        },
        AuthError::Script(failure) => of_code(*failure),
        AuthError::Input(_)
        | AuthError::Delegated
        | AuthError::Delegation(_)
        | AuthError::KindNotAllowed { .. }
        | AuthError::Operation(_)
        | AuthError::Graphql { .. }
        | AuthError::NotRefreshable(_)
        | AuthError::NotSupported { .. }
        | AuthError::ApiClient(_)
        | AuthError::Returned { .. }
        | AuthError::Rest { .. }
        | AuthError::OAuthConfig(_)
        | AuthError::Signing(_)
        | AuthError::TestFailed => HostError {
            class: "ConfigurationError".into(),
            kind: Some("configuration".into()),
            message,
            ..HostError::default()
        },
    }
}

/// What the built-in rules say of a status (membrane-connectors reference, section 3.2).
fn built_in_key(status: StatusCode) -> Option<HandlerErrorKey> {
    match status {
        StatusCode::UNAUTHORIZED => Some(HandlerErrorKey::AccessTokenExpired),
        StatusCode::TOO_MANY_REQUESTS => Some(HandlerErrorKey::RateLimitExceeded),
        _ => None,
    }
}

/// What code of the API client threw. One of the SDK's errors stays what it is; a failed request
/// of another library becomes what it would be had the engine made it.
fn of_code(failure: ScriptFailure) -> HostError {
    let (status, message) = (failure.status(), failure.summary());
    let ScriptCause::Thrown {
        name,
        message: own,
        kind,
        key,
        data,
        ..
    } = failure.cause
    else {
        return custom_code(message);
    };
    if let Some(kind) = kind {
        return HostError {
            class: class_of(&name, &kind),
            kind: Some(kind),
            key,
            message: own,
            data,
            ..HostError::default()
        };
    }
    match status.filter(|status| !status.is_success()) {
        Some(status) => HostError {
            key: built_in_key(status).map(|key| key.as_str().to_owned()),
            data: Some(json!({ "statusCode": status.as_u16() })),
            ..HostError::connection(own)
        },
        None => HostError {
            key,
            ..custom_code(message)
        },
    }
}

fn custom_code(message: String) -> HostError {
    HostError {
        class: "CustomCodeError".into(),
        kind: Some("custom_code".into()),
        message,
        ..HostError::default()
    }
}

/// The class of an error of the SDK: its own, or for a class that an author derived from one, the
/// SDK's for its type.
fn class_of(name: &str, kind: &str) -> String {
    const CLASSES: [&str; 17] = [
        "IntegrationAppError",
        "InternalError",
        "BadRequestError",
        "NotFoundError",
        "NotAuthenticatedError",
        "AccessDeniedError",
        "RateLimitExceededError",
        "ConnectionError",
        "ConfigurationError",
        "ConcurrencyError",
        "DependencyError",
        "FlowRunError",
        "FlowInstanceSetupError",
        "ActionRunError",
        "ActionInstanceSetupError",
        "UnitRunError",
        "CustomCodeError",
    ];
    if CLASSES.contains(&name) {
        return name.to_owned();
    }
    let by_kind = match kind {
        "bad_request" => "BadRequestError",
        "connection" => "ConnectionError",
        "configuration" => "ConfigurationError",
        "concurrency" => "ConcurrencyError",
        "dependency_error" => "DependencyError",
        "internal" => "InternalError",
        _ => "CustomCodeError",
    };
    by_kind.to_owned()
}

fn whole(response: &Response) -> ClientResponse {
    let data: Value = response.data();
    ClientResponse {
        status: response.status.as_u16(),
        headers: header_list(&response.headers),
        data: ClientData::Json(data),
    }
}
