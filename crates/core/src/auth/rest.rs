//! `rest-api-mapping`: one HTTP request described by mappings (wire contract C.4).

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};

use super::AuthError;
use crate::client::{
    ApiClient, ResponseFacts, TargetError, encode_component, is_framing, is_truthy, scalar,
};
use crate::connector::{Mapping, RestApiMapping};
use crate::request::{Request, Response};

/// Why a mapped request cannot be built. No message shows a value, since values may be secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// The path is not text.
    #[error("`path` must be a string")]
    Path,
    /// A placeholder of the path has no value.
    #[error("the path has `{{{0}}}`, and `requestMapping.pathParameters` gives no value for it")]
    PathParameter(String),
    /// Not a method.
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    /// A part of the request has the wrong shape.
    #[error("`requestMapping.{0}` must be {1}")]
    Shape(String, &'static str),
    /// A header field that cannot be sent.
    #[error("the header field `{0}` cannot be sent")]
    Header(String),
    /// The path is a whole URL, but not one that a request can go to.
    #[error("`path` is not a URL that a request can go to")]
    Url,
    /// The request would go to a host that the connector does not declare.
    #[error("the connector does not allow requests to `{host}`")]
    HostNotAllowed {
        /// The host, with its port when it is not the default one.
        host: String,
    },
}

impl From<TargetError> for RestError {
    fn from(error: TargetError) -> Self {
        match error {
            // The text is made of mapped values, and these may be secrets.
            TargetError::Invalid(_) => Self::Url,
            TargetError::HostNotAllowed { host } => Self::HostNotAllowed { host },
        }
    }
}

impl RestError {
    /// The same as an error of the function `name`.
    pub fn of_function(self, name: &'static str) -> AuthError {
        if let Self::HostNotAllowed { host } = self {
            return AuthError::Target(TargetError::HostNotAllowed { host });
        }
        AuthError::Rest {
            function: name,
            source: self,
        }
    }
}

/// Builds the request that `mapping` describes for `variables`, with what `client` adds.
pub fn build_request(
    mapping: &RestApiMapping,
    client: &ApiClient,
    variables: &Value,
) -> Result<Request, RestError> {
    let path = path(mapping, variables)?;
    let query = query(mapping.query.as_ref(), variables)?;
    let method = Method::from_bytes(mapping.method.as_bytes())
        .map_err(|_| RestError::Method(mapping.method.clone()))?;
    let target = client.target(&path, Some(&query))?;
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, text/plain, */*"),
    );
    for (name, value) in &client.headers {
        headers.insert(name, value.clone());
    }
    add_headers(&mut headers, mapping.headers.as_ref(), variables)?;
    let body = body(mapping.data.as_ref(), variables, &mut headers);
    Ok(Request {
        method,
        target,
        headers,
        body,
    })
}

/// What the function returns for `response`, whose [data](Response::data) is `data`: its response
/// mapping, or the data.
pub fn read_response(
    mapping: &RestApiMapping,
    variables: &Value,
    response: &Response,
    data: Value,
) -> Option<Value> {
    let Some(response_mapping) = &mapping.response_mapping else {
        return Some(data);
    };
    let facts = ResponseFacts {
        status: response.status,
        headers: &response.headers,
        data: Some(&data),
    };
    let mut variables = variables.clone();
    if let Value::Object(members) = &mut variables {
        members.insert("response".into(), facts.to_value());
    }
    response_mapping.evaluate(&variables)
}

/// Whether what `test` returned means that the credentials work.
pub fn is_success(result: Option<&Value>) -> bool {
    result.is_some_and(is_truthy)
}

/// Fills the placeholders of the path, each value escaped as one segment.
fn path(mapping: &RestApiMapping, variables: &Value) -> Result<String, RestError> {
    let Some(Value::String(template)) = mapping.path.evaluate(variables) else {
        return Err(RestError::Path);
    };
    let parameters = object(
        "pathParameters",
        mapping.path_parameters.as_ref(),
        variables,
    )?;
    let mut path = String::with_capacity(template.len());
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        path.push_str(before);
        let value = parameters
            .get(name)
            .and_then(|value| scalar(value).flatten());
        let value = value.ok_or_else(|| RestError::PathParameter(name.to_owned()))?;
        path.push_str(&encode_component(&value));
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

/// Lists become repeated parameters.
fn query(mapping: Option<&Mapping>, variables: &Value) -> Result<String, RestError> {
    let mut pairs = Vec::new();
    for (name, value) in &object("query", mapping, variables)? {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = scalar(value).ok_or_else(|| {
                RestError::Shape(format!("query.{name}"), "a scalar or a list of scalars")
            })?;
            let pair =
                text.map(|text| format!("{}={}", encode_component(name), encode_component(&text)));
            pairs.extend(pair);
        }
    }
    Ok(pairs.join("&"))
}

fn add_headers(
    headers: &mut HeaderMap,
    mapping: Option<&Mapping>,
    variables: &Value,
) -> Result<(), RestError> {
    for (name, value) in &object("headers", mapping, variables)? {
        let error = || RestError::Header(name.clone());
        let Some(text) = scalar(value).ok_or_else(error)? else {
            continue;
        };
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| error())?;
        let mut value = HeaderValue::from_str(&text).map_err(|_| error())?;
        value.set_sensitive(true);
        if !is_framing(&header) {
            headers.insert(header, value);
        }
    }
    Ok(())
}

/// A string goes as it is; other data as a form when the content type says so, else as JSON.
fn body(mapping: Option<&Mapping>, variables: &Value, headers: &mut HeaderMap) -> Bytes {
    let Some(data) = mapping.and_then(|mapping| mapping.evaluate(variables)) else {
        return Bytes::new();
    };
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    match data {
        Value::String(text) => text.into(),
        Value::Object(members) if is_form => form(&members).into(),
        data @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => {
            headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            data.to_string().into()
        }
    }
}

fn form(members: &Map<String, Value>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        let text = scalar(value).unwrap_or_else(|| Some(value.to_string()));
        if let Some(text) = text {
            form.append_pair(name, &text);
        }
    }
    form.finish()
}

fn object(
    part: &'static str,
    mapping: Option<&Mapping>,
    variables: &Value,
) -> Result<Map<String, Value>, RestError> {
    match mapping.and_then(|mapping| mapping.evaluate(variables)) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(RestError::Shape(part.to_owned(), "an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::Defaults;

    fn client() -> ApiClient {
        let value = json!({"baseUri": "https://api.example.com/v1", "headers": {"X-Key": "k"}});
        ApiClient::from_value(Some(&value), Defaults::default()).unwrap()
    }

    fn mapping(path: &str) -> RestApiMapping {
        RestApiMapping {
            path: Mapping::compile(&json!(path)),
            method: "POST".into(),
            path_parameters: Some(Mapping::compile(
                &json!({"id": {"$var": "connectionInput.id"}}),
            )),
            query: Some(Mapping::compile(
                &json!({"tag": ["a b", "c"], "gone": null}),
            )),
            headers: Some(Mapping::compile(&json!({"X-Trace": "t"}))),
            data: Some(Mapping::compile(
                &json!({"email": {"$var": "connectionInput.email"}}),
            )),
            response_mapping: Some(Mapping::compile(
                &json!({"t": {"$var": "response.data.token"}}),
            )),
        }
    }

    #[test]
    fn every_part_of_the_request_comes_from_its_mapping() {
        let variables = json!({"connectionInput": {"id": "a/b", "email": "x@y"}});
        let request = build_request(&mapping("users/{id}"), &client(), &variables).unwrap();
        assert_eq!(
            request.target.path_and_query,
            "/v1/users/a%2Fb?tag=a%20b&tag=c"
        );
        assert_eq!(request.headers["x-key"], "k");
        assert_eq!(request.headers["x-trace"], "t");
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.body, r#"{"email":"x@y"}"#);
    }

    #[test]
    fn a_placeholder_without_a_value_is_named() {
        let refused = build_request(&mapping("{who}"), &client(), &json!({})).unwrap_err();
        assert_eq!(refused, RestError::PathParameter("who".into()));
    }

    #[test]
    fn the_response_mapping_sees_the_response() {
        let response = Response {
            status: http::StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from_static(br#"{"token": "t-1"}"#),
        };
        let data = response.data();
        let result = read_response(&mapping("x"), &json!({}), &response, data);
        assert_eq!(result, Some(json!({"t": "t-1"})));
    }
}
