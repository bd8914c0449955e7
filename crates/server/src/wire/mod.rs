//! The shapes of the wire contract (sections B and C.5), made from what the engine gives.

mod connection;
mod connector;
mod customer;
mod element;
mod input;
mod integration;
mod list;

pub(crate) use connection::Connection;
pub(crate) use connector::{Connector, ConnectorSpec};
pub(crate) use customer::Customer;
pub(crate) use element::{element, runnable_action};
pub(crate) use input::{Fields, JsonBody, MAX_BODY_BYTES};
pub(crate) use integration::Integration;
pub(crate) use list::{List, ListQuery, flag, given};

use serde::Serialize;
use utoipa::ToSchema;

/// An error, flat: `type` tells the family, `key` the case.
#[derive(Serialize, ToSchema)]
pub(crate) struct Error {
    /// `bad_request`, `connection`, `configuration`, `concurrency` or `internal`.
    #[serde(rename = "type")]
    kind: String,
    /// Such as `not_found`, `not_authenticated`, `access_denied`, `already_exists`,
    /// `rate_limit_exceeded`, `connection_is_defunct`.
    key: Option<String>,
    /// What happened and what to do.
    message: String,
    /// More, such as `fields` for input that does not fit, or `diagnostics` of a definition.
    data: Option<serde_json::Value>,
    /// Which page of the documentation helps.
    doc: Option<String>,
}
