//! The mapping of `getOAuthConfig`: checked as far as it is written out. What formulas yield is
//! known only when they run, and then core checks it.

mod oauth1;
mod oauth2;

use authbridge_core::connector::{AuthType, FunctionName};

use crate::Code;
use crate::fields::{OAUTH1_CONFIG, OAUTH2_CONFIG, Shape};
use crate::formulas::{self, Variables};
use crate::object::{Object, wrong_type};
use crate::report::Report;
use crate::step::Step;
use crate::tree::{Entry, Node, Tree};

/// The rules on failures, whose formulas are about answers.
const FAILURES: &str = "failures";

/// What the configuration of an auth type may be.
struct Table {
    shape: &'static Shape,
    /// Checks what cannot be said of one key alone.
    check: fn(Object<'_>, Extent, &mut Report),
}

const OAUTH1: Table = Table {
    shape: &OAUTH1_CONFIG,
    check: oauth1::check,
};

const OAUTH2: Table = Table {
    shape: &OAUTH2_CONFIG,
    check: oauth2::check,
};

/// Checks what `getOAuthConfig` of `auth_type` yields; of `None` only its formulas.
pub(super) fn check(node: &Node, auth_type: Option<AuthType>, report: &mut Report) {
    check_formulas(node, report);
    match auth_type {
        Some(AuthType::OAuth2) => check_config(node, &OAUTH2, Extent::Whole, report),
        Some(AuthType::OAuth1) => check_config(node, &OAUTH1, Extent::Whole, report),
        // In the others the function has no part, which is reported where it is listed.
        Some(
            AuthType::ClientCredentials
            | AuthType::Proxy
            | AuthType::IntegrationAppToken
            | AuthType::MembraneToken,
        )
        | None => {}
    }
}

fn check_formulas(node: &Node, report: &mut Report) {
    let variables = Variables::of(Step::Auth(FunctionName::GetOAuthConfig));
    let Some(entries) = node.entries().filter(|_| node.formula().is_none()) else {
        return formulas::check(node, &variables, report);
    };
    for entry in entries {
        if entry.key == FAILURES {
            formulas::check(&entry.value, &Variables::of_response(), report);
        } else {
            formulas::check(&entry.value, &variables, report);
        }
    }
}

/// How much of a configuration a mapping is.
#[derive(Clone, Copy)]
enum Extent {
    Whole,
    /// Merged with others, which may have what is missing.
    Part,
}

fn check_config(node: &Node, table: &Table, extent: Extent, report: &mut Report) {
    if let Some(formula) = node.formula() {
        return through_formula(formula, table, extent, report);
    }
    let Some(config) = Object::read(node, table.shape, report) else {
        return;
    };
    if let Some(rules) = config.get(FAILURES).filter(|node| node.formula().is_some()) {
        wrong_type(rules, "a list", report);
    }
    (table.check)(config, extent, report);
}

/// Formulas that choose or merge are followed into what they yield.
fn through_formula(formula: &Entry, table: &Table, extent: Extent, report: &mut Report) {
    match (formula.key.as_str(), &formula.value.tree) {
        ("$mergeObjects", Tree::List(items)) => {
            for item in items {
                check_config(item, table, Extent::Part, report);
            }
        }
        ("$firstNotEmpty", Tree::List(items)) => {
            for item in items {
                check_config(item, table, extent, report);
            }
        }
        ("$case", _) => {
            let cases = formula.value.get("cases").unwrap_or(&formula.value);
            let chosen = cases.items().unwrap_or_default().iter();
            let chosen = chosen.filter_map(|case| case.get("value"));
            for config in chosen.chain(formula.value.get("default")) {
                check_config(config, table, extent, report);
            }
        }
        _ => {}
    }
}

/// Reports that `config` lacks `name`, for which an empty text does not count.
fn require(config: Object<'_>, name: &str, help: &str, report: &mut Report) {
    let is_given = config
        .get(name)
        .is_some_and(|node| node.as_str() != Some(""));
    if !is_given {
        report
            .at(
                Code::MissingKey,
                config.start(),
                format!("{} needs `{name}`", config.shape_name()),
            )
            .help(help);
    }
}

/// A choice that other keys depend on.
enum Chosen<T> {
    Known(T),
    /// A formula decides.
    KnownLater,
    /// A word that nobody knows, or one of a later version; that is reported.
    NotDone,
}

/// What `config` chooses of `choices` under `name`, or else `default`.
fn chosen<T: Copy>(
    config: Object<'_>,
    name: &str,
    choices: &[(&str, Option<T>)],
    default: T,
) -> Chosen<T> {
    let Some(node) = config.get(name) else {
        return Chosen::Known(default);
    };
    if node.formula().is_some() {
        return Chosen::KnownLater;
    }
    let choice = choices
        .iter()
        .find(|(name, _)| Some(*name) == node.as_str());
    choice
        .and_then(|(_, value)| *value)
        .map_or(Chosen::NotDone, Chosen::Known)
}
