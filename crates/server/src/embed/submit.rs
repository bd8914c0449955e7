//! What happens when a user submits the form.

use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::auth::AuthError;
use authbridge_engine::{BrowserStep, EngineError, Session};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::form_urlencoded;

use super::access::{By, Known, Proof, SHOW, here, to_page, to_page_with};
use super::input::{Pairs, read, with_row_changed, without_secrets};
use super::subject::{Offer, Subject};
use super::view::View;
use super::visits::{Attempt, Connecting, Problem, Progress, Visit};
use super::{end, page, refused, shown, subject};
use crate::connect::{Ending, Failure, away, typed};
use crate::routes::{Named, Shared};
use crate::wire::Connection;
use crate::worker::Worker;

/// The largest form that is taken.
const MOST_BYTES: usize = 256 * 1024;

/// The most fields that one has: each is looked for among all.
const MOST_PAIRS: usize = 4_000;

/// The name of the field that has a visit's ticket.
pub(super) const TICKET: &str = "ticket";

/// Connects with what the user typed into the page, or gives up.
pub(super) async fn submit(
    State(worker): Shared,
    Named(id): Named,
    RawQuery(query): RawQuery,
    view: View<'static>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let texts = view.texts;
    if body.len() > MOST_BYTES {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return page::notice(&worker, view, status, (texts.problem, texts.too_large));
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    if pairs.len() > MOST_PAIRS {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return page::notice(&worker, view, status, (texts.problem, texts.too_large));
    }
    let admitted = admitted(&worker, &id, &pairs);
    let is_elsewhere = admitted.is_some();
    let proof = Proof::of_form(&headers, &pairs);
    let found = match admitted {
        Some(visit) => Ok(Known {
            visit,
            by: By::Cookie,
        }),
        None => here(&worker, view, &id, proof),
    };
    let known = match found {
        Ok(known) => known,
        Err(refusal) => return *refusal,
    };
    let (view, visit) = (known.view(view), &known.visit);
    if value(&pairs, SHOW).is_some() {
        let query = query.unwrap_or_default();
        return match known.by {
            By::Cookie => to_page_with(&worker, view, visit, &query),
            By::Pass => shown(&worker, view, visit, &query).await,
        };
    }
    let Some(connecting) = visit.connecting() else {
        return to_page(&worker, view, visit);
    };
    let mut progress = connecting.progress.lock().await;
    if progress.ending.is_some() {
        return after_end(&worker, view, visit, is_elsewhere);
    }
    if value(&pairs, "cancel").is_some() {
        if let Some(link) = &connecting.request.connection_request {
            // The user is told the same if it cannot be noted; the link expires by itself.
            let _noted = worker.engine.cancel_connection_request(link).await;
        }
        progress.last = None;
        let failure = Failure::cancelled(texts.cancelled);
        let ending = connecting.ending(&visit.session, Err(failure));
        return end(&worker, view, visit, &mut progress, ending);
    }
    let (subject, session) = match subject(&worker, visit, connecting).await {
        Ok(found) => found,
        Err(error) => return refused(&worker, view, &error),
    };
    let Some(offer) = subject.offer(value(&pairs, "option")) else {
        return to_page(&worker, view, visit);
    };
    if let Some((path, is_added)) = changed_rows(&pairs) {
        let typed = read(&offer.fields, &pairs, None);
        let typed = without_secrets(&offer.fields, &with_row_changed(typed, path, is_added));
        progress.last = Some(Attempt {
            option: offer.key.clone(),
            typed,
            problem: None,
            is_elsewhere: false,
        });
        return to_page(&worker, view, visit);
    }
    let submitted = Submitted {
        worker: &worker,
        view,
        visit,
        connecting,
        session: &session,
        input: input_of(&subject, offer, &pairs),
        offer,
        is_elsewhere,
    };
    Box::pin(submitted.connect(&mut progress)).await
}

/// The visit of a form that opened a window of its own, if it has its ticket.
fn admitted(worker: &Worker, id: &str, pairs: &Pairs) -> Option<Arc<Visit>> {
    let ticket = value(pairs, TICKET)?;
    let now = worker.engine.effects().now();
    worker
        .visits
        .find(id, now)
        .filter(|visit| visit.admits(ticket))
}

/// The page of a visit that had ended before.
fn after_end(worker: &Worker, view: View<'_>, visit: &Visit, is_elsewhere: bool) -> Response {
    if is_elsewhere {
        return page::go_back(worker, view);
    }
    to_page(worker, view, visit)
}

/// The list to which a button adds a row, or from which it takes one: without scripts the server
/// does that. Secrets that were typed have to be typed again.
fn changed_rows(pairs: &Pairs) -> Option<(&str, bool)> {
    let added = value(pairs, "add").map(|path| (path, true));
    added.or_else(|| value(pairs, "remove").map(|path| (path, false)))
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
    view: View<'a>,
    visit: &'a Visit,
    connecting: &'a Connecting,
    session: &'a Session,
    offer: &'a Offer,
    input: Value,
    /// Whether it goes on in a window of its own.
    is_elsewhere: bool,
}

impl Submitted<'_> {
    async fn connect(self, progress: &mut Progress) -> Response {
        let (worker, view, connecting) = (self.worker, self.view, self.connecting);
        let last = progress.last.insert(Attempt {
            option: self.offer.key.clone(),
            typed: without_secrets(&self.offer.fields, &self.input),
            problem: None,
            is_elsewhere: self.is_elsewhere,
        });
        let browser = worker.engine.new_browser();
        let mut request = connecting.request.clone();
        request.browser.clone_from(&browser);
        request.page = Some(self.visit.id.clone());
        request.connect.auth_option_key.clone_from(&self.offer.key);
        if !self.offer.fields.is_empty() {
            request.connect.input = Some(SecretJson::new(self.input));
        }
        let step = worker.engine.connect_in_browser(self.session, request);
        match step.await {
            Ok(BrowserStep::Connected(connection)) => {
                let connection = Connection::from(*connection);
                let ending = connecting.ending(self.session, Ok(connection));
                end(worker, view, self.visit, progress, ending)
            }
            Ok(BrowserStep::Away(location)) => away(worker, &location, &browser),
            Ok(BrowserStep::Typed(code)) => typed(worker, view, &code, &browser),
            Err(error) => {
                last.problem = Some(problem(error));
                progress.version = progress.version.saturating_add(1);
                after_end(worker, view, self.visit, self.is_elsewhere)
            }
        }
    }
}

fn problem(error: EngineError) -> Problem {
    if let EngineError::Auth(AuthError::Input(error)) = error {
        return Problem::Fields(error.fields);
    }
    Problem::Other(error.into())
}

impl Connecting {
    /// The end of a visit of `session`, for whoever waits for it.
    fn ending(&self, session: &Session, result: Result<Connection, Failure>) -> Ending {
        Ending {
            workspace: Some(Arc::clone(&session.workspace)),
            request_id: self.request.request_id.clone(),
            redirect_uri: self.request.redirect_uri.clone(),
            result,
        }
    }

    /// Whether somebody hears of the end, or there is a page to go back to.
    pub(super) fn can_cancel(&self) -> bool {
        let request = &self.request;
        self.back.is_some()
            || request.request_id.is_some()
            || request.redirect_uri.is_some()
            || request.connection_request.is_some()
    }
}
