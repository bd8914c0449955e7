//! Base strings and signatures (RFC 5849 section 3.4), made here and nowhere else.

use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RsaParameters, UnparsedPublicKey,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::options::{Consumer, SignatureMethod};
use crate::oauth2::der;

/// RFC 3986 section 2.3: what is never encoded (RFC 5849 section 3.6).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// RFC 5849 section 3.6.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// RFC 5849 section 3.4.1, of decoded `parameters`.
pub(super) fn base_string(method: &str, base_uri: &str, parameters: &[(String, String)]) -> String {
    let pairs = parameters.iter();
    let mut pairs: Vec<_> = pairs
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let parts = [
        method.to_ascii_uppercase(),
        base_uri.to_owned(),
        pairs.join("&"),
    ];
    parts.map(|part| encoded(&part)).join("&")
}

impl SignatureMethod {
    /// Whether `signature` is that of `base_string` by `consumer` with the token's secret.
    pub(super) fn verifies(
        self,
        consumer: &Consumer,
        token_secret: &str,
        base_string: &str,
        signature: &str,
    ) -> bool {
        let secrets = format!("{}&{}", encoded(&consumer.secret), encoded(token_secret));
        let by_secrets = |algorithm| {
            let key = hmac::Key::new(algorithm, secrets.as_bytes());
            let tag = STANDARD.decode(signature);
            tag.is_ok_and(|tag| hmac::verify(&key, base_string.as_bytes(), &tag).is_ok())
        };
        let by_key = |algorithm: &'static RsaParameters| {
            let key = consumer.public_key.as_deref().and_then(der);
            let given = STANDARD.decode(signature).ok();
            key.zip(given).is_some_and(|(key, given)| {
                let key = UnparsedPublicKey::new(algorithm, key);
                key.verify(base_string.as_bytes(), &given).is_ok()
            })
        };
        match self {
            Self::HmacSha1 => by_secrets(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Self::HmacSha256 => by_secrets(hmac::HMAC_SHA256),
            Self::HmacSha512 => by_secrets(hmac::HMAC_SHA512),
            Self::RsaSha1 => by_key(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
            Self::RsaSha256 => by_key(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
            Self::RsaSha512 => by_key(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
            Self::Plaintext => secrets == signature,
        }
    }

    /// `oauth_body_hash` of `body` (OAuth Request Body Hash); `None` for `PLAINTEXT`.
    pub(super) fn body_hash(self, body: &[u8]) -> Option<String> {
        let algorithm = match self {
            Self::HmacSha1 | Self::RsaSha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::HmacSha256 | Self::RsaSha256 => &digest::SHA256,
            Self::HmacSha512 | Self::RsaSha512 => &digest::SHA512,
            Self::Plaintext => return None,
        };
        Some(STANDARD.encode(digest::digest(algorithm, body)))
    }
}
