//! Requests of functions that are signed, for auth types that sign each of them.

use authbridge_core::auth::oauth1::Signer;
use authbridge_core::auth::{self, Arguments, AuthError, Start};
use authbridge_core::request::{Request, Response};

use super::FunctionRunner;
use super::exchange::sending_failed;

impl FunctionRunner<'_> {
    /// What signs requests made with `arguments`.
    pub(super) async fn signer(&self, arguments: &Arguments) -> Result<Option<Signer>, AuthError> {
        if let Some(parent) = &self.parent {
            let arguments = parent.arguments(arguments);
            let signing = Box::pin(parent.runner.signer(&arguments));
            return signing.await;
        }
        let flow = auth::flow(self.option.auth_type)?;
        let start = Start {
            redirect_uri: "",
            state: "",
        };
        let mut context = self.clone();
        let signing = flow.signer(&mut context, self.option, arguments, &start);
        signing.await
    }
}

/// Sends `request`, signed. If the external app's clock is another, it is signed once more by that.
pub(super) async fn send(
    runner: &FunctionRunner<'_>,
    signer: &Signer,
    request: Request,
    limit: usize,
) -> Result<Response, AuthError> {
    let origin = request.target.origin.clone();
    let response = send_once(runner, signer, request.clone(), limit).await?;
    let now = runner.effects.now();
    if runner.clocks.learn_from(&origin, &response, now) {
        return send_once(runner, signer, request, limit).await;
    }
    Ok(response)
}

async fn send_once(
    runner: &FunctionRunner<'_>,
    signer: &Signer,
    mut request: Request,
    limit: usize,
) -> Result<Response, AuthError> {
    let offset = runner.clocks.offset(&request.target.origin);
    let signer = signer.clone().with_clock_offset(offset);
    signer.sign_request(&mut request, runner.effects)?;
    let sending = runner.egress.send_whole(request, limit);
    sending.await.map_err(|error| sending_failed(&error))
}
