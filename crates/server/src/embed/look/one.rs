//! One integration.

use authbridge_engine::IntegrationView;
use authbridge_store::Connection;
use axum::response::Response;
use url::form_urlencoded;

use super::super::html::escaped;
use super::super::permissions::granted;
use super::super::sheet::Sheet;
use super::super::texts::{Texts, named};
use super::super::view::View;
use super::list::{button, logo, notice, state};
use super::{Asked, name};
use crate::worker::Worker;

pub(super) fn page(
    worker: &Worker,
    view: View<'_>,
    found: &IntegrationView,
    is_only: bool,
    asked: &Asked,
) -> Response {
    let texts = view.texts;
    let name = name(found);
    let connection = found.connection.as_ref();
    let problem = found.problem.as_deref().map_or(String::new(), |problem| {
        format!(r#"<p class="quiet">{}</p>"#, escaped(problem))
    });
    let body = format!(
        r#"{}{}<div class="head">{}<div><h1>{}</h1>{}</div></div>{problem}{}<div class="actions">{}</div>"#,
        notice(texts, std::slice::from_ref(found), asked),
        way_back(texts, is_only),
        logo(worker, view, found),
        escaped(name),
        state(texts, connection, found.problem.is_some()),
        connection.map_or(String::new(), |connection| {
            let scopes = &connection.scopes;
            granted(texts, &scopes.granted, &scopes.missing())
        }),
        actions(view, found, name),
    );
    Sheet::new(name, &body).answer(worker, view)
}

/// Asks whether to disconnect.
pub(super) fn confirmation(
    worker: &Worker,
    view: View<'_>,
    found: &IntegrationView,
    connection: &Connection,
) -> Response {
    let texts = view.texts;
    let title = named(texts.disconnect_sure, name(found));
    let key: String = form_urlencoded::byte_serialize(found.record.key.as_bytes()).collect();
    let body = format!(
        r#"<h1>{}</h1><p>{}</p><form method="post" action="?" class="actions"><button class="danger" name="disconnect" value="{}">{}</button><a class="button second" href="?integration={key}">{}</a>{}</form>"#,
        escaped(&title),
        texts.disconnect_what,
        connection.id,
        texts.disconnect,
        texts.cancel,
        view.hidden_pass(),
    );
    Sheet::new(&title, &body).answer(worker, view)
}

fn way_back(texts: &Texts, is_only: bool) -> String {
    if is_only {
        return String::new();
    }
    format!(r#"<p class="back"><a href="?">{}</a></p>"#, texts.back)
}

fn actions(view: View<'_>, found: &IntegrationView, name: &str) -> String {
    let texts = view.texts;
    match &found.connection {
        None if found.problem.is_some() => String::new(),
        None => button(view, ("connect", &found.record.key), texts.submit, name),
        Some(connection) => {
            let key: String =
                form_urlencoded::byte_serialize(found.record.key.as_bytes()).collect();
            let id = connection.id.to_string();
            let reconnect = button(view, ("reconnect", &id), texts.again_link, name);
            format!(
                r#"{reconnect}<a class="button second" href="?integration={key}&amp;disconnects">{}</a>"#,
                texts.disconnect
            )
        }
    }
}
