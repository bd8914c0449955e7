//! Functions and their bodies.

use super::{Field, Kind, Shape, field};

/// A function as a connector lists it, with or without its body.
pub(crate) const FUNCTION: Shape = Shape {
    name: "a function",
    doc: "A step of authentication: its kind, and its body unless that is a file below `auth/`.",
    groups: &[KIND_FIELDS, BODY_FIELDS, REST_FIELDS, OTHER_BODY_FIELDS],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: REQUEST_PARTS,
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
        "The file with the body, relative to the definition; it wins over the name.",
    ),
    field("inheritedFromPath", Kind::Value, "Not used."),
    field("isIncomplete", Kind::Flag, "Not used."),
    field("parametersSchema", Kind::Schema, "Not used."),
];

const BODY_FIELDS: &[Field] = &[
    field(
        "mapping",
        Kind::Value,
        "Of kind `mapping`: any value with formulas.",
    ),
    field(
        "code",
        Kind::Text,
        "Of kind `javascript`: a module that exports one function.",
    ),
];

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

const OTHER_BODY_FIELDS: &[Field] = &[
    field(
        "operationKey",
        Kind::Text,
        "Of kind `operation-mapping`: the operation.",
    ),
    field("inputMapping", Kind::Value, "Of kind `operation-mapping`."),
    field("outputMapping", Kind::Value, "Of kind `operation-mapping`."),
    field(
        "operationType",
        Kind::Text,
        "Of kind `graphql-api-mapping`.",
    ),
    field("variables", Kind::Value, "Of kind `graphql-api-mapping`."),
];
