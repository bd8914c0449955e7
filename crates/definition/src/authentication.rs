//! Why something that is installed cannot be authenticated to, and the lines to add. `validate`
//! and the engine say it in the same words.

use authbridge_core::connector::{AuthOption, Connector};
use serde_json::Value;

use crate::suggest::all_of;

/// What to add to the definition of a connector that has no authentication.
const AUTH_LINES: &str = "auth: {type: client-credentials, inputSchema: …, makeApiClient: …}";

/// What every message about it begins with.
const SUBJECT: &str = "authentication not configured";

/// A connector as a workspace has installed it.
pub struct Installed<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// Where its definition stands, in words that follow "in": a file in backticks, say.
    pub definition: &'a str,
    /// Where the integration is described, in the same way.
    pub integration: &'a str,
    /// The connector parameters, as far as they are known.
    pub parameters: Option<&'a Value>,
    /// Whether an option is offered.
    pub is_enabled: &'a dyn Fn(&AuthOption) -> bool,
}

/// Why there is no authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationProblem {
    /// The case: `no_connector`, `no_options`, `disabled`, `missing_parameters`,
    /// `interface_without_auth`.
    pub reason: &'static str,
    /// The reason as a clause.
    pub why: String,
    /// What to add, and where.
    pub help: String,
}

impl AuthenticationProblem {
    /// An integration that names no connector. `integration` is where it is described.
    pub fn no_connector(integration: &str) -> Self {
        Self {
            reason: "no_connector",
            why: "the integration names no connector".to_owned(),
            help: format!("add to {integration}: `connectorKey: <key of a connector>`"),
        }
    }

    /// An interface that does not say how to authenticate. `interface` is where it is described.
    pub fn interface_without_auth(interface: &str) -> Self {
        Self {
            reason: "interface_without_auth",
            why: "it has no `auth`".to_owned(),
            help: format!(
                "add to {interface}: `auth: {{type: integration-app-token}}`, or `{AUTH_LINES}`"
            ),
        }
    }

    /// What is wrong with what is installed, if anything.
    pub fn of(installed: &Installed<'_>) -> Option<Self> {
        let Installed {
            connector,
            definition,
            ..
        } = installed;
        let key = &connector.key;
        if connector.options.is_empty() {
            return Some(Self {
                reason: "no_options",
                why: format!("connector `{key}` has no auth options"),
                help: format!("add to the definition in {definition}: `{AUTH_LINES}`"),
            });
        }
        if !connector.options.iter().any(installed.is_enabled) {
            return Some(Self {
                reason: "disabled",
                why: format!("all auth options of connector `{key}` are disabled by `enabled`"),
                help: format!(
                    "in {definition}, remove `enabled` from an option, or make it a formula: \
                     `enabled: {{$var: connectorParameters.…}}`"
                ),
            });
        }
        let missing = missing_parameters(installed)?;
        let lines: Vec<String> = missing.iter().map(|name| format!("{name}: …")).collect();
        Some(Self {
            reason: "missing_parameters",
            why: format!(
                "connector `{key}` needs the parameters {}",
                all_of(missing.iter().map(String::as_str))
            ),
            help: format!(
                "add to {}: `parameters: {{{}}}`",
                installed.integration,
                lines.join(", ")
            ),
        })
    }

    /// The message about an action of an integration.
    pub fn of_action(&self, action: &str, integration: &str) -> String {
        format!(
            "{SUBJECT}: action `{action}` of integration `{integration}`: {}",
            self.why
        )
    }

    /// The message about an interface.
    pub fn of_interface(&self, interface: &str) -> String {
        format!("{SUBJECT}: interface `{interface}`: {}", self.why)
    }
}

/// The required parameters that are not given. Where nothing is known of parameters, nothing is
/// missing.
fn missing_parameters(installed: &Installed<'_>) -> Option<Vec<String>> {
    let given = installed.parameters?.as_object()?;
    let of_option = |option: &AuthOption| -> Vec<String> {
        let schema = option.parameters_schema.as_ref();
        let required = schema
            .and_then(|schema| schema.get("required"))
            .and_then(Value::as_array);
        let has_default = |name: &str| {
            schema
                .and_then(|schema| schema.pointer(&format!("/properties/{name}/default")))
                .is_some()
        };
        required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|name| given.get(*name).is_none_or(Value::is_null) && !has_default(name))
            .map(str::to_owned)
            .collect()
    };
    let missing: Vec<Vec<String>> = installed
        .connector
        .options
        .iter()
        .filter(|option| (installed.is_enabled)(option))
        .map(of_option)
        .collect();
    // One way that is complete is enough.
    missing
        .into_iter()
        .min_by_key(Vec::len)
        .filter(|missing| !missing.is_empty())
}
