//! Tokens of callers: JWTs that the workspace's own back end signed (wire contract A.3).

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, errors::ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Longer tokens are refused before anything is decoded.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// How far the clock of whoever signed may be ahead of or behind ours, in seconds.
const LEEWAY_SECONDS: i64 = 5;

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("no access token: send `Authorization: Bearer <token>`")]
    Absent,
    /// Over [`MAX_TOKEN_BYTES`].
    #[error("the access token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// Not a JSON Web Token.
    #[error("the access token is not a JSON Web Token")]
    Malformed,
    /// Neither `iss` nor `workspaceKey` is there.
    #[error(
        "the access token does not say which workspace signed it: set `iss` to the workspace key"
    )]
    NoIssuer,
    /// No workspace has this key.
    #[error("no workspace has the key `{0}`, which the token names in `iss`")]
    UnknownIssuer(String),
    /// `none`, or an algorithm that no key of the workspace is for.
    #[error("the access token is signed with an algorithm that the workspace does not accept")]
    Algorithm,
    /// The signature is somebody else's.
    #[error(
        "the signature of the access token is wrong: sign it with the secret of the workspace `{0}`"
    )]
    Signature(String),
    /// `exp` has passed.
    #[error("the access token expired at {0}")]
    Expired(Timestamp),
    /// `nbf` is still to come.
    #[error("the access token is not valid before {0}")]
    NotYetValid(Timestamp),
    /// Neither a customer's nor an admin's.
    #[error("the access token names nobody: set `id` to your customer's id, or `isAdmin`")]
    NoSubject,
    /// A claim has the wrong type.
    #[error("the claim `{0}` of the access token has the wrong type")]
    Claim(&'static str),
}

/// A token before its signature is checked: enough to find the workspace, and nothing to trust.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    text: &'a str,
    header: Header,
    /// The workspace key that the token claims to be signed by.
    pub unverified_issuer: String,
}

/// A key of the workspace that tokens may be signed with, for the algorithms it is good for.
///
/// Binding the algorithms to the key is what rules out confusion: an RSA public key is never
/// tried as an HMAC secret.
pub struct VerificationKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Whom a verified token speaks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Caller {
    /// The workspace's own back end or its command line.
    Admin {
        /// What the token calls itself, for the audit log.
        name: Option<String>,
    },
    /// One end user of the workspace's app.
    Customer {
        /// The app's id of the customer.
        internal_id: String,
        /// The customer's display name, when the token gives one.
        name: Option<String>,
        /// Free fields of the customer, when the token gives them.
        fields: Option<Map<String, Value>>,
    },
}

/// A token whose signature and times are right.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedToken {
    /// Whom it speaks for.
    pub caller: Caller,
    /// When it stops being valid; `None` for a token without `exp`.
    pub expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssuerClaims {
    iss: Option<Value>,
    workspace_key: Option<Value>,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads the header and the issuer.
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.is_empty() {
            return Err(TokenError::Absent);
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let header =
            jsonwebtoken::decode_header(text).map_err(|error| header_error(text, &error))?;
        let claims: IssuerClaims = jsonwebtoken::dangerous::insecure_decode_claims(text)
            .map_err(|_| TokenError::Malformed)?;
        let issuer = claims.iss.or(claims.workspace_key);
        let Some(Value::String(unverified_issuer)) = issuer else {
            return Err(TokenError::NoIssuer);
        };
        Ok(Self {
            text,
            header,
            unverified_issuer,
        })
    }

    /// Checks signature and times against the keys of the workspace that the issuer names.
    pub fn verify(
        &self,
        keys: &[VerificationKey],
        now: Timestamp,
    ) -> Result<VerifiedToken, TokenError> {
        let mut outcome = Err(TokenError::Algorithm);
        for key in keys.iter().filter(|key| key.may_have_signed(&self.header)) {
            match self.claims(key) {
                Ok(claims) => return read_claims(&claims, now),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    fn claims(&self, key: &VerificationKey) -> Result<Map<String, Value>, TokenError> {
        let mut validation = Validation::new(self.header.alg);
        // Times are checked against the clock we were given, not against the machine's.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        validation.algorithms.clone_from(&key.algorithms);
        jsonwebtoken::decode(self.text, &key.key, &validation)
            .map(|token| token.claims)
            .map_err(|error| self.refusal(error.kind()))
    }

    fn refusal(&self, kind: &ErrorKind) -> TokenError {
        if matches!(kind, ErrorKind::InvalidSignature) {
            return TokenError::Signature(self.unverified_issuer.clone());
        }
        if matches!(kind, ErrorKind::InvalidAlgorithm) {
            return TokenError::Algorithm;
        }
        TokenError::Malformed
    }
}

impl VerificationKey {
    /// The workspace secret, good for HS256, HS384 and HS512.
    pub fn from_secret(secret: &[u8]) -> Self {
        Self {
            kid: None,
            algorithms: vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512],
            key: DecodingKey::from_secret(secret),
        }
    }

    /// A registered public key, good for the one algorithm it is registered with; `None` when
    /// the JWK is not a public key of that algorithm.
    pub fn from_jwk(kid: &str, algorithm: &str, jwk: &Value) -> Option<Self> {
        let algorithm: Algorithm = algorithm.parse().ok()?;
        if matches!(
            algorithm,
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
        ) {
            return None;
        }
        let jwk = serde_json::from_value(jwk.clone()).ok()?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self {
            kid: Some(kid.to_owned()),
            algorithms: vec![algorithm],
            key,
        })
    }

    fn may_have_signed(&self, header: &Header) -> bool {
        let kid_fits = match (&self.kid, &header.kid) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (None, _) | (_, None) => true,
        };
        kid_fits && self.algorithms.contains(&header.alg)
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

/// `alg: none`, or an algorithm unheard of, is told from a token that is no token at all.
fn header_error(text: &str, error: &jsonwebtoken::errors::Error) -> TokenError {
    let is_three_parts = text.split('.').count() == 3;
    let is_about_header = matches!(
        error.kind(),
        ErrorKind::Json(_) | ErrorKind::InvalidAlgorithmName
    );
    if is_three_parts && is_about_header {
        return TokenError::Algorithm;
    }
    TokenError::Malformed
}

fn read_claims(claims: &Map<String, Value>, now: Timestamp) -> Result<VerifiedToken, TokenError> {
    let expires_at = time_claim(claims, "exp")?;
    if let Some(expires_at) = expires_at
        && seconds_between(expires_at, now) >= LEEWAY_SECONDS
    {
        return Err(TokenError::Expired(expires_at));
    }
    if let Some(not_before) = time_claim(claims, "nbf")?
        && seconds_between(now, not_before) > LEEWAY_SECONDS
    {
        return Err(TokenError::NotYetValid(not_before));
    }
    Ok(VerifiedToken {
        caller: read_caller(claims)?,
        expires_at,
    })
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.as_second().saturating_sub(earlier.as_second())
}

/// A numeric date (RFC 7519 section 2), which may have a fraction.
fn time_claim(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Timestamp>, TokenError> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(TokenError::Claim(name))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "out of range saturates, and is then refused"
    )]
    let seconds = seconds as i64;
    Timestamp::from_second(seconds)
        .map(Some)
        .map_err(|_| TokenError::Claim(name))
}

/// An admin's token has no customer id; `sub` stands in for `id`, so that the token we sign for
/// an external app is good for calling back (wire contract A.4).
fn read_caller(claims: &Map<String, Value>) -> Result<Caller, TokenError> {
    let name = text_claim(claims, "name")?;
    let id = match text_claim(claims, "id")? {
        Some(id) => Some(id),
        None => match text_claim(claims, "tenantKey")? {
            Some(id) => Some(id),
            None => text_claim(claims, "sub")?,
        },
    };
    if let Some(internal_id) = id {
        let fields = match claims.get("fields") {
            None | Some(Value::Null) => None,
            Some(Value::Object(fields)) => Some(fields.clone()),
            Some(_) => return Err(TokenError::Claim("fields")),
        };
        return Ok(Caller::Customer {
            internal_id,
            name,
            fields,
        });
    }
    if claims.get("isAdmin").is_some_and(is_truthy) {
        return Ok(Caller::Admin { name });
    }
    Err(TokenError::NoSubject)
}

/// Ids arrive as numbers too, from back ends whose ids are numbers.
fn text_claim(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(TokenError::Claim(name)),
    }
}

/// Any non-empty value makes an admin (wire contract A.3), but not the words for no.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "false" && text != "0",
        Value::Array(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests;
