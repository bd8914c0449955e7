//! Where the body of a function is: inline, in the file that the definition names, or in the file
//! that is named after the function.

use std::sync::Arc;

use authbridge_core::connector::{Implementation, ImplementationType, SourceLocation};

use crate::Code;
use crate::bundle::inner_path;
use crate::connector::{Files, body};
use crate::fields::{FUNCTION, GRAPHQL_FUNCTION, OPERATION_FUNCTION, Shape};
use crate::object::Object;
use crate::report::Place;
use crate::step::Step;
use crate::suggest::{any_of, did_you_mean};
use crate::tree::{Entry, Node};

use super::lookup::{
    FunctionFile, Scope, find_any, find_near, kind_of_path, misnamed_file, sought_names,
};
use super::script;

/// A function's implementation, and where it stands.
pub(in crate::connector) struct Located {
    pub(in crate::connector) implementation: Implementation,
    pub(in crate::connector) source: SourceLocation,
}

/// The implementation that `entry` gives or points to.
pub(in crate::connector) fn in_entry(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    entry: &Entry,
) -> Option<Located> {
    let located = if entry.value.is_null() {
        from_any_file(files, scope, step, entry.key_place)
    } else {
        listed(files, scope, step, entry)
    }?;
    check_kind(files, step, located.implementation.kind(), entry.key_place);
    Some(located)
}

/// The implementation in `file`.
pub(in crate::connector) fn in_file(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    file: &FunctionFile,
) -> Option<Located> {
    let implementation = if file.kind == ImplementationType::Javascript {
        script::in_file(files, scope.base, step, &file.path)
    } else {
        let node: Arc<Node> = files.tree(&file.path)?;
        body::from_node(files, scope, step, file.kind, &node)
    };
    Some(Located {
        implementation: implementation?,
        source: SourceLocation {
            file: file.path.clone(),
            line: 1,
            column: 1,
        },
    })
}

fn listed(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    entry: &Entry,
) -> Option<Located> {
    let shape = shape_of(&entry.value);
    let object = Object::read(&entry.value, shape, &mut files.report)?;
    let kind_node = object.get("implementationType").or(object.get("type"));
    let kind = match kind_node.map(Node::as_str) {
        // A misspelled kind was reported by the check of the mapping.
        Some(text) => Some(ImplementationType::from_name(text?)?),
        None => None,
    };
    if let Some(path) = object.entry("filePath") {
        let file = explicit_file(files, scope, path, kind)?;
        return in_file(files, scope, step, &file);
    }
    match kind {
        Some(kind) => match body::inline(files, scope, step, kind, object) {
            body::Inline::Body(implementation) => Some(here(files, implementation, entry)),
            body::Inline::Broken => None,
            body::Inline::Absent => from_named_file(files, scope, step, kind, entry.key_place),
        },
        None => infer(files, scope, step, object, entry),
    }
}

/// The keys that a function may have: its kind decides, and failing that its body.
fn shape_of(node: &Node) -> &'static Shape {
    let word = |key: &str| node.get(key).and_then(Node::as_str);
    let kind = word("implementationType").or_else(|| word("type"));
    let kind = match kind {
        Some(kind) => ImplementationType::from_name(kind),
        None => body::kind_of_inline(node),
    };
    match kind {
        Some(ImplementationType::GraphqlApiMapping) => &GRAPHQL_FUNCTION,
        Some(ImplementationType::OperationMapping) => &OPERATION_FUNCTION,
        Some(
            ImplementationType::Mapping
            | ImplementationType::RestApiMapping
            | ImplementationType::Javascript
            | ImplementationType::NotSupported,
        )
        | None => &FUNCTION,
    }
}

fn here(files: &Files<'_>, implementation: Implementation, entry: &Entry) -> Located {
    Located {
        implementation,
        source: files.report.location(entry.key_place),
    }
}

/// Without a kind, the inline body or the file tells it.
fn infer(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    object: Object<'_>,
    entry: &Entry,
) -> Option<Located> {
    let Some(kind) = body::kind_of_inline(object.node()) else {
        return from_any_file(files, scope, step, entry.key_place);
    };
    files
        .report
        .at(
            Code::KindInferred,
            entry.key_place,
            format!("`{}` does not say its kind", entry.key),
        )
        .label(format!("taken for `{}`", kind.as_str()))
        .help(format!("add `implementationType: {}`", kind.as_str()));
    match body::inline(files, scope, step, kind, object) {
        body::Inline::Body(implementation) => Some(here(files, implementation, entry)),
        body::Inline::Broken | body::Inline::Absent => None,
    }
}

fn from_named_file(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    kind: ImplementationType,
    place: Place,
) -> Option<Located> {
    if let Some(file) = find_near(files, scope, step, kind) {
        return in_file(files, scope, step, &file);
    }
    let other = find_any(files, scope, step);
    if let Some(file) = &other
        && kind == ImplementationType::Mapping
        && file.kind == ImplementationType::RestApiMapping
    {
        body::report_request(files, step, place);
        return in_file(files, scope, step, file);
    }
    let sought: Vec<String> = sought_names(scope, step, kind);
    let help = match other {
        Some(file) => format!(
            "`{}` is of kind `{}`: change `implementationType`, or rename the file",
            file.path,
            file.kind.as_str()
        ),
        None => misnamed_file(files, scope, &sought).unwrap_or_else(|| inline_help(kind)),
    };
    let sought = any_of(sought.iter().map(String::as_str));
    files
        .report
        .at(
            Code::FunctionFileMissing,
            place,
            format!("`{}` has neither a body nor a file", step.name()),
        )
        .label(format!("no `{}` body here, and no file", kind.as_str()))
        .help(format!("{help}; looked for {sought}"));
    None
}

fn from_any_file(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    place: Place,
) -> Option<Located> {
    if let Some(file) = find_any(files, scope, step) {
        return in_file(files, scope, step, &file);
    }
    let kind = step
        .implementations()
        .first()
        .copied()
        .unwrap_or(ImplementationType::Mapping);
    from_named_file(files, scope, step, kind, place)
}

/// The file that `filePath` names: relative to the spec, or to the home of such files.
fn explicit_file(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    entry: &Entry,
    kind: Option<ImplementationType>,
) -> Option<FunctionFile> {
    let written = entry.value.as_str()?;
    let place = entry.value.place;
    let inner = inner_path(scope.base, written).filter(|path| path.starts_with(scope.base));
    let Some(path) = inner else {
        files.report.at(
            Code::PathLeavesDefinition,
            place,
            format!("`{written}` leads out of the definition"),
        );
        return None;
    };
    let in_home = inner_path(&scope.home, written);
    let Some(path) = [Some(path), in_home]
        .into_iter()
        .flatten()
        .find(|path| files.bundle.contains(path))
    else {
        let names: Vec<&str> = files.below(scope.base).collect();
        let help = did_you_mean(written, names);
        files
            .report
            .at(
                Code::FunctionFileMissing,
                place,
                format!("there is no file `{written}`"),
            )
            .maybe_help(help);
        return None;
    };
    let kind = kind.or_else(|| kind_of_path(&path));
    if kind.is_none() {
        files
            .report
            .at(
                Code::MissingKey,
                place,
                "the name of the file does not tell its kind",
            )
            .help("add `implementationType`");
    }
    Some(FunctionFile { path, kind: kind? })
}

fn inline_help(kind: ImplementationType) -> String {
    match kind {
        ImplementationType::Mapping => "add the file, or give the body under `mapping`",
        ImplementationType::RestApiMapping => {
            "add the file, or give `path`, `method` and `requestMapping` here"
        }
        ImplementationType::Javascript => "add the file, or give the source under `code`",
        ImplementationType::GraphqlApiMapping => {
            "add the file, or give `query` or `requestMapping` here"
        }
        ImplementationType::OperationMapping => "add the file, or give `operationKey` here",
        ImplementationType::NotSupported => "remove the function",
    }
    .to_owned()
}

/// Reports a kind that the function cannot have.
pub(super) fn check_kind(
    files: &mut Files<'_>,
    step: Step<'_>,
    kind: ImplementationType,
    place: Place,
) {
    let allowed = step.implementations();
    let kind_name = kind.as_str();
    if kind != ImplementationType::NotSupported && !allowed.contains(&kind) {
        let allowed = any_of(allowed.iter().map(|kind| kind.as_str()));
        files
            .report
            .at(
                Code::KindNotAllowed,
                place,
                format!("`{}` cannot be a `{kind_name}` function", step.name()),
            )
            .help(format!("it can be {allowed}"));
    }
}
