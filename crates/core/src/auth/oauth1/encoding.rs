//! Percent-encoding as signatures need it (RFC 5849 section 3.6), over bytes.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// All but `ALPHA`, `DIGIT`, `-`, `.`, `_` and `~` (RFC 3986 section 2.3) is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes with upper-case digits; a space becomes `%20`.
pub(super) fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, ENCODED).to_string()
}

/// Decodes a header field's value, where a plus sign is a plus sign.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    percent_decode(text).collect()
}

/// Decodes a part of a query or a form (RFC 5849 section 3.4.1.3.1), where a plus sign is a
/// space. What only looks like an escape stays as it is.
pub(super) fn decode_form(text: &[u8]) -> Vec<u8> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        let bytes = text.iter();
        bytes
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect()
    } else {
        text.into()
    };
    decode(&spaced)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5849 section 3.6.
    #[test]
    fn all_but_the_unreserved_characters_is_encoded_as_utf_8() {
        assert_eq!(
            encode("abcABC123-._~".as_bytes()),
            "abcABC123-._~",
            "these stay"
        );
        assert_eq!(encode(b"%"), "%25");
        assert_eq!(encode(b"+"), "%2B");
        assert_eq!(encode(b"&=*"), "%26%3D%2A");
        assert_eq!(encode(b"\n \x7f!'()"), "%0A%20%7F%21%27%28%29");
        assert_eq!(encode("\u{80}\u{3001}".as_bytes()), "%C2%80%E3%80%81");
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!(decode_form(b"100%+%zz%4"), b"100% %zz%4");
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_agree(bytes: Vec<u8>) {
            let encoded = encode(&bytes);
            prop_assert_eq!(&decode(encoded.as_bytes()), &bytes);
            prop_assert_eq!(&decode_form(encoded.as_bytes()), &bytes);
        }
    }
}
