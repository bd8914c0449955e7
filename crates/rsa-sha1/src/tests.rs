use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
};

use super::*;

fn made() -> (KeyPair, Vec<u8>) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let der = der.as_ref().to_vec();
    (pair, der)
}

#[test]
fn what_is_signed_verifies_with_the_public_key_and_for_this_message_only() {
    let (pair, pkcs8) = made();
    let key = Key::parse(&pkcs8).unwrap();
    let public = UnparsedPublicKey::new(
        &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        pair.public_key().as_ref(),
    );
    let long = vec![7; 100_000];
    for message in [&b""[..], b"GET&http%3A%2F%2Fexample.com%2F&", &long] {
        let signature = key.sign(message).unwrap();
        assert_eq!(signature.len(), 256);
        public.verify(message, &signature).unwrap();
        assert!(public.verify(b"another", &signature).is_err());
        assert_eq!(key.sign(message), Ok(signature), "there is no salt");
    }
}

#[test]
fn a_key_signs_on_several_threads_at_once() {
    let key = Key::parse(&made().1).unwrap();
    let expected = key.sign(b"message").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(key.sign(b"message").unwrap(), expected));
        }
    });
}

#[test]
fn what_is_no_rsa_key_is_refused() {
    let (_, pkcs8) = made();
    let random = aws_lc_rs::rand::SystemRandom::new();
    let other = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let longer = [&pkcs8[..], b"0"].concat();
    for bytes in [&b""[..], b"key", &pkcs8[..100], other.as_ref(), &longer] {
        assert_eq!(Key::parse(bytes).unwrap_err(), Unusable);
    }
}

#[test]
fn a_key_is_not_printed() {
    let key = Key::parse(&made().1).unwrap();
    assert_eq!(format!("{key:?}"), "Key([redacted])");
}
