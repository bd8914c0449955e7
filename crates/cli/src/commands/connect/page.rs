//! A page on this machine that takes the token to the browser without a URL: it works once, and
//! submits the server's own form.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use authbridge_core::Effects;
use authbridge_core::auth::oauth2::pkce::unguessable;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use url::Url;

use crate::error::CliError;

const FORM: &str = include_str!("page.html");

/// The page, listening.
pub(super) struct Page {
    listener: TcpListener,
    url: Url,
    once: Arc<Once>,
}

/// What is served at one path, once.
struct Once {
    path: String,
    policy: HeaderValue,
    html: Mutex<Option<String>>,
}

impl Page {
    /// Listens on this machine only, to submit `payload` to `action`.
    pub(super) async fn listen(
        port: u16,
        action: &Url,
        payload: String,
        effects: &Effects,
    ) -> Result<Self, CliError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|error| {
            CliError::usage(
                format!("cannot serve the page for the browser at port {port}: {error}"),
                "give another `--port`, or none",
            )
        })?;
        let path = format!("/{}", unguessable(effects));
        let nonce = unguessable(effects);
        let url = format!("http://{}{path}", listener.local_addr()?);
        let url = Url::parse(&url).map_err(io::Error::other)?;
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).map_err(io::Error::other)?;
        let html = FORM
            .replace("{{nonce}}", &nonce)
            .replace("{{action}}", &escaped(action.as_str()))
            .replace("{{payload}}", &escaped(&payload));
        let html = Mutex::new(Some(html));
        let once = Arc::new(Once { path, policy, html });
        Ok(Self {
            listener,
            url,
            once,
        })
    }

    /// Where it is.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// Answers browsers, until it cannot.
    pub(super) async fn serve(&self) -> io::Error {
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => return error,
            };
            let once = Arc::clone(&self.once);
            let answer = service_fn(move |request| {
                let answer = once.answer(&request);
                async move { Ok::<_, Infallible>(answer) }
            });
            tokio::spawn(async move {
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                // A browser that goes away is its own affair.
                let _ignored = served.await;
            });
        }
    }
}

impl Once {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, html) = self.page(request.method(), request.uri().path());
        let mut response = Response::new(Full::from(html));
        *response.status_mut() = status;
        self.guard(response.headers_mut());
        response
    }

    fn page(&self, method: &Method, path: &str) -> (StatusCode, String) {
        if path != self.path {
            return (StatusCode::NOT_FOUND, "there is nothing here".into());
        }
        if method != Method::GET {
            return (
                StatusCode::METHOD_NOT_ALLOWED,
                "open it in a browser".into(),
            );
        }
        let mut html = self.html.lock().unwrap_or_else(PoisonError::into_inner);
        html.take().map_or_else(
            || {
                (
                    StatusCode::GONE,
                    "This link was used: it works only once. Run the command again.".into(),
                )
            },
            |html| (StatusCode::OK, html),
        )
    }

    fn guard(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        // Braces would be taken for places of the page.
        .replace("{{", "&#123;&#123;")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn page() -> Page {
        let action = Url::parse("https://bridge.example.com/connect").unwrap();
        let payload = r#"{"token":"t\"><script>"}"#.to_owned();
        let effects = Effects::of_the_system();
        Page::listen(0, &action, payload, &effects).await.unwrap()
    }

    #[tokio::test]
    async fn the_page_is_there_once() {
        let page = page().await;
        let path = page.url().path();
        assert_eq!(page.once.page(&Method::GET, "/").0, StatusCode::NOT_FOUND);
        let (status, _) = page.once.page(&Method::HEAD, path);
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        let (status, html) = page.once.page(&Method::GET, path);
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains(r#"action="https://bridge.example.com/connect""#));
        assert!(html.contains("&quot;token&quot;"));
        assert!(!html.contains("\"><script>"));
        assert!(!html.contains("{{"));
        assert_eq!(page.once.page(&Method::GET, path).0, StatusCode::GONE);
    }

    #[tokio::test]
    async fn its_address_holds_no_token_and_cannot_be_guessed() {
        let (one, other) = (page().await, page().await);
        assert_eq!(one.url().path().len(), 44);
        assert_ne!(one.url().path(), other.url().path());
        assert_eq!(one.url().host_str(), Some("127.0.0.1"));
    }
}
