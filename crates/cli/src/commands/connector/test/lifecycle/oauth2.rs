//! What is particular about the life of an `oauth2` connection: an authorization server in the
//! place of the connector's.

use authbridge_core::auth::oauth2::config::{Assertion, GrantType, OAuth2Config};
use authbridge_core::connector::FunctionName;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_testkit::oauth2::{SigningPair, StandInOptions};
use authbridge_testkit::{StandIn, Verdict};
use serde_json::Value;

use super::super::authorization;
use super::provider::{OAuth, Tokens};
use super::{Run, Went};
use crate::error::CliError;

/// What the configuration of a connector says about its life.
fn of(config: &OAuth2Config) -> OAuth {
    let is_in_browser = config.grant_type == GrantType::AuthorizationCode;
    let is_of_user = match config.grant_type {
        GrantType::AuthorizationCode | GrantType::Password => true,
        GrantType::ClientCredentials | GrantType::JwtBearer => false,
    };
    OAuth {
        is_in_browser,
        // The metadata of the issuer that stands in have an endpoint for it.
        can_revoke: config.revocation_uri.is_some() || config.issuer.is_some(),
        tokens: if config.expects_refresh_token || !is_in_browser {
            Tokens::Renewable {
                is_revocable: is_of_user && config.expects_refresh_token,
            }
        } else {
            Tokens::Final("the provider gives no refresh tokens")
        },
    }
}

impl Run<'_> {
    /// Puts an authorization server in the place of the one that the connector describes. When it
    /// does not describe one, that is the only step, and this is `false`.
    pub(super) async fn prepare_oauth2(&mut self) -> Result<bool, CliError> {
        let read = |value: &Value| OAuth2Config::from_value(Some(value));
        let Some(mut config) = self.configuration(read).await? else {
            return Ok(false);
        };
        if let Some((old, pair)) = made_up_key(&config) {
            self.replace_key(&old, &pair).await?;
            let Some(again) = self.configuration(read).await? else {
                return Ok(false);
            };
            config = again;
        }
        let effects = self.bench.local.engine.effects().clone();
        let proofs = authorization::proofs(&config);
        self.proofs.retain(|proof| proofs.contains(&proof.value));
        self.bench.simulated.open_account(Vec::new());
        let stand_in = StandInOptions {
            server: authorization::server(&config, effects),
            ..authorization::places(&config)
        };
        let stand_in = StandIn::OAuth2(Box::new(stand_in));
        self.bench.simulated.stand_in(Some(stand_in));
        self.oauth = Some(of(&config));
        Ok(true)
    }

    /// The user takes the consent back at the provider: nothing but a reconnect can help then.
    pub(super) async fn revoked_by_user(&mut self) -> Result<(), CliError> {
        const NAME: &str = "revoked by the user";
        let has_hook = self.has(FunctionName::RefreshCredentials);
        let tokens = self.oauth.as_ref().map(|oauth| oauth.tokens);
        let is_checked = matches!(tokens, Some(Tokens::Renewable { is_revocable: true }));
        if !is_checked || has_hook {
            return Ok(());
        }
        let connected = self.connect_with(&self.input).await;
        let connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                let lines = ["the account cannot be connected again"];
                self.add(NAME, Went::failed(&lines).with_error(&error));
                return Ok(());
            }
        };
        let id = connection.get("id").and_then(Value::as_str);
        let id = id.unwrap_or_default();
        let connecting = self.bench.simulated.take_exchanges();
        self.mask = self.mask.clone().and_issued_in(&connecting);
        self.bench.simulated.revoke_all();
        let answer = self.request(id).await;
        let exchanges = self.bench.simulated.take_exchanges();
        let state = self.person.connection(id).await?;
        let state = state.get("state").and_then(Value::as_str);
        let state = state.unwrap_or_default();
        let was_asked = exchanges.iter().any(|it| it.verdict == Verdict::Refused);
        let went = match answer {
            Ok(answer) if answer.status < 400 => Went::failed(&["revoked tokens were accepted"]),
            Ok(_) | Err(CliError::Api { .. }) if state == "CLIENT_ACTION_REQUIRED" => {
                Went::passed("the refresh is refused, and the customer is asked to reconnect")
            }
            Ok(_) | Err(CliError::Api { .. }) if was_asked => Went::failed(&[
                &format!("the refresh is refused, but the connection is {state}"),
                "look at the rules in `failures`: `invalid_grant` must not be taken for something \
                 that passes",
            ]),
            Ok(_) | Err(CliError::Api { .. }) => {
                Went::failed(&["nobody tried to refresh: was there a refresh token?"])
            }
            Err(error) => Went::failed(&[]).with_error(&error),
        };
        self.add_with(NAME, went, exchanges);
        Ok(())
    }
}

/// A key that nothing can be signed with, since it was made up, and one to take its place.
fn made_up_key(config: &OAuth2Config) -> Option<(String, SigningPair)> {
    let Assertion { key, algorithm, .. } = config.assertion.as_ref()?;
    let key = key.expose_secret();
    if SigningPair::of_private(key, *algorithm).is_some() {
        return None;
    }
    Some((key.to_owned(), SigningPair::generate(*algorithm)?))
}
