//! All integrations.

use authbridge_engine::IntegrationView;
use authbridge_store::{Connection, ConnectionState};
use axum::response::Response;
use url::form_urlencoded;

use super::super::base;
use super::super::html::escaped;
use super::super::sheet::Sheet;
use super::super::texts::{Texts, named};
use super::super::view::View;
use super::{Asked, name};
use crate::worker::Worker;

/// A list that is longer has a field for searching.
const SHORT: usize = 10;

pub(super) fn page(
    worker: &Worker,
    view: View<'_>,
    integrations: &[IntegrationView],
    asked: &Asked,
) -> Response {
    let texts = view.texts;
    let items: String = integrations
        .iter()
        .map(|each| item(worker, view, each))
        .collect();
    let list = if items.is_empty() {
        format!("<p>{}</p>", texts.none)
    } else {
        format!(r#"<ul class="integrations">{items}</ul>"#)
    };
    let body = format!(
        "{}<h1>{}</h1>{}{list}",
        notice(texts, integrations, asked),
        texts.integrations,
        search(texts, integrations.len()),
    );
    Sheet::new(texts.integrations, &body).answer(worker, view)
}

/// What was just done.
pub(super) fn notice(texts: &Texts, integrations: &[IntegrationView], asked: &Asked) -> String {
    let said = |id: &str, text: &str| {
        let found = integrations
            .iter()
            .find(|each| each.record.id.to_string() == id)?;
        let (name, text) = (escaped(name(found)), escaped(text));
        Some(format!(
            r#"<p class="notice" role="status">{name}: {text}</p>"#
        ))
    };
    let connected = asked.connected.as_deref();
    let disconnected = asked.disconnected.as_deref();
    connected
        .and_then(|id| said(id, texts.connected))
        .or_else(|| disconnected.and_then(|id| said(id, texts.is_not)))
        .unwrap_or_default()
}

fn search(texts: &Texts, count: usize) -> String {
    if count <= SHORT {
        return String::new();
    }
    format!(
        r#"<div class="field scripted"><label for="search">{}</label><input type="search" id="search" data-search autocomplete="off"></div><p class="quiet" role="status" data-none hidden>{}</p>"#,
        texts.search, texts.not_found
    )
}

fn item(worker: &Worker, page: View<'_>, view: &IntegrationView) -> String {
    let texts = page.texts;
    let name = name(view);
    let key: String = form_urlencoded::byte_serialize(view.record.key.as_bytes()).collect();
    let connection = view.connection.as_ref();
    let action = match connection {
        None if view.problem.is_some() => String::new(),
        None => button(page, ("connect", &view.record.key), texts.submit, name),
        Some(connection) if connection.state.disconnected() => button(
            page,
            ("reconnect", &connection.id.to_string()),
            texts.again_link,
            name,
        ),
        Some(_) => String::new(),
    };
    format!(
        r#"<li data-name="{}">{}<div><a href="?integration={key}" aria-label="{}">{}</a>{}</div>{action}</li>"#,
        escaped(&name.to_lowercase()),
        logo(worker, page, view),
        escaped(&named(texts.manage, name)),
        escaped(name),
        state(texts, connection, view.problem.is_some()),
    )
}

/// A button that does one thing.
pub(super) fn button(
    view: View<'_>,
    (what, value): (&str, &str),
    label: &str,
    name: &str,
) -> String {
    format!(
        r#"<form method="post" action="?"><button class="second" name="{what}" value="{}" aria-label="{label}: {}">{label}</button>{}</form>"#,
        escaped(value),
        escaped(name),
        view.hidden_pass()
    )
}

/// The integration's logo, from this server like everything on the page; or a letter.
pub(super) fn logo(worker: &Worker, page: View<'_>, view: &IntegrationView) -> String {
    if let Some(workspace) = page.workspace
        && view.has_logo()
    {
        let (base, id) = (escaped(base(worker)), &view.record.id);
        let workspace = &workspace.record.id;
        return format!(r#"<img class="logo" alt="" src="{base}/embed/logos/{workspace}/{id}">"#);
    }
    let letter = name(view).chars().take(1).flat_map(char::to_uppercase);
    let letter = escaped(&letter.collect::<String>());
    format!(r#"<span class="logo" aria-hidden="true">{letter}</span>"#)
}

/// How a connection is, in words.
pub(super) fn state(texts: &Texts, connection: Option<&Connection>, is_broken: bool) -> String {
    let (kind, text) = match connection.map(|connection| connection.state) {
        Some(ConnectionState::Ready) => ("good", texts.is_ready),
        Some(ConnectionState::ClientActionRequired | ConnectionState::SetupFailed) => {
            ("bad", texts.is_lost)
        }
        Some(ConnectionState::ConfigurationError) => ("bad", texts.is_broken),
        None if is_broken => ("bad", texts.is_broken),
        Some(ConnectionState::Disconnecting) | None => ("none", texts.is_not),
    };
    format!(r#"<span class="state {kind}">{text}</span>"#)
}
