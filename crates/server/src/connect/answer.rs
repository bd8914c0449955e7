//! What the browser sees, and what waiting clients are told.

use authbridge_engine::TypedCode;
use axum::response::{Html, IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::cookie;
use crate::embed::{escaped, style_path};
use crate::error::ApiError;
use crate::wire::Connection;
use crate::worker::Worker;

/// What the messages of the original product say they come from.
const SOURCE: &str = "integration.app";

/// The page at the end. It tells whoever opened or embeds it, and closes if it can.
const PAGE: &str = include_str!("page.html");

/// The page for a code that the user has to type.
const TYPED: &str = include_str!("typed.html");

/// An attempt that is over.
pub(crate) struct Ending {
    pub(crate) request_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) result: Result<Connection, ApiError>,
}

impl Ending {
    /// Tells the waiting client, and answers the browser.
    pub(super) fn answer(&self, worker: &Worker) -> Response {
        self.tell(worker);
        self.sent_on().unwrap_or_else(|| self.page(worker))
    }

    /// Tells the waiting client.
    pub(crate) fn tell(&self, worker: &Worker) {
        if let Some(id) = &self.request_id {
            let now = worker.engine.effects().now();
            let text = self.message().to_string();
            worker.engine.outcomes().publish(id, &text, now);
        }
    }

    /// Sends the browser where the app wants it, if anywhere.
    pub(crate) fn sent_on(&self) -> Option<Response> {
        let uri = Url::parse(self.redirect_uri.as_deref()?).ok()?;
        Some(redirect(&self.with_outcome(uri)))
    }

    /// Wire contract B.3, "Result message".
    fn message(&self) -> Value {
        let mut message = match &self.result {
            Ok(connection) => json!({
                "source": SOURCE,
                "type": "newConnectionCreated",
                "connection": connection,
            }),
            Err(error) => json!({
                "source": SOURCE,
                "type": "newConnectionFailure",
                "error": error.message(),
                "errorData": error.to_json(),
            }),
        };
        if let (Some(id), Value::Object(members)) = (&self.request_id, &mut message) {
            members.insert("requestId".into(), id.as_str().into());
        }
        message
    }

    fn with_outcome(&self, mut uri: Url) -> Url {
        let mut query = uri.query_pairs_mut();
        match &self.result {
            Ok(connection) => query.append_pair("connectionId", connection.id()),
            Err(error) => query
                .append_pair("error", error.message())
                .append_pair("errorData", &error.to_json().to_string()),
        };
        drop(query);
        uri
    }

    /// A page that says how it went, and tells whoever opened it.
    pub(crate) fn page(&self, worker: &Worker) -> Response {
        let (title, text) = match &self.result {
            Ok(_) => ("Connected", "You can close this window.".to_owned()),
            Err(error) => ("Not connected", error.message().to_owned()),
        };
        let message = self.message();
        page(worker, StatusCode::OK, title, &text, Some(&message))
    }
}

/// A page for a browser that belongs to no attempt. Nobody is told.
pub(super) fn stray(worker: &Worker, text: &str) -> Response {
    page(worker, StatusCode::BAD_REQUEST, "Not connected", text, None)
}

/// The last page once more, when it is reloaded: what it said is not known any longer.
pub(super) fn over(worker: &Worker) -> Response {
    let text = "You can close this window.";
    page(worker, StatusCode::OK, "This is over", text, None)
}

/// Sends the browser to the external app, with the cookie by which it is known again.
pub(crate) fn away(worker: &Worker, location: &Url, browser: &str) -> Response {
    known_again(redirect(location), worker, browser)
}

/// Asks for the code that the external app shows, in a browser that is known again.
pub(crate) fn typed(worker: &Worker, code: &TypedCode, browser: &str) -> Response {
    let html = TYPED
        .replace("{{style}}", &style_path(worker))
        .replace("{{style}}", &style_path(worker))
        .replace("{{location}}", &escaped(code.location.as_str()))
        .replace("{{action}}", &escaped(&worker.engine.callback_uri()))
        .replace("{{parameter}}", code.parameter)
        .replace("{{state}}", &escaped(&code.state));
    // Not yet done.
    let mut response = (StatusCode::ACCEPTED, Html(html)).into_response();
    // The callback may send the browser on to the app.
    guard(&mut response, None, "'self' https: http:");
    known_again(response, worker, browser)
}

fn known_again(mut response: Response, worker: &Worker, browser: &str) -> Response {
    let cookie = cookie::set(browser, worker.engine.public_uri());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Sends the browser to the same page by another name, with what it submitted.
pub(crate) fn moved(location: &Url) -> Response {
    send_to(StatusCode::TEMPORARY_REDIRECT, location)
}

fn redirect(location: &Url) -> Response {
    send_to(StatusCode::FOUND, location)
}

fn send_to(status: StatusCode, location: &Url) -> Response {
    let mut response = status.into_response();
    if let Ok(location) = HeaderValue::from_str(location.as_str()) {
        response.headers_mut().insert(LOCATION, location);
    }
    guard(&mut response, None, "'none'");
    response
}

fn page(
    worker: &Worker,
    status: StatusCode,
    title: &str,
    text: &str,
    message: Option<&Value>,
) -> Response {
    let nonce = worker.engine.new_browser();
    let message = message.map_or("null".to_owned(), Value::to_string);
    let html = PAGE
        .replace("{{nonce}}", &nonce)
        .replace("{{style}}", &style_path(worker))
        .replace("{{title}}", &escaped(title))
        .replace("{{text}}", &escaped(text))
        // Inside a script element only `<` could end it.
        .replace("{{message}}", &message.replace('<', "\\u003c"));
    let mut response = (status, Html(html)).into_response();
    guard(&mut response, Some(&nonce), "'none'");
    response
}

/// One-time codes and results are nobody else's business.
pub(crate) fn guard(response: &mut Response, nonce: Option<&str>, forms: &str) {
    let scripts = nonce.map_or("'none'".to_owned(), |nonce| format!("'nonce-{nonce}'"));
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; base-uri 'none'; form-action \
         {forms}"
    );
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let nosniff = HeaderName::from_static("x-content-type-options");
    headers.insert(nosniff, HeaderValue::from_static("nosniff"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}
