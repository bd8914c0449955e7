//! When credentials expire, as they say it themselves.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::SecretJson;

/// Seconds from which on a number is taken for milliseconds: the year 5138.
const MILLISECONDS_FROM: f64 = 100_000_000_000.0;

/// When `credentials`, written at `now`, expire: `expires_at` as ISO 8601, seconds or milliseconds
/// since the epoch; or else `expires_in`, in seconds from `now`. `None` where they say nothing
/// that can be understood.
pub fn expires_at(credentials: &Value, now: Timestamp) -> Option<Timestamp> {
    let member = |names: [&str; 2]| names.iter().find_map(|name| credentials.get(name));
    let absolute = member(["expires_at", "expiresAt"]).and_then(point);
    let relative = || {
        let seconds = number(member(["expires_in", "expiresIn"])?)?;
        now.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?)
            .ok()
    };
    absolute.or_else(relative)
}

/// Credentials written at `now`, with `expires_at` where they only say how long they live.
pub(super) fn with_point(credentials: SecretJson, now: Timestamp) -> SecretJson {
    let mut credentials = credentials.into_exposed();
    if let Value::Object(members) = &mut credentials {
        add_point(members, now);
    }
    SecretJson::new(credentials)
}

/// Adds `expires_at` to credentials written at `now` that only say how long they live, so that
/// the lifetime counts from now whenever it is read.
pub(super) fn add_point(credentials: &mut Map<String, Value>, now: Timestamp) {
    let has_point = ["expires_at", "expiresAt"]
        .iter()
        .any(|name| credentials.get(*name).and_then(point).is_some());
    if has_point {
        return;
    }
    let lifetime = ["expires_in", "expiresIn"]
        .iter()
        .find_map(|name| number(credentials.get(*name)?));
    let end = lifetime
        .and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok())
        .and_then(|lifetime| now.checked_add(lifetime).ok());
    if let Some(end) = end {
        credentials.insert("expires_at".to_owned(), end.to_string().into());
    }
}

/// Removes what `credentials` say of their expiry where `fresh` makes it wrong: an old point in
/// time must not outlive the token that it was about. A lifetime stays if `fresh` names none, for
/// tokens of one provider live equally long.
pub(super) fn forget_expiry(credentials: &mut Map<String, Value>, fresh: &Map<String, Value>) {
    const POINTS: [&str; 2] = ["expires_at", "expiresAt"];
    const LIFETIMES: [&str; 2] = ["expires_in", "expiresIn"];
    let says = |names: [&str; 2]| names.iter().any(|name| fresh.contains_key(*name));
    let speaks_of_expiry = says(POINTS) || says(LIFETIMES);
    if speaks_of_expiry || fresh.contains_key("access_token") {
        for name in POINTS {
            credentials.shift_remove(name);
        }
    }
    if speaks_of_expiry {
        for name in LIFETIMES {
            credentials.shift_remove(name);
        }
    }
}

fn point(value: &Value) -> Option<Timestamp> {
    if let Some(number) = number(value) {
        let seconds = if number.abs() >= MILLISECONDS_FROM {
            number / 1000.0
        } else {
            number
        };
        let since_epoch = SignedDuration::try_from_secs_f64(seconds).ok()?;
        return Timestamp::from_duration(since_epoch).ok();
    }
    value.as_str()?.trim().parse().ok()
}

/// A number, or text that is one.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_spelling_of_a_point_in_time_is_read() {
        let point = now() + SignedDuration::from_hours(1);
        let (seconds, millis) = (point.as_second(), point.as_millisecond());
        for credentials in [
            json!({"expires_at": "2026-11-21T11:00:00Z"}),
            json!({"expires_at": "2026-11-21T12:00:00+01:00"}),
            json!({ "expires_at": seconds }),
            json!({ "expires_at": millis }),
            json!({ "expires_at": seconds.to_string() }),
            json!({ "expiresAt": millis.to_string() }),
            json!({"expires_in": 3600}),
            json!({"expires_in": "3600"}),
        ] {
            assert_eq!(
                expires_at(&credentials, now()),
                Some(point),
                "{credentials}"
            );
        }
    }

    #[test]
    fn what_cannot_be_understood_says_nothing() {
        for credentials in [
            json!({}),
            json!({"expires_in": "soon"}),
            json!({"expires_at": true}),
            json!({"expires_in": 1e300}),
            json!(null),
        ] {
            assert_eq!(expires_at(&credentials, now()), None, "{credentials}");
        }
    }
}
