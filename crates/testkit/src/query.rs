//! Reading query strings.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode_str;

/// The parameters of a query string, decoded, in order.
pub(crate) fn pairs(query: Option<&str>) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
}

/// The first value of a parameter.
pub(crate) fn first<'q>(query: Option<&'q str>, name: &str) -> Option<Cow<'q, str>> {
    pairs(query)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// A parameter that counts something: `default` when it is absent or no number, at most `limit`.
pub(crate) fn count(query: Option<&str>, name: &str, default: u64, limit: u64) -> u64 {
    first(query, name)
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
        .min(limit)
}

/// The parameter `ms`: 0 when it is absent or no number, at most ten minutes.
pub(crate) fn milliseconds(query: Option<&str>) -> Duration {
    Duration::from_millis(count(query, "ms", 0, 600_000))
}

/// Undoes form encoding.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned());
    }
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_keep_their_order() {
        let found: Vec<_> = pairs(Some("a=1&b=x+y%21&&a=2&flag")).collect();
        let expected = [("a", "1"), ("b", "x y!"), ("a", "2"), ("flag", "")];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.into(), value.into()))
        );
    }

    #[test]
    fn a_count_has_a_default_and_a_limit() {
        assert_eq!(count(Some("n=7"), "n", 3, 10), 7);
        assert_eq!(count(Some("n=70"), "n", 3, 10), 10);
        assert_eq!(count(Some("n=-1"), "n", 3, 10), 3);
        assert_eq!(count(None, "n", 3, 10), 3);
    }
}
