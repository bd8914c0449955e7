//! Running one function alone, as the author of a connector does who tests it.

use authbridge_core::SecretJson;
use authbridge_core::auth::AuthContext as _;
use authbridge_core::connector::FunctionName;
use serde_json::Value;

use crate::{ConnectRequest, Engine, EngineError, Session};

impl Engine {
    /// Runs a function of auth with what a connection has, and with more arguments in `own`, an
    /// object or null. Nothing is kept of what it returns; `None` where the connector does not
    /// have the function, or where it returned nothing.
    pub async fn try_function(
        &self,
        session: &Session,
        connection: &str,
        function: FunctionName,
        own: SecretJson,
    ) -> Result<Option<Value>, EngineError> {
        session.require_admin()?;
        let connection = self.connection(session, connection).await?;
        let opened = self.open(session, connection).await?;
        let mut arguments = opened.arguments.clone();
        arguments.own = own;
        if comes_before_credentials(function) {
            arguments.credentials = None;
        }
        let mut runner = self.runner(session, &opened.setup, &opened.owner, None)?;
        if function == FunctionName::MakeApiClient {
            // Its author gave the credentials, and reads what it makes of them.
            runner.parent = None;
            arguments.withholds_credentials = false;
        }
        Ok(runner.call(function, &arguments).await?)
    }

    /// Runs a function of auth as it would run while an account is being connected as `request`
    /// says, with more arguments in `own`. Nothing is connected; what is returned is as in
    /// [`Engine::try_function`].
    pub async fn try_function_before_connecting(
        &self,
        session: &Session,
        request: &ConnectRequest,
        function: FunctionName,
        own: SecretJson,
    ) -> Result<Option<Value>, EngineError> {
        request.check_authority(session)?;
        let setup = self.setup_for(session, request).await?;
        let customer = self.owner(session, request.customer.as_deref()).await?;
        let mut arguments = setup.account_arguments(request);
        arguments.own = own;
        let mut runner = self.runner(session, &setup, &customer, None)?;
        Ok(runner.call(function, &arguments).await?)
    }
}

/// Whether a function runs while there is no connection yet.
const fn comes_before_credentials(function: FunctionName) -> bool {
    match function {
        FunctionName::GetOAuthConfig
        | FunctionName::GetTokenData
        | FunctionName::GetCredentialsFromConnectionParameters
        | FunctionName::GetCredentialsFromAccessTokenResponse => true,
        FunctionName::MakeApiClient
        | FunctionName::Test
        | FunctionName::GetCredentialsFromRefreshTokenResponse
        | FunctionName::RefreshCredentials
        | FunctionName::Disconnect => false,
    }
}
