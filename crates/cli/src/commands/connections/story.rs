//! What happened to a connection, as people read it.

use serde_json::Value;

use super::{text, to_the_second};
use crate::output::table;

/// How much of the story is told; `--json` has no part in it, the API has all.
const MOST: usize = 10;

/// The story, the newest first; nothing when there is none.
pub(super) fn tell(events: &Value) -> String {
    let items = events.get("items").and_then(Value::as_array);
    let rows: Vec<Vec<String>> = items
        .into_iter()
        .flatten()
        .take(MOST)
        .map(|event| {
            vec![
                to_the_second(&text(event, "at")),
                what(event),
                format!("by {}", text(event, "by")),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n{}", table(&rows))
}

fn what(event: &Value) -> String {
    let action = text(event, "action");
    let action = action.strip_prefix("connection.").unwrap_or(&action);
    let mut what = action.replace('_', " ");
    let Some(detail) = event.get("detail") else {
        return what;
    };
    let message = detail.pointer("/error/message").and_then(Value::as_str);
    if let Some(message) = message {
        what.push_str(&format!(": {message}"));
    }
    let hint = detail.pointer("/error/hint").and_then(Value::as_str);
    if let Some(hint) = hint {
        what.push_str(&format!(" ({hint})"));
    }
    let retry = to_the_second(&text(detail, "retryAt"));
    if !retry.is_empty() {
        what.push_str(&format!("; tried again at {retry}"));
    }
    what
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_says_why_and_what_comes_next() {
        let event = json!({
            "at": "2026-11-21T12:00:00.5Z",
            "action": "connection.refresh_failed",
            "by": "system",
            "detail": {
                "error": { "message": "the token endpoint answered 500" },
                "retryAt": "2026-11-21T12:00:04.25Z",
            },
        });
        let story = tell(&json!({ "items": [event] }));
        assert_eq!(
            story.trim(),
            "2026-11-21T12:00:00Z  refresh failed: the token endpoint answered 500; \
             tried again at 2026-11-21T12:00:04Z  by system"
        );
        assert_eq!(tell(&json!({ "items": [] })), "");
    }
}
