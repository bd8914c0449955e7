//! Sealed bytes: how they look, and what they are bound to.

use authbridge_core::id::WorkspaceId;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// A field whose values are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// The table of the row that the value belongs to.
    pub(crate) table: &'static str,
    /// The value's name in it.
    pub(crate) name: &'static str,
}

impl Field {
    pub(crate) const fn new(table: &'static str, name: &'static str) -> Self {
        Self { table, name }
    }
}

/// Where a sealed value belongs. It is bound into the seal, so that a value copied to another
/// place does not open there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The workspace.
    pub(crate) workspace: &'a WorkspaceId,
    /// The table and the field.
    pub(crate) field: Field,
    /// The row's id.
    pub(crate) row: &'a str,
    /// The generation of the row's secrets; 0 where the row does not count them.
    pub(crate) generation: u64,
}

impl Place<'_> {
    /// `workspace/table/row/field/generation`. Only the row may contain a slash, so no two
    /// places have the same text.
    pub(super) fn associated_data(&self) -> String {
        let Self {
            workspace,
            field,
            row,
            generation,
        } = self;
        let Field { table, name } = field;
        format!("{workspace}/{table}/{row}/{name}/{generation}")
    }
}

/// Why sealed bytes did not open. What they hold, or held, is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecordError {
    #[error("it is too short to be a sealed value")]
    TooShort,
    #[error("it was sealed in a way that this version does not know")]
    UnknownVersion,
    #[error("it was changed, or belongs somewhere else")]
    DoesNotOpen,
}

/// The number of the data key in a sealed record, of a version that we know.
pub(super) fn key_number(record: &[u8]) -> Result<u32, RecordError> {
    let (version, rest) = record.split_first().ok_or(RecordError::TooShort)?;
    if *version != VERSION {
        return Err(RecordError::UnknownVersion);
    }
    let number = rest.first_chunk().ok_or(RecordError::TooShort)?;
    Ok(u32::from_be_bytes(*number))
}

/// Seals `plain`: `version | key number | nonce | ciphertext and tag`.
///
/// The nonce must be random: with 96 random bits a key is good for 2³² records
/// (NIST SP 800-38D section 8.3), far more than a workspace writes.
pub(super) fn seal(
    key: &[u8; 32],
    number: u32,
    nonce: [u8; NONCE_LEN],
    associated_data: &str,
    plain: &[u8],
) -> Vec<u8> {
    let tag_len = AES_256_GCM.tag_len();
    let mut record = Vec::with_capacity(BODY + plain.len() + tag_len);
    record.push(VERSION);
    record.extend_from_slice(&number.to_be_bytes());
    record.extend_from_slice(&nonce);
    record.extend_from_slice(plain);
    let (head, body) = record.split_at_mut(BODY);
    let tag = seal_in_place(key, nonce, &bound(head, associated_data), body);
    record.extend_from_slice(&tag);
    record
}

/// Opens what [`seal`] made with the same key and associated data.
pub(super) fn open(
    key: &[u8; 32],
    associated_data: &str,
    record: &[u8],
) -> Result<Zeroizing<Vec<u8>>, RecordError> {
    key_number(record)?;
    let (head, body) = record.split_at_checked(BODY).ok_or(RecordError::TooShort)?;
    let nonce = head
        .last_chunk::<NONCE_LEN>()
        .copied()
        .ok_or(RecordError::TooShort)?;
    let mut plain = Zeroizing::new(body.to_vec());
    let length = cipher(key)
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound(head, associated_data)),
            &mut plain,
        )
        .map_err(|_| RecordError::DoesNotOpen)?
        .len();
    plain.truncate(length);
    Ok(plain)
}

/// What the seal covers beside the text: the record's head, and where it belongs.
fn bound(head: &[u8], associated_data: &str) -> Vec<u8> {
    [head, associated_data.as_bytes()].concat()
}

#[expect(
    clippy::expect_used,
    reason = "AES-GCM fails only on texts of 64 GiB and more"
)]
fn seal_in_place(key: &[u8; 32], nonce: [u8; NONCE_LEN], bound: &[u8], body: &mut [u8]) -> Vec<u8> {
    cipher(key)
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), body)
        .expect("the text is shorter than 64 GiB")
        .as_ref()
        .to_vec()
}

#[expect(clippy::expect_used, reason = "AES-256 takes any 32 bytes")]
fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key is 32 bytes long"))
}

/// AES-256-GCM with a 96-bit nonce and a 128-bit tag.
const VERSION: u8 = 1;

/// Where the ciphertext begins.
const BODY: usize = 1 + 4 + NONCE_LEN;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn sealed(plain: &[u8]) -> Vec<u8> {
        seal(&KEY, 3, [9; NONCE_LEN], "ws/table/row/field/1", plain)
    }

    #[test]
    fn a_sealed_value_names_its_key() {
        assert_eq!(key_number(&sealed(b"x")), Ok(3));
    }

    #[test]
    fn another_place_or_key_does_not_open() {
        let record = sealed(b"secret");
        assert_eq!(
            open(&KEY, "ws/table/row/field/2", &record),
            Err(RecordError::DoesNotOpen)
        );
        assert_eq!(
            open(&[8; 32], "ws/table/row/field/1", &record),
            Err(RecordError::DoesNotOpen)
        );
    }

    #[test]
    fn a_short_record_is_refused() {
        let record = sealed(b"");
        for length in 0..record.len() {
            let part = &record[..length];
            assert!(open(&KEY, "ws/table/row/field/1", part).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(plain: Vec<u8>) {
            let opened = open(&KEY, "ws/table/row/field/1", &sealed(&plain)).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn any_flipped_bit_is_noticed(plain: Vec<u8>, position: prop::sample::Index, bit in 0_u32..8) {
            let mut record = sealed(&plain);
            let position = position.index(record.len());
            record[position] ^= 1_u8 << bit;
            prop_assert!(open(&KEY, "ws/table/row/field/1", &record).is_err());
        }

        #[test]
        fn no_bytes_make_opening_panic(record: Vec<u8>) {
            prop_assert!(open(&KEY, "ws/table/row/field/1", &record).is_err());
        }
    }
}
