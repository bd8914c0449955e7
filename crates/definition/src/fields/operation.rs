//! Operations of a connector (wire contract C.6).

use super::{Field, Kind, SCHEMA_OF_FILE, Shape, field};

/// An operation: `operations/<key>/spec.yml`, `operations/<key>.yml`, or an item of `operations`.
pub(crate) const OPERATION: Shape = Shape {
    name: "an operation",
    doc: "A named piece of work that the connector offers beside its auth.",
    groups: &[
        &[
            SCHEMA_OF_FILE,
            field(
                "key",
                Kind::Key,
                "Names the operation in its connector; the name of its directory or file when \
                 absent.",
            ),
            field("name", Kind::Text, "What people see; the key when absent."),
            field("description", Kind::Text, "What it does."),
            field("tags", Kind::TextList, "Free labels."),
            field(
                "isReadOnly",
                Kind::Flag,
                "Whether it changes nothing at the external app.",
            ),
            field("inputSchema", Kind::Schema, "Data schema of its input."),
            field("outputSchema", Kind::Schema, "Data schema of its output."),
            field(
                "methods",
                Kind::Object(&METHODS),
                "The older place of `run`.",
            ),
        ],
        RUN,
    ],
    required: &[],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: &[
        (
            "parametersSchema",
            "the schema of the input is called `inputSchema`",
        ),
        ("input", "the schema of the input is called `inputSchema`"),
        (
            "output",
            "the schema of the output is called `outputSchema`",
        ),
        ("implementationType", "put it under `run`"),
        ("path", "put it under `run`"),
        ("method", "put it under `run`"),
        ("requestMapping", "put it under `run`"),
        ("responseMapping", "put it under `run`"),
        ("code", "put it under `run`"),
        ("mapping", "put it under `run`"),
        ("auth", "operations use the connector's auth"),
    ],
};

/// The older home of `run`.
pub(crate) const METHODS: Shape = Shape {
    name: "the methods of an operation",
    doc: "What an operation does, in the spelling before `run`.",
    groups: &[RUN],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

const RUN: &[Field] = &[field(
    "run",
    Kind::Function,
    "How it runs, in any kind; sees `input`. Its file is `run` with the suffix of its kind, \
     beside the operation's.",
)];

const SERVER_STATE: &[&str] = &[
    "id",
    "connectorId",
    "createdAt",
    "integrationId",
    "isCustomized",
    "revision",
    "state",
    "updatedAt",
];
