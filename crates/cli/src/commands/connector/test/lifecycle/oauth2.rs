//! What is particular about the life of an `oauth2` connection: an authorization server in the
//! place of the connector's, and a user with a browser.

use authbridge_core::SecretJson;
use authbridge_core::auth::oauth2::config::{Assertion, GrantType, OAuth2Config};
use authbridge_core::connector::FunctionName;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_engine::{BrowserRequest, BrowserStep, ConnectRequest, EngineError, LogSink};
use authbridge_server::ApiError;
use authbridge_store::Connection;
use authbridge_testkit::Verdict;
use authbridge_testkit::oauth2::{Consent, SigningPair, StandInOptions};
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::super::authorization;
use super::super::bench::Person;
use super::super::sample::replaced;
use super::{Run, Went};
use crate::error::CliError;

/// The user's words for no.
const DENIED: &str = "access_denied";

/// What the configuration of a connector says about its life.
pub(super) struct OAuth2 {
    grant_type: GrantType,
    expects_refresh_token: bool,
    can_revoke: bool,
}

impl OAuth2 {
    fn of(config: &OAuth2Config) -> Self {
        Self {
            grant_type: config.grant_type,
            expects_refresh_token: config.expects_refresh_token,
            // The metadata of the issuer that stands in have an endpoint for it.
            can_revoke: config.revocation_uri.is_some() || config.issuer.is_some(),
        }
    }

    /// Whether the user consents in a browser.
    fn is_in_browser(&self) -> bool {
        self.grant_type == GrantType::AuthorizationCode
    }

    /// Whether tokens can be had again without the user.
    pub(super) fn can_refresh(&self) -> bool {
        self.expects_refresh_token || !self.is_in_browser()
    }

    /// Whether tokens are given back at the end.
    pub(super) fn can_revoke(&self) -> bool {
        self.can_revoke
    }

    /// Whether there are refresh tokens, which a user can revoke.
    fn has_refresh_tokens(&self) -> bool {
        let is_of_user = match self.grant_type {
            GrantType::AuthorizationCode | GrantType::Password => true,
            GrantType::ClientCredentials | GrantType::JwtBearer => false,
        };
        is_of_user && self.expects_refresh_token
    }
}

impl Run<'_> {
    /// Puts an authorization server in the place of the one that the connector describes. When it
    /// does not describe one, that is the only step, and this is `false`.
    pub(super) async fn prepare_oauth2(&mut self) -> Result<bool, CliError> {
        let Some(mut config) = self.configuration().await? else {
            return Ok(false);
        };
        if let Some((old, pair)) = made_up_key(&config) {
            let parameters = replaced(self.subject.parameters, &old, &pair.private);
            self.input = replaced(&self.input, &old, &pair.private);
            let integration = self.subject.integration;
            self.bench.set_parameters(integration, &parameters).await?;
            self.mask = self.mask.clone().and("privateKey", &pair.private.into());
            let Some(again) = self.configuration().await? else {
                return Ok(false);
            };
            config = again;
        }
        let effects = self.bench.local.engine.effects().clone();
        let proofs = authorization::proofs(&config);
        self.proofs.retain(|proof| proofs.contains(&proof.value));
        self.bench.simulated.open_account(Vec::new());
        self.bench.simulated.stand_in(Some(StandInOptions {
            server: authorization::server(&config, effects),
            ..authorization::places(&config)
        }));
        self.oauth2 = Some(OAuth2::of(&config));
        Ok(true)
    }

    /// What `getOAuthConfig` returns; without it, a failed step.
    async fn configuration(&mut self) -> Result<Option<OAuth2Config>, CliError> {
        let nobody = self.bench.person()?;
        let body = json!({
            "integrationKey": self.subject.integration,
            "customerId": nobody.id,
            "authOptionKey": self.option.key,
            "input": self.input,
            "credentials": {},
        });
        let connection = match self.bench.connect_as_given(&nobody, &body).await {
            Ok(connection) => connection,
            Err(error @ CliError::Api { .. }) => {
                self.add("connect", Went::failed(&[]).with_error(&error));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let own = json!({
            "redirectUri": format!("{}/oauth-callback", self.bench.local.url),
            "state": "a-sample-state",
        });
        let function = FunctionName::GetOAuthConfig;
        let own = SecretJson::new(own);
        let (result, logs) = self.bench.try_function(&connection, function, own).await?;
        let went = match result {
            Ok(mut value) => {
                // Their formulas are about answers, and there is none.
                if let Value::Object(members) = &mut value {
                    members.remove("failures");
                }
                match OAuth2Config::from_value(Some(&value)) {
                    Ok(config) => return Ok(Some(config)),
                    Err(error) => Went::failed(&[&error.to_string()]),
                }
            }
            Err(error) => Went {
                error: Some(error),
                ..Went::failed(&[])
            },
        };
        self.add("connect", Went { logs, ..went });
        Ok(None)
    }

    pub(super) fn is_in_browser(&self) -> bool {
        self.oauth2.as_ref().is_some_and(OAuth2::is_in_browser)
    }

    /// What a browser does: it is sent to the authorization server, which sends it back.
    pub(super) async fn connect_in_browser(&self, person: &Person) -> Result<Value, CliError> {
        let logs = LogSink::default();
        let connected = self.browse(person, &logs).await;
        let logs: Vec<_> = logs.take().iter().map(|entry| json!(entry)).collect();
        match connected {
            Ok(connection) => Ok(json!({ "id": connection.id.as_str(), "_logs": logs })),
            Err(Stopped::By(error)) => {
                let mut error = ApiError::from(error).to_json();
                if let Value::Object(members) = &mut error {
                    members.insert("_logs".to_owned(), logs.into());
                }
                Err(CliError::api(StatusCode::BAD_REQUEST, error))
            }
            Err(Stopped::At(page)) => {
                let message = format!(
                    "the authorization server does not send the user back, but says: {page}"
                );
                let error = json!({ "type": "connection", "message": message, "_logs": logs });
                Err(CliError::api(StatusCode::BAD_REQUEST, error))
            }
        }
    }

    async fn browse(&self, person: &Person, logs: &LogSink) -> Result<Connection, Stopped> {
        let engine = self.bench.local.engine.collecting(logs.clone());
        let session = engine.authenticate(&person.token).await?;
        let browser = engine.new_browser();
        let request = BrowserRequest {
            connect: ConnectRequest {
                integration: self.subject.integration.to_owned(),
                auth_option_key: self.option.key.clone(),
                input: Some(SecretJson::new(self.input.clone())),
                ..ConnectRequest::default()
            },
            browser: browser.clone(),
            ..BrowserRequest::default()
        };
        let begun = Box::pin(engine.connect_in_browser(&session, request)).await?;
        let away = match begun {
            BrowserStep::Connected(connection) => return Ok(*connection),
            BrowserStep::Away(away) => away,
            BrowserStep::Typed(code) => code.location,
        };
        let answer = self.bench.simulated.visit(&away);
        let back = answer.headers.iter().find(|(name, _)| name == "location");
        let back = back.and_then(|(_, value)| Url::parse(value).ok());
        let Some(back) = back else {
            return Err(Stopped::At(text_of(&answer.data)));
        };
        let pairs = back.query_pairs().into_owned().collect();
        let returned = Box::pin(engine.return_from_browser(&[browser.as_str()], pairs)).await?;
        match returned {
            Ok(returned) => Ok(returned.result?),
            Err(stray) => Err(Stopped::At(stray.to_string())),
        }
    }

    pub(super) async fn denied_consent(&mut self) -> Result<(), CliError> {
        let other = self.bench.person()?;
        self.bench.simulated.set_consent(Consent::Denied {
            error: DENIED.to_owned(),
            description: None,
        });
        let connected = self.connect_in_browser(&other).await;
        self.bench.simulated.set_consent(Consent::Given);
        let went = match connected {
            Err(error) => Went::passed(format!("refused: {}", self.mask.text(&error.to_string()))),
            Ok(_) => Went::failed(&["an account was connected although the user said no"]),
        };
        self.add("denied consent", went);
        Ok(())
    }

    /// The user takes the consent back at the provider: nothing but a reconnect can help then.
    pub(super) async fn revoked_by_user(&mut self) -> Result<(), CliError> {
        const NAME: &str = "revoked by the user";
        let has_hook = self.has(FunctionName::RefreshCredentials);
        let is_checked = self.oauth2.as_ref().is_some_and(OAuth2::has_refresh_tokens);
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

/// Why a browser is not back with a connection.
enum Stopped {
    By(EngineError),
    /// A page that says this.
    At(String),
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        Self::By(error)
    }
}

/// A page without its markup.
fn text_of(page: &Value) -> String {
    let html = page.as_str().unwrap_or_default();
    let mut text = String::new();
    let mut is_markup = false;
    for character in html.chars() {
        match character {
            '<' => is_markup = true,
            '>' => {
                is_markup = false;
                text.push(' ');
            }
            _ if is_markup => {}
            other => text.push(other),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
