//! Requests of callers that are signed, for auth types that sign each of them.

use std::sync::Arc;

use authbridge_core::auth::AuthError;
use authbridge_core::auth::oauth1::{Body, Signed, Signer, Unsigned};
use authbridge_core::request::Response as Answer;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use url::Url;

use crate::egress::{EgressError, IncomingBody, Origin, OutgoingBody};
use crate::{Engine, EngineError};

/// Bytes of the longest body in which the reason of a refusal is looked for.
const MAX_EXPLANATION: u64 = 16 * 1024;

impl Engine {
    /// Sends `request`, whose target is path and query, to `origin`, signed. One whose body is in
    /// memory is signed and sent once more when the external app says that its clock is another.
    pub async fn send_signed(
        &self,
        signer: &Signer,
        origin: &Arc<Origin>,
        request: Request<OutgoingBody>,
    ) -> Result<Response<IncomingBody>, EngineError> {
        let url = url_of(origin, request.uri())?;
        let copy = copy_of(&request);
        let mut response = self.send_signed_once(signer, origin, &url, request).await?;
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: explanation(origin, &mut response).await?,
        };
        let now = self.shared.effects.now();
        let is_news = self.shared.clocks.learn_from(&url, &answer, now);
        let Some(copy) = copy.filter(|_| is_news) else {
            return Ok(response);
        };
        drop(response);
        self.send_signed_once(signer, origin, &url, copy).await
    }

    async fn send_signed_once(
        &self,
        signer: &Signer,
        origin: &Arc<Origin>,
        url: &Url,
        mut request: Request<OutgoingBody>,
    ) -> Result<Response<IncomingBody>, EngineError> {
        let offset = self.shared.clocks.offset(url);
        let signer = signer.clone().with_clock_offset(offset);
        let whole = whole(request.body());
        let unsigned = Unsigned {
            method: request.method(),
            url: &absolute(origin, request.uri()),
            headers: request.headers(),
            body: whole.as_deref().map_or(Body::Streamed, Body::Whole),
        };
        let added = signer.sign(&unsigned, &self.shared.effects);
        let added = added.map_err(AuthError::from)?;
        add(added, whole.as_deref().unwrap_or_default(), &mut request)?;
        Ok(self.egress.send(origin, request).await?)
    }
}

/// What the body of a refusal says, if it is short: many providers say there only that they do not
/// take a timestamp. No other body is waited for.
async fn explanation(
    origin: &Origin,
    response: &mut Response<IncomingBody>,
) -> Result<Bytes, EgressError> {
    let status = response.status();
    let may_be_refused = status == StatusCode::BAD_REQUEST || status == StatusCode::UNAUTHORIZED;
    if !may_be_refused || response.headers().contains_key(CONTENT_ENCODING) {
        return Ok(Bytes::new());
    }
    let body = response.body_mut().peek(MAX_EXPLANATION).await;
    let body = body.map_err(|_| EgressError::CutShort {
        host: origin.host.to_string(),
    })?;
    Ok(body.unwrap_or_default())
}

/// Puts what signs `request` where it belongs.
fn add(
    signed: Signed,
    body: &[u8],
    request: &mut Request<OutgoingBody>,
) -> Result<(), EngineError> {
    match signed {
        Signed::Header(value) => {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Signed::Query(added) => {
            let with_query = Signed::with_query(&request.uri().to_string(), &added);
            let path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(with_query));
            *request.uri_mut() = path_and_query.map(Uri::from).map_err(|_| unsendable())?;
        }
        Signed::Form(added) => {
            const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
            *request.body_mut() = Signed::with_form(body, &added).into();
            let headers = request.headers_mut();
            headers.entry(CONTENT_TYPE).or_insert(FORM);
            // It was that of the body before.
            headers.remove(CONTENT_LENGTH);
        }
    }
    Ok(())
}

/// The body, where it is in memory.
fn whole(body: &OutgoingBody) -> Option<Bytes> {
    match body {
        OutgoingBody::Empty => Some(Bytes::new()),
        OutgoingBody::Full(bytes) => Some(bytes.clone().unwrap_or_default()),
        OutgoingBody::Stream(_) | OutgoingBody::Made(_) => None,
    }
}

fn copy_of(request: &Request<OutgoingBody>) -> Option<Request<OutgoingBody>> {
    let body = if matches!(request.body(), OutgoingBody::Empty) {
        OutgoingBody::Empty
    } else {
        OutgoingBody::Full(Some(whole(request.body())?))
    };
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// The URL of the request, byte for byte.
fn absolute(origin: &Origin, target: &Uri) -> String {
    let scheme = if origin.is_tls { "https" } else { "http" };
    let host = origin.host_header.to_str().unwrap_or(&origin.host);
    format!("{scheme}://{host}{target}")
}

fn url_of(origin: &Origin, target: &Uri) -> Result<Url, EngineError> {
    absolute(origin, target).parse().map_err(|_| unsendable())
}

fn unsendable() -> EngineError {
    EngineError::bad_request("the path or query has characters that a request cannot carry")
}
