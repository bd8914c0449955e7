//! Instances of actions: what a connection says of an action for itself.

use std::str::FromStr;

use authbridge_core::id::{ActionInstanceId, ConnectionId, CustomerId};
use jiff::Timestamp;
use serde_json::Value;

/// An action as one connection has it (wire contract B.2, "Connections" and "Instances").
#[derive(Clone, Debug, PartialEq)]
pub struct ActionInstance {
    /// Its id.
    pub id: ActionInstanceId,
    /// The connection that has it.
    pub connection_id: ConnectionId,
    /// The key of the action that it is an instance of.
    pub action_key: String,
    /// Tells several of one action apart; `None` is the one that is meant where none is named.
    pub instance_key: Option<String>,
    /// What it says in place of the action: a JSON object; `None` follows the action.
    pub content: Option<Value>,
    /// Who wrote what it says; without content it is nobody's.
    pub author: InstanceAuthor,
    /// Counts its changes; starts at 1.
    pub revision: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ActionInstance {
    /// Whether `author` may put something else in its place, or take it away: customers leave
    /// alone what an admin wrote.
    pub const fn is_open_to(&self, author: InstanceAuthor) -> bool {
        match (author, self.author) {
            (InstanceAuthor::Admin, _) | (InstanceAuthor::Customer, InstanceAuthor::Customer) => {
                true
            }
            (InstanceAuthor::Customer, InstanceAuthor::Admin) => self.content.is_none(),
        }
    }
}

/// Who wrote what an instance says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceAuthor {
    /// An admin of the workspace.
    Admin,
    /// The customer whose connection it is.
    Customer,
}

impl InstanceAuthor {
    /// As the database has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Customer => "customer",
        }
    }
}

impl FromStr for InstanceAuthor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "admin" => Ok(Self::Admin),
            "customer" => Ok(Self::Customer),
            other => Err(format!("`{other}` is no author")),
        }
    }
}

/// What an instance is to say.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceContent {
    /// A JSON object; `None` follows the action.
    pub content: Option<Value>,
    /// Who says so.
    pub author: InstanceAuthor,
}

/// How much of instances one connection may have.
#[derive(Clone, Copy, Debug)]
pub struct InstanceLimits {
    /// How many.
    pub count: u64,
    /// How long all that they say may be as JSON, with their own keys, in bytes.
    pub bytes: u64,
}

/// An instance to make.
#[derive(Clone, Debug)]
pub struct NewActionInstance {
    /// The connection that has it.
    pub connection_id: ConnectionId,
    /// The key of the action.
    pub action_key: String,
    /// Tells several of one action apart.
    pub instance_key: Option<String>,
    /// What it says in place of the action.
    pub said: InstanceContent,
}

impl NewActionInstance {
    /// The instance with this id, as it begins.
    pub(crate) fn with_id(self, id: ActionInstanceId, now: Timestamp) -> ActionInstance {
        ActionInstance {
            id,
            connection_id: self.connection_id,
            action_key: self.action_key,
            // An empty name is none.
            instance_key: self.instance_key.filter(|key| !key.is_empty()),
            content: self.said.content,
            author: self.said.author,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Which instances to list; those of archived connections never are.
#[derive(Clone, Debug, Default)]
pub struct ActionInstanceFilter {
    /// Only of this connection.
    pub connection_id: Option<ConnectionId>,
    /// Only of this customer's connections.
    pub customer_id: Option<CustomerId>,
    /// Only of the action with this key.
    pub action_key: Option<String>,
}
