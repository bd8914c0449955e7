//! Keys for assertions (RFC 7523), where nobody has a real one.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;

/// A private key and its public one, in PEM. It does not print.
#[derive(Clone)]
pub struct SigningPair {
    /// PKCS #8.
    pub private: String,
    /// SPKI, as in [`AssertionKey`](super::AssertionKey).
    pub public: String,
}

impl fmt::Debug for SigningPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningPair")
    }
}

impl SigningPair {
    /// A new pair that `algorithm` can sign with; `None` for an HMAC, which needs none.
    pub fn generate(algorithm: Algorithm) -> Option<Self> {
        match kind(algorithm) {
            Kind::Hmac => None,
            Kind::Rsa => {
                let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).ok()?;
                let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
                let public = pair.public_key().as_der().ok()?;
                Some(Self::in_pem(private.as_ref(), public.as_ref()))
            }
            Kind::Ecdsa(curve) => {
                let pair = EcdsaKeyPair::generate(curve).ok()?;
                let private = EcdsaKeyPair::to_pkcs8v1(&pair).ok()?;
                Some(Self::in_pem(
                    private.as_ref(),
                    pair.public_key().as_der().ok()?.as_ref(),
                ))
            }
            Kind::Ed25519 => {
                let pair = Ed25519KeyPair::generate().ok()?;
                let private = pair.to_pkcs8v1().ok()?;
                Some(Self::in_pem(
                    private.as_ref(),
                    pair.public_key().as_der().ok()?.as_ref(),
                ))
            }
        }
    }

    /// The pair of a private key in PEM (PKCS #8); `None` when `algorithm` cannot sign with it.
    pub fn of_private(pem: &str, algorithm: Algorithm) -> Option<Self> {
        let der = der(pem)?;
        let public = match kind(algorithm) {
            Kind::Hmac => return None,
            Kind::Rsa => {
                let pair = aws_lc_rs::rsa::KeyPair::from_pkcs8(&der).ok()?;
                pair.public_key().as_der().ok()?
            }
            Kind::Ecdsa(curve) => {
                let pair = EcdsaKeyPair::from_pkcs8(curve, &der).ok()?;
                pair.public_key().as_der().ok()?
            }
            Kind::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok()?;
                pair.public_key().as_der().ok()?
            }
        };
        Some(Self::in_pem(&der, public.as_ref()))
    }

    /// A new pair for RSA signatures.
    pub fn generate_rsa() -> Option<Self> {
        Self::generate(Algorithm::RS256)
    }

    /// The pair of a private RSA key in PEM (PKCS #8); `None` when it is none.
    pub fn of_rsa(pem: &str) -> Option<Self> {
        Self::of_private(pem, Algorithm::RS256)
    }

    fn in_pem(private: &[u8], public: &[u8]) -> Self {
        Self {
            private: pem("PRIVATE KEY", private),
            public: pem("PUBLIC KEY", public),
        }
    }
}

enum Kind {
    Hmac,
    Rsa,
    Ecdsa(&'static EcdsaSigningAlgorithm),
    Ed25519,
}

fn kind(algorithm: Algorithm) -> Kind {
    match algorithm {
        Algorithm::ES256 => Kind::Ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::ES384 => Kind::Ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::EdDSA => Kind::Ed25519,
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => Kind::Rsa,
        // HMAC, and what the library may add.
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 | _ => Kind::Hmac,
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| str::from_utf8(line).ok())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

/// A key that went through an environment variable often has its line ends written out.
pub(crate) fn der(pem: &str) -> Option<Vec<u8>> {
    let pem = pem.replace("\\n", "\n");
    let body: String = pem
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_a_generated_key_signs_its_public_key_verifies() {
        let claims = json!({ "sub": "ada" });
        let keys = |pair: &SigningPair, algorithm| {
            let (private, public) = (pair.private.as_bytes(), pair.public.as_bytes());
            match kind(algorithm) {
                Kind::Hmac => panic!("an HMAC has no pair"),
                Kind::Rsa => (
                    EncodingKey::from_rsa_pem(private).unwrap(),
                    DecodingKey::from_rsa_pem(public).unwrap(),
                ),
                Kind::Ecdsa(_) => (
                    EncodingKey::from_ec_pem(private).unwrap(),
                    DecodingKey::from_ec_pem(public).unwrap(),
                ),
                Kind::Ed25519 => (
                    EncodingKey::from_ed_pem(private).unwrap(),
                    DecodingKey::from_ed_pem(public).unwrap(),
                ),
            }
        };
        for algorithm in [
            Algorithm::RS256,
            Algorithm::PS256,
            Algorithm::ES256,
            Algorithm::ES384,
            Algorithm::EdDSA,
        ] {
            let pair = SigningPair::generate(algorithm).unwrap();
            let again = SigningPair::of_private(&pair.private, algorithm).unwrap();
            assert_eq!(again.public, pair.public);
            let (private, public) = keys(&again, algorithm);
            let token = jsonwebtoken::encode(&Header::new(algorithm), &claims, &private).unwrap();
            let mut validation = Validation::new(algorithm);
            validation.required_spec_claims.clear();
            validation.validate_exp = false;
            let read = jsonwebtoken::decode::<Value>(&token, &public, &validation);
            assert_eq!(read.unwrap().claims, claims);
        }
        assert!(SigningPair::generate(Algorithm::HS256).is_none());
        assert!(SigningPair::of_private("sample-key", Algorithm::RS256).is_none());
    }
}
