//! Reading what `makeApiClient` returns.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::code::{ClientCode, is_function};
use super::hosts::{AllowedHosts, HostPatternError};
use super::target::parse_http;
use super::{ApiClient, Override, ResponseHandler};

/// Why what `makeApiClient` returned makes no API client. No message shows a value, since values
/// may be secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiClientError {
    /// Not an object.
    #[error("`makeApiClient` must return an object, and returned {0}")]
    NotAnObject(&'static str),
    /// Neither the function nor connector and integration say where requests go.
    #[error(
        "nothing says where requests go: return `baseUri` from `makeApiClient`, or set it on the integration"
    )]
    NoBaseUri,
    /// The base URI is no URL.
    #[error(
        "`baseUri` must be a URL of the scheme `http` or `https`, without user name and password"
    )]
    BaseUri,
    /// A member has the wrong shape.
    #[error("`{member}` of the API client must be {expected}")]
    Shape {
        /// The member, as a path.
        member: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A name that no header field may have.
    #[error("`{0}` is not the name of a header field")]
    HeaderName(String),
    /// A value that no header field may have.
    #[error("the value of the header field `{0}` has characters that a header cannot carry")]
    HeaderValue(String),
    /// A misspelt formula, which would be data, and match every response.
    #[error("`{member}` of the API client has the formula `${name}`, which there is not{}", suggested(*suggestion))]
    UnknownFormula {
        /// The member, as a path.
        member: String,
        /// The formula's name.
        name: String,
        /// What was probably meant.
        suggestion: Option<&'static str>,
    },
    /// An entry of `allowedHosts` is wrong.
    #[error(transparent)]
    AllowedHost(#[from] HostPatternError),
}

fn suggested(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean `${name}`?"))
        .unwrap_or_default()
}

/// What holds where `makeApiClient` says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'a> {
    /// The integration's base URI, or else the connector's.
    pub base_uri: Option<&'a str>,
    /// Hosts that the definition lists outside `makeApiClient`.
    pub allowed_hosts: &'a [String],
}

impl ApiClient {
    /// Reads the result of `makeApiClient`; `None` stands for a definition without that function.
    pub fn from_value(
        value: Option<&Value>,
        defaults: Defaults<'_>,
    ) -> Result<Self, ApiClientError> {
        let empty = Map::new();
        let members = match value {
            None | Some(Value::Null) => &empty,
            Some(value) => unwrap_args(value)?,
        };
        let base_uri = base_uri(members, defaults)?;
        let own_hosts = strings(members, "allowedHosts")?;
        let hosts = defaults
            .allowed_hosts
            .iter()
            .map(String::as_str)
            .chain(own_hosts);
        Ok(Self {
            allowed_hosts: AllowedHosts::new(&base_uri, hosts)?,
            headers: headers(members)?,
            query: query(members, &base_uri)?,
            response_handlers: ResponseHandler::parse_list(members.get("responseHandlers"))?,
            overrides: Override::parse_list(members.get("overrides"))?,
            code: ClientCode::of(members),
            signer: None,
            base_uri,
        })
    }
}

impl ApiClient {
    /// This client with the options that `dynamicOptions` returned laid over its own.
    pub fn overlaid(
        &self,
        options: Option<&Value>,
        allowed_hosts: &[String],
    ) -> Result<Self, ApiClientError> {
        let defaults = Defaults {
            base_uri: Some(self.base_uri.as_str()),
            allowed_hosts,
        };
        let over = Self::from_value(options, defaults)?;
        let mut client = self.clone();
        client.allowed_hosts = client.allowed_hosts.and(over.allowed_hosts);
        client.base_uri = over.base_uri;
        client
            .headers
            .retain(|(name, _)| !over.headers.iter().any(|(given, _)| given == name));
        client.headers.extend(over.headers);
        client
            .query
            .retain(|(name, _)| !over.query.iter().any(|(given, _)| given == name));
        client.query.extend(over.query);
        if !over.response_handlers.is_empty() {
            client.response_handlers = over.response_handlers;
        }
        client.overrides.extend(over.overrides);
        Ok(client)
    }
}

/// The schema of the original product nests everything below `args`; its files do not.
fn unwrap_args(value: &Value) -> Result<&Map<String, Value>, ApiClientError> {
    let members = value
        .as_object()
        .ok_or(ApiClientError::NotAnObject(kind(value)))?;
    match members.get("args") {
        Some(Value::Object(args)) if members.len() == 1 => Ok(args),
        _ => Ok(members),
    }
}

fn base_uri(members: &Map<String, Value>, defaults: Defaults<'_>) -> Result<Url, ApiClientError> {
    // Clients made by `axios.create` say it below `defaults`.
    let of_axios = || members.get("defaults")?.get("baseURL");
    let named = members.get("baseUri").or_else(|| members.get("baseUrl"));
    let given = match named.or_else(of_axios) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.as_str()),
        Some(_) => return Err(shape("baseUri", "a string")),
    };
    let text = given
        .or(defaults.base_uri)
        .filter(|text| !text.trim().is_empty())
        .ok_or(ApiClientError::NoBaseUri)?;
    let mut url = parse_http(text.trim()).map_err(|_| ApiClientError::BaseUri)?;
    url.set_fragment(None);
    Ok(url)
}

fn headers(members: &Map<String, Value>) -> Result<Vec<(HeaderName, HeaderValue)>, ApiClientError> {
    let mut headers = Vec::new();
    for (name, value) in object(members, "headers")?.into_iter().flatten() {
        let Some(text) = scalar(value).ok_or_else(|| header_shape(name))? else {
            continue;
        };
        let header_name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ApiClientError::HeaderName(name.clone()))?;
        let value = sensitive(name, &text)?;
        if !is_framing(&header_name) {
            headers.push((header_name, value));
        }
    }
    if let Some(basic) = basic(members)? {
        headers.retain(|(name, _)| name != AUTHORIZATION);
        headers.push((AUTHORIZATION, sensitive("authorization", &basic)?));
    }
    Ok(headers)
}

/// Basic authentication (RFC 7617) from `auth: {username, password}`.
fn basic(members: &Map<String, Value>) -> Result<Option<String>, ApiClientError> {
    let Some(auth) = object(members, "auth")? else {
        return Ok(None);
    };
    let part = |name: &str| -> Result<String, ApiClientError> {
        let value = auth.get(name).unwrap_or(&Value::Null);
        scalar(value)
            .map(Option::unwrap_or_default)
            .ok_or_else(|| shape(&format!("auth.{name}"), "a string"))
    };
    let pair = format!("{}:{}", part("username")?, part("password")?);
    Ok(Some(format!("Basic {}", STANDARD.encode(pair))))
}

fn query(
    members: &Map<String, Value>,
    base_uri: &Url,
) -> Result<Vec<(String, String)>, ApiClientError> {
    let mut query: Vec<(String, String)> = base_uri.query_pairs().into_owned().collect();
    let older = object(members, "defaultQueryParameters")?;
    let current = object(members, "query")?;
    for (name, value) in [older, current].into_iter().flatten().flatten() {
        let text = scalar(value)
            .ok_or_else(|| shape(&format!("query.{name}"), "a string, a number or a boolean"))?;
        query.extend(text.map(|text| (name.clone(), text)));
    }
    Ok(query)
}

fn object<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, ApiClientError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) if is_function(value) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(shape(name, "an object")),
    }
}

fn strings<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Vec<&'a str>, ApiClientError> {
    let error = || shape(name, "a list of strings");
    match members.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(error))
            .collect(),
        Some(_) => Err(error()),
    }
}

/// A scalar as text: `Some(None)` for null, `None` for what is no scalar.
#[expect(
    clippy::option_option,
    reason = "absent and unfit are different outcomes here"
)]
pub(crate) fn scalar(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::Bool(truth) => Some(Some(truth.to_string())),
        Value::Number(number) => Some(Some(number.to_string())),
        Value::String(text) => Some(Some(text.clone())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn sensitive(name: &str, text: &str) -> Result<HeaderValue, ApiClientError> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| ApiClientError::HeaderValue(name.to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a field is about the message's way and not for a definition to set: from a mapping it
/// would contradict the body that is sent (RFC 9112 section 6). Definitions that carry one over
/// from another tool work all the same, so it is left out and not refused.
pub fn is_framing(name: &HeaderName) -> bool {
    const FRAMING: [&str; 9] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    FRAMING.contains(&name.as_str())
}

fn header_shape(name: &str) -> ApiClientError {
    shape(
        &format!("headers.{name}"),
        "a string, a number or a boolean",
    )
}

pub(super) fn shape(member: &str, expected: &'static str) -> ApiClientError {
    ApiClientError::Shape {
        member: member.to_owned(),
        expected,
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
