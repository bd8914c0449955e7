//! Taking secrets out of what code says: console lines, messages and data of errors.

use authbridge_core::auth::Arguments;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD,
};
use serde_json::Value;

/// What stands where a secret was.
const MASK: &str = "[secret]";

/// Shorter texts are found in too much that is no secret.
const SHORTEST: usize = 5;

/// Shorter runs of base64 hold no more than a secret that is found by itself.
const SHORTEST_RUN: usize = 10;

/// Base64 that was cut somewhere.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);

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

    /// The texts of the credentials alone.
    pub(super) fn of_credentials(arguments: &Arguments) -> Self {
        let mut secrets = Self::default();
        if let Some(credentials) = &arguments.credentials {
            secrets.add(credentials.expose());
        }
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
    ///
    /// A secret written in base64 or in hexadecimal is as good as the secret.
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
            self.texts.push(STANDARD_NO_PAD.encode(text));
            self.texts.push(URL_SAFE_NO_PAD.encode(text));
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
        self.scrub_encoded(scrubbed)
    }

    /// Takes out runs of base64 or of hexadecimal digits with a secret in what they say, such as
    /// that of `user:secret`.
    fn scrub_encoded(&self, text: String) -> String {
        if self.texts.is_empty() {
            return text;
        }
        let is_digit = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '-' | '_')
        };
        let mut scrubbed = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_digit) {
            let (before, from) = rest.split_at(start);
            let length = from.find(|character| !is_digit(character));
            let (run, after) = from.split_at(length.unwrap_or(from.len()));
            scrubbed.push_str(before);
            scrubbed.push_str(if self.is_in_encoded(run) { MASK } else { run });
            rest = after;
        }
        if scrubbed.is_empty() {
            return text;
        }
        scrubbed.push_str(rest);
        scrubbed
    }

    fn is_in_encoded(&self, run: &str) -> bool {
        if run.len() < SHORTEST_RUN {
            return false;
        }
        let has_secret = |bytes: &[u8]| {
            let holds = |secret: &String| contains(bytes, secret.as_bytes());
            self.texts.iter().any(holds)
        };
        let pieces = run.split(|digit: char| !digit.is_ascii_hexdigit());
        // One digit of something else may stand before the first.
        let bytes = |piece: &str| {
            let shifted = piece.get(1..).unwrap_or_default();
            [hexadecimal(piece), hexadecimal(shifted)]
        };
        if pieces.flat_map(bytes).any(|bytes| has_secret(&bytes)) {
            return true;
        }
        // Digits of something else may stand before the first.
        (0..4).any(|skipped| has_secret(&base64_bytes(run.get(skipped..).unwrap_or_default())))
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

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// The bytes of a run of hexadecimal digits, without an odd one at the end.
fn hexadecimal(run: &str) -> Vec<u8> {
    let digit = |byte: &u8| {
        let value = char::from(*byte).to_digit(16)?;
        u8::try_from(value).ok()
    };
    run.as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

/// The bytes of a run of base64, of either alphabet, up to its last whole group.
fn base64_bytes(run: &str) -> Vec<u8> {
    let standard = run.replace('-', "+").replace('_', "/");
    // A single digit over is half a byte, and says nothing.
    let length = if standard.len() % 4 == 1 {
        standard.len() - 1
    } else {
        standard.len()
    };
    let digits = standard.get(..length).unwrap_or_default();
    LENIENT.decode(digits).unwrap_or_default()
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
    fn encoded_secrets_are_secrets() {
        let mut secrets = Secrets::default();
        secrets.add(&json!({"apiKey": "planted-key-1234"}));
        for pair in [
            "planted-key-1234",
            "x:planted-key-1234",
            "ab:planted-key-1234!",
            "abc:planted-key-1234:",
        ] {
            let standard = STANDARD.encode(pair);
            let url_safe = URL_SAFE_NO_PAD.encode(pair);
            let digits: Vec<String> = pair.bytes().map(|byte| format!("{byte:02x}")).collect();
            let lower = digits.concat();
            let upper = lower.to_uppercase();
            for encoded in [standard, url_safe, lower, upper] {
                let text = format!("Basic {encoded}, path/{encoded}");
                let scrubbed = secrets.scrub(&text);
                assert!(scrubbed.starts_with("Basic [secret]"), "{pair}: {scrubbed}");
                let digits = encoded.trim_end_matches('=');
                assert!(!scrubbed.contains(digits), "{pair}: {scrubbed}");
            }
        }
        let harmless = "deadbeefdeadbeef and aGVsbG8gd29ybGQsIGhlbGxv";
        assert_eq!(secrets.scrub(harmless), harmless);
    }

    #[test]
    fn a_secret_inside_another_leaves_nothing_behind() {
        let mut secrets = Secrets::default();
        secrets.add(&json!(["token", "token-and-more"]));
        assert_eq!(secrets.scrub("token-and-more"), "[secret]");
    }
}
