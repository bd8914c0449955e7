//! Why a request is refused, in the words of RFC 6749 section 5.2.

use http::StatusCode;

/// Why a request is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) description: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, code: &str, description: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            description: Some(description.to_owned()),
        }
    }

    /// The client is not known, or did not prove who it is.
    pub(super) fn client(description: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    /// What was offered for a token is not good, or no longer.
    pub(super) fn grant(description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// The request is not as it must be.
    pub(super) fn request(description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// The client may not do this.
    pub(super) fn unauthorized(description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unauthorized_client", description)
    }

    /// The server does not know this `grant_type`.
    pub(super) fn grant_type() -> Self {
        let description = "there is no such `grant_type`";
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            description,
        )
    }

    /// The method is not one that the endpoint takes.
    pub(super) fn method() -> Self {
        let description = "the endpoint does not take this method";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            description,
        )
    }
}
