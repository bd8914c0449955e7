//! A user with a browser, who consents to whatever is asked: follows redirects and keeps cookies.

use bytes::Bytes;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use url::{Url, form_urlencoded};

use crate::api::Api;
use crate::error::CliError;

/// Where the browser is sent when the account is connected; nobody goes there.
const AFTERWARDS: &str = "https://app.example.com/connected";

/// Connects an account of the customer with `token`, who consents at `server`.
pub(super) async fn consent(
    engine: &Api,
    token: &str,
    integration: &str,
    server: &str,
) -> Result<(), CliError> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("integrationKey", integration)
        .append_pair("redirectUri", AFTERWARDS)
        .finish();
    let away = visit(engine, &format!("/connect?{query}"), HeaderMap::new()).await?;
    let cookie = away.cookie.unwrap_or_else(|| HeaderValue::from_static(""));
    // It knows the user already, and wants no token of ours.
    let server = Api::with_token(server, "none")?;
    let back = visit(&server, &target(&away.location), HeaderMap::new()).await?;
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, cookie);
    let end = visit(engine, &target(&back.location), headers).await?;
    let error = end.location.query_pairs().find(|(name, _)| name == "error");
    match error {
        Some((_, message)) => Err(CliError::failed(message)),
        None => Ok(()),
    }
}

/// Where a page sent the browser.
struct Sent {
    location: Url,
    cookie: Option<HeaderValue>,
}

async fn visit(at: &Api, path: &str, headers: HeaderMap) -> Result<Sent, CliError> {
    let response = at.send(Method::GET, path, headers, Bytes::new().into());
    let response = response.await?;
    let header = |name| response.headers().get(name);
    let location = header(LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| Url::parse(value).ok());
    let Some(location) = location else {
        let page = path.split('?').next().unwrap_or(path);
        return Err(CliError::failed(format!(
            "`{page}` answered {} instead of sending the browser on",
            response.status()
        )));
    };
    // What stands before the first semicolon goes back.
    let cookie = header(SET_COOKIE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .and_then(|value| HeaderValue::from_str(value).ok());
    Ok(Sent { location, cookie })
}

fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
