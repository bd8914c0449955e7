//! One attempt to connect, as the form that a browser would submit.

use authbridge_core::secret::ExposeSecret as _;
use authbridge_engine::egress::OutgoingBody;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use super::fields::plain;
use crate::api::{Api, read};
use crate::error::CliError;

/// What is connected, and the API to connect it with.
pub(super) struct Attempt<'a> {
    api: &'a Api,
    /// Without the token.
    members: Map<String, Value>,
}

/// What the server made of it.
pub(super) enum Begun {
    /// It is over; the outcome can be heard.
    Done,
    /// A browser has to go there.
    NeedsBrowser(Option<Url>),
}

impl<'a> Attempt<'a> {
    pub(super) const fn new(api: &'a Api, members: Map<String, Value>) -> Self {
        Self { api, members }
    }

    pub(super) const fn api(&self) -> &'a Api {
        self.api
    }

    /// What the server's events are told for.
    pub(super) fn request_id(&self) -> &str {
        let id = self.members.get("requestId").and_then(Value::as_str);
        id.unwrap_or_default()
    }

    /// The form's only field: who connects, and what. Holds the token.
    pub(super) fn payload(&self) -> String {
        let mut payload = self.members.clone();
        payload.insert("token".into(), self.api.token().expose_secret().into());
        Value::Object(payload).to_string()
    }

    /// A page of the server.
    pub(super) fn address(&self, path: &str) -> Result<Url, CliError> {
        self.api.address(path)
    }

    /// Everything in one URL, the token too.
    pub(super) fn link(&self) -> Result<Url, CliError> {
        let mut link = self.api.address("/connect")?;
        let mut query = link.query_pairs_mut();
        for (name, value) in &self.members {
            query.append_pair(name, &plain(value));
        }
        query.append_pair("token", self.api.token().expose_secret());
        drop(query);
        Ok(link)
    }

    /// Submits the form without a browser. What needs one is forgotten by the server after a while.
    pub(super) async fn begin(&self) -> Result<Begun, CliError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = OutgoingBody::from(Bytes::from(self.payload()));
        let response = self
            .api
            .send(Method::POST, "/connect", headers, body)
            .await?;
        let status = response.status();
        if status.is_redirection() {
            let location = response.headers().get(LOCATION);
            let location = location.and_then(|location| Url::parse(location.to_str().ok()?).ok());
            return Ok(Begun::NeedsBrowser(location));
        }
        // A page that asks the user for something.
        if status == StatusCode::ACCEPTED {
            return Ok(Begun::NeedsBrowser(None));
        }
        if status == StatusCode::OK {
            return Ok(Begun::Done);
        }
        let body = serde_json::from_slice(&read(response).await?).unwrap_or_default();
        Err(CliError::api(status, body))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attempt(api: &Api) -> Attempt<'_> {
        let members = json!({
            "integrationId": "int_1",
            "requestId": "r",
            "allowMultipleConnections": true,
            "input": { "shop": "a&b" },
        });
        Attempt::new(api, members.as_object().unwrap().clone())
    }

    #[test]
    fn a_link_says_what_the_form_says() {
        let api = Api::with_token("https://bridge.example.com/base/", "t0ken").unwrap();
        let attempt = attempt(&api);
        let link = attempt.link().unwrap();
        assert!(
            link.as_str()
                .starts_with("https://bridge.example.com/base/connect?")
        );
        let of_link: Vec<_> = link.query_pairs().into_owned().collect();
        let form: Value = serde_json::from_str(&attempt.payload()).unwrap();
        for (name, value) in of_link {
            assert_eq!(plain(&form[&name]), value);
        }
        assert_eq!(form["token"], "t0ken");
    }
}
