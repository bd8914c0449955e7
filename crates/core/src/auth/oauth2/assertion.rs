//! Assertions of the JWT bearer grant (RFC 7523): the client signs who wants a token.

use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use crate::auth::members::{Members, OAuthConfigError};
use crate::secret::ExposeSecret as _;
use crate::{Effects, SecretString};

/// `assertion` in the configuration.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// `key`: a private key in PEM, or the secret of an HMAC.
    pub key: SecretString,
    /// `keyId`, for the header's `kid`.
    pub key_id: Option<String>,
    /// `algorithm`; RS256.
    pub algorithm: Algorithm,
    /// `issuer`; the client id.
    pub issuer: Option<String>,
    /// `subject`; the issuer.
    pub subject: Option<String>,
    /// `audience`; the token endpoint.
    pub audience: Option<String>,
    /// `claims`: further claims, which win over ours.
    pub claims: Map<String, Value>,
}

/// How long an assertion is valid; it is used at once.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

impl Assertion {
    /// Its keys.
    pub const KEYS: [&str; 7] = [
        "key",
        "keyId",
        "algorithm",
        "issuer",
        "subject",
        "audience",
        "claims",
    ];

    /// The words for `algorithm`.
    pub const ALGORITHMS: [(&str, Option<Algorithm>); 10] = [
        ("RS256", Some(Algorithm::RS256)),
        ("RS384", Some(Algorithm::RS384)),
        ("RS512", Some(Algorithm::RS512)),
        ("PS256", Some(Algorithm::PS256)),
        ("ES256", Some(Algorithm::ES256)),
        ("ES384", Some(Algorithm::ES384)),
        ("EdDSA", Some(Algorithm::EdDSA)),
        ("HS256", Some(Algorithm::HS256)),
        ("HS384", Some(Algorithm::HS384)),
        ("HS512", Some(Algorithm::HS512)),
    ];

    pub(super) fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let key = members.text("key")?;
        Ok(Self {
            key: key
                .ok_or(OAuthConfigError::Missing("assertion.key"))?
                .into(),
            key_id: members.text("keyId")?,
            algorithm: members
                .choice("algorithm", &Self::ALGORITHMS)?
                .unwrap_or(Algorithm::RS256),
            issuer: members.text("issuer")?,
            subject: members.text("subject")?,
            audience: members.text("audience")?,
            claims: members.object("claims")?,
        })
    }

    /// Signs an assertion for `client_id` to the token endpoint `endpoint`.
    pub(super) fn sign(
        &self,
        client_id: &str,
        endpoint: &str,
        effects: &Effects,
    ) -> Result<String, OAuthConfigError> {
        let now = effects.now().as_second();
        let issuer = self.issuer.as_deref().unwrap_or(client_id);
        let mut claims = json!({
            "iss": issuer,
            "sub": self.subject.as_deref().unwrap_or(issuer),
            "aud": self.audience.as_deref().unwrap_or(endpoint),
            "iat": now,
            "exp": now + LIFETIME.as_secs(),
            "jti": crate::id::token_id(effects),
        });
        if let Value::Object(members) = &mut claims {
            members.extend(self.claims.clone());
        }
        let mut header = Header::new(self.algorithm);
        header.kid.clone_from(&self.key_id);
        let key = self.encoding_key()?;
        jsonwebtoken::encode(&header, &claims, &key).map_err(|_| self.wrong_key())
    }

    fn encoding_key(&self) -> Result<EncodingKey, OAuthConfigError> {
        // A key that went through an environment variable often has its line ends written out.
        let text = self.key.expose_secret().replace("\\n", "\n");
        let bytes = text.as_bytes();
        let key = match self.algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return Ok(EncodingKey::from_secret(
                    self.key.expose_secret().as_bytes(),
                ));
            }
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => EncodingKey::from_rsa_pem(bytes),
            Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(bytes),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(bytes),
            // The library's enum may grow; what `read` gives does not.
            _ => return Err(self.wrong_key()),
        };
        key.map_err(|_| self.wrong_key())
    }

    fn wrong_key(&self) -> OAuthConfigError {
        OAuthConfigError::AssertionKey {
            algorithm: format!("{:?}", self.algorithm),
            reason: "it must be a private key of that kind, in PEM (PKCS #8)",
        }
    }
}
