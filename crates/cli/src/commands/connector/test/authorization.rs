//! An authorization server that takes what a configuration makes a connector send.

use authbridge_core::Effects;
use authbridge_core::auth::oauth2::config::{Assertion, OAuth2Config, TokenResponseFormat};
use authbridge_core::secret::ExposeSecret as _;
use authbridge_testkit::oauth2::{
    self, AssertionKey, AuthorizationServerOptions, Client, ClientAuthMethod, IdTokens, Pkce,
    ResponseShape, SigningPair, StandInOptions, User,
};
use serde_json::Value;
use url::Url;

/// Where the endpoints are.
pub(super) fn places(config: &OAuth2Config) -> StandInOptions {
    let all = |urls: [&Option<Url>; 2]| urls.into_iter().flatten().cloned().collect();
    StandInOptions {
        authorize: all([&config.authorize_uri, &None]),
        token: all([&config.token_uri, &config.refresh_uri]),
        revocation: all([&config.revocation_uri, &None]),
        issuer: config.issuer.as_deref().and_then(|it| Url::parse(it).ok()),
        server: AuthorizationServerOptions::default(),
    }
}

/// The server: strict about what is granted, and about the client in any form it may take.
pub(super) fn server(config: &OAuth2Config, effects: Effects) -> AuthorizationServerOptions {
    let secrets = config.client_secrets.iter();
    let secrets: Vec<String> = secrets.map(|it| it.expose_secret().to_owned()).collect();
    let methods = if secrets.is_empty() {
        vec![ClientAuthMethod::None]
    } else {
        vec![
            ClientAuthMethod::Basic,
            ClientAuthMethod::Body,
            ClientAuthMethod::Both,
        ]
    };
    let user = config.username.clone().zip(config.password.as_ref());
    let assertion = config.assertion.as_ref();
    AuthorizationServerOptions {
        effects,
        clients: vec![Client {
            id: config.client_id.clone(),
            secrets,
            methods,
            redirect_uris: Vec::new(),
        }],
        users: user
            .map(|(username, password)| User {
                username,
                password: password.expose_secret().to_owned(),
            })
            .into_iter()
            .collect(),
        assertion_keys: assertion
            .map(|assertion| key(config, assertion))
            .into_iter()
            .collect(),
        audiences: assertion.map_or_else(Vec::new, |assertion| audiences(config, assertion)),
        issuer: config.issuer.clone(),
        pkce: Pkce::Optional,
        refresh_tokens: config.expects_refresh_token,
        response: shape(config),
        id_tokens: IdTokens::Right,
        ..AuthorizationServerOptions::default()
    }
}

/// What proves to it that somebody may have a token.
pub(super) fn proofs(config: &OAuth2Config) -> Vec<String> {
    let secrets = config.client_secrets.iter();
    let key = config.assertion.as_ref().map(|assertion| &assertion.key);
    let secrets = secrets.chain(&config.password).chain(key);
    let secrets = secrets.map(|secret| secret.expose_secret().to_owned());
    let names = [Some(config.client_id.clone()), config.username.clone()];
    secrets.chain(names.into_iter().flatten()).collect()
}

fn shape(config: &OAuth2Config) -> ResponseShape {
    ResponseShape {
        format: match config.token_response_format {
            TokenResponseFormat::Auto | TokenResponseFormat::Json => {
                oauth2::TokenResponseFormat::Json
            }
            TokenResponseFormat::Form => oauth2::TokenResponseFormat::Form,
            TokenResponseFormat::Text => oauth2::TokenResponseFormat::Text,
        },
        path: config.token_response_path.clone(),
        ..ResponseShape::default()
    }
}

fn key(config: &OAuth2Config, assertion: &Assertion) -> AssertionKey {
    let secret = assertion.key.expose_secret();
    let pair = SigningPair::of_private(secret, assertion.algorithm);
    AssertionKey {
        issuer: claimed(assertion, "iss")
            .or_else(|| assertion.issuer.clone())
            .unwrap_or_else(|| config.client_id.clone()),
        algorithm: assertion.algorithm,
        key: pair.map_or_else(|| secret.to_owned(), |pair| pair.public),
    }
}

fn audiences(config: &OAuth2Config, assertion: &Assertion) -> Vec<String> {
    let token_uri = config.token_uri.as_ref().map(Url::to_string);
    let all = [
        claimed(assertion, "aud"),
        assertion.audience.clone(),
        token_uri,
    ];
    all.into_iter().flatten().collect()
}

fn claimed(assertion: &Assertion, name: &str) -> Option<String> {
    let claim = assertion.claims.get(name).and_then(Value::as_str);
    claim.map(str::to_owned)
}
