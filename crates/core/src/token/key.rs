//! Key pairs of a workspace: made, kept as PEM, shown as JWK.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::{rand::SystemRandom, rsa, signature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::Effects;

/// The algorithms that a workspace may sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256 and the workspace secret.
    Hs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSA PKCS #1 v1.5 with SHA-256, 2048 bits.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// Those that have a key pair.
    pub const ASYMMETRIC: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// The name that RFC 7518 (for Ed25519, RFC 8037) registers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Hs256, Self::Es256, Self::Rs256, Self::EdDsa]
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    const fn jws(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HS256,
            Self::Es256 => Algorithm::ES256,
            Self::Rs256 => Algorithm::RS256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// A key could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing key of the workspace cannot be {action}")]
pub struct KeyError {
    action: &'static str,
}

/// A new key pair, ready to be kept.
#[derive(Debug)]
pub struct GeneratedKey {
    /// Names the key in token headers and in the key set.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// The private half, PKCS #8 as PEM.
    pub private_pem: SecretString,
    /// The public half as a JWK (RFC 7517), with `kid`, `alg` and `use`.
    pub public_jwk: Value,
}

/// What the workspace signs with.
pub struct SigningKey {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: EncodingKey,
}

impl SigningKey {
    /// The workspace secret, for HS256.
    pub fn from_secret(secret: &[u8]) -> Self {
        Self {
            kid: None,
            algorithm: Algorithm::HS256,
            key: EncodingKey::from_secret(secret),
        }
    }

    /// The private half of a key pair, as [`GeneratedKey::private_pem`] has it.
    pub fn from_pem(
        kid: &str,
        algorithm: SigningAlgorithm,
        pem: &SecretString,
    ) -> Result<Self, KeyError> {
        let key = encoding_key(algorithm, pem).ok_or(KeyError { action: "read" })?;
        Ok(Self {
            kid: Some(kid.to_owned()),
            algorithm: algorithm.jws(),
            key,
        })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl GeneratedKey {
    /// Makes a key pair.
    ///
    /// The key material comes from the cryptographic library's own generator; only the name is
    /// drawn from `effects`.
    pub fn new(algorithm: SigningAlgorithm, effects: &Effects) -> Result<Self, KeyError> {
        let error = KeyError { action: "made" };
        let pkcs8 = generate_pkcs8(algorithm).ok_or(error.clone())?;
        let private_pem = SecretString::from(to_pem(&pkcs8));
        let key = encoding_key(algorithm, &private_pem).ok_or(error.clone())?;
        let kid = kid(effects);
        let jwk = Jwk::from_encoding_key(&key, algorithm.jws()).map_err(|_| error.clone())?;
        let mut public_jwk = serde_json::to_value(jwk).map_err(|_| error)?;
        if let Value::Object(members) = &mut public_jwk {
            members.insert("kid".into(), kid.clone().into());
            members.insert("alg".into(), algorithm.as_str().into());
            members.insert("use".into(), "sig".into());
        }
        Ok(Self {
            kid,
            algorithm,
            private_pem,
            public_jwk,
        })
    }
}

fn kid(effects: &Effects) -> String {
    use std::fmt::Write as _;
    effects
        .random_bytes::<8>()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ignored = write!(text, "{byte:02x}");
            text
        })
}

fn generate_pkcs8(algorithm: SigningAlgorithm) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    match algorithm {
        SigningAlgorithm::Hs256 => None,
        SigningAlgorithm::Es256 => signature::EcdsaKeyPair::generate_pkcs8(
            &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            &random,
        )
        .ok()
        .map(|document| document.as_ref().to_vec()),
        SigningAlgorithm::Rs256 => rsa::KeyPair::generate(rsa::KeySize::Rsa2048)
            .ok()?
            .as_der()
            .ok()
            .map(|document: aws_lc_rs::encoding::Pkcs8V1Der<'_>| document.as_ref().to_vec()),
        SigningAlgorithm::EdDsa => signature::Ed25519KeyPair::generate_pkcs8v1(&random)
            .ok()
            .map(|document| document.as_ref().to_vec()),
    }
}

fn encoding_key(algorithm: SigningAlgorithm, pem: &SecretString) -> Option<EncodingKey> {
    let pem = pem.expose_secret().as_bytes();
    match algorithm {
        SigningAlgorithm::Hs256 => None,
        SigningAlgorithm::Es256 => EncodingKey::from_ec_pem(pem).ok(),
        SigningAlgorithm::Rs256 => EncodingKey::from_rsa_pem(pem).ok(),
        SigningAlgorithm::EdDsa => EncodingKey::from_ed_pem(pem).ok(),
    }
}

/// RFC 7468 section 10: lines of 64 characters between the two labels.
fn to_pem(pkcs8: &[u8]) -> String {
    let encoded = STANDARD.encode(pkcs8);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
