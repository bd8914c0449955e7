//! Why the store could not do what it was asked, and what to do about it.

use std::path::PathBuf;

use crate::KeyringError;

/// The source of an error that a database or the file system reported.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row already has what must be unique, or a published version would change.
    #[error("{what} already exists")]
    Conflict {
        /// What exists: the noun and its name.
        what: String,
    },
    /// There is no such row in this workspace.
    #[error("there is no {what}")]
    Missing {
        /// What was looked for: the noun and its name.
        what: String,
    },
    /// There is no room for it: something has a bound.
    #[error("{what} can have {limit} at most")]
    Full {
        /// What is full.
        what: &'static str,
        /// How much it can have, with the unit.
        limit: String,
    },
    /// A customer would change what an admin wrote.
    #[error("an admin wrote this {what}, so only an admin may change it")]
    Protected {
        /// What it is.
        what: &'static str,
    },
    /// The connection's credentials were replaced by somebody else in the meantime.
    #[error("the credentials were replaced in the meantime")]
    GenerationMoved,
    /// The workspace changed since the changes were made that were to be applied to it.
    #[error("the workspace changed in the meantime")]
    RevisionMoved,
    /// A page was asked for with a cursor that this list never handed out.
    #[error("the cursor is not one that this list handed out")]
    InvalidCursor,
    /// Another process serves this data directory.
    #[error("the data directory `{data_dir}` is in use{}", by_process(*.pid))]
    Locked {
        /// The directory that is taken.
        data_dir: PathBuf,
        /// The process that has it, when it could be read.
        pid: Option<u32>,
    },
    /// The keyring is not the one this database was made with.
    #[error("{}", wrong_key(needed, have))]
    WrongKey {
        /// The key-encryption key that sealed the canary.
        needed: String,
        /// The ids of the keys in the keyring.
        have: Vec<String>,
    },
    /// A workspace's data key is wrapped by a key that the keyring does not hold.
    #[error("the keyring has no key `{key_id}`")]
    UnknownKey {
        /// The key-encryption key that is needed.
        key_id: String,
    },
    /// A row does not hold what this program wrote: damaged, or changed by hand.
    #[error("`{table}` row `{row}` is inconsistent: {reason}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row's id.
        row: String,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// The data directory or the database in it could not be opened.
    #[error("cannot open `{path}`")]
    CannotOpen {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Source,
    },
    /// The keyring could not be read or made.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The database did not take refreshed credentials. They are sealed in a file of the spool:
    /// to commit them again with the same lease, to claim the connection again, or to start
    /// again brings them in.
    #[error("the refreshed credentials are in the spool and not yet in the database")]
    Spooled(#[source] Box<Self>),
    /// The database did not answer, or answered with an error of its own.
    #[error("the database is unavailable")]
    Unavailable(#[source] Source),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What to do about it, for whoever can; `None` where the message says it all.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Conflict { .. } => "choose another name, or change the one that exists",
            Self::Missing { .. } | Self::Protected { .. } | Self::Closed => return None,
            Self::Full { .. } => "remove some that are not needed any more",
            Self::GenerationMoved => "read the connection again: it may need nothing more",
            Self::RevisionMoved => "read the workspace again, and make the changes anew",
            Self::InvalidCursor => "start again without a cursor",
            Self::Locked { .. } => "stop the other process, or serve another data directory",
            Self::WrongKey { .. } => {
                "start with the keyring that this database was made with; without it its secrets cannot be opened"
            }
            Self::UnknownKey { key_id } => {
                return Some(format!(
                    "put the line of `{key_id}` back into the keyring, below the active key"
                ));
            }
            Self::Inconsistent { .. } => "restore the database from a backup, or remove the row",
            Self::CannotOpen { .. } => {
                "check that the directory exists, belongs to this user and has room, and that no newer version made it"
            }
            Self::Keyring(error) => return error.hint().map(str::to_owned),
            Self::Spooled(error) => return error.hint(),
            Self::Unavailable(_) => "try again; if it stays, check the disk and the database's log",
        };
        Some(hint.to_owned())
    }

    /// A conflict over `noun` named `name`.
    pub(crate) fn conflict(noun: &str, name: &str) -> Self {
        Self::Conflict {
            what: format!("{noun} `{name}`"),
        }
    }

    /// A `noun` named `name` that is not there.
    pub(crate) fn missing(noun: &str, name: &str) -> Self {
        Self::Missing {
            what: format!("{noun} `{name}`"),
        }
    }
}

fn wrong_key(needed: &str, have: &[String]) -> String {
    if have.iter().any(|id| id == needed) {
        return format!(
            "the keyring's key `{needed}` is not the one that this database knows by that id"
        );
    }
    let have = have.join("`, `");
    format!("this database needs the key `{needed}`, and the keyring has `{have}`")
}

fn by_process(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" by process {pid}"))
}
