//! When credentials are refreshed (PRODUCT.md, "Connections, refresh and failure", Timing).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// What a connector says about the timing of refreshes: `refresh` in what `getOAuthConfig`
/// returns, or in the auth option. Durations are seconds, or texts such as `10m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefreshTiming {
    /// `margin`: how long before they expire credentials are refreshed, instead of the usual.
    pub margin: Option<SignedDuration>,
    /// `earliestBeforeExpiry`: the provider refuses refreshes, or answers them with the same
    /// token, when more than this is left.
    pub earliest_before_expiry: Option<SignedDuration>,
    /// `defaultLifetime`: of credentials that do not say when they expire.
    pub default_lifetime: Option<SignedDuration>,
    /// `keepAlive`: refresh at least this often, since refresh tokens that are not used die.
    pub keep_alive: Option<SignedDuration>,
}

/// A part of `refresh` that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimingError {
    /// Its name; `None` when `refresh` itself is no object.
    pub key: Option<&'static str>,
    /// What it must be.
    pub expected: &'static str,
}

impl RefreshTiming {
    /// Its keys.
    pub const KEYS: [&str; 4] = [
        "margin",
        "earliestBeforeExpiry",
        "defaultLifetime",
        "keepAlive",
    ];

    /// Reads `refresh`.
    pub fn from_value(value: Option<&Value>) -> Result<Self, TimingError> {
        let members = match value {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(members)) => members,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                return Err(TimingError {
                    key: None,
                    expected: "an object",
                });
            }
        };
        let duration = |key| match members.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read_duration(value).map(Some).ok_or(TimingError {
                key: Some(key),
                expected: "a number of seconds, or a text such as `10m`",
            }),
        };
        Ok(Self {
            margin: duration("margin")?,
            earliest_before_expiry: duration("earliestBeforeExpiry")?,
            default_lifetime: duration("defaultLifetime")?,
            keep_alive: duration("keepAlive")?,
        })
    }

    /// This, with what it leaves open taken from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            margin: self.margin.or(other.margin),
            earliest_before_expiry: self.earliest_before_expiry.or(other.earliest_before_expiry),
            default_lifetime: self.default_lifetime.or(other.default_lifetime),
            keep_alive: self.keep_alive.or(other.keep_alive),
        }
    }

    /// When credentials obtained at `now` expire, of which they say `stated`.
    pub fn expires_at(&self, stated: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        stated.or_else(|| now.checked_add(self.default_lifetime?).ok())
    }

    /// When credentials obtained at `now` that expire at `expires_at` shall be refreshed. `jitter`
    /// is a random number from 0 to 1: connections made together need not all come due together.
    pub fn due_at(
        &self,
        expires_at: Option<Timestamp>,
        now: Timestamp,
        jitter: f64,
    ) -> Option<Timestamp> {
        let expiring = expires_at.and_then(|expires_at| self.before(expires_at, now, jitter));
        let idle = self.keep_alive.and_then(|idle| {
            let early = scaled(idle, jitter * JITTER);
            now.checked_add(idle.saturating_sub(early)).ok()
        });
        match (expiring, idle) {
            (Some(expiring), Some(idle)) => Some(expiring.min(idle)),
            (one, other) => one.or(other),
        }
    }

    fn before(&self, expires_at: Timestamp, now: Timestamp, jitter: f64) -> Option<Timestamp> {
        let lifetime = expires_at.duration_since(now).max(SignedDuration::ZERO);
        let margin = self.margin.unwrap_or_else(|| usual_margin(lifetime));
        // Short-lived tokens live for half their time at least.
        let margin = margin.min(lifetime / 2);
        let early = margin.saturating_add(scaled(margin, jitter * JITTER));
        let early = self
            .earliest_before_expiry
            .map_or(early, |earliest| early.min(earliest));
        expires_at.checked_sub(early).ok()
    }
}

/// The share of a duration that jitter may add.
const JITTER: f64 = 0.1;

/// The greater of a minute and a fifth of the lifetime, at most five minutes.
fn usual_margin(lifetime: SignedDuration) -> SignedDuration {
    (lifetime / 5).clamp(SignedDuration::from_mins(1), SignedDuration::from_mins(5))
}

fn scaled(duration: SignedDuration, factor: f64) -> SignedDuration {
    let seconds = duration.as_secs_f64() * factor;
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO)
}

/// A duration as definitions have it: a number of seconds, or a text such as `10m` or `14d`. `None` for
/// anything else, and for what is not longer than nothing.
pub fn read_duration(value: &Value) -> Option<SignedDuration> {
    let duration = match value {
        Value::Number(seconds) => SignedDuration::try_from_secs_f64(seconds.as_f64()?).ok()?,
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(seconds) => SignedDuration::try_from_secs_f64(seconds).ok()?,
            Err(_) => with_days(text.trim())?,
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (duration > SignedDuration::ZERO).then_some(duration)
}

/// `1h 30m`, and before it days of 24 hours.
fn with_days(text: &str) -> Option<SignedDuration> {
    let Some((days, rest)) = text.split_once('d') else {
        return text.parse().ok();
    };
    let days = SignedDuration::try_from_hours(days.parse::<i64>().ok()?.checked_mul(24)?)?;
    match rest.trim() {
        "" => Some(days),
        rest => days.checked_add(rest.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn due_in(timing: RefreshTiming, lifetime: i64) -> i64 {
        let expires_at = now() + SignedDuration::from_secs(lifetime);
        let due = timing.due_at(Some(expires_at), now(), 0.0).unwrap();
        due.duration_since(now()).as_secs()
    }

    fn timing(value: &Value) -> RefreshTiming {
        RefreshTiming::from_value(Some(value)).unwrap()
    }

    #[test]
    fn the_usual_margin_is_a_fifth_between_one_minute_and_five() {
        let usual = RefreshTiming::default();
        assert_eq!(due_in(usual, 3600), 3300);
        assert_eq!(due_in(usual, 600), 480);
        assert_eq!(due_in(usual, 180), 120);
        assert_eq!(due_in(usual, 60), 30, "half of a short life is lived");
    }

    #[test]
    fn a_provider_that_refuses_early_refreshes_is_not_asked_early() {
        let late = timing(&json!({ "earliestBeforeExpiry": 30 }));
        assert_eq!(due_in(late, 600), 570);
    }

    #[test]
    fn credentials_without_an_expiry_have_the_default_one_or_none() {
        let none = RefreshTiming::default();
        assert_eq!(none.expires_at(None, now()), None);
        assert_eq!(none.due_at(None, now(), 0.5), None);
        let hour = timing(&json!({ "defaultLifetime": "1h" }));
        let expected = now() + SignedDuration::from_hours(1);
        assert_eq!(hour.expires_at(None, now()), Some(expected));
    }

    #[test]
    fn refresh_tokens_that_would_die_unused_are_used() {
        let alive = timing(&json!({ "keepAlive": "24h" }));
        let due = alive.due_at(None, now(), 0.0).unwrap();
        assert_eq!(due, now() + SignedDuration::from_hours(24));
        assert_eq!(due_in(alive, 3600), 3300, "the expiry comes first");
    }

    #[test]
    fn durations_are_seconds_or_texts_with_units() {
        let of = |value: Value| read_duration(&value).map(|it| it.as_secs());
        assert_eq!(of(json!(90)), Some(90));
        assert_eq!(of(json!("90")), Some(90));
        assert_eq!(of(json!("1h 30m")), Some(5400));
        assert_eq!(of(json!("14d")), Some(14 * 86_400));
        assert_eq!(of(json!("1d 12h")), Some(129_600));
        for text in [
            "-1d",
            "d",
            "2 fortnights",
            "3dozen",
            "9999999999999999d",
            "",
        ] {
            assert_eq!(of(json!(text)), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_named() {
        for value in [json!("soon"), json!(-1), json!([]), json!(0)] {
            let error = RefreshTiming::from_value(Some(&json!({ "margin": value }))).unwrap_err();
            assert_eq!(error.key, Some("margin"));
        }
        let error = RefreshTiming::from_value(Some(&json!("10m"))).unwrap_err();
        assert_eq!((error.key, error.expected), (None, "an object"));
    }

    proptest! {
        #[test]
        fn no_refresh_is_due_before_half_of_the_life_or_after_the_end(
            lifetime in 1_i64..10_000_000,
            jitter in 0.0..=1.0_f64,
        ) {
            let expires_at = now() + SignedDuration::from_secs(lifetime);
            let due = RefreshTiming::default().due_at(Some(expires_at), now(), jitter).unwrap();
            let lived = due.duration_since(now()).as_secs_f64();
            let lifetime = SignedDuration::from_secs(lifetime).as_secs_f64();
            prop_assert!(lived >= lifetime * 0.44 && due <= expires_at);
        }
    }
}
