//! What the browser sees, and what waiting clients are told.

use std::sync::Arc;

use authbridge_engine::{TypedCode, WorkspaceState};
use axum::response::{IntoResponse as _, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::cookie;
use super::failure::Failure;
use super::policy::Policy;
use crate::embed::{Sheet, Texts, View, escaped, granted};
use crate::error::ApiError;
use crate::wire::Connection;
use crate::worker::Worker;

/// What the messages of the original product say they come from.
const SOURCE: &str = "integration.app";

/// An attempt that is over.
pub(crate) struct Ending {
    pub(crate) request_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    /// Whose customer this is about; known unless there was no valid token.
    pub(crate) workspace: Option<Arc<WorkspaceState>>,
    pub(crate) result: Result<Connection, Failure>,
}

impl Ending {
    /// Tells the waiting client, and answers the browser.
    pub(super) fn answer(&self, worker: &Worker, view: View<'_>) -> Response {
        self.tell(worker);
        self.sent_on()
            .unwrap_or_else(|| self.page(worker, view, None))
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
            Err(failure) => failure_message(&failure.error),
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
            Err(Failure { error, .. }) => query
                .append_pair("error", error.message())
                .append_pair("errorData", &error.to_json().to_string()),
        };
        drop(query);
        uri
    }

    /// A page that says how it went, and tells whoever opened it. `name` is what people call the
    /// integration, where that is known.
    pub(crate) fn page(&self, worker: &Worker, view: View<'_>, name: Option<&str>) -> Response {
        let texts = view.texts;
        let (title, text, more) = match &self.result {
            Ok(connection) => {
                let (scopes, missing) = connection.scopes();
                let more = granted(texts, scopes, &missing);
                (texts.connected, texts.can_close.to_owned(), more)
            }
            Err(failure) => {
                let text = failure.text(texts, name);
                (texts.not_connected, text, String::new())
            }
        };
        let view = view.of_workspace(self.workspace.as_deref());
        let gave_up = self.result.as_ref().is_err_and(Failure::is_cancelled);
        Said {
            title,
            text: &text,
            more: &more,
            message: Some(&self.message()),
            attributes: if gave_up { CLOSE } else { FORGET },
            ..Said::default()
        }
        .answer(worker, view)
    }

    /// The last page of a window of its own, while the page that opened it shows how it went.
    pub(crate) fn aside(&self, worker: &Worker, view: View<'_>) -> Response {
        let texts = view.texts;
        let title = match &self.result {
            Ok(_) => texts.connected,
            Err(_) => texts.not_connected,
        };
        let view = view.of_workspace(self.workspace.as_deref());
        let message = json!({ "source": "authbridge" });
        Said {
            title,
            text: texts.go_back,
            message: Some(&message),
            attributes: CLOSE,
            ..Said::default()
        }
        .answer(worker, view)
    }
}

/// The script takes the address of a page with this out of the history.
const FORGET: &str = " data-forget";

/// … and closes the page, where it can.
const CLOSE: &str = " data-forget data-closes";

/// What waiting clients are told of a failure.
pub(crate) fn failure_message(error: &ApiError) -> Value {
    json!({
        "source": SOURCE,
        "type": "newConnectionFailure",
        "error": error.message(),
        "errorData": error.to_json(),
    })
}

/// A page for a browser that belongs to no attempt. Nobody is told.
pub(super) fn stray(worker: &Worker, view: View<'_>, why: &str) -> Response {
    let texts = view.texts;
    let text = texts.went_wrong.replace("{why}", why);
    Said {
        title: texts.not_connected,
        text: &text,
        status: StatusCode::BAD_REQUEST,
        ..Said::default()
    }
    .answer(worker, view)
}

/// The last page once more, when it is reloaded: what it said is not known any longer.
pub(super) fn over(worker: &Worker, view: View<'_>) -> Response {
    Said {
        title: view.texts.over,
        text: view.texts.can_close,
        ..Said::default()
    }
    .answer(worker, view)
}

/// Sends the browser to the external app, with the cookie by which it is known again.
pub(crate) fn away(worker: &Worker, location: &Url, browser: &str) -> Response {
    known_again(redirect(location), worker, browser)
}

/// Asks for the code that the external app shows, in a browser that is known again.
pub(crate) fn typed(worker: &Worker, view: View<'_>, code: &TypedCode, browser: &str) -> Response {
    let body = typed_body(view.texts, code, &worker.engine.callback_uri());
    let sheet = Sheet {
        // Not yet done.
        status: StatusCode::ACCEPTED,
        ..Sheet::new(view.texts.type_code, &body)
    };
    known_again(sheet.answer(worker, view), worker, browser)
}

fn typed_body(texts: &Texts, code: &TypedCode, callback: &str) -> String {
    format!(
        "<h1>{}</h1><p>{}</p><p><a href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">{}</a></p>\
         <form method=\"get\" action=\"{}\"><div class=\"field\"><label for=\"code\">{}</label>\
         <input id=\"code\" name=\"{}\" required autocomplete=\"one-time-code\"></div>\
         <input type=\"hidden\" name=\"state\" value=\"{}\">\
         <div class=\"actions\"><button>{}</button></div></form>",
        texts.type_code,
        texts.shows_code,
        escaped(code.location.as_str()),
        texts.open_app,
        escaped(callback),
        texts.type_code,
        code.parameter,
        escaped(&code.state),
        texts.submit,
    )
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
    Policy::NOTHING.guard(&mut response);
    response
}

/// A page without forms.
struct Said<'a> {
    status: StatusCode,
    title: &'a str,
    text: &'a str,
    /// HTML that follows.
    more: &'a str,
    message: Option<&'a Value>,
    attributes: &'a str,
}

impl Default for Said<'_> {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            title: "",
            text: "",
            more: "",
            message: None,
            attributes: FORGET,
        }
    }
}

impl Said<'_> {
    fn answer(&self, worker: &Worker, view: View<'_>) -> Response {
        let body = format!(
            "<h1>{}</h1><p role=\"status\">{}</p>{}",
            escaped(self.title),
            escaped(self.text),
            self.more
        );
        let sheet = Sheet {
            status: self.status,
            message: self.message,
            attributes: self.attributes,
            has_forms: false,
            ..Sheet::new(self.title, &body)
        };
        sheet.answer(worker, view)
    }
}
