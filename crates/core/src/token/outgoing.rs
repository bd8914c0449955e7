//! The token that the engine sends to external apps of type `integration-app-token` and
//! `membrane-token`: who calls, for which customer, signed by the workspace.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Header;
use serde::Serialize;
use serde_json::Value;

use super::SigningKey;
use crate::Effects;

/// How long such a token is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What the token says (PRODUCT.md, "The five auth types" 5).
#[derive(Clone, Debug, Serialize)]
pub struct OutgoingClaims<'a> {
    /// The workspace key.
    #[serde(rename = "iss")]
    pub workspace_key: &'a str,
    /// The app's id of the customer on whose behalf the request is made.
    #[serde(rename = "sub")]
    pub customer_id: &'a str,
    /// The customer's fields.
    pub fields: &'a Value,
}

#[derive(Serialize)]
struct Claims<'a> {
    #[serde(flatten)]
    outgoing: &'a OutgoingClaims<'a>,
    iat: i64,
    exp: i64,
    jti: String,
}

impl OutgoingClaims<'_> {
    /// Signs them, with the time of signing, an expiry [`LIFETIME`] later and a fresh `jti`.
    ///
    /// `None` when the key does not work, which [`SigningKey`]'s constructors rule out.
    pub fn sign(&self, key: &SigningKey, effects: &Effects) -> Option<(String, Timestamp)> {
        let now = effects.now();
        let expires_at = now.checked_add(LIFETIME).ok()?;
        let mut header = Header::new(key.algorithm);
        header.kid.clone_from(&key.kid);
        let claims = Claims {
            outgoing: self,
            iat: now.as_second(),
            exp: expires_at.as_second(),
            jti: crate::id::token_id(effects),
        };
        let token = jsonwebtoken::encode(&header, &claims, &key.key).ok()?;
        Some((token, expires_at))
    }
}

/// A token that calls this engine, as the workspace's back end makes it (wire contract A.3); the
/// command line signs its own with it.
#[derive(Clone, Debug)]
pub struct CallerClaims<'a> {
    /// The workspace key, for `iss`.
    pub workspace_key: &'a str,
    /// `id`, `name`, `fields` or `isAdmin`.
    pub claims: serde_json::Map<String, Value>,
    /// How long it is valid, in seconds.
    pub lifetime_seconds: i64,
}

impl CallerClaims<'_> {
    /// Signs them; `None` when the key does not work.
    pub fn sign(&self, key: &SigningKey, effects: &Effects) -> Option<String> {
        let now = effects.now().as_second();
        let mut claims = self.claims.clone();
        claims.insert("iss".into(), self.workspace_key.into());
        claims.insert("iat".into(), now.into());
        claims.insert(
            "exp".into(),
            now.saturating_add(self.lifetime_seconds).into(),
        );
        let mut header = Header::new(key.algorithm);
        header.kid.clone_from(&key.kid);
        jsonwebtoken::encode(&header, &claims, &key.key).ok()
    }
}
