//! Actions that interfaces serve by themselves (`expose: true`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actions::ActionResult;
use super::{NamedPair, Shared};
use crate::access::AnyToken;
use crate::error::ApiError;
use crate::logs::Collecting;
use crate::wire::JsonBody;
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new().routes(routes!(run))
}

/// Runs an action of an interface that has `expose: true`. The body is the input itself. The
/// caller is a customer: by its token, or by an `X-Integration-App-Token` that the workspace signed.
#[utoipa::path(post, path = "/interfaces/{element}/actions/{action}", tag = "interfaces",
    params(("element" = String, Path), ("action" = String, Path),
        ("X-Integration-App-Token" = Option<String>, Header)),
    request_body = Object,
    responses((status = 200, body = ActionResult), (status = 400, body = crate::wire::Error),
        (status = 401, body = crate::wire::Error), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn run(
    State(worker): Shared,
    Collecting(engine): Collecting,
    AnyToken(session): AnyToken,
    NamedPair(interface, action): NamedPair,
    JsonBody(input): JsonBody,
) -> Result<Json<ActionResult>, ApiError> {
    let output = engine
        .run_exposed_action(&session, &interface, &action, input)
        .await?;
    Ok(ActionResult::of(&worker, output))
}
