//! AES in GCM and CBC mode.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    self, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use serde::Deserialize;

use super::{Answer, arguments, split};
use crate::guest::Message;

#[derive(Deserialize)]
struct Arguments {
    mode: String,
    /// PKCS#7 padding, for CBC.
    #[serde(default)]
    padding: bool,
    /// Of key, initialisation vector, additional data and data (for decryption in GCM mode, with the tag behind it).
    sizes: Vec<usize>,
}

/// What Node says when a key, a tag or a padding is wrong.
const FAILED: &str = "Unsupported state or unable to authenticate data";

pub(super) fn encrypt(text: &str, bytes: &[u8]) -> Answer {
    let Arguments {
        mode,
        padding,
        sizes,
    } = arguments(text)?;
    let [key, iv, additional, data] = split(bytes, &sizes)?;
    match mode.as_str() {
        "gcm" => {
            let mut out = data.to_vec();
            gcm(key)?
                .seal_in_place_append_tag(nonce(iv)?, Aad::from(additional), &mut out)
                .map_err(|_| FAILED.to_owned())?;
            Ok(Message::bytes(out))
        }
        "cbc" => encrypt_cbc(key, iv, data, padding),
        _ => Err(format!("unknown mode {mode}")),
    }
}

pub(super) fn decrypt(text: &str, bytes: &[u8]) -> Answer {
    let Arguments {
        mode,
        padding,
        sizes,
    } = arguments(text)?;
    let [key, iv, additional, data] = split(bytes, &sizes)?;
    let mut out = data.to_vec();
    let size = match mode.as_str() {
        "gcm" => {
            let opened = gcm(key)?.open_in_place(nonce(iv)?, Aad::from(additional), &mut out);
            opened.map_err(|_| FAILED.to_owned())?.len()
        }
        "cbc" => decrypt_cbc(key, iv, &mut out, padding)?,
        _ => return Err(format!("unknown mode {mode}")),
    };
    out.truncate(size);
    Ok(Message::bytes(out))
}

fn gcm(key: &[u8]) -> Result<LessSafeKey, String> {
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err("Invalid key length".to_owned()),
    };
    UnboundKey::new(algorithm, key)
        .map(LessSafeKey::new)
        .map_err(|_| "Invalid key length".to_owned())
}

fn nonce(iv: &[u8]) -> Result<Nonce, String> {
    Nonce::try_assume_unique_for_key(iv)
        .map_err(|_| "the initialization vector of a GCM mode must have 12 bytes".to_owned())
}

fn cbc_key(key: &[u8]) -> Result<UnboundCipherKey, String> {
    let algorithm = match key.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        32 => &cipher::AES_256,
        _ => return Err("Invalid key length".to_owned()),
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| "Invalid key length".to_owned())
}

fn block(iv: &[u8]) -> Result<FixedLength<16>, String> {
    <[u8; 16]>::try_from(iv)
        .map(FixedLength::from)
        .map_err(|_| "Invalid initialization vector".to_owned())
}

fn encrypt_cbc(key: &[u8], iv: &[u8], data: &[u8], padding: bool) -> Answer {
    let context = EncryptionContext::Iv128(block(iv)?);
    let mut out = data.to_vec();
    let failed = |_| "wrong final block length".to_owned();
    if padding {
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(cbc_key(key)?).map_err(failed)?;
        let _used = key.less_safe_encrypt(&mut out, context).map_err(failed)?;
    } else {
        let key = EncryptingKey::cbc(cbc_key(key)?).map_err(failed)?;
        let _used = key.less_safe_encrypt(&mut out, context).map_err(failed)?;
    }
    Ok(Message::bytes(out))
}

fn decrypt_cbc(key: &[u8], iv: &[u8], data: &mut [u8], padding: bool) -> Result<usize, String> {
    let context = DecryptionContext::Iv128(block(iv)?);
    let failed = |_| "bad decrypt".to_owned();
    if padding {
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(cbc_key(key)?).map_err(failed)?;
        key.decrypt(data, context)
            .map(|plain| plain.len())
            .map_err(failed)
    } else {
        let key = DecryptingKey::cbc(cbc_key(key)?).map_err(failed)?;
        key.decrypt(data, context)
            .map(|plain| plain.len())
            .map_err(failed)
    }
}
