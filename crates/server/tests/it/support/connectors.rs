//! Definitions that tests start from.

use serde_json::{Value, json};

/// An API key in a header of its own, tested at `/me`.
pub(crate) fn api_key_connector(key: &str, base_uri: &str) -> Value {
    json!({
        "key": key,
        "name": key,
        "type": "client-credentials",
        "inputSchema": {
            "type": "object",
            "properties": {"apiKey": {"type": "string"}},
            "required": ["apiKey"],
        },
        "makeApiClient": {"type": "mapping", "mapping": {
            "baseUri": base_uri,
            "headers": {"X-Api-Key": {"$var": "credentials.apiKey"}},
        }},
        "test": {"type": "rest-api-mapping", "mapping": {"path": "/me", "method": "GET"}},
    })
}

/// The workspace's own token.
pub(crate) fn token_connector(auth_type: &str, base_uri: &str) -> Value {
    json!({
        "key": auth_type,
        "name": auth_type,
        "type": auth_type,
        "makeApiClient": {"type": "mapping", "mapping": {"baseUri": base_uri}},
    })
}
