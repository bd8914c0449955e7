//! `rest-api-mapping`: one HTTP request described by mappings (wire contract C.4).

use serde_json::{Map, Value};

use super::AuthError;
use crate::client::{
    ApiClient, Call, CallData, CallError, ResponseFacts, encode_component, is_truthy, scalar,
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
    /// The path parameters are not an object.
    #[error("`pathParameters` must be an object")]
    PathParameters,
    /// A part of the request is wrong.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl RestError {
    /// The same as an error of the function `name`.
    pub fn of_function(self, name: &str) -> AuthError {
        if let Self::Call(CallError::Host(error)) = self {
            return AuthError::Target(error);
        }
        AuthError::Rest {
            function: name.to_owned(),
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
    Ok(client.request(&call(mapping, variables)?)?)
}

/// The request that `mapping` describes for `variables`.
pub fn call(mapping: &RestApiMapping, variables: &Value) -> Result<Call, RestError> {
    let part = |mapping: Option<&Mapping>| mapping.and_then(|mapping| mapping.evaluate(variables));
    Ok(Call {
        method: mapping.method.clone(),
        path: path(mapping, variables)?,
        query: part(mapping.query.as_ref()).unwrap_or_default(),
        headers: part(mapping.headers.as_ref()).unwrap_or_default(),
        data: part(mapping.data.as_ref()).map_or(CallData::Empty, CallData::Value),
        ..Call::default()
    })
}

/// What the function returns for `response`, whose [data](Response::data) is `data`: its response
/// mapping, or the data.
pub fn read_response(
    response_mapping: Option<&Mapping>,
    variables: &Value,
    response: &Response,
    data: Value,
) -> Option<Value> {
    let Some(response_mapping) = response_mapping else {
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
    let parameters = match &mapping.path_parameters {
        None => Map::new(),
        Some(parameters) => match parameters.evaluate(variables) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) => members,
            Some(_) => return Err(RestError::PathParameters),
        },
    };
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
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
        let result = read_response(
            mapping("x").response_mapping.as_ref(),
            &json!({}),
            &response,
            data,
        );
        assert_eq!(result, Some(json!({"t": "t-1"})));
    }
}
