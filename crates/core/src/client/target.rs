//! Where a request goes: a path below the base URI, or a whole URL.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::{AllowedHosts, ApiClient};

/// What RFC 3986 section 2.3 leaves unescaped.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where one request goes, with path and query byte for byte as they will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host and port; its path and query mean nothing.
    pub origin: Url,
    /// What the request line says.
    pub path_and_query: String,
}

/// Why a request goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The URL does not parse, or is not of the schemes `http` and `https`.
    #[error("`{0}` is not a URL that a request can go to")]
    Invalid(String),
    /// The host is not among those that the connector declares.
    #[error("the connector does not allow requests to `{host}`")]
    HostNotAllowed {
        /// The host, with its port when it is not the default one.
        host: String,
    },
    /// The connector that authentication is delegated to keeps its credentials from the host.
    #[error(
        "the connector that authentication is delegated to does not let its credentials go to `{host}`"
    )]
    HostNotPermitted {
        /// The host, with its port when it is not the default one.
        host: String,
    },
}

impl ApiClient {
    /// Where a request for `path` goes, which is relative to the base URI unless it starts with
    /// `http://` or `https://`. `query` is the caller's, without the question mark.
    ///
    /// The caller's path and query are kept as they are. Query parameters of the client are
    /// added unless the caller gave one of the same name.
    pub fn target(&self, path: &str, query: Option<&str>) -> Result<Target, TargetError> {
        let Some(url) = absolute(path) else {
            // Its own base URI is a host that a client allows, unless others limit it.
            if self.allowed_hosts.is_limited() {
                self.require_allowed(&self.base_uri)?;
            }
            let path_and_query = self.below_base(path, query);
            return Ok(Target {
                origin: self.base_uri.clone(),
                path_and_query,
            });
        };
        let (origin, path) = self.absolute_target(&url)?;
        Ok(Target {
            origin,
            path_and_query: self.with_query(path, query),
        })
    }

    /// What the request line says for a `path` below the base URI.
    pub fn below_base(&self, path: &str, query: Option<&str>) -> String {
        self.with_query(join(self.base_uri.path(), path), query)
    }

    fn with_query(&self, mut path_and_query: String, query: Option<&str>) -> String {
        let added = self.query_for(query);
        let parts = [query.filter(|query| !query.is_empty()), added.as_deref()];
        let mut separator = if path_and_query.contains('?') {
            '&'
        } else {
            '?'
        };
        for part in parts.into_iter().flatten() {
            path_and_query.push(separator);
            path_and_query.push_str(part);
            separator = '&';
        }
        path_and_query
    }

    fn absolute_target(&self, text: &str) -> Result<(Url, String), TargetError> {
        let origin = parse_http(text)?;
        self.require_allowed(&origin)?;
        let path = raw_path(text);
        Ok((origin, path))
    }

    fn require_allowed(&self, url: &Url) -> Result<(), TargetError> {
        if self.allowed_hosts.contains(url) {
            return Ok(());
        }
        let host = host_and_port(url);
        Err(if self.allowed_hosts.is_permitted(url) {
            TargetError::HostNotAllowed { host }
        } else {
            TargetError::HostNotPermitted { host }
        })
    }

    /// This client, which may send to those hosts only that `limit` allows as well; an error when
    /// its own base URI is at another.
    pub fn limited_to(mut self, limit: AllowedHosts) -> Result<Self, TargetError> {
        self.allowed_hosts = self.allowed_hosts.within(limit);
        self.require_allowed(&self.base_uri)?;
        Ok(self)
    }

    /// The client's own parameters that `query` does not have, encoded.
    fn query_for(&self, query: Option<&str>) -> Option<String> {
        if self.query.is_empty() {
            return None;
        }
        let given: Vec<Cow<'_, str>> = query
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .map(|name| percent_decode_str(name).decode_utf8_lossy())
            .collect();
        let encoded: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| !given.iter().any(|given| given == name))
            .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)))
            .collect();
        (!encoded.is_empty()).then(|| encoded.join("&"))
    }
}

/// Escapes everything but the unreserved characters.
pub(crate) fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A whole URL of the schemes that we send to.
pub(crate) fn parse_http(text: &str) -> Result<Url, TargetError> {
    let error = || TargetError::Invalid(shorten(text));
    let url = Url::parse(text).map_err(|_| error())?;
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || has_credentials {
        return Err(error());
    }
    Ok(url)
}

/// `host`, or `host:port` when the port is not the scheme's.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The text as a whole URL, when it is one. Some front proxies merge the two slashes after the
/// scheme, so one will do.
pub fn absolute(path: &str) -> Option<Cow<'_, str>> {
    for scheme in ["https:/", "http:/"] {
        let Some(start) = path.get(..scheme.len()) else {
            continue;
        };
        if !start.eq_ignore_ascii_case(scheme) {
            continue;
        }
        let rest = path.get(scheme.len()..).unwrap_or_default();
        if rest.starts_with('/') {
            return Some(Cow::Borrowed(path));
        }
        return Some(Cow::Owned(format!("{scheme}/{rest}")));
    }
    None
}

/// What follows the authority, unchanged; `/` when nothing does.
fn raw_path(absolute: &str) -> String {
    let after_scheme = absolute.split_once("//").map_or("", |(_, rest)| rest);
    let path = after_scheme
        .find(['/', '?'])
        .and_then(|start| after_scheme.get(start..));
    match path {
        None => "/".to_owned(),
        Some(path) if path.starts_with('?') => format!("/{path}"),
        Some(path) => path.to_owned(),
    }
}

pub(super) fn join(base: &str, path: &str) -> String {
    let base = base.trim_end_matches('/');
    match path {
        "" if base.is_empty() => "/".to_owned(),
        "" => base.to_owned(),
        path if path.starts_with('/') || (path.starts_with('?') && !base.is_empty()) => {
            format!("{base}{path}")
        }
        path => format!("{base}/{path}"),
    }
}

/// Enough of a URL to recognise it, without its query, which may hold secrets.
fn shorten(text: &str) -> String {
    let without_query = text.split(['?', '#']).next().unwrap_or_default();
    without_query.chars().take(100).collect()
}
