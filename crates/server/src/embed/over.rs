//! Visits that are over, or were open for too long.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::access::{By, Known, enter, to_page};
use super::base;
use super::html::escaped;
use super::sent::Sent;
use super::sheet::Sheet;
use super::view::View;
use super::visits::{Found, Visit};
use crate::connect::failure_message;
use crate::error::ApiError;
use crate::routes::{Named, Shared};
use crate::worker::Worker;

/// Goes on with a visit that was open for too long.
pub(super) async fn resume(State(worker): Shared, Named(id): Named, sent: Sent) -> Response {
    let (view, now) = (sent.view, worker.engine.effects().now());
    match worker.visits.seek(&id, sent.proof(), now) {
        Found::Here(known) => to_page(&worker, known.view(view), &known.visit),
        Found::Late(visit, Some(by)) if visit.is_resumable(now) => {
            visit.resume(now);
            let known = Known { visit, by };
            enter(&worker, known.view(view), &known.visit)
        }
        Found::Late(..) | Found::NoProof | Found::Unknown => over(&worker, view),
    }
}

/// A visit that nobody knows any longer.
pub(super) fn over(worker: &Worker, view: View<'_>) -> Response {
    let texts = view.texts;
    let body = format!("<h1>{}</h1><p>{}</p>", texts.ended, texts.ended_why);
    ended(worker, view, &body, None)
}

/// A visit that was open for too long: it can go on, or lead back.
pub(super) fn late(
    worker: &Worker,
    view: View<'static>,
    visit: Arc<Visit>,
    by: Option<By>,
) -> Response {
    let is_resumable = by.is_some() && visit.is_resumable(worker.engine.effects().now());
    let known = Known {
        visit,
        by: by.unwrap_or(By::Cookie),
    };
    let (view, visit) = (known.view(view), &known.visit);
    let texts = view.texts;
    let request = visit.connecting().map(|connecting| &connecting.request);
    let mut actions = String::new();
    let mut why = texts.ended_why;
    if is_resumable {
        why = texts.resumable;
        actions.push_str(&format!(
            r#"<form method="post" action="{}/embed/resume/{}"><button>{}</button>{}</form>"#,
            escaped(base(worker)),
            visit.id,
            texts.resume,
            view.hidden_pass()
        ));
    }
    if let Some(uri) = request.and_then(|request| request.redirect_uri.as_deref()) {
        actions.push_str(&format!(
            r#"<a class="button second" href="{}">{}</a>"#,
            escaped(uri),
            texts.back_to_app
        ));
    }
    let body = format!(
        r#"<h1>{}</h1><p>{why}</p><div class="actions">{actions}</div>"#,
        texts.ended
    );
    if is_resumable {
        return Sheet {
            status: StatusCode::GONE,
            ..Sheet::new(texts.ended, &body)
        }
        .answer(worker, view);
    }
    let id = request.and_then(|request| request.request_id.as_deref());
    ended(worker, view, &body, id)
}

/// A page that is over for good. Whoever opened or embeds it is told.
fn ended(worker: &Worker, view: View<'_>, body: &str, request_id: Option<&str>) -> Response {
    let error = ApiError::new(
        StatusCode::GONE,
        "bad_request",
        "the connect page has expired",
    );
    let mut message = failure_message(&error);
    if let (Some(id), Some(members)) = (request_id, message.as_object_mut()) {
        members.insert("requestId".into(), json!(id));
    }
    Sheet {
        status: StatusCode::GONE,
        message: Some(&message),
        ..Sheet::new(view.texts.ended, body)
    }
    .answer(worker, view)
}
