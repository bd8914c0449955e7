//! Tokens that say what they are for, so that nothing needs to be kept of those that were issued.

use authbridge_core::Effects;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of the tag at the end of a token.
const TAG_BYTES: usize = 16;

/// Bytes of a number in a token.
const NUMBER_BYTES: usize = 8;

/// Makes tokens and recognises its own. A token is its numbers and a tag over them, so that nobody
/// else can make one, and looks like random characters.
///
/// Tags are not compared in constant time: this is a simulation, and must stay where nobody can
/// measure it.
pub(super) struct Mint {
    key: hmac::Key,
}

/// What a token is good for. The prefix keeps one kind from passing as another.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Code,
    Access,
    Refresh,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Code => "code_",
            Self::Access => "at_",
            Self::Refresh => "rt_",
        }
    }
}

impl Mint {
    pub(super) fn new(effects: &Effects) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &effects.random_bytes::<32>()),
        }
    }

    /// A token that carries `numbers`.
    pub(super) fn token<const N: usize>(&self, kind: Kind, numbers: [u64; N]) -> String {
        let mut bytes = numbers.map(u64::to_be_bytes).concat();
        let tag = self.tag(kind, &bytes);
        bytes.extend_from_slice(&tag);
        format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The numbers in `token`, if it was made here and is of this kind.
    pub(super) fn read<const N: usize>(&self, kind: Kind, token: &str) -> Option<[u64; N]> {
        let encoded = token.strip_prefix(kind.prefix())?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (body, tag) = bytes.split_at_checked(N * NUMBER_BYTES)?;
        if self.tag(kind, body) != tag {
            return None;
        }
        let (chunks, _) = body.as_chunks::<NUMBER_BYTES>();
        let mut numbers = [0; N];
        for (number, chunk) in numbers.iter_mut().zip(chunks) {
            *number = u64::from_be_bytes(*chunk);
        }
        Some(numbers)
    }

    fn tag(&self, kind: Kind, body: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(kind.prefix().as_bytes());
        context.update(body);
        let tag = context.sign();
        tag.as_ref().iter().copied().take(TAG_BYTES).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_only_by_its_mint_and_as_its_kind() {
        let effects = Effects::of_the_system();
        let mint = Mint::new(&effects);
        let token = mint.token(Kind::Access, [1, 2, u64::MAX]);
        assert_eq!(mint.read(Kind::Access, &token), Some([1, 2, u64::MAX]));
        assert_eq!(mint.read::<2>(Kind::Access, &token), None);
        assert_eq!(mint.read::<3>(Kind::Refresh, &token), None);
        assert_eq!(
            mint.read::<3>(Kind::Refresh, &token.replace("at_", "rt_")),
            None
        );
        assert_eq!(Mint::new(&effects).read::<3>(Kind::Access, &token), None);
        assert_eq!(mint.read::<3>(Kind::Access, "at_"), None);
    }
}
