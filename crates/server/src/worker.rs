//! One worker: a thread with its own runtime, its own upstream connections and its own memory of
//! callers. A request's way starts here.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use authbridge_engine::Engine;
use axum::response::IntoResponse as _;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tower_service::Service as _;

use crate::body::ServerBody;
use crate::error::ApiError;
use crate::proxy::{self, ProxyRoute};
use crate::sessions::Sessions;
use crate::{app, cors};

/// An API request, its body included, may take this long.
const API_DEADLINE: Duration = Duration::from_mins(2);

/// What the handlers of one worker share.
pub(crate) struct Worker {
    pub(crate) engine: Engine,
    pub(crate) sessions: Sessions,
}

/// A worker and the router of its API.
pub(crate) struct Service {
    worker: Arc<Worker>,
    router: axum::Router,
}

impl Service {
    pub(crate) fn new(engine: &Engine) -> Self {
        let worker = Arc::new(Worker {
            engine: engine.for_worker(),
            sessions: Sessions::default(),
        });
        Self {
            router: app::router(Arc::clone(&worker)),
            worker,
        }
    }

    /// Answers one request.
    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<ServerBody>, Infallible> {
        if let Some(answer) = cors::preflight(&request) {
            return Ok(answer);
        }
        let is_cross_origin = cors::is_cross_origin(request.headers());
        let mut response = match ProxyRoute::parse(request.uri().path()) {
            Some(_) => proxy::handle(&self.worker, request)
                .await
                .unwrap_or_else(own),
            None => self.api(request).await,
        };
        if is_cross_origin {
            cors::expose(response.headers_mut());
        }
        Ok(response)
    }

    async fn api(&self, request: Request<Incoming>) -> Response<ServerBody> {
        let mut router = self.router.clone();
        match tokio::time::timeout(API_DEADLINE, router.call(request)).await {
            Ok(Ok(response)) => response.map(ServerBody::Own),
            Ok(Err(never)) => match never {},
            Err(_) => own(ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "bad_request",
                "the request took too long",
            )),
        }
    }
}

fn own(error: ApiError) -> Response<ServerBody> {
    error.into_response().map(ServerBody::Own)
}
