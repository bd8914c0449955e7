//! The configuration of a command line: which workspaces there are, and where.

use super::{Kind, SCHEMA_OF_FILE, Shape, field};

/// `authbridge.yml`, and `membrane.config.yml` of the original command line.
pub(crate) const PROJECT: Shape = Shape {
    name: "a configuration of the command line",
    doc: "The workspaces that `push`, `pull` and `diff` know by name.",
    groups: &[&[
        SCHEMA_OF_FILE,
        field(
            "workspaces",
            Kind::MapOf(&NAMED_WORKSPACE),
            "The workspaces, by the name that `-w` gives; `default` is used without one.",
        ),
        field(
            "testing",
            Kind::Value,
            "Of the original command line; not used.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

/// One workspace of a server.
pub(crate) const NAMED_WORKSPACE: Shape = Shape {
    name: "a workspace",
    doc: "A workspace of a server. Its secret may stand here, and better does not.",
    groups: &[&[
        field("url", Kind::HttpUri, "Where the server is.").formerly(&["apiUri"]),
        field("key", Kind::Text, "The workspace's key."),
        field(
            "secret",
            Kind::Text,
            "The workspace's secret. Whoever sees the file knows it.",
        ),
        field(
            "secretEnv",
            Kind::Text,
            "The environment variable that has the secret.",
        ),
        field(
            "secretFile",
            Kind::Text,
            "The file that has the secret, relative to this one.",
        ),
        field(
            "directory",
            Kind::Text,
            "Where its elements are, relative to this file.",
        ),
        field(
            "testCustomerId",
            Kind::Text,
            "Of the original command line; not used.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};
