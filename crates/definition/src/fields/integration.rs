//! Integrations.

use super::{Kind, SCHEMA_OF_FILE, Shape, field};

const NO_AUTH_HERE: &str =
    "authentication belongs to the connector: put it into the connector's `spec.yml`";

/// A workspace's installation of a connector.
pub(crate) const INTEGRATION: Shape = Shape {
    name: "an integration",
    doc: "A workspace's installation of a connector.",
    groups: &[&[
        SCHEMA_OF_FILE,
        field(
            "type",
            Kind::Choice(&["integration", "auth-proxy"]),
            "Says that the file is an integration, or an auth proxy, wherever it stands.",
        ),
        field(
            "kind",
            Kind::Choice(&["integration", "auth-proxy"]),
            "The same as `type`.",
        ),
        field(
            "key",
            Kind::Key,
            "Names the integration; the name of its directory or file when absent.",
        ),
        field("name", Kind::Text, "What people see; the key when absent."),
        field(
            "description",
            Kind::Text,
            "What the integration is for; not used.",
        ),
        field(
            "connectorKey",
            Kind::Text,
            "The key of the connector that it installs.",
        ),
        field(
            "connectorId",
            Kind::Text,
            "The connector's `id` in pulled files.",
        ),
        field("connectorUuid", Kind::Text, "The connector's `uuid`."),
        field(
            "connectorVersion",
            Kind::Text,
            "The version of the connector; the development version when absent.",
        ),
        field(
            "parameters",
            Kind::Members,
            "Connector parameters, as the connector's `parametersSchema` describes them.",
        ),
        field(
            "logoUri",
            Kind::Text,
            "An image instead of the connector's.",
        ),
        field(
            "baseUri",
            Kind::RecordUri,
            "A base URI instead of the connector's.",
        )
        .formerly(&["baseUrl"]),
        field(
            "oAuthCallbackUri",
            Kind::HttpUri,
            "A callback URI of your own that redirects to the engine's.",
        ),
        field(
            "allowExternalCallback",
            Kind::Flag,
            "Whether an account may be connected by a browser that the engine did not send away, as \
             when your app is installed from an app store; `false` unless given.",
        ),
        field("meta", Kind::Value, "Anything of yours."),
        field(
            "optionsConfig",
            Kind::Later,
            "Settings of single auth options.",
        ),
    ]],
    required: &[],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: &[
        ("auth", NO_AUTH_HERE),
        ("makeApiClient", NO_AUTH_HERE),
        ("connector", "name the connector with `connectorKey`"),
    ],
};

const SERVER_STATE: &[&str] = &[
    "id",
    "uuid",
    "appUuid",
    "archivedAt",
    "authOptions",
    "authType",
    "connection",
    "createdAt",
    "dataCollectionsCount",
    "errors",
    "eventsCount",
    "externalAppId",
    "hasData",
    "hasDocumentation",
    "hasEvents",
    "hasGlobalWebhooks",
    "hasMissingParameters",
    "hasOperations",
    "hasUdm",
    "isDeactivated",
    "isReadOnly",
    "isTest",
    "operationsCount",
    "parametersSchema",
    "revision",
    "spec",
    "state",
    "updatedAt",
    "workspaceId",
];
