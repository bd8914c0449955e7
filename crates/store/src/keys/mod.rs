//! Keys and sealing.
//!
//! A key-encryption key (KEK) of the [`Keyring`] wraps one data key per workspace; the data key
//! seals the workspace's secrets. The keyring lives outside the database, so that a stolen
//! database opens nothing.

pub(crate) mod keyring;
mod keyring_file;
mod record;
mod vault;

pub use keyring::{Kek, Keyring, KeyringError};
pub(crate) use record::{Field, Place};
pub(crate) use vault::Vault;

/// The sealed fields there are.
pub(crate) mod field {
    use super::Field;

    /// What signs a workspace's tokens.
    pub(crate) const WORKSPACE_SECRET: Field = Field::new("workspace", "secret");
    /// The private half of a workspace's key pair.
    pub(crate) const PRIVATE_KEY: Field = Field::new("workspace_key", "private_key");
    /// What the workspace's app keeps about a customer.
    pub(crate) const CUSTOMER_CREDENTIALS: Field = Field::new("customer", "credentials");
    /// Connector parameters.
    pub(crate) const PARAMETERS: Field = Field::new("integration", "parameters");
    /// What authenticates.
    pub(crate) const CREDENTIALS: Field = Field::new("connection", "credentials");
    /// What the customer typed.
    pub(crate) const INPUT: Field = Field::new("connection", "input");
    /// The connector parameters that a connection was made with.
    pub(crate) const CONNECTOR_PARAMETERS: Field = Field::new("connection", "connector_parameters");
    /// What the callback of an attempt to connect needs.
    pub(crate) const SESSION_PAYLOAD: Field = Field::new("auth_session", "payload");
    /// The connector parameters that a connection request was made with.
    pub(crate) const REQUEST_PARAMETERS: Field =
        Field::new("connection_request", "connector_parameters");
    /// An answer of a provider, in a file of the spool.
    pub(crate) const SPOOLED_ANSWER: Field = Field::new("spool", "answer");
}
