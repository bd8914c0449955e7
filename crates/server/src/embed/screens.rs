//! The pages by their newer paths, to which the newer SDK posts a form with the token in it
//! (wire contract B.3).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use url::form_urlencoded;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::see_other;
use super::look::{Opening, look, opening};
use super::{enter, refused, session};
use crate::connect::MOST_BYTES;
use crate::connect::{ConnectForm, Place};
use crate::error::ApiError;
use crate::routes::{Named, Shared};
use crate::worker::Worker;

pub(super) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(connect))
        .routes(routes!(connect_one))
        .routes(routes!(connection))
        .route("/screens/connect", get(connect))
        .route("/screens/integrations/{selector}/connect", get(connect_one))
        .route("/screens/connection", get(connection))
        .route("/screens/connections", get(connections).post(connections))
}

/// What a form or a link says, and where.
struct Opened {
    place: Place,
    form: Result<ConnectForm, ApiError>,
}

impl<S: Send + Sync> FromRequest<S> for Opened {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let place = Place::from_request_parts(&mut parts, state).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let form = match body {
            Ok(body) if body.len() > MOST_BYTES => Err(ApiError::bad_request(format!(
                "a form may have {MOST_BYTES} bytes at most"
            ))),
            Ok(body) => {
                let query = place.query().unwrap_or_default();
                let all = format!("{query}&{}", String::from_utf8_lossy(&body));
                ConnectForm::read(Some(&all), "")
            }
            Err(error) => Err(ApiError::bad_request(error.body_text())),
        };
        Ok(Self { place, form })
    }
}

/// The page that connects what the form names; all integrations, where it names none.
#[utoipa::path(post, path = "/screens/connect", tag = "connect", security(()),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn connect(State(worker): Shared, Opened { place, form }: Opened) -> Response {
    if let Some(page) = requested(&worker, &form) {
        return page;
    }
    match form {
        Ok(form) if !form.names_anything() => look(&worker, &place, opening(&form), None).await,
        form => enter(&worker, &place, form).await,
    }
}

/// The page of the connection request that the form names.
fn requested(worker: &Worker, form: &Result<ConnectForm, ApiError>) -> Option<Response> {
    let form = form.as_ref().ok()?;
    let link = form.connection_request()?;
    let link: String = form_urlencoded::byte_serialize(link.as_bytes()).collect();
    let mut address = worker.engine.connect_link(&link);
    if let Some(theme) = form.theme_name() {
        let theme: String = form_urlencoded::byte_serialize(theme.as_bytes()).collect();
        address.push_str(&format!("?theme={theme}"));
    }
    Some(see_other(&address))
}

/// The page that connects one integration.
#[utoipa::path(post, path = "/screens/integrations/{selector}/connect", tag = "connect",
    security(()),
    params(("selector" = String, Path, description = "The integration, by key or id")),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn connect_one(
    State(worker): Shared,
    Named(integration): Named,
    Opened { place, form }: Opened,
) -> Response {
    let form = form.map(|form| form.with("integrationKey", integration));
    enter(&worker, &place, form).await
}

/// The page of the connection that the form names.
#[utoipa::path(post, path = "/screens/connection", tag = "connect", security(()),
    responses((status = 303, description = "to the page, by an address without the token")))]
async fn connection(State(worker): Shared, Opened { place, form }: Opened) -> Response {
    match integration_of(&worker, form).await {
        Ok((opening, integration)) => look(&worker, &place, Ok(opening), Some(integration)).await,
        Err(error) => refused(&worker, place.view(), &error),
    }
}

async fn integration_of(
    worker: &Worker,
    form: Result<ConnectForm, ApiError>,
) -> Result<(Opening, String), ApiError> {
    let form = form?;
    let session = session(worker, form.token()).await?;
    let Some(selector) = form.connection() else {
        return Err(ApiError::bad_request("say which one: give `connectionId`"));
    };
    let found = worker.engine.connection(&session, selector).await?;
    Ok((opening(&form)?, found.integration_id.to_string()))
}

/// All integrations; or, as the newer SDK writes the address of a connection request, its page.
async fn connections(State(worker): Shared, Opened { place, form }: Opened) -> Response {
    if let Some(page) = requested(&worker, &form) {
        return page;
    }
    let opening = form.and_then(|form| opening(&form));
    look(&worker, &place, opening, None).await
}
