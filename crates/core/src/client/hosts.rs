//! Where credentials may go: the base URI's host and those that the definition lists.

use url::{Host, Url};

/// The hosts to which a connection's credentials may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts {
    patterns: Vec<Pattern>,
    /// Plain `http` is allowed only where the base URI itself is plain.
    allows_plain_http: bool,
    /// Others that must allow a host as well.
    within: Vec<Self>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    /// Lower case, without the `*.` of a wildcard.
    host: String,
    is_wildcard: bool,
    /// `None` for the default port of the scheme.
    port: Option<u16>,
}

/// An entry of `allowedHosts` that is not a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host: write `api.example.com`, `*.example.com` or `api.example.com:8443`")]
pub struct HostPatternError(pub String);

impl AllowedHosts {
    /// The host and port of `base_uri`, and the hosts of `patterns`.
    pub fn new<'a>(
        base_uri: &Url,
        patterns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, HostPatternError> {
        let own = Pattern {
            host: base_uri.host_str().unwrap_or_default().to_ascii_lowercase(),
            is_wildcard: false,
            port: base_uri.port(),
        };
        let others = patterns.into_iter().map(Pattern::parse);
        Ok(Self {
            patterns: std::iter::once(Ok(own))
                .chain(others)
                .collect::<Result<_, _>>()?,
            allows_plain_http: base_uri.scheme() == "http",
            within: Vec::new(),
        })
    }

    /// The hosts of `patterns` only, and plain `http` to them where `allows_plain_http`.
    pub fn of_patterns<'a>(
        patterns: impl IntoIterator<Item = &'a str>,
        allows_plain_http: bool,
    ) -> Result<Self, HostPatternError> {
        Ok(Self {
            patterns: patterns
                .into_iter()
                .map(Pattern::parse)
                .collect::<Result<_, _>>()?,
            allows_plain_http,
            within: Vec::new(),
        })
    }

    /// The hosts of both; those that had to allow a host have to allow it still.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.patterns.extend(other.patterns);
        self.within.extend(other.within);
        self
    }

    /// Only those hosts that `limit` allows as well.
    #[must_use]
    pub fn within(mut self, limit: Self) -> Self {
        self.within.push(limit);
        self
    }

    /// Whether another list has a say in this one.
    pub(super) const fn is_limited(&self) -> bool {
        !self.within.is_empty()
    }

    /// Whether a request to `url` may carry the credentials.
    pub fn contains(&self, url: &Url) -> bool {
        self.names(url) && self.is_permitted(url)
    }

    /// Whether the others that have a say allow `url`.
    pub(super) fn is_permitted(&self, url: &Url) -> bool {
        self.within.iter().all(|limit| limit.contains(url))
    }

    fn names(&self, url: &Url) -> bool {
        let scheme_is_fine =
            url.scheme() == "https" || (url.scheme() == "http" && self.allows_plain_http);
        let Some(host) = url.host_str() else {
            return false;
        };
        scheme_is_fine
            && self
                .patterns
                .iter()
                .any(|pattern| pattern.matches(host, url.port()))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, HostPatternError> {
        let error = || HostPatternError(text.to_owned());
        let (is_wildcard, rest) = match text.trim().strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text.trim()),
        };
        // The URL parser decides what a host is, so that a pattern and a request agree on it.
        let url = Url::parse(&format!("https://{rest}/")).map_err(|_| error())?;
        let is_bare = url.path() == "/"
            && url.username().is_empty()
            && url.query().is_none()
            && url.fragment().is_none()
            && !rest.ends_with('/');
        // A wildcard over a whole top-level domain would allow nearly everything.
        let is_too_wide = is_wildcard
            && !matches!(url.host(), Some(Host::Domain(domain)) if domain.contains('.'));
        if !is_bare || is_too_wide || rest.contains('*') {
            return Err(error());
        }
        let host = url.host_str().ok_or_else(error)?.to_owned();
        Ok(Self {
            host,
            is_wildcard,
            port: url.port(),
        })
    }

    fn matches(&self, host: &str, port: Option<u16>) -> bool {
        if self.port != port {
            return false;
        }
        if !self.is_wildcard {
            return host.eq_ignore_ascii_case(&self.host);
        }
        host.to_ascii_lowercase()
            .strip_suffix(&self.host)
            .is_some_and(|label| label.ends_with('.') && label.len() > 1)
    }
}
