//! From a provider's answer to the credentials that a connection keeps, under the provider's own
//! names (`oauth_token`, `oauth_token_secret`, `user_id` …), which is what `makeApiClient` reads.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::config::OAuth1Config;
use crate::SecretJson;
use crate::auth::{Issued, Scopes};
use crate::secret::ExposeSecret as _;

/// When tokens of providers that have sessions expire, in seconds from their issue; the name is
/// that of the OAuth Session extension.
const LIFETIME: &str = "oauth_expires_in";

/// What renews such tokens.
pub(super) const SESSION_HANDLE: &str = "oauth_session_handle";

const POINTS: [&str; 2] = ["expires_at", "expiresAt"];

/// What a connection keeps: `fresh` laid over `base`, without what `base` says of an older token.
pub(super) fn issued(
    config: &OAuth1Config,
    mut base: Map<String, Value>,
    fresh: Map<String, Value>,
    now: Timestamp,
) -> Issued {
    if fresh.contains_key("oauth_token") {
        for name in POINTS.iter().chain([&LIFETIME]) {
            base.shift_remove(*name);
        }
    }
    let scopes = scopes(config, &fresh);
    base.extend(fresh);
    add_point(&mut base, now);
    let handle = base.get(SESSION_HANDLE).and_then(Value::as_str);
    Issued {
        is_refreshable: handle.is_some_and(|handle| !handle.is_empty()),
        credentials: SecretJson::new(Value::Object(base)),
        timing: config.refresh,
        scopes,
    }
}

/// The token that the configuration names, under the provider's names.
pub(super) fn stated_token(config: &OAuth1Config) -> Map<String, Value> {
    let Some(token) = &config.token else {
        return Map::new();
    };
    Map::from_iter([
        ("oauth_token".to_owned(), token.token.expose_secret().into()),
        (
            "oauth_token_secret".to_owned(),
            token.secret.expose_secret().into(),
        ),
    ])
}

/// Adds `expires_at` where there is only a lifetime. Zero means that there is no end.
fn add_point(credentials: &mut Map<String, Value>, now: Timestamp) {
    if POINTS.iter().any(|name| credentials.contains_key(*name)) {
        return;
    }
    let seconds = credentials
        .get(LIFETIME)
        .and_then(|value| match value.as_str() {
            Some(text) => text.trim().parse::<i64>().ok(),
            None => value.as_i64(),
        });
    let lifetime = seconds
        .filter(|seconds| *seconds > 0)
        .map(SignedDuration::from_secs);
    let end = lifetime.and_then(|lifetime| now.checked_add(lifetime).ok());
    if let Some(end) = end {
        credentials.insert("expires_at".to_owned(), end.to_string().into());
    }
}

/// What was asked for, and what the provider says it granted: everything, if it does not say.
fn scopes(config: &OAuth1Config, fresh: &Map<String, Value>) -> Option<Scopes> {
    let requested = config.scopes.clone();
    let granted = match fresh.get("scope").and_then(Value::as_str) {
        Some(text) => text
            .split([' ', ','])
            .flat_map(|part| part.split(config.scope_separator.as_str()))
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
        None => requested.clone(),
    };
    (!requested.is_empty()).then_some(Scopes { requested, granted })
}
