//! How a page will be seen.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use super::texts::Texts;

/// The language of a page, and where it is shown.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) texts: &'static Texts,
    /// In a frame of the app's page, as far as the browser says.
    pub(super) is_framed: bool,
    /// Certainly in no frame. Older browsers say neither.
    pub(super) is_alone: bool,
}

impl View {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let destination = headers
            .get("sec-fetch-dest")
            .and_then(|value| value.to_str().ok());
        Self {
            texts: Texts::of(headers),
            is_framed: matches!(destination, Some("iframe" | "frame")),
            is_alone: destination == Some("document"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for View {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}
