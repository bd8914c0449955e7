//! The private key of RSA signatures, from PEM.

use std::sync::Arc;

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::signature::SigningError;
use crate::SecretString;
use crate::secret::ExposeSecret as _;

/// An RSA key that signs with one digest. Cloning is cheap.
#[derive(Clone)]
pub(super) enum PrivateKey {
    /// `RSA-SHA1` (RFC 5849 section 3.4.3).
    Sha1(Arc<authbridge_rsa_sha1::Key>),
    /// `RSA-SHA256`.
    Sha256(Arc<KeyPair>),
    /// `RSA-SHA512`.
    Sha512(Arc<KeyPair>),
}

impl PrivateKey {
    /// A key for `RSA-SHA1`, of 1024 bits at least: providers that ask for it often document keys
    /// of that length.
    pub(super) fn for_sha1(pem: &SecretString) -> Result<Self, &'static str> {
        let key = authbridge_rsa_sha1::Key::parse(&pkcs8(pem)?);
        let unusable = "it must be an RSA key of 1024 bits or more";
        Ok(Self::Sha1(Arc::new(key.map_err(|_| unusable)?)))
    }

    /// A key for `RSA-SHA256`, of 2048 bits at least.
    pub(super) fn for_sha256(pem: &SecretString) -> Result<Self, &'static str> {
        Ok(Self::Sha256(key_pair(pem)?))
    }

    /// A key for `RSA-SHA512`, of 2048 bits at least.
    pub(super) fn for_sha512(pem: &SecretString) -> Result<Self, &'static str> {
        Ok(Self::Sha512(key_pair(pem)?))
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Sha1(key) => key.sign(message).map_err(|_| SigningError::Key),
            Self::Sha256(key) => sign(key, &RSA_PKCS1_SHA256, message),
            Self::Sha512(key) => sign(key, &RSA_PKCS1_SHA512, message),
        }
    }
}

fn sign(
    key: &KeyPair,
    encoding: &'static dyn RsaEncoding,
    message: &[u8],
) -> Result<Vec<u8>, SigningError> {
    let mut signature = vec![0; key.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    key.sign(encoding, &random, message, &mut signature)
        .map_err(|_| SigningError::Key)?;
    Ok(signature)
}

fn key_pair(pem: &SecretString) -> Result<Arc<KeyPair>, &'static str> {
    let key = KeyPair::from_pkcs8(&pkcs8(pem)?);
    let unusable = "it must be an RSA key of 2048 bits or more";
    Ok(Arc::new(key.map_err(|_| unusable)?))
}

/// The key in PKCS #8, of PEM (RFC 7468) with either of the two labels that RSA keys have.
fn pkcs8(pem: &SecretString) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    // A key that went through an environment variable often has its line ends written out.
    let text = Zeroizing::new(pem.expose_secret().replace("\\n", "\n"));
    if text.contains("ENCRYPTED") {
        return Err("it is encrypted: take the password off it");
    }
    if let Some(der) = block(&text, "PRIVATE KEY") {
        return Ok(der);
    }
    match block(&text, "RSA PRIVATE KEY") {
        Some(pkcs1) => Ok(pkcs8_of_pkcs1(&pkcs1)),
        None => Err("it must be a private key in PEM, with `-----BEGIN PRIVATE KEY-----`"),
    }
}

fn block(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let base64 = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new)
}

/// `PrivateKeyInfo` (RFC 5208 section 5) around an `RSAPrivateKey` (RFC 8017 appendix A.1.2): the
/// version 0, the algorithm `rsaEncryption`, and the key as an octet string.
fn pkcs8_of_pkcs1(pkcs1: &[u8]) -> Zeroizing<Vec<u8>> {
    const VERSION_AND_ALGORITHM: [u8; 18] = [
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
        0x01, 0x05, 0x00,
    ];
    let mut content = Zeroizing::new(VERSION_AND_ALGORITHM.to_vec());
    content.extend_from_slice(&element(0x04, pkcs1));
    element(0x30, &content)
}

/// Tag, length and content, as DER has them (X.690 section 8.1).
fn element(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0);
    let significant = first.and_then(|first| length.get(first..)).unwrap_or(&[0]);
    let mut der = Zeroizing::new(vec![tag]);
    match significant {
        [short] if *short < 0x80 => der.push(*short),
        long => {
            // A length has eight bytes at most.
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}
