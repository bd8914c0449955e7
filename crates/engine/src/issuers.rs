//! What issuers publish about themselves, remembered for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authbridge_core::auth::AuthError;
use authbridge_core::client::Target;
use authbridge_core::request::Request;
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use crate::egress::Egress;
use crate::functions::sending_failed;

/// How long metadata are believed.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The largest document that is read.
const MAX_BYTES: usize = 1 << 20;

/// How many documents are remembered; beyond that, all are forgotten.
const MAX_REMEMBERED: usize = 1024;

/// Metadata by the address where they were found.
#[derive(Default)]
pub(crate) struct Issuers {
    remembered: Mutex<HashMap<Url, (Timestamp, Arc<Value>)>>,
}

impl Issuers {
    /// The JSON object at the first of `urls` that has one.
    pub(crate) async fn metadata(
        &self,
        egress: &Egress,
        urls: &[Url],
        now: Timestamp,
    ) -> Result<Arc<Value>, AuthError> {
        if let Some(found) = urls.iter().find_map(|url| self.remembered(url, now)) {
            return Ok(found);
        }
        for url in urls {
            let response = egress.send_whole(get(url), MAX_BYTES).await;
            let response = response.map_err(|error| sending_failed(&error))?;
            let data = response.data();
            if response.status.is_success() && data.is_object() {
                let data = Arc::new(data);
                self.remember(url.clone(), now, Arc::clone(&data));
                return Ok(data);
            }
        }
        let places: Vec<&str> = urls.iter().map(Url::as_str).collect();
        Err(AuthError::Unavailable {
            reason: format!("the issuer has no metadata at {}", places.join(" or ")),
        })
    }

    fn remembered(&self, url: &Url, now: Timestamp) -> Option<Arc<Value>> {
        let remembered = self.remembered.lock();
        let remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        let (since, data) = remembered.get(url)?;
        let is_fresh = now.duration_since(*since) < LIFETIME;
        is_fresh.then(|| Arc::clone(data))
    }

    fn remember(&self, url: Url, now: Timestamp, data: Arc<Value>) {
        let remembered = self.remembered.lock();
        let mut remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(url, (now, data));
    }
}

fn get(url: &Url) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Request {
        method: Method::GET,
        target: Target {
            origin: url.clone(),
            path_and_query: url.path().to_owned(),
        },
        headers,
        body: Bytes::new(),
    }
}
