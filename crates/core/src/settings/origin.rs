//! Origins that may embed our pages, as Content Security Policy writes them.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// One origin, such as `https://app.example.com`, or all below a domain, such as
/// `https://*.example.com` (CSP Level 3 section 2.3.1, `host-source`). Custom schemes of webviews,
/// such as `capacitor://localhost`, are origins too.
///
/// Its text holds nothing that would end a header's or a directive's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OriginPattern {
    text: String,
    is_wildcard: bool,
}

/// Text that names no origin.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not an origin: write scheme, host and port as in `https://app.example.com`, or \
     `https://*.example.com` for all hosts below a domain"
)]
pub struct NotAnOrigin(String);

impl TryFrom<String> for OriginPattern {
    type Error = NotAnOrigin;

    fn try_from(text: String) -> Result<Self, NotAnOrigin> {
        Self::parse(&text).ok_or_else(|| NotAnOrigin(text.chars().take(200).collect()))
    }
}

impl OriginPattern {
    fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim().trim_end_matches('/');
        let (scheme, host) = trimmed.split_once("://")?;
        let (is_wildcard, host) = match host.strip_prefix("*.") {
            // A wildcard over a whole top-level domain is a mistake.
            Some(domain) => (true, domain.contains('.').then_some(domain)?),
            None => (false, host),
        };
        let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
        let has_more = !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if has_more || (is_wildcard && !matches!(url.host(), Some(Host::Domain(_)))) {
            return None;
        }
        let host = url.host_str().filter(|host| is_plain(host))?;
        let star = if is_wildcard { "*." } else { "" };
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let text = format!("{}://{star}{host}{port}", url.scheme());
        Some(Self { text, is_wildcard })
    }

    /// The text, for `frame-ancestors`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin, for `postMessage`; `None` for a pattern, which is no address.
    pub fn exact(&self) -> Option<&str> {
        (!self.is_wildcard).then_some(&*self.text)
    }
}

/// Hosts of custom schemes are not checked by the URL parser as much as we need.
fn is_plain(host: &str) -> bool {
    // A policy cannot name IPv6 addresses.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !host.is_empty() && host.bytes().all(is_plain)
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl From<OriginPattern> for String {
    fn from(origin: OriginPattern) -> Self {
        origin.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<String> {
        OriginPattern::parse(text).map(String::from)
    }

    #[test]
    fn origins_are_normalised() {
        for (text, expected) in [
            ("https://App.Example.com/", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://*.example.com", "https://*.example.com"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(
            OriginPattern::parse("https://*.a.example").unwrap().exact(),
            None
        );
        let exact = OriginPattern::parse("https://a.example").unwrap();
        assert_eq!(exact.exact(), Some("https://a.example"));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "*",
            "app.example.com",
            "https://",
            "https://*",
            "https://*.com",
            "https://a.*.com",
            "https://a.example/path",
            "https://a.example?x",
            "https://a.example#x",
            "https://u:p@a.example",
            "https://a.example; script-src *",
            "https://a.example b",
            "https://*.1.2.3.4",
            "https://[::1]:8443",
            "data:text/html,x",
            "null",
            "x://a;b",
            "x://a,b",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_ends_a_header_or_a_directive(text in "[a-z]{1,6}://.{0,40}") {
            if let Some(origin) = parsed(&text) {
                prop_assert!(origin.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!origin.contains([';', ',', '\'', '"']), "{}", origin);
                prop_assert_eq!(parsed(&origin), Some(origin.clone()));
            }
        }
    }
}
