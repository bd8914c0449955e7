//! Implementations made of mappings: GraphQL requests and calls of operations.

use authbridge_formula::Mapping;

/// One GraphQL request (membrane-connectors reference, section 2.1: both shapes).
///
/// `response_mapping` sees the function's arguments and `response`, with `data`, `errors` and
/// `extensions` of the GraphQL answer, and `headers`, `statusCode` and `status`.
#[derive(Clone, Debug)]
pub struct GraphqlApiMapping {
    /// A path below the base URI, or a whole URL; the base URI itself when absent.
    pub path: Option<Mapping>,
    /// What is asked.
    pub document: GraphqlDocument,
    /// An object of header fields.
    pub headers: Option<Mapping>,
    /// What the function returns; the answer's `data` when absent.
    pub response_mapping: Option<Mapping>,
}

/// What a GraphQL request asks.
#[derive(Clone, Debug)]
pub enum GraphqlDocument {
    /// As text, with variables beside it: the documentation's shape.
    Query {
        /// The document.
        query: Mapping,
        /// An object of variables.
        variables: Option<Mapping>,
    },
    /// As a tree of fields: the shape of the original SDK's types.
    Fields {
        /// Query or mutation.
        operation: GraphqlOperation,
        /// The fields asked for.
        fields: Vec<GraphqlField>,
    },
}

/// What kind of GraphQL operation a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphqlOperation {
    /// `query`
    Query,
    /// `mutation`
    Mutation,
}

impl GraphqlOperation {
    /// The word for it in files and in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
        }
    }

    /// The operation that `text` names.
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Query, Self::Mutation]
            .into_iter()
            .find(|operation| operation.as_str() == text)
    }
}

/// A field of a selection.
#[derive(Clone, Debug)]
pub struct GraphqlField {
    /// Its name; `alias: name` gives it another in the answer.
    pub field: String,
    /// An object of arguments, written into the document as values.
    pub args: Option<Mapping>,
    /// The fields below it.
    pub sub_fields: Vec<Self>,
}

/// A call of one of the connector's operations.
#[derive(Clone, Debug)]
pub struct OperationMapping {
    /// Which one.
    pub operation_key: String,
    /// Its input; none when absent.
    pub input_mapping: Option<Mapping>,
    /// What the function returns, over its arguments and `output`; the output when absent.
    pub output_mapping: Option<Mapping>,
}
