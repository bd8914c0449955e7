//! Connectors: the record, the auth block, and an auth option.

use authbridge_core::connector::FunctionName;

use super::refresh::REFRESH;
use super::{Field, Kind, OPERATION, SCHEMA_OF_FILE, Shape, field};

/// `<key>.yaml` beside version directories: what a connector is, without how it authenticates.
pub(crate) const RECORD: Shape = Shape {
    name: "a connector record",
    doc: "What a connector is; how it authenticates stands in a `spec.yml` of each version.",
    groups: &[RECORD_FIELDS, SCHEMA_FIELDS, PARTS],
    required: &[],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: &[
        ("auth", "auth belongs into the `spec.yml` of a version"),
        (
            "operations",
            "operations belong into the `spec.yml` of a version, or beside it",
        ),
    ],
};

/// `spec.yml` with an `auth` block.
pub(crate) const SPEC: Shape = Shape {
    name: "a connector",
    doc: "A connector: what it is, and under `auth` how its API authenticates.",
    groups: &[RECORD_FIELDS, SCHEMA_FIELDS, AUTH_KEY, OPERATIONS, PARTS],
    required: &[],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: INTO_AUTH,
};

/// The flat document: the keys of the auth block at top level.
pub(crate) const FLAT: Shape = Shape {
    name: "a connector",
    doc: "A connector in one document: what it is and how its API authenticates.",
    groups: &[
        RECORD_FIELDS,
        SCHEMA_FIELDS,
        AUTH_FIELDS,
        FUNCTIONS,
        OPTIONS,
        OPERATIONS,
        PARTS,
    ],
    required: &[],
    formulas: false,
    server_state: SERVER_STATE,
    elsewhere: &[],
};

/// The value of `auth`.
pub(crate) const AUTH: Shape = Shape {
    name: "an auth block",
    doc: "How an API authenticates, in one way or in several `options`.",
    groups: &[
        COMMON_FIELDS,
        SCHEMA_FIELDS,
        AUTH_FIELDS,
        FUNCTIONS,
        OPTIONS,
    ],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

/// A value of `options`.
pub(crate) const OPTION: Shape = Shape {
    name: "an auth option",
    doc: "One way to authenticate. What it does not say is taken from the connector.",
    groups: &[COMMON_FIELDS, SCHEMA_FIELDS, AUTH_FIELDS, FUNCTIONS],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[("options", "options do not nest")],
};

/// The older home of the input schema.
pub(crate) const UI: Shape = Shape {
    name: "a `ui` block",
    doc: "What the user is asked, in the spelling before `inputSchema`.",
    groups: &[&[
        field(
            "schema",
            Kind::Schema,
            "Data schema of what the user is asked.",
        ),
        field("description", Kind::Text, "A text above the form."),
        field(
            "helpUri",
            Kind::Text,
            "A page that says where to find what is asked.",
        ),
        field("test", Kind::Value, "Not used."),
    ]],
    required: &[],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

/// With an `auth` block, everything about authentication stands inside it.
const INTO_AUTH: &[(&str, &str)] = &[
    ("type", "move it into `auth`"),
    ("inputSchema", "move it into `auth`"),
    ("options", "move it into `auth`"),
    ("makeApiClient", "move it into `auth`"),
    ("test", "move it into `auth`"),
    ("getOAuthConfig", "move it into `auth`"),
    ("refreshCredentials", "move it into `auth`"),
    ("refresh", "move it into `auth`"),
    ("allowedHosts", "move it into `auth`"),
    ("functionHosts", "move it into `auth`"),
    ("allowedChildHosts", "move it into `auth`"),
];

const RECORD_FIELDS: &[Field] = &[
    SCHEMA_OF_FILE,
    field(
        "kind",
        Kind::Choice(&["connector"]),
        "Says that the file is a connector, wherever it stands.",
    ),
    field(
        "key",
        Kind::Key,
        "Names the connector in its workspace; the name of its directory when absent.",
    ),
    field("name", Kind::Text, "What people see; the key when absent."),
    field("uuid", Kind::Text, "Identity across workspaces."),
    field(
        "version",
        Kind::Text,
        "A semantic version; absent in development.",
    ),
    field("description", Kind::Text, "What the connector is for."),
    field("logoUri", Kind::Text, "An image for pages and lists."),
    field(
        "baseUri",
        Kind::RecordUri,
        "Base URI of API clients whose `makeApiClient` gives none.",
    )
    .formerly(&["baseUrl"]),
    field("categories", Kind::TextList, "Free labels, such as CRM."),
    field("status", Kind::Text, "Not used."),
    field(
        "appUri",
        Kind::Text,
        "Home page of the external app; not used.",
    ),
    field(
        "apiDocsUri",
        Kind::Text,
        "Documentation of the API; not used.",
    ),
    field("api", Kind::Value, "Kind of API description; not used."),
    field(
        "ui",
        Kind::Object(&UI),
        "Older spelling of `inputSchema`, for all ways to authenticate.",
    ),
];

const SCHEMA_FIELDS: &[Field] = &[field(
    "parametersSchema",
    Kind::Schema,
    "Data schema of the connector parameters that the workspace owner sets on an integration.",
)];

const AUTH_KEY: &[Field] = &[field(
    "auth",
    Kind::Object(&AUTH),
    "How the API authenticates.",
)];

/// Keys that the auth block and an option share with the connector record.
const COMMON_FIELDS: &[Field] = &[
    field("description", Kind::Text, "A longer text for the choice."),
    field("ui", Kind::Object(&UI), "Older spelling of `inputSchema`."),
];

const AUTH_FIELDS: &[Field] = &[
    field(
        "type",
        Kind::AuthTypeName,
        "How to authenticate. With `options`, each option may have its own.",
    ),
    field("title", Kind::Text, "What people see when they choose."),
    field(
        "inputSchema",
        Kind::Schema,
        "Data schema of what the user is asked.",
    ),
    field(
        "helpUri",
        Kind::Text,
        "A page that says where to find what is asked.",
    ),
    field(
        "credentialsSchema",
        Kind::Schema,
        "Data schema of the credentials.",
    ),
    field(
        "customCredentialsSchema",
        Kind::Schema,
        "Data schema of the credentials, where the author declares one; it wins.",
    ),
    field(
        "enabled",
        Kind::Value,
        "A formula over `connectorParameters`: the option is offered when it is truthy.",
    ),
    field(
        "allowedHosts",
        Kind::HostList,
        "Hosts besides the base URI's to which credentials may be sent: `api.example.com`, \
         `*.example.com`, with an optional port.",
    ),
    field(
        "functionHosts",
        Kind::HostList,
        "Hosts besides these to which functions may send requests of their own (`fetch`, \
         `axios`). Credentials are not added to such requests.",
    ),
    field(
        "refresh",
        Kind::Object(&REFRESH),
        "When credentials are refreshed. What an option leaves open is taken from the connector, \
         and `refresh` in what `getOAuthConfig` returns wins over both.",
    ),
    field(
        "proxyKey",
        Kind::Text,
        "Of type `proxy`: the key of the integration, or of the auth proxy, that authentication is \
         delegated to.",
    ),
    field(
        "allowedChildHosts",
        Kind::HostList,
        "Hosts to which connectors that delegate to this one may send its credentials, written as \
         in `allowedHosts`. Without it they may send them to this connector's own hosts.",
    ),
];

const FUNCTIONS: &[Field] = &[
    function(
        FunctionName::MakeApiClient,
        "From credentials to an API client.",
    ),
    function(
        FunctionName::Test,
        "Whether the credentials work: truthy means yes.",
    ),
    function(
        FunctionName::GetOAuthConfig,
        "Endpoints, client and scopes of the OAuth flow.",
    ),
    function(
        FunctionName::GetTokenData,
        "Replaces the standard exchange of the authorization code.",
    ),
    function(
        FunctionName::GetCredentialsFromAccessTokenResponse,
        "More credentials, from the answer to the code exchange.",
    ),
    function(
        FunctionName::GetCredentialsFromRefreshTokenResponse,
        "More credentials, from the answer to a refresh.",
    ),
    function(
        FunctionName::GetCredentialsFromConnectionParameters,
        "More credentials, from what the user typed.",
    ),
    function(
        FunctionName::RefreshCredentials,
        "Fresh credentials from the present ones; merged over them.",
    ),
    function(
        FunctionName::Disconnect,
        "Tells the external app that the connection ends.",
    ),
];

const fn function(name: FunctionName, doc: &'static str) -> Field {
    field(name.as_str(), Kind::Function, doc).formerly(name.older_keys())
}

const OPTIONS: &[Field] = &[field(
    "options",
    Kind::MapOf(&OPTION),
    "Several ways to authenticate, by key; the first is the default.",
)];

const OPERATIONS: &[Field] = &[field(
    "operations",
    Kind::Keyed(&OPERATION),
    "Operations: a list, or a mapping from key to operation. They may also be files of their own.",
)];

const PARTS: &[Field] = &[
    field("data", Kind::Later, "Data collections."),
    field("events", Kind::Later, "Events."),
    field("globalWebhooks", Kind::Later, "Global webhooks."),
    field("udm", Kind::Later, "Unified data models."),
    field("udms", Kind::Later, "Names of unified data models."),
];

const SERVER_STATE: &[&str] = &[
    "id",
    "appUuid",
    "archivedAt",
    "createdAt",
    "dataCollectionsCount",
    "errors",
    "eventsCount",
    "externalAppId",
    "hasData",
    "hasOperations",
    "hasReadme",
    "hasTest",
    "isPublic",
    "isReadOnly",
    "knowledgeBaseUuid",
    "operationsCount",
    "popularity",
    "revision",
    "state",
    "tenantId",
    "updatedAt",
    "workspaceId",
];
