//! The signature base string (RFC 5849 section 3.4.1).

use http::Method;

use super::encoding::encode;
use super::parameters::Parameters;

/// A URL of the schemes `http` and `https`, taken apart without changing a byte of its path and
/// query: what is signed must be what is sent.
pub(super) struct RawUrl<'a> {
    scheme: String,
    host: String,
    port: Option<&'a str>,
    path: &'a str,
    /// What follows the question mark.
    pub(super) query: Option<&'a str>,
}

impl<'a> RawUrl<'a> {
    /// Reads an absolute URL; `None` for anything else.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => "443",
            "http" => "80",
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path_and_query) = match rest.find(['/', '?']) {
            Some(end) => rest.split_at_checked(end)?,
            None => (rest, ""),
        };
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = host_and_port(authority);
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        (!host.is_empty()).then(|| Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.filter(|port| !port.is_empty() && *port != default_port),
            path,
            query,
        })
    }

    /// The base string URI (RFC 5849 section 3.4.1.2): scheme and host in lower case, the port
    /// unless it is the scheme's own, no query. An empty path is `/`, as in the request line.
    pub(super) fn base(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { self.path };
        let port = self
            .port
            .map_or_else(String::new, |port| format!(":{port}"));
        format!("{}://{}{port}{path}", self.scheme, self.host)
    }
}

/// IPv6 addresses have colons of their own, in brackets.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// RFC 5849 section 3.4.1.1.
pub(super) fn base_string(method: &Method, url: &RawUrl<'_>, parameters: &Parameters) -> String {
    format!(
        "{}&{}&{}",
        encode(method.as_str().to_ascii_uppercase().as_bytes()),
        encode(url.base().as_bytes()),
        encode(parameters.normalized().as_bytes()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> String {
        RawUrl::parse(url).unwrap().base()
    }

    /// RFC 5849 section 3.4.1.2.
    #[test]
    fn the_base_string_uri_is_normalised() {
        assert_eq!(
            base("HTTP://EXAMPLE.COM:80/r%20v/X?id=123"),
            "http://example.com/r%20v/X"
        );
        assert_eq!(
            base("https://www.example.net:8080/?q=1#top"),
            "https://www.example.net:8080/"
        );
        assert_eq!(base("https://example.com:443"), "https://example.com/");
        assert_eq!(base("http://example.com:443/"), "http://example.com:443/");
        assert_eq!(base("https://example.com?a=b"), "https://example.com/");
        assert_eq!(base("https://[::1]:443/x"), "https://[::1]/x");
        assert_eq!(base("https://[::1]/x"), "https://[::1]/x");
        assert_eq!(base("https://u:p@example.com:/x"), "https://example.com/x");
        assert_eq!(
            base("https://e.example/a%2Fb/../c;d=1//"),
            "https://e.example/a%2Fb/../c;d=1//"
        );
    }

    #[test]
    fn what_is_no_absolute_url_is_refused() {
        for url in [
            "/path",
            "example.com/path",
            "ftp://example.com/",
            "https://",
            "https:///x",
        ] {
            assert!(RawUrl::parse(url).is_none(), "{url}");
        }
    }

    /// RFC 5849 section 3.4.1.1.
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        let url = RawUrl::parse("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b");
        let url = url.unwrap();
        let mut parameters = Parameters::default();
        parameters.add_encoded(url.query.unwrap().as_bytes());
        parameters.add(&[
            ("oauth_consumer_key".into(), "9djdj82h48djs9d2".into()),
            ("oauth_token".into(), "kkk9d7dh3k39sjv7".into()),
            ("oauth_signature_method".into(), "HMAC-SHA1".into()),
            ("oauth_timestamp".into(), "137131201".into()),
            ("oauth_nonce".into(), "7d8f3e4a".into()),
        ]);
        parameters.add_encoded(b"c2&a3=2+q");
        let method = Method::from_bytes(b"post").unwrap();
        assert_eq!(
            base_string(&method, &url, &parameters),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D\
             %253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26\
             oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D\
             137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }
}
