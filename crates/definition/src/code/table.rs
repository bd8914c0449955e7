//! The table of rules.

use super::Rule;
use crate::Severity;

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $title:literal $explanation:literal $example:literal)*) => {
        /// A rule about definition and workspace files; see [`Code::explanation`] for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every rule, by identifier.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) const fn rule(self) -> Rule {
                match self {
                    $(Self::$name => Rule {
                        id: $id,
                        severity: Severity::$severity,
                        title: $title,
                        explanation: $explanation,
                        example: $example,
                    },)*
                }
            }
        }
    };
}

// Groups: 01 files, 02 keys and values, 03 connectors, 04 functions, 05 formulas, 06 secrets,
// 07 the workspace directory, 08 test cases, 09 the run itself. An identifier is never given to another rule:
// AB0402 (kind of function that is not run) is spent.
rules! {
    FileTooLarge "AB0101" Error
    "file too large"
    "A definition is text written by people. A YAML file may have 1 MiB, any other file 5 MiB; \
     a larger one is not read at all."
    "# a 100 MB export saved as connectors/acme/spec.yml"

    NotUtf8 "AB0102" Error
    "file is not UTF-8"
    "Definition files are UTF-8. A byte-order mark is accepted and dropped; UTF-16 and other \
     encodings are not read. Save the file as UTF-8."
    "name: Caf\\xe9   # Latin-1"

    ForbiddenCharacter "AB0103" Error
    "character that YAML forbids"
    "A NUL or another control character in the text, usually from a broken export or a binary \
     file with a YAML name. Write it as an escape in double quotes, or remove it."
    "name: \"Ac\\0me\"   # a real NUL byte between the letters"

    FileUnreadable "AB0104" Error
    "file cannot be read"
    "The operating system refused to open the file, or it is neither a file nor a directory. \
     Check its permissions."
    "# connectors/acme/spec.yml with mode 000"

    LinkRefused "AB0105" Error
    "symbolic link refused"
    "A link is followed only to a file inside the directory that is loaded, so that a \
     definition from elsewhere cannot read files of the machine. Copy the file instead."
    "# connectors/acme/auth/test.rest.yml -> /etc/passwd"

    TooMuchInput "AB0106" Error
    "too many files or too many bytes"
    "One definition may have 2,000 files and 20 MiB together, and directories may nest 32 deep. \
     What goes beyond is not read."
    "# connectors/acme with node_modules in it"

    EmptyFile "AB0107" Error
    "file is empty"
    "There is nothing in the file but white space and comments."
    "# name: Acme"

    MalformedYaml "AB0111" Error
    "malformed YAML or JSON"
    "The text does not follow the grammar of YAML 1.2, or of JSON when the file is called \
     `.json`. The place shown is where the parser could not go on; the cause is often one line \
     above: a wrong indentation, a missing quote, a tab."
    "headers:\n  Authorization: \"Bearer\n  Accept: text/plain"

    DuplicateKey "AB0112" Error
    "key given twice"
    "A mapping may have each key once. Readers disagree about which of two values counts, so \
     none is chosen."
    "name: Acme\nname: Acme CRM"

    CyclicAlias "AB0113" Error
    "alias inside its own anchor"
    "An alias stands for the node that carries the anchor; inside that node it would never end."
    "schema: &schema\n  items: *schema"

    TooManyNodes "AB0114" Error
    "too many values"
    "Aliases copy what they stand for, so a few lines can stand for billions of values. A file \
     may expand to 32 MiB of values."
    "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]   # and so on"

    TooDeep "AB0115" Error
    "nested too deeply"
    "Mappings and lists may nest 100 deep."
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["

    SeveralDocuments "AB0116" Error
    "several documents in one file"
    "A file describes one thing. Split the documents at `---` into files of their own."
    "name: Acme\n---\nname: Other"

    NotJson "AB0117" Error
    "value without a JSON counterpart"
    "Definitions are JSON values written as YAML: keys are scalars, numbers are finite, and \
     only the tags of YAML's core schema are known."
    "limit: .inf\nwhen: !date 2024-01-01"

    UnknownKey "AB0201" Warning
    "unknown key"
    "Nothing reads this key, so its value has no effect. Usually it is a misspelling, or it \
     stands at the wrong level."
    "makeApiCleint:\n  implementationType: mapping"

    WrongType "AB0202" Error
    "value of the wrong type"
    "The key expects another type of value. A number, `true` or `null` where text is meant \
     needs quotes."
    "version: 1.0   # a number; write \"1.0\""

    MissingKey "AB0203" Error
    "required key missing"
    "What the mapping describes is not complete without this key."
    "type: proxy   # and no proxyKey"

    OlderSpelling "AB0204" Warning
    "older spelling"
    "The key was renamed. The older spelling works; the current one is what documentation and \
     editors know."
    "baseUrl: https://api.example.com"

    BothSpellings "AB0205" Warning
    "older and current spelling together"
    "Both spellings of one key are given. The current one counts, the older one is ignored."
    "baseUri: https://api.example.com\nbaseUrl: https://api.example.org"

    UnknownValue "AB0206" Error
    "value that is not one of the choices"
    "The key takes one of a few words."
    "type: client-credential"

    InvalidValue "AB0207" Error
    "value that cannot be used"
    "The value has the right type but not the right form: a key with characters that keys may \
     not have, a base URI that is not an `http` or `https` URL, a host pattern with a path."
    "baseUri: api.example.com   # no scheme"

    NoAuth "AB0301" Error
    "connector without auth"
    "A connector says how its API authenticates: an `auth` block, or the same keys at top \
     level. Without it nobody can connect, and everything that runs through it fails. The \
     connector can still be listed."
    "key: acme\nname: Acme"

    NoDefinition "AB0302" Error
    "no definition found"
    "The directory holds no `spec.yml` (or `spec.yaml`) and no single YAML or JSON document \
     that could be a connector."
    "# connectors/acme/readme.md is the only file"

    NoTest "AB0305" Note
    "no test"
    "`test` makes one harmless request with fresh credentials. Without it a mistyped API key \
     counts as connected, and shows only when a request fails."
    "type: client-credentials\nmakeApiClient: {type: mapping, mapping: {baseUri: https://api.example.com}}"

    SeveralDefinitions "AB0306" Warning
    "several definitions"
    "More than one file could be the definition, and only one is used. Name the version to \
     load, or remove the others."
    "# connectors/acme has spec.yml and spec.yaml"

    UnusedFile "AB0307" Warning
    "unused file"
    "Files in `auth/` are functions: the name says which, the suffix says of which kind. This \
     one is neither found by a name nor named by a `filePath`, so nothing reads it."
    "# auth/make-api-clients.map.yml"

    PartNotYet "AB0308" Note
    "part that this build does not use"
    "The part belongs to a connector and is kept, but this build has nothing that runs it yet."
    "events:\n  - key: contact-created"

    NoBaseUri "AB0309" Note
    "no base URI"
    "The API client has no base URI: neither the connector nor `makeApiClient` gives one. \
     Requests then need an integration with a `baseUri`, or full URLs and `allowedHosts`."
    "auth: {type: membrane-token}"

    DuplicateOperation "AB0310" Error
    "operation given twice"
    "An operation is described in one place: in `operations/<key>/spec.yml`, in \
     `operations/<key>.yml`, or under `operations` of the connector."
    "# operations/list.yml and operations/list/spec.yml"

    OperationWithoutRun "AB0311" Warning
    "operation that cannot run"
    "The operation has no `run`, neither in its description nor as a file beside it, so calling \
     it fails."
    "# operations/list/spec.yml\nname: List"

    FunctionFileMissing "AB0401" Error
    "function file missing"
    "The definition lists the function without a body, so the body is a file below `auth/`, \
     named after the function and its kind. None of the names exists."
    "makeApiClient:\n  implementationType: mapping   # and no auth/make-api-client.map.yml"

    FunctionPickedUp "AB0403" Note
    "function file used without being listed"
    "The file has the name of a function that the definition does not list. It is used; list it \
     to say that it is meant."
    "# auth/test.rest.yml exists, spec.yml has no `test`"

    FunctionNotOfType "AB0404" Warning
    "function that the auth type does not have"
    "The auth type has no step that would call the function, so it has no effect."
    "type: client-credentials\ngetOAuthConfig: {implementationType: mapping}"

    KindNotAllowed "AB0405" Error
    "kind that the function cannot have"
    "What makes the API client and the OAuth configuration runs before there is anything to send \
     a request with: it is a mapping or code."
    "makeApiClient:\n  implementationType: rest-api-mapping"

    MappingIsRequest "AB0406" Warning
    "mapping that is a request"
    "The function says `mapping`, but its body has `path` and the like: it is a REST request, \
     and is treated as `rest-api-mapping`."
    "test:\n  implementationType: mapping\n  mapping: {path: /me, method: get}"

    KindInferred "AB0407" Warning
    "kind of function not given"
    "The body tells the kind, but a reader should not have to guess: add `implementationType` \
     (or `type` in the flat document)."
    "makeApiClient:\n  mapping: {baseUri: https://api.example.com}"

    FunctionMissing "AB0409" Error
    "required function missing"
    "The auth type does not work without this function."
    "auth:\n  type: client-credentials   # and no makeApiClient"

    PathLeavesDefinition "AB0410" Error
    "file path that leaves the definition"
    "A `filePath` is relative to the definition and stays inside it."
    "makeApiClient: {filePath: ../../secrets.yml}"

    ScriptSyntax "AB0411" Error
    "code that cannot be parsed"
    "The file is not JavaScript, or not TypeScript, or uses syntax that does not run here. Types \
     are stripped, not checked."
    "// auth/test.ts\nexport default async ({ apiClient }) => {\n  return apiClient.get(\"/me\";\n};"

    UnknownImport "AB0412" Error
    "import of an unknown module"
    "Functions run in a sandbox that has some modules built in; `docs/reference/module-environment.md` \
     lists them. Other packages cannot be imported: copy what is needed into a file of the \
     connector."
    "// auth/test.js\nimport _ from \"lodash\";"

    ImportNeedsSystem "AB0413" Error
    "import of a module that needs the system"
    "Functions run in a sandbox: there is no file system, no process, no socket. Requests go \
     through `apiClient`, `fetch` or `axios`."
    "// auth/test.js\nimport fs from \"fs\";"

    ImportedFileMissing "AB0414" Error
    "imported file missing"
    "A relative import names a file of the connector, with its suffix or without. None of the \
     names that it could have exists."
    "// auth/test.ts\nimport { sign } from \"./signature\";   // and no auth/signature.ts"

    ImportLeavesConnector "AB0415" Error
    "import that leaves the connector"
    "A connector consists of the files of its own directory; nothing outside can be imported."
    "// auth/test.ts\nimport { sign } from \"../../shared/signature\";"

    ImportNotReadable "AB0416" Error
    "import of a file that is neither code nor data"
    "Code (`.js`, `.ts` and the like) and data (`.json`, `.yml`, `.yaml`) can be imported."
    "// auth/test.ts\nimport logo from \"./logo.svg\";"

    DynamicImport "AB0417" Warning
    "import that is only known when it runs"
    "What a function imports is found before it runs, so the name of a module must be a literal. \
     This import fails when the code reaches it."
    "// auth/test.js\nconst client = require(\"./\" + region);"

    NoFunctionExported "AB0418" Error
    "no function exported"
    "A function's file exports it: `export default`, `module.exports =`, `exports.<name> =`, or \
     a named export. This one exports nothing that could be called for it."
    "// auth/test.ts\nasync function test({ apiClient }) {\n  return apiClient.get(\"/me\");\n}"

    ScriptTooLarge "AB0419" Error
    "code that is too large"
    "The files of one function may have 4 MiB together and 1 MiB each, and may be at most 200; \
     brackets nest to a limit as well."
    "# auth/test.js, a bundle of 20 MB"

    ScriptNotProcessed "AB0420" Error
    "code that could not be processed"
    "The parser failed on this file through no fault of its author. Please report it, with the \
     file if you may."
    "// auth/test.ts"

    GraphqlShapesMixed "AB0421" Error
    "two forms of a GraphQL request together"
    "A GraphQL request is a document (`query`, `variables`) or a tree of fields \
     (`operationType`, `requestMapping`). Both together say two things."
    "query: \"{ viewer { id } }\"\noperationType: query\nrequestMapping: [viewer]"

    UnknownOperation "AB0422" Error
    "call of an unknown operation"
    "An `operation-mapping` calls one of the operations of the connector, by its key."
    "operationKey: get-acount   # and no operations/get-acount"

    OperationCycle "AB0423" Error
    "operations that call each other without end"
    "An operation may call another, but not itself, not even by way of others."
    "# operations/a.yml\nrun: {implementationType: operation-mapping, operationKey: a}"

    ImportNotExported "AB0424" Error
    "import of a name that the module does not export"
    "The module has no such export. Built-in modules have the exports that\n     `docs/reference/module-environment.md` lists, which are not all of the original's."
    "// auth/test.ts\nimport { createHmca } from \"crypto\";"

    ConfigNotYet "AB0425" Warning
    "OAuth configuration that this build does not do"
    "The key or value is understood and belongs to a later version. The definition is read and \
     kept, but connecting through it is refused with a clear message."
    "clientAuth: private_key_jwt"

    UnknownFormula "AB0501" Error
    "unknown formula"
    "The first key of the object starts with `$` but names no formula, so the object is sent \
     literally. That is almost never meant: an `Authorization` header becomes an object. For a \
     literal, use `$plain`."
    "Authorization:\n  $template: \"Bearer ${credentials.apiKey}\""

    UnknownVariable "AB0502" Warning
    "unknown variable"
    "The function does not get this variable, so the formula yields nothing and the member that \
     holds it disappears."
    "apiKey: {$var: credential.apiKey}"

    InvalidLocator "AB0503" Warning
    "locator that cannot be read"
    "A locator is names joined by `.`, with `[n]` for list items. An invalid one yields `null`."
    "apiKey: {$var: \"credentials[first]\"}"

    TemplateNotEvaluated "AB0504" Warning
    "template text that is not evaluated"
    "Text is taken as it is: placeholders inside of it are not replaced. Use `$concat`, or \
     `$tpl` with `values`."
    "Authorization: \"Bearer {{credentials.apiKey}}\""

    SecretInDefinition "AB0601" Warning
    "secret in the definition"
    "Definitions are shared, versioned and shown; a secret in one is known to everybody who \
     sees it. Ask the workspace owner for it (`parametersSchema`, `$var: \
     connectorParameters.…`) or the user (`inputSchema`, `$var: credentials.…`)."
    "clientSecret: 4f3c…"

    SecretInParameters "AB0602" Note
    "secret in an integration file"
    "Parameters of an integration may be constants, and are stored sealed; the file itself is \
     as public as the place it is kept in."
    "parameters:\n  clientSecret: 4f3c…"

    DuplicateElement "AB0701" Error
    "key used twice"
    "Two files describe elements of one type with the same key, and each would overwrite the \
     other."
    "# connectors/acme/spec.yml and connectors/acme2/spec.yml both say `key: acme`"

    UnknownConnector "AB0702" Error
    "integration with an unknown connector"
    "The integration names a connector that no file of this directory defines."
    "connectorKey: acmee"

    UnknownConnectorVersion "AB0703" Error
    "integration with an unknown connector version"
    "The connector exists, but not in this version."
    "connectorKey: acme\nconnectorVersion: 9.9.9"

    IntegrationWithoutAuth "AB0704" Error
    "integration whose connector has no auth"
    "Authentication belongs to the connector, never to an integration, an action or an \
     interface file. The connector of this integration has no way to authenticate."
    "connectorKey: acme   # whose spec.yml has no `auth`"

    IntegrationWithoutConnector "AB0705" Error
    "integration without a connector"
    "An integration installs a connector and says which: `connectorKey`."
    "key: acme\nname: Acme"

    ArchiveNotUnpacked "AB0706" Error
    "archive that is not unpacked"
    "The original command line keeps a version's files as `src.zip`. Unpack it to `src/` beside \
     it; archives are not read."
    "# connectors/acme/development/src.zip"

    ElementNotRead "AB0707" Error
    "file that is not the element it should be"
    "The place of the file says which element it is, but its content is something else."
    "# integrations/acme.yaml is a list"

    ActionWithoutAuth "AB0708" Error
    "action without authentication"
    "An action of an integration runs with the integration's connector, and that has no way to \
     authenticate: no auth options, options that are all disabled by a constant `enabled`, or \
     parameters that the integration lacks. Authentication never stands in the action."
    "# integrations/crm/actions/find/find.yaml, and connectors/crm/spec.yml has no `auth`\ntype: api-request-to-external-app"

    UnknownReference "AB0709" Error
    "reference to an element that is not there"
    "Elements name each other by key: an action its integration and the operation that it runs, an \
     interface its actions."
    "type: http-endpoint\nactions: [creat-contact]   # the action is called `create-contact`"

    ActionWithoutIntegration "AB0710" Warning
    "action that nothing can authenticate"
    "An action of the workspace runs with a connection of an integration, or with the authentication \
     of an interface that lists it. This directory has neither."
    "# actions/find/find.yaml alone\ntype: api-request-to-external-app"

    InterfaceWithoutAuth "AB0711" Error
    "interface without authentication"
    "An interface is an endpoint and how to authenticate there: `auth`, as in a connector."
    "type: http-endpoint\nbaseUri: https://api.example.com"

    TwoIntegrations "AB0712" Error
    "element of two integrations"
    "The place of the file says that the element belongs to one integration, and `integrationKey` \
     names another."
    "# integrations/crm/actions/find/find.yaml\nintegrationKey: shop"

    UnknownProxyParent "AB0713" Error
    "delegation to somebody unknown"
    "A connector of type `proxy` authenticates with an account of its `proxyKey`: an integration, or \
     an auth proxy (`auth-proxies/<key>/<key>.yaml`)."
    "auth: {type: proxy, proxyKey: acmee}"

    ProxyCycle "AB0714" Error
    "delegation in a circle"
    "At the end of a chain of proxies there must be a connector that authenticates by itself."
    "# connector a: {type: proxy, proxyKey: b}, connector b: {type: proxy, proxyKey: a}"

    UnsuitableProxyParent "AB0715" Error
    "delegation to a parent without credentials"
    "Tokens of the types `integration-app-token` and `membrane-token` are signed by the workspace \
     for each request. There is no account to share."
    "auth: {type: proxy, proxyKey: internal-api}   # of type integration-app-token"

    ExampleNotOfSchema "AB0716" Warning
    "example that is none"
    "The `example` of an app event type shows what such an event is, and does not fit its `schema`. \
     Values that can be cast, such as numbers in quotes, fit."
    "schema: {type: object, properties: {id: {type: string}}, required: [id]}\nexample: {name: Ada}"

    CaseTarget "AB0801" Error
    "test case that does not say what it runs"
    "A test case runs one thing: a `function`, an `operation` or a `request`."
    "# tests/refused.yml\nexpect: {error: {}}"

    CaseExpectation "AB0802" Error
    "test case that expects two things"
    "What runs in a test case ends with a result or with an error, never with both."
    "expect: {result: true, error: {message: refused}}"

    CaseArgument "AB0803" Warning
    "part of a test case without effect"
    "The part belongs to another sort of test case: `input` is what an operation gets, \
     `arguments` are what a function gets."
    "request: {path: /me}\ninput: {id: 1}"

    TooManyFindings "AB0901" Note
    "more findings than are shown"
    "Only the first 200 findings in a file are kept. Fix them and run again."
    "# a file with 100,000 misspelled keys"
}
