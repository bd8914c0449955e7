//! The pages that a visit sees.

use authbridge_core::connector::AuthType;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::form::Drawing;
use super::html::{described, escaped, link};
use super::permissions::asked_for;
use super::sheet::Sheet;
use super::subject::{Offer, Subject};
use super::submit::TICKET;
use super::texts::{Texts, named};
use super::view::View;
use super::visits::{Connecting, Problem};
use crate::worker::Worker;

/// The form that a user fills in, and how it went the last time.
pub(super) struct FormPage<'a> {
    pub(super) view: View<'a>,
    pub(super) subject: &'a Subject,
    pub(super) offer: &'a Offer,
    /// What the external app will be asked to allow.
    pub(super) scopes: &'a [String],
    /// What was typed or given, without secrets.
    pub(super) kept: Option<&'a Value>,
    pub(super) problem: Option<&'a Problem>,
    pub(super) connecting: &'a Connecting,
    /// Stands for the visit's cookie in another window.
    pub(super) ticket: &'a str,
    /// What [`progress_path`](Self::progress_path) answers while this page is up to date.
    pub(super) version: u32,
    /// Where the page asks how far the visit is.
    pub(super) progress_path: &'a str,
}

impl FormPage<'_> {
    pub(super) fn answer(&self, worker: &Worker) -> Response {
        let texts = self.view.texts;
        let errors = match self.problem {
            Some(Problem::Fields(errors)) => errors.as_slice(),
            Some(Problem::Other(_)) | None => &[],
        };
        let mut drawing = Drawing::new(texts, errors);
        let fields = drawing.fields(&self.offer.fields, self.kept);
        let summary = self.summary(&drawing);
        let title = self.subject.title(texts);
        let body = format!(
            "{summary}<h1>{}</h1>{}{}<form id=\"form\" method=\"post\" action=\"?\" novalidate{}>\
             {}{fields}{}</form>{}",
            escaped(&title),
            self.intro(),
            asked_for(texts, &self.subject.name, self.scopes),
            self.target(),
            self.hidden(),
            self.actions(),
            self.windows(),
        );
        let title = match self.problem {
            Some(_) => format!("{}: {title}", texts.error),
            None => title,
        };
        let attributes = format!(
            r#" data-progress="{}" data-version="{}" data-busy="{}" data-offline="{}""#,
            escaped(self.progress_path),
            self.version,
            texts.busy,
            texts.offline
        );
        let sheet = Sheet {
            attributes: &attributes,
            ..Sheet::new(&title, &body)
        };
        sheet.answer(worker, self.view)
    }

    fn summary(&self, drawing: &Drawing<'_>) -> String {
        let texts = self.view.texts;
        let text = match self.problem {
            None => return String::new(),
            Some(Problem::Fields(_)) => format!("<ul>{}</ul>", drawing.summary()),
            Some(Problem::Other(failure)) => {
                let text = failure.text(texts, Some(&self.subject.name));
                format!("<p>{}</p>", escaped(&text))
            }
        };
        // In frames browsers refuse it, and complain; the script does it there.
        let focus = if self.view.is_framed {
            ""
        } else {
            " autofocus"
        };
        let heading = texts.problem;
        format!(
            r#"<div class="summary" role="alert" tabindex="-1"{focus}><h2>{heading}</h2>{text}</div>"#
        )
    }

    /// External apps refuse frames: from one, the form leads to a window of its own.
    fn target(&self) -> &'static str {
        match (self.may_lead_away(), self.view.is_framed) {
            (true, true) => r#" data-away target="_blank""#,
            (true, false) => " data-away",
            (false, _) => "",
        }
    }

    /// What a page says while another window is open, or was not opened.
    fn windows(&self) -> String {
        if !self.may_lead_away() || self.view.is_alone {
            return String::new();
        }
        let texts = self.view.texts;
        format!(
            r#"<div class="window" data-waiting role="status" hidden><p>{}</p><button form="form" class="second">{}</button></div><div class="window" data-blocked role="alert" hidden><p>{}</p><button form="form" formtarget="_blank">{}</button></div>"#,
            texts.elsewhere, texts.reopen, texts.blocked, texts.open_window
        )
    }

    fn intro(&self) -> String {
        let texts = self.view.texts;
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
        let mut hidden = String::new();
        let mut field = |name: &str, value: &str| {
            let value = escaped(value);
            hidden.push_str(&format!(
                r#"<input type="hidden" name="{name}" value="{value}">"#
            ));
        };
        if let Some(key) = &self.offer.key {
            field("option", key);
        }
        if self.may_lead_away() && self.view.is_framed {
            field(TICKET, self.ticket);
        }
        hidden.push_str(&self.view.hidden_pass());
        hidden
    }

    fn actions(&self) -> String {
        let texts = self.view.texts;
        let label = if matches!(self.problem, Some(Problem::Other(_))) {
            texts.again.to_owned()
        } else if self.leads_away() {
            named(texts.forward, &self.subject.name)
        } else {
            texts.submit.to_owned()
        };
        let cancel = if self.connecting.can_cancel() {
            cancel_button(texts)
        } else {
            String::new()
        };
        format!(
            r#"<div class="actions"><button>{}</button>{cancel}</div><p class="quiet" role="status" data-status></p>"#,
            escaped(&label)
        )
    }

    /// Whether the user goes on at the external app. Of a delegated account it is not known.
    fn leads_away(&self) -> bool {
        matches!(self.offer.auth_type, AuthType::OAuth2 | AuthType::OAuth1)
    }

    fn may_lead_away(&self) -> bool {
        self.leads_away() || self.offer.auth_type == AuthType::Proxy
    }
}

fn cancel_button(texts: &Texts) -> String {
    format!(
        r#"<button class="second" name="cancel" value="1" formtarget="_self">{}</button>"#,
        texts.cancel
    )
}

/// The options to choose from.
pub(super) fn choice(
    worker: &Worker,
    view: View<'_>,
    subject: &Subject,
    connecting: &Connecting,
) -> Response {
    let texts = view.texts;
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
    let cancel = if connecting.can_cancel() {
        let button = cancel_button(texts);
        let pass = view.hidden_pass();
        format!(r#"<form method="post" action="?" class="actions">{button}{pass}</form>"#)
    } else {
        String::new()
    };
    let body = format!(
        r#"<h1>{}</h1><p class="quiet intro" id="choose">{}</p><ul class="options" aria-labelledby="choose">{options}</ul>{cancel}"#,
        escaped(&title),
        texts.choose
    );
    Sheet::new(&title, &body).answer(worker, view)
}

/// A page that leads nowhere, and says why.
pub(super) fn notice(
    worker: &Worker,
    view: View<'_>,
    status: StatusCode,
    (title, text): (&str, &str),
) -> Response {
    let body = format!("<h1>{}</h1><p>{}</p>", escaped(title), escaped(text));
    let sheet = Sheet {
        status,
        ..Sheet::new(title, &body)
    };
    sheet.answer(worker, view)
}

/// What a window of its own shows when the page that opened it has the rest to say.
pub(super) fn go_back(worker: &Worker, view: View<'_>) -> Response {
    let texts = view.texts;
    let body = format!(
        r#"<h1>{}</h1><p role="status">{}</p>"#,
        texts.over, texts.go_back
    );
    let message = json!({ "source": "authbridge" });
    let sheet = Sheet {
        message: Some(&message),
        attributes: " data-forget data-closes",
        ..Sheet::new(texts.over, &body)
    };
    sheet.answer(worker, view)
}
