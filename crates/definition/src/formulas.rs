//! Checks the formulas of a mapping: names, variables, and text that looks like a template.

use authbridge_core::connector::{FunctionName, Mapping};
use authbridge_formula::locator::{Locator, Step as LocatorStep};
use authbridge_formula::registry::{FORMULA_NAMES, UnknownFormula, unknown_formulas};
use serde_json::Value;

use crate::Code;
use crate::report::{Place, Report};
use crate::step::Step;
use crate::suggest::{all_of, did_you_mean, nearest};
use crate::tree::{Entry, Node, Tree};

/// What every function gets (wire contract C.3; both names of the input, whichever is newer).
const ALWAYS: &[&str] = &[
    "connectorParameters",
    "connectionInput",
    "connectionParameters",
];

/// What the elements of `$iterate` see, and nothing else.
const ITERATION: &[&str] = &["item", "parent", "index"];

/// The member of an API client whose formulas see the response as well.
const HANDLERS: &str = "responseHandlers";

/// The variables that a formula may name.
#[derive(Clone, Debug)]
pub(crate) struct Variables {
    names: Vec<&'static str>,
}

impl Variables {
    /// The arguments of the function for `step`.
    pub(crate) fn of(step: Step<'_>) -> Self {
        let more = match step {
            Step::Auth(name) => Self::of_auth(name),
            Step::Run(_) => &["input", "parameters", "credentials"],
        };
        Self {
            names: ALWAYS.iter().chain(more).copied().collect(),
        }
    }

    const fn of_auth(name: FunctionName) -> &'static [&'static str] {
        match name {
            FunctionName::MakeApiClient
            | FunctionName::Test
            | FunctionName::RefreshCredentials
            | FunctionName::Disconnect => &["credentials"],
            FunctionName::GetOAuthConfig => &["redirectUri", "state"],
            FunctionName::GetTokenData => &["codeVerifier", "queryParameters", "redirectUri"],
            FunctionName::GetCredentialsFromAccessTokenResponse => {
                &["queryParameters", "tokenResponse"]
            }
            FunctionName::GetCredentialsFromRefreshTokenResponse => {
                &["credentials", "queryParameters", "tokenResponse"]
            }
            FunctionName::GetCredentialsFromConnectionParameters => &[],
        }
    }

    /// What actions see (wire contract F, "Run-time variables"). What they run with is theirs.
    pub(crate) fn of_action() -> Self {
        Self {
            names: vec![
                "input",
                "user",
                "customer",
                "connection",
                "integration",
                "actionInstance",
            ],
        }
    }

    /// What `enabled` of an option sees.
    pub(crate) fn of_option() -> Self {
        Self {
            names: vec!["connectorParameters"],
        }
    }

    /// What rules on failures see.
    pub(crate) fn of_response() -> Self {
        Self {
            names: vec!["response"],
        }
    }

    /// These and `response`.
    pub(crate) fn with_response(&self) -> Self {
        self.with("response")
    }

    /// These and `output`.
    pub(crate) fn with_output(&self) -> Self {
        self.with("output")
    }

    fn with(&self, name: &'static str) -> Self {
        let mut names = self.names.clone();
        names.push(name);
        Self { names }
    }
}

/// The mapping that `node` is, after a check of its formulas.
pub(crate) fn mapping(node: &Node, variables: &Variables, report: &mut Report) -> Mapping {
    check(node, variables, report);
    Mapping::compile(&to_value(node))
}

/// Reports what is wrong with the formulas below `node`.
pub(crate) fn check(node: &Node, variables: &Variables, report: &mut Report) {
    check_names(node, report);
    walk(node, variables, report);
}

/// Reports formulas below `node` that do not exist, whatever variables there are.
pub(crate) fn check_names(node: &Node, report: &mut Report) {
    for unknown in unknown_formulas(&node.to_value()) {
        if report.is_full(node.place.file) {
            break;
        }
        let Some(entry) = formula_at(node, &unknown.pointer) else {
            continue;
        };
        report
            .at(
                Code::UnknownFormula,
                entry.key_place,
                format!("unknown formula `{}`", entry.key),
            )
            .label("the object is sent as it stands")
            .help(unknown_formula_help(&entry.key, &unknown));
    }
}

/// Some formulas stand in documentation although no evaluator ever had them.
fn unknown_formula_help(key: &str, unknown: &UnknownFormula) -> String {
    let suggestion = nearest(&unknown.name, FORMULA_NAMES).or(unknown.suggestion);
    match (key, suggestion) {
        ("$template", _) => "use `$concat`, or `$tpl` with `values`".to_owned(),
        ("$cond", _) => "use `$case`".to_owned(),
        (_, Some(name)) => format!("did you mean `${name}`?"),
        (_, None) => "for a literal object, wrap it in `$plain`".to_owned(),
    }
}

/// The formula entry of the object at a JSON pointer.
fn formula_at<'a>(node: &'a Node, pointer: &str) -> Option<&'a Entry> {
    let mut node = node;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        node = match &node.tree {
            Tree::List(items) => items.get(segment.parse::<usize>().ok()?)?,
            Tree::Mapping(_) => node.get(&segment)?,
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => return None,
        };
    }
    node.formula()
}

fn walk(node: &Node, variables: &Variables, report: &mut Report) {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
        Tree::String(text) => check_text(text, node.place, variables, report),
        Tree::List(items) => {
            for item in items {
                walk(item, variables, report);
            }
        }
        Tree::Mapping(entries) => match node.formula() {
            Some(formula) => walk_formula(formula, entries, variables, report),
            None => walk_members(entries, variables, report),
        },
    }
}

fn walk_members(entries: &[Entry], variables: &Variables, report: &mut Report) {
    for entry in entries {
        if entry.key == HANDLERS {
            walk(&entry.value, &variables.with_response(), report);
        } else {
            walk(&entry.value, variables, report);
        }
    }
}

fn walk_formula(formula: &Entry, entries: &[Entry], variables: &Variables, report: &mut Report) {
    match formula.key.as_str() {
        "$var" => check_locator(&formula.value, variables, report),
        // Literal, or locators into the output.
        "$plain" | "$copy" => {}
        "$iterate" => {
            if let Some(source) = formula.value.get("source") {
                walk(source, variables, report);
            }
            if let Some(item) = formula.value.get("item") {
                let inner = Variables {
                    names: ITERATION.to_vec(),
                };
                walk(item, &inner, report);
            }
        }
        "$tpl" => {
            if let Some(values) = formula.value.get("values") {
                walk(values, variables, report);
            }
        }
        // An expression has its own syntax for variables.
        "$jsonata" => {
            if formula.value.as_str().is_none() {
                walk(&formula.value, variables, report);
            }
        }
        "$map" => {
            check_map(&formula.value, report);
            walk(&formula.value, variables, report);
        }
        _ => walk_members(entries, variables, report),
    }
}

/// The plain value of a mapping, with the older spelling in `$map` renamed: evaluators read
/// `mapping` alone.
pub(crate) fn to_value(node: &Node) -> Value {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => node.to_value(),
        Tree::List(items) => items.iter().map(to_value).collect(),
        Tree::Mapping(entries) => {
            let formula = node.formula().map(|entry| entry.key.as_str());
            if formula == Some("$plain") {
                return node.to_value();
            }
            let members = entries.iter().map(|entry| {
                let mut value = to_value(&entry.value);
                if formula == Some("$map") && entry.key == "$map" {
                    rename_mappings(&mut value);
                }
                (entry.key.clone(), value)
            });
            Value::Object(members.collect())
        }
    }
}

fn rename_mappings(argument: &mut Value) {
    if let Some(members) = argument.as_object_mut()
        && !members.contains_key("mapping")
        && let Some(mappings) = members.remove("mappings")
    {
        members.insert("mapping".to_owned(), mappings);
    }
}

/// `$map` was once documented with `mappings`.
fn check_map(argument: &Node, report: &mut Report) {
    if let Some(entry) = argument.entry("mappings")
        && argument.get("mapping").is_none()
    {
        report
            .at(
                Code::OlderSpelling,
                entry.key_place,
                "`mappings` of `$map` is now called `mapping`",
            )
            .help("write `mapping`");
    }
}

fn check_locator(argument: &Node, variables: &Variables, report: &mut Report) {
    let Some(text) = argument.as_str() else {
        report
            .at(
                Code::InvalidLocator,
                argument.place,
                format!("`$var` takes a locator, found {}", argument.kind()),
            )
            .help("a locator is text, such as `credentials.apiKey`");
        return;
    };
    let locator = match Locator::parse(text) {
        Ok(locator) if !text.is_empty() => locator,
        Ok(_) | Err(_) => {
            report
                .at(
                    Code::InvalidLocator,
                    argument.place,
                    format!("`{text}` is not a locator"),
                )
                .help("a locator is names joined by `.`, with `[0]` for items of lists");
            return;
        }
    };
    let root = match locator.steps().first() {
        // `$` is all variables together.
        None => return,
        Some(LocatorStep::Property(name)) => name.as_str(),
        Some(LocatorStep::Item(_)) => "",
    };
    if variables.names.contains(&root) {
        return;
    }
    let names = variables.names.iter().copied();
    let help = did_you_mean(root, names.clone())
        .unwrap_or_else(|| format!("the variables here are {}", all_of(names)));
    report
        .at(
            Code::UnknownVariable,
            argument.place,
            format!("there is no variable `{root}` here"),
        )
        .label("this yields nothing")
        .help(help);
}

fn check_text(text: &str, place: Place, variables: &Variables, report: &mut Report) {
    if !looks_like_template(text, variables) {
        return;
    }
    report
        .at(
            Code::TemplateNotEvaluated,
            place,
            "placeholders inside of text are not replaced",
        )
        .label("this is sent as it stands")
        .help("use `$concat`, or `$tpl` with `values`");
}

/// Whether `text` has `{{name` or `${name` with the name of a variable.
fn looks_like_template(text: &str, variables: &Variables) -> bool {
    ["{{", "${"].iter().any(|opening| {
        text.match_indices(opening).any(|(position, _)| {
            let inner = text
                .get(position + opening.len()..)
                .unwrap_or_default()
                .trim_start();
            variables.names.iter().any(|name| {
                inner
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(['.', '[', '}', ' ']))
            })
        })
    })
}

/// Whether `node` is text that depends on nothing: a string, or `$concat` of strings alone.
pub(crate) fn is_constant_text(node: &Node) -> bool {
    if node.as_str().is_some_and(|text| !text.trim().is_empty()) {
        return true;
    }
    let Some(concat) = node.formula().filter(|entry| entry.key == "$concat") else {
        return false;
    };
    let values = concat.value.get("values").unwrap_or(&concat.value);
    values
        .items()
        .is_some_and(|items| !items.is_empty() && items.iter().all(is_constant_text))
}
