//! Pages of the original product about what this engine does not have. They say so; without them
//! the SDK would wait for a page that never greets it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;

use super::page;
use super::view::View;
use crate::routes::Shared;
use crate::worker::Worker;

/// What there are pages about elsewhere.
const NOUNS: [&str; 5] = [
    "action-instances",
    "data-source-instances",
    "field-mapping-instances",
    "flow-instances",
    "flow-runs",
];

pub(super) fn router() -> OpenApiRouter<Arc<Worker>> {
    let mut router = OpenApiRouter::new().route("/screens/agent-session", get(absent).post(absent));
    for root in ["embed", "isolated-embed"] {
        for noun in NOUNS {
            router = router.route(&format!("/{root}/{noun}/{{*page}}"), get(absent));
        }
    }
    router
}

async fn absent(State(worker): Shared, view: View<'static>) -> Response {
    let said = (view.texts.nothing_here, view.texts.nothing_why);
    // With an error status some clients would not show the page.
    page::notice(&worker, view, StatusCode::OK, said)
}
