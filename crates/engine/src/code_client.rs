//! Requests of callers through API clients that are partly code.

use authbridge_core::client::{ApiClient, Call};
use authbridge_core::connector::FunctionName;
use authbridge_core::request::Response;

use crate::functions::{Exchange, dynamic_options};
use crate::refresh::ConnectionRenewal;
use crate::{Engine, EngineError, PreparedClient, Session};

impl Engine {
    /// The API client for one request: with what `dynamicOptions` adds for it.
    pub async fn client_for_request(
        &self,
        session: &Session,
        client: &PreparedClient,
        call: &Call,
    ) -> Result<ApiClient, EngineError> {
        let id = client.connection_id.as_str();
        let connection = self.connection(session, id).await?;
        let opened = self.open(session, connection).await?;
        let runner = self.runner(session, &opened.setup, &opened.owner, None)?;
        let options = dynamic_options(&runner, &opened.arguments, call).await?;
        Ok(runner.overlaid(&client.api, options.as_ref())?)
    }

    /// A request by the methods of a client that is code. Expired credentials are renewed once.
    pub async fn request_by_code(
        &self,
        session: &Session,
        client: &PreparedClient,
        call: &Call,
    ) -> Result<Response, EngineError> {
        let id = client.connection_id.as_str();
        let connection = self.connection(session, id).await?;
        let opened = self.open(session, connection).await?;
        let renewal = ConnectionRenewal {
            engine: self,
            session,
            connection: &opened.connection,
            generation: opened.generation,
        };
        let runner = self.runner(session, &opened.setup, &opened.owner, Some(&renewal))?;
        let function = FunctionName::MakeApiClient.as_str();
        let exchange = Exchange::new(&runner, function, &opened.arguments)
            .with_client(client.api.clone())
            .await;
        match Box::pin(exchange.request(call)).await {
            Ok(answer) => Ok(answer.response),
            Err(failure) => Err(failure.error.into()),
        }
    }
}
