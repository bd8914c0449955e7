//! What happens when a user submits the form.

use authbridge_core::SecretJson;
use authbridge_core::auth::AuthError;
use authbridge_engine::{BrowserStep, EngineError, Session};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::form_urlencoded;

use super::input::{Pairs, read, without_secrets};
use super::subject::{Offer, Subject};
use super::texts::Texts;
use super::visits::{Attempt, Problem, Progress, Visit};
use super::{end, over, page, refused, subject, to_page, visit};
use crate::connect::{Ending, away, typed};
use crate::error::ApiError;
use crate::routes::{Named, Shared};
use crate::wire::Connection;
use crate::worker::Worker;

/// The largest form that is taken.
const MOST_BYTES: usize = 256 * 1024;

/// Connects with what the user typed into the page, or gives up.
pub(super) async fn submit(
    State(worker): Shared,
    Named(id): Named,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let texts = Texts::of(&headers);
    let Some(visit) = visit(&worker, &id, &headers) else {
        return over(&worker, texts);
    };
    if body.len() > MOST_BYTES {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return page::notice(&worker, texts, status, texts.problem, texts.too_large);
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let mut progress = visit.progress.lock().await;
    if progress.ending.is_some() {
        return to_page(&worker, &visit);
    }
    if value(&pairs, "cancel").is_some() {
        if let Some(link) = &visit.request.connection_request {
            // The user is told the same if it cannot be noted; the link expires by itself.
            let _noted = worker.engine.cancel_connection_request(link).await;
        }
        let error = ApiError::bad_request(texts.cancelled);
        return end(&worker, &visit, &mut progress, visit.ending(Err(error)));
    }
    let (subject, session) = match subject(&worker, &visit).await {
        Ok(found) => found,
        Err(error) => return refused(&worker, texts, &error),
    };
    let Some(offer) = subject.offer(value(&pairs, "option")) else {
        return to_page(&worker, &visit);
    };
    let submitted = Submitted {
        worker: &worker,
        visit: &visit,
        session: &session,
        input: input_of(&subject, offer, &pairs),
        offer,
    };
    Box::pin(submitted.connect(&mut progress)).await
}

fn input_of(subject: &Subject, offer: &Offer, pairs: &Pairs) -> Value {
    read(&offer.fields, pairs, subject.given())
}

fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

/// A form that is filled in.
struct Submitted<'a> {
    worker: &'a Worker,
    visit: &'a Visit,
    session: &'a Session,
    offer: &'a Offer,
    input: Value,
}

impl Submitted<'_> {
    async fn connect(self, progress: &mut Progress) -> Response {
        let (worker, visit) = (self.worker, self.visit);
        let last = progress.last.insert(Attempt {
            option: self.offer.key.clone(),
            typed: without_secrets(&self.offer.fields, &self.input),
            problem: None,
        });
        let browser = worker.engine.new_browser();
        let mut request = visit.request.clone();
        request.browser.clone_from(&browser);
        request.page = Some(visit.id.clone());
        request.connect.auth_option_key.clone_from(&self.offer.key);
        if !self.offer.fields.is_empty() {
            request.connect.input = Some(SecretJson::new(self.input));
        }
        let connecting = worker.engine.connect_in_browser(self.session, request);
        match connecting.await {
            Ok(BrowserStep::Connected(connection)) => {
                let ending = visit.ending(Ok(Connection::from(*connection)));
                end(worker, visit, progress, ending)
            }
            Ok(BrowserStep::Away(location)) => away(worker, &location, &browser),
            Ok(BrowserStep::Typed(code)) => typed(worker, &code, &browser),
            Err(error) => {
                last.problem = Some(problem(error));
                to_page(worker, visit)
            }
        }
    }
}

fn problem(error: EngineError) -> Problem {
    if let EngineError::Auth(AuthError::Input(error)) = error {
        return Problem::Fields(error.fields);
    }
    Problem::Other(ApiError::from(error).message().to_owned())
}

impl Visit {
    /// The end of the visit, for whoever waits for it.
    fn ending(&self, result: Result<Connection, ApiError>) -> Ending {
        Ending {
            request_id: self.request.request_id.clone(),
            redirect_uri: self.request.redirect_uri.clone(),
            result,
        }
    }

    /// Whether somebody hears of the end.
    pub(super) fn is_waited_for(&self) -> bool {
        let request = &self.request;
        request.request_id.is_some()
            || request.redirect_uri.is_some()
            || request.connection_request.is_some()
    }
}
