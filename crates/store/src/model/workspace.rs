//! Workspaces and their keys.

use std::fmt;

use authbridge_core::SecretString;
use authbridge_core::id::WorkspaceId;
use jiff::Timestamp;
use serde_json::Value;

use super::named;
use crate::SecretBytes;

/// A tenant of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The name that tokens carry as `iss`; unique.
    pub key: String,
    /// A name for people.
    pub name: Option<String>,
    /// Settings: a JSON object.
    pub settings: Value,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A workspace to make.
#[derive(Debug)]
pub struct NewWorkspace {
    /// The name that tokens will carry as `iss`.
    pub key: String,
    /// A name for people.
    pub name: Option<String>,
    /// What signs the workspace's tokens.
    pub secret: SecretString,
}

named! {
    /// What a workspace key is for.
    KeyPurpose {
        /// Its private half is here, and signs tokens that we send out.
        Sign = "sign",
        /// Its public half was registered, and verifies tokens that come in.
        Verify = "verify",
    }
}

/// A key pair of a workspace, or the public half of one that somebody else keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkspaceKey {
    /// The key's id, as in a JWT header (RFC 7515 section 4.1.4); unique in the workspace.
    pub kid: String,
    /// The algorithm it is for, such as `ES256`.
    pub algorithm: String,
    /// The public half as a JSON Web Key (RFC 7517).
    pub public_jwk: Value,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was taken out of use.
    pub retired_at: Option<Timestamp>,
}

/// A workspace key to add.
#[derive(Debug)]
pub struct NewWorkspaceKey {
    /// The key's id.
    pub kid: String,
    /// The algorithm it is for.
    pub algorithm: String,
    /// The public half as a JSON Web Key.
    pub public_jwk: Value,
    /// The private half as PKCS #8; kept sealed.
    pub private_pkcs8: Option<SecretBytes>,
    /// What it is for.
    pub purpose: KeyPurpose,
}
