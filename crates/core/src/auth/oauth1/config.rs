//! The configuration that `getOAuthConfig` returns for `oauth1`: everything that differs between
//! providers, as data (membrane-connectors reference, section 1.6, and PRODUCT.md, "The five auth
//! types" 3).

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use jiff::SignedDuration;
use serde_json::{Map, Value};
use url::Url;

use super::signature::{ConsumerKey, SignatureMethod};
use super::signer::{ParameterTransmission, Signer, Token};
use crate::SecretString;
use crate::auth::members::{Members, OAuthConfigError, shape};
use crate::auth::oauth2::config::FAILURES;
use crate::auth::oauth2::refusal::FailureRule;
use crate::auth::timing::RefreshTiming;

/// The words for `requestTokenMethod` and `accessTokenMethod`.
pub use crate::auth::oauth2::config::METHODS;

/// How one provider wants OAuth 1.0a done.
#[derive(Clone, Debug)]
pub struct OAuth1Config {
    /// `flow`: where tokens come from.
    pub flow: Flow,
    /// `consumerKey` (RFC 5849: the client identifier).
    pub consumer_key: String,
    /// `consumerSecret` (RFC 5849: the client shared-secret). RSA methods do not use it.
    pub consumer_secret: Option<SecretString>,
    /// `privateKey`, of RSA methods: PEM, unencrypted, PKCS #8 or PKCS #1.
    pub private_key: Option<SecretString>,
    /// `signatureMethod`; HMAC-SHA1.
    pub signature_method: SignatureMethod,
    /// `requestTokenUri` (RFC 5849 section 2.1).
    pub request_token_uri: Option<Url>,
    /// `requestTokenMethod`; POST.
    pub request_token_method: Method,
    /// `authorizeUri` (RFC 5849 section 2.2).
    pub authorize_uri: Option<Url>,
    /// `tokenUri` (RFC 5849 section 2.3).
    pub token_uri: Option<Url>,
    /// `accessTokenMethod`; POST.
    pub access_token_method: Method,
    /// `refreshUri`, where it is not `tokenUri` that renews tokens by their session handle.
    pub refresh_uri: Option<Url>,
    /// `callback`: how the user's answer gets back.
    pub callback: CallbackMode,
    /// Not `callbackConfirmed: optional`: the provider must confirm our callback and send a
    /// verifier, which is what OAuth 1.0a added to 1.0 (RFC 5849 section 2.1).
    pub requires_confirmation: bool,
    /// `realm`, of the header field (RFC 5849 section 3.5.1); of API requests and of those for
    /// tokens.
    pub realm: Option<String>,
    /// `parameterTransmission`; the header field. Of API requests and of those for tokens.
    pub parameter_transmission: ParameterTransmission,
    /// Not `skipVersion`: `oauth_version=1.0` is sent.
    pub sends_version: bool,
    /// `bodyHash`: every request without a form has `oauth_body_hash` (OAuth Request Body Hash),
    /// so that bodies cannot be changed on their way. It costs keeping them.
    pub hashes_bodies: bool,
    /// `scopes`, for providers that have some; sent in the parameter `scope`.
    pub scopes: Vec<String>,
    /// `scopeSeparator`; a space.
    pub scope_separator: String,
    /// `scopeTransmission`: which requests have the scopes.
    pub scope_transmission: ScopeTransmission,
    /// `extra`: parameters of the authorization request.
    pub authorize_extra: Map<String, Value>,
    /// `requestTokenExtra`: parameters of the request for a request token.
    pub request_token_extra: Map<String, Value>,
    /// `accessTokenExtra`: parameters of requests for access tokens, refreshes included.
    pub access_token_extra: Map<String, Value>,
    /// `tokenHeaders`: header fields of requests for tokens of both kinds.
    pub token_headers: HeaderMap,
    /// `token` and `tokenSecret`, of the flow `token`.
    pub token: Option<Token>,
    /// `refresh`: when tokens are renewed.
    pub refresh: RefreshTiming,
    /// `failures`: what the provider's refusals mean, where it does not say so in the usual way.
    pub failures: Vec<FailureRule>,
    key: ConsumerKey,
}

/// Where tokens come from: `flow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// `three-legged` (RFC 5849 section 2): the user consents in a browser.
    #[default]
    ThreeLegged,
    /// `token`: the user types a token that the provider's own pages issued.
    Token,
    /// `two-legged`: there is none, requests are signed by the consumer alone.
    TwoLegged,
}

/// How the user's answer gets back: `callback`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallbackMode {
    /// `redirect`: by our callback.
    #[default]
    Redirect,
    /// `oob`, out of band: the provider shows a verifier, which the user types here (RFC 5849
    /// section 2.1).
    OutOfBand,
}

/// Which requests have the scopes, on which providers do not agree: `scopeTransmission`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeTransmission {
    /// `both`.
    #[default]
    Both,
    /// `request-token`.
    RequestToken,
    /// `authorize`.
    Authorize,
}

/// Every key, for suggestions and for `validate`.
pub const KEYS: [&str; 28] = [
    "flow",
    "consumerKey",
    "consumerSecret",
    "privateKey",
    "signatureMethod",
    "requestTokenUri",
    "requestTokenMethod",
    "authorizeUri",
    "tokenUri",
    "accessTokenMethod",
    "refreshUri",
    "callback",
    "callbackConfirmed",
    "realm",
    "parameterTransmission",
    "skipVersion",
    "bodyHash",
    "scopes",
    "scopeSeparator",
    "scopeTransmission",
    "extra",
    "requestTokenExtra",
    "accessTokenExtra",
    "tokenHeaders",
    "token",
    "tokenSecret",
    "refresh",
    FAILURES,
];

impl OAuth1Config {
    /// Reads what `getOAuthConfig` returned.
    pub fn from_value(value: Option<&Value>) -> Result<Self, OAuthConfigError> {
        let members = Members::of(value, &KEYS, &[])?;
        let signature_method = SignatureMethod::read(&members)?;
        let consumer_secret = members.text("consumerSecret")?.map(SecretString::from);
        let private_key = members.text("privateKey")?.map(SecretString::from);
        let key = ConsumerKey::new(
            signature_method,
            consumer_secret.as_ref(),
            private_key.as_ref(),
        )?;
        let config = Self {
            flow: Flow::read(&members)?,
            consumer_key: members.required_text("consumerKey")?,
            consumer_secret,
            private_key,
            signature_method,
            request_token_uri: members.url("requestTokenUri")?,
            request_token_method: method(&members, "requestTokenMethod")?,
            authorize_uri: members.url("authorizeUri")?,
            token_uri: members.url("tokenUri")?,
            access_token_method: method(&members, "accessTokenMethod")?,
            refresh_uri: members.url("refreshUri")?,
            callback: CallbackMode::read(&members)?,
            requires_confirmation: requires_confirmation(&members)?,
            realm: realm(&members)?,
            parameter_transmission: ParameterTransmission::read(&members)?,
            sends_version: !members.flag("skipVersion")?,
            hashes_bodies: members.flag("bodyHash")?,
            scopes: members.texts("scopes", |text| {
                text.split([' ', ',']).map(str::to_owned).collect()
            })?,
            scope_separator: members
                .text("scopeSeparator")?
                .unwrap_or_else(|| " ".to_owned()),
            scope_transmission: ScopeTransmission::read(&members)?,
            authorize_extra: members.object("extra")?,
            request_token_extra: members.object("requestTokenExtra")?,
            access_token_extra: members.object("accessTokenExtra")?,
            token_headers: headers(&members)?,
            token: token(&members)?,
            refresh: RefreshTiming::from_value(members.value("refresh"))?,
            failures: FailureRule::read_list(&members)?,
            key,
        };
        config.check()?;
        Ok(config)
    }

    /// What signs with `token`, or by the consumer alone.
    pub fn signer(&self, token: Option<Token>) -> Signer {
        Signer {
            consumer_key: self.consumer_key.clone(),
            method: self.signature_method,
            key: self.key.clone(),
            token,
            realm: self.realm.clone(),
            transmission: self.parameter_transmission,
            sends_version: self.sends_version,
            hashes_bodies: self.hashes_bodies,
            clock_offset: SignedDuration::ZERO,
        }
    }

    /// What signs API requests with a connection's `credentials`.
    pub fn signer_for(&self, credentials: &Value) -> Result<Signer, OAuthConfigError> {
        let token = match self.flow {
            Flow::TwoLegged => None,
            Flow::ThreeLegged | Flow::Token => Some(Token::of(credentials)?),
        };
        Ok(self.signer(token))
    }

    /// The endpoint for request tokens; an error that names the key when there is none.
    pub fn request_token_endpoint(&self) -> Result<&Url, OAuthConfigError> {
        let missing = || OAuthConfigError::Missing("requestTokenUri");
        self.request_token_uri.as_ref().ok_or_else(missing)
    }

    /// Where the user is sent; an error that names the key when there is nothing.
    pub fn authorization_endpoint(&self) -> Result<&Url, OAuthConfigError> {
        let missing = || OAuthConfigError::Missing("authorizeUri");
        self.authorize_uri.as_ref().ok_or_else(missing)
    }

    /// The endpoint for access tokens; an error that names the key when there is none.
    pub fn token_endpoint(&self) -> Result<&Url, OAuthConfigError> {
        let missing = || OAuthConfigError::Missing("tokenUri");
        self.token_uri.as_ref().ok_or_else(missing)
    }

    /// The scopes as one text.
    pub fn scope(&self) -> Option<String> {
        (!self.scopes.is_empty()).then(|| self.scopes.join(&self.scope_separator))
    }

    fn check(&self) -> Result<(), OAuthConfigError> {
        if !self.signature_method.is_rsa() && self.consumer_secret.is_none() {
            return Err(OAuthConfigError::Missing("consumerSecret"));
        }
        if self.flow == Flow::ThreeLegged {
            self.request_token_endpoint()?;
            self.authorization_endpoint()?;
            self.token_endpoint()?;
        }
        Ok(())
    }
}

impl Token {
    /// The token in `credentials`, which have the provider's names for it. A token secret may be
    /// missing: RSA signatures do not use it.
    pub fn of(credentials: &Value) -> Result<Self, OAuthConfigError> {
        let text = |name: &str| match credentials.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(SecretString::from(text.clone())),
            Some(Value::Number(number)) => Some(number.to_string().into()),
            _ => None,
        };
        let token = text("oauth_token").ok_or(OAuthConfigError::NoToken("oauth_token"))?;
        let secret = text("oauth_token_secret").unwrap_or_default();
        Ok(Self { token, secret })
    }
}

impl Flow {
    /// The words for `flow`.
    pub const CHOICES: [(&'static str, Option<Self>); 3] = [
        ("three-legged", Some(Self::ThreeLegged)),
        ("token", Some(Self::Token)),
        ("two-legged", Some(Self::TwoLegged)),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("flow", &Self::CHOICES)?;
        Ok(chosen.unwrap_or_default())
    }
}

impl CallbackMode {
    /// The words for `callback`.
    pub const CHOICES: [(&'static str, Option<Self>); 2] = [
        ("redirect", Some(Self::Redirect)),
        ("oob", Some(Self::OutOfBand)),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("callback", &Self::CHOICES)?;
        Ok(chosen.unwrap_or_default())
    }
}

impl ScopeTransmission {
    /// The words for `scopeTransmission`.
    pub const CHOICES: [(&'static str, Option<Self>); 3] = [
        ("both", Some(Self::Both)),
        ("request-token", Some(Self::RequestToken)),
        ("authorize", Some(Self::Authorize)),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("scopeTransmission", &Self::CHOICES)?;
        Ok(chosen.unwrap_or_default())
    }
}

impl SignatureMethod {
    /// The words for `signatureMethod`.
    pub const CHOICES: [(&'static str, Option<Self>); 7] = [
        choice(Self::HmacSha1),
        choice(Self::HmacSha256),
        choice(Self::HmacSha512),
        choice(Self::RsaSha1),
        choice(Self::RsaSha256),
        choice(Self::RsaSha512),
        choice(Self::Plaintext),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("signatureMethod", &Self::CHOICES)?;
        Ok(chosen.unwrap_or_default())
    }
}

const fn choice(method: SignatureMethod) -> (&'static str, Option<SignatureMethod>) {
    (method.as_str(), Some(method))
}

impl ParameterTransmission {
    /// The words for `parameterTransmission`.
    pub const CHOICES: [(&'static str, Option<Self>); 3] = [
        ("header", Some(Self::Header)),
        ("query", Some(Self::Query)),
        ("body", Some(Self::Body)),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("parameterTransmission", &Self::CHOICES)?;
        Ok(chosen.unwrap_or_default())
    }
}

/// The words for `callbackConfirmed`, and whether it must be.
pub const CONFIRMATIONS: [(&str, Option<bool>); 2] =
    [("required", Some(true)), ("optional", Some(false))];

fn requires_confirmation(members: &Members<'_>) -> Result<bool, OAuthConfigError> {
    let chosen = members.choice("callbackConfirmed", &CONFIRMATIONS)?;
    Ok(chosen.unwrap_or(true))
}

fn method(members: &Members<'_>, key: &str) -> Result<Method, OAuthConfigError> {
    Ok(members.choice(key, &METHODS)?.unwrap_or(Method::POST))
}

/// A realm goes into a header field as it is.
fn realm(members: &Members<'_>) -> Result<Option<String>, OAuthConfigError> {
    let realm = members.text("realm")?;
    let is_printable = |text: &String| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match realm {
        Some(realm) if !is_printable(&realm) => {
            Err(shape("realm", "a text of printable ASCII characters"))
        }
        realm => Ok(realm),
    }
}

fn token(members: &Members<'_>) -> Result<Option<Token>, OAuthConfigError> {
    let token = members.text("token")?;
    let secret = members.text("tokenSecret")?;
    if token.is_none() && secret.is_some() {
        return Err(OAuthConfigError::Missing("token"));
    }
    Ok(token.map(|token| Token {
        token: token.into(),
        secret: secret.unwrap_or_default().into(),
    }))
}

fn headers(members: &Members<'_>) -> Result<HeaderMap, OAuthConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in members.object("tokenHeaders")? {
        let wrong = || shape(&format!("tokenHeaders.{name}"), "a header field");
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(&text).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(field, value);
    }
    Ok(headers)
}
