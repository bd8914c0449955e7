//! How far the clocks of external apps are from ours, as far as they told us when they refused
//! a timestamp.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use authbridge_core::auth::oauth1::clock_offset;
use authbridge_core::request::Response;
use jiff::{SignedDuration, Timestamp};
use url::Url;

/// How many are remembered; beyond that, all are forgotten.
const MAX_REMEMBERED: usize = 1024;

/// Closer than this two offsets are the same: to sign by the other would change nothing.
const SAME: SignedDuration = SignedDuration::from_secs(5);

/// Offsets by host and port.
#[derive(Default)]
pub(crate) struct Clocks {
    offsets: Mutex<HashMap<String, SignedDuration>>,
}

impl Clocks {
    /// How far the clock of the host of `url` is ahead of ours.
    pub(crate) fn offset(&self, url: &Url) -> SignedDuration {
        self.offsets()
            .get(authority(url))
            .copied()
            .unwrap_or(SignedDuration::ZERO)
    }

    /// Learns from the answer to a request to `url` that was signed by what is known of its
    /// clock. Tells whether there is news, so that a request is worth another try.
    pub(crate) fn learn_from(&self, url: &Url, response: &Response, now: Timestamp) -> bool {
        let known = self.offset(url);
        let theirs = now.checked_add(known).unwrap_or(now);
        match clock_offset(response, theirs) {
            Some(ahead) => self.learn(url, known.saturating_add(ahead)),
            None => false,
        }
    }

    /// Remembers that the clock of the host of `url` is `offset` ahead of ours, and tells whether
    /// that is news.
    pub(crate) fn learn(&self, url: &Url, offset: SignedDuration) -> bool {
        let mut offsets = self.offsets();
        let known = offsets.get(authority(url)).copied();
        let difference = offset.saturating_sub(known.unwrap_or(SignedDuration::ZERO));
        if difference.abs() < SAME {
            return false;
        }
        if offsets.len() >= MAX_REMEMBERED {
            offsets.clear();
        }
        offsets.insert(authority(url).to_owned(), offset);
        true
    }

    fn offsets(&self) -> MutexGuard<'_, HashMap<String, SignedDuration>> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn authority(url: &Url) -> &str {
    &url[url::Position::BeforeHost..url::Position::AfterPort]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_news_once() {
        let clocks = Clocks::default();
        let (url, other) = (
            "https://a.example/x".parse().unwrap(),
            "https://b.example/".parse().unwrap(),
        );
        let hour = SignedDuration::from_hours(1);
        assert!(clocks.learn(&url, hour));
        assert!(!clocks.learn(&url, hour + SignedDuration::from_secs(1)));
        assert_eq!(clocks.offset(&url), hour);
        assert_eq!(clocks.offset(&other), SignedDuration::ZERO);
        assert!(clocks.learn(&url, SignedDuration::ZERO));
        assert!(!clocks.learn(&other, SignedDuration::from_secs(2)));
    }
}
