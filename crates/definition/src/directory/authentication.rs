//! Whether what is to be called can be authenticated to; if not, why, and the lines to add.

use std::collections::{BTreeMap, BTreeSet};

use authbridge_core::connector::AuthOption;
use serde_json::Value;

use crate::report::{Place, Report};
use crate::{AuthenticationProblem, Code, ElementFile, ElementType, Installed};

use super::element::{Referred, Written};
use super::{ConnectorFile, Directory, IntegrationFile};

/// Action types that send nothing to an external app with its authentication.
const WITHOUT_AUTH: [&str; 3] = ["api-request-to-your-app", "http-request", "run-javascript"];

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
    let mut problems: BTreeMap<&str, Option<AuthenticationProblem>> = BTreeMap::new();
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
                        let message = problem.of_action(&element.key, key);
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
    let file = format!("`{}`", element.path);
    let problem = if options.is_empty() {
        AuthenticationProblem::interface_without_auth(&file)
    } else if options.iter().all(is_disabled) {
        AuthenticationProblem {
            reason: "disabled",
            why: "all its auth options are disabled by `enabled`".to_owned(),
            help: format!("remove `enabled` from an option in {file}"),
        }
    } else {
        return;
    };
    let message = problem.of_interface(&element.key);
    report
        .at(Code::InterfaceWithoutAuth, written.key, message)
        .help(problem.help);
}

fn of_integration(directory: &Directory, key: &str) -> Option<AuthenticationProblem> {
    let integration = directory.integrations.iter().find(|it| it.key == key)?;
    problem(integration, directory.connector_of(key)?)
}

/// A file without any parameters leaves them to the API, where secrets are better kept.
fn problem(integration: &IntegrationFile, file: &ConnectorFile) -> Option<AuthenticationProblem> {
    AuthenticationProblem::of(&Installed {
        connector: file.connector.as_ref()?,
        definition: &format!("`{}`", file.path),
        integration: &format!("`{}`", integration.path),
        parameters: integration.parameters.as_ref(),
        is_enabled: &|option| !is_disabled(option),
    })
}

/// Whether an option is never offered, whatever the parameters are.
fn is_disabled(option: &AuthOption) -> bool {
    option
        .enabled
        .as_ref()
        .is_some_and(|enabled| matches!(enabled.source(), Value::Bool(false)))
}
