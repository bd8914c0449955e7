//! Typed ids: a prefix that names the noun, then a ULID, so that ids sort by creation time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Effects;

/// Text that is not an id of the noun it was read as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form `{prefix}_…`")]
pub struct ParseIdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// What every id of this noun starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, unlike any other.
            pub fn generate(effects: &Effects) -> Self {
                Self(generate($prefix, effects).into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if is_id(text, $prefix) {
                    return Ok(Self(text.into()));
                }
                Err(ParseIdError { prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIdError;

            fn try_from(text: String) -> Result<Self, ParseIdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_string()
            }
        }
    )*};
}

ids! {
    /// Names a workspace.
    WorkspaceId = "ws";
    /// Names a customer.
    CustomerId = "cus";
    /// Names a connector.
    ConnectorId = "cnr";
    /// Names an integration.
    IntegrationId = "int";
    /// Names a connection.
    ConnectionId = "con";
    /// Names an attempt to connect an account that goes by way of the external app.
    AuthSessionId = "ses";
    /// Names a request to connect an account by a link.
    ConnectionRequestId = "crq";
    /// Names one attempt to refresh a connection's credentials.
    LeaseId = "lea";
    /// Names an entry of the audit log.
    AuditId = "aud";
    /// Names what a connection says of an action for itself.
    ActionInstanceId = "ain";
    /// Names one run of an action.
    ActionRunId = "run";
    /// Names a request, in logs and in the header that carries it.
    RequestId = "req";
}

/// A fresh `jti` (RFC 7519 section 4.1.7).
pub(crate) fn token_id(effects: &Effects) -> String {
    generate("jti", effects)
}

pub(crate) fn generate(prefix: &str, effects: &Effects) -> String {
    let milliseconds = u64::try_from(effects.now().as_millisecond()).unwrap_or(0);
    let random = u128::from_be_bytes(effects.random_bytes());
    let ulid = ulid::Ulid::from_parts(milliseconds, random).to_string();
    format!("{prefix}_{}", ulid.to_ascii_lowercase())
}

pub(crate) fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| {
            rest.len() == 26 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_reads_back() {
        let id = ConnectionId::generate(&Effects::of_the_system());
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!(id.as_str().starts_with("con_"));
    }

    #[test]
    fn an_id_of_another_noun_is_refused() {
        let id = CustomerId::generate(&Effects::of_the_system());
        assert!(id.as_str().parse::<ConnectionId>().is_err());
    }
}
