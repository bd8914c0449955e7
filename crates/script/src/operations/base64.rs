//! Base64, as Node's `Buffer` reads and writes it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Answer;
use crate::guest::Message;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn encode(bytes: &[u8]) -> Answer {
    Ok(Message::text(
        base64::engine::general_purpose::STANDARD.encode(bytes),
    ))
}

/// Both alphabets, up to the first `=`; what is no base64 is passed over, and so is a last character that is alone.
pub(super) fn decode(text: &str) -> Answer {
    let digits = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            byte if byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/' => Some(byte),
            _ => None,
        });
    let mut digits: Vec<u8> = digits.collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    LENIENT
        .decode(digits)
        .map(Message::bytes)
        .map_err(|error| error.to_string())
}
