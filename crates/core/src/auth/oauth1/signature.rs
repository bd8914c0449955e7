//! Signature methods (RFC 5849 section 3.4).

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::encoding::encode;
use super::private_key::PrivateKey;
use crate::SecretString;
use crate::auth::{Blame, OAuthConfigError};
use crate::secret::ExposeSecret as _;

/// How requests are signed: `oauth_signature_method`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `HMAC-SHA1` (RFC 5849 section 3.4.2), which most providers want.
    #[default]
    HmacSha1,
    /// `HMAC-SHA256`, the same with another digest.
    HmacSha256,
    /// `HMAC-SHA512`, the same with another digest.
    HmacSha512,
    /// `RSA-SHA1` (RFC 5849 section 3.4.3).
    RsaSha1,
    /// `RSA-SHA256`, the same with another digest.
    RsaSha256,
    /// `RSA-SHA512`, the same with another digest.
    RsaSha512,
    /// `PLAINTEXT` (RFC 5849 section 3.4.4): both secrets as they are, in the hope that the
    /// connection is confidential.
    Plaintext,
}

impl SignatureMethod {
    /// Its name, in configurations and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::RsaSha1 => "RSA-SHA1",
            Self::RsaSha256 => "RSA-SHA256",
            Self::RsaSha512 => "RSA-SHA512",
            Self::Plaintext => "PLAINTEXT",
        }
    }

    /// Whether a private key signs, and no secret.
    pub const fn is_rsa(self) -> bool {
        match self {
            Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha512 => true,
            Self::HmacSha1 | Self::HmacSha256 | Self::HmacSha512 | Self::Plaintext => false,
        }
    }

    /// The digest that the method has in its name; it makes body hashes too. `PLAINTEXT` has
    /// none, and hashes no bodies.
    fn digest(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::HmacSha1 | Self::RsaSha1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::HmacSha256 | Self::RsaSha256 => Some(&digest::SHA256),
            Self::HmacSha512 | Self::RsaSha512 => Some(&digest::SHA512),
            Self::Plaintext => None,
        }
    }

    /// `oauth_body_hash` of `body` (OAuth Request Body Hash 1.0 section 3.2); `None` for
    /// `PLAINTEXT`, which would not protect it.
    pub(super) fn body_hash(self, body: &[u8]) -> Option<String> {
        let digest = self.digest()?;
        Some(STANDARD.encode(digest::digest(digest, body)))
    }
}

/// Why a request cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// RFC 5849 section 3.1: no parameter may be there twice.
    #[error("the request has the parameter `{0}` already, which only its signature may add")]
    AlreadyThere(String),
    /// The body is part of what is signed, and is not known as a whole.
    #[error("the request's body is part of its signature, and is too large to be kept for it")]
    BodyNeeded,
    /// Not an absolute URL of the scheme `https` or `http`.
    #[error("the request has no absolute URL to sign")]
    Url,
    /// The key did not sign, or what it made cannot be sent.
    #[error("the request cannot be signed with the consumer's key")]
    Key,
}

impl SigningError {
    /// Who can put it right.
    pub fn blame(&self) -> Blame {
        match self {
            Self::AlreadyThere(_) | Self::BodyNeeded | Self::Url => Blame::Caller,
            Self::Key => Blame::WorkspaceOwner,
        }
    }
}

/// What a consumer signs with, read and checked. Cloning is cheap.
#[derive(Clone)]
pub(super) enum ConsumerKey {
    /// The secret that consumer and provider share.
    Hmac(hmac::Algorithm, SecretString),
    Rsa(PrivateKey),
    Plaintext(SecretString),
}

impl std::fmt::Debug for ConsumerKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ConsumerKey([redacted])")
    }
}

impl ConsumerKey {
    pub(super) fn new(
        method: SignatureMethod,
        secret: Option<&SecretString>,
        private_key: Option<&SecretString>,
    ) -> Result<Self, OAuthConfigError> {
        // There are consumers whose secret is empty.
        let secret = || secret.cloned().unwrap_or_default();
        let rsa = |read: fn(&SecretString) -> Result<PrivateKey, &'static str>| {
            let pem = private_key.ok_or(OAuthConfigError::Missing("privateKey"))?;
            let method = method.as_str();
            read(pem)
                .map(Self::Rsa)
                .map_err(|reason| OAuthConfigError::PrivateKey { method, reason })
        };
        Ok(match method {
            SignatureMethod::HmacSha1 => Self::Hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret()),
            SignatureMethod::HmacSha256 => Self::Hmac(hmac::HMAC_SHA256, secret()),
            SignatureMethod::HmacSha512 => Self::Hmac(hmac::HMAC_SHA512, secret()),
            SignatureMethod::RsaSha1 => rsa(PrivateKey::for_sha1)?,
            SignatureMethod::RsaSha256 => rsa(PrivateKey::for_sha256)?,
            SignatureMethod::RsaSha512 => rsa(PrivateKey::for_sha512)?,
            SignatureMethod::Plaintext => Self::Plaintext(secret()),
        })
    }

    /// `oauth_signature` over `base_string`, not yet encoded.
    pub(super) fn sign(
        &self,
        token_secret: Option<&SecretString>,
        base_string: &str,
    ) -> Result<String, SigningError> {
        match self {
            Self::Hmac(algorithm, secret) => {
                let key = joined(secret, token_secret);
                let key = hmac::Key::new(*algorithm, key.expose_secret().as_bytes());
                Ok(STANDARD.encode(hmac::sign(&key, base_string.as_bytes())))
            }
            Self::Rsa(key) => Ok(STANDARD.encode(key.sign(base_string.as_bytes())?)),
            Self::Plaintext(secret) => Ok(joined(secret, token_secret).expose_secret().to_owned()),
        }
    }
}

/// Both secrets, encoded and joined; the ampersand is there even when one is empty (RFC 5849
/// sections 3.4.2 and 3.4.4).
fn joined(consumer: &SecretString, token: Option<&SecretString>) -> SecretString {
    let encoded = |secret: &SecretString| encode(secret.expose_secret().as_bytes());
    let token = token.map(encoded).unwrap_or_default();
    format!("{}&{token}", encoded(consumer)).into()
}
