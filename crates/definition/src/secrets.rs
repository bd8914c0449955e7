//! Finds constants that look like secrets, reports them and hides them from every snippet.

use crate::Code;
use crate::formulas::is_constant_text;
use crate::report::Report;
use crate::secret_name::is_secret_name;
use crate::tree::{Entry, Node, Tree};

/// Members of a data schema under which a constant stands for the value itself.
const SCHEMA_VALUES: [&str; 3] = ["default", "const", "example"];

/// Words that `Authorization` and the like may have as a whole without being secret.
const HARMLESS: [&str; 3] = ["basic", "bearer", "token"];

/// Where secrets are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// A definition, which must not have any.
    Definition,
    /// The parameters of an integration, which may.
    Parameters,
}

/// Reports and masks the constants below `node` whose names say that they are secret.
pub(crate) fn check(node: &Node, context: Context, report: &mut Report) {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
        Tree::List(items) => {
            for item in items {
                check(item, context, report);
            }
        }
        Tree::Mapping(entries) => {
            for entry in entries {
                if is_secret_name(&entry.key) {
                    check_secret(entry, context, report);
                }
                check(&entry.value, context, report);
            }
        }
    }
}

fn check_secret(entry: &Entry, context: Context, report: &mut Report) {
    let schema_value = SCHEMA_VALUES
        .iter()
        .find_map(|name| entry.value.get(name).filter(|node| is_secret(node)));
    let Some(secret) = Some(&entry.value)
        .filter(|node| is_secret(node))
        .or(schema_value)
    else {
        if context == Context::Parameters {
            // A secret may have parts.
            mask(&entry.value, report);
        }
        return;
    };
    mask(secret, report);
    let (code, message, help) = match context {
        Context::Definition => (
            Code::SecretInDefinition,
            format!("`{}` has a constant value in the definition", entry.key),
            "ask for it: the workspace owner with `parametersSchema` and \
             `$var: connectorParameters.…`, or the user with `inputSchema` and \
             `$var: credentials.…`",
        ),
        Context::Parameters => (
            Code::SecretInParameters,
            format!("`{}` has a constant value in this file", entry.key),
            "keep the file as private as the secret, or set the parameter over the API",
        ),
    };
    report
        .at(code, secret.place, message)
        .label("everybody who sees the file knows it")
        .help(help);
}

fn is_secret(node: &Node) -> bool {
    let harmless = node.as_str().is_some_and(|text| {
        let text = text.trim();
        HARMLESS.iter().any(|word| word.eq_ignore_ascii_case(text)) || is_template(text)
    });
    is_constant_text(node) && !harmless
}

/// Text with placeholders is no secret; that they are not replaced is another finding.
fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// Hides every text at and below `node`.
fn mask(node: &Node, report: &mut Report) {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
        Tree::String(_) => report.mask(node.place),
        Tree::List(items) => items.iter().for_each(|item| mask(item, report)),
        Tree::Mapping(entries) => entries.iter().for_each(|entry| mask(&entry.value, report)),
    }
}
