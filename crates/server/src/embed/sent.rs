//! What a browser sends to the page of a visit.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use url::form_urlencoded;

use super::access::{PASS, Proof};
use super::page;
use super::view::View;
use crate::worker::Worker;

/// The largest form that is taken.
const MOST_BYTES: usize = 256 * 1024;

/// The most fields that one has: each is looked for among all.
const MOST_PAIRS: usize = 4_000;

/// A request for the page of a visit, with the fields of its form if it is one.
pub(super) struct Sent {
    pub(super) view: View<'static>,
    pub(super) query: String,
    pub(super) pairs: Vec<(String, String)>,
    headers: HeaderMap,
}

impl FromRequest<Arc<Worker>> for Sent {
    /// A page that says that it is too large.
    type Rejection = Response;

    async fn from_request(request: Request, worker: &Arc<Worker>) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let view = View::of(&headers);
        let too_large = || {
            let said = (view.texts.problem, view.texts.too_large);
            page::notice(worker, view, StatusCode::PAYLOAD_TOO_LARGE, said)
        };
        let body = Bytes::from_request(request, worker).await;
        let body = body.ok().filter(|body| body.len() <= MOST_BYTES);
        let body = body.ok_or_else(too_large)?;
        let pairs = form_urlencoded::parse(&body).into_owned();
        let pairs: Vec<(String, String)> = pairs.take(MOST_PAIRS + 1).collect();
        if pairs.len() > MOST_PAIRS {
            return Err(too_large());
        }
        Ok(Self {
            view,
            query,
            pairs,
            headers,
        })
    }
}

impl Sent {
    /// The first value of this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What the browser is known by.
    pub(super) fn proof(&self) -> Proof<'_> {
        Proof {
            headers: &self.headers,
            pass: self.value(PASS),
        }
    }
}
