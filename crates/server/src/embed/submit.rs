//! What happens when a user submits the form.

use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::auth::AuthError;
use authbridge_engine::{BrowserStep, EngineError, Session};
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::access::{By, Known, SHOW, here, to_page, to_page_with};
use super::input::{read, with_row_changed, without_secrets};
use super::sent::Sent;
use super::subject::Offer;
use super::view::View;
use super::visits::{Attempt, Connecting, Problem, Progress, Visit};
use super::{end, page, refused, shown, subject};
use crate::connect::{Ending, Failure, away, typed};
use crate::routes::{Named, Shared};
use crate::wire::Connection;
use crate::worker::Worker;

/// The name of the field that has a visit's ticket.
pub(super) const TICKET: &str = "ticket";

/// Connects with what the user typed into the page, or gives up.
pub(super) async fn submit(State(worker): Shared, Named(id): Named, sent: Sent) -> Response {
    let admitted = admitted(&worker, &id, &sent);
    let is_elsewhere = admitted.is_some();
    let known = match admitted.map_or_else(|| here(&worker, &id, &sent), Ok) {
        Ok(known) => known,
        Err(refusal) => return *refusal,
    };
    let (view, visit) = (known.view(sent.view), &known.visit);
    let texts = view.texts;
    if sent.value(SHOW).is_some() {
        return match known.by {
            By::Cookie | By::Ticket => to_page_with(&worker, view, visit, &sent.query),
            By::Pass => shown(&worker, view, visit, &sent.query).await,
        };
    }
    let Some(connecting) = visit.connecting() else {
        return to_page(&worker, view, visit);
    };
    let mut progress = connecting.progress.lock().await;
    if progress.ending.is_some() {
        return after_end(&worker, view, visit, is_elsewhere);
    }
    if sent.value("cancel").is_some() {
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
    let Some(offer) = subject.offer(sent.value("option")) else {
        return to_page(&worker, view, visit);
    };
    if let Some((path, is_added)) = changed_rows(&sent) {
        let typed = read(&offer.fields, &sent.pairs, None);
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
        input: read(&offer.fields, &sent.pairs, subject.given()),
        offer,
        is_elsewhere,
    };
    Box::pin(submitted.connect(&mut progress)).await
}

/// What a form asks for that stays where it is, and never goes on in a window of its own.
const STAYING: [&str; 4] = ["cancel", "add", "remove", SHOW];

/// The visit of a form that opened a window of its own, if it has its ticket.
fn admitted(worker: &Worker, id: &str, sent: &Sent) -> Option<Known> {
    let ticket = sent.value(TICKET)?;
    if STAYING.iter().any(|name| sent.value(name).is_some()) {
        return None;
    }
    let now = worker.engine.effects().now();
    let found = worker.visits.find(id, now);
    let visit = found.filter(|visit| visit.admits(ticket))?;
    let by = By::Ticket;
    Some(Known { visit, by })
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
fn changed_rows(sent: &Sent) -> Option<(&str, bool)> {
    let added = sent.value("add").map(|path| (path, true));
    added.or_else(|| sent.value("remove").map(|path| (path, false)))
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
