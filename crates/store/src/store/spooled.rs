//! What a file of the spool says: an answer of a provider, sealed as a whole.
//!
//! Workspace, connection, lease and generation are readable, for they tell with which key and
//! for which place the rest was sealed. So none of them can be changed, nor anything else.

use authbridge_core::SecretJson;
use authbridge_core::id::{ConnectionId, LeaseId, WorkspaceId};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Store;
use super::seal::to_bytes;
use crate::StoreError;
use crate::keys::{Place, field};
use crate::model::connection::{ConnectionState, NewCredentials};

/// An answer of a provider, and whose it is.
pub(super) struct Answer {
    pub(super) address: Address,
    pub(super) new: NewCredentials,
}

/// Whose an answer is, and which credentials it follows on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) workspace: WorkspaceId,
    pub(super) connection: ConnectionId,
    pub(super) lease: LeaseId,
    /// The generation of the credentials that were refreshed.
    pub(super) generation: u64,
}

/// A file, still sealed.
pub(super) struct Envelope {
    pub(super) address: Address,
    sealed: Vec<u8>,
}

/// Why a file is not one that we wrote, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("a file of the spool cannot be read")]
pub(super) struct Unreadable;

impl Store {
    /// The file that keeps an answer.
    pub(super) async fn spool_file(&self, answer: &Answer) -> Result<Vec<u8>, StoreError> {
        let Answer { address, new } = answer;
        let row = address.row();
        let plain = to_bytes(written(new).expose());
        let sealed = self.seal(address.place(&row), &plain).await?;
        Ok(file(address, &sealed.bytes))
    }

    /// Opens a file; [`StoreError::Inconsistent`] when it was changed.
    pub(super) async fn open_spooled(&self, envelope: Envelope) -> Result<Answer, StoreError> {
        let Envelope { address, sealed } = envelope;
        let row = address.row();
        let plain = self.vault().open(address.place(&row), &sealed).await?;
        let new = serde_json::from_slice(&plain)
            .ok()
            .map(SecretJson::new)
            .and_then(|value| read(value.expose()));
        let Some(new) = new else {
            return Err(StoreError::Inconsistent {
                table: field::SPOOLED_ANSWER.table,
                row,
                reason: "it is not an answer".to_owned(),
            });
        };
        Ok(Answer { address, new })
    }
}

impl Address {
    fn row(&self) -> String {
        format!("{}/{}", self.connection, self.lease)
    }

    fn place<'a>(&'a self, row: &'a str) -> Place<'a> {
        Place {
            workspace: &self.workspace,
            field: field::SPOOLED_ANSWER,
            row,
            generation: self.generation,
        }
    }
}

impl Envelope {
    /// Reads a file.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        parse(bytes).ok_or(Unreadable)
    }
}

fn file(address: &Address, sealed: &[u8]) -> Vec<u8> {
    json!({
        "version": VERSION,
        "workspace": address.workspace.as_str(),
        "connection": address.connection.as_str(),
        "lease": address.lease.as_str(),
        "generation": address.generation,
        "sealed": BASE64_STANDARD.encode(sealed),
    })
    .to_string()
    .into_bytes()
}

fn parse(bytes: &[u8]) -> Option<Envelope> {
    let file: Value = serde_json::from_slice(bytes).ok()?;
    let text = |name| file.get(name)?.as_str();
    if file.get("version")?.as_u64() != Some(VERSION) {
        return None;
    }
    Some(Envelope {
        address: Address {
            workspace: text("workspace")?.parse().ok()?,
            connection: text("connection")?.parse().ok()?,
            lease: text("lease")?.parse().ok()?,
            generation: file.get("generation")?.as_u64()?,
        },
        sealed: BASE64_STANDARD.decode(text("sealed")?).ok()?,
    })
}

/// New credentials as JSON. What is kept as it was is left out, for it may also become null.
fn written(new: &NewCredentials) -> SecretJson {
    let mut value = json!({
        "credentials": new.credentials.expose(),
        "state": new.state.as_str(),
        "error": new.error,
        "scopes": new.scopes,
        "expires_at": new.expires_at.map(Timestamp::as_microsecond),
        "refresh_due_at": new.refresh_due_at.map(Timestamp::as_microsecond),
        "is_refreshable": new.is_refreshable,
    });
    let parts = [
        ("input", &new.input),
        ("connector_parameters", &new.connector_parameters),
    ];
    for (name, part) in parts {
        if let (Some(part), Some(members)) = (part, value.as_object_mut()) {
            members.insert(name.to_owned(), part.expose().clone());
        }
    }
    SecretJson::new(value)
}

fn read(value: &Value) -> Option<NewCredentials> {
    let secret = |name| value.get(name).cloned().map(SecretJson::new);
    Some(NewCredentials {
        credentials: secret("credentials")?,
        input: secret("input"),
        connector_parameters: secret("connector_parameters"),
        state: value
            .get("state")?
            .as_str()?
            .parse::<ConnectionState>()
            .ok()?,
        error: value.get("error").filter(|error| !error.is_null()).cloned(),
        // A file of an earlier version says nothing of them, which keeps what there is.
        scopes: match value.get("scopes") {
            None | Some(Value::Null) => None,
            Some(scopes) => Some(serde_json::from_value(scopes.clone()).ok()?),
        },
        expires_at: time(value.get("expires_at")?).ok()?,
        refresh_due_at: time(value.get("refresh_due_at")?).ok()?,
        is_refreshable: value
            .get("is_refreshable")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    })
}

/// A time or nothing.
fn time(value: &Value) -> Result<Option<Timestamp>, Unreadable> {
    if value.is_null() {
        return Ok(None);
    }
    let microseconds = value.as_i64().ok_or(Unreadable)?;
    let time = Timestamp::from_microsecond(microseconds);
    time.map(Some).map_err(|_| Unreadable)
}

/// How files look that this version writes.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests {
    use authbridge_core::Effects;
    use authbridge_core::auth::Scopes;
    use proptest::prelude::*;

    use super::*;

    fn new_credentials() -> NewCredentials {
        NewCredentials {
            credentials: SecretJson::new(json!({"access_token": "a", "n": 1.5})),
            input: None,
            connector_parameters: Some(SecretJson::new(Value::Null)),
            state: ConnectionState::Ready,
            error: Some(json!({"message": "no"})),
            scopes: Some(Scopes {
                requested: vec!["a".to_owned()],
                granted: Vec::new(),
            }),
            expires_at: Timestamp::from_microsecond(-7).ok(),
            refresh_due_at: None,
            is_refreshable: false,
        }
    }

    fn envelope() -> Vec<u8> {
        let effects = Effects::of_the_system();
        let address = Address {
            workspace: WorkspaceId::generate(&effects),
            connection: ConnectionId::generate(&effects),
            lease: LeaseId::generate(&effects),
            generation: 3,
        };
        file(&address, b"sealed")
    }

    #[test]
    fn what_is_written_reads_back() {
        let new = new_credentials();
        let again = read(written(&new).expose()).unwrap();
        assert_eq!(again.credentials, new.credentials);
        assert_eq!(again.input, None);
        assert_eq!(again.connector_parameters, new.connector_parameters);
        assert_eq!(again.state, new.state);
        assert_eq!(again.error, new.error);
        assert_eq!(again.scopes, new.scopes);
        assert_eq!(again.expires_at, new.expires_at);
        assert_eq!(again.refresh_due_at, None);
        assert!(!again.is_refreshable);
    }

    #[test]
    fn a_part_of_a_file_is_not_read() {
        let whole = envelope();
        assert!(Envelope::parse(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(Envelope::parse(&whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_file_of_a_later_version_is_not_read() {
        let later = String::from_utf8(envelope()).unwrap();
        let later = later.replace("\"version\":1", "\"version\":2");
        assert!(Envelope::parse(later.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            prop_assert!(Envelope::parse(&bytes).is_err());
        }
    }
}
