//! Renewing credentials by the definition's `refreshCredentials`.

use serde_json::Value;

use super::expiry::{add_point, forget_expiry};
use super::{Arguments, AuthContext, AuthError, Issued};
use crate::SecretJson;
use crate::connector::{AuthOption, FunctionName};

/// Runs `refreshCredentials`. What it returns is laid over the credentials, so that it may return
/// only what changed (membrane-connectors reference, section 1.10).
pub(super) async fn by_function(
    context: &mut dyn AuthContext,
    option: &AuthOption,
    arguments: &Arguments,
) -> Result<Issued, AuthError> {
    let name = FunctionName::RefreshCredentials;
    let Some(fresh) = context.call(name, arguments).await? else {
        return Err(AuthError::NotRefreshable(
            "`refreshCredentials` is missing, or returned nothing",
        ));
    };
    let Value::Object(fresh) = fresh else {
        return Err(AuthError::Returned {
            function: name.as_str(),
            expected: "an object",
        });
    };
    let mut credentials = match arguments.credentials.as_ref().map(SecretJson::expose) {
        Some(Value::Object(credentials)) => credentials.clone(),
        _ => serde_json::Map::new(),
    };
    forget_expiry(&mut credentials, &fresh);
    credentials.extend(fresh);
    add_point(&mut credentials, context.effects().now());
    let credentials = SecretJson::new(Value::Object(credentials));
    Ok(Issued::of(option, credentials))
}
