//! A user with a browser, who is sent to a provider and back.

use authbridge_core::SecretJson;
use authbridge_engine::{
    BrowserRequest, BrowserReturn, BrowserStep, ConnectRequest, Engine, EngineError, LogSink,
    StrayReturn,
};
use authbridge_server::ApiError;
use authbridge_store::Connection;
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::super::bench::Person;
use super::{Run, Went};
use crate::error::CliError;

/// A browser that was at the provider, and what it brings.
struct Brought {
    engine: Engine,
    browser: String,
    pairs: Vec<(String, String)>,
}

/// Where a visit to the provider led.
enum Led {
    Back(Brought),
    /// Nowhere: the account was connected without it.
    Nowhere(Box<Connection>),
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

impl Run<'_> {
    /// Connects an account of `person`, or gives new credentials to `connection`.
    pub(super) async fn connect_in_browser(
        &self,
        person: &Person,
        connection: Option<&str>,
    ) -> Result<Value, CliError> {
        let logs = LogSink::default();
        let connected = self.browse(person, connection, &logs).await;
        let logs: Vec<_> = logs.take().iter().map(|entry| json!(entry)).collect();
        match connected {
            Ok(connection) => Ok(json!({ "id": connection.id.as_str(), "_logs": logs })),
            Err(stopped) => Err(explained(stopped, logs)),
        }
    }

    async fn browse(
        &self,
        person: &Person,
        connection: Option<&str>,
        logs: &LogSink,
    ) -> Result<Connection, Stopped> {
        match self.consent(person, connection, logs).await? {
            Led::Nowhere(connection) => Ok(*connection),
            Led::Back(brought) => match brought.come_back().await? {
                Ok(returned) => Ok(returned.result?),
                Err(stray) => Err(Stopped::At(stray.to_string())),
            },
        }
    }

    /// Goes to the provider, who sends the user back or shows a code to type.
    async fn consent(
        &self,
        person: &Person,
        connection: Option<&str>,
        logs: &LogSink,
    ) -> Result<Led, Stopped> {
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
            connection: connection.map(str::to_owned),
            browser: browser.clone(),
            ..BrowserRequest::default()
        };
        let begun = Box::pin(engine.connect_in_browser(&session, request)).await?;
        let pairs = match begun {
            BrowserStep::Connected(connection) => return Ok(Led::Nowhere(connection)),
            BrowserStep::Away(away) => self.sent_back(&away)?,
            BrowserStep::Typed(code) => {
                let typed = self.shown(&code.location)?;
                vec![
                    ("state".to_owned(), code.state),
                    (code.parameter.to_owned(), typed),
                ]
            }
        };
        Ok(Led::Back(Brought {
            engine,
            browser,
            pairs,
        }))
    }

    fn sent_back(&self, away: &Url) -> Result<Vec<(String, String)>, Stopped> {
        let answer = self.bench.simulated.visit(away);
        let back = answer.headers.iter().find(|(name, _)| name == "location");
        let back = back.and_then(|(_, value)| Url::parse(value).ok());
        let back = back.ok_or_else(|| Stopped::At(text_of(&answer.data)))?;
        Ok(back.query_pairs().into_owned().collect())
    }

    /// The code on the provider's page.
    fn shown(&self, page: &Url) -> Result<String, Stopped> {
        let answer = self.bench.simulated.visit(page);
        let html = answer.data.as_str().unwrap_or_default();
        let code = html.split_once("<code>").map(|(_, behind)| behind);
        let code = code.and_then(|behind| behind.split_once("</code>"));
        let code = code.ok_or_else(|| Stopped::At(text_of(&answer.data)))?;
        Ok(code.0.to_owned())
    }

    pub(super) async fn denied_consent(&mut self) -> Result<(), CliError> {
        let other = self.bench.person()?;
        self.bench.simulated.deny_consent(true);
        let connected = self.connect_in_browser(&other, None).await;
        self.bench.simulated.deny_consent(false);
        let went = match connected {
            Err(error) => Went::passed(format!("refused: {}", self.mask.text(&error.to_string()))),
            Ok(_) => Went::failed(&["an account was connected although the user said no"]),
        };
        self.add("denied consent", went);
        Ok(())
    }

    /// What the browser brought works once, whoever brings it again.
    pub(super) async fn replayed_callback(&mut self) -> Result<(), CliError> {
        const NAME: &str = "replayed callback";
        let other = self.bench.person()?;
        let logs = LogSink::default();
        let brought = match self.consent(&other, None, &logs).await {
            Ok(Led::Back(brought)) => brought,
            Ok(Led::Nowhere(_)) => return Ok(()),
            Err(stopped) => {
                let error = explained(stopped, Vec::new());
                self.add(NAME, Went::failed(&[]).with_error(&error));
                return Ok(());
            }
        };
        let first = brought.come_back().await.map_err(CliError::Engine)?;
        let connecting = self.bench.simulated.take_exchanges();
        self.mask = self.mask.clone().and_issued_in(&connecting);
        let again = brought.come_back().await.map_err(CliError::Engine)?;
        let exchanges = self.bench.simulated.take_exchanges();
        let went = match (first, again) {
            (Ok(BrowserReturn { result: Ok(_), .. }), Err(stray)) if exchanges.is_empty() => {
                Went::passed(format!("refused: {stray}"))
            }
            (
                Ok(BrowserReturn {
                    result: Err(error), ..
                }),
                _,
            ) => {
                let error = explained(Stopped::By(error), Vec::new());
                Went::failed(&["the account cannot be connected again"]).with_error(&error)
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => {
                Went::failed(&["what the browser brought was taken a second time"])
            }
        };
        self.add_with(NAME, went, exchanges);
        Ok(())
    }

    /// The customer consents again: the connection keeps its id, and works again.
    pub(super) async fn reconnect(&mut self, connection: &str) -> Result<(), CliError> {
        const NAME: &str = "reconnect";
        let again = self
            .connect_in_browser(&self.person, Some(connection))
            .await;
        let again = match again {
            Ok(again) => again,
            Err(error @ CliError::Api { .. }) => {
                self.add(NAME, Went::failed(&[]).with_error(&error));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let answer = self.request(connection).await;
        let exchanges = self.bench.simulated.take_exchanges();
        let keeps_id = again.get("id").and_then(Value::as_str) == Some(connection);
        let went = match answer {
            Err(error) => Went::failed(&[]).with_error(&error),
            Ok(answer) if answer.status >= 400 => {
                Went::failed(&["the API refuses the new credentials"])
            }
            Ok(_) if !keeps_id => Went::failed(&["the connection got another id"]),
            Ok(_) => Went::passed("with fresh consent the same connection works again"),
        };
        self.add_with(NAME, went.with_logs_of(&again), exchanges);
        Ok(())
    }
}

impl Brought {
    async fn come_back(&self) -> Result<Result<BrowserReturn, StrayReturn>, EngineError> {
        let browsers = [self.browser.as_str()];
        let returning = self
            .engine
            .return_from_browser(&browsers, self.pairs.clone());
        Box::pin(returning).await
    }
}

/// As the API would say it.
fn explained(stopped: Stopped, logs: Vec<Value>) -> CliError {
    let error = match stopped {
        Stopped::By(error) => {
            let mut error = ApiError::from(error).to_json();
            if let Value::Object(members) = &mut error {
                members.insert("_logs".to_owned(), logs.into());
            }
            error
        }
        Stopped::At(page) => {
            let message =
                format!("the authorization server does not send the user back, but says: {page}");
            json!({ "type": "connection", "message": message, "_logs": logs })
        }
    };
    CliError::api(StatusCode::BAD_REQUEST, error)
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
