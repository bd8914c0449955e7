//! The list of the integrations, and the page of one: how they are connected, and what can be done
//! about it (`/embed/main`, `/embed/integrations/{key}`).

use std::sync::Arc;

use authbridge_engine::{BrowserRequest, ConnectRequest, IntegrationView, Session};
use authbridge_store::{IntegrationFilter, Page};
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use url::form_urlencoded;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{By, PASS, SHOW, begin_visit, here, to_page, to_page_with};
use super::sent::Sent;
use super::style::Theme;
use super::view::View;
use super::visits::{Connecting, Looking, Purpose, Visit};
use super::{refused, session};
use crate::connect::{ConnectForm, Ending, Payload, Place, moved};
use crate::error::ApiError;
use crate::routes::{Named, Shared};
use crate::worker::Worker;

mod list;
mod one;

pub(super) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(main_by_link))
        .routes(routes!(one_by_link))
        .route("/isolated-embed/main", get(main_by_link))
        .route("/isolated-embed/integrations/{selector}", get(one_by_link))
        .route("/embed/main", post(main_by_form))
        .route("/embed/integrations/{selector}", post(one_by_form))
        .route("/embed/look/{visit}", get(show).post(act))
}

/// The page with all integrations: a user connects accounts, connects them again, and disconnects
/// them.
#[utoipa::path(get, path = "/embed/main", tag = "connect", security(()),
    params(("token" = String, Query, description = "The customer's token"),
        ("theme" = Option<String>, Query, description = "`light`, `dark` or `auto`")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn main_by_link(State(worker): Shared, place: Place) -> Response {
    enter(&worker, &place, "", None).await
}

async fn main_by_form(State(worker): Shared, place: Place, Payload(payload): Payload) -> Response {
    enter(&worker, &place, &payload, None).await
}

/// The same for one integration.
#[utoipa::path(get, path = "/embed/integrations/{selector}", tag = "connect", security(()),
    params(("selector" = String, Path, description = "The integration, by key or id"),
        ("token" = String, Query, description = "The customer's token"),
        ("theme" = Option<String>, Query, description = "`light`, `dark` or `auto`")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn one_by_link(State(worker): Shared, Named(integration): Named, place: Place) -> Response {
    enter(&worker, &place, "", Some(integration)).await
}

async fn one_by_form(
    State(worker): Shared,
    Named(integration): Named,
    place: Place,
    Payload(payload): Payload,
) -> Response {
    enter(&worker, &place, &payload, Some(integration)).await
}

async fn enter(worker: &Worker, place: &Place, payload: &str, only: Option<String>) -> Response {
    let form = ConnectForm::read(place.query(), payload);
    let opening = form.and_then(|form| opening(&form));
    look(worker, place, opening, only).await
}

/// What begins a visit that looks: the customer's token, and what its pages look like.
pub(super) type Opening = (String, Theme);

pub(super) fn opening(form: &ConnectForm) -> Result<Opening, ApiError> {
    Ok((form.token().to_owned(), form.theme()?))
}

/// Exchanges a token for a visit that looks at all integrations, or at one.
pub(super) async fn look(
    worker: &Worker,
    place: &Place,
    opening: Result<Opening, ApiError>,
    only: Option<String>,
) -> Response {
    let found = match opening {
        Ok((token, theme)) => session(worker, &token)
            .await
            .map(|session| (session, theme)),
        Err(error) => Err(error),
    };
    let (session, theme) = match found {
        Ok(found) => found,
        Err(error) => return refused(worker, place.view(), &error),
    };
    let purpose = Purpose::Look(Looking { only });
    match place.by_its_public_name(worker) {
        Some(here) => moved(&here),
        None => begin_visit(worker, place.view().in_theme(theme), session, purpose),
    }
}

/// What the query of such a page says.
struct Asked {
    /// The integration that is shown.
    integration: Option<String>,
    /// The user shall say whether to disconnect it.
    disconnects: bool,
    /// What was just done with which integration.
    connected: Option<String>,
    disconnected: Option<String>,
}

impl Asked {
    fn of(query: &str) -> Self {
        let mut asked = Self {
            integration: None,
            disconnects: false,
            connected: None,
            disconnected: None,
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "integration" => asked.integration = Some(value),
                "disconnects" => asked.disconnects = true,
                "connected" => asked.connected = Some(value),
                "disconnected" => asked.disconnected = Some(value),
                _ => {}
            }
        }
        asked
    }
}

async fn show(State(worker): Shared, Named(id): Named, sent: Sent) -> Response {
    match here(&worker, &id, &sent) {
        Ok(known) => {
            let view = known.view(sent.view);
            page_of(&worker, view, &known.visit, &sent.query).await
        }
        Err(refusal) => *refusal,
    }
}

async fn page_of(worker: &Worker, view: View<'_>, visit: &Visit, query: &str) -> Response {
    let asked = Asked::of(query);
    let shown = Box::pin(shown(worker, view, visit, &asked)).await;
    shown.unwrap_or_else(|error| refused(worker, view, &error))
}

async fn shown(
    worker: &Worker,
    view: View<'_>,
    visit: &Visit,
    asked: &Asked,
) -> Result<Response, ApiError> {
    let Some(looking) = visit.looking() else {
        return Ok(to_page(worker, view, visit));
    };
    let session = worker.engine.renewed(visit.session.clone()).await?;
    let selector = looking.only.as_ref().or(asked.integration.as_ref());
    let Some(selector) = selector else {
        let views = all(worker, &session).await?;
        return Ok(list::page(worker, view, &views, asked));
    };
    let record = worker.engine.integration(&session, selector).await?;
    let found = worker.engine.view_integration(&session, record).await?;
    let is_only = looking.only.is_some();
    let connection = found.connection.as_ref().filter(|_| asked.disconnects);
    Ok(match connection {
        Some(connection) => one::confirmation(worker, view, &found, connection),
        None => one::page(worker, view, &found, is_only, asked),
    })
}

async fn all(worker: &Worker, session: &Session) -> Result<Vec<IntegrationView>, ApiError> {
    let mut page = Page {
        limit: 1000,
        cursor: None,
    };
    let mut views = Vec::new();
    loop {
        let engine = &worker.engine;
        let filter = IntegrationFilter::default();
        let found = engine
            .list_integrations(session, filter, page.clone())
            .await?;
        views.extend(engine.view_integrations(session, found.items).await?);
        match found.cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    views.sort_by_cached_key(|view| name(view).to_lowercase());
    Ok(views)
}

/// What people call an integration.
fn name(view: &IntegrationView) -> &str {
    view.record.name.as_deref().unwrap_or(&view.record.key)
}

/// What a user does about an integration.
async fn act(State(worker): Shared, Named(id): Named, sent: Sent) -> Response {
    let known = match here(&worker, &id, &sent) {
        Ok(known) => known,
        Err(refusal) => return *refusal,
    };
    let (view, visit) = (known.view(sent.view), &known.visit);
    let mut asked = sent.pairs.iter().filter(|(name, _)| name != PASS);
    let Some((what, selector)) = asked.next() else {
        return to_page(&worker, view, visit);
    };
    if what == SHOW {
        return match known.by {
            By::Cookie | By::Ticket => to_page_with(&worker, view, visit, &sent.query),
            By::Pass => page_of(&worker, view, visit, &sent.query).await,
        };
    }
    let done = Box::pin(done(&worker, view, visit, what, selector.clone())).await;
    done.unwrap_or_else(|error| refused(&worker, view, &error))
}

async fn done(
    worker: &Worker,
    view: View<'_>,
    visit: &Visit,
    what: &str,
    selector: String,
) -> Result<Response, ApiError> {
    let session = worker.engine.renewed(visit.session.clone()).await?;
    let mut request = BrowserRequest::default();
    match what {
        "connect" => {
            request.connect = ConnectRequest {
                integration: selector,
                ..ConnectRequest::default()
            };
        }
        "reconnect" => request.connection = Some(selector),
        "disconnect" => {
            let engine = &worker.engine;
            let archived = engine
                .archive_connection(&session, &selector, false)
                .await?;
            let query = about("disconnected", archived.integration_id.as_str());
            return Ok(to_page_with(worker, view, visit, &query));
        }
        _ => return Ok(to_page(worker, view, visit)),
    }
    let connecting = Connecting::new(request, Some(visit.id.clone()));
    Ok(begin_visit(worker, view, session, connecting.into()))
}

/// Back from a visit that connected an account, or did not, to the visit `id` that looks.
pub(super) fn back(worker: &Worker, view: View<'_>, id: &str, ending: &Ending) -> Option<Response> {
    let now = worker.engine.effects().now();
    let looking = worker.visits.find(id, now)?;
    let query = match &ending.result {
        Ok(connection) => about("connected", connection.integration_id()),
        Err(_) => String::new(),
    };
    Some(to_page_with(worker, view, &looking, &query))
}

/// What a page is asked for to say what was done with an integration.
fn about(name: &str, integration: &str) -> String {
    format!("{name}={integration}")
}
