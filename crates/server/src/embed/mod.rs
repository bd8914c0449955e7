//! The hosted connect pages: `/embed/integrations/{key}/connect` and
//! `/embed/connections/{id}/refresh` (wire contract B.3).
//!
//! A token is exchanged for a visit at once, and the browser goes on to the visit's page, whose
//! address says nothing. From there a submitted form begins what `/connect` begins. There is no
//! script in these pages.

mod form;
mod html;
mod input;
mod page;
mod schema;
mod subject;
mod submit;
mod texts;
mod visits;

use std::sync::Arc;

use authbridge_engine::{BrowserRequest, Session};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::form_urlencoded;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::html::escaped;
use self::page::FormPage;
use self::subject::Subject;
use self::submit::submit;
use self::texts::{Texts, named};
pub(crate) use self::visits::Visits;
use self::visits::{PATIENCE, Problem, Progress, Visit};
use crate::connect::{ConnectForm, Ending, Payload, Place, guard, moved};
use crate::error::ApiError;
use crate::routes::{Named, Shared};
use crate::worker::Worker;

/// What all pages look like.
const STYLE: &str = include_str!("style.css");

/// How the name of a visit's cookie begins; the first characters of the visit's id follow.
const COOKIE_PREFIX: &str = "authbridge_visit_";

/// How much of a visit's id is in the name of its cookie.
const NAMED: usize = 8;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(connect_by_link, connect))
        .routes(routes!(reconnect_by_link, reconnect))
        // Addresses that nobody makes up; they are not described.
        .route("/embed/connect/{visit}", get(show).post(submit))
        .route("/embed/assets/{name}", get(style))
}

/// A page on which a user connects an account: chooses an option, and fills in its form. It takes
/// what `GET /connect` takes.
#[utoipa::path(get, path = "/embed/integrations/{selector}/connect", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The integration, by key or id"),
        ("token" = String, Query, description = "The customer's token"),
        ("redirectUri" = Option<String>, Query, description = "Where to go at the end")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn connect_by_link(
    State(worker): Shared,
    Named(integration): Named,
    place: Place,
    headers: HeaderMap,
) -> Response {
    open(
        &worker,
        &place,
        &headers,
        "",
        ("integrationKey", integration),
    )
    .await
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
    headers: HeaderMap,
    Payload(payload): Payload,
) -> Response {
    let name = ("integrationKey", integration);
    open(&worker, &place, &headers, &payload, name).await
}

/// A page on which a user connects an account again.
#[utoipa::path(get, path = "/embed/connections/{selector}/refresh", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The connection, by id, or its integration"),
        ("token" = String, Query, description = "The customer's token"),
        ("redirectUri" = Option<String>, Query, description = "Where to go at the end")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn reconnect_by_link(
    State(worker): Shared,
    Named(connection): Named,
    place: Place,
    headers: HeaderMap,
) -> Response {
    open(&worker, &place, &headers, "", ("connectionId", connection)).await
}

/// The same with everything in a form.
#[utoipa::path(post, path = "/embed/connections/{selector}/refresh", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The connection, by id, or its integration")),
    responses((status = 303, description = "to the page")))]
async fn reconnect(
    State(worker): Shared,
    Named(connection): Named,
    place: Place,
    headers: HeaderMap,
    Payload(payload): Payload,
) -> Response {
    let name = ("connectionId", connection);
    open(&worker, &place, &headers, &payload, name).await
}

/// The page of a visit: a choice, a form, or how it ended.
async fn show(
    State(worker): Shared,
    Named(id): Named,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let texts = Texts::of(&headers);
    let Some(visit) = visit(&worker, &id, &headers) else {
        return over(&worker, texts);
    };
    let progress = visit.progress.lock().await;
    if let Some(ending) = &progress.ending {
        return ending.page(&worker);
    }
    let subject = match subject(&worker, &visit).await {
        Ok((subject, _)) => subject,
        Err(error) => return refused(&worker, texts, &error),
    };
    if let Some(problem) = &subject.problem {
        let title = named(texts.unavailable, &subject.name);
        return page::notice(&worker, texts, StatusCode::CONFLICT, &title, problem);
    }
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let asked = pairs.find(|(name, _)| name == "option");
    let asked = asked.map(|(_, key)| key.into_owned());
    let wants_choice = query == "another" && subject.offers.len() > 1;
    let last = progress.last.as_ref();
    let last_key = last.and_then(|last| last.option.as_deref());
    let offer = subject.offer(asked.as_deref().or(last_key));
    let Some(offer) = offer.filter(|_| !wants_choice) else {
        return page::choice(&worker, texts, &subject);
    };
    let last = last.filter(|last| last.option == offer.key);
    FormPage {
        texts,
        subject: &subject,
        offer,
        kept: last.map(|last| &last.typed).or(subject.given()),
        problem: last.and_then(|last| last.problem.as_ref()),
        can_cancel: visit.is_waited_for(),
    }
    .answer(&worker)
}

/// The pages' style sheet. Its name says what is in it, so that it is fetched once.
async fn style(Named(name): Named) -> Result<Response, ApiError> {
    if name != style_name() {
        return Err(ApiError::not_found("there is no such file"));
    }
    let lasting = "public, max-age=31536000, immutable";
    let headers = [(CONTENT_TYPE, "text/css"), (CACHE_CONTROL, lasting)];
    Ok((headers, STYLE).into_response())
}

/// Exchanges a token for a visit.
async fn open(
    worker: &Worker,
    place: &Place,
    headers: &HeaderMap,
    payload: &str,
    (name, value): (&str, String),
) -> Response {
    let (session, request) = match opened(worker, place, payload, name, value).await {
        Ok(opened) => opened,
        Err(error) => return refused(worker, Texts::of(headers), &error),
    };
    match place.by_its_public_name(worker) {
        Some(here) => moved(&here),
        None => begin(worker, session, request),
    }
}

async fn opened(
    worker: &Worker,
    place: &Place,
    payload: &str,
    name: &str,
    value: String,
) -> Result<(Session, BrowserRequest), ApiError> {
    let form = ConnectForm::read(place.query(), payload)?.with(name, value);
    let now = worker.engine.effects().now();
    let known = worker.sessions.get(&worker.engine, form.token(), now).await;
    let session = known?.session.clone();
    Ok((session, form.into_request(String::new())?))
}

/// Begins a visit that may do what `request` says, and sends the browser to its page.
pub(crate) fn begin(worker: &Worker, session: Session, request: BrowserRequest) -> Response {
    let visit = worker.visits.begin(&worker.engine, session, request);
    let mut response = to_page(worker, &visit);
    let cookie = cookie(worker, &visit);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// A browser is back from the external app, where the visit `page` sent it.
pub(crate) async fn returned(worker: &Worker, page: &str, ending: Ending) -> Response {
    let now = worker.engine.effects().now();
    let Some(visit) = worker.visits.find(page, now) else {
        ending.tell(worker);
        return ending.sent_on().unwrap_or_else(|| ending.page(worker));
    };
    let mut progress = visit.progress.lock().await;
    let Progress { last, ending: over } = &mut *progress;
    match (&ending.result, last) {
        // The user may try again, so nobody else is told yet.
        (Err(error), Some(last)) if over.is_none() => {
            last.problem = Some(Problem::Other(error.message().to_owned()));
            to_page(worker, &visit)
        }
        (Ok(_) | Err(_), _) => end(worker, &visit, &mut progress, ending),
    }
}

/// Ends a visit, and tells everybody.
fn end(worker: &Worker, visit: &Visit, progress: &mut Progress, ending: Ending) -> Response {
    ending.tell(worker);
    let response = ending.sent_on().unwrap_or_else(|| to_page(worker, visit));
    progress.ending = Some(ending);
    response
}

/// What `visit` is about, and the session of its user as it is now.
async fn subject(worker: &Worker, visit: &Visit) -> Result<(Subject, Session), ApiError> {
    let session = worker.engine.renewed(visit.session.clone()).await?;
    let subject = Subject::of(&worker.engine, &session, visit).await?;
    Ok((subject, session))
}

/// The visit of this id, if the browser has its cookie.
fn visit(worker: &Worker, id: &str, headers: &HeaderMap) -> Option<Arc<Visit>> {
    let now = worker.engine.effects().now();
    let visit = worker.visits.find(id, now)?;
    let name = cookie_name(&visit);
    let cookies = headers.get_all(COOKIE).iter();
    let is_here = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(key, value)| key == name && visit.is_of(value));
    is_here.then_some(visit)
}

fn cookie_name(visit: &Visit) -> String {
    let id = visit.id.get(..NAMED).unwrap_or(&visit.id);
    format!("{COOKIE_PREFIX}{id}")
}

/// Over HTTPS the page may be framed by the app, whose site is another.
fn cookie(worker: &Worker, visit: &Visit) -> String {
    let is_https = worker
        .engine
        .public_uri()
        .is_some_and(|uri| uri.scheme() == "https");
    let kind = if is_https {
        "SameSite=None; Secure; Partitioned"
    } else {
        "SameSite=Lax"
    };
    format!(
        "{}={}; Path={}/embed; Max-Age={}; HttpOnly; {kind}",
        cookie_name(visit),
        visit.secret,
        base(worker),
        PATIENCE.as_secs()
    )
}

/// Sends the browser to the page of `visit`.
fn to_page(worker: &Worker, visit: &Visit) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = format!("{}/embed/connect/{}", base(worker), visit.id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    guard(&mut response, None, "'none'");
    response
}

fn over(worker: &Worker, texts: &'static Texts) -> Response {
    page::notice(
        worker,
        texts,
        StatusCode::GONE,
        texts.ended,
        texts.ended_why,
    )
}

fn refused(worker: &Worker, texts: &'static Texts, error: &ApiError) -> Response {
    page::notice(worker, texts, error.status, texts.refused, error.message())
}

/// A page that says why a link does not work.
pub(crate) fn unusable(worker: &Worker, headers: &HeaderMap, error: &ApiError) -> Response {
    refused(worker, Texts::of(headers), error)
}

/// What is in front of our paths where browsers see them.
fn base(worker: &Worker) -> &str {
    let public = worker.engine.public_uri().map_or("", url::Url::path);
    public.trim_end_matches('/')
}

/// Where browsers find the style sheet.
pub(crate) fn style_path(worker: &Worker) -> String {
    format!("{}/embed/assets/{}", base(worker), style_name())
}

fn style_name() -> String {
    const HASH: u64 = hash(STYLE.as_bytes());
    format!("style-{HASH:016x}.css")
}

/// FNV-1a: nobody but us chooses what is hashed.
const fn hash(mut bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [first, rest @ ..] = bytes {
        hash = (hash ^ *first as u64).wrapping_mul(0x0100_0000_01b3);
        bytes = rest;
    }
    hash
}
