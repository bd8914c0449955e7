//! The files of functions, by name.

use authbridge_core::connector::{AuthType, FunctionName, ImplementationType};

use crate::connector::files::Files;
use crate::step::Step;
use crate::suggest::nearest;

/// Where functions of one level are sought.
pub(in crate::connector) struct Scope<'a> {
    /// The directory of the spec, from which a `filePath` counts.
    pub(in crate::connector) base: &'a str,
    /// The directory of files of this sort, from which it may count as well: `auth/`, say.
    pub(in crate::connector) home: String,
    /// What stands before the names of function files, nearest first: directories with their `/`.
    pub(in crate::connector) prefixes: Vec<String>,
    /// What tells inline code of this level from other inline code: `options.login.`, say.
    pub(in crate::connector) label: String,
    /// The auth type that functions of this level are for; `None` for operations, and where ways
    /// to authenticate of several types share them.
    pub(in crate::connector) auth_type: Option<AuthType>,
}

/// A file with the name of a function.
pub(in crate::connector) struct FunctionFile {
    pub(in crate::connector) path: String,
    pub(in crate::connector) kind: ImplementationType,
}

/// The names that function files usually have.
pub(in crate::connector) fn usual_names() -> Vec<String> {
    let mut names = Vec::new();
    for name in FunctionName::ALL {
        for kind in ImplementationType::ALL {
            names.extend(names_of(Step::Auth(name), kind));
        }
    }
    names
}

/// The order in which files are sought for a function of unknown kind: the kind with the suffix
/// that fits everything comes last (wire contract C.3).
const ORDER: [ImplementationType; 5] = [
    ImplementationType::RestApiMapping,
    ImplementationType::GraphqlApiMapping,
    ImplementationType::OperationMapping,
    ImplementationType::Javascript,
    ImplementationType::Mapping,
];

fn names_of(step: Step<'_>, kind: ImplementationType) -> impl Iterator<Item = String> + use<> {
    step.file_stems().iter().flat_map(move |stem| {
        kind.file_suffixes()
            .iter()
            .map(move |suffix| format!("{stem}{suffix}"))
    })
}

/// The kind that the longest matching suffix tells.
pub(in crate::connector) fn kind_of_path(path: &str) -> Option<ImplementationType> {
    ImplementationType::ALL
        .into_iter()
        .flat_map(|kind| {
            kind.file_suffixes()
                .iter()
                .map(move |suffix| (kind, *suffix))
        })
        .filter(|(_, suffix)| path.ends_with(suffix))
        .max_by_key(|(_, suffix)| suffix.len())
        .map(|(kind, _)| kind)
}

fn find_in(
    files: &Files<'_>,
    prefix: &str,
    step: Step<'_>,
    kind: ImplementationType,
) -> Option<FunctionFile> {
    names_of(step, kind)
        .map(|file| format!("{prefix}{file}"))
        .find(|path| files.bundle.contains(path))
        .map(|path| FunctionFile { path, kind })
}

/// The file of this kind in the nearest place that has one.
pub(super) fn find_near(
    files: &Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    kind: ImplementationType,
) -> Option<FunctionFile> {
    scope
        .prefixes
        .iter()
        .find_map(|prefix| find_in(files, prefix, step, kind))
}

/// The file of any kind in the nearest place that has one.
pub(in crate::connector) fn find_any(
    files: &Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
) -> Option<FunctionFile> {
    scope
        .prefixes
        .iter()
        .find_map(|prefix| find_any_in(files, prefix, step))
}

pub(super) fn find_any_in(files: &Files<'_>, prefix: &str, step: Step<'_>) -> Option<FunctionFile> {
    ORDER
        .into_iter()
        .find_map(|kind| find_in(files, prefix, step, kind))
}

pub(super) fn sought_names(
    scope: &Scope<'_>,
    step: Step<'_>,
    kind: ImplementationType,
) -> Vec<String> {
    let prefixes = scope.prefixes.iter();
    prefixes
        .flat_map(|prefix| names_of(step, kind).map(move |file| format!("{prefix}{file}")))
        .collect()
}

/// A file whose name is almost one of those that were sought.
pub(super) fn misnamed_file(
    files: &Files<'_>,
    scope: &Scope<'_>,
    sought: &[String],
) -> Option<String> {
    files.below(&scope.home).find_map(|path| {
        let wanted = nearest(path, sought.iter().map(String::as_str))?;
        Some(format!("rename `{path}` to `{wanted}`"))
    })
}
