//! Renewing credentials by the definition's `refreshCredentials`.

use serde_json::Value;

use super::{Arguments, AuthContext, AuthError};
use crate::SecretJson;
use crate::connector::FunctionName;

/// Runs `refreshCredentials`. What it returns is laid over the credentials, so that it may return
/// only what changed (membrane-connectors reference, section 1.10).
pub(super) async fn by_function(
    context: &mut dyn AuthContext,
    arguments: &Arguments,
) -> Result<SecretJson, AuthError> {
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
    Ok(SecretJson::new(Value::Object(credentials)))
}

/// An old point in time must not outlive the token it was about.
fn forget_expiry(
    credentials: &mut serde_json::Map<String, Value>,
    fresh: &serde_json::Map<String, Value>,
) {
    const EXPIRY: [&str; 4] = ["expires_at", "expiresAt", "expires_in", "expiresIn"];
    if EXPIRY.iter().any(|name| fresh.contains_key(*name)) {
        for name in EXPIRY {
            credentials.shift_remove(name);
        }
    }
}
