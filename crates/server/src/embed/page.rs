//! The pages that a visit sees.

use authbridge_core::connector::AuthType;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use serde_json::Value;
use url::form_urlencoded;

use super::form::Drawing;
use super::html::{described, escaped, link};
use super::style_path;
use super::subject::{Offer, Subject};
use super::texts::{Texts, named};
use super::visits::Problem;
use crate::connect::guard;
use crate::worker::Worker;

/// The form that a user fills in, and how it went the last time.
pub(super) struct FormPage<'a> {
    pub(super) texts: &'static Texts,
    pub(super) subject: &'a Subject,
    pub(super) offer: &'a Offer,
    /// What was typed or given, without secrets.
    pub(super) kept: Option<&'a Value>,
    pub(super) problem: Option<&'a Problem>,
    /// Whether somebody waits who can be told that the user gave up.
    pub(super) can_cancel: bool,
}

impl FormPage<'_> {
    pub(super) fn answer(&self, worker: &Worker) -> Response {
        let texts = self.texts;
        let errors = match self.problem {
            Some(Problem::Fields(errors)) => errors.as_slice(),
            Some(Problem::Other(_)) | None => &[],
        };
        let mut drawing = Drawing::new(texts, errors);
        let fields = drawing.fields(&self.offer.fields, self.kept);
        let summary = self.summary(&drawing);
        let title = self.subject.title(texts);
        let body = format!(
            "{summary}<h1>{}</h1>{}<form method=\"post\" action=\"?\" novalidate>{}{fields}{}</form>",
            escaped(&title),
            self.intro(),
            self.hidden(),
            self.actions()
        );
        let title = match self.problem {
            Some(_) => format!("{}: {title}", texts.error),
            None => title,
        };
        page(worker, texts, StatusCode::OK, &title, &body)
    }

    fn summary(&self, drawing: &Drawing<'_>) -> String {
        let text = match self.problem {
            None => return String::new(),
            Some(Problem::Fields(_)) => format!("<ul>{}</ul>", drawing.summary()),
            Some(Problem::Other(message)) => format!("<p>{}</p>", escaped(message)),
        };
        let heading = self.texts.problem;
        format!(
            r#"<div class="summary" role="alert" tabindex="-1" autofocus><h2>{heading}</h2>{text}</div>"#
        )
    }

    fn intro(&self) -> String {
        let texts = self.texts;
        let mut intro = String::new();
        if self.subject.offers.len() > 1 {
            let option = escaped(self.offer.title(&self.subject.name));
            intro.push_str(&format!(
                r#"<p><strong>{option}</strong> · <a href="?another">{}</a></p>"#,
                texts.another
            ));
        }
        if let Some(description) = &self.offer.description {
            intro.push_str(&described(description));
        }
        if self.offer.fields.is_empty() {
            let text = if self.leads_away() {
                texts.asked_there
            } else {
                texts.nothing_asked
            };
            let text = named(text, &self.subject.name);
            intro.push_str(&format!("<p>{}</p>", escaped(&text)));
        }
        let help = self.offer.help_uri.as_deref();
        if let Some(link) = help.and_then(|uri| link(uri, texts.help)) {
            intro.push_str(&format!("<p>{link}</p>"));
        }
        if intro.is_empty() {
            return intro;
        }
        format!(r#"<div class="intro quiet">{intro}</div>"#)
    }

    fn hidden(&self) -> String {
        let key = self.offer.key.as_deref().map(escaped);
        key.map_or_else(String::new, |key| {
            format!(r#"<input type="hidden" name="option" value="{key}">"#)
        })
    }

    fn actions(&self) -> String {
        let texts = self.texts;
        let label = if matches!(self.problem, Some(Problem::Other(_))) {
            texts.again.to_owned()
        } else if self.leads_away() {
            named(texts.forward, &self.subject.name)
        } else {
            texts.submit.to_owned()
        };
        let cancel = if self.can_cancel {
            format!(
                r#"<button class="second" name="cancel" value="1">{}</button>"#,
                texts.cancel
            )
        } else {
            String::new()
        };
        format!(
            r#"<div class="actions"><button>{}</button>{cancel}</div>"#,
            escaped(&label)
        )
    }

    /// Whether the user goes on at the external app. Of a delegated account it is not known.
    fn leads_away(&self) -> bool {
        matches!(self.offer.auth_type, AuthType::OAuth2 | AuthType::OAuth1)
    }
}

/// The options to choose from.
pub(super) fn choice(worker: &Worker, texts: &'static Texts, subject: &Subject) -> Response {
    let title = subject.title(texts);
    let mut options = String::new();
    for offer in &subject.offers {
        let key = offer.key.as_deref().unwrap_or_default();
        let query: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let help = offer.description.as_deref().map_or(String::new(), |text| {
            format!(r#"<div class="help">{}</div>"#, described(text))
        });
        options.push_str(&format!(
            r#"<li><a href="?option={query}">{}</a>{help}</li>"#,
            escaped(offer.title(&subject.name))
        ));
    }
    let body = format!(
        r#"<h1>{}</h1><p class="quiet intro" id="choose">{}</p><ul class="options" aria-labelledby="choose">{options}</ul>"#,
        escaped(&title),
        texts.choose
    );
    page(worker, texts, StatusCode::OK, &title, &body)
}

/// A page that leads nowhere, and says why.
pub(super) fn notice(
    worker: &Worker,
    texts: &'static Texts,
    status: StatusCode,
    title: &str,
    text: &str,
) -> Response {
    let body = format!("<h1>{}</h1><p>{}</p>", escaped(title), escaped(text));
    page(worker, texts, status, title, &body)
}

fn page(
    worker: &Worker,
    texts: &'static Texts,
    status: StatusCode,
    title: &str,
    body: &str,
) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"{}\">\n<main class=\"card\">{body}</main>\n</html>\n",
        texts.language,
        escaped(title),
        escaped(&style_path(worker))
    );
    let mut response = (status, Html(html)).into_response();
    // What is submitted may lead to the external app, or back to the app that embeds this.
    guard(&mut response, None, "'self' https: http:");
    response
}
