//! Elements beside connectors and integrations: actions, interfaces, and those that are only kept.

use super::connector::AUTH;
use super::{Field, Kind, SCHEMA_OF_FILE, Shape, field};

/// The types of actions (wire contract G).
pub(crate) const ACTION_TYPES: [&str; 14] = [
    "api-request-to-external-app",
    "api-request-to-your-app",
    "http-request",
    "connector-operation",
    "run-javascript",
    "list-data-records",
    "find-data-record-by-id",
    "match-data-record",
    "search-data-record",
    "create-data-record",
    "find-or-create-data-record",
    "update-data-record",
    "delete-data-record",
    "api-request",
];

const NO_AUTH_HERE: &str = "an action never has authentication of its own: put it into the connector's `spec.yml`, or into \
     an interface that lists the action";

/// An action.
pub(crate) const ACTION: Shape = Shape {
    name: "an action",
    doc: "A named, typed unit that a caller runs, of the workspace or of one integration.",
    groups: &[NAMES, LEVEL, ACTION_FIELDS],
    required: &["type"],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: &[
        ("auth", NO_AUTH_HERE),
        ("authentication", NO_AUTH_HERE),
        ("credentials", NO_AUTH_HERE),
        ("input", "the schema of the input is called `inputSchema`"),
        ("output", "what an action returns is called `outputMapping`"),
        ("request", "put it under `config`"),
        ("path", "put it under `config.request`"),
        ("method", "put it under `config.request`"),
        ("operationKey", "put it under `config`"),
        ("code", "put it under `config`"),
        ("integration", "name the integration with `integrationKey`"),
        (
            "connector",
            "an action names an integration, with `integrationKey`",
        ),
        (
            "interface",
            "the interface lists its actions, under `actions`",
        ),
    ],
};

/// An interface.
pub(crate) const INTERFACE: Shape = Shape {
    name: "an interface",
    doc: "An HTTP endpoint: a base URI, how to authenticate there, and the actions that call it.",
    groups: &[
        NAMES,
        &[
            field(
                "type",
                Kind::Choice(&["http-endpoint"]),
                "Says that the file is an interface, wherever it stands.",
            ),
            field(
                "baseUri",
                Kind::HttpUri,
                "What paths of its actions are relative to.",
            )
            .formerly(&["baseUrl"]),
            field(
                "auth",
                Kind::Object(&AUTH),
                "How the endpoint authenticates: any auth type, as in a connector.",
            ),
            field(
                "actions",
                Kind::KeysOr(&INLINE_ACTION),
                "The actions that run with this authentication: keys of actions, or actions.",
            ),
            field(
                "expose",
                Kind::Flag,
                "Whether the actions are also served at `POST /interfaces/{key}/actions/{action}`; \
                 `false` unless given.",
            ),
            field("logoUri", Kind::HttpUri, "An image for pages and lists."),
        ],
    ],
    required: &["baseUri"],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: &[
        ("integrationKey", "an interface belongs to the workspace"),
        ("authentication", "write `auth`"),
        ("url", "write `baseUri`"),
        ("uri", "write `baseUri`"),
        ("headers", "put them into `auth.makeApiClient`"),
        ("endpoints", "what calls the endpoint are `actions`"),
        ("operations", "what calls the endpoint are `actions`"),
    ],
};

/// An action inside of an interface.
pub(crate) const INLINE_ACTION: Shape = Shape {
    name: "an action of an interface",
    doc: "An action that belongs to its interface.",
    groups: &[NAMES, ACTION_FIELDS],
    required: &["type"],
    formulas: false,
    server_state: &[],
    elsewhere: ACTION.elsewhere,
};

const ACTION_FIELDS: &[Field] = &[
    field("type", Kind::Choice(&ACTION_TYPES), "What it does."),
    field("inputSchema", Kind::Schema, "Data schema of its input."),
    field(
        "config",
        Kind::Members,
        "What it does, in detail: `request` of requests (`path`, or `uri` of `http-request`, \
         `method`, `query`, `headers`, `data`), `operationKey` and `inputMapping` of \
         `connector-operation`, `code` of `run-javascript`, `dataSource` and `fieldMapping` of data \
         actions. Formulas see `input`.",
    ),
    field(
        "outputMapping",
        Kind::Value,
        "What it returns; formulas see `output`. The output itself when absent.",
    ),
    field(
        "customOutputSchema",
        Kind::Schema,
        "Data schema of what `outputMapping` returns.",
    ),
];

/// A flow.
pub(crate) const FLOW: Shape = kept(
    "a flow",
    "A graph of steps that runs in the background. It is kept, and not run by this build.",
    &[
        NAMES,
        LEVEL,
        &[
            field("nodes", Kind::Members, "The steps, by key."),
            field(
                "parametersSchema",
                Kind::Schema,
                "Data schema of its parameters.",
            ),
            field(
                "autoCreateInstances",
                Kind::Flag,
                "Whether every connection gets an instance.",
            ),
        ],
    ],
);

/// A data source.
pub(crate) const DATA_SOURCE: Shape = kept(
    "a data source",
    "Points to a collection of the external app. It is kept, and not read by this build.",
    &[
        NAMES,
        LEVEL,
        &[
            field("collectionKey", Kind::Text, "The collection."),
            field("collectionParameters", Kind::Value, "Its parameters."),
            field("udm", Kind::Text, "The unified data model of its records."),
            field("defaultPath", Kind::Text, "Where the collection is."),
            field(
                "pullUpdatesIntervalSeconds",
                Kind::Value,
                "How often changes are asked for.",
            ),
            field(
                "fullSyncIntervalSeconds",
                Kind::Value,
                "How often everything is asked for.",
            ),
        ],
    ],
);

/// A field mapping.
pub(crate) const FIELD_MAPPING: Shape = kept(
    "a field mapping",
    "Translates records between two schemas. It is kept, and not applied by this build.",
    &[
        NAMES,
        LEVEL,
        &[
            field(
                "dataSourceKey",
                Kind::Text,
                "The data source of its records.",
            ),
            field("direction", Kind::Text, "`import`, `export` or `both`."),
            field("appSchema", Kind::Schema, "Data schema on your app's side."),
            field("importValue", Kind::Value, "From the external app."),
            field("exportValue", Kind::Value, "To the external app."),
            field(
                "defaultImportValue",
                Kind::Value,
                "The same, unless changed.",
            ),
            field(
                "defaultExportValue",
                Kind::Value,
                "The same, unless changed.",
            ),
        ],
    ],
);

/// A data link table.
pub(crate) const DATA_LINK_TABLE: Shape = kept(
    "a data link table",
    "Links records of two apps. It is kept, and not filled by this build.",
    &[NAMES],
);

/// An app event type.
pub(crate) const APP_EVENT_TYPE: Shape = kept(
    "an app event type",
    "An event that your app sends. It is kept; this build takes no events.",
    &[
        NAMES,
        &[
            field("schema", Kind::Schema, "Data schema of the event."),
            field("example", Kind::Value, "An event."),
            field(
                "subscribeRequest",
                Kind::Value,
                "The request that subscribes to it.",
            ),
            field("userIdFormula", Kind::Value, "Whose event it is."),
        ],
    ],
);

/// An app data schema.
pub(crate) const APP_DATA_SCHEMA: Shape = kept(
    "an app data schema",
    "A schema of your app's data. It is kept, and not called for by this build.",
    &[
        NAMES,
        &[
            field(
                "schema",
                Kind::Schema,
                "The schema, if it is the same for everybody.",
            ),
            field("request", Kind::Value, "The request that gives it."),
        ],
    ],
);

/// A screen.
pub(crate) const SCREEN: Shape = kept(
    "a screen",
    "A page of the embedded user interface. It is kept, and not shown by this build.",
    &[
        NAMES,
        &[
            field("type", Kind::Text, "What the screen is for."),
            field("blocks", Kind::Value, "What stands on it."),
        ],
    ],
);

/// A scenario.
pub(crate) const SCENARIO: Shape = kept(
    "a scenario",
    "Elements that belong together. It is kept, and not offered by this build.",
    &[NAMES],
);

/// A package.
pub(crate) const PACKAGE: Shape = kept(
    "a package",
    "Elements that are installed together. It is kept, and not installed by this build.",
    &[NAMES, LEVEL],
);

/// A mapping of which only the usual keys are known: whatever else it has is kept as well.
const fn kept(name: &'static str, doc: &'static str, groups: &'static [&'static [Field]]) -> Shape {
    Shape {
        name,
        doc,
        groups,
        required: &[],
        formulas: false,
        server_state: SERVER_STATE,
        elsewhere: &[],
    }
}

const NAMES: &[Field] = &[
    SCHEMA_OF_FILE,
    field(
        "kind",
        Kind::Text,
        "Says what the file is, wherever it stands: `action`, `interface`, `flow` …",
    ),
    field(
        "key",
        Kind::Key,
        "Names the element; the name of its directory or file when absent.",
    ),
    field("name", Kind::Text, "What people see; the key when absent."),
    field("description", Kind::Text, "What it is for."),
    field("meta", Kind::Value, "Anything of yours."),
];

/// What elements have that may belong to an integration.
const LEVEL: &[Field] = &[
    field(
        "integrationKey",
        Kind::Text,
        "The integration that it belongs to; its place says so below `integrations/<key>/`.",
    ),
    field(
        "parentKey",
        Kind::Text,
        "The workspace's element that this one is a version of.",
    ),
    field(
        "isCustomized",
        Kind::Flag,
        "Whether it differs from its parent.",
    ),
];

/// What servers write into pulled files; none of it is pushed.
pub(crate) const SERVER_STATE: &[&str] = &[
    "id",
    "uuid",
    "appliedToIntegrations",
    "archivedAt",
    "createdAt",
    "customized",
    "dataSourceId",
    "defaultOutputSchema",
    "dependencies",
    "errors",
    "globalWebhookUri",
    "integration",
    "integrationId",
    "integrationUuid",
    "isDeactivated",
    "isDeployed",
    "isReadOnly",
    "outputSchema",
    "parent",
    "parentId",
    "parentRevision",
    "parentUuid",
    "publishedRevision",
    "revision",
    "state",
    "transformedOutputSchema",
    "universalDataSourceId",
    "universalDataSourceRevision",
    "universalFieldMappingId",
    "universalFieldMappingRevision",
    "universalFlowId",
    "universalFlowRevision",
    "universalParentId",
    "universalParentRevision",
    "updatedAt",
    "user",
    "userId",
    "workspaceId",
];
