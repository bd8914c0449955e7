//! Actions: named, typed units that callers run (membrane-connectors reference, section 9; wire
//! contract G).
//!
//! An action says what to ask of the external app and what to make of the answer. It has no
//! authentication of its own: that of a connection is used, or none.

mod read;
#[cfg(test)]
mod tests;

use authbridge_formula::Mapping;
use serde_json::Value;

use crate::auth::rest::{self, RestError};
use crate::client::Call;
use crate::connector::{RestApiMapping, Script};

pub use read::{ActionError, LinkedActions};

/// An action, ready to run.
#[derive(Clone, Debug)]
pub struct Action {
    /// Names it in files and calls.
    pub key: String,
    /// What people see.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it does.
    pub kind: ActionKind,
    /// Data schema of its input.
    pub input_schema: Option<Value>,
    /// What it returns, over its variables and `output`; the output itself when absent.
    pub output_mapping: Option<Mapping>,
}

/// What an action does.
#[derive(Clone, Debug)]
pub enum ActionKind {
    /// A request through the API client of a connection (`api-request-to-external-app`).
    ExternalRequest(ActionRequest),
    /// A request to the workspace's own app (`api-request-to-your-app`).
    AppRequest(ActionRequest),
    /// A request to a whole URL, with no authentication but its own (`http-request`).
    HttpRequest(ActionRequest),
    /// An operation of the connector (`connector-operation`).
    Operation {
        /// Which one.
        key: String,
        /// Its input; the action's when absent.
        input: Option<Mapping>,
    },
    /// Code (`run-javascript`).
    Javascript(Script),
    /// Something with records of a collection, such as `list-data-records`.
    Data(DataAction),
}

impl ActionKind {
    /// Whether it needs a connection.
    pub const fn needs_connection(&self) -> bool {
        match self {
            Self::ExternalRequest(_) | Self::Operation { .. } | Self::Data(_) => true,
            Self::AppRequest(_) | Self::HttpRequest(_) | Self::Javascript(_) => false,
        }
    }
}

/// A data action: it works on a collection of the connector.
#[derive(Clone, Debug)]
pub struct DataAction {
    /// Its type, such as `list-data-records`.
    pub action_type: String,
    /// The data source that it names.
    pub data_source: Option<String>,
}

/// One request, every part of which may be made of formulas.
#[derive(Clone, Debug)]
pub struct ActionRequest {
    /// `GET` where it yields nothing.
    method: Mapping,
    /// Everything else; its path is a whole URL in requests without a base URI.
    parts: RestApiMapping,
}

impl ActionRequest {
    /// The request for `variables`.
    pub fn call(&self, variables: &Value) -> Result<Call, RestError> {
        let mut call = rest::call(&self.parts, variables)?;
        if let Some(Value::String(method)) = self.method.evaluate(variables) {
            call.method = method;
        }
        Ok(call)
    }
}

impl Action {
    /// What the action returns for `output`, which is what came of it.
    pub fn result(&self, variables: &Value, output: Option<Value>) -> Option<Value> {
        let Some(mapping) = &self.output_mapping else {
            return output;
        };
        let mut variables = variables.clone();
        if let (Value::Object(members), Some(output)) = (&mut variables, output) {
            members.insert("output".into(), output);
        }
        mapping.evaluate(&variables)
    }
}
