#![doc = include_str!("../README.md")]

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the engine's clock may be ahead of or behind the receiver's, in seconds.
const LEEWAY_SECONDS: i64 = 5;

const HMAC: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// What a token says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Claims {
    /// `iss`: the key of the workspace that signed.
    #[serde(rename = "iss")]
    pub workspace_key: String,
    /// `sub`: the app's id of the customer on whose behalf the request is made.
    #[serde(rename = "sub")]
    pub customer_id: String,
    /// The customer's fields.
    #[serde(default)]
    pub fields: Map<String, Value>,
    /// `exp`, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
    /// `iat`, in seconds since 1970.
    #[serde(default, rename = "iat")]
    pub issued_at: Option<i64>,
    /// `jti`: names this token, for receivers that refuse to see one twice.
    #[serde(default, rename = "jti")]
    pub token_id: Option<String>,
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not a JSON Web Token with the claims of this kind.
    #[error("the token is not one that the engine signs")]
    Malformed,
    /// Its algorithm is not one that the key is for.
    #[error("the token is signed with an algorithm that is not accepted")]
    Algorithm,
    /// The key set has no key of this name; fetch it again.
    #[error("no key `{0}` in the key set")]
    UnknownKey(String),
    /// Somebody else signed it.
    #[error("the signature is wrong")]
    Signature,
    /// Another workspace signed it.
    #[error("the token is of another workspace")]
    Issuer,
    /// Its time has passed.
    #[error("the token has expired")]
    Expired,
    /// A key set without usable keys.
    #[error("the key set has no usable key")]
    KeySet,
}

/// Verifies tokens of one workspace.
pub struct Verifier {
    workspace_key: String,
    keys: Keys,
}

enum Keys {
    Secret(DecodingKey),
    Set(JwkSet),
}

impl Verifier {
    /// For a workspace that signs with its secret.
    pub fn with_secret(workspace_key: &str, secret: &[u8]) -> Self {
        let keys = Keys::Secret(DecodingKey::from_secret(secret));
        Self {
            workspace_key: workspace_key.to_owned(),
            keys,
        }
    }

    /// For a workspace that signs with a key pair: `jwks` is the JSON of
    /// `/.well-known/jwks.json` (RFC 7517).
    pub fn with_jwks(workspace_key: &str, jwks: &str) -> Result<Self, VerifyError> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|_| VerifyError::KeySet)?;
        if set.keys.is_empty() {
            return Err(VerifyError::KeySet);
        }
        Ok(Self {
            workspace_key: workspace_key.to_owned(),
            keys: Keys::Set(set),
        })
    }

    /// What `token` says, if it is good at `now`, in seconds since 1970.
    pub fn verify(&self, token: &str, now: i64) -> Result<Claims, VerifyError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| VerifyError::Malformed)?;
        let claims = match &self.keys {
            Keys::Secret(key) if HMAC.contains(&header.alg) => decode(token, key, header.alg)?,
            Keys::Secret(_) => return Err(VerifyError::Algorithm),
            Keys::Set(set) => {
                let kid = header.kid.unwrap_or_default();
                let jwk = set.find(&kid).ok_or(VerifyError::UnknownKey(kid))?;
                // The key says what it is for; the token's word counts for nothing.
                let algorithm = jwk
                    .common
                    .key_algorithm
                    .and_then(|name| name.to_string().parse().ok());
                if HMAC.contains(&header.alg) || algorithm != Some(header.alg) {
                    return Err(VerifyError::Algorithm);
                }
                let key = DecodingKey::from_jwk(jwk).map_err(|_| VerifyError::KeySet)?;
                decode(token, &key, header.alg)?
            }
        };
        if claims.workspace_key != self.workspace_key {
            return Err(VerifyError::Issuer);
        }
        if now.saturating_sub(claims.expires_at) >= LEEWAY_SECONDS {
            return Err(VerifyError::Expired);
        }
        Ok(claims)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("workspace_key", &self.workspace_key)
            .finish_non_exhaustive()
    }
}

fn decode(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Claims, VerifyError> {
    let mut validation = Validation::new(algorithm);
    // The receiver gives the time; the machine's is not asked.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode(token, key, &validation);
    decoded.map(|decoded| decoded.claims).map_err(|error| {
        if matches!(
            error.kind(),
            jsonwebtoken::errors::ErrorKind::InvalidSignature
        ) {
            return VerifyError::Signature;
        }
        VerifyError::Malformed
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn token(secret: &[u8], claims: &Value) -> String {
        jsonwebtoken::encode(
            &Header::default(),
            claims,
            &EncodingKey::from_secret(secret),
        )
        .unwrap()
    }

    fn claims() -> Value {
        json!({"iss": "ws", "sub": "c-1", "fields": {"plan": "pro"}, "exp": NOW + 300, "jti": "1"})
    }

    #[test]
    fn a_good_token_says_who_calls_for_whom() {
        let claims = Verifier::with_secret("ws", b"s")
            .verify(&token(b"s", &claims()), NOW)
            .unwrap();
        assert_eq!(
            (claims.workspace_key.as_str(), claims.customer_id.as_str()),
            ("ws", "c-1")
        );
        assert_eq!(claims.fields["plan"], "pro");
    }

    #[test]
    fn a_token_is_good_for_its_workspace_its_secret_and_its_time_only() {
        let token = token(b"s", &claims());
        let verify =
            |workspace, secret, now| Verifier::with_secret(workspace, secret).verify(&token, now);
        assert_eq!(verify("other", b"s", NOW), Err(VerifyError::Issuer));
        assert_eq!(verify("ws", b"other", NOW), Err(VerifyError::Signature));
        assert_eq!(verify("ws", b"s", NOW + 306), Err(VerifyError::Expired));
    }

    #[test]
    fn an_unsigned_token_is_no_token() {
        // {"alg":"none"} . {"iss":"ws","sub":"c-1","exp":9999999999} .
        let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ3cyIsInN1YiI6ImMtMSIsImV4cCI6OTk5OTk5OTk5OX0.";
        let refused = Verifier::with_secret("ws", b"s").verify(token, NOW);
        assert_eq!(refused, Err(VerifyError::Malformed));
    }

    #[test]
    fn a_public_key_is_never_tried_as_a_secret() {
        let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","alg":"ES256","use":"sig",
            "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        let header = Header {
            kid: Some("1".into()),
            ..Header::default()
        };
        let key = EncodingKey::from_secret(jwks.as_bytes());
        let forged = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        let refused = Verifier::with_jwks("ws", jwks)
            .unwrap()
            .verify(&forged, NOW);
        assert_eq!(refused, Err(VerifyError::Algorithm));
    }
}
