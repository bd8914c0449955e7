//! Signatures: RSA (PKCS#1 v1.5 and PSS), ECDSA and Ed25519.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, Ed25519KeyPair,
    KeyPair as _, RsaEncoding, RsaKeyPair, RsaParameters, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use serde::Deserialize;

use super::hash::Hash;
use super::{Answer, arguments, split};
use crate::guest::Message;

#[derive(Deserialize)]
struct Arguments {
    /// Of the key: `pem`, `pkcs8`, `pkcs1` (private), `sec1` (private), `spki`, or `raw` (public).
    format: String,
    /// Absent for Ed25519, whose hash is its own.
    hash: Option<String>,
    /// PSS rather than PKCS#1 v1.5.
    #[serde(default)]
    pss: bool,
    /// ECDSA signatures as r and s side by side (JOSE, `WebCrypto`), rather than in DER (Node's default).
    #[serde(default)]
    fixed: bool,
    /// Of key, data and, to verify, signature.
    sizes: Vec<usize>,
}

/// What kind of key the bytes hold, where that is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Pkcs8,
    Pkcs1,
    Sec1,
    Public,
}

/// Longest key text: an RSA key of 8192 bits with room for comments.
const LONGEST_KEY: usize = 32 * 1024;

pub(super) fn sign(text: &str, bytes: &[u8]) -> Answer {
    let arguments: Arguments = arguments(text)?;
    let [key, data] = split(bytes, &arguments.sizes)?;
    let (format, der) = key_bytes(&arguments.format, key)?;
    let hash = arguments.hash.as_deref().map(Hash::named).transpose()?;
    let signature = match format {
        Format::Public => return Err("a private key is needed to sign".to_owned()),
        Format::Pkcs1 => sign_rsa(&rsa(RsaKeyPair::from_der(&der))?, hash, arguments.pss, data)?,
        Format::Sec1 => sign_ec(&der, format, hash, arguments.fixed, data)?,
        Format::Pkcs8 => {
            if let Ok(key) = RsaKeyPair::from_pkcs8(&der) {
                sign_rsa(&key, hash, arguments.pss, data)?
            } else if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
                key.try_sign(data)
                    .map_err(|_| UNUSABLE.to_owned())?
                    .as_ref()
                    .to_vec()
            } else {
                sign_ec(&der, format, hash, arguments.fixed, data)?
            }
        }
    };
    Ok(Message::bytes(signature))
}

const UNUSABLE: &str = "the key cannot be used for this";

fn rsa<E>(key: Result<RsaKeyPair, E>) -> Result<RsaKeyPair, String> {
    key.map_err(|_| "the RSA key cannot be read, or has fewer than 2048 bits".to_owned())
}

fn sign_rsa(
    key: &RsaKeyPair,
    hash: Option<Hash>,
    pss: bool,
    data: &[u8],
) -> Result<Vec<u8>, String> {
    let encoding: &dyn RsaEncoding = match (hash, pss) {
        (Some(Hash::Sha256), false) => &signature::RSA_PKCS1_SHA256,
        (Some(Hash::Sha384), false) => &signature::RSA_PKCS1_SHA384,
        (Some(Hash::Sha512), false) => &signature::RSA_PKCS1_SHA512,
        (Some(Hash::Sha256), true) => &signature::RSA_PSS_SHA256,
        (Some(Hash::Sha384), true) => &signature::RSA_PSS_SHA384,
        (Some(Hash::Sha512), true) => &signature::RSA_PSS_SHA512,
        (Some(Hash::Md5 | Hash::Sha1 | Hash::Sha224) | None, _) => {
            return Err("RSA signatures are made with SHA-256, SHA-384 or SHA-512 only".to_owned());
        }
    };
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), data, &mut signature)
        .map_err(|_| UNUSABLE.to_owned())?;
    Ok(signature)
}

fn sign_ec(
    der: &[u8],
    format: Format,
    hash: Option<Hash>,
    fixed: bool,
    data: &[u8],
) -> Result<Vec<u8>, String> {
    for algorithm in ec_signing(hash, fixed) {
        let key = if format == Format::Sec1 {
            EcdsaKeyPair::from_private_key_der(algorithm, der)
        } else {
            EcdsaKeyPair::from_pkcs8(algorithm, der)
        };
        if let Ok(key) = key {
            let signature = key
                .sign(&SystemRandom::new(), data)
                .map_err(|_| UNUSABLE.to_owned())?;
            return Ok(signature.as_ref().to_vec());
        }
    }
    Err("the key cannot be read, or does not go with this hash: P-256 and secp256k1 sign with SHA-256, \
         P-384 with SHA-384, P-521 with SHA-512"
        .to_owned())
}

fn ec_signing(hash: Option<Hash>, fixed: bool) -> Vec<&'static EcdsaSigningAlgorithm> {
    match (hash, fixed) {
        (Some(Hash::Sha256), true) => {
            vec![
                &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING,
            ]
        }
        (Some(Hash::Sha256), false) => {
            vec![
                &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
            ]
        }
        (Some(Hash::Sha384), true) => vec![&signature::ECDSA_P384_SHA384_FIXED_SIGNING],
        (Some(Hash::Sha384), false) => vec![&signature::ECDSA_P384_SHA384_ASN1_SIGNING],
        (Some(Hash::Sha512), true) => vec![&signature::ECDSA_P521_SHA512_FIXED_SIGNING],
        (Some(Hash::Sha512), false) => vec![&signature::ECDSA_P521_SHA512_ASN1_SIGNING],
        (Some(Hash::Md5 | Hash::Sha1 | Hash::Sha224) | None, _) => Vec::new(),
    }
}

pub(super) fn verify(text: &str, bytes: &[u8]) -> Answer {
    let arguments: Arguments = arguments(text)?;
    let [key, data, signature] = split(bytes, &arguments.sizes)?;
    let (format, der) = key_bytes(&arguments.format, key)?;
    let hash = arguments.hash.as_deref().map(Hash::named).transpose()?;
    let public = public_key(format, der)?;
    let matches = algorithms(hash, arguments.pss, arguments.fixed)
        .into_iter()
        .any(|algorithm| {
            UnparsedPublicKey::new(algorithm, &public)
                .verify(data, signature)
                .is_ok()
        });
    Ok(Message::text(if matches { "1" } else { "0" }))
}

/// The public key, also of a private one, as Node does.
fn public_key(format: Format, der: Vec<u8>) -> Result<Vec<u8>, String> {
    let curves = [
        &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ];
    let found = match format {
        Format::Public => return Ok(der),
        Format::Pkcs1 => rsa(RsaKeyPair::from_der(&der))?
            .public_key()
            .as_ref()
            .to_vec(),
        Format::Sec1 => curves
            .iter()
            .find_map(|curve| EcdsaKeyPair::from_private_key_der(curve, &der).ok())
            .map(|key| key.public_key().as_ref().to_vec())
            .ok_or("the key cannot be read")?,
        Format::Pkcs8 => {
            if let Ok(key) = RsaKeyPair::from_pkcs8(&der) {
                key.public_key().as_ref().to_vec()
            } else if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
                key.public_key().as_ref().to_vec()
            } else {
                let key = curves
                    .iter()
                    .find_map(|curve| EcdsaKeyPair::from_pkcs8(curve, &der).ok());
                key.map(|key| key.public_key().as_ref().to_vec())
                    .ok_or("the key cannot be read")?
            }
        }
    };
    Ok(found)
}

/// The algorithms that the arguments can mean; the key decides among them, since each reads only its own kind.
fn algorithms(
    hash: Option<Hash>,
    pss: bool,
    fixed: bool,
) -> Vec<&'static dyn VerificationAlgorithm> {
    let Some(hash) = hash else {
        return vec![&signature::ED25519];
    };
    let mut found: Vec<&'static dyn VerificationAlgorithm> = Vec::new();
    if let Some(rsa) = rsa_verification(hash, pss) {
        found.push(rsa);
    }
    if !pss {
        found.extend(
            ec_verification(hash, fixed)
                .into_iter()
                .map(|ec| ec as &'static dyn VerificationAlgorithm),
        );
    }
    found
}

fn rsa_verification(hash: Hash, pss: bool) -> Option<&'static RsaParameters> {
    match (hash, pss) {
        (Hash::Sha1, false) => Some(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        (Hash::Sha256, false) => Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        (Hash::Sha384, false) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        (Hash::Sha512, false) => Some(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        (Hash::Sha256, true) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        (Hash::Sha384, true) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        (Hash::Sha512, true) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        (Hash::Md5 | Hash::Sha224, _) | (Hash::Sha1, true) => None,
    }
}

fn ec_verification(hash: Hash, fixed: bool) -> Vec<&'static EcdsaVerificationAlgorithm> {
    match (hash, fixed) {
        (Hash::Sha256, true) => vec![
            &signature::ECDSA_P256_SHA256_FIXED,
            &signature::ECDSA_P256K1_SHA256_FIXED,
        ],
        (Hash::Sha256, false) => vec![
            &signature::ECDSA_P256_SHA256_ASN1,
            &signature::ECDSA_P384_SHA256_ASN1,
            &signature::ECDSA_P256K1_SHA256_ASN1,
        ],
        (Hash::Sha384, true) => vec![&signature::ECDSA_P384_SHA384_FIXED],
        (Hash::Sha384, false) => vec![
            &signature::ECDSA_P384_SHA384_ASN1,
            &signature::ECDSA_P256_SHA384_ASN1,
        ],
        (Hash::Sha512, true) => vec![&signature::ECDSA_P521_SHA512_FIXED],
        (Hash::Sha512, false) => vec![
            &signature::ECDSA_P521_SHA512_ASN1,
            &signature::ECDSA_P256_SHA512_ASN1,
            &signature::ECDSA_P384_SHA512_ASN1,
        ],
        (Hash::Md5 | Hash::Sha1 | Hash::Sha224, _) => Vec::new(),
    }
}

fn key_bytes(format: &str, key: &[u8]) -> Result<(Format, Vec<u8>), String> {
    if key.len() > LONGEST_KEY {
        return Err("the key is too long".to_owned());
    }
    match format {
        "pem" => pem(key),
        "pkcs8" => Ok((Format::Pkcs8, key.to_vec())),
        "pkcs1" => Ok((Format::Pkcs1, key.to_vec())),
        "sec1" => Ok((Format::Sec1, key.to_vec())),
        "spki" | "raw" => Ok((Format::Public, key.to_vec())),
        _ => Err(format!("unknown key format {format}")),
    }
}

/// The first block of PEM text (RFC 7468).
fn pem(text: &[u8]) -> Result<(Format, Vec<u8>), String> {
    const MALFORMED: &str =
        "the key is no PEM text: it begins with `-----BEGIN … KEY-----`, and line breaks matter";
    let text = std::str::from_utf8(text).map_err(|_| MALFORMED.to_owned())?;
    let (_, rest) = text.split_once("-----BEGIN ").ok_or(MALFORMED)?;
    let (label, rest) = rest.split_once("-----").ok_or(MALFORMED)?;
    let (body, _) = rest.split_once("-----END ").ok_or(MALFORMED)?;
    let format = match label {
        "PRIVATE KEY" => Format::Pkcs8,
        "RSA PRIVATE KEY" => Format::Pkcs1,
        "EC PRIVATE KEY" => Format::Sec1,
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Format::Public,
        "ENCRYPTED PRIVATE KEY" => {
            return Err("encrypted private keys are not supported".to_owned());
        }
        other => return Err(format!("a PEM block `{other}` is not supported")),
    };
    let digits: String = body
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(digits)
        .map_err(|_| MALFORMED.to_owned())?;
    Ok((format, der))
}
