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

pub(super) fn encode(bytes: &[u8]) -> Message {
    Message::text(base64::engine::general_purpose::STANDARD.encode(bytes))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};

    fn decoded(text: &str) -> Vec<u8> {
        decode(text)
            .ok()
            .and_then(|message| message.bytes)
            .unwrap_or_default()
            .to_vec()
    }

    #[test]
    fn it_is_as_lenient_as_node() {
        assert_eq!(decoded("aGk="), b"hi");
        assert_eq!(decoded("a G\nk"), b"hi");
        assert_eq!(decoded("-_8"), [0xfb, 0xff]);
        assert_eq!(decoded("aGk=aGk="), b"hi");
        assert_eq!(decoded("aGkxa"), b"hi1");
        assert_eq!(decoded("a"), b"");
        assert_eq!(decoded("ä=="), b"");
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(decoded(&encode(&bytes).text), bytes);
        }

        #[test]
        fn any_text_can_be_decoded(text in ".*") {
            prop_assert!(decode(&text).is_ok());
        }
    }
}
