//! The cookie that tells that it is the same browser that comes back.

use http::HeaderMap;
use http::header::COOKIE;
use url::Url;

/// Its name. It is needed at the callback only.
const NAME: &str = "authbridge_browser";

/// As long as an attempt may take.
const SECONDS: u32 = 600;

/// The length of the values that we give out.
const VALUE_LENGTH: usize = 43;

/// The value in a request, if it looks like one of ours.
pub(super) fn read(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == NAME && is_ours(value))
        .map(|(_, value)| value)
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
    format!("{NAME}={value}; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_values_of_ours_are_read() {
        let value = "a".repeat(VALUE_LENGTH);
        let of = |text: String| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(&text).unwrap());
            read(&headers).map(str::to_owned)
        };
        assert_eq!(of(format!("x=1; {NAME}={value}; y")), Some(value.clone()));
        assert_eq!(of(format!("{NAME}=short; {NAME}={value}")), Some(value));
        assert_eq!(of("other=1".into()), None);
    }

    #[test]
    fn it_is_kept_from_plain_http_where_there_is_https() {
        let https = Url::parse("https://bridge.example.com").unwrap();
        assert!(set("v", Some(&https)).ends_with("; Secure"));
        assert!(!set("v", None).contains("Secure"));
    }
}
