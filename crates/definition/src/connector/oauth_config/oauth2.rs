//! What the configuration of `oauth2` cannot do without, and its older spellings.

use authbridge_core::auth::oauth2::config::GrantType;

use super::{Chosen, Extent, chosen, require};
use crate::Code;
use crate::object::Object;
use crate::report::Report;
use crate::tree::{Entry, Tree};

pub(super) fn check(config: Object<'_>, extent: Extent, report: &mut Report) {
    check_client_auth(config, report);
    match extent {
        Extent::Whole => check_required(config, report),
        Extent::Part => {}
    }
}

const CLIENT_HELP: &str = "ask the workspace owner for it with `parametersSchema`, and add \
    `clientId: {$var: connectorParameters.clientId}`";
const ENDPOINT_HELP: &str =
    "give the provider's endpoint, or its `issuer`, which publishes where the endpoints are";
const PASSWORD_HELP: &str = "the grant `password` needs `username` and `password`";
const ASSERTION_HELP: &str = "the grant `jwt-bearer` needs `assertion`, with a `key` at least";

/// What a configuration cannot do without; that depends on the grant.
fn check_required(config: Object<'_>, report: &mut Report) {
    let default = GrantType::AuthorizationCode;
    let grant = match chosen(config, "grantType", &GrantType::CHOICES, default) {
        Chosen::Known(grant) => Some(grant),
        Chosen::KnownLater => None,
        // Nobody knows what it would need.
        Chosen::NotDone => return,
    };
    let mut needs = |name: &str, help: &str| require(config, name, help, report);
    match grant {
        Some(GrantType::AuthorizationCode | GrantType::ClientCredentials) => {
            needs("clientId", CLIENT_HELP);
        }
        Some(GrantType::Password) => {
            needs("clientId", CLIENT_HELP);
            needs("username", PASSWORD_HELP);
            needs("password", PASSWORD_HELP);
        }
        Some(GrantType::JwtBearer) => {
            needs("assertion", ASSERTION_HELP);
        }
        None => {}
    }
    if config.get("issuer").is_some() {
        return;
    }
    if grant == Some(GrantType::AuthorizationCode) {
        needs("authorizeUri", ENDPOINT_HELP);
    }
    needs("tokenUri", ENDPOINT_HELP);
}

/// The flags that `clientAuth` replaces, and what they turn off.
const FLAGS: [(&str, Turned); 3] = [
    ("skipClientAuthInBody", Turned::Body),
    ("skipClientAuthInHeader", Turned::Header),
    ("skipClientAuthInHeaders", Turned::Header),
];

/// Where a flag keeps the client from saying who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turned {
    Body,
    Header,
}

fn check_client_auth(config: Object<'_>, report: &mut Report) {
    let stronger = ["clientAuth", "clientAuthLocation"]
        .into_iter()
        .find(|name| config.get(name).is_some());
    if stronger == Some("clientAuth")
        && let Some(entry) = config.entry("clientAuthLocation")
    {
        ignored(entry, "clientAuth", report);
    }
    for (name, _) in FLAGS {
        let Some(entry) = config.entry(name) else {
            continue;
        };
        if let Some(stronger) = stronger {
            ignored(entry, stronger, report);
            continue;
        }
        report
            .at(
                Code::OlderSpelling,
                entry.key_place,
                format!("`{name}` is now said with `clientAuth`"),
            )
            .help(replacement(config, entry));
    }
}

fn ignored(entry: &Entry, stronger: &str, report: &mut Report) {
    report
        .at(
            Code::BothSpellings,
            entry.key_place,
            format!("`{}` is ignored beside `{stronger}`", entry.key),
        )
        .help(format!("remove `{}`", entry.key));
}

/// What says the same as the flags together.
fn replacement(config: Object<'_>, entry: &Entry) -> String {
    if matches!(entry.value.tree, Tree::Bool(false)) {
        return format!("remove `{}`: it says nothing", entry.key);
    }
    let flags = || {
        FLAGS
            .iter()
            .filter_map(|(name, turned)| Some((config.get(name)?, *turned)))
    };
    if flags().any(|(node, _)| !matches!(node.tree, Tree::Bool(_))) {
        return "write `clientAuth` with a formula that yields `basic`, `body` or `none`"
            .to_owned();
    }
    let is_off = |part| {
        flags().any(|(node, turned)| turned == part && matches!(node.tree, Tree::Bool(true)))
    };
    let word = match (is_off(Turned::Header), is_off(Turned::Body)) {
        (false, _) => "basic",
        (true, false) => "body",
        (true, true) => "none",
    };
    format!("write `clientAuth: {word}`")
}

#[cfg(test)]
mod tests {
    use authbridge_core::auth::oauth2::config::{KEYS, NOT_YET, OAuth2Config};
    use serde_json::{Value, json};

    use crate::{Bundle, ConnectorDefaults, Severity, load_connector};

    use super::*;

    /// Whether `validate` has nothing to say against `config`.
    fn is_fine(config: &Value) -> bool {
        let definition = json!({
            "key": "a",
            "type": "oauth2",
            "getOAuthConfig": { "type": "mapping", "mapping": config },
            "makeApiClient": { "type": "mapping", "mapping": { "baseUri": "https://a.example" } },
        });
        let bundle = Bundle::from_document("a.json", &definition.to_string());
        let loaded = load_connector(&bundle, ConnectorDefaults::default());
        loaded.diagnostics.iter().all(|diagnostic| {
            diagnostic.severity != Severity::Error && diagnostic.code != Code::ConfigNotYet
        })
    }

    fn pool() -> Vec<Value> {
        vec![
            json!(true),
            json!(1),
            json!(-1),
            json!("x"),
            json!("https://a.example/x"),
            json!("https://u:p@a.example/x"),
            json!("10m"),
            json!("form"),
            json!("basic"),
            json!("headers"),
            json!("tls"),
            json!("password"),
            json!("client_credentials"),
            json!("device_code"),
            json!([]),
            json!(["a"]),
            json!([1]),
            json!([{ "match": true, "class": "terminal" }]),
            json!([{ "match": true, "class": "other" }]),
            json!({}),
            json!({ "key": "k" }),
            json!({ "key": "k", "algorithm": "none" }),
            json!({ "margin": "10m" }),
            json!({ "margin": [] }),
        ]
    }

    #[test]
    fn a_constant_configuration_is_fine_here_exactly_if_it_is_when_it_runs() {
        // What `issuer` means is known when it is asked.
        let keys = KEYS.into_iter().chain(NOT_YET);
        for key in keys.filter(|key| *key != "issuer") {
            for value in pool() {
                let mut config = json!({
                    "clientId": "c",
                    "authorizeUri": "https://a.example/authorize",
                    "tokenUri": "https://a.example/token",
                });
                config[key] = value;
                let read = OAuth2Config::from_value(Some(&config));
                assert_eq!(is_fine(&config), read.is_ok(), "{config} {:?}", read.err());
            }
        }
    }
}
