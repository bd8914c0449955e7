//! Requests to the token endpoint, for every grant and every way of saying who the client is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::config::{ClientAuth, OAuth2Config, TokenRequestFormat};
use crate::auth::members::{OAuthConfigError, shape};
use crate::client::Target;
use crate::request::Request;
use crate::secret::ExposeSecret as _;
use crate::{SecretJson, SecretString};

/// What is offered in exchange for a token.
pub(super) enum Grant<'a> {
    /// RFC 6749 section 4.1.3.
    AuthorizationCode {
        code: &'a str,
        redirect_uri: &'a str,
        /// RFC 7636 section 4.5.
        code_verifier: Option<&'a str>,
    },
    /// RFC 6749 section 4.4.2.
    ClientCredentials,
    /// RFC 6749 section 4.3.2.
    Password {
        username: &'a str,
        password: &'a SecretString,
    },
    /// RFC 7523 section 2.1.
    JwtBearer { assertion: String },
    /// RFC 6749 section 6.
    RefreshToken { refresh_token: &'a str },
}

/// One way of saying who the client is.
#[derive(Clone, Copy)]
pub(super) struct Identity<'a> {
    method: ClientAuth,
    secret: Option<&'a SecretString>,
}

impl OAuth2Config {
    /// The ways of saying who the client is, in the order in which they are tried. The next one
    /// is for a provider that does not know the client by the one before.
    pub(super) fn identities(&self) -> Vec<Identity<'_>> {
        let methods: &[ClientAuth] = match &self.client_auth {
            Some(ClientAuth::None) => &[],
            Some(method) => std::slice::from_ref(method),
            None => &[ClientAuth::Basic, ClientAuth::Body],
        };
        let identities: Vec<_> = self
            .client_secrets
            .iter()
            .flat_map(|secret| {
                methods.iter().map(move |method| Identity {
                    method: *method,
                    secret: Some(secret),
                })
            })
            .collect();
        if identities.is_empty() {
            return vec![Identity {
                method: ClientAuth::None,
                secret: None,
            }];
        }
        identities
    }

    /// The request for a token.
    pub(super) fn token_request(
        &self,
        endpoint: &Url,
        grant: &Grant<'_>,
        identity: Identity<'_>,
    ) -> Result<Request, OAuthConfigError> {
        let mut parameters = grant.parameters();
        self.add_scope_and_resources(grant, &mut parameters);
        self.request(endpoint, parameters, identity)
    }

    /// The request to revoke `token` (RFC 7009 section 2.1).
    pub(super) fn revocation_request(
        &self,
        endpoint: &Url,
        token: &str,
        hint: &str,
        identity: Identity<'_>,
    ) -> Result<Request, OAuthConfigError> {
        let parameters = vec![
            ("token".to_owned(), Value::from(token)),
            ("token_type_hint".to_owned(), hint.into()),
        ];
        self.request(endpoint, parameters, identity)
    }

    fn add_scope_and_resources(&self, grant: &Grant<'_>, parameters: &mut Parameters) {
        let has_scope = match grant {
            // The code has its scope already, and a refresh keeps the one it had.
            Grant::AuthorizationCode { .. } | Grant::RefreshToken { .. } => false,
            Grant::ClientCredentials | Grant::Password { .. } | Grant::JwtBearer { .. } => true,
        };
        if has_scope && let Some(scope) = self.scope() {
            parameters.push(("scope".to_owned(), scope.into()));
        }
        let resources = self.resources.iter();
        parameters.extend(resources.map(|it| ("resource".to_owned(), it.as_str().into())));
    }

    fn request(
        &self,
        endpoint: &Url,
        mut parameters: Parameters,
        identity: Identity<'_>,
    ) -> Result<Request, OAuthConfigError> {
        let extra = self.token_extra.iter();
        parameters.extend(extra.map(|(name, value)| (name.clone(), value.clone())));
        let mut headers = self.headers()?;
        match identity.method {
            ClientAuth::Basic => self.add_basic(identity, &mut headers),
            ClientAuth::Both => {
                self.add_basic(identity, &mut headers);
                self.add_to_body(identity, &mut parameters);
            }
            ClientAuth::Body | ClientAuth::None => self.add_to_body(identity, &mut parameters),
        }
        Ok(self.assemble(endpoint, parameters, headers))
    }

    fn headers(&self) -> Result<HeaderMap, OAuthConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.token_headers {
            let wrong = || shape(&format!("tokenHeaders.{name}"), "a header field");
            let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let value = HeaderValue::from_str(&text_of(value)).map_err(|_| wrong())?;
            headers.insert(field, value);
        }
        Ok(headers)
    }

    /// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
    fn add_basic(&self, identity: Identity<'_>, headers: &mut HeaderMap) {
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let secret = identity.secret.map_or("", |secret| secret.expose_secret());
        let pair = format!("{}:{}", encode(&self.client_id), encode(secret));
        let value = format!("Basic {}", STANDARD.encode(pair));
        if let Ok(mut value) = HeaderValue::from_str(&value) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
    }

    fn add_to_body(&self, identity: Identity<'_>, parameters: &mut Parameters) {
        if !self.client_id.is_empty() {
            parameters.push(("client_id".to_owned(), self.client_id.as_str().into()));
        }
        if let Some(secret) = identity.secret {
            parameters.push(("client_secret".to_owned(), secret.expose_secret().into()));
        }
    }

    fn assemble(&self, endpoint: &Url, parameters: Parameters, mut headers: HeaderMap) -> Request {
        let mut url = endpoint.clone();
        let in_query = self.token_request_format == TokenRequestFormat::Query
            || self.token_request_method == Method::GET;
        let body = if in_query {
            let pairs = pairs(&parameters);
            url.query_pairs_mut().extend_pairs(pairs);
            Bytes::new()
        } else if self.token_request_format == TokenRequestFormat::Json {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            json_body(parameters)
        } else {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
            let mut serializer = form_urlencoded::Serializer::new(String::new());
            serializer.extend_pairs(pairs(&parameters));
            serializer.finish().into()
        };
        Request {
            method: self.token_request_method.clone(),
            target: target(url),
            headers,
            body,
        }
    }
}

type Parameters = Vec<(String, Value)>;

impl Grant<'_> {
    fn parameters(&self) -> Parameters {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let of_type = |grant_type: &str| text("grant_type", grant_type);
        match self {
            Self::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                let mut parameters = vec![
                    of_type("authorization_code"),
                    text("code", code),
                    text("redirect_uri", redirect_uri),
                ];
                parameters.extend(code_verifier.map(|verifier| text("code_verifier", verifier)));
                parameters
            }
            Self::ClientCredentials => vec![of_type("client_credentials")],
            Self::Password { username, password } => vec![
                of_type("password"),
                text("username", username),
                text("password", password.expose_secret()),
            ],
            Self::JwtBearer { assertion } => vec![
                of_type(super::config::GrantType::JwtBearer.as_str()),
                text("assertion", assertion),
            ],
            Self::RefreshToken { refresh_token } => vec![
                of_type("refresh_token"),
                text("refresh_token", refresh_token),
            ],
        }
    }
}

/// Texts as they are, anything else as JSON.
fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn pairs(parameters: &Parameters) -> impl Iterator<Item = (&str, String)> {
    parameters
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.as_str(), text_of(value)))
}

/// An object; what occurs several times is a list.
fn json_body(parameters: Parameters) -> Bytes {
    let mut members = Map::new();
    for (name, value) in parameters {
        match members.get_mut(&name) {
            None => {
                members.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    let members = SecretJson::new(Value::Object(members));
    members.expose().to_string().into()
}

/// Where a request to `url` goes.
pub(in crate::auth) fn target(url: Url) -> Target {
    let path_and_query = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Target {
        origin: url,
        path_and_query,
    }
}
