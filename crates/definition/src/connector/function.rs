//! The functions of auth: those that the definition lists, and those of which it has a file.

mod locate;
mod lookup;
mod script;

use authbridge_core::connector::{Function, FunctionName};

use crate::Code;
use crate::report::Place;
use crate::step::Step;
use crate::tree::Entry;

use super::Files;

use locate::check_kind;
use lookup::find_any_in;

pub(super) use locate::{Located, in_entry, in_file};
pub(super) use lookup::{Scope, find_any, kind_of_path, usual_names};
pub(super) use script::inline as inline_script;

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
    let located = in_entry(files, scope, Step::Auth(name), entry);
    Resolved {
        name,
        function: located.map(|located| Function {
            name,
            implementation: located.implementation,
            source: located.source,
        }),
        place,
    }
}

/// Reads a function that no file lists but whose file is in the first directory of `scope`.
pub(super) fn unlisted_function(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    name: FunctionName,
) -> Option<Resolved> {
    let step = Step::Auth(name);
    let file = find_any_in(files, scope.prefixes.first()?, step)?;
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
    let located = in_file(files, scope, step, &file);
    if let Some(located) = &located {
        check_kind(files, step, located.implementation.kind(), place);
    }
    Some(Resolved {
        name,
        function: located.map(|located| Function {
            name,
            implementation: located.implementation,
            source: located.source,
        }),
        place,
    })
}
