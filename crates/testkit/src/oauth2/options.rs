//! What an authorization server is started with.

use std::fmt;
use std::time::Duration;

use authbridge_core::Effects;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::shape::ResponseShape;

/// How an [`AuthorizationServer`](super::AuthorizationServer) behaves. All of it can be changed
/// while it runs ([`AuthorizationServer::change`](super::AuthorizationServer::change)).
///
/// The default is a strict, modern server: one client `simulated-client` with the secret
/// `simulated-secret`, PKCE required, consent given at once, refresh tokens that rotate at every
/// use, access tokens that live for an hour.
#[derive(Clone)]
pub struct AuthorizationServerOptions {
    /// Where time and randomness come from; by default the machine's.
    pub effects: Effects,
    /// The clients that are registered.
    pub clients: Vec<Client>,
    /// Who may log in by the password grant (RFC 6749 section 4.3).
    pub users: Vec<User>,
    /// Whose assertions are believed (RFC 7523).
    pub assertion_keys: Vec<AssertionKey>,
    /// What else assertions may be meant for (the claim `aud`), besides the issuer, the server and
    /// its token endpoint.
    pub audiences: Vec<String>,
    /// The issuer in metadata, in `iss` and in ID tokens; by default where the server is.
    pub issuer: Option<String>,
    /// Who gives consent at the authorization endpoint: `sub` of their tokens.
    pub subject: String,
    /// What happens at the authorization endpoint.
    pub consent: Consent,
    /// What is asked for of PKCE (RFC 7636).
    pub pkce: Pkce,
    /// How long a code is good for.
    pub code_lifetime: Duration,
    /// The parameter `iss` of the answer to an authorization request (RFC 9207).
    pub callback_iss: CallbackIss,
    /// More parameters of the answer to an authorization request.
    pub callback_extra: Vec<(String, String)>,
    /// The only scopes that are granted, whatever is asked for; `None` grants what is asked for.
    pub scopes: Option<Vec<String>>,
    /// Whether there are refresh tokens: for codes and passwords, since clients that act for
    /// themselves, and those with assertions, need none (RFC 6749 section 4.4.3).
    pub refresh_tokens: bool,
    /// What happens to a refresh token that is used.
    pub rotation: Rotation,
    /// How long an access token is good for; `None` is for ever.
    pub access_token_lifetime: Option<Duration>,
    /// Where token and revocation requests carry their parameters. Nothing is read from elsewhere.
    pub request_format: TokenRequestFormat,
    /// Whether the token endpoint also takes GET, with the parameters in the query.
    pub accepts_get: bool,
    /// What token responses look like.
    pub response: ResponseShape,
    /// Whether there are ID tokens.
    pub id_tokens: IdTokens,
    /// Laid over the members of the metadata; `null` takes one away.
    pub metadata_extra: Map<String, Value>,
    /// How many requests [`AuthorizationServer::seen`](super::AuthorizationServer::seen) remembers;
    /// older ones are forgotten. Read at the start only.
    pub record_limit: usize,
}

impl Default for AuthorizationServerOptions {
    fn default() -> Self {
        Self {
            effects: Effects::of_the_system(),
            clients: vec![Client::confidential("simulated-client", "simulated-secret")],
            users: vec![User {
                username: "ada".to_owned(),
                password: "simulated-password".to_owned(),
            }],
            assertion_keys: Vec::new(),
            audiences: Vec::new(),
            issuer: None,
            subject: "ada".to_owned(),
            consent: Consent::Given,
            pkce: Pkce::Required,
            code_lifetime: Duration::from_mins(1),
            callback_iss: CallbackIss::Absent,
            callback_extra: Vec::new(),
            scopes: None,
            refresh_tokens: true,
            rotation: Rotation::Always,
            access_token_lifetime: Some(Duration::from_hours(1)),
            request_format: TokenRequestFormat::Form,
            accepts_get: false,
            response: ResponseShape::default(),
            id_tokens: IdTokens::None,
            metadata_extra: Map::new(),
            record_limit: 1000,
        }
    }
}

impl fmt::Debug for AuthorizationServerOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthorizationServerOptions")
            .field("clients", &self.clients)
            .field("consent", &self.consent)
            .field("pkce", &self.pkce)
            .field("rotation", &self.rotation)
            .field("access_token_lifetime", &self.access_token_lifetime)
            .finish_non_exhaustive()
    }
}

/// A client that is registered.
#[derive(Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Every secret that is good at present; several while it changes from one to the next.
    pub secrets: Vec<String>,
    /// How it may prove who it is.
    pub methods: Vec<ClientAuthMethod>,
    /// Where it may be redirected to, compared letter by letter; empty means anywhere.
    pub redirect_uris: Vec<String>,
}

impl Client {
    /// A client with one secret, in the header or in the body, and any redirect address.
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secrets: vec![secret.to_owned()],
            methods: vec![ClientAuthMethod::Basic, ClientAuthMethod::Body],
            redirect_uris: Vec::new(),
        }
    }

    /// A client without a secret, and with any redirect address.
    pub fn public(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            secrets: Vec::new(),
            methods: vec![ClientAuthMethod::None],
            redirect_uris: Vec::new(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("id", &self.id)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// How a client proves who it is (RFC 6749 section 2.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientAuthMethod {
    /// HTTP basic authentication; both parts are form-decoded.
    Basic,
    /// `client_id` and `client_secret` among the parameters.
    Body,
    /// Both at once, saying the same.
    Both,
    /// `client_id` only.
    None,
}

/// Somebody who logs in by the password grant.
#[derive(Clone)]
pub struct User {
    /// `username`, which is also the `sub` of their tokens.
    pub username: String,
    /// `password`.
    pub password: String,
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("User")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// A key by which assertions are verified.
#[derive(Clone)]
pub struct AssertionKey {
    /// Whose key it is: the claim `iss`.
    pub issuer: String,
    /// The only algorithm that is accepted for it.
    pub algorithm: Algorithm,
    /// The public key in PEM (SPKI), or the shared secret of an HMAC.
    pub key: String,
}

/// One of these keys may be a shared secret.
impl fmt::Debug for AssertionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AssertionKey")
            .field("issuer", &self.issuer)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// What happens at the authorization endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Consent {
    /// The user is sent back with a code at once.
    Given,
    /// A page with the buttons `Allow` and `Deny`, for a real browser.
    Asked,
    /// The user is sent back with an error.
    Denied {
        /// `error`, such as `access_denied`.
        error: String,
        /// `error_description`, if any.
        description: Option<String>,
    },
}

/// What is asked for of PKCE (RFC 7636). The method `plain` is never accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pkce {
    /// Every authorization request needs a challenge by the method S256.
    Required,
    /// A challenge is verified where there is one.
    Optional,
    /// The server does not know PKCE.
    Unknown,
}

/// The parameter `iss` of the answer to an authorization request (RFC 9207).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallbackIss {
    /// Neither sent nor announced.
    Absent,
    /// Announced, and sent.
    Right,
    /// Announced, and sent with this value: somebody mixes servers up.
    Wrong(String),
}

/// What happens to a refresh token that is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rotation {
    /// It stays good, and the answer has none.
    Never,
    /// It stays good, and the answer repeats it.
    SameToken,
    /// It is replaced. Whoever uses it again ends the whole grant: every access and refresh token
    /// of it (RFC 9700 section 4.14.2).
    Always,
}

/// Where token requests carry their parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenRequestFormat {
    /// In a form, as RFC 6749 has it.
    Form,
    /// In a JSON object.
    Json,
    /// In the query.
    Query,
}

/// Whether there are ID tokens (OpenID Connect Core section 2), for requests with the scope
/// `openid`. They are not signed (`alg` is `none`), which clients must accept only from the token
/// endpoint itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdTokens {
    /// There are none.
    None,
    /// With the nonce of the authorization request.
    Right,
    /// With another nonce.
    WrongNonce,
}
