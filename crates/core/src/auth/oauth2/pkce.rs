//! Proof Key for Code Exchange (RFC 7636), and other one-time values of an authorization request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Effects;

/// A value that nobody can guess: 256 random bits as 43 characters that a URL needs not escape,
/// which also makes it a code verifier (RFC 7636 section 4.1).
pub fn unguessable(effects: &Effects) -> String {
    URL_SAFE_NO_PAD.encode(effects.random_bytes::<32>())
}

/// The challenge for `verifier` by the method S256 (RFC 7636 section 4.2).
pub fn challenge(verifier: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn unguessable_values_are_code_verifiers() {
        let value = unguessable(&Effects::of_the_system());
        assert_eq!(value.len(), 43);
        assert!(
            value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_ne!(value, unguessable(&Effects::of_the_system()));
    }
}
