//! Where the body of a function is: inline, in the file that the definition names, or in the file
//! that is named after the function.

mod lookup;

use std::sync::Arc;

use authbridge_core::connector::{
    Function, FunctionName, Implementation, ImplementationType, Script, SourceLocation,
};

use crate::Code;
use crate::bundle::inner_path;
use crate::fields::FUNCTION;
use crate::object::Object;
use crate::report::{FileId, Place};
use crate::suggest::{any_of, did_you_mean};
use crate::tree::{Entry, Node};

use super::Files;
use super::body;

use lookup::{
    FunctionFile, find_any, find_any_in, find_near, kind_of_path, misnamed_file, sought_names,
};
pub(super) use lookup::{Scope, usual_names};

/// A function that the definition lists, or of which it has a file.
pub(super) struct Resolved {
    pub(super) name: FunctionName,
    /// `None` when it could not be read; the reason is reported.
    pub(super) function: Option<Function>,
    /// Where the definition says so.
    pub(super) place: Place,
}

/// Reads the function that `entry` lists.
pub(super) fn listed_function(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
    entry: &Entry,
) -> Resolved {
    let place = entry.key_place;
    let implementation = listed_body(files, scope, name, entry);
    if let Some((implementation, _)) = &implementation {
        check_kind(files, name, implementation.kind(), place);
    }
    Resolved {
        name,
        function: implementation.map(|(implementation, source)| Function {
            name,
            source: source.unwrap_or_else(|| location(files, place)),
            implementation,
        }),
        place,
    }
}

/// Reads a function that no file lists but whose file is in `directory`.
pub(super) fn unlisted_function(
    files: &mut Files<'_>,
    directory: &str,
    name: FunctionName,
) -> Option<Resolved> {
    let file = find_any_in(files, directory, name)?;
    if files.is_used(&file.path) {
        return None;
    }
    let (id, _) = files.text(&file.path)?;
    files
        .report
        .about(
            Code::FunctionPickedUp,
            id,
            format!(
                "`{}` is used although the definition does not list it",
                name.as_str()
            ),
        )
        .help(format!(
            "add `{}: {{implementationType: {}}}`",
            name.as_str(),
            file.kind.as_str()
        ));
    let place = Place::new(id, 0, 0);
    let implementation = from_file(files, name, &file);
    if let Some(implementation) = &implementation {
        check_kind(files, name, implementation.kind(), place);
    }
    Some(Resolved {
        name,
        function: implementation.map(|implementation| Function {
            name,
            implementation,
            source: location(files, place),
        }),
        place,
    })
}

fn location(files: &Files<'_>, place: Place) -> SourceLocation {
    let (line, column) = files.report.position(place);
    SourceLocation {
        file: files.report.file_name(place.file).to_owned(),
        line,
        column,
    }
}

type Body = (Implementation, Option<SourceLocation>);

fn listed_body(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
    entry: &Entry,
) -> Option<Body> {
    if entry.value.is_null() {
        return from_any_file(files, scope, name, entry.key_place);
    }
    let object = Object::read(&entry.value, &FUNCTION, &mut files.report)?;
    let kind_node = object.get("implementationType").or(object.get("type"));
    let kind = match kind_node.map(Node::as_str) {
        // A misspelled kind was reported by the check of the mapping.
        Some(text) => Some(ImplementationType::from_name(text?)?),
        None => None,
    };
    if let Some(path) = object.entry("filePath") {
        let file = explicit_file(files, scope, path, kind)?;
        return with_source(files, name, &file);
    }
    match kind {
        Some(ImplementationType::NotSupported) => Some((Implementation::NotSupported, None)),
        Some(kind) => match body::inline(files, name, kind, object) {
            body::Inline::Body(implementation) => Some((implementation, None)),
            body::Inline::Broken => None,
            body::Inline::Absent => from_named_file(files, scope, name, kind, entry.key_place),
        },
        None => infer(files, scope, name, object, entry),
    }
}

/// Without a kind, the inline body or the file tells it.
fn infer(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
    object: Object<'_>,
    entry: &Entry,
) -> Option<Body> {
    let Some(kind) = body::kind_of_inline(object) else {
        return from_any_file(files, scope, name, entry.key_place);
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
    match body::inline(files, name, kind, object) {
        body::Inline::Body(implementation) => Some((implementation, None)),
        body::Inline::Broken | body::Inline::Absent => None,
    }
}

fn with_source(files: &mut Files<'_>, name: FunctionName, file: &FunctionFile) -> Option<Body> {
    let implementation = from_file(files, name, file)?;
    let source = SourceLocation {
        file: file.path.clone(),
        line: 1,
        column: 1,
    };
    Some((implementation, Some(source)))
}

fn from_named_file(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
    kind: ImplementationType,
    place: Place,
) -> Option<Body> {
    if let Some(file) = find_near(files, scope, name, kind) {
        return with_source(files, name, &file);
    }
    let other = find_any(files, scope, name);
    if let Some(file) = &other
        && kind == ImplementationType::Mapping
        && file.kind == ImplementationType::RestApiMapping
    {
        body::report_request(files, name, place);
        return with_source(files, name, file);
    }
    let sought: Vec<String> = sought_names(scope, name, kind);
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
            format!("`{}` has neither a body nor a file", name.as_str()),
        )
        .label(format!("no `{}` body here, and no file", kind.as_str()))
        .help(format!("{help}; looked for {sought}"));
    None
}

fn from_any_file(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
    place: Place,
) -> Option<Body> {
    if let Some(file) = find_any(files, scope, name) {
        return with_source(files, name, &file);
    }
    let kind = name
        .implementations()
        .first()
        .copied()
        .unwrap_or(ImplementationType::Mapping);
    from_named_file(files, scope, name, kind, place)
}

/// The file that `filePath` names: relative to the spec, or to its `auth/`.
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
    let in_auth = inner_path(&format!("{}auth", scope.base), written);
    let Some(path) = [Some(path), in_auth]
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
        ImplementationType::GraphqlApiMapping
        | ImplementationType::OperationMapping
        | ImplementationType::NotSupported => "add the file, or give the body here",
    }
    .to_owned()
}

fn from_file(
    files: &mut Files<'_>,
    name: FunctionName,
    file: &FunctionFile,
) -> Option<Implementation> {
    if file.kind == ImplementationType::Javascript {
        return script(files, &file.path);
    }
    let node: Arc<Node> = files.tree(&file.path)?;
    body::from_node(files, name, file.kind, &node)
}

fn script(files: &mut Files<'_>, path: &str) -> Option<Implementation> {
    let (id, text) = files.text(path)?;
    let code = text?;
    if code.trim().is_empty() {
        empty(files, id);
        return None;
    }
    Some(Implementation::Javascript(Script {
        program: Arc::new(serde_json::Value::from(&*code)),
    }))
}

fn empty(files: &mut Files<'_>, id: FileId) {
    files.report.about(Code::EmptyFile, id, "the file is empty");
}

/// Reports a kind that the function cannot have.
fn check_kind(files: &mut Files<'_>, name: FunctionName, kind: ImplementationType, place: Place) {
    let allowed = name.implementations();
    let kind_name = kind.as_str();
    if kind != ImplementationType::NotSupported && !allowed.contains(&kind) {
        let allowed = any_of(allowed.iter().map(|kind| kind.as_str()));
        files
            .report
            .at(
                Code::KindNotAllowed,
                place,
                format!("`{}` cannot be a `{kind_name}` function", name.as_str()),
            )
            .help(format!("it can be {allowed}"));
    }
}
