//! `overrides`: changes to the requests of some paths.

use serde_json::{Map, Value, json};

use super::ApiClient;
use super::call::{Call, CallData};
use super::parse::{ApiClientError, shape};

/// One entry of `overrides`, from the types of the original SDK (`RestApiClientOverride`).
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    path: Option<String>,
    method: Option<String>,
    query: Map<String, Value>,
    headers: Map<String, Value>,
    data: Option<Value>,
}

impl Override {
    pub(super) fn parse_list(value: Option<&Value>) -> Result<Vec<Self>, ApiClientError> {
        match value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().enumerate().map(Self::parse).collect(),
            Some(_) => Err(shape("overrides", "a list")),
        }
    }

    fn parse((index, value): (usize, &Value)) -> Result<Self, ApiClientError> {
        let member = format!("overrides[{index}]");
        let Some(condition) = value.get("match").and_then(Value::as_object) else {
            return Err(shape(&format!("{member}.match"), "an object"));
        };
        let text = |name: &str| match condition.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(shape(&format!("{member}.match.{name}"), "a string")),
        };
        let part = |name: &str| match value.pointer(&format!("/patch/{name}")) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(_) => Err(shape(&format!("{member}.patch.{name}"), "an object")),
        };
        Ok(Self {
            path: text("path")?,
            method: text("method")?,
            query: part("query")?,
            headers: part("headers")?,
            data: value.pointer("/patch/data").cloned(),
        })
    }

    /// Whether requests of `method` for `path`, without its query, are changed.
    pub fn matches(&self, method: &str, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let same_path = |own: &String| own.trim_matches('/') == path.trim_matches('/');
        let same_method = |own: &String| own.eq_ignore_ascii_case(method);
        self.path.as_ref().is_none_or(same_path) && self.method.as_ref().is_none_or(same_method)
    }

    /// Changes `call`: objects are laid over, other data takes the place of what was there.
    pub(super) fn apply(&self, call: &mut Call) {
        lay_over(&mut call.query, &self.query);
        lay_over(&mut call.headers, &self.headers);
        let Some(data) = &self.data else {
            return;
        };
        match (&mut call.data, data) {
            (CallData::Value(own @ Value::Object(_)), Value::Object(members)) => {
                lay_over(own, members);
            }
            (own, data) => *own = CallData::Value(data.clone()),
        }
    }
}

impl ApiClient {
    /// This client with what its overrides add to requests of `method` for `path`; `None` where
    /// they add nothing. Their `data` is for requests whose body is ours to change.
    pub fn overridden(&self, method: &str, path: &str) -> Result<Option<Self>, ApiClientError> {
        let mut matching = self
            .overrides
            .iter()
            .filter(|change| change.matches(method, path))
            .peekable();
        if matching.peek().is_none() {
            return Ok(None);
        }
        let mut call = Call::default();
        for change in matching {
            change.apply(&mut call);
        }
        let options = json!({ "query": call.query, "headers": call.headers });
        self.overlaid(Some(&options), &[]).map(Some)
    }
}

fn lay_over(own: &mut Value, members: &Map<String, Value>) {
    if members.is_empty() {
        return;
    }
    if let Value::Object(own) = own {
        own.extend(members.clone());
    } else {
        *own = Value::Object(members.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matching_request_is_changed() {
        let list = json!([{
            "match": {"path": "/users", "method": "POST"},
            "patch": {"query": {"v": 2}, "headers": {"X": "y"}, "data": {"b": 2}},
        }]);
        let list = Override::parse_list(Some(&list)).unwrap();
        let own = &list[0];
        assert!(own.matches("post", "users?x=1"));
        assert!(!own.matches("GET", "/users"));
        let mut call = Call {
            data: CallData::Value(json!({"a": 1})),
            ..Call::default()
        };
        own.apply(&mut call);
        assert_eq!(call.query, json!({"v": 2}));
        let CallData::Value(data) = call.data else {
            panic!("no data");
        };
        assert_eq!(data, json!({"a": 1, "b": 2}));
    }
}
