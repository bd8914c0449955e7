//! The world as a script sees it. Requests run as part of the caller's own task.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

/// Makes the requests of one call.
#[async_trait]
pub trait Host: Send + Sync {
    /// `fetch` and `axios`.
    async fn fetch(&self, request: FetchRequest) -> Result<FetchResponse, HostError>;

    /// `get`, `post` … of the API client called `client` (one of [`Call::clients`](crate::Call::clients)), or of one that
    /// the script made of [`ClientRequest::options`]; that has no name.
    async fn client_request(
        &self,
        client: &str,
        request: ClientRequest,
    ) -> Result<ClientResponse, HostError>;
}

/// A plain HTTP request. The script made every part of it: check it.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// As written by the script, in upper case.
    pub method: String,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// In the order they were set.
    pub headers: Vec<(String, String)>,
    /// `None` without a body.
    pub body: Option<Bytes>,
    /// What to do with a redirect.
    pub redirect: Redirect,
    /// The script's own time limit.
    pub timeout: Option<Duration>,
}

/// `redirect` of `fetch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Follow.
    Follow,
    /// Return the redirect as the response.
    Manual,
    /// Fail.
    Error,
}

/// The response to a [`FetchRequest`].
#[derive(Clone, Debug)]
pub struct FetchResponse {
    /// Status code.
    pub status: u16,
    /// Its reason phrase, or nothing.
    pub status_text: String,
    /// Where the response came from, after redirects.
    pub url: String,
    /// All of them; repeated ones repeat.
    pub headers: Vec<(String, String)>,
    /// The whole body, decoded.
    pub body: Bytes,
}

/// A request through an API client.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    /// In upper case.
    pub method: String,
    /// Relative to the client's base URI, or absolute.
    pub path: String,
    /// Instead of the client's own.
    pub base_uri: Option<String>,
    /// An object, or null.
    pub query: Value,
    /// An object, or null.
    pub headers: Value,
    /// `{username, password}`.
    pub auth: Option<Value>,
    /// The body.
    pub data: ClientBody,
    /// What a `RestApiClient` that the script made itself was made with; its requests are not those of a client that
    /// the call was given.
    pub options: Option<Value>,
    /// Whether the script asked for status and headers beside the body, which it gets in any case.
    pub full_response: bool,
    /// How the script wants the response's body.
    pub response_type: ResponseType,
    /// The script's own time limit.
    pub timeout: Option<Duration>,
}

/// The body of a [`ClientRequest`].
#[derive(Clone, Debug, PartialEq)]
pub enum ClientBody {
    /// None.
    None,
    /// Data, to be sent as JSON unless a header says otherwise.
    Json(Value),
    /// Ready-made bytes, and the content type that goes with them unless a header names another.
    Bytes {
        /// The body.
        bytes: Bytes,
        /// For example `application/x-www-form-urlencoded`.
        content_type: Option<String>,
    },
}

/// `responseType` of an API client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    /// Parsed as JSON where it is JSON.
    Json,
    /// Bytes.
    ArrayBuffer,
    /// Bytes, which the script reads as a stream.
    Stream,
    /// Text.
    Text,
}

/// The response to a [`ClientRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct ClientResponse {
    /// Status code.
    pub status: u16,
    /// All of them; repeated ones repeat.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub data: ClientData,
}

/// The body of a [`ClientResponse`].
#[derive(Clone, Debug, PartialEq)]
pub enum ClientData {
    /// For `Json` and `Text`: the data, or the text as a string.
    Json(Value),
    /// For `ArrayBuffer` and `Stream`.
    Bytes(Bytes),
}

/// A failure that the script sees thrown, as the SDK's error classes have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostError {
    /// `ConnectionError`, `BadRequestError`, `TypeError` … An unknown name is thrown as `Error`.
    pub class: String,
    /// `type` of the SDK's errors.
    pub kind: Option<String>,
    /// `key` of the SDK's errors.
    pub key: Option<String>,
    /// What went wrong, for the script's author.
    pub message: String,
    /// `data` of the SDK's errors.
    pub data: Option<Value>,
    /// The response that is the failure, where there is one.
    pub response: Option<Box<ClientResponse>>,
    /// The request was refused by the egress policy and never left.
    pub request_blocked: bool,
}

impl HostError {
    /// What `fetch` throws when there is no response.
    pub fn network(message: impl Into<String>) -> Self {
        Self {
            class: "TypeError".to_owned(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The SDK's `ConnectionError`.
    pub fn connection(message: impl Into<String>) -> Self {
        Self {
            class: "ConnectionError".to_owned(),
            kind: Some("connection".to_owned()),
            message: message.into(),
            ..Self::default()
        }
    }
}
