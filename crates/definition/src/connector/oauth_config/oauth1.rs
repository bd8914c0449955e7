//! What the configuration of `oauth1` cannot do without; that depends on the flow, and on how
//! requests are signed.

use authbridge_core::auth::oauth1::SignatureMethod;
use authbridge_core::auth::oauth1::config::Flow;

use super::{Chosen, Extent, chosen, require};
use crate::Code;
use crate::object::Object;
use crate::report::Report;

pub(super) fn check(config: Object<'_>, extent: Extent, report: &mut Report) {
    check_realm(config, report);
    match extent {
        Extent::Whole => check_required(config, report),
        Extent::Part => {}
    }
}

/// A realm goes into a header field as it is.
fn check_realm(config: Object<'_>, report: &mut Report) {
    let Some(node) = config.get("realm") else {
        return;
    };
    let is_printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if node.as_str().is_some_and(|text| !is_printable(text)) {
        report
            .at(Code::InvalidValue, node.place, "this value cannot be used")
            .help("a realm has printable ASCII characters only");
    }
}

const KEY_HELP: &str = "ask the workspace owner for it with `parametersSchema`, and add \
    `consumerKey: {$var: connectorParameters.consumerKey}`";
const SECRET_HELP: &str = "ask the workspace owner for it with `parametersSchema`, and add \
    `consumerSecret: {$var: connectorParameters.consumerSecret}`";
const PRIVATE_KEY_HELP: &str = "RSA methods sign with a private key: ask the workspace owner for it \
    with `parametersSchema`, and add `privateKey: {$var: connectorParameters.privateKey}`";
const ENDPOINT_HELP: &str = "give the provider's endpoint, or choose another `flow`: `token` and \
    `two-legged` need none";
const TOKEN_HELP: &str = "a secret belongs to a token: give both";

fn check_required(config: Object<'_>, report: &mut Report) {
    require(config, "consumerKey", KEY_HELP, report);
    check_key(config, report);
    let flow = chosen(config, "flow", &Flow::CHOICES, Flow::default());
    match flow {
        Chosen::Known(Flow::ThreeLegged) => {
            for name in ["requestTokenUri", "authorizeUri", "tokenUri"] {
                require(config, name, ENDPOINT_HELP, report);
            }
        }
        Chosen::Known(Flow::Token | Flow::TwoLegged) | Chosen::KnownLater | Chosen::NotDone => {}
    }
    if config
        .get("tokenSecret")
        .is_some_and(|node| node.as_str() != Some(""))
    {
        require(config, "token", TOKEN_HELP, report);
    }
}

/// What requests are signed with.
fn check_key(config: Object<'_>, report: &mut Report) {
    let default = SignatureMethod::default();
    match chosen(
        config,
        "signatureMethod",
        &SignatureMethod::CHOICES,
        default,
    ) {
        Chosen::Known(method) if method.is_rsa() => {
            require(config, "privateKey", PRIVATE_KEY_HELP, report);
        }
        Chosen::Known(_) => require(config, "consumerSecret", SECRET_HELP, report),
        Chosen::KnownLater | Chosen::NotDone => {}
    }
}

#[cfg(test)]
mod tests {
    use authbridge_core::auth::oauth1::config::{KEYS, OAuth1Config};
    use serde_json::{Value, json};

    use crate::{Bundle, ConnectorDefaults, Severity, load_connector};

    /// Whether `validate` has no error for `config`.
    fn is_fine(config: &Value) -> bool {
        let definition = json!({
            "key": "a",
            "type": "oauth1",
            "getOAuthConfig": { "type": "mapping", "mapping": config },
            "makeApiClient": { "type": "mapping", "mapping": { "baseUri": "https://a.example" } },
        });
        let bundle = Bundle::from_document("a.json", &definition.to_string());
        let loaded = load_connector(&bundle, ConnectorDefaults::default());
        let severities = loaded.diagnostics.iter().map(|it| it.severity);
        severities.into_iter().all(|it| it != Severity::Error)
    }

    fn pool() -> Vec<Value> {
        vec![
            json!(null),
            json!(true),
            json!(1),
            json!("x"),
            json!("\u{e9}"),
            json!("https://a.example/x"),
            json!("https://u:p@a.example/x"),
            json!("10m"),
            json!("GET"),
            json!("PUT"),
            json!("three-legged"),
            json!("two-legged"),
            json!("token"),
            json!("oob"),
            json!("optional"),
            json!("query"),
            json!("authorize"),
            json!("HMAC-SHA512"),
            json!("RSA-SHA256"),
            json!("PLAINTEXT"),
            json!([]),
            json!(["a"]),
            json!([1]),
            json!([{ "match": true, "class": "terminal" }]),
            json!([{ "match": true, "class": "other" }]),
            json!({}),
            json!({ "margin": "10m" }),
            json!({ "margin": [] }),
        ]
    }

    #[test]
    fn a_constant_configuration_is_fine_here_exactly_if_it_is_when_it_runs() {
        for flow in ["three-legged", "token", "two-legged"] {
            for key in KEYS {
                for value in pool() {
                    let mut config = json!({
                        "flow": flow,
                        "consumerKey": "c",
                        "consumerSecret": "s",
                        "token": "t",
                        "requestTokenUri": "https://a.example/request",
                        "authorizeUri": "https://a.example/authorize",
                        "tokenUri": "https://a.example/token",
                    });
                    config[key] = value;
                    let read = OAuth1Config::from_value(Some(&config));
                    assert_eq!(is_fine(&config), read.is_ok(), "{config} {:?}", read.err());
                }
            }
        }
    }

    #[test]
    fn what_is_missing_is_found_as_it_is_when_it_runs() {
        let whole = json!({
            "consumerKey": "c",
            "consumerSecret": "s",
            "token": "t",
            "tokenSecret": "s",
            "requestTokenUri": "https://a.example/request",
            "authorizeUri": "https://a.example/authorize",
            "tokenUri": "https://a.example/token",
        });
        for flow in ["three-legged", "token", "two-legged"] {
            let names = whole
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name);
            for name in names {
                let mut config = whole.clone();
                config["flow"] = flow.into();
                config[name] = Value::Null;
                let read = OAuth1Config::from_value(Some(&config));
                assert_eq!(is_fine(&config), read.is_ok(), "{config} {:?}", read.err());
            }
        }
    }
}
