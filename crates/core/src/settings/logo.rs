//! Where a workspace's logo is.

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest address; a picture of 64 KiB in base64 fits.
const MOST_BYTES: usize = 96 * 1024;

/// The address of a picture: a URL, or the picture itself as `data:image/…;base64,…` (RFC 2397).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogoUri(String);

/// Text that is no address of a picture.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no address of a picture: give a URL of the scheme `https`, or the picture itself as \
     `data:image/svg+xml;base64,…` of at most 64 KiB"
)]
pub struct NotALogo(String);

impl TryFrom<String> for LogoUri {
    type Error = NotALogo;

    fn try_from(text: String) -> Result<Self, NotALogo> {
        let is_picture = text.starts_with("data:image/") && text.contains(";base64,");
        let is_web = || Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if text.len() <= MOST_BYTES && (is_picture || is_web()) {
            return Ok(Self(text));
        }
        Err(NotALogo(text.chars().take(80).collect()))
    }
}

impl From<LogoUri> for String {
    fn from(uri: LogoUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pictures_are_taken() {
        for (text, is_taken) in [
            ("https://cdn.example.com/logo.svg", true),
            ("data:image/png;base64,AAAA", true),
            ("data:text/html;base64,AAAA", false),
            ("data:image/svg+xml,<svg/>", false),
            ("javascript:alert(1)", false),
            ("logo.svg", false),
        ] {
            assert_eq!(
                LogoUri::try_from(text.to_owned()).is_ok(),
                is_taken,
                "{text}"
            );
        }
        let long = format!("data:image/png;base64,{}", "A".repeat(MOST_BYTES));
        assert!(LogoUri::try_from(long).is_err());
    }
}
