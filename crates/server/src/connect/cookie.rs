//! The cookie that tells that it is the same browser that comes back.
//!
//! Every attempt has its own. Browsers keep one of another site's requests to themselves (`Lax`), so
//! that what an earlier attempt set is not known when the next begins, and must not be overwritten:
//! both may be under way.

use http::HeaderMap;
use http::header::COOKIE;
use url::Url;

/// How their names begin; the first characters of the value follow.
const PREFIX: &str = "authbridge_browser_";

/// How much of a value is in its cookie's name.
const NAMED: usize = 8;

/// As long as an attempt may take.
const SECONDS: u32 = 600;

/// The length of the values that we give out.
const VALUE_LENGTH: usize = 43;

/// The values in a request that look like ours: one for every attempt that is under way.
pub(super) fn read(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, value)| name.starts_with(PREFIX) && is_ours(value))
        .map(|(_, value)| value)
        .collect()
}

fn is_ours(value: &str) -> bool {
    value.len() == VALUE_LENGTH
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The header field that sets it. `Lax`, since the browser comes back from another site.
pub(super) fn set(value: &str, public_uri: Option<&Url>) -> String {
    let secure = match public_uri.map(Url::scheme) {
        Some("https") => "; Secure",
        Some(_) | None => "",
    };
    let name = value.get(..NAMED).unwrap_or(value);
    format!("{PREFIX}{name}={value}; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_values_of_ours_are_read() {
        let (one, other) = ("a".repeat(VALUE_LENGTH), "b".repeat(VALUE_LENGTH));
        let of = |text: String| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(&text).unwrap());
            let values: Vec<String> = read(&headers).into_iter().map(str::to_owned).collect();
            values
        };
        let both = format!("x=1; {PREFIX}a={one}; y; {PREFIX}b={other}; {PREFIX}c=short");
        assert_eq!(of(both), [one, other]);
        assert!(of("other=1".into()).is_empty());
    }

    #[test]
    fn two_attempts_have_two_names() {
        let name = |value: &str| set(value, None).split('=').next().unwrap().to_owned();
        assert_ne!(
            name(&"a".repeat(VALUE_LENGTH)),
            name(&"b".repeat(VALUE_LENGTH))
        );
    }

    #[test]
    fn it_is_kept_from_plain_http_where_there_is_https() {
        let https = Url::parse("https://bridge.example.com").unwrap();
        assert!(set("v", Some(&https)).ends_with("; Secure"));
        assert!(!set("v", None).contains("Secure"));
    }
}
