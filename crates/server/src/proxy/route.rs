//! Which requests are the proxy's.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// `/connections/{selector}/proxy/{rest}`, with `rest` byte for byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProxyRoute<'a> {
    selector: &'a str,
    /// A path below the base URI, or a whole URL.
    pub(crate) rest: &'a str,
}

impl<'a> ProxyRoute<'a> {
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let (selector, after) = path.strip_prefix("/connections/")?.split_once('/')?;
        let rest = after.strip_prefix("proxy")?;
        if selector.is_empty() {
            return None;
        }
        if rest.is_empty() {
            return Some(Self { selector, rest });
        }
        rest.strip_prefix('/').map(|rest| Self { selector, rest })
    }

    /// The connection's selector, decoded.
    pub(crate) fn selector(&self) -> Cow<'a, str> {
        percent_decode_str(self.selector).decode_utf8_lossy()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rest(path: &str) -> Option<&str> {
        ProxyRoute::parse(path).map(|route| route.rest)
    }

    #[test]
    fn what_follows_is_kept_as_it_is() {
        assert_eq!(rest("/connections/acme/proxy/v1/users"), Some("v1/users"));
        assert_eq!(rest("/connections/acme/proxy//a//b%2F"), Some("/a//b%2F"));
        assert_eq!(
            rest("/connections/acme/proxy/https://x.example/y"),
            Some("https://x.example/y")
        );
        assert_eq!(rest("/connections/acme/proxy"), Some(""));
        assert_eq!(rest("/connections/acme/proxy/"), Some(""));
    }

    #[test]
    fn other_paths_are_not_the_proxys() {
        assert_eq!(rest("/connections/acme/proxying"), None);
        assert_eq!(rest("/connections//proxy/x"), None);
        assert_eq!(rest("/connections/acme"), None);
        assert_eq!(rest("/integrations/acme/proxy/x"), None);
    }

    proptest! {
        #[test]
        fn selector_and_rest_come_back(selector in "[^\\x00]{1,8}", rest in "[!-~]{0,20}") {
            let encoded = percent_encoding::utf8_percent_encode(
                &selector,
                percent_encoding::NON_ALPHANUMERIC,
            );
            let path = format!("/connections/{encoded}/proxy/{rest}");
            let route = ProxyRoute::parse(&path).unwrap();
            prop_assert_eq!(route.selector(), selector);
            prop_assert_eq!(route.rest, rest);
        }

        #[test]
        fn any_path_is_or_is_not_the_proxys(path in "[ -~]{0,30}") {
            if let Some(route) = ProxyRoute::parse(&path) {
                prop_assert!(path.starts_with("/connections/") && path.ends_with(route.rest));
            }
        }
    }
}
