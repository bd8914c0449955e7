//! The functions among what `makeApiClient` in JavaScript returned.

use serde_json::{Map, Value};

/// How the sandbox writes a function into a result, since functions are not data.
const FUNCTION: &str = "$function";

/// The methods through which a client of code may be called, besides [`REQUEST`].
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A method that takes the whole request as one object.
const REQUEST: [&str; 2] = ["makeApiRequest", "request"];

/// Which functions an API client has. Each runs in the sandbox: `makeApiClient` first, then the
/// function on what it returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCode {
    /// `dynamicOptions(request)`: more options, for one request.
    pub has_dynamic_options: bool,
    /// `onError(error)`: what to throw, or return, where a request failed.
    pub has_on_error: bool,
    methods: Vec<&'static str>,
}

impl ClientCode {
    pub(super) fn of(members: &Map<String, Value>) -> Self {
        let has = |name: &str| members.get(name).is_some_and(is_function);
        let methods = METHODS.into_iter().chain(REQUEST);
        Self {
            has_dynamic_options: has("dynamicOptions"),
            has_on_error: has("onError"),
            methods: methods.filter(|name| has(name)).collect(),
        }
    }

    /// Whether requests are made by the client's own methods.
    pub const fn is_client(&self) -> bool {
        !self.methods.is_empty()
    }

    /// Whether anything of it runs for a request.
    pub const fn is_empty(&self) -> bool {
        !self.has_dynamic_options && !self.has_on_error && self.methods.is_empty()
    }

    /// The client's method for requests of the HTTP method `method`, and whether it takes the
    /// whole request as one object.
    pub fn method(&self, method: &str) -> Option<(&'static str, bool)> {
        let named = |name: &str| self.methods.iter().copied().find(|known| *known == name);
        if let Some(name) = named(&method.to_ascii_lowercase()) {
            return Some((name, false));
        }
        REQUEST
            .into_iter()
            .find_map(|name| named(name).map(|name| (name, true)))
    }
}

/// Whether a value of a result stands for a function.
pub(super) fn is_function(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|members| members.len() == 1 && members.contains_key(FUNCTION))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn functions_are_told_from_data() {
        let value = json!({
            "get": {"$function": true}, "request": {"$function": true},
            "dynamicOptions": {"$function": true}, "onError": null, "post": "text",
        });
        let code = ClientCode::of(value.as_object().unwrap());
        assert!(code.is_client() && code.has_dynamic_options && !code.has_on_error);
        assert_eq!(code.method("GET"), Some(("get", false)));
        assert_eq!(code.method("POST"), Some(("request", true)));
    }
}
