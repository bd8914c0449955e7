//! `integration-app-token` and `membrane-token`: the workspace's signed token is the credential.

use async_trait::async_trait;
use http::HeaderName;

use super::{
    Arguments, AuthContext, AuthError, AuthFlow, Begin, Connected, Issued, Start, check_input,
};
use crate::SecretJson;
use crate::connector::{AuthOption, AuthType};

/// The header of the older type, which the newer one sends as well.
pub const INTEGRATION_APP_TOKEN: HeaderName = HeaderName::from_static("x-integration-app-token");

/// The header of `membrane-token`.
pub const MEMBRANE_TOKEN: HeaderName = HeaderName::from_static("x-membrane-token");

/// The headers in which options of `auth_type` send the workspace's token; none for other types.
pub fn headers(auth_type: AuthType) -> Vec<HeaderName> {
    match auth_type {
        AuthType::IntegrationAppToken => vec![INTEGRATION_APP_TOKEN],
        AuthType::MembraneToken => vec![MEMBRANE_TOKEN, INTEGRATION_APP_TOKEN],
        AuthType::ClientCredentials | AuthType::OAuth2 | AuthType::OAuth1 | AuthType::Proxy => {
            Vec::new()
        }
    }
}

/// The flow of both types: there is nothing to ask and nothing to keep, unless the definition
/// has a form all the same.
pub(super) struct PlatformToken;

#[async_trait]
impl AuthFlow for PlatformToken {
    async fn begin(
        &self,
        _context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: Arguments,
        _start: &Start<'_>,
    ) -> Result<Begin, AuthError> {
        let input = check_input(
            option.input_schema.as_ref(),
            arguments.connection_input.expose(),
        )?;
        let input = SecretJson::new(input);
        Ok(Begin::Complete(Connected {
            issued: Issued::of(option, input.clone()),
            input,
        }))
    }
}
