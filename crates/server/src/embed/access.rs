//! How a browser comes to the page of a visit, and what it is known by there.
//!
//! It is known by a cookie. In the frame of another site `WebKit` keeps none, unless it is new enough
//! to keep them by site: there each page hands the next one a pass in the body of a form, so that
//! it is in no address.

use std::sync::Arc;

use authbridge_engine::Session;
use axum::response::{IntoResponse as _, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::html::escaped;
use super::over::{late, over};
use super::sent::Sent;
use super::sheet::Sheet;
use super::view::View;
use super::visits::{Found, PATIENCE, Purpose, Visit};
use super::{base, page};
use crate::connect::Policy;
use crate::worker::Worker;

/// The field that has a visit's pass.
pub(super) const PASS: &str = "pass";

/// The field that says of a form that it stands for a link.
pub(super) const SHOW: &str = "show";

/// What a request has with it to be known by.
#[derive(Clone, Copy)]
pub(super) struct Proof<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) pass: Option<&'a str>,
}

/// What a browser was known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Cookie,
    Pass,
    /// The ticket of a form that opened a window of its own.
    Ticket,
}

/// A visit, for the browser whose it is.
pub(super) struct Known {
    pub(super) visit: Arc<Visit>,
    pub(super) by: By,
}

impl Known {
    /// How its pages are seen.
    pub(super) fn view(&self, view: View<'static>) -> View<'_> {
        let view = view.of_visit(&self.visit);
        match self.by {
            By::Cookie | By::Ticket => view,
            // Cookies are lost in frames, and not every browser says that it shows one.
            By::Pass => View {
                pass: Some(&self.visit.pass),
                is_framed: true,
                is_alone: false,
                ..view
            },
        }
    }
}

/// The visit of this id, if the browser is known there; or the page that says why not.
pub(super) fn here(worker: &Worker, id: &str, sent: &Sent) -> Result<Known, Box<Response>> {
    let (view, now) = (sent.view, worker.engine.effects().now());
    Err(Box::new(match worker.visits.seek(id, sent.proof(), now) {
        Found::Here(known) => return Ok(known),
        Found::Late(visit, by) => late(worker, view, visit, by),
        Found::NoProof => {
            let texts = view.texts;
            let said = (texts.cookies, texts.cookies_why);
            page::notice(worker, view, StatusCode::GONE, said)
        }
        Found::Unknown => over(worker, view),
    }))
}

/// Begins a visit whose pages look as `view` does, and sends the browser to its page.
pub(super) fn begin_visit(
    worker: &Worker,
    view: View<'_>,
    session: Session,
    purpose: Purpose,
) -> Response {
    let visits = &worker.visits;
    let visit = visits.begin(&worker.engine, session, view.theme, purpose);
    enter(worker, view, &visit)
}

/// Sends the browser to the page of `visit`, with what it is known by there.
pub(super) fn enter(worker: &Worker, view: View<'_>, visit: &Visit) -> Response {
    let mut response = if view.may_lose_cookies {
        relay(worker, view, visit, &page_path(worker, visit))
    } else {
        to_page(worker, view, visit)
    };
    for cookie in cookies(worker, visit) {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// What a browser keeps to be known by. Over HTTPS the page may be framed by the app, whose site
/// is another; so it may on a developer's machine, which browsers trust like HTTPS.
fn cookies(worker: &Worker, visit: &Visit) -> Vec<String> {
    let public = worker.engine.public_uri();
    let is_https = public.is_some_and(|uri| uri.scheme() == "https");
    let is_local = public
        .is_none_or(|uri| matches!(uri.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")));
    let cookie = |kind| {
        format!(
            "{}={}; Path={}/embed; Max-Age={}; HttpOnly; {kind}",
            visit.cookie_name(),
            visit.secret,
            base(worker),
            PATIENCE.as_secs() * 2
        )
    };
    let framed = "SameSite=None; Secure; Partitioned";
    match (is_https, is_local) {
        (true, _) => vec![cookie(framed)],
        (false, true) => vec![cookie("SameSite=Lax"), cookie(framed)],
        (false, false) => vec![cookie("SameSite=Lax")],
    }
}

/// The page of `visit`.
pub(super) fn page_path(worker: &Worker, visit: &Visit) -> String {
    let kind = match &visit.purpose {
        Purpose::Connect(_) => "connect",
        Purpose::Look(_) => "look",
    };
    format!("{}/embed/{kind}/{}", base(worker), visit.id)
}

/// Sends the browser to the page of `visit`.
pub(super) fn to_page(worker: &Worker, view: View<'_>, visit: &Visit) -> Response {
    to_page_with(worker, view, visit, "")
}

/// The same, with what the page is asked for.
pub(super) fn to_page_with(
    worker: &Worker,
    view: View<'_>,
    visit: &Visit,
    query: &str,
) -> Response {
    let mut location = page_path(worker, visit);
    if !query.is_empty() {
        location.push('?');
        location.push_str(query);
    }
    if view.pass.is_some() {
        relay(worker, view, visit, &location)
    } else {
        see_other(&location)
    }
}

pub(super) fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Policy::NOTHING.guard(&mut response);
    response
}

/// A page that goes on to `location` by itself, with the pass of `visit`. Whoever has its cookie
/// there does without from then on.
fn relay(worker: &Worker, view: View<'_>, visit: &Visit, location: &str) -> Response {
    let texts = view.texts;
    let body = format!(
        r#"<form method="post" action="{}"><input type="hidden" name="{SHOW}" value="1"><input type="hidden" name="{PASS}" value="{}"><noscript><div class="actions"><button>{}</button></div></noscript></form>"#,
        escaped(location),
        escaped(&visit.pass),
        texts.resume,
    );
    let sheet = Sheet {
        attributes: " data-relay",
        ..Sheet::new(texts.resume, &body)
    };
    let view = View {
        pass: None,
        ..view.of_visit(visit)
    };
    sheet.answer(worker, view)
}
