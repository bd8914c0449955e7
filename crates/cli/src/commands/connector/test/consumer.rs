//! A server of OAuth 1.0a that takes what a configuration makes a connector send.

use authbridge_core::Effects;
use authbridge_core::auth::oauth1::Token;
use authbridge_core::auth::oauth1::config::{Flow, OAuth1Config};
use authbridge_core::secret::ExposeSecret as _;
use authbridge_testkit::oauth1::{
    AuthorizationServerOptions, Consumer, IssuedToken, SignatureMethod, StandInOptions,
};
use authbridge_testkit::oauth2::SigningPair;
use url::Url;

/// The server with its endpoints, which knows `typed` from the beginning. It wants the one
/// signature method that is configured, and knows the configured consumer only.
pub(super) fn stand_in(
    config: &OAuth1Config,
    typed: Option<&Token>,
    effects: Effects,
) -> StandInOptions {
    let all = |urls: [&Option<Url>; 2]| urls.into_iter().flatten().cloned().collect();
    StandInOptions {
        request_token: all([&config.request_token_uri, &None]),
        authorize: all([&config.authorize_uri, &None]),
        access_token: all([&config.token_uri, &config.refresh_uri]),
        known: typed.map(known).into_iter().collect(),
        server: AuthorizationServerOptions {
            effects,
            consumers: vec![consumer(config)],
            signature_methods: vec![method(config)],
            sessions: has_sessions(config),
            two_legged: config.flow == Flow::TwoLegged,
            ..AuthorizationServerOptions::default()
        },
    }
}

/// Whether tokens come with session handles: who names an endpoint for them expects some.
pub(super) fn has_sessions(config: &OAuth1Config) -> bool {
    config.flow == Flow::ThreeLegged && config.refresh_uri.is_some()
}

fn known(token: &Token) -> IssuedToken {
    IssuedToken {
        token: token.token.expose_secret().to_owned(),
        secret: token.secret.expose_secret().to_owned(),
    }
}

fn consumer(config: &OAuth1Config) -> Consumer {
    let secret = config.consumer_secret.as_ref();
    let secret = secret.map_or("", |secret| secret.expose_secret());
    let private = config.private_key.as_ref();
    let pair = private.and_then(|private| SigningPair::of_rsa(private.expose_secret()));
    Consumer {
        public_key: pair.map(|pair| pair.public),
        ..Consumer::new(&config.consumer_key, secret)
    }
}

fn method(config: &OAuth1Config) -> SignatureMethod {
    use authbridge_core::auth::oauth1::SignatureMethod as Configured;
    match config.signature_method {
        Configured::HmacSha1 => SignatureMethod::HmacSha1,
        Configured::HmacSha256 => SignatureMethod::HmacSha256,
        Configured::HmacSha512 => SignatureMethod::HmacSha512,
        Configured::RsaSha1 => SignatureMethod::RsaSha1,
        Configured::RsaSha256 => SignatureMethod::RsaSha256,
        Configured::RsaSha512 => SignatureMethod::RsaSha512,
        Configured::Plaintext => SignatureMethod::Plaintext,
    }
}
