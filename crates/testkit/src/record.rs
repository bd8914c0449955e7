//! What the provider saw.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;
use bytes::Bytes;
use http::{HeaderMap, Method, request};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Bytes of a body that the record keeps.
const KEPT_PREFIX: usize = 4 * 1024;

/// Bytes of a body that are kept while its request is answered, for `/echo` and `/login`.
const HELD_PREFIX: usize = 64 * 1024;

/// One request as it arrived.
#[derive(Clone)]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// Path and query exactly as they came, not decoded.
    pub path_and_query: String,
    /// All headers; the names are in lower case.
    pub headers: HeaderMap,
    /// The body as far as it has arrived.
    pub body: SeenBody,
}

/// Names of headers only, and no query: values are credentials.
impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        formatter
            .debug_struct("Seen")
            .field("method", &self.method)
            .field("path", &path)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .finish()
    }
}

/// A body in short.
#[derive(Clone, Eq, PartialEq)]
pub struct SeenBody {
    /// Bytes that arrived.
    pub length: u64,
    /// SHA-256 of those bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// The first 4 KiB.
    pub prefix: Bytes,
    /// Whether the body came to its end.
    pub complete: bool,
}

impl fmt::Debug for SeenBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SeenBody")
            .field("length", &self.length)
            .field("sha256", &self.sha256)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

/// The last requests, oldest first.
pub(crate) struct Record {
    limit: usize,
    entries: Mutex<VecDeque<Arc<Entry>>>,
}

impl Record {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            entries: Mutex::default(),
        }
    }

    /// Writes down the head of a request; the entry takes its body as it arrives.
    pub(crate) fn begin(&self, head: &request::Parts) -> Arc<Entry> {
        let entry = Arc::new(Entry::new(head));
        let mut entries = unpoisoned(&self.entries);
        entries.push_back(Arc::clone(&entry));
        while entries.len() > self.limit {
            entries.pop_front();
        }
        entry
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        unpoisoned(&self.entries)
            .iter()
            .map(|entry| entry.seen())
            .collect()
    }

    pub(crate) fn forget(&self) {
        unpoisoned(&self.entries).clear();
    }
}

/// One request of the [`Record`].
pub(crate) struct Entry {
    method: Method,
    path_and_query: String,
    headers: HeaderMap,
    body: Mutex<Arriving>,
}

impl Entry {
    fn new(head: &request::Parts) -> Self {
        Self {
            method: head.method.clone(),
            path_and_query: head
                .uri
                .path_and_query()
                .map_or_else(|| head.uri.to_string(), ToString::to_string),
            headers: head.headers.clone(),
            body: Mutex::new(Arriving::new()),
        }
    }

    /// Notes bytes of the body.
    pub(crate) fn arrived(&self, data: &[u8]) {
        unpoisoned(&self.body).add(data);
    }

    /// Notes that the body has ended.
    pub(crate) fn ended(&self) {
        unpoisoned(&self.body).complete = true;
    }

    fn seen(&self) -> Seen {
        Seen {
            method: self.method.clone(),
            path_and_query: self.path_and_query.clone(),
            headers: self.headers.clone(),
            body: unpoisoned(&self.body).summary(),
        }
    }
}

struct Arriving {
    length: u64,
    digest: digest::Context,
    prefix: Vec<u8>,
    complete: bool,
}

impl Arriving {
    fn new() -> Self {
        Self {
            length: 0,
            digest: digest::Context::new(&digest::SHA256),
            prefix: Vec::new(),
            complete: false,
        }
    }

    fn add(&mut self, data: &[u8]) {
        self.length += data.len() as u64;
        self.digest.update(data);
        append_up_to(&mut self.prefix, data, KEPT_PREFIX);
    }

    fn summary(&self) -> SeenBody {
        SeenBody {
            length: self.length,
            sha256: hexadecimal(self.digest.clone().finish().as_ref()),
            prefix: Bytes::copy_from_slice(&self.prefix),
            complete: self.complete,
        }
    }
}

/// A request body that has arrived as a whole; only its beginning is still in memory.
#[derive(Debug)]
pub(crate) struct Received {
    /// Length, digest and the recorded prefix.
    pub(crate) summary: SeenBody,
    /// The body, unless it is longer than 64 KiB.
    pub(crate) small: Option<Vec<u8>>,
}

/// Reads a body to its end in constant memory, noting it in `entry`.
pub(crate) async fn receive(mut body: Incoming, entry: &Entry) -> Result<Received, hyper::Error> {
    let mut held = Vec::new();
    while let Some(frame) = body.frame().await.transpose()? {
        let Some(data) = frame.data_ref() else {
            continue;
        };
        entry.arrived(data);
        append_up_to(&mut held, data, HELD_PREFIX);
    }
    entry.ended();
    let summary = unpoisoned(&entry.body).summary();
    let is_small = summary.length <= HELD_PREFIX as u64;
    Ok(Received {
        summary,
        small: is_small.then_some(held),
    })
}

fn append_up_to(buffer: &mut Vec<u8>, data: &[u8], limit: usize) {
    let room = limit.saturating_sub(buffer.len());
    buffer.extend(data.iter().take(room));
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// A panic elsewhere must not hide what was recorded before it.
pub(crate) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(path: &str) -> request::Parts {
        http::Request::get(path)
            .header("x-api-key", "k-1")
            .body(())
            .unwrap()
            .into_parts()
            .0
    }

    #[test]
    fn the_oldest_requests_are_forgotten_first() {
        let record = Record::new(2);
        for path in ["/1", "/2", "/3"] {
            record.begin(&head(path));
        }
        let paths: Vec<_> = record
            .seen()
            .into_iter()
            .map(|seen| seen.path_and_query)
            .collect();
        assert_eq!(paths, ["/2", "/3"]);
    }

    #[test]
    fn a_long_body_is_recorded_by_its_prefix_length_and_digest() {
        let record = Record::new(2);
        let entry = record.begin(&head("/"));
        entry.arrived(&[b'a'; 3000]);
        entry.arrived(&[b'a'; 3000]);
        let body = record.seen().remove(0).body;
        assert_eq!(body.length, 6000);
        assert_eq!(body.prefix.len(), KEPT_PREFIX);
        assert!(!body.complete);
    }

    #[test]
    fn the_digest_is_that_of_fips_180() {
        let mut arriving = Arriving::new();
        arriving.add(b"a");
        arriving.add(b"bc");
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(arriving.summary().sha256, expected);
    }

    #[test]
    fn debug_output_has_no_values_of_headers_or_query() {
        let record = Record::new(1);
        record.begin(&head("/me?api_key=k-2"));
        let printed = format!("{:?}", record.seen());
        assert!(
            printed.contains("x-api-key") && printed.contains("/me"),
            "{printed}"
        );
        assert!(
            !printed.contains("k-1") && !printed.contains("k-2"),
            "{printed}"
        );
    }
}
