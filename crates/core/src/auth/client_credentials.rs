//! `client-credentials`: the user types credentials, such as an API key, into a form.
//!
//! Not the OAuth2 grant of that name (membrane-connectors reference, section 1.4).

use async_trait::async_trait;
use serde_json::Value;

use super::{
    Arguments, AuthContext, AuthError, AuthFlow, Begin, Connected, Issued, Start, check_input,
};
use crate::SecretJson;
use crate::connector::{AuthOption, FunctionName};

/// The flow of `client-credentials`.
pub(super) struct ClientCredentials;

#[async_trait]
impl AuthFlow for ClientCredentials {
    async fn begin(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        mut arguments: Arguments,
        _start: &Start<'_>,
    ) -> Result<Begin, AuthError> {
        let input = check_input(
            option.input_schema.as_ref(),
            arguments.connection_input.expose(),
        )?;
        arguments.connection_input = SecretJson::new(input.clone());
        let function = FunctionName::GetCredentialsFromConnectionParameters;
        let extra = context.call(function, &arguments).await?;
        let credentials = merge(input, extra)?;
        Ok(Begin::Complete(Connected {
            issued: Issued::of(option, credentials),
            input: arguments.connection_input,
        }))
    }
}

/// The input becomes the credentials; what the function returns is laid over it.
fn merge(input: Value, extra: Option<Value>) -> Result<SecretJson, AuthError> {
    match (input, extra) {
        (input, None | Some(Value::Null)) => Ok(SecretJson::new(input)),
        (Value::Object(mut members), Some(Value::Object(extra))) => {
            members.extend(extra);
            Ok(SecretJson::new(Value::Object(members)))
        }
        _ => Err(AuthError::Returned {
            function: FunctionName::GetCredentialsFromConnectionParameters.as_str(),
            expected: "an object",
        }),
    }
}
