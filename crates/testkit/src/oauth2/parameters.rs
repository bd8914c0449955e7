//! The parameters of a request.

use http::request;
use serde_json::{Map, Value};

use super::options::TokenRequestFormat;
use super::refusal::Refusal;
use crate::query;

/// The parameters of a request, decoded. Values may be credentials.
pub(super) struct Parameters(Vec<(String, String)>);

/// The one parameter that may occur several times (RFC 8707 section 2).
const REPEATABLE: &str = "resource";

impl Parameters {
    /// The parameters of a query or form. Only `resource` may occur several times (RFC 6749
    /// section 3.2).
    pub(super) fn of_form(form: Option<&str>) -> Result<Self, Refusal> {
        let pairs = query::pairs(form)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self::checked(pairs)
    }

    /// The parameters of a token request, from where `format` says; of one by GET, from the query.
    pub(super) fn of_token_request(
        head: &request::Parts,
        body: &[u8],
        format: TokenRequestFormat,
    ) -> Result<Self, Refusal> {
        if head.method == http::Method::GET {
            return Self::of_form(head.uri.query());
        }
        let is_of = |kind: &str| {
            head.headers
                .get(http::header::CONTENT_TYPE)
                .is_some_and(|given| given.as_bytes().starts_with(kind.as_bytes()))
        };
        match format {
            TokenRequestFormat::Query => Self::of_form(head.uri.query()),
            TokenRequestFormat::Form => {
                if !is_of("application/x-www-form-urlencoded") {
                    return Err(Refusal::request("the body must be a form"));
                }
                let form = str::from_utf8(body).map_err(|_| Refusal::request("not UTF-8"))?;
                Self::of_form(Some(form))
            }
            TokenRequestFormat::Json => {
                if !is_of("application/json") {
                    return Err(Refusal::request("the body must be JSON"));
                }
                let members: Map<String, Value> = serde_json::from_slice(body)
                    .map_err(|_| Refusal::request("the body is not a JSON object"))?;
                Self::checked(members.into_iter().flat_map(of_member).collect())
            }
        }
    }

    /// The value of a parameter that is there and not empty (RFC 6749 section 3.2: without a value
    /// it counts as left out).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::request(&format!("`{name}` is missing")))
    }

    fn checked(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut names: Vec<&str> = pairs
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != REPEATABLE)
            .collect();
        names.sort_unstable();
        let repeated = names.array_windows().find(|[one, other]| one == other);
        match repeated {
            Some([name, _]) => Err(Refusal::request(&format!("`{name}` occurs several times"))),
            None => Ok(Self(pairs)),
        }
    }
}

/// The parameters in a member of a JSON body; a list is one that occurs several times.
fn of_member((name, value): (String, Value)) -> Vec<(String, String)> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![(name, text)],
        Value::Array(items) => items
            .into_iter()
            .flat_map(|item| of_member((name.clone(), item)))
            .collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![(name, value.to_string())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_a_value_is_not_there() {
        let parameters = Parameters::of_form(Some("a=&b=x+y")).ok().unwrap();
        assert_eq!(parameters.get("a"), None);
        assert_eq!(parameters.get("b"), Some("x y"));
        assert!(parameters.required("c").is_err());
    }

    #[test]
    fn only_resource_may_occur_several_times() {
        assert!(Parameters::of_form(Some("resource=a&resource=b")).is_ok());
        assert!(Parameters::of_form(Some("scope=a&x=1&scope=b")).is_err());
    }
}
