//! An account for connectors that delegate authentication: their parent is another connector, so
//! something stands in for it that takes whatever credentials the test has.

use authbridge_core::connector::{AuthType, Connector};
use authbridge_definition::Bundle;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use super::bench::Bench;
use crate::api::segment;
use crate::error::CliError;

/// The connector that stands in.
const STAND_IN: &str = "stand-in-account";

/// The credential that it has when nobody says another.
pub(super) const TOKEN: &str = "access_token";

/// Puts an account in the place of each that `connector` delegates to. Its credentials may go
/// wherever a file of `bundle` says.
pub(super) async fn stand_in(
    bench: &Bench,
    connector: &Connector,
    bundle: &Bundle,
) -> Result<(), CliError> {
    let delegating = connector
        .options
        .iter()
        .filter(|option| option.auth_type == AuthType::Proxy);
    let keys: Vec<&str> = delegating
        .filter_map(|option| option.proxy_key.as_deref())
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let files = bundle.to_json();
    let mut hosts = Vec::new();
    collect_hosts(&files, &mut hosts);
    let base_uri = connector.base_uri.clone();
    let body = json!({
        "key": STAND_IN,
        "name": "An account",
        "type": "client-credentials",
        "allowedChildHosts": hosts,
        "makeApiClient": {"type": "mapping", "mapping": {
            "baseUri": base_uri.unwrap_or_else(|| "https://api.example.com".to_owned()),
            "headers": {"Authorization": {
                "$concat": ["Bearer ", {"$var": format!("credentials.{TOKEN}")}],
            }},
        }},
    });
    bench
        .admin(Method::POST, "/connectors", Some(&body))
        .await?;
    for key in keys {
        let integration = format!("/integrations/{}", segment(key));
        // The directory may have the real one, which needs a browser or an app that is not there.
        match bench.admin(Method::DELETE, &integration, None).await {
            Ok(_) | Err(CliError::Api { .. }) => {}
            Err(error) => return Err(error),
        }
        let path = format!("/auth-proxies/{}", segment(key));
        let body = json!({"connectorKey": STAND_IN});
        bench.admin(Method::PUT, &path, Some(&body)).await?;
    }
    Ok(())
}

/// The hosts of all addresses in the texts of `value`.
fn collect_hosts(value: &Value, hosts: &mut Vec<String>) {
    match value {
        Value::String(text) => collect_from_text(text, hosts),
        Value::Array(items) => items.iter().for_each(|item| collect_hosts(item, hosts)),
        Value::Object(members) => members
            .values()
            .for_each(|member| collect_hosts(member, hosts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn collect_from_text(text: &str, hosts: &mut Vec<String>) {
    let after_scheme = |part: &str| {
        let end = part.find(|it: char| !(it.is_ascii_alphanumeric() || ".-:".contains(it)));
        let authority = part.get(..end.unwrap_or(part.len())).unwrap_or_default();
        let url = Url::parse(&format!("https://{authority}/")).ok()?;
        let host = url.host_str()?;
        Some(
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        )
    };
    for host in text.split("://").skip(1).filter_map(after_scheme) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_wherever_they_stand() {
        let files = json!({
            "spec.yml": "baseUri: https://api.example.com/v1\nallowedHosts: [x]",
            "auth/make-api-client.js": "fetch(`http://127.0.0.1:4800/x`); 'https://${region}.a.com'",
        });
        let mut hosts = Vec::new();
        collect_hosts(&files, &mut hosts);
        assert_eq!(hosts, ["api.example.com", "127.0.0.1:4800"]);
    }
}
