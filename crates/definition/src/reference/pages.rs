//! What the pages say besides their tables.

use crate::fields::{
    ACTION, API_CLIENT, APP_DATA_SCHEMA, APP_EVENT_TYPE, CASE, DATA_LINK_TABLE, DATA_SOURCE,
    FIELD_MAPPING, FLAT, FLOW, FUNCTION, GRAPHQL_FUNCTION, INTEGRATION, INTERFACE, OAUTH1_CONFIG,
    OAUTH2_CONFIG, OPERATION, OPERATION_FUNCTION, PACKAGE, PROJECT, PROVIDER, RECORD, SCENARIO,
    SCREEN, SPEC,
};

use super::{Page, functions, places};

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "connector",
        title: "Connectors",
        introduction: "A connector says how an API authenticates and what can be done with it. It is \
            a directory with a `spec.yml`, in which authentication stands under `auth`, with files of \
            functions below `auth/` and operations below `operations/`; or one flat YAML or JSON \
            document, in which the keys of `auth` stand at top level. A directory may have versions: \
            `<version>/src/spec.yml`, beside the connector's record. An auth option says what is \
            different in it; everything else is taken from `auth`.",
        example: ("connectors/contacts/spec.yml", CONNECTOR),
        shapes: &[&SPEC, &FLAT, &RECORD],
        more: None,
    },
    Page {
        name: "functions",
        title: "Functions",
        introduction: "A function is a step of auth, or what an operation does. It is of one of six \
            kinds, and its body stands in the definition or in a file that has its name. Formulas \
            and code get the same arguments: `connectorParameters`, `connectionInput` (and \
            `connectionParameters`, its older name), `credentials` once there are any, and what the \
            function has of its own. `responseMapping` sees `response` as well, `outputMapping` sees \
            `output`. Code runs in the [module environment](../module-environment.md).",
        example: ("auth/test.graphql.yml", FUNCTIONS),
        shapes: &[
            &FUNCTION,
            &GRAPHQL_FUNCTION,
            &OPERATION_FUNCTION,
            &API_CLIENT,
        ],
        more: Some(functions),
    },
    Page {
        name: "oauth2",
        title: "OAuth 2.0",
        introduction: "What `getOAuthConfig` returns for a connector of type `oauth2`: everything in \
            which providers differ, as data. It is a mapping, where any value may be a formula, or \
            code that returns the same object. What is written out is checked by `validate`; the \
            rest, and what code returns, when it runs, with the same words. [The \
            guide](../../guides/oauth2.md) says which key is for which provider.",
        example: ("auth/get-oauth-config.map.yml", OAUTH2),
        shapes: &[&OAUTH2_CONFIG],
        more: None,
    },
    Page {
        name: "oauth1",
        title: "OAuth 1.0a",
        introduction: "What `getOAuthConfig` returns for a connector of type `oauth1`: everything in \
            which providers differ, as data. It is a mapping, where any value may be a formula, or \
            code that returns the same object. It is also asked for when requests are signed, \
            which is why none of its values should change from call to call. [The \
            guide](../../guides/oauth1.md) says which key is for which provider.",
        example: ("auth/get-oauth-config.map.yml", OAUTH1),
        shapes: &[&OAUTH1_CONFIG],
        more: None,
    },
    Page {
        name: "operations",
        title: "Operations",
        introduction: "An operation is a named piece of work that a connector offers: applications \
            call it over the API, and functions of kind `operation-mapping` call it from the \
            connector. It is described in `operations/<key>/spec.yml`, in `operations/<key>.yml`, or \
            under `operations` of the connector. What it does is `run`: a function of any kind, in \
            the description or in `operations/<key>/run.<suffix>` or \
            `operations/<key>.run.<suffix>`. It gets `input` (and `parameters`, which is the same), \
            `credentials`, `connectorParameters` and `connectionInput`.",
        example: ("operations/find-contact.yml", OPERATIONS),
        shapes: &[&OPERATION],
        more: None,
    },
    Page {
        name: "tests",
        title: "Tests of a connector",
        introduction: "`authbridge connector test` runs the cases in `tests/*.yml` of a connector \
            without a network: each says what runs, what the external app answers and what comes \
            out. A file has one case or a list. `tests/provider.yml` says what the simulated API \
            answers when the whole life of a connection is gone through, and what to connect with; for \
            `oauth2` an authorization server stands in at the endpoints that `getOAuthConfig` names. \
            The credentials in these files are made up; never put real ones there.",
        example: ("tests/refused.yml", TESTS),
        shapes: &[&CASE, &PROVIDER],
        more: None,
    },
    Page {
        name: "integration",
        title: "Integrations",
        introduction: "An integration installs a connector in a workspace. How it authenticates is \
            the connector's business.",
        example: ("integrations/contacts/contacts.yaml", INTEGRATIONS),
        shapes: &[&INTEGRATION],
        more: None,
    },
    Page {
        name: "actions",
        title: "Actions",
        introduction: "An action is a named, typed unit that a caller runs. One of the workspace is \
            `actions/<key>/<key>.yaml` and runs with a connection of any integration; one of an \
            integration is `integrations/<integration>/actions/<key>/<key>.yaml`. An action never \
            says how to authenticate: the connector of the integration does, or the interface that \
            lists the action.",
        example: ("actions/create-contact/create-contact.yaml", ACTIONS),
        shapes: &[&ACTION],
        more: None,
    },
    Page {
        name: "interfaces",
        title: "Interfaces",
        introduction: "An interface is an HTTP endpoint: where it is, how to authenticate there, and \
            the actions that call it. It stands in `interfaces/`, or anywhere with `type: \
            http-endpoint`. Its functions stand in the document itself; it has no other files.",
        example: ("interfaces/contacts-api.yaml", INTERFACES),
        shapes: &[&INTERFACE],
        more: None,
    },
    Page {
        name: "command-line",
        title: "Workspaces of the command line",
        introduction: "`authbridge.yml` beside the workspace directory, or in it, says which workspaces \
            `push`, `pull` and `diff` know by name. `membrane.config.yml` of the original command line \
            is read as well. Secrets need not stand here: the command line takes them from \
            `AUTHBRIDGE_WORKSPACE_SECRET`, or from the variable or file that is named.",
        example: ("authbridge.yml", PROJECT_EXAMPLE),
        shapes: &[&PROJECT],
        more: None,
    },
    Page {
        name: "workspace",
        title: "The workspace directory",
        introduction: "Every element of a workspace is a file below `<type>/`, in one of these places. \
            The name of the type is also read in camel case (`dataSources`), `.yml` and `.json` as \
            well as `.yaml`, and all of it with a directory `membrane/` around or without. Anywhere \
            else, a file says what it is with `kind` or `type`: `kind: action`, `type: \
            http-endpoint`. What servers write into pulled files (`id`, `revision`, `state` …) is \
            passed over. Flows, data sources and the others described here are kept by the engine, \
            and not run.",
        example: ("data-sources/contacts/contacts.yaml", DATA_SOURCES),
        shapes: &[
            &DATA_SOURCE,
            &FIELD_MAPPING,
            &FLOW,
            &DATA_LINK_TABLE,
            &APP_EVENT_TYPE,
            &APP_DATA_SCHEMA,
            &SCREEN,
            &SCENARIO,
            &PACKAGE,
        ],
        more: Some(places),
    },
];

const PROJECT_EXAMPLE: &str = "\
workspaces:
  default: {url: http://127.0.0.1:4700, key: acme, secretEnv: ACME_SECRET}
  production:
    url: https://connect.example.com
    key: acme
    secretFile: production.secret
";

const ACTIONS: &str = "\
name: Create a contact
type: api-request-to-external-app
inputSchema:
  type: object
  properties:
    email: {type: string}
  required: [email]
config:
  request:
    method: POST
    path: /contacts
    data: {email: {$var: input.email}}
outputMapping: {id: {$var: output.data.id}}
";

const INTERFACES: &str = "\
type: http-endpoint
name: Contacts API
baseUri: https://contacts.example.com
auth:
  type: integration-app-token
actions: [create-contact]
";

const DATA_SOURCES: &str = "\
name: Contacts
collectionKey: contacts
";

const CONNECTOR: &str = "\
key: contacts
name: Contacts
baseUri: https://api.example.com/v1
auth:
  type: client-credentials
  inputSchema:
    type: object
    properties:
      apiKey: {type: string, title: API key}
    required: [apiKey]
  makeApiClient:
    implementationType: mapping
    mapping:
      headers:
        X-Api-Key: {$var: credentials.apiKey}
  test:
    implementationType: rest-api-mapping
    path: /me
";

const FUNCTIONS: &str = "\
query: |
  query Me($team: ID!) {
    viewer(team: $team) { name }
  }
variables:
  team: {$var: connectionInput.teamId}
responseMapping: {$var: response.data.viewer.name}
";

const OAUTH2: &str = "\
clientId: {$var: connectorParameters.clientId}
clientSecret: {$var: connectorParameters.clientSecret}
authorizeUri: https://id.example.com/oauth/authorize
tokenUri: https://id.example.com/oauth/token
revocationUri: https://id.example.com/oauth/revoke
scopes: [contacts.read, contacts.write]
extra: {prompt: consent}
failures:
  - match: {$eval: {$var: response.data.error}, is: session_gone}
    class: terminal
";

const OAUTH1: &str = "\
consumerKey: {$var: connectorParameters.consumerKey}
consumerSecret: {$var: connectorParameters.consumerSecret}
requestTokenUri: https://id.example.com/oauth/request_token
authorizeUri: https://id.example.com/oauth/authorize
tokenUri: https://id.example.com/oauth/access_token
signatureMethod: HMAC-SHA256
extra: {force_login: true}
";

const OPERATIONS: &str = "\
name: Find a contact
isReadOnly: true
inputSchema:
  type: object
  properties:
    email: {type: string}
  required: [email]
run:
  implementationType: rest-api-mapping
  path: /contacts
  requestMapping:
    query: {email: {$var: input.email}}
  responseMapping: {$var: 'response.data.items[0]'}
";

const TESTS: &str = "\
name: A wrong key is refused
function: test
credentials: {apiKey: wrong}
requests:
  - expect:
      method: GET
      url: https://api.example.com/v1/me
      headers: {x-api-key: wrong}
    respond: {status: 401}
expect:
  error: {key: access_token_expired}
";

const INTEGRATIONS: &str = "\
key: contacts
name: Contacts
connectorKey: contacts
";
