//! What test files say.

use authbridge_core::connector::{FunctionName, SourceLocation};
use serde_json::{Map, Value};

/// One test case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it shows: its `name`, or the name of its file, with a number in a list.
    pub name: String,
    /// Where it stands.
    pub source: SourceLocation,
    /// What runs.
    pub target: CaseTarget,
    /// The key of the auth option; `None` for the default one.
    pub option: Option<String>,
    /// What the workspace owner would have set; empty when the case does not say.
    pub connector_parameters: Map<String, Value>,
    /// What the user would have typed; empty when the case does not say.
    pub connection_input: Map<String, Value>,
    /// The credentials of the connection; `None` when the case does not say, and then they are
    /// what a connection with this input would have.
    pub credentials: Option<Map<String, Value>>,
    /// More arguments of the function; empty for other targets.
    pub arguments: Map<String, Value>,
    /// The requests that are expected, in order. Any other request fails the case, and so does one
    /// that was not made.
    pub exchanges: Vec<Exchange>,
    /// What comes out.
    pub expected: Expected,
}

/// What a test case runs.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseTarget {
    /// A function of auth.
    Function(FunctionName),
    /// An operation.
    Operation {
        /// Its key.
        key: String,
        /// Its input; null when the case has none.
        input: Value,
    },
    /// A request through the API client.
    Request(SentRequest),
}

/// A request that a test case makes.
#[derive(Clone, Debug, PartialEq)]
pub struct SentRequest {
    /// Upper case; `GET` when the case does not say.
    pub method: String,
    /// Relative to the base URI, or a whole URL.
    pub path: String,
    /// Query parameters.
    pub query: Map<String, Value>,
    /// Header fields.
    pub headers: Map<String, Value>,
    /// The body, if there is one: text is sent as it is, anything else as JSON.
    pub data: Option<Value>,
}

/// A request that is expected, and the answer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Where it stands.
    pub source: SourceLocation,
    /// What the request must be like.
    pub expect: ExpectedRequest,
    /// The answer.
    pub respond: Answer,
}

/// What a request must be like; `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedRequest {
    /// Upper case.
    pub method: Option<String>,
    /// The whole URL without its query, or a path, for which any host will do.
    pub url: Option<String>,
    /// Query parameters that it must have, among others.
    pub query: Option<Map<String, Value>>,
    /// Header fields that it must have, among others; names in either case.
    pub headers: Option<Map<String, Value>>,
    /// The body: text, or the value that JSON or a form stands for; objects may have more members.
    pub data: Option<Value>,
}

/// What the external app answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status, 200 to 599; 200 when not given.
    pub status: u16,
    /// Header fields.
    pub headers: Map<String, Value>,
    /// The body, if there is one: text as it is, anything else as JSON.
    pub data: Option<Value>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Map::new(),
            data: None,
        }
    }
}

/// What comes out of a test case.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Any result, but no error.
    Success,
    /// This result.
    Result {
        /// The result.
        value: Value,
        /// Whether objects may not have members besides these, at any depth.
        exact: bool,
    },
    /// An error; of these, `None` is not looked at.
    Error {
        /// A part of its message.
        message: Option<String>,
        /// Its `type`.
        error_type: Option<String>,
        /// Its `key`.
        key: Option<String>,
    },
}

/// What `connector test` connects with, and what the simulated API of the connector answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provider {
    /// What the user types; `None` to make it up from the input schema.
    pub input: Option<Map<String, Value>>,
    /// What the workspace owner sets; empty when the file does not say.
    pub connector_parameters: Map<String, Value>,
    /// The first that fits a request answers it.
    pub routes: Vec<Route>,
}

/// An answer to all requests for a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Upper case; `None` for any method.
    pub method: Option<String>,
    /// From `/`, without the query; a segment `{name}` stands for any.
    pub path: String,
    /// The answer.
    pub answer: Answer,
    /// Where it stands.
    pub source: SourceLocation,
}
