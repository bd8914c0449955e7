//! Formulas (`$var`, `$concat`, …), locators and data schemas, as the wire contract defines them
//! (sections D and E).
//!
//! A formula is an object whose first key names one: `{"$var": "credentials.apiKey"}`. Everything
//! else is data and evaluates to itself, member by member. JavaScript's semantics hold throughout
//! (truthiness, loose equality, `String(value)`, `Date.parse`), because the original evaluator is
//! written in it; [`js`] keeps those rules in one place. `Option<Value>` stands for a JavaScript
//! value: `None` is `undefined`.
//!
//! Nothing here panics, recurses without a limit or grows without a limit, whatever the input;
//! [`limits`] lists the bounds.

mod copy;
mod date;
mod eval;
pub mod js;
pub mod limits;
pub mod locator;
mod mapping;
mod names;
mod node;
pub mod registry;
pub mod replay;
mod resolve;
pub mod schema;
mod variables;

pub use crate::date::parse_date;
pub use crate::eval::filter::{DataFilterError, matches_filter};
pub use crate::mapping::{ConfigurationError, Mapping, build_data, build_value};
pub use crate::resolve::{Resolver, Resolvers, resolve_formulas};
pub use serde_json::Value;
