//! The configuration that `getOAuthConfig` returns: everything that differs between providers, as
//! data (membrane-connectors reference, section 1.5, and PRODUCT.md, "The five auth types" 2).

use http::Method;
use serde_json::{Map, Value};
use url::Url;

use crate::SecretString;
use crate::auth::members::{Members, OAuthConfigError};
use crate::auth::timing::RefreshTiming;

pub use super::assertion::Assertion;
pub use super::refusal::FailureRule;
pub use crate::auth::members::is_endpoint;

/// How one provider wants OAuth 2.0 done.
#[derive(Clone, Debug)]
pub struct OAuth2Config {
    /// `clientId`.
    pub client_id: String,
    /// `clientSecret`: one, or several of which each is tried in turn while the provider changes
    /// from one to the next. None for a public client.
    pub client_secrets: Vec<SecretString>,
    /// `clientAuth`; `None` means `basic`, then `body` if the provider does not take that.
    pub client_auth: Option<ClientAuth>,
    /// `grantType`: how the first token is obtained.
    pub grant_type: GrantType,
    /// `issuer`: whose metadata fill in what is not given (RFC 8414, OpenID Connect Discovery).
    pub issuer: Option<String>,
    /// `authorizeUri`.
    pub authorize_uri: Option<Url>,
    /// `tokenUri`.
    pub token_uri: Option<Url>,
    /// `refreshUri`, where it is not the token endpoint that refreshes.
    pub refresh_uri: Option<Url>,
    /// `revocationUri` (RFC 7009).
    pub revocation_uri: Option<Url>,
    /// `scopes`.
    pub scopes: Vec<String>,
    /// `requiredScopes`: without these, of which a user may have refused some, an account is not
    /// connected.
    pub required_scopes: Vec<String>,
    /// `scopeSeparator`; a space.
    pub scope_separator: String,
    /// Not `skipPkce`: PKCE with S256 (RFC 7636).
    pub pkce: bool,
    /// Not `noRefreshToken`.
    pub expects_refresh_token: bool,
    /// `extra`: parameters of the authorization request.
    pub authorize_extra: Map<String, Value>,
    /// `tokenExtra`: parameters of every token request.
    pub token_extra: Map<String, Value>,
    /// `tokenHeaders`: header fields of every token request.
    pub token_headers: Map<String, Value>,
    /// `tokenRequestFormat`.
    pub token_request_format: TokenRequestFormat,
    /// `tokenRequestMethod`: POST, or GET with the parameters in the query.
    pub token_request_method: Method,
    /// `tokenResponseFormat`.
    pub token_response_format: TokenResponseFormat,
    /// `tokenResponsePath`: the members in which the token is nested, from the outside in.
    pub token_response_path: Vec<String>,
    /// `resource` (RFC 8707).
    pub resources: Vec<String>,
    /// `username`, of the password grant.
    pub username: Option<String>,
    /// `password`, of the password grant.
    pub password: Option<SecretString>,
    /// `assertion`, of the JWT bearer grant (RFC 7523).
    pub assertion: Option<Assertion>,
    /// `refresh`: when tokens are refreshed.
    pub refresh: RefreshTiming,
    /// `failures`: what the provider's refusals mean, where they do not say it in the usual way.
    pub failures: Vec<FailureRule>,
    /// Whether the provider announces `iss` in its answers to authorization requests (RFC 9207);
    /// from its metadata.
    pub announces_iss: bool,
}

/// How the client proves to the token endpoint who it is (RFC 6749 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `basic`: HTTP basic authentication, with both parts form-encoded first.
    Basic,
    /// `body`: `client_id` and `client_secret` among the parameters.
    Body,
    /// `both` at once, which RFC 6749 forbids and some providers need.
    Both,
    /// `none`: `client_id` only, as public clients do.
    None,
}

/// How the first token is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// `authorization_code` (RFC 6749 section 4.1): the user consents in a browser.
    AuthorizationCode,
    /// `client_credentials` (RFC 6749 section 4.4).
    ClientCredentials,
    /// `password` (RFC 6749 section 4.3).
    Password,
    /// `jwt-bearer` (RFC 7523 section 2.1).
    JwtBearer,
}

/// How token requests carry their parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRequestFormat {
    /// `form`, as RFC 6749 has it.
    Form,
    /// `json`.
    Json,
    /// `query`.
    Query,
}

/// How token responses are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenResponseFormat {
    /// `auto`: JSON, or else a form.
    Auto,
    /// `json`.
    Json,
    /// `form`.
    Form,
    /// `text`: the whole body is the access token.
    Text,
}

/// The key of how tokens are obtained.
pub(in crate::auth) const GRANT_TYPE: &str = "grantType";

/// The key of what is asked for.
pub(in crate::auth) const SCOPES: &str = "scopes";

/// Scopes in one text (RFC 6749 section 3.3); some external apps want commas in between.
pub(in crate::auth) fn scopes_in(text: &str) -> Vec<String> {
    text.split([' ', ',']).map(str::to_owned).collect()
}

/// The key of the rules on failures.
pub(in crate::auth) const FAILURES: &str = "failures";

/// Keys that are understood, but whose meaning this version does not have yet.
pub const NOT_YET: [&str; 4] = ["par", "dpop", "tls", "registration"];

/// Every other key. What validates definitions has a table of them with what each may be, which a
/// test there compares with this one.
pub const KEYS: [&str; 31] = [
    "clientId",
    "clientSecret",
    "clientAuth",
    "clientAuthLocation",
    "skipClientAuthInBody",
    "skipClientAuthInHeader",
    "skipClientAuthInHeaders",
    GRANT_TYPE,
    "issuer",
    "authorizeUri",
    "tokenUri",
    "refreshUri",
    "revocationUri",
    SCOPES,
    "requiredScopes",
    "scopeSeparator",
    "skipPkce",
    "noRefreshToken",
    "extra",
    "tokenExtra",
    "tokenHeaders",
    "tokenRequestFormat",
    "tokenRequestMethod",
    "tokenResponseFormat",
    "tokenResponsePath",
    "resource",
    "username",
    "password",
    "assertion",
    "refresh",
    FAILURES,
];

impl OAuth2Config {
    /// Reads what `getOAuthConfig` returned.
    pub fn from_value(value: Option<&Value>) -> Result<Self, OAuthConfigError> {
        let members = Members::of(value, &KEYS, &NOT_YET)?;
        if let Some(key) = NOT_YET.into_iter().find(|key| members.has(key)) {
            return Err(OAuthConfigError::NotYet {
                what: format!("`{key}`"),
            });
        }
        let grant_type = GrantType::read(&members)?;
        let config = Self {
            client_id: match grant_type {
                // Such assertions say themselves whose they are.
                GrantType::JwtBearer => members.text("clientId")?.unwrap_or_default(),
                GrantType::AuthorizationCode
                | GrantType::ClientCredentials
                | GrantType::Password => members.required_text("clientId")?,
            },
            client_secrets: members.secrets("clientSecret")?,
            client_auth: ClientAuth::read(&members)?,
            grant_type,
            issuer: members.text("issuer")?,
            authorize_uri: members.url("authorizeUri")?,
            token_uri: members.url("tokenUri")?,
            refresh_uri: members.url("refreshUri")?,
            revocation_uri: members.url("revocationUri")?,
            scopes: members.texts(SCOPES, scopes_in)?,
            required_scopes: members.texts("requiredScopes", scopes_in)?,
            scope_separator: members
                .text("scopeSeparator")?
                .unwrap_or_else(|| " ".to_owned()),
            pkce: !members.flag("skipPkce")?,
            expects_refresh_token: !members.flag("noRefreshToken")?,
            authorize_extra: members.object("extra")?,
            token_extra: members.object("tokenExtra")?,
            token_headers: members.object("tokenHeaders")?,
            token_request_format: TokenRequestFormat::read(&members)?,
            token_request_method: method(&members)?,
            token_response_format: TokenResponseFormat::read(&members)?,
            token_response_path: members.texts("tokenResponsePath", |text| {
                text.split('.').map(str::to_owned).collect()
            })?,
            resources: members.texts("resource", |text| vec![text.to_owned()])?,
            username: members.text("username")?,
            password: members.text("password")?.map(SecretString::from),
            assertion: members.nested("assertion", &Assertion::KEYS, Assertion::read)?,
            refresh: RefreshTiming::from_value(members.value("refresh"))?,
            failures: FailureRule::read_list(&members)?,
            announces_iss: false,
        };
        config.check()?;
        Ok(config)
    }

    /// The scopes as one text.
    pub fn scope(&self) -> Option<String> {
        (!self.scopes.is_empty()).then(|| self.scopes.join(&self.scope_separator))
    }

    /// Whether a token can be obtained as the first one was, without the user.
    pub(super) fn can_obtain_again(&self) -> bool {
        self.grant_type != GrantType::AuthorizationCode
    }

    /// The token endpoint; an error that names the key when there is none.
    pub fn token_endpoint(&self) -> Result<&Url, OAuthConfigError> {
        let missing = || OAuthConfigError::Missing("tokenUri");
        self.token_uri.as_ref().ok_or_else(missing)
    }

    /// The authorization endpoint; an error that names the key when there is none.
    pub fn authorization_endpoint(&self) -> Result<&Url, OAuthConfigError> {
        let missing = || OAuthConfigError::Missing("authorizeUri");
        self.authorize_uri.as_ref().ok_or_else(missing)
    }

    fn check(&self) -> Result<(), OAuthConfigError> {
        if self.issuer.is_none() {
            self.token_endpoint()?;
            if self.grant_type == GrantType::AuthorizationCode {
                self.authorization_endpoint()?;
            }
        }
        match self.grant_type {
            GrantType::Password if self.username.is_none() => {
                Err(OAuthConfigError::Missing("username"))
            }
            GrantType::Password if self.password.is_none() => {
                Err(OAuthConfigError::Missing("password"))
            }
            GrantType::JwtBearer if self.assertion.is_none() => {
                Err(OAuthConfigError::Missing("assertion"))
            }
            GrantType::AuthorizationCode
            | GrantType::ClientCredentials
            | GrantType::Password
            | GrantType::JwtBearer => Ok(()),
        }
    }
}

impl ClientAuth {
    /// The words for `clientAuth`. Those without a value are understood, but not done.
    pub const CHOICES: [(&'static str, Option<Self>); 6] = [
        ("basic", Some(Self::Basic)),
        ("body", Some(Self::Body)),
        ("both", Some(Self::Both)),
        ("none", Some(Self::None)),
        ("private_key_jwt", None),
        ("tls", None),
    ];

    /// The words for `clientAuthLocation`, the original's key.
    pub const LOCATIONS: [(&'static str, Option<Self>); 3] = [
        ("headers", Some(Self::Basic)),
        ("header", Some(Self::Basic)),
        ("body", Some(Self::Body)),
    ];

    /// `clientAuth`, or what the older keys say.
    fn read(members: &Members<'_>) -> Result<Option<Self>, OAuthConfigError> {
        if let Some(chosen) = members.choice("clientAuth", &Self::CHOICES)? {
            return Ok(Some(chosen));
        }
        if let Some(chosen) = members.choice("clientAuthLocation", &Self::LOCATIONS)? {
            return Ok(Some(chosen));
        }
        let not_in_body = members.flag("skipClientAuthInBody")?;
        let not_in_header =
            members.flag("skipClientAuthInHeader")? || members.flag("skipClientAuthInHeaders")?;
        Ok(match (not_in_header, not_in_body) {
            (false, false) => None,
            (false, true) => Some(Self::Basic),
            (true, false) => Some(Self::Body),
            (true, true) => Some(Self::None),
        })
    }
}

impl GrantType {
    /// The words for `grantType`. Those without a value are understood, but not done.
    pub const CHOICES: [(&'static str, Option<Self>); 7] = [
        ("authorization_code", Some(Self::AuthorizationCode)),
        ("client_credentials", Some(Self::ClientCredentials)),
        ("password", Some(Self::Password)),
        ("jwt-bearer", Some(Self::JwtBearer)),
        (JWT_BEARER, Some(Self::JwtBearer)),
        ("device_code", None),
        ("token_exchange", None),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice(GRANT_TYPE, &Self::CHOICES)?;
        Ok(chosen.unwrap_or(Self::AuthorizationCode))
    }

    /// The value of the parameter `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::JwtBearer => JWT_BEARER,
        }
    }
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl TokenRequestFormat {
    /// The words for `tokenRequestFormat`.
    pub const CHOICES: [(&'static str, Option<Self>); 3] = [
        ("form", Some(Self::Form)),
        ("json", Some(Self::Json)),
        ("query", Some(Self::Query)),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("tokenRequestFormat", &Self::CHOICES)?;
        Ok(chosen.unwrap_or(Self::Form))
    }
}

impl TokenResponseFormat {
    /// The words for `tokenResponseFormat`.
    pub const CHOICES: [(&'static str, Option<Self>); 4] = [
        ("auto", Some(Self::Auto)),
        ("json", Some(Self::Json)),
        ("form", Some(Self::Form)),
        ("text", Some(Self::Text)),
    ];

    fn read(members: &Members<'_>) -> Result<Self, OAuthConfigError> {
        let chosen = members.choice("tokenResponseFormat", &Self::CHOICES)?;
        Ok(chosen.unwrap_or(Self::Auto))
    }
}

/// The words for `tokenRequestMethod`.
pub const METHODS: [(&str, Option<Method>); 2] =
    [("POST", Some(Method::POST)), ("GET", Some(Method::GET))];

fn method(members: &Members<'_>) -> Result<Method, OAuthConfigError> {
    let chosen = members.choice("tokenRequestMethod", &METHODS)?;
    Ok(chosen.unwrap_or(Method::POST))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(member: (&str, Value)) -> String {
        let mut value = json!({
            "clientId": "c",
            "authorizeUri": "https://a.example/authorize",
            "tokenUri": "https://a.example/token",
        });
        value[member.0] = member.1;
        let config = OAuth2Config::from_value(Some(&value));
        config
            .err()
            .map_or(String::new(), |error| error.to_string())
    }

    #[test]
    fn every_key_of_the_table_is_read() {
        for key in KEYS.into_iter().chain(NOT_YET) {
            // A list of lists is nowhere allowed.
            let error = refused((key, json!([[]])));
            assert!(error.contains(&format!("`{key}")), "{key}: {error}");
        }
        for key in Assertion::KEYS {
            let error = refused(("assertion", json!({ "key": "k", key: [[]] })));
            assert!(error.contains(&format!("`assertion.{key}`")), "{error}");
        }
        for key in RefreshTiming::KEYS {
            let error = refused(("refresh", json!({ key: [[]] })));
            assert!(error.contains(&format!("`refresh.{key}`")), "{error}");
        }
    }

    #[test]
    fn what_comes_later_is_named() {
        for (key, word) in [
            ("clientAuth", "private_key_jwt"),
            ("clientAuth", "tls"),
            ("grantType", "device_code"),
            ("grantType", "token_exchange"),
        ] {
            let error = refused((key, word.into()));
            assert!(error.contains(&format!("`{key}: {word}`")), "{error}");
            assert!(error.contains("not supported yet"), "{error}");
        }
    }
}
