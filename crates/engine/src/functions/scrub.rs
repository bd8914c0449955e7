//! Taking secrets out of what code says: console lines, messages and data of errors.

use authbridge_core::auth::Arguments;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What stands where a secret was.
const MASK: &str = "[secret]";

/// Shorter texts are found in too much that is no secret.
const SHORTEST: usize = 5;

/// The secrets of one function's arguments.
#[derive(Default)]
pub(super) struct Secrets {
    /// The longest first, so that one inside another leaves nothing behind.
    texts: Vec<String>,
}

impl Secrets {
    /// Everything textual that `arguments` hold in confidence.
    pub(super) fn of(arguments: &Arguments) -> Self {
        let mut secrets = Self::default();
        if let Some(credentials) = &arguments.credentials {
            secrets.add(credentials.expose());
        }
        secrets.add(arguments.connection_input.expose());
        secrets.add(arguments.connector_parameters.expose());
        secrets
    }

    /// Adds every text of `value`, and the user name and password of basic authentication.
    pub(super) fn add(&mut self, value: &Value) {
        self.collect(value);
        self.texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        self.texts.dedup();
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str);
                if let (Some(user), Some(password)) = (text("username"), text("password")) {
                    self.texts
                        .push(STANDARD.encode(format!("{user}:{password}")));
                }
                members.values().for_each(|member| self.collect(member));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// An address is no secret, and hiding it would hide where a request went.
    fn add_text(&mut self, text: &str) {
        let is_address = text.starts_with("https://") || text.starts_with("http://");
        let has_secret = text.contains('@') || text.contains('?');
        if text.len() >= SHORTEST && (!is_address || has_secret) {
            self.texts.push(text.to_owned());
            let escaped = Value::from(text).to_string();
            let inner = escaped.trim_matches('"');
            if inner != text {
                self.texts.push(inner.to_owned());
            }
        }
    }

    /// `text` without the secrets.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut scrubbed = text.to_owned();
        for secret in &self.texts {
            if scrubbed.contains(secret.as_str()) {
                scrubbed = scrubbed.replace(secret.as_str(), MASK);
            }
        }
        scrubbed
    }

    /// `value` without the secrets in its texts.
    pub(super) fn scrub_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.scrub(&text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.scrub_value(item))
                .collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| (self.scrub(&name), self.scrub_value(member)))
                .collect(),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_left_in_any_form() {
        let mut secrets = Secrets::default();
        secrets.add(&json!({
            "username": "ada", "password": "p\"ss-word", "nested": [{"token": "tok_12345"}],
            "short": "abc", "baseUri": "https://api.example.com",
        }));
        let basic = STANDARD.encode("ada:p\"ss-word");
        let text = format!("p\"ss-word p\\\"ss-word tok_12345x Basic {basic} abc");
        let scrubbed = secrets.scrub(&text);
        assert_eq!(scrubbed, "[secret] [secret] [secret]x Basic [secret] abc");
        assert_eq!(
            secrets.scrub("https://api.example.com/x"),
            "https://api.example.com/x"
        );
        let value = secrets.scrub_value(json!({"a": ["tok_12345"], "n": 1}));
        assert_eq!(value, json!({"a": ["[secret]"], "n": 1}));
    }

    #[test]
    fn a_secret_inside_another_leaves_nothing_behind() {
        let mut secrets = Secrets::default();
        secrets.add(&json!(["token", "token-and-more"]));
        assert_eq!(secrets.scrub("token-and-more"), "[secret]");
    }
}
