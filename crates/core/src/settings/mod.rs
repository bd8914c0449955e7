//! What a workspace's owner decides about the pages that its customers see: which pages may embed
//! them, where a browser may be sent at the end, and what they look like.

mod color;
mod logo;
mod origin;
mod redirect;

pub use color::Color;
pub use logo::LogoUri;
pub use origin::OriginPattern;
pub use redirect::RedirectPattern;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// More entries than this are in neither list: both are part of answers' headers or looked
/// through for each attempt.
const MOST_ENTRIES: usize = 100;

/// The settings of a workspace.
///
/// As JSON, an object of these members in camel case; unknown members are refused, so that a
/// misspelt list of origins is no open door.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WorkspaceSettings {
    /// The origins whose pages may embed connect pages, and are told how it went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embedding_origins: Vec<OriginPattern>,
    /// Where browsers may be sent when an attempt to connect is over.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "redirectUris")]
    pub redirect_uris: Vec<RedirectPattern>,
    /// The colour of buttons and links on connect pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand_color: Option<Color>,
    /// The picture at the top of connect pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<LogoUri>,
}

/// Settings that are not taken.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// They are not what settings consist of.
    #[error("the settings are not well formed: {0}")]
    Malformed(String),
    /// A list is longer than it may be.
    #[error("`{0}` has more than {MOST_ENTRIES} entries")]
    TooMany(&'static str),
}

impl WorkspaceSettings {
    /// Reads settings from JSON. A member that is null counts as absent.
    ///
    /// # Errors
    ///
    /// When something is unknown, malformed or too long; the message says what.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        // A list would be taken for the members in their order.
        let Value::Object(members) = value else {
            return Err(SettingsError::Malformed(
                "they must be an object".to_owned(),
            ));
        };
        let given = members.iter().filter(|(_, member)| !member.is_null());
        let given = given.map(|(name, member)| (name.clone(), member.clone()));
        let settings: Self = serde_json::from_value(Value::Object(given.collect()))
            .map_err(|error| SettingsError::Malformed(error.to_string()))?;
        let lists = [
            ("embeddingOrigins", settings.embedding_origins.len()),
            ("redirectUris", settings.redirect_uris.len()),
        ];
        match lists.into_iter().find(|(_, length)| *length > MOST_ENTRIES) {
            Some((name, _)) => Err(SettingsError::TooMany(name)),
            None => Ok(settings),
        }
    }

    /// Reads what was kept, by this version or another. What is not understood is left out: a
    /// workspace goes on with fewer origins rather than not at all.
    pub fn kept(value: &Value) -> Self {
        fn list<T: DeserializeOwned>(value: Option<&Value>) -> Vec<T> {
            let entries = value.and_then(Value::as_array);
            let entries = entries.into_iter().flatten();
            let read = entries.map(|entry| serde_json::from_value(entry.clone()));
            read.filter_map(Result::ok).collect()
        }
        let one = |name: &str| value.get(name).cloned().unwrap_or_default();
        Self {
            embedding_origins: list(value.get("embeddingOrigins")),
            redirect_uris: list(value.get("redirectUris")),
            brand_color: serde_json::from_value(one("brandColor")).ok().flatten(),
            logo_uri: serde_json::from_value(one("logoUri")).ok().flatten(),
        }
    }

    /// The settings as they are kept and shown.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether a browser may be sent to `uri` at the end.
    ///
    /// To the user's own machine it always may: that is how applications without a web server
    /// learn of the outcome (RFC 8252 section 7.3).
    pub fn allows_redirect_to(&self, uri: &url::Url) -> bool {
        redirect::is_loopback(uri) || self.redirect_uris.iter().any(|one| one.matches(uri))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_and_written() {
        let value = json!({
            "embeddingOrigins": ["https://App.example.com/", "https://*.example.org:8443"],
            "redirectUris": ["https://app.example.com/done"],
            "brandColor": "#0A7",
        });
        let settings = WorkspaceSettings::read(&value).unwrap();
        let expected = json!({
            "embeddingOrigins": ["https://app.example.com", "https://*.example.org:8443"],
            "redirectUris": ["https://app.example.com/done"],
            "brandColor": "#00aa77",
        });
        assert_eq!(settings.to_value(), expected);
        assert_eq!(WorkspaceSettings::kept(&expected), settings);
        let empty = WorkspaceSettings::read(&json!({ "brandColor": null })).unwrap();
        assert_eq!(empty, WorkspaceSettings::default());
        assert_eq!(empty.to_value(), json!({}));
    }

    #[test]
    fn what_is_misspelt_is_refused_with_what_there_is() {
        let error = WorkspaceSettings::read(&json!({ "embedingOrigins": [] })).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("`embedingOrigins`"), "{message}");
        assert!(message.contains("`embeddingOrigins`"), "{message}");
        assert!(WorkspaceSettings::read(&json!([])).is_err());
        let many = vec!["https://a.example"; 101];
        let error = WorkspaceSettings::read(&json!({ "embeddingOrigins": many })).unwrap_err();
        assert_eq!(error, SettingsError::TooMany("embeddingOrigins"));
    }

    #[test]
    fn what_another_version_kept_is_read_as_far_as_it_is_understood() {
        let value = json!({
            "embeddingOrigins": ["https://a.example", "new:thing", 7],
            "brandColor": "oklch(1 0 0)",
            "later": true,
        });
        let settings = WorkspaceSettings::kept(&value);
        let expected = json!({ "embeddingOrigins": ["https://a.example"] });
        assert_eq!(settings.to_value(), expected);
        assert_eq!(
            WorkspaceSettings::kept(&json!([])),
            WorkspaceSettings::default()
        );
    }

    #[test]
    fn without_a_list_browsers_are_sent_to_the_users_machine_only() {
        let settings = WorkspaceSettings::default();
        for (uri, is_allowed) in [
            ("http://127.0.0.1:3000/x", true),
            ("http://localhost/x", true),
            ("http://[::1]:9/", true),
            ("https://app.example.com/", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            let allowed = settings.allows_redirect_to(&uri.parse().unwrap());
            assert_eq!(allowed, is_allowed, "{uri}");
        }
    }
}
