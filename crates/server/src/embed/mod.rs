//! The hosted pages: what users see when they connect an account, and the list of what they can
//! connect (wire contract B.3).
//!
//! A token is exchanged for a visit at once, and the browser goes on to the visit's page, whose
//! address says nothing. From there a submitted form begins what `/connect` begins. The pages are
//! plain HTML, and work without their script.

mod absent;
mod access;
mod assets;
mod brand;
mod form;
mod html;
mod input;
mod look;
mod over;
mod page;
mod permissions;
mod schema;
mod screens;
mod sent;
mod sheet;
mod style;
mod subject;
mod submit;
mod texts;
mod view;
mod visits;

use std::sync::Arc;

use authbridge_engine::{BrowserRequest, Session};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use url::form_urlencoded;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::access::{begin_visit, here, page_path, to_page};
pub(crate) use self::html::escaped;
use self::page::FormPage;
pub(crate) use self::permissions::granted;
use self::sent::Sent;
pub(crate) use self::sheet::Sheet;
pub(crate) use self::style::Theme;
use self::subject::Subject;
use self::submit::submit;
pub(crate) use self::texts::Texts;
use self::texts::named;
pub(crate) use self::view::View;
pub(crate) use self::visits::Visits;
use self::visits::{Connecting, Found, Problem, Progress, Visit};
use crate::connect::{ConnectForm, Ending, Payload, Place, moved};
use crate::error::ApiError;
use crate::routes::{Named, Shared};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(connect_by_link, connect))
        .routes(routes!(reconnect_by_link, reconnect))
        .merge(look::router())
        .merge(screens::router())
        .merge(absent::router())
        // Addresses that nobody makes up; they are not described.
        .route("/embed/connect/{visit}", get(show).post(submit))
        .route(
            "/embed/connect/{visit}/progress",
            get(progress).post(progress),
        )
        .route("/embed/resume/{visit}", post(over::resume))
        .route("/embed/assets/{name}", get(assets::asset))
}

/// A page on which a user connects an account: chooses an option, and fills in its form. It takes
/// what `GET /connect` takes.
#[utoipa::path(get, path = "/embed/integrations/{selector}/connect", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The integration, by key or id"),
        ("token" = String, Query, description = "The customer's token"),
        ("redirectUri" = Option<String>, Query, description = "Where to go at the end"),
        ("theme" = Option<String>, Query, description = "`light`, `dark` or `auto`")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn connect_by_link(
    State(worker): Shared,
    Named(integration): Named,
    place: Place,
) -> Response {
    open(&worker, &place, "", ("integrationKey", integration)).await
}

/// The same with everything in a form, as `POST /connect` takes it, so that no token is in the
/// browser's history.
#[utoipa::path(post, path = "/embed/integrations/{selector}/connect", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The integration, by key or id")),
    responses((status = 303, description = "to the page")))]
async fn connect(
    State(worker): Shared,
    Named(integration): Named,
    place: Place,
    Payload(payload): Payload,
) -> Response {
    let name = ("integrationKey", integration);
    open(&worker, &place, &payload, name).await
}

/// A page on which a user connects an account again.
#[utoipa::path(get, path = "/embed/connections/{selector}/refresh", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The connection, by id, or its integration"),
        ("token" = String, Query, description = "The customer's token"),
        ("redirectUri" = Option<String>, Query, description = "Where to go at the end"),
        ("theme" = Option<String>, Query, description = "`light`, `dark` or `auto`")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn reconnect_by_link(
    State(worker): Shared,
    Named(connection): Named,
    place: Place,
) -> Response {
    open(&worker, &place, "", ("connectionId", connection)).await
}

/// The same with everything in a form.
#[utoipa::path(post, path = "/embed/connections/{selector}/refresh", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The connection, by id, or its integration")),
    responses((status = 303, description = "to the page")))]
async fn reconnect(
    State(worker): Shared,
    Named(connection): Named,
    place: Place,
    Payload(payload): Payload,
) -> Response {
    let name = ("connectionId", connection);
    open(&worker, &place, &payload, name).await
}

/// The page of a visit: a choice, a form, or how it ended.
async fn show(State(worker): Shared, Named(id): Named, sent: Sent) -> Response {
    match here(&worker, &id, &sent) {
        Ok(known) => {
            let view = known.view(sent.view);
            shown(&worker, view, &known.visit, &sent.query).await
        }
        Err(refusal) => *refusal,
    }
}

async fn shown(worker: &Worker, view: View<'_>, visit: &Visit, query: &str) -> Response {
    let Some(connecting) = visit.connecting() else {
        return to_page(worker, view, visit);
    };
    let progress = connecting.progress.lock().await;
    if let Some(ending) = &progress.ending {
        return match &connecting.back {
            Some(back) => look::back(worker, view, back, ending)
                .unwrap_or_else(|| ending.page(worker, view, None)),
            None if progress.is_elsewhere() => ending
                .sent_on()
                .unwrap_or_else(|| ending.page(worker, view, None)),
            None => ending.page(worker, view, None),
        };
    }
    let (subject, session) = match subject(worker, visit, connecting).await {
        Ok(found) => found,
        Err(error) => return refused(worker, view, &error),
    };
    if let Some(problem) = &subject.problem {
        let title = named(view.texts.unavailable, &subject.name);
        return page::notice(worker, view, StatusCode::CONFLICT, (&title, problem));
    }
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let asked = pairs.find(|(name, _)| name == "option");
    let asked = asked.map(|(_, key)| key.into_owned());
    let wants_choice = query == "another" && subject.offers.len() > 1;
    let last = progress.last.as_ref();
    let last_key = last.and_then(|last| last.option.as_deref());
    let offer = subject.offer(asked.as_deref().or(last_key));
    let Some(offer) = offer.filter(|_| !wants_choice) else {
        return page::choice(worker, view, &subject, connecting);
    };
    let last = last.filter(|last| last.option == offer.key);
    let request = BrowserRequest {
        page: Some(visit.id.clone()),
        ..connecting.request.clone()
    };
    let scopes = subject.scopes(&worker.engine, &session, request, offer);
    let scopes = Box::pin(scopes).await;
    FormPage {
        view,
        subject: &subject,
        offer,
        scopes: &scopes,
        kept: last.map(|last| &last.typed).or(subject.given()),
        problem: last.and_then(|last| last.problem.as_ref()),
        connecting,
        ticket: &visit.ticket,
        version: progress.version,
        progress_path: &format!("{}/progress", page_path(worker, visit)),
    }
    .answer(worker)
}

/// How far a visit is, for its page that waits for another window: the number changes when the
/// page has something new to show.
async fn progress(State(worker): Shared, Named(id): Named, sent: Sent) -> Response {
    let now = worker.engine.effects().now();
    let found = worker.visits.seek(&id, sent.proof(), now);
    let text = match &found {
        Found::Here(known) => match known.visit.connecting() {
            Some(connecting) => connecting.progress.lock().await.version.to_string(),
            None => String::new(),
        },
        Found::Late(..) | Found::NoProof | Found::Unknown => String::new(),
    };
    ([(CACHE_CONTROL, "no-store")], text).into_response()
}

/// Exchanges a token for a visit.
async fn open(
    worker: &Worker,
    place: &Place,
    payload: &str,
    (name, value): (&str, String),
) -> Response {
    let form = ConnectForm::read(place.query(), payload);
    let form = form.map(|form| form.with(name, value));
    enter(worker, place, form).await
}

/// Exchanges the token in `form` for a visit that connects what it says.
async fn enter(worker: &Worker, place: &Place, form: Result<ConnectForm, ApiError>) -> Response {
    let (session, request, theme) = match entered(worker, form).await {
        Ok(entered) => entered,
        Err(error) => return refused(worker, place.view(), &error),
    };
    match place.by_its_public_name(worker) {
        Some(here) => moved(&here),
        None => begin(worker, place.view().in_theme(theme), session, request),
    }
}

async fn entered(
    worker: &Worker,
    form: Result<ConnectForm, ApiError>,
) -> Result<(Session, BrowserRequest, Theme), ApiError> {
    let form = form?;
    let session = session(worker, form.token()).await?;
    let theme = form.theme()?;
    if let Some(uri) = form.redirect_uri() {
        worker.engine.require_redirect(&session, &uri).await?;
    }
    let mut request = form.into_request(String::new())?;
    worker.engine.fill_in(&session, &mut request).await?;
    Ok((session, request, theme))
}

/// The session of `token`, with the workspace as it is now.
pub(crate) async fn session(worker: &Worker, token: &str) -> Result<Session, ApiError> {
    let now = worker.engine.effects().now();
    let known = worker.sessions.get(&worker.engine, token, now).await?;
    let mut session = known.session.clone();
    session.workspace = worker.engine.workspace(&session).await?;
    Ok(session)
}

/// Begins a visit that may do what `request` says, and sends the browser to its page.
pub(crate) fn begin(
    worker: &Worker,
    view: View<'_>,
    session: Session,
    request: BrowserRequest,
) -> Response {
    let connecting = Connecting::new(request, None);
    begin_visit(worker, view, session, connecting.into())
}

/// A browser is back from the external app, where the visit `page` sent it.
pub(crate) async fn returned(
    worker: &Worker,
    view: View<'_>,
    page: &str,
    ending: Ending,
) -> Response {
    let now = worker.engine.effects().now();
    let visit = worker.visits.find(page, now);
    let Some((visit, connecting)) = visit
        .as_ref()
        .and_then(|visit| Some((visit, visit.connecting()?)))
    else {
        ending.tell(worker);
        return ending
            .sent_on()
            .unwrap_or_else(|| ending.page(worker, view, None));
    };
    let view = view.of_visit(visit);
    let mut progress = connecting.progress.lock().await;
    progress.version = progress.version.saturating_add(1);
    let is_elsewhere = progress.is_elsewhere();
    let Progress {
        last, ending: over, ..
    } = &mut *progress;
    match (ending.result, last) {
        // The user may try again, so nobody else is told yet.
        (Err(failure), Some(last)) if over.is_none() => {
            last.problem = Some(Problem::Other(failure));
            if is_elsewhere {
                return page::go_back(worker, view);
            }
            to_page(worker, view, visit)
        }
        // Another window failed after this one had connected, which stays true.
        (Err(_), _) if over.as_ref().is_some_and(|over| over.result.is_ok()) => {
            page::go_back(worker, view)
        }
        (result, _) => {
            let ending = Ending { result, ..ending };
            end(worker, view, visit, &mut progress, ending)
        }
    }
}

/// Ends a visit, and tells everybody.
fn end(
    worker: &Worker,
    view: View<'_>,
    visit: &Visit,
    progress: &mut Progress,
    ending: Ending,
) -> Response {
    ending.tell(worker);
    progress.version = progress.version.saturating_add(1);
    let response = if progress.is_elsewhere() {
        ending.aside(worker, view)
    } else {
        ending
            .sent_on()
            .unwrap_or_else(|| to_page(worker, view, visit))
    };
    progress.ending = Some(ending);
    response
}

/// What `visit` is about, and the session of its user as it is now.
async fn subject(
    worker: &Worker,
    visit: &Visit,
    connecting: &Connecting,
) -> Result<(Subject, Session), ApiError> {
    let session = worker.engine.renewed(visit.session.clone()).await?;
    let subject = Subject::of(&worker.engine, &session, &connecting.request).await?;
    Ok((subject, session))
}

fn refused(worker: &Worker, view: View<'_>, error: &ApiError) -> Response {
    let said = (view.texts.refused, error.message());
    page::notice(worker, view, error.status, said)
}

/// A page that says why a link does not work.
pub(crate) fn unusable(worker: &Worker, headers: &HeaderMap, error: &ApiError) -> Response {
    refused(worker, View::of(headers), error)
}

/// What is in front of our paths where browsers see them.
fn base(worker: &Worker) -> &str {
    let public = worker.engine.public_uri().map_or("", url::Url::path);
    public.trim_end_matches('/')
}
