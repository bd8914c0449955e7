//! Where a browser begins to connect. It must be where external apps send it back to, or it would
//! not bring the cookie along.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::{ACCEPT, HOST};
use http::request::Parts;
use url::{Position, Url};

use crate::embed::View;
use crate::worker::Worker;

/// Says that a browser was sent here from another name of this server. Behind a proxy that
/// changes the name in requests it would be sent on for ever.
const MOVED: &str = "moved=1";

/// The address that a browser used, as far as a request tells.
pub(crate) struct Place {
    host: String,
    /// Whether what is answered will be seen as a page of its own.
    is_page: bool,
    view: View<'static>,
    path: String,
    query: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Place {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        Ok(Self {
            host: host.to_ascii_lowercase(),
            is_page: is_page(&parts.headers),
            view: View::of(&parts.headers),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
        })
    }
}

impl Place {
    pub(crate) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The same address by the name under which browsers reach this server, where that is
    /// another one.
    pub(crate) fn by_its_public_name(&self, worker: &Worker) -> Option<Url> {
        self.named(worker.engine.public_uri()?)
    }

    /// How the answer will be seen.
    pub(crate) const fn view(&self) -> View<'static> {
        self.view
    }

    /// Whether a user sees the answer: the SDK has a hidden frame for what asks nothing.
    pub(super) fn is_page(&self) -> bool {
        self.is_page
    }

    fn named(&self, public: &Url) -> Option<Url> {
        let query = self.query().unwrap_or_default();
        let was_moved = query.split('&').any(|pair| pair == MOVED);
        let authority = &public[Position::BeforeHost..Position::AfterPort];
        if was_moved || self.host == authority {
            return None;
        }
        let base = public.as_str().trim_end_matches('/');
        let separator = if query.is_empty() { "" } else { "&" };
        let url = format!("{base}{}?{query}{separator}{MOVED}", self.path);
        url.parse().ok()
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let is_html = text(ACCEPT.as_str()).contains("text/html");
    is_html && matches!(text("sec-fetch-dest"), "" | "document")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(host: &str, query: Option<&str>, public: &str) -> Option<String> {
        let place = Place {
            host: host.to_owned(),
            is_page: true,
            view: View::of(&HeaderMap::new()),
            path: "/connect".to_owned(),
            query: query.map(str::to_owned),
        };
        place.named(&public.parse().unwrap()).map(String::from)
    }

    #[test]
    fn a_browser_that_used_another_name_goes_to_the_public_one_once() {
        let there = named("127.0.0.1:4700", Some("a=1"), "http://localhost:4700");
        let expected = "http://localhost:4700/connect?a=1&moved=1";
        assert_eq!(there.as_deref(), Some(expected));
        let there = named("inner:80", None, "https://auth.example.com/bridge/");
        let expected = "https://auth.example.com/bridge/connect?moved=1";
        assert_eq!(there.as_deref(), Some(expected));
        let again = named("inner:80", Some("moved=1"), "https://auth.example.com");
        assert_eq!(again, None);
    }

    #[test]
    fn a_browser_that_is_right_stays() {
        for (host, public) in [
            ("localhost:4700", "http://localhost:4700"),
            ("auth.example.com", "https://auth.example.com/bridge"),
            ("auth.example.com:8443", "https://AUTH.example.com:8443"),
        ] {
            assert_eq!(named(host, Some("a=1"), public), None, "{host}");
        }
    }
}
