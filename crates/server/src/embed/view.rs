//! How a page will be seen.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;

use super::access::PASS;
use super::html::escaped;
use super::style::Theme;
use super::texts::Texts;
use super::visits::Visit;
use authbridge_engine::WorkspaceState;

/// The language of a page, where it is shown, and whose it is.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) texts: &'static Texts,
    /// Whose customers see it, where that is known: it looks as that workspace wants.
    pub(super) workspace: Option<&'a WorkspaceState>,
    /// Who sees it, by name, so that nobody connects an account for somebody else unawares.
    pub(super) customer: Option<&'a str>,
    pub(super) theme: Theme,
    /// What the browser was known by, where that is no cookie; forms and the page's script send it
    /// along.
    pub(super) pass: Option<&'a str>,
    /// Maybe in a frame in which this browser keeps no cookies of ours.
    pub(super) may_lose_cookies: bool,
    /// In a frame of the app's page, as far as the browser says.
    pub(super) is_framed: bool,
    /// Certainly in no frame. Older browsers say neither.
    pub(super) is_alone: bool,
}

impl View<'static> {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let destination = headers
            .get("sec-fetch-dest")
            .and_then(|value| value.to_str().ok());
        Self {
            texts: Texts::of(headers),
            workspace: None,
            customer: None,
            theme: Theme::Auto,
            pass: None,
            may_lose_cookies: destination != Some("document") && is_webkit(headers),
            is_framed: matches!(destination, Some("iframe" | "frame")),
            is_alone: destination == Some("document"),
        }
    }
}

impl<'a> View<'a> {
    /// The same page, light or dark.
    pub(crate) fn in_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    /// The same page of `workspace`.
    pub(crate) fn of_workspace<'b>(self, workspace: Option<&'b WorkspaceState>) -> View<'b>
    where
        'a: 'b,
    {
        View {
            workspace: workspace.or(self.workspace),
            ..self
        }
    }
}

impl<'a> View<'a> {
    /// The field that every form has where the browser is known by a pass.
    pub(super) fn hidden_pass(self) -> String {
        self.pass.map_or_else(String::new, |pass| {
            let pass = escaped(pass);
            format!(r#"<input type="hidden" name="{PASS}" value="{pass}">"#)
        })
    }

    /// The same page in `visit`.
    pub(super) fn of_visit<'b>(self, visit: &'b Visit) -> View<'b>
    where
        'a: 'b,
    {
        let customer = visit.session.customer();
        View {
            customer: customer.and_then(|customer| customer.name.as_deref()),
            theme: visit.theme,
            ..self.of_workspace(Some(&visit.session.workspace))
        }
    }
}

impl<S: Sync> FromRequestParts<S> for View<'static> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// Whether this is Safari's engine, or that of a browser or an app on iOS.
fn is_webkit(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok());
    agent.is_some_and(|agent| agent.contains("AppleWebKit/") && !agent.contains("Chrome/"))
}
