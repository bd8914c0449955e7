//! Running `makeApiClient`.

use authbridge_formula::Mapping;
use serde_json::{Map, Value};

use super::{ApiClient, Defaults};
use crate::auth::AuthError;
use crate::connector::{AuthOption, FunctionName, Implementation};

/// The one member of an API client that is kept as written: its formulas are about responses,
/// and there is none yet.
const HANDLERS: &str = "responseHandlers";

impl ApiClient {
    /// The API client of `option` for the function's arguments `variables`.
    ///
    /// A definition without `makeApiClient` gives a client that adds nothing. Code runs elsewhere,
    /// and its result is for [`ApiClient::from_value`].
    pub fn make(
        option: &AuthOption,
        variables: &Value,
        defaults: Defaults<'_>,
    ) -> Result<Self, AuthError> {
        let Some(function) = option.function(FunctionName::MakeApiClient) else {
            return Ok(Self::from_value(None, defaults)?);
        };
        let value = match &function.implementation {
            Implementation::Mapping(mapping) => evaluate(mapping, variables),
            Implementation::NotSupported => {
                return Err(AuthError::NotSupported {
                    function: function.name.as_str().to_owned(),
                });
            }
            other @ (Implementation::RestApiMapping(_)
            | Implementation::GraphqlApiMapping(_)
            | Implementation::OperationMapping(_)
            | Implementation::Javascript(_)) => {
                return Err(AuthError::KindNotAllowed {
                    function: function.name.as_str(),
                    kind: other.kind(),
                });
            }
        };
        let value = value.unwrap_or_else(|| Value::Object(Map::new()));
        Ok(Self::from_value(Some(&value), defaults)?)
    }
}

/// A member of an API client's options as they are written, be they a mapping's source or what
/// code returned.
pub fn option_of<'a>(options: &'a Value, name: &str) -> Option<&'a Value> {
    let nested = options.get("args").filter(|args| args.is_object());
    nested.unwrap_or(options).get(name)
}

fn evaluate(mapping: &Mapping, variables: &Value) -> Option<Value> {
    let (mut source, is_nested) = match mapping.source().get("args") {
        Some(args) if args.is_object() => (args.clone(), true),
        _ => (mapping.source().clone(), false),
    };
    let handlers = source
        .as_object_mut()
        .and_then(|members| members.shift_remove(HANDLERS));
    let Some(handlers) = handlers else {
        return mapping.evaluate(variables);
    };
    let evaluated = Mapping::compile(&source).evaluate(variables);
    let mut value = evaluated.unwrap_or_else(|| Value::Object(Map::new()));
    if let Value::Object(members) = &mut value {
        members.insert(HANDLERS.to_owned(), handlers);
    }
    Some(if is_nested {
        serde_json::json!({ "args": value })
    } else {
        value
    })
}
