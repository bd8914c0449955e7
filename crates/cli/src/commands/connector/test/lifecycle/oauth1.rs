//! What is particular about the life of an `oauth1` connection: a server in the place of the
//! connector's, which verifies every signature.

use authbridge_core::auth::oauth1::Token;
use authbridge_core::auth::oauth1::config::{Flow, OAuth1Config};
use authbridge_core::connector::FunctionName;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_testkit::StandIn;
use authbridge_testkit::oauth2::SigningPair;
use serde_json::{Map, Value};

use super::super::consumer;
use super::provider::{OAuth, Tokens};
use super::{Run, Went};
use crate::error::CliError;

impl Run<'_> {
    /// Puts a server in the place of the one that the connector describes. When it does not
    /// describe one, that is the only step, and this is `false`.
    pub(super) async fn prepare_oauth1(&mut self) -> Result<bool, CliError> {
        let Some(value) = self.returned(FunctionName::GetOAuthConfig).await? else {
            return Ok(false);
        };
        if let Some((old, pair)) = made_up_key(&value) {
            self.replace_key(&old, &pair).await?;
        }
        let read = |value: &Value| OAuth1Config::from_value(Some(value));
        let Some(config) = self.configuration(read).await? else {
            return Ok(false);
        };
        let typed = match config.flow {
            Flow::Token => match self.typed_token(&config).await? {
                Some(token) => Some(token),
                None => return Ok(false),
            },
            Flow::ThreeLegged | Flow::TwoLegged => {
                self.bench.simulated.open_account(Vec::new());
                None
            }
        };
        let effects = self.bench.local.engine.effects().clone();
        let stand_in = consumer::stand_in(&config, typed.as_ref(), effects);
        let stand_in = StandIn::OAuth1(Box::new(stand_in));
        self.bench.simulated.stand_in(Some(stand_in));
        self.oauth = Some(OAuth {
            is_in_browser: config.flow == Flow::ThreeLegged,
            can_revoke: false,
            tokens: match config.flow {
                Flow::TwoLegged => Tokens::None,
                Flow::ThreeLegged if consumer::has_sessions(&config) => {
                    Tokens::Renewable { is_revocable: true }
                }
                Flow::ThreeLegged | Flow::Token => {
                    Tokens::Final("tokens of OAuth 1.0a are not refreshed")
                }
            },
        });
        Ok(true)
    }

    /// The token that the user types, as the connector finds it; without one, a failed step.
    async fn typed_token(&mut self, config: &OAuth1Config) -> Result<Option<Token>, CliError> {
        let mut known = object(&self.input);
        if let Some(token) = &config.token {
            let pairs = [
                ("oauth_token", &token.token),
                ("oauth_token_secret", &token.secret),
            ];
            known.extend(pairs.map(|(name, value)| {
                let value = Value::from(value.expose_secret());
                (name.to_owned(), value)
            }));
        }
        let function = FunctionName::GetCredentialsFromConnectionParameters;
        if self.has(function) {
            let Some(value) = self.returned(function).await? else {
                return Ok(None);
            };
            known.extend(object(&value));
        }
        match Token::of(&Value::Object(known)) {
            Ok(token) => Ok(Some(token)),
            Err(error) => {
                self.add("connect", Went::failed(&[&error.to_string()]));
                Ok(None)
            }
        }
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A key that nothing can be signed with, since it was made up, and one to take its place.
fn made_up_key(config: &Value) -> Option<(String, SigningPair)> {
    let text = |name| config.get(name).and_then(Value::as_str);
    let is_rsa = text("signatureMethod").is_some_and(|method| method.starts_with("RSA-"));
    let key = text("privateKey").filter(|_| is_rsa)?;
    if SigningPair::of_rsa(key).is_some() {
        return None;
    }
    Some((key.to_owned(), SigningPair::generate_rsa()?))
}
