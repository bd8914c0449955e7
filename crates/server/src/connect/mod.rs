//! Connecting in a browser: `POST /connection-popup` and `/connect`, `GET /oauth-callback`, and
//! the events that waiting clients listen to (wire contract B.3).

mod answer;
mod cookie;
mod events;
mod failure;
mod outside;
mod place;
mod policy;
mod request;

use std::sync::Arc;

use authbridge_core::auth::{AuthError, FieldError};
use authbridge_engine::{
    BrowserRequest, BrowserStep, EngineError, Session, TypedCode, WorkspaceState,
};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use url::form_urlencoded;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::answer::{Ending, away, failure_message, moved, typed};
pub(crate) use self::failure::Failure;
use self::outside::Outside;
pub(crate) use self::place::Place;
pub(crate) use self::policy::Policy;
pub(crate) use self::request::{ConnectForm, MOST_BYTES, Payload, is_web};
use crate::embed::{self, View};
use crate::error::ApiError;
use crate::routes::Shared;
use crate::wire::Connection;
use crate::worker::Worker;

/// The query that the last page gives itself, so that it can be reloaded.
const OVER: &str = "over";

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(popup, popup_by_link))
        .routes(routes!(connect, connect_by_link))
        .routes(routes!(callback))
        .routes(routes!(events::connection_events))
}

/// The form that the SDK submits.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the description only; `Payload` reads it")]
struct PayloadForm {
    /// JSON: `token`, `integrationId` or `integrationKey`, or `connectionId` for a reconnect;
    /// `input`, `name`, `authOptionKey`, `allowMultipleConnections`, `requestId`, `redirectUri`,
    /// `customState`.
    payload: String,
}

/// Connects an account in the browser that sends this form: answers with a redirect to the
/// external app, or with the outcome.
#[utoipa::path(post, path = "/connect", tag = "connect", security(()),
    request_body(content = PayloadForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 302, description = "to the external app, or to `redirectUri`"),
        (status = 200, description = "a page that tells its opener how it went")))]
async fn connect(State(worker): Shared, place: Place, Payload(payload): Payload) -> Response {
    begin(&worker, &place, &payload).await
}

/// The same as a link, with everything in the query.
#[utoipa::path(get, path = "/connect", tag = "connect", security(()),
    params(("token" = String, Query, description = "The customer's token"),
        ("integrationKey" = Option<String>, Query, description = "What to connect"),
        ("connectionId" = Option<String>, Query, description = "What to reconnect"),
        ("redirectUri" = Option<String>, Query, description = "Where to go at the end"),
        ("theme" = Option<String>, Query, description = "`light`, `dark` or `auto`")),
    responses((status = 302, description = "to the external app, or to `redirectUri`"),
        (status = 200, description = "a page that says how it went")))]
async fn connect_by_link(State(worker): Shared, place: Place) -> Response {
    begin(&worker, &place, "").await
}

/// `POST /connect` by its older name.
#[utoipa::path(post, path = "/connection-popup", tag = "connect", security(()),
    request_body(content = PayloadForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 302, description = "to the external app, or to `redirectUri`"),
        (status = 200, description = "a page that tells its opener how it went")))]
async fn popup(State(worker): Shared, place: Place, Payload(payload): Payload) -> Response {
    begin(&worker, &place, &payload).await
}

/// `GET /connect` by its older name.
#[utoipa::path(get, path = "/connection-popup", tag = "connect", security(()),
    responses((status = 302, description = "to the external app, or to `redirectUri`"),
        (status = 200, description = "a page that says how it went")))]
async fn popup_by_link(State(worker): Shared, place: Place) -> Response {
    begin(&worker, &place, "").await
}

/// Where external apps send the browser back to. With `integration` and `token` instead of a
/// state, it connects an account that another page began to connect, where the integration allows
/// that (`allowExternalCallback`).
#[utoipa::path(get, path = "/oauth-callback", tag = "connect", security(()),
    params(("state" = Option<String>, Query, description = "What the authorization request had"),
        ("integration" = Option<String>, Query, description = "Without a state: what to connect"),
        ("token" = Option<String>, Query, description = "Without a state: the customer's token"),
        ("redirectUri" = Option<String>, Query, description = "Without a state: where to go at the end")),
    responses((status = 302, description = "to the `redirectUri` of the attempt"),
        (status = 200, description = "a page that tells its opener how it went"),
        (status = 400, description = "a page that says why this belongs to no attempt")))]
async fn callback(
    State(worker): Shared,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let view = View::of(&headers);
    if query.as_deref() == Some(OVER) {
        return answer::over(&worker, view);
    }
    let browsers = cookie::read(&headers);
    let pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let pairs: Vec<_> = pairs.into_owned().collect();
    if let Some(outside) = Outside::of(&pairs) {
        return outside.connect(&worker, view, pairs).await;
    }
    let returned = worker.engine.return_from_browser(&browsers, pairs);
    match returned.await {
        Ok(Ok(returned)) => {
            let ending = Ending {
                request_id: returned.request_id,
                redirect_uri: returned.redirect_uri,
                workspace: returned.workspace,
                result: returned.result.map(Connection::from).map_err(Failure::from),
            };
            match returned.page {
                Some(page) => embed::returned(&worker, view, &page, ending).await,
                None => ending.answer(&worker, view),
            }
        }
        Ok(Err(stray)) => answer::stray(&worker, view, &stray.to_string()),
        Err(error) => answer::stray(&worker, view, ApiError::from(error).message()),
    }
}

async fn begin(worker: &Worker, place: &Place, payload: &str) -> Response {
    let form = match ConnectForm::read(place.query(), payload) {
        Ok(form) => form,
        Err(error) => return answer::stray(worker, place.view(), error.message()),
    };
    let theme = match form.theme() {
        Ok(theme) => theme,
        Err(error) => return answer::stray(worker, place.view(), error.message()),
    };
    let (request_id, view) = (form.request_id(), place.view().in_theme(theme));
    let (workspace, begun) = Box::pin(attempt(worker, form, place.is_page())).await;
    let (redirect_uri, error) = match begun {
        Ok((Begun::Away(location, browser), _)) => {
            return match place.by_its_public_name(worker) {
                Some(here) => moved(&here),
                None => away(worker, &location, &browser),
            };
        }
        Ok((Begun::Typed(code, browser), _)) => {
            let view = view.of_workspace(workspace.as_deref());
            return match place.by_its_public_name(worker) {
                Some(here) => moved(&here),
                None => typed(worker, view, &code, &browser),
            };
        }
        Ok((Begun::Asks(session, request), _)) => {
            return match place.by_its_public_name(worker) {
                Some(here) => moved(&here),
                None => embed::begin(worker, view, *session, *request),
            };
        }
        Ok((Begun::Connected(connection), redirect_uri)) => {
            return Ending {
                request_id,
                redirect_uri,
                workspace,
                result: Ok(*connection),
            }
            .answer(worker, view);
        }
        Err((redirect_uri, error)) => (redirect_uri, error),
    };
    Ending {
        request_id,
        redirect_uri,
        workspace,
        result: Err(error),
    }
    .answer(worker, view)
}

enum Begun {
    Connected(Box<Connection>),
    Away(url::Url, String),
    Typed(Box<TypedCode>, String),
    /// The user has to fill in a form first.
    Asks(Box<Session>, Box<BrowserRequest>),
}

type Attempted = Result<(Begun, Option<String>), (Option<String>, Failure)>;

/// Begins, and says whose customer has the token, if it is valid. `may_ask` says that a user is
/// there to be asked.
async fn attempt(
    worker: &Worker,
    form: ConnectForm,
    may_ask: bool,
) -> (Option<Arc<WorkspaceState>>, Attempted) {
    let redirect_uri = form.redirect_uri();
    // Whoever shows no valid token does not tell us where to send a browser.
    let session = match embed::session(worker, form.token()).await {
        Ok(session) => session,
        Err(error) => return (None, Err((None, Failure::from(error)))),
    };
    let workspace = Some(Arc::clone(&session.workspace));
    if let Some(uri) = &redirect_uri
        && let Err(error) = worker.engine.require_redirect(&session, uri).await
    {
        return (workspace, Err((None, error.into())));
    }
    let browser = worker.engine.new_browser();
    let request = match form.into_request(browser.clone()) {
        Ok(request) => request,
        Err(error) => return (workspace, Err((redirect_uri, error.into()))),
    };
    let asked = may_ask.then(|| request.clone());
    let begun = worker.engine.connect_in_browser(&session, request).await;
    if let (Err(error), Some(mut request)) = (&begun, asked)
        && lacks_input(error)
    {
        let filling = worker.engine.fill_in(&session, &mut request);
        if let Err(error) = filling.await {
            return (workspace, Err((redirect_uri, error.into())));
        }
        let asks = Begun::Asks(Box::new(session), Box::new(request));
        return (workspace, Ok((asks, redirect_uri)));
    }
    let begun = begun.map_err(|error: EngineError| (redirect_uri.clone(), error.into()));
    let attempted = begun.map(|step| match step {
        BrowserStep::Connected(connection) => {
            let connection = Box::new(Connection::from(*connection));
            (Begun::Connected(connection), redirect_uri)
        }
        BrowserStep::Away(location) => (Begun::Away(location, browser), redirect_uri),
        BrowserStep::Typed(code) => (Begun::Typed(code, browser), redirect_uri),
    });
    (workspace, attempted)
}

/// Whether something is missing that a user can be asked for.
fn lacks_input(error: &EngineError) -> bool {
    let EngineError::Auth(AuthError::Input(error)) = error else {
        return false;
    };
    error.fields.iter().any(FieldError::is_missing)
}
