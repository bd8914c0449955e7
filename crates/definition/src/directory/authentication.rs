//! Whether what is to be called can be authenticated to; if not, why, and the lines to add.

use std::collections::{BTreeMap, BTreeSet};

use authbridge_core::connector::{AuthOption, Connector};
use serde_json::Value;

use crate::report::{Place, Report};
use crate::suggest::all_of;
use crate::{Code, ElementFile, ElementType};

use super::element::{Referred, Written};
use super::{ConnectorFile, Directory, IntegrationFile};

/// Action types that send nothing to an external app with its authentication.
const WITHOUT_AUTH: [&str; 3] = ["api-request-to-your-app", "http-request", "run-javascript"];

const AUTH_LINES: &str = "auth: {type: client-credentials, inputSchema: …, makeApiClient: …}";

/// Why there is no authentication.
struct Problem {
    why: String,
    help: String,
}

/// Reports an integration whose connector cannot authenticate.
pub(super) fn check_integration(
    integration: &IntegrationFile,
    file: &ConnectorFile,
    place: Place,
    report: &mut Report,
) {
    if let Some(problem) = problem(integration, file) {
        let kind = if integration.is_auth_proxy {
            "auth proxy"
        } else {
            "integration"
        };
        report
            .at(
                Code::IntegrationWithoutAuth,
                place,
                format!("{kind} `{}`: {}", integration.key, problem.why),
            )
            .help(problem.help);
    }
}

/// Reports actions that cannot be authenticated, and interfaces that do not say how.
pub(super) fn check(directory: &Directory, written: &[Written], report: &mut Report) {
    let mut problems: BTreeMap<&str, Option<Problem>> = BTreeMap::new();
    let linked = linked_actions(written);
    for (element, written) in directory.elements.iter().zip(written) {
        match element.element_type {
            ElementType::Interface => check_interface(element, written, report),
            ElementType::Action if needs_auth(written) => match &element.integration_key {
                Some(key) => {
                    let problem = problems
                        .entry(key)
                        .or_insert_with(|| of_integration(directory, key));
                    if let Some(problem) = problem {
                        let message = format!(
                            "authentication not configured: action `{}` of integration `{key}`: {}",
                            element.key, problem.why
                        );
                        report
                            .at(Code::ActionWithoutAuth, written.key, message)
                            .help(problem.help.as_str());
                    }
                }
                None => check_universal(directory, element, written, &linked, report),
            },
            ElementType::Connector
            | ElementType::Integration
            | ElementType::AuthProxy
            | ElementType::Action
            | ElementType::Flow
            | ElementType::DataSource
            | ElementType::FieldMapping
            | ElementType::DataLinkTable
            | ElementType::AppEventType
            | ElementType::AppDataSchema
            | ElementType::Screen
            | ElementType::Scenario
            | ElementType::Package => {}
        }
    }
}

fn needs_auth(written: &Written) -> bool {
    written
        .action_type
        .as_deref()
        .is_some_and(|kind| !WITHOUT_AUTH.contains(&kind))
}

fn linked_actions(written: &[Written]) -> BTreeSet<&str> {
    written
        .iter()
        .flat_map(|written| &written.references)
        .filter(|reference| reference.to == Referred::Action)
        .map(|reference| reference.key.as_str())
        .collect()
}

/// An action of the workspace runs with a connection of any integration, or with an interface.
fn check_universal(
    directory: &Directory,
    element: &ElementFile,
    written: &Written,
    linked: &BTreeSet<&str>,
    report: &mut Report,
) {
    let is_reachable = linked.contains(element.key.as_str())
        || directory.integrations.iter().any(|it| !it.is_auth_proxy);
    if is_reachable {
        return;
    }
    let key = &element.key;
    report
        .at(
            Code::ActionWithoutIntegration,
            written.key,
            format!(
                "authentication not configured: action `{key}` has no integration to run with, and \
                 no interface lists it"
            ),
        )
        .help(format!(
            "add an integration (`integrations/<key>/<key>.yaml` with `connectorKey`), or an \
             interface: `type: http-endpoint`, `baseUri: https://…`, `auth: {{type: …}}`, \
             `actions: [{key}]`"
        ));
}

fn check_interface(element: &ElementFile, written: &Written, report: &mut Report) {
    // What is wrong with options that cannot be read has been reported.
    let Some(options) = &written.options else {
        return;
    };
    let (why, lines) = if options.is_empty() {
        let lines = format!("`auth: {{type: integration-app-token}}`, or `{AUTH_LINES}`");
        (
            "it has no `auth`",
            format!("add to `{}`: {lines}", element.path),
        )
    } else if options.iter().all(is_disabled) {
        (
            "all its auth options are disabled by `enabled`",
            format!("remove `enabled` from an option in `{}`", element.path),
        )
    } else {
        return;
    };
    report
        .at(
            Code::InterfaceWithoutAuth,
            written.key,
            format!(
                "authentication not configured: interface `{}`: {why}",
                element.key
            ),
        )
        .help(lines);
}

fn of_integration(directory: &Directory, key: &str) -> Option<Problem> {
    let integration = directory.integrations.iter().find(|it| it.key == key)?;
    problem(integration, directory.connector_of(key)?)
}

fn problem(integration: &IntegrationFile, file: &ConnectorFile) -> Option<Problem> {
    let connector = file.connector.as_ref()?;
    let key = &connector.key;
    if connector.options.is_empty() {
        return Some(Problem {
            why: format!("connector `{key}` has no auth options"),
            help: format!("add to the definition in `{}`: `{AUTH_LINES}`", file.path),
        });
    }
    if connector.options.iter().all(is_disabled) {
        return Some(Problem {
            why: format!("all auth options of connector `{key}` are disabled by `enabled`"),
            help: format!(
                "in `{}`, remove `enabled` from an option, or make it a formula: `enabled: {{$var: \
                 connectorParameters.…}}`",
                file.path
            ),
        });
    }
    let missing = missing_parameters(integration, connector)?;
    let lines: Vec<String> = missing.iter().map(|name| format!("{name}: …")).collect();
    Some(Problem {
        why: format!(
            "connector `{key}` needs the parameters {}",
            all_of(missing.iter().map(String::as_str))
        ),
        help: format!(
            "add to `{}`: `parameters: {{{}}}`",
            integration.path,
            lines.join(", ")
        ),
    })
}

/// Whether an option is never offered, whatever the parameters are.
fn is_disabled(option: &AuthOption) -> bool {
    option
        .enabled
        .as_ref()
        .is_some_and(|enabled| matches!(enabled.source(), Value::Bool(false)))
}

/// The required parameters that the file does not give. A file without any leaves them to the API,
/// where secrets are better kept.
fn missing_parameters(integration: &IntegrationFile, connector: &Connector) -> Option<Vec<String>> {
    let given = integration.parameters.as_ref()?.as_object()?;
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
    let missing: Vec<Vec<String>> = connector
        .options
        .iter()
        .filter(|option| !is_disabled(option))
        .map(of_option)
        .collect();
    // One way that is complete is enough.
    missing
        .into_iter()
        .min_by_key(Vec::len)
        .filter(|missing| !missing.is_empty())
}
