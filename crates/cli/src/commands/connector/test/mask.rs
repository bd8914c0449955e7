//! Keeps secrets out of transcripts: each is shown as the name of its field.

use authbridge_testkit::Exchange;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

/// Shorter values would be found everywhere.
const MIN_SECRET_CHARACTERS: usize = 4;

/// What the flows of OAuth make anew each time.
const ISSUED: [&str; 18] = [
    "access_token",
    "accessToken",
    "assertion",
    "code",
    "code_challenge",
    "code_verifier",
    "id_token",
    "nonce",
    "oauth_nonce",
    "oauth_session_handle",
    "oauth_signature",
    "oauth_token",
    "oauth_token_secret",
    "oauth_verifier",
    "refresh_token",
    "refreshToken",
    "state",
    "token",
];

/// Secrets and what is shown in their place.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask {
    /// Longest first, so that no part of one is left.
    labels: Vec<(String, String)>,
}

impl Mask {
    /// Also masks every text in `value`, by the names of its members.
    #[must_use]
    pub(super) fn and(mut self, name: &str, value: &Value) -> Self {
        self.add(name, value);
        self.labels
            .sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        self
    }

    /// Also masks what an authorization server gives out, and what proves that it was the same
    /// client that asked.
    #[must_use]
    pub(super) fn and_issued_in(mut self, exchanges: &[Exchange]) -> Self {
        for exchange in exchanges {
            for (name, value) in &exchange.request.query {
                self.add_named(name, &value.as_str().into());
            }
            for (name, value) in &exchange.request.headers {
                if name == "authorization" {
                    self.add_pairs(value);
                }
            }
            self.add_named("", &exchange.request.data);
            self.add_named("", &exchange.answer.data);
        }
        self.labels
            .sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        self.labels.dedup();
        self
    }

    /// Those of `value` whose names say that they are issued.
    fn add_named(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.add_named(name, value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_named(name, item)),
            Value::String(text) => {
                let is_known = self.labels.iter().any(|(secret, _)| secret == text);
                if ISSUED.contains(&name) && !is_known {
                    self.add(name, value);
                } else if name.is_empty() || name == "oauth_callback" {
                    self.add_pairs(text);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Those in a form, in the query of a URL, or in a header field of OAuth 1.0a.
    fn add_pairs(&mut self, text: &str) {
        let pairs = text.split(['&', '?', ',', ' ']);
        for (name, value) in pairs.filter_map(|pair| pair.split_once('=')) {
            let value = value.trim_matches('"');
            let decoded = percent_decode_str(value).decode_utf8_lossy();
            self.add_named(name, &value.into());
            self.add_named(name, &decoded.into());
        }
    }

    fn add(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if text.chars().count() >= MIN_SECRET_CHARACTERS => {
                let label = format!("‹{name}›");
                let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                if encoded != *text {
                    self.labels.push((encoded, label.clone()));
                }
                self.labels.push((text.clone(), label));
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.add(name, value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(name, item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// `text` without secrets.
    pub(super) fn text(&self, text: &str) -> String {
        let words = text.split_inclusive(' ').map(|word| self.word(word));
        words.collect()
    }

    fn word(&self, word: &str) -> String {
        let trimmed = word.trim_end();
        if is_jwt(trimmed) {
            return word.replace(trimmed, "‹JWT›");
        }
        // User and password of basic authentication.
        let decoded = BASE64_STANDARD
            .decode(trimmed)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|decoded| decoded.contains(':'));
        if let Some(decoded) = decoded {
            let masked = self.plain(&decoded);
            if masked != decoded {
                return word.replace(trimmed, &format!("Base64({masked})"));
            }
        }
        self.plain(word)
    }

    fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (secret, label) in &self.labels {
            text = text.replace(secret, label);
        }
        text
    }

    /// `value` without secrets.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.value(value)))
                .collect::<Map<_, _>>()
                .into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

/// The workspace's tokens, and others.
fn is_jwt(text: &str) -> bool {
    let is_segment = |segment: &str| {
        segment
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
    };
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(is_segment)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mask() -> Mask {
        Mask::default().and(
            "",
            &json!({ "user": "lovelace", "password": "a b/c", "pin": "123" }),
        )
    }

    #[test]
    fn secrets_are_shown_by_the_name_of_their_field() {
        assert_eq!(mask().text("Bearer lovelace"), "Bearer ‹user›");
        assert_eq!(mask().text("?p=a%20b%2Fc"), "?p=‹password›");
        assert_eq!(mask().text("pin 123"), "pin 123");
        assert_eq!(
            mask().value(&json!([{ "x": "a-lovelace-b" }])),
            json!([{ "x": "a-‹user›-b" }])
        );
    }

    #[test]
    fn basic_credentials_and_tokens_are_secrets_too() {
        let encoded = BASE64_STANDARD.encode("lovelace:x");
        assert_eq!(
            mask().text(&format!("Basic {encoded}")),
            "Basic Base64(‹user›:x)"
        );
        assert_eq!(mask().text("Bearer eyJhbGciOiJI.e30.c2ln"), "Bearer ‹JWT›");
    }
}
