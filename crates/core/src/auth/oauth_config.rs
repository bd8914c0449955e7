//! Running `getOAuthConfig`, for `oauth1` and `oauth2`.

use serde_json::{Map, Value, json};

use super::members::Members;
use super::oauth2::config::{FAILURES, GRANT_TYPE, SCOPES, scopes_in};
use super::{Arguments, AuthContext, AuthError, Start};
use crate::connector::{AuthOption, FunctionName, Implementation, Mapping};

/// What `getOAuthConfig` returns.
pub(super) async fn value(
    context: &mut dyn AuthContext,
    option: &AuthOption,
    arguments: &Arguments,
    start: &Start<'_>,
) -> Result<Option<Value>, AuthError> {
    let own = json!({ "redirectUri": start.redirect_uri, "state": start.state });
    let arguments = arguments.with_own(own);
    let mut value = context
        .call(FunctionName::GetOAuthConfig, &arguments)
        .await?;
    keep_rules(option, value.as_mut());
    Ok(value)
}

/// The scopes that a user will be asked for, as far as they are known before with `arguments`: code
/// is not run for this, and a formula about something that is not there yet gives nothing.
pub fn scopes_asked_for(option: &AuthOption, arguments: &Arguments) -> Vec<String> {
    let function = option.function(FunctionName::GetOAuthConfig);
    let Some(Implementation::Mapping(mapping)) = function.map(|function| &function.implementation)
    else {
        return Vec::new();
    };
    // Alone, since the rest of the configuration has secrets in it.
    let variables = arguments.to_variables();
    let mut config = Map::new();
    for name in [GRANT_TYPE, SCOPES] {
        let source = mapping.source().get(name);
        let value = source.and_then(|source| Mapping::compile(source).evaluate(&variables));
        config.insert(name.to_owned(), value.unwrap_or_default());
    }
    let config = Value::Object(config);
    let Ok(members) = Members::of(Some(&config), &[GRANT_TYPE, SCOPES], &[]) else {
        return Vec::new();
    };
    // Other grants ask no user.
    let asks = match members.value(GRANT_TYPE) {
        None => true,
        Some(grant) => grant == "authorization_code",
    };
    let scopes = members.texts(SCOPES, scopes_in);
    scopes.ok().filter(|_| asks).unwrap_or_default()
}

/// In a mapping, the rules on failures stay as they are written: their formulas are about
/// answers, and there is none yet.
fn keep_rules(option: &AuthOption, value: Option<&mut Value>) {
    let function = option.function(FunctionName::GetOAuthConfig);
    let Some(Implementation::Mapping(mapping)) = function.map(|function| &function.implementation)
    else {
        return;
    };
    let rules = mapping.source().get(FAILURES);
    if let (Some(rules), Some(Value::Object(members))) = (rules, value) {
        members.insert(FAILURES.to_owned(), rules.clone());
    }
}
