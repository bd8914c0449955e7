//! What all pages have in common.

use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use serde_json::Value;

use super::assets::{PENPAL, SCRIPT};
use super::brand::{Audience, banner};
use super::html::escaped;
use super::style::{hash_source, style_sheet};
use super::view::View;
use crate::connect::Policy;
use crate::worker::Worker;

/// Where forms of most pages may lead: to the external app, or back to the app that embeds them.
const ANYWHERE: &str = "'self' https: http:";

/// One page.
pub(crate) struct Sheet<'a> {
    pub(crate) status: StatusCode,
    pub(crate) title: &'a str,
    /// HTML.
    pub(crate) body: &'a str,
    /// What whoever opened or embeds the page is told.
    pub(crate) message: Option<&'a Value>,
    /// What the script has to know, as attributes of the page's `main`.
    pub(crate) attributes: &'a str,
    /// Whether it has forms.
    pub(crate) has_forms: bool,
}

impl<'a> Sheet<'a> {
    /// A page without anything special.
    pub(crate) fn new(title: &'a str, body: &'a str) -> Self {
        Self {
            status: StatusCode::OK,
            title,
            body,
            message: None,
            attributes: "",
            has_forms: true,
        }
    }

    pub(crate) fn answer(&self, worker: &Worker, view: View<'_>) -> Response {
        let texts = view.texts;
        let mut scripts = String::new();
        if !view.is_alone {
            scripts.push_str(&script(&PENPAL.path(worker)));
        }
        scripts.push_str(&script(&SCRIPT.path(worker)));
        let message = self.message.map_or_else(String::new, |message| {
            // Inside a script element only `<` could end it.
            let message = message.to_string().replace('<', "\\u003c");
            format!("<script type=\"application/json\" id=\"message\">{message}</script>\n")
        });
        let audience = Audience::of(worker, view.workspace);
        let brand = view.workspace.and_then(|own| own.settings.brand_color);
        let style = style_sheet(view.theme, brand);
        let banner = view
            .workspace
            .map_or_else(String::new, |own| banner(worker, own, view.customer));
        let pass = view.pass.map_or_else(String::new, |pass| {
            let pass = escaped(pass);
            format!(" data-pass=\"{pass}\"")
        });
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>{style}</style>\n{message}{scripts}\
             <main class=\"card\" data-targets=\"{}\"{pass}{}>\
             <button type=\"button\" class=\"close\" data-close hidden aria-label=\"{}\"></button>\
             {banner}{}</main>\n</html>\n",
            texts.language,
            escaped(self.title),
            escaped(&audience.targets()),
            self.attributes,
            texts.close,
            self.body,
        );
        let mut response = (self.status, Html(html)).into_response();
        let frames = audience.frame_ancestors();
        let policy = Policy {
            style: &hash_source(&style),
            forms: if self.has_forms { ANYWHERE } else { "'none'" },
            frames: frames.as_deref(),
        };
        policy.guard(&mut response);
        response
    }
}

fn script(path: &str) -> String {
    format!("<script src=\"{}\" defer></script>\n", escaped(path))
}
