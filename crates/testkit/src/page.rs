//! Pages for a browser.

use http::{Response, StatusCode};

use crate::answer::{self, Body};

/// A page for a request that must not be sent back to its client.
pub(crate) fn page(message: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <title>Not authorized</title><h1>Not authorized</h1><p>{}</p></html>",
        escaped(message)
    );
    answer::whole(StatusCode::BAD_REQUEST, "text/html; charset=utf-8", html)
}

/// The page that asks for consent: who asks for what, and two buttons that repeat the request at
/// `target` with `decision=allow` or `decision=deny`.
pub(crate) fn consent_page(client: &str, scope: &str, target: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <title>Simulated consent</title><h1>Simulated consent</h1>\
         <p>{} asks for {}.</p><form method=\"post\" action=\"{}\">\
         <button name=\"decision\" value=\"allow\">Allow</button> \
         <button name=\"decision\" value=\"deny\">Deny</button></form></html>",
        escaped(client),
        escaped(scope),
        escaped(target)
    );
    answer::whole(StatusCode::OK, "text/html; charset=utf-8", html)
}

/// `text` as HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
