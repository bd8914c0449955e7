//! Reading the members of what `getOAuthConfig` returns, for `oauth1` and `oauth2`, with errors
//! that name the key.

use serde_json::{Map, Value};
use url::Url;

use super::timing::TimingError;
use crate::SecretString;

/// Why what `getOAuthConfig` returned cannot be used. No message shows a value, since values may
/// be secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthConfigError {
    /// The connector has no such function, or it returned nothing.
    #[error("`getOAuthConfig` is missing, or returned nothing")]
    Nothing,
    /// Not an object.
    #[error("`getOAuthConfig` must return an object")]
    NotAnObject,
    /// A key that this configuration cannot do without.
    #[error("`{0}` is missing in what `getOAuthConfig` returned")]
    Missing(&'static str),
    /// A value of the wrong kind.
    #[error("`{key}` in what `getOAuthConfig` returned must be {expected}")]
    Shape {
        /// The key, as a path.
        key: String,
        /// What it must be.
        expected: String,
    },
    /// Understood, but not done by this version.
    #[error("{what} in what `getOAuthConfig` returned is recognised, but not supported yet")]
    NotYet {
        /// The key, or key and value.
        what: String,
    },
    /// The key of an assertion does not work.
    #[error("`assertion.key` cannot sign with `{algorithm}`: {reason}")]
    AssertionKey {
        /// The algorithm.
        algorithm: String,
        /// Why not, without the key.
        reason: &'static str,
    },
    /// The key of RSA signatures does not work.
    #[error("`privateKey` in what `getOAuthConfig` returned cannot sign with `{method}`: {reason}")]
    PrivateKey {
        /// The signature method.
        method: &'static str,
        /// Why not, without the key.
        reason: &'static str,
    },
    /// The provider did not confirm the callback (RFC 5849 section 2.1).
    #[error(
        "the provider did not confirm the callback, as OAuth 1.0a wants it: if it speaks 1.0, \
         set `callbackConfirmed: optional` in what `getOAuthConfig` returns"
    )]
    NotConfirmed,
    /// Credentials that lack what requests are signed with.
    #[error("there is no `{0}` among the credentials, which requests are signed with")]
    NoToken(&'static str),
    /// What the provider publishes about itself cannot be used.
    #[error("the metadata of the issuer `{issuer}` cannot be used: {reason}")]
    Metadata {
        /// The issuer.
        issuer: String,
        /// Why not.
        reason: String,
    },
}

impl From<TimingError> for OAuthConfigError {
    fn from(error: TimingError) -> Self {
        match error.key {
            Some(key) => shape(&format!("refresh.{key}"), error.expected),
            None => shape("refresh", error.expected),
        }
    }
}

pub(super) fn shape(key: &str, expected: impl Into<String>) -> OAuthConfigError {
    OAuthConfigError::Shape {
        key: key.to_owned(),
        expected: expected.into(),
    }
}

/// Whether `text` can be an endpoint: a URL of the scheme `https` or `http` that says nothing of
/// users and passwords.
pub fn is_endpoint(text: &str) -> bool {
    endpoint(text).is_some()
}

fn endpoint(text: &str) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter(|url| url.username().is_empty() && url.password().is_none())
}

/// The members of an object of the configuration. Null counts as absent.
pub(super) struct Members<'a> {
    values: &'a Map<String, Value>,
    /// What stands before a key in messages, such as `assertion.`.
    prefix: &'static str,
    /// The keys that may be asked for: what is read and what is documented is the same.
    known: &'static [&'static str],
    /// Those of a later version.
    later: &'static [&'static str],
}

impl<'a> Members<'a> {
    /// The members of `value`, which may have the keys `known` and, in a later version, `later`.
    pub(super) fn of(
        value: Option<&'a Value>,
        known: &'static [&'static str],
        later: &'static [&'static str],
    ) -> Result<Self, OAuthConfigError> {
        match value {
            None | Some(Value::Null) => Err(OAuthConfigError::Nothing),
            Some(value) => {
                let values = value.as_object().ok_or(OAuthConfigError::NotAnObject)?;
                Ok(Self {
                    values,
                    prefix: "",
                    known,
                    later,
                })
            }
        }
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        debug_assert!(
            self.known.contains(&key) || self.later.contains(&key),
            "`{key}` is in no table of keys"
        );
        self.values.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    fn wrong(&self, key: &str, expected: &str) -> OAuthConfigError {
        shape(&format!("{}{key}", self.prefix), expected)
    }

    /// A text that is not empty; a number counts as its digits, for client ids are often numbers.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, OAuthConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    pub(super) fn required_text(&self, key: &'static str) -> Result<String, OAuthConfigError> {
        self.text(key)?.ok_or(OAuthConfigError::Missing(key))
    }

    /// A flag; what is not there is `false`.
    pub(super) fn flag(&self, key: &str) -> Result<bool, OAuthConfigError> {
        match self.value(key) {
            None => Ok(false),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| self.wrong(key, "`true` or `false`")),
        }
    }

    pub(super) fn object(&self, key: &str) -> Result<Map<String, Value>, OAuthConfigError> {
        match self.value(key) {
            None => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(_) => Err(self.wrong(key, "an object")),
        }
    }

    pub(super) fn url(&self, key: &str) -> Result<Option<Url>, OAuthConfigError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match endpoint(&text) {
            Some(url) => Ok(Some(url)),
            None => Err(self.wrong(key, "a URL of the scheme `https` or `http`")),
        }
    }

    /// A list of texts, or one text that `split` takes apart. Empty ones are left out.
    pub(super) fn texts(
        &self,
        key: &str,
        split: fn(&str) -> Vec<String>,
    ) -> Result<Vec<String>, OAuthConfigError> {
        let wrong = || self.wrong(key, "a text, or a list of texts");
        let texts = match self.value(key) {
            None => Vec::new(),
            Some(Value::String(text)) => split(text),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(wrong()),
        };
        Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    pub(super) fn secrets(&self, key: &str) -> Result<Vec<SecretString>, OAuthConfigError> {
        let texts = self.texts(key, |text| vec![text.to_owned()])?;
        Ok(texts.into_iter().map(SecretString::from).collect())
    }

    /// One of `choices`. Those without a value are understood, but not done.
    pub(super) fn choice<T: Clone>(
        &self,
        key: &str,
        choices: &[(&str, Option<T>)],
    ) -> Result<Option<T>, OAuthConfigError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match choices.iter().find(|(name, _)| *name == text) {
            Some((_, Some(chosen))) => Ok(Some(chosen.clone())),
            Some((name, None)) => Err(OAuthConfigError::NotYet {
                what: format!("`{}{key}: {name}`", self.prefix),
            }),
            None => {
                let done = choices.iter().filter(|(_, value)| value.is_some());
                let names: Vec<&str> = done.map(|(name, _)| *name).collect();
                Err(self.wrong(key, &format!("one of `{}`", names.join("`, `"))))
            }
        }
    }

    /// The object called `key`, which has the keys `known`, read by `read`.
    pub(super) fn nested<T>(
        &self,
        key: &'static str,
        known: &'static [&'static str],
        read: fn(&Members<'_>) -> Result<T, OAuthConfigError>,
    ) -> Result<Option<T>, OAuthConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Object(values)) => {
                let members = Members {
                    values,
                    prefix: "assertion.",
                    known,
                    later: &[],
                };
                read(&members).map(Some)
            }
            Some(_) => Err(self.wrong(key, "an object")),
        }
    }
}
