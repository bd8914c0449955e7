//! One worker: a thread with its own runtime, its own upstream connections and its own memory of
//! callers. A request's way starts here.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use authbridge_engine::{Engine, LogSink};
use axum::response::IntoResponse as _;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tower_service::Service as _;

use crate::body::ServerBody;
use crate::embed::Visits;
use crate::error::ApiError;
use crate::proxy::{self, ProxyRoute};
use crate::sessions::Sessions;
use crate::{app, cors, logs};

/// What the handlers of one worker share.
pub(crate) struct Worker {
    pub(crate) engine: Engine,
    pub(crate) sessions: Sessions,
    /// The same for all workers.
    pub(crate) visits: Arc<Visits>,
}

/// A worker and the router of its API.
pub(crate) struct Service {
    worker: Arc<Worker>,
    router: axum::Router,
    api_deadline: Duration,
}

impl Service {
    pub(crate) fn new(engine: &Engine, visits: &Arc<Visits>, api_deadline: Duration) -> Self {
        let worker = Arc::new(Worker {
            engine: engine.for_worker(),
            sessions: Sessions::default(),
            visits: Arc::clone(visits),
        });
        Self {
            router: app::router(Arc::clone(&worker)),
            worker,
            api_deadline,
        }
    }

    /// Waits until no refresh is under way.
    pub(crate) async fn refreshes_finished(&self) {
        self.worker.engine.refreshes_finished().await;
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

    /// Runs in a task of its own: a caller who hangs up must not stop what it asked for half way,
    /// such as between a change and its entry in the audit log.
    async fn api(&self, mut request: Request<Incoming>) -> Response<ServerBody> {
        let sink = logs::wanted(request.uri().query()).then(LogSink::default);
        if let Some(sink) = &sink {
            request.extensions_mut().insert(sink.clone());
        }
        let response = self.answer(request).await;
        match sink {
            Some(sink) => logs::add(response, &sink).await.map(ServerBody::Own),
            None => response.map(ServerBody::Own),
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> axum::response::Response {
        let answer = self.router.clone().call(request);
        let work = tokio::spawn(tokio::time::timeout(self.api_deadline, answer));
        match work.await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_)) => ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "bad_request",
                "the request took too long",
            )
            .into_response(),
            Err(error) => ApiError::internal(&error).into_response(),
        }
    }
}

fn own(error: ApiError) -> Response<ServerBody> {
    error.into_response().map(ServerBody::Own)
}
