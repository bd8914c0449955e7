//! `oauth2`: OAuth 2.0 (RFC 6749), with every difference between providers as data.
//!
//! `config` is that data; `authorize` sends the browser away, and `callback` reads what it brings
//! back; `token_request`, `exchange`, `token_response` and `refusal` are the conversation with the
//! token endpoint; `credentials` makes of its answer what a connection keeps.

mod assertion;
pub(super) mod authorize;
mod callback;
pub mod config;
pub(super) mod credentials;
mod discovery;
mod exchange;
pub mod pkce;
pub(super) mod refusal;
mod token_request;
mod token_response;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use self::authorize::AuthorizationRequest;
use self::config::{GrantType, OAuth2Config};
use self::token_request::Grant;
use super::members::OAuthConfigError;
use super::{
    Arguments, AuthContext, AuthError, AuthFlow, Back, Begin, Callback, Connected, Issued, Return,
    Start, check_input, oauth_config, refresh,
};
use crate::SecretJson;
use crate::connector::{AuthOption, FunctionName};

pub use refusal::TokenRefusal;
pub(super) use token_request::target;

/// The flow of `oauth2`.
pub(super) struct OAuth2;

#[async_trait]
impl AuthFlow for OAuth2 {
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
        if config.grant_type == GrantType::AuthorizationCode {
            return send_away(&*context, &config, start, arguments.connection_input);
        }
        let response = obtain(context, &config).await?;
        let issued = issue(context, &config, &arguments, response, &Map::new()).await?;
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
        let callback = back.callback;
        callback::check(&config, callback)?;
        let pending = back.pending.expose();
        let code_verifier = pending.get("codeVerifier").and_then(Value::as_str);
        let response = redeem(context, &config, &arguments, start, code_verifier, callback).await?;
        callback::check_nonce(pending.get("nonce"), &response)?;
        let issued = issue(
            context,
            &config,
            &arguments,
            response,
            callback.parameters(),
        )
        .await?;
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
        let config = stated_configuration(context, option, arguments, start).await?;
        let credentials = credentials::members(arguments.credentials.as_ref());
        let mut issued = credentials::adopted(context.effects(), &config, credentials);
        issued.is_refreshable |= option.function(FunctionName::RefreshCredentials).is_some();
        Ok(issued)
    }

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
        let old = credentials::members(arguments.credentials.as_ref());
        let response = renew(context, &config, &old).await?;
        let hook = FunctionName::GetCredentialsFromRefreshTokenResponse;
        let extra = credentials::hook(context, hook, arguments, &response, &Map::new()).await?;
        credentials::renewed(context.effects(), &config, old, response, extra)
    }

    async fn revoke(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: &Arguments,
        start: &Start<'_>,
    ) -> Result<(), AuthError> {
        let config = configuration(context, option, arguments, start).await?;
        let credentials = credentials::members(arguments.credentials.as_ref());
        exchange::revoke(context, &config, &credentials).await
    }
}

/// What `getOAuthConfig` says, with the metadata of the issuer.
async fn configuration(
    context: &mut dyn AuthContext,
    option: &AuthOption,
    arguments: &Arguments,
    start: &Start<'_>,
) -> Result<OAuth2Config, AuthError> {
    let mut config = stated_configuration(context, option, arguments, start).await?;
    if let Some(issuer) = &config.issuer {
        let urls = discovery::metadata_urls(issuer)?;
        let metadata = context.metadata(&urls).await?;
        config.complete(&metadata)?;
    }
    Ok(config)
}

/// What `getOAuthConfig` says by itself.
async fn stated_configuration(
    context: &mut dyn AuthContext,
    option: &AuthOption,
    arguments: &Arguments,
    start: &Start<'_>,
) -> Result<OAuth2Config, AuthError> {
    let value = oauth_config::value(context, option, arguments, start).await?;
    let mut config = OAuth2Config::from_value(value.as_ref())?;
    config.refresh = config.refresh.or(option.refresh);
    Ok(config)
}

/// The authorization request.
fn send_away(
    context: &dyn AuthContext,
    config: &OAuth2Config,
    start: &Start<'_>,
    input: SecretJson,
) -> Result<Begin, AuthError> {
    let effects = context.effects();
    let code_verifier = config.pkce.then(|| pkce::unguessable(effects));
    let nonce = config.is_openid().then(|| pkce::unguessable(effects));
    let location = config.authorization_url(&AuthorizationRequest {
        redirect_uri: start.redirect_uri,
        state: start.state,
        code_verifier: code_verifier.as_deref(),
        nonce: nonce.as_deref(),
    })?;
    Ok(Begin::Redirect {
        location,
        pending: SecretJson::new(json!({ "codeVerifier": code_verifier, "nonce": nonce })),
        input,
        back: Back::Callback,
    })
}

/// A token for the code that the browser brought, by `getTokenData` if the connector has it.
async fn redeem(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
    arguments: &Arguments,
    start: &Start<'_>,
    code_verifier: Option<&str>,
    callback: &Callback,
) -> Result<Map<String, Value>, AuthError> {
    let own = json!({
        "codeVerifier": code_verifier,
        "queryParameters": callback.parameters(),
        "redirectUri": start.redirect_uri,
    });
    let function = FunctionName::GetTokenData;
    match context.call(function, &arguments.with_own(own)).await? {
        Some(Value::Object(response)) => return Ok(response),
        None | Some(Value::Null) => {}
        Some(_) => {
            return Err(AuthError::Returned {
                function: function.as_str(),
                expected: "an object",
            });
        }
    }
    let code = callback.required("code")?;
    let grant = Grant::AuthorizationCode {
        code,
        redirect_uri: start.redirect_uri,
        code_verifier,
    };
    exchange::token(context, config, config.token_endpoint()?, &grant).await
}

/// A token by a grant that needs no browser.
async fn obtain(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
) -> Result<Map<String, Value>, AuthError> {
    let endpoint = config.token_endpoint()?;
    let grant = match config.grant_type {
        GrantType::ClientCredentials => Grant::ClientCredentials,
        GrantType::Password => {
            let (Some(username), Some(password)) = (&config.username, &config.password) else {
                return Err(OAuthConfigError::Missing("username").into());
            };
            Grant::Password { username, password }
        }
        GrantType::JwtBearer => {
            let Some(assertion) = &config.assertion else {
                return Err(OAuthConfigError::Missing("assertion").into());
            };
            let audience = endpoint.as_str();
            let assertion = assertion.sign(&config.client_id, audience, context.effects())?;
            Grant::JwtBearer { assertion }
        }
        GrantType::AuthorizationCode => {
            return Err(AuthError::NotRefreshable(
                "the provider gave no `refresh_token`",
            ));
        }
    };
    exchange::token(context, config, endpoint, &grant).await
}

/// A token in place of an old one: by its refresh token, or by the grant that it came from.
async fn renew(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
    old: &Map<String, Value>,
) -> Result<Map<String, Value>, AuthError> {
    let Some(refresh_token) = old.get("refresh_token").and_then(Value::as_str) else {
        return obtain(context, config).await;
    };
    let endpoint = match &config.refresh_uri {
        Some(endpoint) => endpoint,
        None => config.token_endpoint()?,
    };
    let grant = Grant::RefreshToken { refresh_token };
    exchange::token(context, config, endpoint, &grant).await
}

/// What a connection keeps of a first token.
async fn issue(
    context: &mut dyn AuthContext,
    config: &OAuth2Config,
    arguments: &Arguments,
    response: Map<String, Value>,
    query: &Map<String, Value>,
) -> Result<Issued, AuthError> {
    let function = FunctionName::GetCredentialsFromConnectionParameters;
    let own = credentials::object(function, context.call(function, arguments).await?)?;
    let hook = FunctionName::GetCredentialsFromAccessTokenResponse;
    let extra = credentials::hook(context, hook, arguments, &response, query).await?;
    let mut base = credentials::members(Some(&arguments.connection_input));
    base.extend(own.unwrap_or_default());
    credentials::first(context.effects(), config, base, response, extra)
}
