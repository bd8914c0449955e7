//! Connector and workspace files to the connector model, with diagnostics.
//!
//! [`load_connector`] reads one definition, in any of the formats, into core's
//! [`Connector`](authbridge_core::connector::Connector); [`load_directory`] finds connectors and
//! integrations below a directory and accounts for every other file there. Neither stops at the
//! first problem: both return what they could read, and [`Diagnostic`]s for the rest.

mod authentication;
mod bundle;
mod cases;
mod code;
mod connector;
mod diagnostic;
mod directory;
mod document;
mod element;
mod fields;
mod formulas;
mod object;
mod project;
mod reference;
mod render;
mod report;
mod schema;
mod secret_name;
mod secrets;
mod source;
mod step;
mod suggest;
mod tree;

pub use authentication::{AuthenticationProblem, Installed};
pub use bundle::{Bundle, ReadError};
pub use cases::{
    Answer, Case, CaseTarget, Cases, Exchange, Expected, ExpectedRequest, Provider, Route,
    SentRequest, load_cases,
};
pub use code::{Code, explain, reference_markdown};
pub use connector::{ConnectorDefaults, Loaded, load_connector};
pub use diagnostic::{Diagnostic, Severity, Span};
pub use directory::{
    ConnectorFile, DefinitionFile, Directory, Ignored, IntegrationFile, load_directory,
};
pub use document::{MemberEdit, edited_document, new_document, spelling};
pub use element::{ElementFile, ElementType};
pub use project::{NamedWorkspace, PROJECT_FILES, load_project};
pub use reference::reference_pages;
pub use render::{Color, render, render_under};
pub use schema::json_schemas;
pub use source::Sources;
