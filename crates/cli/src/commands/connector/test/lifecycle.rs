//! The life of a connection, from connecting to disconnecting, against the simulated API.

mod browser;
mod oauth1;
mod oauth2;
mod provider;
mod went;

use authbridge_core::connector::{AuthOption, AuthType, FunctionName};
use authbridge_testkit::{Exchange, Verdict};
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::account;
use super::bench::{Bench, Person, Proxied};
use super::mask::Mask;
use super::report::{Outcome, Section, Step};
use super::sample::{self, Proof};
use crate::error::CliError;
use provider::{OAuth, Tokens};
use went::{Went, connect_hints, renewed};

pub(super) use went::logs_of;

/// What is tested, and with what.
pub(super) struct Subject<'a> {
    pub(super) integration: &'a str,
    /// What the integration is set up with.
    pub(super) parameters: &'a Value,
    /// What the author's `tests/provider.yml` types, if it says so.
    pub(super) input: Option<&'a Value>,
    /// A path of the API that is worth requesting.
    pub(super) path: &'a str,
    pub(super) mask: Mask,
}

/// Runs the life cycle of one auth option.
pub(super) async fn run(
    bench: &Bench,
    subject: &Subject<'_>,
    option: &AuthOption,
) -> Result<Section, CliError> {
    let title = match &option.key {
        Some(key) => format!("option {key} ({})", option.auth_type.as_str()),
        None => format!("life cycle ({})", option.auth_type.as_str()),
    };
    let input = input_for(option, subject.input);
    let proofs = sample::proofs(&input, option.input_schema.as_ref());
    let mask = proofs.iter().fold(subject.mask.clone(), |mask, proof| {
        mask.and(&proof.name, &proof.value.as_str().into())
    });
    let mut run = Run {
        bench,
        subject,
        option,
        person: bench.person()?,
        input,
        proofs,
        derived: Vec::new(),
        oauth: None,
        mask,
        steps: Vec::new(),
    };
    run.all().await?;
    Ok(Section {
        title,
        steps: run.steps,
    })
}

/// What is typed for `option`: what the author gives, and something made up for the rest.
fn input_for(option: &AuthOption, given: Option<&Value>) -> Value {
    let schema = option.input_schema.as_ref();
    let mut input = sample::of_schema(schema);
    let properties = schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    if let (Value::Object(input), Some(Value::Object(given))) = (&mut input, given) {
        // Several options share one `provider.yml`.
        let delegates = option.auth_type == AuthType::Proxy;
        let fits =
            |name: &String| delegates || properties.is_none_or(|known| known.contains_key(name));
        let fitting = given.iter().filter(|(name, _)| fits(name));
        input.extend(fitting.map(|(name, value)| (name.clone(), value.clone())));
    }
    if let (Value::Object(input), AuthType::Proxy) = (&mut input, option.auth_type)
        && given.is_none()
    {
        let token = format!("sample-{}", account::TOKEN);
        input.insert(account::TOKEN.to_owned(), token.into());
    }
    input
}

struct Run<'a> {
    bench: &'a Bench,
    subject: &'a Subject<'a>,
    option: &'a AuthOption,
    person: Person,
    input: Value,
    proofs: Vec<Proof>,
    /// Headers and parameters with something made from the proofs.
    derived: Vec<String>,
    /// Of the types `oauth1` and `oauth2`: what its configuration says.
    oauth: Option<OAuth>,
    mask: Mask,
    steps: Vec<Step>,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<(), CliError> {
        let auth_type = self.option.auth_type;
        self.bench.simulated.stand_in(None);
        let typed = self.proofs.iter().map(|proof| proof.value.clone());
        self.bench.simulated.open_account(typed.collect());
        let is_prepared = match auth_type {
            AuthType::OAuth1 => self.prepare_oauth1().await?,
            AuthType::OAuth2 => self.prepare_oauth2().await?,
            AuthType::ClientCredentials
            | AuthType::IntegrationAppToken
            | AuthType::MembraneToken
            | AuthType::Proxy => true,
        };
        if !is_prepared {
            return Ok(());
        }
        if auth_type.needs_no_connect_form() && self.option.input_schema.is_none() {
            return self.token_life().await;
        }
        let Some(connection) = self.connect().await? else {
            return Ok(());
        };
        self.test(&connection).await;
        self.call(&connection).await;
        if self.is_in_browser() {
            self.denied_consent().await?;
            self.replayed_callback().await?;
        } else {
            self.wrong_credentials().await?;
        }
        self.expire(&connection).await;
        if self.is_in_browser() {
            self.reconnect(&connection).await?;
        }
        self.disconnect(&connection).await;
        self.revoked_by_user().await
    }

    /// Of types whose credential is the workspace's token.
    async fn token_life(&mut self) -> Result<(), CliError> {
        let reason = "not needed: the workspace signs a token for every customer";
        self.add("connect", Went::skipped(reason));
        let connection = self.subject.integration.to_owned();
        self.test(&connection).await;
        self.call(&connection).await;
        let reason = "not needed: every request carries a fresh token";
        self.add("expire and refresh", Went::skipped(reason));
        Ok(())
    }

    /// Adds a step, with what reached the simulated API since the last one.
    fn add(&mut self, name: &str, went: Went) {
        let exchanges = self.bench.simulated.take_exchanges();
        self.add_with(name, went, exchanges);
    }

    fn add_with(&mut self, name: &str, went: Went, exchanges: Vec<Exchange>) {
        if self.oauth.is_some() {
            self.mask = self.mask.clone().and_issued_in(&exchanges);
        }
        self.steps.push(Step {
            result: None,
            name: name.to_owned(),
            outcome: went.outcome,
            detail: went.detail,
            place: None,
            error: went.error,
            logs: went.logs,
            exchanges,
            mask: self.mask.clone(),
        });
    }

    fn has(&self, function: FunctionName) -> bool {
        self.option.function(function).is_some()
    }

    async fn connect(&mut self) -> Result<Option<String>, CliError> {
        let mut connected = self.connect_with(&self.input).await;
        let mut exchanges = self.bench.simulated.take_exchanges();
        let mut detail = "an account is connected".to_owned();
        if let Err(CliError::Api { .. }) = connected
            && self.oauth.is_none()
            && let Some(names) = self.derived(&exchanges).await
        {
            detail.push_str(&format!(
                "; `{}` is made from the credentials and cannot be checked here",
                names.join("`, `")
            ));
            self.derived = names;
            self.bench.simulated.trust(self.derived.clone());
            connected = self.connect_with(&self.input).await;
            exchanges = self.bench.simulated.take_exchanges();
        }
        match connected {
            Ok(connection) => {
                let id = connection.get("id").and_then(Value::as_str);
                let id = id.map(str::to_owned).unwrap_or_default();
                let went = Went::passed(detail).with_logs_of(&connection);
                self.add_with("connect", went, exchanges);
                Ok(Some(id))
            }
            Err(error @ CliError::Api { .. }) => {
                let lines = connect_hints(&exchanges);
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                let went = Went::failed(&lines).with_error(&error);
                self.add_with("connect", went, exchanges);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn connect_with(&self, input: &Value) -> Result<Value, CliError> {
        if self.is_in_browser() {
            return self.connect_in_browser(&self.person, None).await;
        }
        let (integration, key) = (self.subject.integration, self.option.key.as_deref());
        self.person.connect(integration, key, input).await
    }

    /// Where the requests of `exchanges` carry something made from what was typed, such as a
    /// signature: what is different with other credentials. `None` when there is no such thing, or
    /// when that was not what went wrong.
    async fn derived(&self, exchanges: &[Exchange]) -> Option<Vec<String>> {
        let refused = exchanges
            .last()
            .filter(|last| last.verdict == Verdict::Unknown)?;
        let wrong = sample::with_wrong(&self.input, &self.proofs);
        // It cannot succeed where the right ones did not.
        let _refused_as_well = self.connect_with(&wrong).await;
        let others = self.bench.simulated.take_exchanges();
        let other = &others.last()?.request;
        let pairs = refused.request.headers.iter().chain(&refused.request.query);
        let names: Vec<String> = pairs
            .filter(|(name, _)| name != "content-length")
            .filter(|pair| !other.headers.contains(pair) && !other.query.contains(pair))
            .map(|(name, _)| name.clone())
            .collect();
        (!names.is_empty()).then_some(names)
    }

    async fn test(&mut self, connection: &str) {
        if !self.has(FunctionName::Test) {
            let reason = if self.proofs.is_empty() {
                "the connector has no `test`"
            } else {
                "the connector has no `test`: it would connect whatever is typed"
            };
            self.add("test", Went::skipped(reason));
            return;
        }
        let went = match self.person.post(connection, "test", None).await {
            Ok(answer) if answer.get("success") == Some(&Value::Bool(true)) => {
                Went::passed("the credentials work").with_logs_of(&answer)
            }
            Ok(answer) => Went {
                error: answer.get("error").cloned(),
                ..Went::failed(&["`test` did not succeed with good credentials"])
            }
            .with_logs_of(&answer),
            Err(error) => Went::failed(&[]).with_error(&error),
        };
        self.add("test", went);
    }

    async fn request(&self, connection: &str) -> Result<Proxied, CliError> {
        let (path, headers) = (self.subject.path, HeaderMap::new());
        self.person
            .request(connection, Method::GET, path, headers, None)
            .await
    }

    async fn call(&mut self, connection: &str) {
        let answer = self.request(connection).await;
        let exchanges = self.bench.simulated.take_exchanges();
        let went = match (answer, exchanges.last().map(|last| last.verdict)) {
            (Err(error), _) => Went::failed(&[]).with_error(&error),
            (Ok(_), Some(Verdict::Accepted | Verdict::Issued)) => {
                Went::passed("a request through the API client carries the credentials")
            }
            (Ok(_), Some(Verdict::Expired)) => {
                Went::failed(&["the request carries credentials that have expired"])
            }
            (Ok(_), Some(Verdict::Unknown)) => Went::failed(&[
                "the request carries none of the credentials",
                "look at what `makeApiClient` reads, and at what is in `credentials`",
            ]),
            (Ok(_), Some(Verdict::Refused)) => {
                Went::failed(&["the API refuses the signature of the request"])
            }
            (
                Ok(_),
                Some(
                    Verdict::Consented
                    | Verdict::Revoked
                    | Verdict::Published
                    | Verdict::Canned
                    | Verdict::Unexpected,
                )
                | None,
            ) => Went::failed(&["no request reached the API"]),
        };
        self.add_with("call", went, exchanges);
    }

    async fn wrong_credentials(&mut self) -> Result<(), CliError> {
        const NAME: &str = "wrong credentials";
        if self.proofs.is_empty() {
            let reason = "the form asks for nothing that could be wrong";
            self.add(NAME, Went::skipped(reason));
            return Ok(());
        }
        let other = self.bench.person()?;
        let wrong = sample::with_wrong(&self.input, &self.proofs);
        let (integration, key) = (self.subject.integration, self.option.key.as_deref());
        // What cannot be checked is what the right credentials make, and these are others.
        self.bench.simulated.trust(Vec::new());
        let connected = other.connect(integration, key, &wrong).await;
        self.bench.simulated.trust(self.derived.clone());
        let exchanges = self.bench.simulated.take_exchanges();
        let went = match connected {
            Err(error) => Went::passed(format!("refused: {}", self.mask.text(&error.to_string()))),
            Ok(_) if !self.has(FunctionName::Test) => Went::failed(&[
                "an account was connected with wrong credentials: the connector has no `test`",
            ]),
            Ok(connection) if exchanges.is_empty() => Went::failed(&[
                "an account was connected with wrong credentials: `test` makes no request, so that \
                 it cannot know",
            ])
            .with_logs_of(&connection),
            Ok(connection) => Went::failed(&[
                "an account was connected with wrong credentials, although the API refused them: \
                 `test` must fail then, or return nothing",
            ])
            .with_logs_of(&connection),
        };
        self.add_with(NAME, went, exchanges);
        Ok(())
    }

    async fn expire(&mut self, connection: &str) {
        let tokens = self.oauth.as_ref().map(|oauth| oauth.tokens);
        if matches!(tokens, Some(Tokens::None)) {
            let reason = "not needed: requests are signed by the consumer alone";
            self.add("expire and refresh", Went::skipped(reason));
            return;
        }
        if self.option.auth_type == AuthType::Proxy {
            let reason = "not needed: the account is refreshed by its own connector";
            self.add("expire and refresh", Went::skipped(reason));
            return;
        }
        self.bench.simulated.expire_all();
        let answer = self.request(connection).await;
        let exchanges = self.bench.simulated.take_exchanges();
        let oauth_refreshes = self.oauth.as_ref().is_some_and(OAuth::can_refresh);
        if !self.has(FunctionName::RefreshCredentials) && !oauth_refreshes {
            let went = match answer {
                Ok(answer) if answer.status < 400 => {
                    Went::failed(&["expired credentials were accepted"])
                }
                Ok(_) | Err(CliError::Api { .. }) => Went::skipped(format!(
                    "{}: once the credentials have expired, the customer would have to reconnect",
                    match tokens {
                        Some(Tokens::Final(reason)) => reason,
                        Some(Tokens::None | Tokens::Renewable { .. }) | None =>
                            "there is no `refreshCredentials`",
                    }
                )),
                Err(error) => Went::failed(&[]).with_error(&error),
            };
            self.add_with("expire and refresh", went, exchanges);
            return;
        }
        let went = renewed(answer, &exchanges, "refused, refreshed, and repeated");
        let has_passed = went.outcome == Outcome::Passed;
        self.add_with("expire and refresh", went, exchanges);
        if has_passed {
            self.refresh_again(connection).await;
        }
    }

    /// Refresh tokens may work only once: a second round shows whether the new one was kept.
    async fn refresh_again(&mut self, connection: &str) {
        self.bench.simulated.expire_all();
        let refreshed = self.person.post(connection, "refresh-credentials", None);
        let went = match refreshed.await {
            Err(error) => Went::failed(&[
                "the second refresh failed: is a new refresh token of the first one kept?",
            ])
            .with_error(&error),
            Ok(answer) => {
                let proxied = self.request(connection).await;
                let exchanges = self.bench.simulated.take_exchanges();
                let went = renewed(proxied, &exchanges, "with what the first refresh gave");
                self.add_with("refresh again", went.with_logs_of(&answer), exchanges);
                return;
            }
        };
        self.add("refresh again", went);
    }

    async fn disconnect(&mut self, connection: &str) {
        let answer = self.person.disconnect(connection).await;
        let exchanges = self.bench.simulated.take_exchanges();
        let has_revoked = exchanges.iter().any(|it| it.verdict == Verdict::Revoked);
        let must_revoke = self.oauth.as_ref().is_some_and(|oauth| oauth.can_revoke);
        let went = match answer {
            Err(error) => Went::failed(&[]).with_error(&error),
            Ok(_) if must_revoke && !has_revoked => Went::failed(&[
                "the tokens were not revoked: look at `revocationUri` and at how the client says \
                 who it is",
            ]),
            Ok(answer) if has_revoked => {
                Went::passed("the tokens are revoked, and the credentials are erased")
                    .with_logs_of(&answer)
            }
            Ok(answer) if self.has(FunctionName::Disconnect) => {
                Went::passed("the API was told, and the credentials are erased")
                    .with_logs_of(&answer)
            }
            Ok(_) => Went::passed("the credentials are erased"),
        };
        self.add_with("disconnect", went, exchanges);
    }
}

/// A mask for connector parameters.
pub(super) fn mask_of(parameters: &Value) -> Mask {
    let empty = Value::Object(Map::new());
    Mask::default().and(
        "connectorParameters",
        if parameters.is_null() {
            &empty
        } else {
            parameters
        },
    )
}
