//! Assertions in exchange for tokens (RFC 7523 section 3).

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use super::options::AssertionKey;
use super::refusal::Refusal;

/// Who an assertion speaks of.
pub(super) struct Asserted {
    pub(super) issuer: String,
    pub(super) subject: String,
}

/// Verifies `assertion`: signed by one of `keys`, meant for one of `audiences`, and good at `now`
/// (in seconds since 1970).
pub(super) fn verify(
    assertion: &str,
    keys: &[AssertionKey],
    audiences: &[&str],
    now: i64,
) -> Result<Asserted, Refusal> {
    let mut refused = Refusal::grant("the assertion has nobody's signature that is known");
    for key in keys {
        let Ok(claims) = signed_by(assertion, key) else {
            continue;
        };
        match check(&claims, &key.issuer, audiences, now) {
            Ok(asserted) => return Ok(asserted),
            Err(refusal) => refused = refusal,
        }
    }
    Err(refused)
}

fn signed_by(assertion: &str, key: &AssertionKey) -> jsonwebtoken::errors::Result<Claims> {
    // The claims are checked here, by the clock that is injected.
    let mut validation = Validation::new(key.algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoding_key = decoding_key(key)?;
    jsonwebtoken::decode(assertion, &decoding_key, &validation).map(|data| data.claims)
}

type Claims = Map<String, Value>;

fn decoding_key(key: &AssertionKey) -> jsonwebtoken::errors::Result<DecodingKey> {
    let pem = key.key.as_bytes();
    match key.algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Ok(DecodingKey::from_secret(pem)),
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
        // The library's enum may grow; a key that does not fit is refused.
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512
        | _ => DecodingKey::from_rsa_pem(pem),
    }
}

fn check(claims: &Claims, issuer: &str, audiences: &[&str], now: i64) -> Result<Asserted, Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(issuer) {
        return Err(Refusal::grant(
            "the assertion is not by whose key signed it",
        ));
    }
    let subject = text("sub").ok_or_else(|| Refusal::grant("the assertion has no `sub`"))?;
    if !is_meant_for(claims.get("aud"), audiences) {
        return Err(Refusal::grant("the assertion is meant for somebody else"));
    }
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    if seconds("exp").is_none_or(|exp| exp <= now) {
        return Err(Refusal::grant("the assertion has expired"));
    }
    if seconds("nbf").is_some_and(|nbf| nbf > now) {
        return Err(Refusal::grant("the assertion is not good yet"));
    }
    Ok(Asserted {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
    })
}

fn is_meant_for(audience: Option<&Value>, audiences: &[&str]) -> bool {
    let is_ours = |value: &Value| value.as_str().is_some_and(|it| audiences.contains(&it));
    match audience {
        Some(Value::Array(items)) => items.iter().any(is_ours),
        Some(value) => is_ours(value),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;

    fn outcome(claims: &Value, secret: &str) -> Result<String, String> {
        let key = AssertionKey {
            issuer: "robot".into(),
            algorithm: Algorithm::HS256,
            key: "shared".into(),
        };
        let encoding_key = EncodingKey::from_secret(secret.as_bytes());
        let header = Header::new(Algorithm::HS256);
        let assertion = jsonwebtoken::encode(&header, claims, &encoding_key).unwrap();
        verify(&assertion, &[key], &["https://as.test/token"], 1000)
            .map(|asserted| asserted.subject)
            .map_err(|refusal| refusal.description.unwrap_or_default())
    }

    #[test]
    fn every_claim_is_checked_by_the_clock_that_is_given() {
        let good = json!({
            "iss": "robot", "sub": "ada", "aud": ["x", "https://as.test/token"], "exp": 1001
        });
        assert_eq!(outcome(&good, "shared"), Ok("ada".into()));
        assert!(outcome(&good, "other").unwrap_err().contains("signature"));
        let changes = [
            ("iss", json!("mallory"), "whose key"),
            ("sub", Value::Null, "`sub`"),
            ("aud", json!("https://other.test"), "somebody else"),
            ("exp", json!(1000), "expired"),
            ("exp", Value::Null, "expired"),
            ("nbf", json!(1001), "not good yet"),
        ];
        for (name, value, expected) in changes {
            let mut claims = good.clone();
            claims[name] = value;
            let message = outcome(&claims, "shared").unwrap_err();
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}
