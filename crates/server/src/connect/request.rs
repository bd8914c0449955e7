//! What begins a connection: the SDK's payload, or a link's query, which count the same.

use authbridge_engine::{BrowserRequest, ConnectRequest};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::embed::Theme;
use crate::error::ApiError;
use crate::wire::{Fields, JsonBody};

/// Names whose values in a query are JSON.
const JSON_NAMES: [&str; 6] = [
    "input",
    "connectionInput",
    "connectionParameters",
    "parameters",
    "connectorParameters",
    "meta",
];

/// The longest id that a client gives its attempt. It is kept until somebody asks.
const MOST_OF_AN_ID: usize = 128;

/// The largest payload. It is kept while its user fills in a form.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// Whether a client may call an attempt so.
pub(super) fn is_request_id(id: &str) -> bool {
    id.len() <= MOST_OF_AN_ID
}

/// The field `payload` of a submitted form, or a body that is JSON itself; empty where there is
/// none.
pub(crate) struct Payload(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Payload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let media_type = request.headers().get(CONTENT_TYPE);
        let is_json =
            media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| ApiError::bad_request(error.body_text()))?;
        if body.len() > MOST_BYTES {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "bad_request",
                format!("a payload may have {MOST_BYTES} bytes at most"),
            ));
        }
        if is_json {
            return Ok(Self(String::from_utf8_lossy(&body).into_owned()));
        }
        let mut fields = form_urlencoded::parse(&body);
        let payload = fields.find(|(name, _)| name == "payload");
        Ok(Self(
            payload.map_or_else(String::new, |(_, value)| value.into_owned()),
        ))
    }
}

/// The members of a payload over those of a query.
pub(crate) struct ConnectForm(Map<String, Value>);

impl ConnectForm {
    pub(crate) fn read(query: Option<&str>, payload: &str) -> Result<Self, ApiError> {
        let mut members = Map::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            members.insert(name.clone().into_owned(), query_value(&name, &value)?);
        }
        match serde_json::from_str(payload) {
            _ if payload.is_empty() => {}
            Ok(Value::Object(own)) => members.extend(own),
            Ok(_) => return Err(ApiError::bad_request("`payload` must be a JSON object")),
            Err(error) => {
                return Err(ApiError::bad_request(format!(
                    "`payload` is not JSON: {error}"
                )));
            }
        }
        Ok(Self(members))
    }

    /// The same form with a member that is known from elsewhere.
    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn token(&self) -> &str {
        self.text("token").unwrap_or_default()
    }

    /// What the client calls its attempt.
    pub(crate) fn request_id(&self) -> Option<String> {
        let id = self.text("requestId").filter(|id| is_request_id(id));
        id.map(str::to_owned)
    }

    /// Where the browser goes at the end, if a browser can go there.
    pub(crate) fn redirect_uri(&self) -> Option<String> {
        let uri = self.text("redirectUri")?;
        is_web(uri).then(|| uri.to_owned())
    }

    /// The connection that is to be connected again, or looked at.
    pub(crate) fn connection(&self) -> Option<&str> {
        self.text("connectionId")
    }

    /// Whether it says what to connect.
    pub(crate) fn names_anything(&self) -> bool {
        let names = [
            "connectionId",
            "integrationId",
            "integrationKey",
            "connectorId",
            "connectorKey",
        ];
        names.iter().any(|name| self.text(name).is_some())
    }

    /// The connection request that this is for.
    pub(crate) fn connection_request(&self) -> Option<&str> {
        self.text("connectionRequestId")
    }

    /// Whether pages shall be light or dark.
    ///
    /// # Errors
    ///
    /// If there is no such theme.
    pub(crate) fn theme(&self) -> Result<Theme, ApiError> {
        let Some(name) = self.theme_name() else {
            return Ok(Theme::Auto);
        };
        Theme::named(name)
            .ok_or_else(|| ApiError::bad_request("`theme` must be `light`, `dark` or `auto`"))
    }

    /// The theme as it is named, whether there is one or not.
    pub(crate) fn theme_name(&self) -> Option<&str> {
        self.text("theme")
    }

    fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    }

    pub(crate) fn into_request(self, browser: String) -> Result<BrowserRequest, ApiError> {
        if let Some(uri) = self.text("redirectUri")
            && !is_web(uri)
        {
            return Err(ApiError::bad_request(
                "`redirectUri` must be a URL of the scheme `https` or `http`",
            ));
        }
        if self.text("requestId").is_some_and(|id| !is_request_id(id)) {
            return Err(ApiError::bad_request(format!(
                "`requestId` must have {MOST_OF_AN_ID} characters at most"
            )));
        }
        let (request_id, redirect_uri) = (self.request_id(), self.redirect_uri());
        let mut fields = Fields::of(JsonBody(Value::Object(self.0)))?;
        let connection = fields.first_text(&["connectionId"])?;
        let integration = fields.first_text(&["integrationId", "integrationKey"])?;
        let connection_request = fields.text("connectionRequestId")?.flatten();
        let connector = fields.first_text(&["connectorId", "connectorKey"])?;
        let connector = connector.filter(|_| connection.is_none() && integration.is_none());
        let names = [&connection, &integration, &connection_request, &connector];
        if names.into_iter().all(Option::is_none) {
            return Err(ApiError::bad_request(
                "say what to connect: give `integrationKey` or `integrationId`, or `connectionId` \
                 to reconnect",
            ));
        }
        let connect = ConnectRequest {
            integration: integration.unwrap_or_default(),
            customer: fields.first_text(&["userId", "customerId", "tenantId", "tenantKey"])?,
            auth_option_key: fields.text("authOptionKey")?.flatten(),
            name: fields.text("name")?.flatten(),
            key: fields.first_text(&["connectionKey", "key"])?,
            meta: fields.value("meta").flatten(),
            input: fields.secret(&[
                "input",
                "connectionInput",
                "connectionParameters",
                "parameters",
            ])?,
            credentials: None,
            connector_parameters: fields.secret(&["connectorParameters"])?,
            allow_multiple: fields.flag("allowMultipleConnections")?,
        };
        Ok(BrowserRequest {
            connect,
            connection,
            request_id,
            redirect_uri,
            custom_state: fields.text("customState")?.flatten(),
            browser,
            page: None,
            connection_request,
            connector,
        })
    }
}

fn query_value(name: &str, value: &str) -> Result<Value, ApiError> {
    if name == "allowMultipleConnections" {
        return Ok(matches!(value, "1" | "true").into());
    }
    if !JSON_NAMES.contains(&name) || value.is_empty() {
        return Ok(value.into());
    }
    serde_json::from_str(value).map_err(|error| {
        ApiError::bad_request(format!("`{name}` in the query is not JSON: {error}"))
    })
}

pub(crate) fn is_web(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|uri| matches!(uri.scheme(), "https" | "http"))
}
