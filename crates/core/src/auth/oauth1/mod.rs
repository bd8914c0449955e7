//! `oauth1`: OAuth 1.0a (RFC 5849), with every difference between providers as data.
//!
//! `config` is that data. `parameters`, `base_string` and `signature` make signatures, and
//! `signer` says what a request needs to carry one; `exchange` is the conversation about tokens,
//! `problem` and `clock` read its refusals, `authorize` is the way out and back, and `credentials`
//! what is kept.

mod authorization;
mod authorize;
mod base_string;
mod clock;
pub mod config;
mod credentials;
mod encoding;
mod exchange;
mod parameters;
mod private_key;
mod problem;
mod signature;
mod signer;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use self::config::{CallbackMode, Flow, OAuth1Config, ScopeTransmission};
use self::exchange::Question;
use self::problem::Endpoint;
use super::oauth2::credentials::{hook, members, object};
use super::{
    Arguments, AuthContext, AuthError, AuthFlow, Back, Begin, Connected, Issued, OAuthConfigError,
    Return, Start, check_input, oauth_config, refresh,
};
use crate::SecretJson;
use crate::connector::{AuthOption, FunctionName};

pub use clock::clock_offset;
pub use signature::{SignatureMethod, SigningError};
pub use signer::{Body, ParameterTransmission, Signed, Signer, Token, Unsigned};

/// The flow of `oauth1`.
pub(super) struct OAuth1;

#[async_trait]
impl AuthFlow for OAuth1 {
    async fn begin(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        mut arguments: Arguments,
        start: &Start<'_>,
    ) -> Result<Begin, AuthError> {
        let input = check_input(
            option.input_schema.as_ref(),
            arguments.connection_input.expose(),
        )?;
        arguments.connection_input = SecretJson::new(input);
        let config = configuration(context, option, &arguments, start).await?;
        let issued = match config.flow {
            Flow::ThreeLegged => {
                return send_away(context, &config, start, arguments.connection_input).await;
            }
            Flow::Token => {
                let issued = keep(context, option, &config, &arguments, Map::new()).await?;
                Token::of(issued.credentials.expose())?;
                issued
            }
            Flow::TwoLegged => keep(context, option, &config, &arguments, Map::new()).await?,
        };
        Ok(Begin::Complete(Connected {
            issued,
            input: arguments.connection_input,
        }))
    }

    async fn complete(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: Arguments,
        start: &Start<'_>,
        back: &Return<'_>,
    ) -> Result<Connected, AuthError> {
        let config = configuration(context, option, &arguments, start).await?;
        let pending = members(Some(back.pending));
        let verifier = authorize::verifier(&config, back.callback, &pending)?;
        let verifier = verifier.map(|verifier| (VERIFIER, verifier.to_owned()));
        let question = Question {
            endpoint: Endpoint::AccessToken,
            url: config.token_endpoint()?,
            method: &config.access_token_method,
            token: Some(Token::of(back.pending.expose())?),
            protocol: verifier.into_iter().collect(),
            extra: &config.access_token_extra,
            plain: Vec::new(),
        };
        let response = exchange::ask(context, &config, &question).await?;
        let name = FunctionName::GetCredentialsFromAccessTokenResponse;
        let query = back.callback.parameters();
        let extra = hook(context, name, &arguments, &response, query).await?;
        let mut fresh = response;
        fresh.extend(extra.unwrap_or_default());
        let issued = keep(context, option, &config, &arguments, fresh).await?;
        Ok(Connected {
            issued,
            input: arguments.connection_input,
        })
    }

    async fn adopt(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: &Arguments,
        start: &Start<'_>,
    ) -> Result<Issued, AuthError> {
        let config = configuration(context, option, arguments, start).await?;
        let credentials = members(arguments.credentials.as_ref());
        Ok(finished(
            &*context,
            option,
            &config,
            credentials,
            Map::new(),
        ))
    }

    async fn signer(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: &Arguments,
        start: &Start<'_>,
    ) -> Result<Option<Signer>, AuthError> {
        let config = configuration(context, option, arguments, start).await?;
        let none = Value::Null;
        let credentials = arguments.credentials.as_ref();
        let credentials = credentials.map_or(&none, SecretJson::expose);
        Ok(Some(config.signer_for(credentials)?))
    }

    /// By `refreshCredentials`, or else by the session handle, where the provider gave one (OAuth
    /// Session extension): the old token signs for the new one.
    async fn refresh(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: &Arguments,
        start: &Start<'_>,
    ) -> Result<Issued, AuthError> {
        let config = configuration(context, option, arguments, start).await?;
        if option.function(FunctionName::RefreshCredentials).is_some() {
            let mut issued = refresh::by_function(context, option, arguments).await?;
            issued.timing = config.refresh;
            return Ok(issued);
        }
        let old = members(arguments.credentials.as_ref());
        let handle = old.get(credentials::SESSION_HANDLE).and_then(Value::as_str);
        let Some(handle) = handle.filter(|handle| !handle.is_empty()) else {
            return Err(AuthError::NotRefreshable(
                "the provider gave no `oauth_session_handle`",
            ));
        };
        let question = Question {
            endpoint: Endpoint::Renewal,
            url: match &config.refresh_uri {
                Some(url) => url,
                None => config.token_endpoint()?,
            },
            method: &config.access_token_method,
            token: Some(Token::of(&Value::Object(old.clone()))?),
            protocol: vec![(credentials::SESSION_HANDLE, handle.to_owned())],
            extra: &config.access_token_extra,
            plain: Vec::new(),
        };
        let fresh = exchange::ask(context, &config, &question).await?;
        Ok(finished(&*context, option, &config, old, fresh))
    }
}

const VERIFIER: &str = "oauth_verifier";

/// What `getOAuthConfig` says.
async fn configuration(
    context: &mut dyn AuthContext,
    option: &AuthOption,
    arguments: &Arguments,
    start: &Start<'_>,
) -> Result<OAuth1Config, AuthError> {
    let value = oauth_config::value(context, option, arguments, start).await?;
    let mut config = OAuth1Config::from_value(value.as_ref())?;
    config.refresh = config.refresh.or(option.refresh);
    Ok(config)
}

/// Whether the user types the verifier.
fn is_typed(config: &OAuth1Config) -> bool {
    match config.callback {
        CallbackMode::OutOfBand => true,
        CallbackMode::Redirect => false,
    }
}

/// A request token (RFC 5849 section 2.1), and where the user goes with it. Its secret is kept
/// until the user is back.
async fn send_away(
    context: &mut dyn AuthContext,
    config: &OAuth1Config,
    start: &Start<'_>,
    input: SecretJson,
) -> Result<Begin, AuthError> {
    let callback = match config.callback {
        CallbackMode::Redirect => authorize::callback_url(start)?,
        CallbackMode::OutOfBand => "oob".to_owned(),
    };
    let has_scope = match config.scope_transmission {
        ScopeTransmission::Both | ScopeTransmission::RequestToken => true,
        ScopeTransmission::Authorize => false,
    };
    let scope = config.scope().filter(|_| has_scope);
    let question = Question {
        endpoint: Endpoint::RequestToken,
        url: config.request_token_endpoint()?,
        method: &config.request_token_method,
        token: None,
        protocol: vec![("oauth_callback", callback.clone())],
        extra: &config.request_token_extra,
        plain: scope.map(|scope| ("scope", scope)).into_iter().collect(),
    };
    let answer = exchange::ask(context, config, &question).await?;
    let is_confirmed = is_confirmed(&answer);
    if config.requires_confirmation && !is_confirmed {
        return Err(OAuthConfigError::NotConfirmed.into());
    }
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let unheard = (!is_confirmed && !is_typed(config)).then_some(callback);
    Ok(Begin::Redirect {
        location: authorize::location(config, text("oauth_token"), unheard)?,
        pending: SecretJson::new(json!({
            "oauth_token": text("oauth_token"),
            "oauth_token_secret": text("oauth_token_secret"),
        })),
        input,
        back: if is_typed(config) {
            Back::Typed {
                parameter: VERIFIER,
            }
        } else {
            Back::Callback
        },
    })
}

/// RFC 5849 section 2.1: it must be `true`, and tells that the provider speaks 1.0a.
fn is_confirmed(answer: &Map<String, Value>) -> bool {
    match answer.get("oauth_callback_confirmed") {
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        Some(other) => other == true,
        None => false,
    }
}

/// What a new connection keeps: what the user typed, what the connector makes of it, and `fresh`.
async fn keep(
    context: &mut dyn AuthContext,
    option: &AuthOption,
    config: &OAuth1Config,
    arguments: &Arguments,
    fresh: Map<String, Value>,
) -> Result<Issued, AuthError> {
    let function = FunctionName::GetCredentialsFromConnectionParameters;
    let own = object(function, context.call(function, arguments).await?)?;
    let mut base = members(Some(&arguments.connection_input));
    base.extend(credentials::stated_token(config));
    base.extend(own.unwrap_or_default());
    Ok(finished(&*context, option, config, base, fresh))
}

fn finished(
    context: &dyn AuthContext,
    option: &AuthOption,
    config: &OAuth1Config,
    base: Map<String, Value>,
    fresh: Map<String, Value>,
) -> Issued {
    let mut issued = credentials::issued(config, base, fresh, context.effects().now());
    issued.is_refreshable |= option.function(FunctionName::RefreshCredentials).is_some();
    issued
}
