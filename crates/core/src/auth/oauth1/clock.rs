//! Learning how far a provider's clock is from ours, from its refusal of a timestamp.

use http::StatusCode;
use http::header::DATE;
use jiff::{SignedDuration, Timestamp};

use super::problem::Problem;
use crate::request::Response;

/// What clocks may differ by without anybody refusing anything; smaller differences are more
/// likely due to the way that the answer took.
const UNREMARKABLE: SignedDuration = SignedDuration::from_secs(5);

/// A difference that makes timestamps likely to be why a provider refused without saying why.
const SUSPICIOUS: SignedDuration = SignedDuration::from_mins(1);

/// How far the provider's clock is ahead of ours, if `response`, which arrived at `now`, refuses a
/// request for its timestamp: what to give to
/// [`Signer::with_clock_offset`](super::Signer::with_clock_offset) before the request is signed
/// and sent once more. `None` where another timestamp would not help.
///
/// The provider says so with `oauth_problem=timestamp_refused` (OAuth Problem Reporting), with
/// other words about timestamps, or with nothing but a `Date` that is far from ours. If it says
/// which timestamps it takes (`oauth_acceptable_timestamps`), the middle of them is what counts.
pub fn clock_offset(response: &Response, now: Timestamp) -> Option<SignedDuration> {
    let is_refusal = matches!(
        response.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    );
    let problem = Problem::read(response);
    let code = problem.as_ref().map(|problem| problem.code.as_str());
    if !is_refusal && code.is_none() {
        return None;
    }
    let threshold = match code {
        Some("timestamp_refused") => UNREMARKABLE,
        Some(_) => return None,
        None if speaks_of_timestamps(&response.body) => UNREMARKABLE,
        None => SUSPICIOUS,
    };
    let acceptable = problem.and_then(|problem| problem.acceptable_timestamps);
    let offset = match acceptable {
        Some((earliest, latest)) => {
            let middle = earliest.saturating_add(latest.saturating_sub(earliest) / 2);
            SignedDuration::from_secs(middle.saturating_sub(now.as_second()))
        }
        None => date(response)?.duration_since(now),
    };
    (offset.abs() >= threshold).then_some(offset)
}

/// RFC 9110 section 6.6.1.
fn date(response: &Response) -> Option<Timestamp> {
    let text = response.headers.get(DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Timestamp::try_from(date).ok()
}

fn speaks_of_timestamps(body: &[u8]) -> bool {
    let word = b"timestamp";
    body.windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn learnt(status: u16, date: Option<&'static str>, body: &'static str) -> Option<i64> {
        let mut headers = HeaderMap::new();
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        let response = Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into(),
        };
        clock_offset(&response, NOW.parse().unwrap()).map(|offset| offset.as_secs())
    }

    const TEN_LATER: Option<&str> = Some("Sat, 21 Nov 2026 12:10:00 GMT");
    const TEN_SECONDS_EARLIER: Option<&str> = Some("Sat, 21 Nov 2026 11:59:50 GMT");
    const NOON: Option<&str> = Some("Sat, 21 Nov 2026 12:00:01 GMT");

    #[test]
    fn a_refused_timestamp_teaches_the_offset() {
        let refused = "oauth_problem=timestamp_refused";
        assert_eq!(learnt(401, TEN_LATER, refused), Some(600));
        assert_eq!(learnt(400, TEN_SECONDS_EARLIER, refused), Some(-10));
        assert_eq!(learnt(200, TEN_LATER, refused), Some(600));
        let words = r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#;
        assert_eq!(learnt(401, TEN_SECONDS_EARLIER, words), Some(-10));
        assert_eq!(
            learnt(401, TEN_LATER, ""),
            Some(600),
            "nothing said, but far off"
        );
    }

    #[test]
    fn the_range_that_the_provider_takes_counts_more_than_its_date() {
        let range =
            "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1795262700-1795263300";
        assert_eq!(learnt(401, NOON, range), Some(600));
        let around_now =
            "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1795262100-1795262700";
        assert_eq!(learnt(401, None, around_now), None, "it takes ours");
    }

    #[test]
    fn other_refusals_teach_nothing() {
        assert_eq!(learnt(401, TEN_LATER, "oauth_problem=token_rejected"), None);
        assert_eq!(learnt(401, NOON, "oauth_problem=timestamp_refused"), None);
        assert_eq!(learnt(401, TEN_SECONDS_EARLIER, "no"), None);
        assert_eq!(learnt(500, TEN_LATER, "timestamp"), None);
        assert_eq!(learnt(200, TEN_LATER, "timestamp"), None);
        assert_eq!(learnt(401, Some("yesterday"), "timestamp"), None);
        assert_eq!(learnt(401, None, "oauth_problem=timestamp_refused"), None);
    }
}
