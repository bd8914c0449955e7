//! Running `getOAuthConfig`, for `oauth1` and `oauth2`.

use serde_json::{Value, json};

use super::oauth2::config::FAILURES;
use super::{Arguments, AuthContext, AuthError, Start};
use crate::connector::{AuthOption, FunctionName, Implementation};

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
