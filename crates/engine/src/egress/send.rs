//! Sending one request.

use std::sync::Arc;
use std::time::Duration;

use authbridge_core::request::{Request, Response};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

use super::Egress;
use super::body::{Idle, IncomingBody, Lease, OutgoingBody, Upload};
use super::error::EgressError;
use super::pool::Origin;

/// What is sent again when a kept connection turns out to be dead.
struct Replay {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl Egress {
    /// Sends `request`, whose URI is path and query only, to `origin`; the answer's body comes as
    /// it arrives. Sets `Host`.
    pub async fn send(
        &self,
        origin: &Arc<Origin>,
        mut request: http::Request<OutgoingBody>,
    ) -> Result<http::Response<IncomingBody>, EgressError> {
        request
            .headers_mut()
            .insert(HOST, origin.host_header.clone());
        while let Some(sender) = self.pool.take(origin) {
            let replay = Replay::of(&request);
            match self.exchange(origin, sender, request).await {
                Ok(response) => return Ok(response),
                Err(Failure {
                    unsent: Some(unsent),
                    ..
                }) => request = *unsent,
                Err(Failure {
                    error,
                    unsent: None,
                }) => {
                    // The server may have closed the kept connection just as we wrote to it.
                    let is_broken = matches!(error, EgressError::Http { .. });
                    match replay.filter(|_| is_broken) {
                        Some(replay) => request = replay.into_request(),
                        None => return Err(error),
                    }
                    break;
                }
            }
        }
        let sender = self
            .connector
            .connect(origin, self.deadlines.connect)
            .await?;
        self.exchange(origin, sender, request)
            .await
            .map_err(|failure| failure.error)
    }

    /// Sends `request` and reads its whole answer, up to `limit` bytes.
    pub async fn send_whole(
        &self,
        request: Request,
        limit: usize,
    ) -> Result<Response, EgressError> {
        let host = request
            .target
            .origin
            .host_str()
            .unwrap_or_default()
            .to_owned();
        let invalid = || EgressError::Resolve { host: host.clone() };
        let origin = Origin::of(&request.target.origin)
            .map(Arc::new)
            .ok_or_else(invalid)?;
        let uri = Uri::try_from(request.target.path_and_query).map_err(|_| invalid())?;
        let mut outgoing = http::Request::new(OutgoingBody::from(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = request.headers;
        let (head, body) = self.send(&origin, outgoing).await?.into_parts();
        let host = || origin.host.to_string();
        let body = read_whole(body, limit).await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                EgressError::TooLarge {
                    host: host(),
                    limit,
                }
            } else {
                EgressError::CutShort { host: host() }
            }
        })?;
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    async fn exchange(
        &self,
        origin: &Arc<Origin>,
        mut sender: SendRequest<OutgoingBody>,
        request: http::Request<OutgoingBody>,
    ) -> Result<http::Response<IncomingBody>, Failure> {
        let host = || origin.host.to_string();
        if let Err(source) = sender.ready().await {
            let error = EgressError::Http {
                host: host(),
                source,
            };
            return Err(Failure {
                error,
                unsent: Some(Box::new(request)),
            });
        }
        let upload = request.body().upload();
        let answer = sender.try_send_request(request);
        let response = match in_time(answer, self.deadlines.response_head, upload).await {
            Some(Ok(response)) => response,
            Some(Err(mut error)) => {
                let unsent = error.take_message().map(Box::new);
                let error = broken(&origin.host, error.into_error());
                return Err(Failure { error, unsent });
            }
            None => {
                let error = EgressError::Timeout {
                    host: host(),
                    stage: "to answer",
                };
                return Err(Failure {
                    error,
                    unsent: None,
                });
            }
        };
        let origin = Arc::clone(origin);
        // A connection that changed its protocol is nobody's to use again.
        let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let pool = Arc::clone(&self.pool);
        let lease = (!is_upgraded).then_some(Lease {
            sender,
            origin,
            pool,
        });
        let idle = self.deadlines.idle;
        Ok(response.map(|incoming| IncomingBody::new(incoming, idle, lease)))
    }
}

/// Waits for an answer, at most `limit` long after the last piece of the request was sent.
async fn in_time<T>(
    answer: impl Future<Output = T>,
    limit: Duration,
    upload: Option<Arc<Upload>>,
) -> Option<T> {
    let Some(upload) = upload else {
        return tokio::time::timeout(limit, answer).await.ok();
    };
    tokio::pin!(answer);
    let mut deadline = Instant::now() + limit;
    loop {
        if let Ok(answer) = tokio::time::timeout_at(deadline, &mut answer).await {
            return Some(answer);
        }
        let later = upload.last_piece() + limit;
        if later <= deadline {
            return None;
        }
        deadline = later;
    }
}

/// What the failure of an exchange means: most are the other side's, one is the caller's.
fn broken(host: &str, source: hyper::Error) -> EgressError {
    let cause = std::error::Error::source(&source);
    if cause
        .and_then(|cause| cause.downcast_ref::<Idle>())
        .is_some()
    {
        return EgressError::CallerStalled;
    }
    EgressError::Http {
        host: host.to_owned(),
        source,
    }
}

/// Reads `body` to its end, unless it is longer than `limit`.
async fn read_whole(body: IncomingBody, limit: usize) -> Result<Bytes, super::body::BodyError> {
    Ok(Limited::new(body, limit).collect().await?.to_bytes())
}

struct Failure {
    error: EgressError,
    /// The request, when nothing of it was sent.
    unsent: Option<Box<http::Request<OutgoingBody>>>,
}

impl Replay {
    /// A request can be sent twice when it has no body and its method is safe (RFC 9110 section
    /// 9.2.1).
    fn of(request: &http::Request<OutgoingBody>) -> Option<Self> {
        let is_safe = request.method().is_safe();
        let is_empty = matches!(request.body(), OutgoingBody::Empty);
        (is_safe && is_empty).then(|| Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        })
    }

    fn into_request(self) -> http::Request<OutgoingBody> {
        let mut request = http::Request::new(OutgoingBody::Empty);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_is_waited_for_as_long_as_allowed() {
        let begin = Instant::now();
        let answer = in_time(std::future::pending::<()>(), LIMIT, None).await;
        assert_eq!((answer, begin.elapsed()), (None, LIMIT));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_begins_anew_with_every_piece_of_an_upload() {
        let upload = Upload::start();
        let begin = Instant::now();
        let sending = async {
            for _ in 0..5 {
                tokio::time::sleep(LIMIT / 2).await;
                upload.note_piece();
            }
        };
        let waiting = in_time(
            std::future::pending::<()>(),
            LIMIT,
            Some(Arc::clone(&upload)),
        );
        let ((), answer) = tokio::join!(sending, waiting);
        assert_eq!((answer, begin.elapsed()), (None, LIMIT / 2 * 5 + LIMIT));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_after_a_long_upload_is_taken() {
        let upload = Upload::start();
        let answer = async {
            for _ in 0..5 {
                tokio::time::sleep(LIMIT / 2).await;
                upload.note_piece();
            }
            tokio::time::sleep(LIMIT / 2).await;
        };
        let answer = in_time(answer, LIMIT, Some(Arc::clone(&upload))).await;
        assert_eq!(answer, Some(()));
    }
}
