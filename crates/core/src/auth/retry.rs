//! When to try again after a refresh that failed (PRODUCT.md, "Connections, refresh and failure",
//! Failure classes).

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::{SignedDuration, Timestamp};

/// What a failure means, which decides about the connection's state and about another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// `terminal`: the grant is gone; only the user can give another.
    Terminal,
    /// `configuration`: the workspace owner has to change connector or integration.
    Configuration,
    /// `throttled`: the provider asks for patience.
    Throttled,
    /// `transient`: it may work the next time.
    Transient,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 4] = [
        Self::Terminal,
        Self::Configuration,
        Self::Throttled,
        Self::Transient,
    ];

    /// The word for it in files and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Configuration => "configuration",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
        }
    }

    /// The class that `name` names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// How long to wait after this many failures in a row; `None` where trying again is of no use
    /// until somebody has acted.
    ///
    /// The wait doubles from [`FIRST_WAIT`] to [`LONGEST_WAIT`], and `jitter`, a random number
    /// from 0 to 1, picks a moment in it, so that many connections do not come back together. A
    /// provider that names a time gets it.
    pub fn wait(
        self,
        failures: u32,
        retry_after: Option<SignedDuration>,
        jitter: f64,
    ) -> Option<SignedDuration> {
        match self {
            Self::Terminal => None,
            // Somebody may mend it at the provider, where nothing tells us.
            Self::Configuration => Some(LONGEST_WAIT),
            Self::Throttled | Self::Transient => {
                let asked = retry_after.map(|asked| asked.min(MOST_PATIENCE));
                Some(asked.map_or_else(
                    || backoff(failures, jitter),
                    |asked| asked.saturating_add(backoff(0, jitter)),
                ))
            }
        }
    }
}

/// The wait after the first failure, at most.
pub const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(4);

/// The wait after many failures, at most.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// The longest that a provider can make us wait.
pub const MOST_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Full jitter, but never at once.
fn backoff(failures: u32, jitter: f64) -> SignedDuration {
    let doubled =
        FIRST_WAIT.as_secs_f64() * 2_f64.powi(i32::try_from(failures.min(20)).unwrap_or(20));
    let seconds = doubled.min(LONGEST_WAIT.as_secs_f64()) * jitter.clamp(0.0, 1.0);
    SignedDuration::try_from_secs_f64(seconds.max(1.0)).unwrap_or(LONGEST_WAIT)
}

/// What `Retry-After` says (RFC 9110 section 10.2.3): seconds, or a date. `None` when there is
/// none, or nobody can read it.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return SignedDuration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let date = Timestamp::try_from(date).ok()?;
    Some(date.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn said(text: &'static str) -> Option<SignedDuration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
        retry_after(&headers, "1994-11-06T08:49:00Z".parse().unwrap())
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(said("120"), Some(SignedDuration::from_secs(120)));
        assert_eq!(
            said("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(SignedDuration::from_secs(37))
        );
        assert_eq!(
            said("Sun, 06 Nov 1994 08:00:00 GMT"),
            Some(SignedDuration::ZERO)
        );
        assert_eq!(said("-5"), Some(SignedDuration::ZERO));
        assert_eq!(said("tomorrow"), None);
        assert_eq!(said("inf"), None);
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn a_dead_grant_is_not_asked_again() {
        assert_eq!(FailureClass::Terminal.wait(1, None, 0.5), None);
    }

    #[test]
    fn a_time_that_the_provider_names_is_kept_within_reason() {
        let named = |seconds| {
            let asked = SignedDuration::from_secs(seconds);
            FailureClass::Throttled.wait(7, Some(asked), 0.0).unwrap()
        };
        assert_eq!(named(90), SignedDuration::from_secs(91));
        assert!(named(i64::MAX) <= MOST_PATIENCE + SignedDuration::from_secs(1));
    }

    proptest! {
        #[test]
        fn waits_are_within_their_bounds(failures: u32, jitter in 0.0..=1.0_f64) {
            let wait = FailureClass::Transient.wait(failures, None, jitter).unwrap();
            prop_assert!(wait >= SignedDuration::from_secs(1) && wait <= LONGEST_WAIT);
        }
    }
}
