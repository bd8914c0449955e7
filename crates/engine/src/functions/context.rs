//! What auth types may do to the world.

use std::sync::Arc;

use async_trait::async_trait;
use authbridge_core::Effects;
use authbridge_core::auth::{Arguments, AuthContext, AuthError};
use authbridge_core::connector::FunctionName;
use authbridge_core::request::{Request, Response};
use jiff::SignedDuration;
use serde_json::Value;
use url::Url;

use super::exchange::sending_failed;
use super::{FunctionRunner, Step};

/// The largest answer of a token endpoint that is read.
const MAX_TOKEN_RESPONSE: usize = 1 << 20;

#[async_trait]
impl AuthContext for FunctionRunner<'_> {
    async fn call(
        &mut self,
        function: FunctionName,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let Some(function) = self.option.function(function) else {
            return Ok(None);
        };
        let step = Step::new(function.name.as_str(), &function.implementation);
        self.run(step, arguments).await
    }

    async fn send(&mut self, request: Request) -> Result<Response, AuthError> {
        let _turn = match self.hosts {
            Some(hosts) => hosts.turn(&request.target.origin).await,
            None => None,
        };
        let sending = self.egress.send_whole(request, MAX_TOKEN_RESPONSE);
        sending.await.map_err(|error| sending_failed(&error))
    }

    async fn metadata(&mut self, urls: &[Url]) -> Result<Arc<Value>, AuthError> {
        let now = self.effects.now();
        self.issuers.metadata(self.egress, urls, now).await
    }

    fn effects(&self) -> &Effects {
        self.effects
    }

    fn clock_offset(&self, url: &Url) -> SignedDuration {
        self.clocks.offset(url)
    }

    fn remember_clock(&self, url: &Url, offset: SignedDuration) {
        self.clocks.learn(url, offset);
    }
}
