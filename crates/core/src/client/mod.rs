//! The API client: what `makeApiClient` returns, parsed once and ready for many requests.

mod call;
mod code;
mod handler;
mod hosts;
mod make;
mod overrides;
mod parse;
mod target;

use http::{HeaderName, HeaderValue};
use url::Url;

use crate::auth::oauth1::Signer;

pub use call::{Call, CallData, CallError};
pub use code::ClientCode;
pub(crate) use handler::is_truthy;
pub use handler::{HandlerError, HandlerErrorKey, ResponseFacts, ResponseHandler, Verdict};
pub use hosts::{AllowedHosts, HostPatternError};
pub use make::option_of;
pub use overrides::Override;
pub use parse::is_framing;
pub(crate) use parse::scalar;
pub use parse::{ApiClientError, Defaults};
pub(crate) use target::encode_component;
pub use target::{Target, TargetError, absolute, host_and_port};

/// How to reach an external app with a connection's credentials (wire contract C.4).
///
/// Holds secrets: header values are marked sensitive, and `Debug` shows neither them nor the
/// query.
#[derive(Clone)]
pub struct ApiClient {
    /// What relative paths are joined to; without query and fragment.
    pub base_uri: Url,
    /// Header fields of every request, in the order of the definition.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Query parameters of every request, decoded.
    pub query: Vec<(String, String)>,
    /// Where credentials may go.
    pub allowed_hosts: AllowedHosts,
    /// Rules on responses, tried in order before the built-in ones.
    pub response_handlers: Vec<ResponseHandler>,
    /// Changes to requests of some paths, in order.
    pub overrides: Vec<Override>,
    /// What `makeApiClient` in JavaScript gave besides data.
    pub code: ClientCode,
    /// What signs each request, for auth types that sign. It is no part of what `makeApiClient`
    /// returns.
    pub signer: Option<Signer>,
}

impl std::fmt::Debug for ApiClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ApiClient")
            .field("base_uri", &self.base_uri.as_str())
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
