//! The demo's connectors: every auth type, client-credentials in its usual shapes, and two APIs that
//! share one account.

use serde_json::{Value, json};

/// A connector, and what the demo's customer does to connect it.
pub(super) struct DemoConnector {
    pub(super) key: &'static str,
    pub(super) auth_type: &'static str,
    pub(super) definition: Value,
    /// What its integration is set up with.
    pub(super) parameters: Value,
    pub(super) connecting: Connecting,
    /// An operation to run, with its input.
    pub(super) operation: Option<(&'static str, Value)>,
}

/// What the customer does to connect.
pub(super) enum Connecting {
    /// Types this into a form.
    Typing(Value),
    /// Consents in a browser, at the server with this address.
    Consenting(String),
    /// Nothing but to say so: the account is connected already, for another connector.
    Sharing,
    /// Nothing.
    NotNeeded,
}

/// One connector for each, against the provider at `base`, and for OAuth 1.0a and 2.0 those of their
/// own.
pub(super) fn all(base: &str, oauth1_server: &str, oauth2_server: &str) -> Vec<DemoConnector> {
    let all = [
        api_key(base),
        basic(base),
        session_login(base),
        typescript(base),
        oauth1(oauth1_server),
        oauth2(oauth2_server),
        calendar(oauth2_server),
        files(oauth2_server),
        token(base, "app-token", "integration-app-token"),
        token(base, "membrane-token", "membrane-token"),
    ];
    all.map(hinted).into()
}

fn test() -> Value {
    json!({ "type": "rest-api-mapping", "path": "/me", "method": "GET" })
}

/// A form of fields with name and title.
fn form(fields: &[(&str, &str)]) -> Value {
    let field = |(name, title): &(&str, &str)| {
        (
            (*name).to_owned(),
            json!({ "type": "string", "title": title }),
        )
    };
    let properties: serde_json::Map<String, Value> = fields.iter().map(field).collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// The same with what the demo's customer types, for people who fill in the form themselves.
fn hinted(mut connector: DemoConnector) -> DemoConnector {
    let Connecting::Typing(typed) = &connector.connecting else {
        return connector;
    };
    for (name, value) in typed.as_object().into_iter().flatten() {
        let path = format!("/inputSchema/properties/{name}");
        let field = connector.definition.pointer_mut(&path);
        if let (Some(Value::Object(field)), Some(value)) = (field, value.as_str()) {
            let hint = format!("In this demo: `{value}`");
            field.insert("description".to_owned(), hint.into());
        }
    }
    connector
}

fn api_key(base: &str) -> DemoConnector {
    DemoConnector {
        key: "api-key",
        auth_type: "client-credentials",
        definition: json!({
            "key": "api-key",
            "name": "API key in a header",
            "type": "client-credentials",
            "inputSchema": form(&[("apiKey", "API key")]),
            "makeApiClient": { "type": "mapping", "mapping": {
                "baseUri": base,
                "headers": { "X-Api-Key": { "$var": "credentials.apiKey" } },
            } },
            "test": test(),
        }),
        parameters: json!({}),
        connecting: Connecting::Typing(json!({ "apiKey": "simulated-api-key" })),
        operation: None,
    }
}

fn basic(base: &str) -> DemoConnector {
    DemoConnector {
        key: "basic",
        auth_type: "client-credentials",
        definition: json!({
            "key": "basic",
            "name": "User and password",
            "type": "client-credentials",
            "inputSchema": form(&[("username", "User"), ("password", "Password")]),
            "makeApiClient": { "type": "mapping", "mapping": {
                "baseUri": base,
                "auth": {
                    "username": { "$var": "credentials.username" },
                    "password": { "$var": "credentials.password" },
                },
            } },
            "test": test(),
        }),
        parameters: json!({}),
        connecting: Connecting::Typing(
            json!({ "username": "ada", "password": "simulated-password" }),
        ),
        operation: None,
    }
}

/// Typed credentials are traded for a token: `getCredentialsFromConnectionParameters`.
fn session_login(base: &str) -> DemoConnector {
    DemoConnector {
        key: "session-login",
        auth_type: "client-credentials",
        definition: json!({
            "key": "session-login",
            "name": "Login for a token",
            "type": "client-credentials",
            "inputSchema": form(&[("email", "E-mail"), ("password", "Password")]),
            "getCredentialsFromConnectionParameters": {
                "type": "rest-api-mapping",
                "path": "/login",
                "method": "POST",
                "requestMapping": { "data": {
                    "email": { "$var": "connectionInput.email" },
                    "password": { "$var": "connectionInput.password" },
                } },
                "responseMapping": { "token": { "$var": "response.data.token" } },
            },
            "makeApiClient": { "type": "mapping", "mapping": {
                "baseUri": base,
                "headers": {
                    "Authorization": { "$concat": ["Bearer ", { "$var": "credentials.token" }] },
                },
            } },
            "test": test(),
        }),
        parameters: json!({}),
        connecting: Connecting::Typing(
            json!({ "email": "ada@example.com", "password": "simulated-password" }),
        ),
        operation: None,
    }
}

/// Functions in TypeScript, and an operation.
fn typescript(base: &str) -> DemoConnector {
    const MAKE_API_CLIENT: &str = "export default function makeApiClient(\n  \
        { credentials }: { credentials: { apiKey: string } },\n) {\n  \
        return { baseUri: 'BASE', headers: { 'X-Api-Key': credentials.apiKey } }\n}\n";
    const TEST: &str = "export default async function test({ apiClient }: { apiClient: any }) {\n  \
        const account = await apiClient.get('/me')\n  \
        return account.id !== undefined\n}\n";
    const GREET: &str = "export default async function greet({ apiClient, input }: any) {\n  \
        const account: { id: string } = await apiClient.get('/me')\n  \
        console.log('greeting', account.id)\n  \
        return { text: `${input.greeting}, ${account.id}!` }\n}\n";
    let code = |text: &str| json!({ "type": "javascript", "code": text.replace("BASE", base) });
    DemoConnector {
        key: "typescript",
        auth_type: "client-credentials",
        definition: json!({
            "key": "typescript",
            "name": "Functions in TypeScript",
            "type": "client-credentials",
            "inputSchema": form(&[("apiKey", "API key")]),
            "makeApiClient": code(MAKE_API_CLIENT),
            "test": code(TEST),
            "operations": [{
                "key": "greet",
                "name": "Greet",
                "inputSchema": form(&[("greeting", "Greeting")]),
                "run": code(GREET),
            }],
        }),
        parameters: json!({}),
        connecting: Connecting::Typing(json!({ "apiKey": "simulated-api-key" })),
        operation: Some(("greet", json!({ "greeting": "Hello" }))),
    }
}

/// The user consents in a browser, and every request is signed.
fn oauth1(server: &str) -> DemoConnector {
    DemoConnector {
        key: "oauth1",
        auth_type: "oauth1",
        definition: json!({
            "key": "oauth1",
            "name": "OAuth 1.0a",
            "type": "oauth1",
            "parametersSchema": form(&[
                ("consumerKey", "Consumer key"), ("consumerSecret", "Consumer secret"),
            ]),
            "getOAuthConfig": { "type": "mapping", "mapping": {
                "consumerKey": { "$var": "connectorParameters.consumerKey" },
                "consumerSecret": { "$var": "connectorParameters.consumerSecret" },
                "requestTokenUri": format!("{server}/request_token"),
                "authorizeUri": format!("{server}/authorize"),
                "tokenUri": format!("{server}/access_token"),
                "signatureMethod": "HMAC-SHA256",
            } },
            "makeApiClient": { "type": "mapping", "mapping": { "baseUri": server } },
            "test": test(),
        }),
        parameters: json!({
            "consumerKey": "simulated-consumer", "consumerSecret": "simulated-secret",
        }),
        connecting: Connecting::Consenting(server.to_owned()),
        operation: None,
    }
}

/// The user consents in a browser, and the tokens are refreshed and revoked.
fn oauth2(server: &str) -> DemoConnector {
    DemoConnector {
        key: "oauth2",
        auth_type: "oauth2",
        definition: json!({
            "key": "oauth2",
            "name": "OAuth 2.0",
            "type": "oauth2",
            "parametersSchema": form(&[("clientId", "Client id"), ("clientSecret", "Client secret")]),
            "getOAuthConfig": { "type": "mapping", "mapping": {
                "clientId": { "$var": "connectorParameters.clientId" },
                "clientSecret": { "$var": "connectorParameters.clientSecret" },
                "issuer": server,
                "scopes": ["profile"],
            } },
            "makeApiClient": { "type": "mapping", "mapping": {
                "baseUri": server,
                "headers": { "Authorization": {
                    "$concat": ["Bearer ", { "$var": "credentials.access_token" }],
                } },
            } },
            "test": test(),
        }),
        parameters: json!({ "clientId": "simulated-client", "clientSecret": "simulated-secret" }),
        connecting: Connecting::Consenting(server.to_owned()),
        operation: None,
    }
}

/// An API of the same account provider: with that account, and its API client.
fn calendar(server: &str) -> DemoConnector {
    let definition = json!({
        "key": "calendar", "name": "Calendar", "type": "proxy", "proxyKey": "oauth2",
        "baseUri": server,
    });
    shared("calendar", definition)
}

/// Another, which makes its own API client with the account's credentials.
fn files(server: &str) -> DemoConnector {
    let definition = json!({
        "key": "files", "name": "Files", "type": "proxy", "proxyKey": "oauth2",
        "makeApiClient": { "type": "mapping", "mapping": {
            "baseUri": server,
            "headers": {
                "Authorization": { "$concat": ["Bearer ", { "$var": "credentials.access_token" }] },
                "X-Api": "files",
            },
        } },
        "test": test(),
    });
    shared("files", definition)
}

fn shared(key: &'static str, definition: Value) -> DemoConnector {
    DemoConnector {
        key,
        auth_type: "proxy",
        definition,
        parameters: json!({}),
        connecting: Connecting::Sharing,
        operation: None,
    }
}

fn token(base: &str, key: &'static str, auth_type: &'static str) -> DemoConnector {
    DemoConnector {
        key,
        auth_type,
        definition: json!({ "key": key, "name": key, "type": auth_type, "baseUri": base }),
        parameters: json!({}),
        connecting: Connecting::NotNeeded,
        operation: None,
    }
}
