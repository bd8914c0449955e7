//! Digests, HMAC and PBKDF2.

use aws_lc_rs::{digest, hmac};
use md5::{Digest as _, Md5};
use serde::Deserialize;

use super::{Answer, arguments, split};
use crate::guest::{Guest, Message};

/// The hash functions that scripts know, by the names of Node without their dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// Accepts `SHA-256`, `sha256`, `RSA-SHA256`.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match plain.strip_prefix("rsa").unwrap_or(&plain) {
            "md5" => Ok(Self::Md5),
            "sha1" => Ok(Self::Sha1),
            "sha224" => Ok(Self::Sha224),
            "sha256" => Ok(Self::Sha256),
            "sha384" => Ok(Self::Sha384),
            "sha512" => Ok(Self::Sha512),
            _ => Err(format!("Digest method not supported: {name}")),
        }
    }

    fn digest(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::Md5 => None,
            Self::Sha1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha224 => Some(&digest::SHA224),
            Self::Sha256 => Some(&digest::SHA256),
            Self::Sha384 => Some(&digest::SHA384),
            Self::Sha512 => Some(&digest::SHA512),
        }
    }

    fn hmac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::Md5 => None,
            Self::Sha1 => Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha224 => Some(hmac::HMAC_SHA224),
            Self::Sha256 => Some(hmac::HMAC_SHA256),
            Self::Sha384 => Some(hmac::HMAC_SHA384),
            Self::Sha512 => Some(hmac::HMAC_SHA512),
        }
    }
}

pub(super) fn hash(name: &str, data: &[u8]) -> Answer {
    let bytes = match Hash::named(name)?.digest() {
        Some(algorithm) => digest::digest(algorithm, data).as_ref().to_vec(),
        None => Md5::digest(data).to_vec(),
    };
    Ok(Message::bytes(bytes))
}

#[derive(Deserialize)]
struct Hmac {
    hash: String,
    /// Of key and data.
    sizes: Vec<usize>,
}

pub(super) fn hmac(text: &str, bytes: &[u8]) -> Answer {
    let Hmac { hash, sizes } = arguments(text)?;
    let [key, data] = split(bytes, &sizes)?;
    Ok(Message::bytes(
        Keyed::new(Hash::named(&hash)?, key).sign(&[data]),
    ))
}

/// A key with its hash function.
enum Keyed {
    Sha(Box<hmac::Key>),
    Md5([u8; MD5_BLOCK]),
}

const MD5_BLOCK: usize = 64;

impl Keyed {
    fn new(hash: Hash, key: &[u8]) -> Self {
        if let Some(algorithm) = hash.hmac() {
            return Self::Sha(Box::new(hmac::Key::new(algorithm, key)));
        }
        let hashed;
        let key = if key.len() > MD5_BLOCK {
            hashed = Md5::digest(key);
            hashed.as_slice()
        } else {
            key
        };
        let mut block = [0; MD5_BLOCK];
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        Self::Md5(block)
    }

    fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Sha(key) => {
                let mut context = hmac::Context::with_key(key);
                for part in parts {
                    context.update(part);
                }
                context.sign().as_ref().to_vec()
            }
            // RFC 2104.
            Self::Md5(block) => {
                let mut inner = Md5::new_with_prefix(block.map(|byte| byte ^ 0x36));
                for part in parts {
                    inner.update(part);
                }
                Md5::new_with_prefix(block.map(|byte| byte ^ 0x5c))
                    .chain_update(inner.finalize())
                    .finalize()
                    .to_vec()
            }
        }
    }
}

#[derive(Deserialize)]
struct Derive {
    hash: String,
    iterations: u32,
    /// Of the key to make.
    size: usize,
    /// Of password and salt.
    sizes: Vec<usize>,
}

/// Most bytes of one derived key.
const LARGEST_KEY: usize = 1024;

/// Rounds between two looks at the processor time: less than a millisecond.
const ROUNDS: u32 = 512;

/// PBKDF2 (RFC 8018), which can be stopped: that is why it is not the library's.
pub(super) fn pbkdf2(guest: &Guest, text: &str, bytes: &[u8]) -> wasmtime::Result<Answer> {
    let prepared = arguments::<Derive>(text).and_then(|derive| {
        let [password, salt] = split(bytes, &derive.sizes)?;
        if derive.iterations == 0 || derive.size > LARGEST_KEY {
            return Err(format!(
                "`iterations` must be at least 1, and `keylen` at most {LARGEST_KEY}"
            ));
        }
        Ok((
            Keyed::new(Hash::named(&derive.hash)?, password),
            salt,
            derive.iterations,
            derive.size,
        ))
    });
    let (key, salt, iterations, size) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return Ok(Err(message)),
    };
    let mut derived = Vec::new();
    let mut number = 0_u32;
    while derived.len() < size {
        number += 1;
        let mut last = key.sign(&[salt, &number.to_be_bytes()]);
        let mut block = last.clone();
        for round in 1..iterations {
            if round % ROUNDS == 0 {
                guest.check_cpu()?;
            }
            last = key.sign(&[&last]);
            block
                .iter_mut()
                .zip(&last)
                .for_each(|(to, from)| *to ^= from);
        }
        derived.extend(block);
    }
    derived.truncate(size);
    Ok(Ok(Message::bytes(derived)))
}
