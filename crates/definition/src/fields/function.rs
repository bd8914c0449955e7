//! Functions and their bodies.

use super::{Field, Kind, Shape, field};

/// A function as a connector lists it, with or without its body.
pub(crate) const FUNCTION: Shape = Shape {
    name: "a function",
    doc: "A function: its kind, and its body unless that is a file with its name.",
    groups: &[KIND_FIELDS, MAPPING_FIELD, CODE_FIELD, REST_FIELDS],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: REQUEST_PARTS,
};

/// The same, of kind `graphql-api-mapping`.
pub(crate) const GRAPHQL_FUNCTION: Shape = Shape {
    name: "a GraphQL function",
    doc: "A function of kind `graphql-api-mapping`, with its body or without.",
    groups: &[KIND_FIELDS, MAPPING_FIELD, GRAPHQL_FIELDS],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: GRAPHQL_PARTS,
};

/// The same, of kind `operation-mapping`.
pub(crate) const OPERATION_FUNCTION: Shape = Shape {
    name: "an operation function",
    doc: "A function of kind `operation-mapping`, with its body or without.",
    groups: &[KIND_FIELDS, MAPPING_FIELD, OPERATION_CALL_FIELDS],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: OPERATION_CALL_PARTS,
};

/// The body of a `graphql-api-mapping`, and the whole of a `.graphql.yml` file.
pub(crate) const GRAPHQL: Shape = Shape {
    name: "a GraphQL request",
    doc: "One GraphQL request as mappings: a document with variables, or a tree of fields.",
    groups: &[GRAPHQL_FIELDS],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: GRAPHQL_PARTS,
};

/// A field that a GraphQL request asks for. It contains itself, which only a `static` can.
pub(crate) static GRAPHQL_FIELD: Shape = Shape {
    name: "a GraphQL field",
    doc: "A field, its arguments, and the fields below it.",
    groups: &[&[
        field(
            "field",
            Kind::Text,
            "Its name; `alias: name` gives it another in the answer.",
        ),
        field(
            "args",
            Kind::Members,
            "Its arguments; any value may be a formula.",
        ),
        field("subFields", Kind::GraphqlFields, "The fields below it."),
    ]],
    required: &["field"],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("name", "the name of a field is called `field`"),
        ("arguments", "arguments are called `args`"),
        ("fields", "the fields below are called `subFields`"),
    ],
};

/// The body of an `operation-mapping`, and the whole of an `.op.yml` file.
pub(crate) const OPERATION_CALL: Shape = Shape {
    name: "a call of an operation",
    doc: "A call of one of the connector's operations.",
    groups: &[OPERATION_CALL_FIELDS],
    required: &["operationKey"],
    formulas: true,
    server_state: &[],
    elsewhere: OPERATION_CALL_PARTS,
};

/// The body of a `rest-api-mapping`, and the whole of a `.rest.yml` file.
pub(crate) const REST: Shape = Shape {
    name: "a REST request",
    doc: "One HTTP request as mappings.",
    groups: &[REST_FIELDS],
    required: &["path"],
    formulas: true,
    server_state: &[],
    elsewhere: REQUEST_PARTS,
};

/// What a REST request sends.
pub(crate) const REQUEST: Shape = Shape {
    name: "a request mapping",
    doc: "What a request sends.",
    groups: &[&[
        field(
            "pathParameters",
            Kind::Members,
            "Replace `{name}` in the path, percent-encoded.",
        ),
        field("query", Kind::Members, "Query parameters."),
        field("headers", Kind::Members, "Header fields."),
        field(
            "data",
            Kind::Value,
            "The body: text is sent as it is, anything else as JSON.",
        ),
    ]],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[("body", "the body of a request is called `data`")],
};

const REQUEST_PARTS: &[(&str, &str)] = &[
    ("headers", "put it into `requestMapping`"),
    ("data", "put it into `requestMapping`"),
    ("body", "put it into `requestMapping`, as `data`"),
    ("pathParameters", "put it into `requestMapping`"),
    ("query", "put it into `requestMapping`"),
    ("params", "put it into `requestMapping`, as `query`"),
    (
        "uri",
        "a request has a `path`, relative to the base URI or a whole URL",
    ),
    (
        "url",
        "a request has a `path`, relative to the base URI or a whole URL",
    ),
];

const KIND_FIELDS: &[Field] = &[
    field(
        "implementationType",
        Kind::ImplementationName,
        "The kind of implementation, in `spec.yml`.",
    ),
    field(
        "type",
        Kind::ImplementationName,
        "The kind of implementation, in the flat document.",
    ),
    field(
        "filePath",
        Kind::Text,
        "The file with the body, relative to the definition or to the directory of its kind of \
         function (`auth/`, `operations/`); it wins over the name.",
    ),
    field("inheritedFromPath", Kind::Value, "Not used."),
    field("isIncomplete", Kind::Flag, "Not used."),
    field("parametersSchema", Kind::Schema, "Not used."),
];

const MAPPING_FIELD: &[Field] = &[field(
    "mapping",
    Kind::Value,
    "The body, as it would stand in a file of its own. Of kind `mapping`: any value with formulas.",
)];

const CODE_FIELD: &[Field] = &[field(
    "code",
    Kind::Text,
    "Of kind `javascript`: a module that exports one function, in JavaScript or TypeScript. \
     Imports are relative to the file that has the code.",
)];

const REST_FIELDS: &[Field] = &[
    field(
        "path",
        Kind::Text,
        "Relative to the base URI, or a whole URL; `{name}` is replaced by a path parameter.",
    ),
    field(
        "method",
        Kind::Method,
        "The HTTP method; `GET` when absent.",
    ),
    field(
        "requestMapping",
        Kind::Object(&REQUEST),
        "What the request sends.",
    ),
    field(
        "responseMapping",
        Kind::Value,
        "What the function returns; sees `response`. The response's data when absent.",
    ),
];

const GRAPHQL_FIELDS: &[Field] = &[
    field(
        "path",
        Kind::Text,
        "Relative to the base URI, or a whole URL; the base URI itself when absent.",
    ),
    field("headers", Kind::Members, "Header fields."),
    field("query", Kind::Text, "The GraphQL document."),
    field(
        "variables",
        Kind::Members,
        "Variables of the document in `query`.",
    ),
    field(
        "operationType",
        Kind::Choice(&["query", "mutation"]),
        "What `requestMapping` is: `query` when absent.",
    ),
    field(
        "requestMapping",
        Kind::GraphqlFields,
        "Instead of `query`: the fields asked for.",
    ),
    field(
        "responseMapping",
        Kind::Value,
        "What the function returns; sees `response` with `data`, `errors` and `extensions`. The \
         answer's `data` when absent.",
    ),
];

const GRAPHQL_PARTS: &[(&str, &str)] = &[
    ("method", "GraphQL requests are always sent with POST"),
    (
        "url",
        "a request has a `path`, relative to the base URI or a whole URL",
    ),
    (
        "uri",
        "a request has a `path`, relative to the base URI or a whole URL",
    ),
    ("mutation", "write the mutation under `query`"),
    ("document", "write the document under `query`"),
];

const OPERATION_CALL_FIELDS: &[Field] = &[
    field(
        "operationKey",
        Kind::Text,
        "The key of the operation to call.",
    ),
    field(
        "inputMapping",
        Kind::Value,
        "The input of the operation; none when absent.",
    ),
    field(
        "outputMapping",
        Kind::Value,
        "What the function returns; sees `output`. The operation's output when absent.",
    ),
];

const OPERATION_CALL_PARTS: &[(&str, &str)] = &[
    (
        "operation",
        "the operation to call is named by `operationKey`",
    ),
    ("input", "the input is called `inputMapping`"),
    ("output", "the output is called `outputMapping`"),
    ("requestMapping", "the input is called `inputMapping`"),
    ("responseMapping", "the output is called `outputMapping`"),
];
