//! Workspace tokens, as a receiver that knows them checks them (wire contract A.4).

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::options::TokenCheck;

/// Why a token was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// Not three dot-separated segments of base64url with JSON objects in the first two.
    Malformed,
    /// Signed with an algorithm other than HS256, HS384 and HS512, or not at all.
    Algorithm,
    /// The signature does not fit the workspace secret.
    Signature,
    /// `exp` is missing or in the past.
    Expired,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "the token is not a JWT",
            Self::Algorithm => "the token is not signed with HS256, HS384 or HS512",
            Self::Signature => "the signature of the token does not fit",
            Self::Expired => "the token has expired",
        })
    }
}

/// The claims of a token that passes `check`.
pub(crate) fn claims(token: &str, check: &TokenCheck) -> Result<Map<String, Value>, Refused> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Refused::Malformed)?;
    let header = object(header)?;
    let claims = object(payload)?;
    if let Some(secret) = &check.workspace_secret {
        let algorithm = algorithm(&header)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| Refused::Malformed)?;
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        hmac::verify(&key, signed.as_bytes(), &signature).map_err(|_| Refused::Signature)?;
    }
    if let Some(now) = check.now {
        let expiry = claims
            .get("exp")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        if expiry <= now() {
            return Err(Refused::Expired);
        }
    }
    Ok(claims)
}

fn object(segment: &str) -> Result<Map<String, Value>, Refused> {
    let bytes = URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| Refused::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)
}

fn algorithm(header: &Map<String, Value>) -> Result<hmac::Algorithm, Refused> {
    match header.get("alg").and_then(Value::as_str) {
        Some("HS256") => Ok(hmac::HMAC_SHA256),
        Some("HS384") => Ok(hmac::HMAC_SHA384),
        Some("HS512") => Ok(hmac::HMAC_SHA512),
        Some(_) | None => Err(Refused::Algorithm),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// RFC 7515 appendix A.1: header and payload, the HS256 signature, and the key.
    const RFC_7515: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn signed(algorithm: hmac::Algorithm, name: &str, claims: &str, secret: &str) -> String {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{name}","typ":"JWT"}}"#));
        let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// A token with `claims`, signed with `secret`.
    pub(crate) fn hs256(claims: &str, secret: &str) -> String {
        signed(hmac::HMAC_SHA256, "HS256", claims, secret)
    }

    fn secret(secret: &str) -> TokenCheck {
        TokenCheck {
            workspace_secret: Some(secret.to_owned()),
            now: None,
        }
    }

    #[test]
    fn the_three_hmac_algorithms_are_verified() {
        let algorithms = [
            (hmac::HMAC_SHA256, "HS256"),
            (hmac::HMAC_SHA384, "HS384"),
            (hmac::HMAC_SHA512, "HS512"),
        ];
        for (algorithm, name) in algorithms {
            let token = signed(algorithm, name, r#"{"sub":"c-1"}"#, "s");
            assert_eq!(claims(&token, &secret("s")).unwrap()["sub"], "c-1");
            assert_eq!(claims(&token, &secret("t")), Err(Refused::Signature));
        }
    }

    #[test]
    fn the_token_of_rfc_7515_is_read_and_has_expired() {
        let check = TokenCheck {
            workspace_secret: None,
            now: Some(|| 1_300_819_379),
        };
        assert_eq!(claims(RFC_7515, &check).unwrap()["iss"], "joe");
        let check = TokenCheck {
            workspace_secret: None,
            now: Some(|| 1_300_819_380),
        };
        assert_eq!(claims(RFC_7515, &check), Err(Refused::Expired));
    }

    #[test]
    fn an_unsigned_token_is_refused_when_there_is_a_secret() {
        let token = signed(hmac::HMAC_SHA256, "none", "{}", "s");
        assert_eq!(claims(&token, &secret("s")), Err(Refused::Algorithm));
        assert!(claims(&token, &TokenCheck::default()).is_ok());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["", "a", "a.b", "a.b.c", "e30.e30", "....", "W10.e30.e30"] {
            assert_eq!(
                claims(token, &TokenCheck::default()),
                Err(Refused::Malformed),
                "{token}"
            );
        }
    }
}
