//! The author's own tests: `tests/*.yml` and `tests/provider.yml`.

use super::{Kind, SCHEMA_OF_FILE, Shape, field};

/// One case; a file holds one, or a list.
pub(crate) const CASE: Shape = Shape {
    name: "a test case",
    doc: "What runs, what the external app answers, and what is expected. Nothing leaves the \
          machine. One of `function`, `operation` and `request` says what runs.",
    groups: &[&[
        SCHEMA_OF_FILE,
        field(
            "name",
            Kind::Text,
            "What the case shows; the name of the file when absent.",
        ),
        field("function", Kind::FunctionName, "Runs a function of auth."),
        field("operation", Kind::Key, "Runs an operation, by its key."),
        field(
            "request",
            Kind::Object(&SENT),
            "Makes a request through the API client.",
        ),
        field(
            "option",
            Kind::Text,
            "The auth option; the default one when absent.",
        ),
        field(
            "connectorParameters",
            Kind::Members,
            "What the workspace owner would have set.",
        ),
        field(
            "connectionInput",
            Kind::Members,
            "What the user would have typed.",
        )
        .formerly(&["connectionParameters"]),
        field(
            "credentials",
            Kind::Members,
            "The credentials of the connection; made-up ones, never real ones.",
        ),
        field("input", Kind::Value, "The input of the operation."),
        field(
            "arguments",
            Kind::Members,
            "More that the function gets: `tokenResponse`, `queryParameters` and the like.",
        ),
        field(
            "requests",
            Kind::ListOf(&EXCHANGE),
            "The requests that are expected, in order, with the answer to each.",
        ),
        field(
            "expect",
            Kind::Object(&EXPECTED),
            "What comes out; that nothing goes wrong, when absent.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("connection", "give `connectionInput` and `credentials`"),
        ("parameters", "the input of an operation is called `input`"),
        ("method", "put it under `request`"),
        ("path", "put it under `request`"),
        ("responses", "answers stand under `requests`, as `respond`"),
        ("result", "put it under `expect`"),
        ("error", "put it under `expect`"),
    ],
};

/// A request that a case makes through the API client.
pub(crate) const SENT: Shape = Shape {
    name: "a request of a test case",
    doc: "A request through the API client.",
    groups: &[&[
        field(
            "method",
            Kind::Method,
            "The HTTP method; `GET` when absent.",
        ),
        field(
            "path",
            Kind::Text,
            "Relative to the base URI, or a whole URL.",
        ),
        field("query", Kind::Members, "Query parameters."),
        field("headers", Kind::Members, "Header fields."),
        field("data", Kind::Value, "The body."),
    ]],
    required: &["path"],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("body", "the body of a request is called `data`"),
        (
            "url",
            "a request has a `path`, relative to the base URI or a whole URL",
        ),
    ],
};

/// A request that is expected, and its answer.
pub(crate) const EXCHANGE: Shape = Shape {
    name: "an exchange",
    doc: "A request that is expected, and the answer to it.",
    groups: &[&[
        field(
            "expect",
            Kind::Object(&EXPECTED_REQUEST),
            "What the request must be like; any request when absent.",
        ),
        field(
            "respond",
            Kind::Object(&CANNED),
            "The answer; an empty 200 when absent.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("method", "put it under `expect`"),
        ("url", "put it under `expect`"),
        ("status", "put it under `respond`"),
        ("data", "put it under `expect` or `respond`"),
        ("response", "the answer is called `respond`"),
        ("request", "what is expected is called `expect`"),
    ],
};

/// What a request must be like.
pub(crate) const EXPECTED_REQUEST: Shape = Shape {
    name: "an expected request",
    doc: "What a request must be like; what is not given is not looked at.",
    groups: &[&[
        field("method", Kind::Method, "The HTTP method."),
        field(
            "url",
            Kind::UriOrPath,
            "The whole URL without its query, or the path, for which any host will do.",
        ),
        field(
            "query",
            Kind::Members,
            "Query parameters; the request may have more.",
        ),
        field(
            "headers",
            Kind::Members,
            "Header fields, in either case; the request may have more.",
        ),
        field(
            "data",
            Kind::Value,
            "The body; objects in it may have more members.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("path", "the `url` may be a path alone"),
        ("body", "the body of a request is called `data`"),
    ],
};

/// A canned answer.
pub(crate) const CANNED: Shape = Shape {
    name: "an answer",
    doc: "What the external app answers.",
    groups: &[ANSWER],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("statusCode", "the status is called `status`"),
        ("body", "the body is called `data`"),
    ],
};

const ANSWER: &[super::Field] = &[
    field("status", Kind::Status, "The HTTP status; 200 when absent."),
    field("headers", Kind::Members, "Header fields."),
    field(
        "data",
        Kind::Value,
        "The body: text is sent as it is, anything else as JSON.",
    ),
];

/// What comes out of a case.
pub(crate) const EXPECTED: Shape = Shape {
    name: "an expectation",
    doc: "What comes out: a result or an error.",
    groups: &[&[
        field(
            "result",
            Kind::Value,
            "The result. Objects may have more members, unless `exact` is set.",
        ),
        field(
            "exact",
            Kind::Flag,
            "Whether the result has exactly these members.",
        ),
        field(
            "error",
            Kind::Object(&EXPECTED_ERROR),
            "The error; whatever it is when empty.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[("output", "what comes out is called `result`")],
};

/// What an error must be like.
pub(crate) const EXPECTED_ERROR: Shape = Shape {
    name: "an expected error",
    doc: "What an error must be like; what is not given is not looked at.",
    groups: &[&[
        field("message", Kind::Text, "A part of its message."),
        field("type", Kind::Text, "Its type, such as `connection`."),
        field(
            "key",
            Kind::Text,
            "Its key, such as `access_token_expired`.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

/// `tests/provider.yml`: what the simulated API of a connector answers, and what to connect with.
pub(crate) const PROVIDER: Shape = Shape {
    name: "a simulated provider",
    doc: "What `connector test` connects with, and what the simulated API answers.",
    groups: &[&[
        SCHEMA_OF_FILE,
        field(
            "input",
            Kind::Members,
            "What the user types; made up from the input schema when absent.",
        )
        .formerly(&["connectionInput", "connectionParameters"]),
        field(
            "connectorParameters",
            Kind::Members,
            "What the workspace owner sets.",
        ),
        field(
            "routes",
            Kind::ListOf(&ROUTE),
            "Answers of the simulated API; the first that fits counts.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("parameters", "write `connectorParameters`"),
        (
            "requests",
            "answers of the simulated API are called `routes`",
        ),
    ],
};

/// An answer of the simulated API.
pub(crate) const ROUTE: Shape = Shape {
    name: "a route",
    doc: "What the simulated API answers to requests for a path.",
    groups: &[
        &[
            field("method", Kind::Method, "The HTTP method; any when absent."),
            field(
                "path",
                Kind::Path,
                "The path, from `/`, without the query; a segment `{name}` stands for any.",
            ),
        ],
        ANSWER,
    ],
    required: &["path"],
    formulas: false,
    server_state: &[],
    elsewhere: &[
        ("respond", "put its members beside `path`"),
        ("body", "the body is called `data`"),
        ("url", "a route has a `path`"),
    ],
};
