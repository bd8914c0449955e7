//! The files of functions, by name.

use authbridge_core::connector::{FunctionName, ImplementationType};

use crate::connector::files::Files;
use crate::suggest::nearest;

/// Where functions of one level are sought.
pub(in crate::connector) struct Scope<'a> {
    /// The directory of the spec, from which a `filePath` counts.
    pub(in crate::connector) base: &'a str,
    /// Directories of function files, nearest first, each with its `/`.
    pub(in crate::connector) directories: Vec<String>,
}

/// A file with the name of a function.
pub(super) struct FunctionFile {
    pub(super) path: String,
    pub(super) kind: ImplementationType,
}

/// The names that function files usually have.
pub(in crate::connector) fn usual_names() -> Vec<String> {
    let mut names = Vec::new();
    for name in FunctionName::ALL {
        for kind in ImplementationType::ALL {
            names.extend(names_of(name, kind));
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

fn names_of(name: FunctionName, kind: ImplementationType) -> impl Iterator<Item = String> {
    name.file_stems().iter().flat_map(move |stem| {
        kind.file_suffixes()
            .iter()
            .map(move |suffix| format!("{stem}{suffix}"))
    })
}

/// The kind that the longest matching suffix tells.
pub(super) fn kind_of_path(path: &str) -> Option<ImplementationType> {
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
    directory: &str,
    name: FunctionName,
    kind: ImplementationType,
) -> Option<FunctionFile> {
    names_of(name, kind)
        .map(|file| format!("{directory}{file}"))
        .find(|path| files.bundle.contains(path))
        .map(|path| FunctionFile { path, kind })
}

/// The file of this kind in the nearest directory that has one.
pub(super) fn find_near(
    files: &Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
    kind: ImplementationType,
) -> Option<FunctionFile> {
    scope
        .directories
        .iter()
        .find_map(|directory| find_in(files, directory, name, kind))
}

/// The file of any kind in the nearest directory that has one.
pub(super) fn find_any(
    files: &Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
) -> Option<FunctionFile> {
    scope
        .directories
        .iter()
        .find_map(|directory| find_any_in(files, directory, name))
}

pub(super) fn find_any_in(
    files: &Files<'_>,
    directory: &str,
    name: FunctionName,
) -> Option<FunctionFile> {
    ORDER
        .into_iter()
        .find_map(|kind| find_in(files, directory, name, kind))
}

pub(super) fn sought_names(
    scope: &Scope<'_>,
    name: FunctionName,
    kind: ImplementationType,
) -> Vec<String> {
    let directories = scope.directories.iter();
    directories
        .flat_map(|directory| names_of(name, kind).map(move |file| format!("{directory}{file}")))
        .collect()
}

/// A file whose name is almost one of those that were sought.
pub(super) fn misnamed_file(
    files: &Files<'_>,
    scope: &Scope<'_>,
    sought: &[String],
) -> Option<String> {
    let directory = format!("{}auth/", scope.base);
    files.below(&directory).find_map(|path| {
        let wanted = nearest(path, sought.iter().map(String::as_str))?;
        Some(format!("rename `{path}` to `{wanted}`"))
    })
}
