//! What `makeApiClient` returns (wire contract C.4).

use super::{Kind, Shape, field};

/// The keys of an API client.
pub(crate) const API_CLIENT: Shape = Shape {
    name: "an API client",
    doc: "How requests to the API are made: any value may be a formula over `credentials`.",
    groups: &[&[
        field(
            "baseUri",
            Kind::HttpUri,
            "Put before relative paths; the connector's `baseUri` when absent.",
        )
        .formerly(&["baseUrl"]),
        field("headers", Kind::Members, "Header fields of every request."),
        field("query", Kind::Members, "Query parameters of every request.")
            .formerly(&["defaultQueryParameters"]),
        field("auth", Kind::Object(&BASIC), "HTTP basic authentication."),
        field(
            "responseHandlers",
            Kind::ListOf(&HANDLER),
            "Decide what a response means; the first that matches counts.",
        ),
        field(
            "allowedHosts",
            Kind::HostList,
            "Hosts besides the base URI's to which credentials may be sent.",
        ),
        field("proxyUri", Kind::Text, "Not used."),
        field("returnFullResponse", Kind::Flag, "Of code only."),
        field("binary", Kind::Flag, "Of code only."),
        field("stream", Kind::Flag, "Of code only."),
        field(
            "dynamicOptions",
            Kind::Value,
            "Of code only: a function of one request, see [above](#api-clients-made-by-code).",
        ),
        field(
            "onError",
            Kind::Value,
            "Of code only: a function of a failed request, see [above](#api-clients-made-by-code).",
        ),
        field(
            "overrides",
            Kind::Value,
            "Changes to the requests of some paths, see [above](#api-clients-made-by-code).",
        ),
    ]],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[
        ("authorization", "header fields stand under `headers`"),
        ("username", "put it under `auth`"),
        ("password", "put it under `auth`"),
    ],
};

/// The nesting that the original's schema asks for; real files have the keys at top level.
pub(crate) const API_CLIENT_ARGS: &str = "args";

const BASIC: Shape = Shape {
    name: "basic authentication",
    doc: "HTTP basic authentication.",
    groups: &[&[
        field("username", Kind::Text, "The user name."),
        field("password", Kind::Text, "The password."),
    ]],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[],
};

const HANDLER: Shape = Shape {
    name: "a response handler",
    doc: "What a response that matches means.",
    groups: &[&[
        field(
            "match",
            Kind::Value,
            "A formula over `response`: `status`, `statusCode`, `headers`, `data`.",
        ),
        field(
            "isSuccess",
            Kind::Flag,
            "Whether the response counts as a success.",
        ),
        field(
            "data",
            Kind::Value,
            "What the response stands for, when it is a success.",
        ),
        field(
            "error",
            Kind::Object(&HANDLER_ERROR),
            "What went wrong, when it is none.",
        ),
    ]],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[],
};

const HANDLER_ERROR: Shape = Shape {
    name: "an error",
    doc: "What went wrong.",
    groups: &[&[
        field("message", Kind::Text, "For people."),
        field(
            "key",
            Kind::Choice(&[
                "access_token_expired",
                "connection_is_defunct",
                "rate_limit_exceeded",
            ]),
            "What the engine does: refresh, ask the user to reconnect, or wait.",
        ),
        field("data", Kind::Value, "Details."),
    ]],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[],
};
