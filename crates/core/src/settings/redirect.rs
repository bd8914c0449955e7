//! Addresses that a browser may be sent to at the end.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// One address, such as `https://app.example.com/connected`, whatever its query; or all that begin
/// with a path, such as `https://app.example.com/settings/*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectPattern {
    /// Without the star.
    uri: Url,
    is_prefix: bool,
}

/// Text that is no address to be sent to.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not an address to be sent to: write it as in `https://app.example.com/connected`, or \
     `https://app.example.com/settings/*` for all below a path"
)]
pub struct NotARedirect(String);

impl TryFrom<String> for RedirectPattern {
    type Error = NotARedirect;

    fn try_from(text: String) -> Result<Self, NotARedirect> {
        Self::parse(&text).ok_or_else(|| NotARedirect(text.chars().take(200).collect()))
    }
}

impl RedirectPattern {
    fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let (text, is_prefix) = match trimmed.strip_suffix("/*") {
            Some(start) => (format!("{start}/"), true),
            None => (trimmed.to_owned(), false),
        };
        let uri = Url::parse(&text).ok()?;
        let is_usable = is_clean(&uri)
            && uri.query().is_none()
            && uri.fragment().is_none()
            // A star elsewhere looks as if it meant something.
            && !text.contains('*');
        is_usable.then_some(Self { uri, is_prefix })
    }

    /// Whether a browser may be sent to `uri`.
    pub fn matches(&self, uri: &Url) -> bool {
        // An encoded slash or dot may be a real one to the server that reads it.
        let is_odd = |path: &str| {
            let path = path.to_ascii_lowercase();
            ["%2f", "%5c", "%2e", "..;"]
                .iter()
                .any(|odd| path.contains(odd))
        };
        let is_path = if self.is_prefix {
            uri.path().starts_with(self.uri.path()) && !is_odd(uri.path())
        } else {
            uri.path() == self.uri.path()
        };
        is_clean(uri) && uri.origin() == self.uri.origin() && is_path
    }
}

/// Whether `uri` is of the user's own machine.
pub(super) fn is_loopback(uri: &Url) -> bool {
    let is_local = match uri.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    is_local && is_clean(uri)
}

fn is_clean(uri: &Url) -> bool {
    let is_web = matches!(uri.scheme(), "https" | "http") && uri.host().is_some();
    is_web && uri.username().is_empty() && uri.password().is_none()
}

impl fmt::Display for RedirectPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_prefix { "*" } else { "" };
        write!(formatter, "{}{star}", self.uri)
    }
}

impl From<RedirectPattern> for String {
    fn from(pattern: RedirectPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, uri: &str) -> bool {
        let pattern = RedirectPattern::parse(pattern).unwrap();
        pattern.matches(&uri.parse().unwrap())
    }

    #[test]
    fn an_address_means_itself_with_any_query() {
        let pattern = "https://App.example.com:443/done";
        assert!(matches(pattern, "https://app.example.com/done"));
        assert!(matches(pattern, "https://app.example.com/done?flow=1#x"));
        for other in [
            "http://app.example.com/done",
            "https://app.example.com:8443/done",
            "https://app.example.com/done/",
            "https://app.example.com/",
            "https://example.com/done",
            "https://app.example.com.evil.test/done",
            "https://app.example.com@evil.test/done",
            "https://u@app.example.com/done",
        ] {
            assert!(!matches(pattern, other), "{other}");
        }
    }

    #[test]
    fn a_path_means_what_is_below_it() {
        let pattern = "https://app.example.com/settings/*";
        assert!(matches(pattern, "https://app.example.com/settings/"));
        assert!(matches(pattern, "https://app.example.com/settings/a/b?c"));
        for other in [
            "https://app.example.com/settings",
            "https://app.example.com/settingsx/",
            "https://app.example.com/settings/../admin",
            "https://app.example.com/settings/%2e%2e/admin",
            "https://app.example.com/settings/..%2Fadmin",
            "https://app.example.com/settings/..;/admin",
            "https://app.example.com/settings/..%5cadmin",
        ] {
            assert!(!matches(pattern, other), "{other}");
        }
        assert!(matches(
            "https://app.example.com/*",
            "https://app.example.com/"
        ));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "app.example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://*.example.com/",
            "https://a.example/*/b",
            "https://a.example/b*",
            "https://a.example/?x=1",
            "https://a.example/#x",
            "https://u:p@a.example/",
            "myapp://done",
        ] {
            assert_eq!(RedirectPattern::parse(text), None, "{text}");
        }
        let shown = |text| RedirectPattern::parse(text).unwrap().to_string();
        assert_eq!(shown("https://a.example/x/*"), "https://a.example/x/*");
        assert_eq!(shown("https://a.example"), "https://a.example/");
    }
}
