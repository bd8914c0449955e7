//! Operations: described in files of their own or in the connector's document, run by a function.

mod calls;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use authbridge_core::connector::{Operation, SourceLocation};

use crate::Code;
use crate::fields::{METHODS, OPERATION, is_key};
use crate::object::Object;
use crate::report::Place;
use crate::step::Step;
use crate::tree::{Entry, Node, has_extension};

use super::function::{Located, Scope, find_any, in_entry, in_file, kind_of_path};
use super::{Files, is_spec_name};

pub(super) use calls::check as check_calls;

/// The directory of operations, below that of the spec.
const DIRECTORY: &str = "operations/";

/// The name that a file has whose content runs an operation.
const RUN: &str = "run";

/// What a file below `operations/` is for.
#[derive(Debug, PartialEq, Eq)]
enum Role<'p> {
    /// It describes the operation of this name.
    Description(&'p str),
    /// It runs it.
    Run(&'p str),
}

/// The operations of a connector, by key.
struct Operations {
    done: BTreeMap<String, Operation>,
}

/// The operations of the connector in `spec`, in the order of their keys.
pub(super) fn read(files: &mut Files<'_>, base: &str, spec: Object<'_>) -> Vec<Operation> {
    let mut operations = Operations {
        done: BTreeMap::new(),
    };
    if let Some(node) = spec.get("operations") {
        operations.inline(files, base, node);
    }
    operations.described(files, base);
    operations.bare(files, base);
    operations.done.into_values().collect()
}

impl Operations {
    /// Those in the connector's document: a list, or a mapping from key to operation.
    fn inline(&mut self, files: &mut Files<'_>, base: &str, node: &Node) {
        for item in node.items().unwrap_or_default() {
            let Some(object) = Object::view(item, &OPERATION) else {
                continue;
            };
            // A missing key was reported by the check of the list.
            if let Some(key) = object.entry("key") {
                let name = key.value.as_str().unwrap_or_default();
                self.add(files, base, name, object, key.value.place);
            }
        }
        for entry in node.entries().unwrap_or_default() {
            if let Some(object) = Object::view(&entry.value, &OPERATION) {
                self.add(files, base, &entry.key, object, entry.key_place);
            }
        }
    }

    /// Those with a file that describes them.
    fn described(&mut self, files: &mut Files<'_>, base: &str) {
        for (path, name) in paths(files, base, |role| match role {
            Role::Description(name) => Some(name),
            Role::Run(_) => None,
        }) {
            let Some(root): Option<Arc<Node>> = files.tree(path) else {
                continue;
            };
            let object = Object::read(&root, &OPERATION, &mut files.report);
            if let Some(object) = object {
                self.add(files, base, name, object, object.start());
            }
        }
    }

    /// Those of which there is nothing but the file that runs them.
    fn bare(&mut self, files: &mut Files<'_>, base: &str) {
        for (path, name) in paths(files, base, |role| match role {
            Role::Run(name) => Some(name),
            Role::Description(_) => None,
        }) {
            if files.is_used(path) || self.done.contains_key(name) || !is_key(name) {
                continue;
            }
            let scope = scope(base, name, true);
            let Some(file) = find_any(files, &scope, Step::Run(name)) else {
                continue;
            };
            let run = in_file(files, &scope, Step::Run(name), &file);
            let source = run.as_ref().map(|run| run.source.clone());
            let operation = Operation {
                key: name.to_owned(),
                name: name.to_owned(),
                description: None,
                tags: Vec::new(),
                is_read_only: None,
                input_schema: None,
                output_schema: None,
                run: run.map(|run| run.implementation),
                source: source.unwrap_or_else(|| start_of(path)),
            };
            self.done.insert(name.to_owned(), operation);
        }
    }

    /// Reads the operation that `object` describes. `name` is the key unless it says another, and
    /// tells where its file is sought.
    fn add(
        &mut self,
        files: &mut Files<'_>,
        base: &str,
        name: &str,
        object: Object<'_>,
        place: Place,
    ) {
        let key = object.text("key").unwrap_or_else(|| name.to_owned());
        if !is_key(&key) {
            // A written one was reported by the check of the mapping.
            if object.get("key").is_none() {
                files
                    .report
                    .at(
                        Code::MissingKey,
                        place,
                        format!("an operation needs a `key`: `{key}` cannot be one"),
                    )
                    .help("add `key:` with letters, digits, `-`, `_` and `.`");
            }
            return;
        }
        let scope = scope(base, name, is_below(files, base, place));
        let run = run(files, &scope, &key, object, place);
        let operation = described(object, key, run, files.report.location(place));
        self.insert(files, operation, place);
    }

    fn insert(&mut self, files: &mut Files<'_>, operation: Operation, place: Place) {
        match self.done.entry(operation.key.clone()) {
            Slot::Vacant(slot) => {
                slot.insert(operation);
            }
            Slot::Occupied(slot) => {
                let first = &slot.get().source;
                files
                    .report
                    .at(
                        Code::DuplicateOperation,
                        place,
                        format!("operation `{}` is given twice", operation.key),
                    )
                    .label(format!("first given in {}:{}", first.file, first.line))
                    .help("remove one of the two, or give it another `key`");
            }
        }
    }
}

fn described(
    object: Object<'_>,
    key: String,
    run: Option<Located>,
    source: SourceLocation,
) -> Operation {
    Operation {
        name: object.text("name").unwrap_or_else(|| key.clone()),
        description: object.text("description"),
        tags: object.texts("tags"),
        is_read_only: object.value("isReadOnly").and_then(|value| value.as_bool()),
        input_schema: object.value("inputSchema"),
        output_schema: object.value("outputSchema"),
        run: run.map(|run| run.implementation),
        source,
        key,
    }
}

/// What runs the operation: what its description says, else the file that has its name.
fn run(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    key: &str,
    object: Object<'_>,
    place: Place,
) -> Option<Located> {
    let older = object
        .object("methods", &METHODS)
        .and_then(|methods| methods.listed(RUN));
    let current = object.listed(RUN);
    if let (Some(older), Some(_)) = (older, current) {
        files
            .report
            .at(
                Code::BothSpellings,
                older.key_place,
                "`run` below `methods` is ignored beside `run`",
            )
            .help("remove `methods`");
    }
    let step = Step::Run(key);
    if let Some(entry) = current.or(older) {
        let entry: &Entry = entry;
        return in_entry(files, scope, step, entry);
    }
    if let Some(file) = find_any(files, scope, step) {
        return in_file(files, scope, step, &file);
    }
    let directory = scope.prefixes.first().map_or("", String::as_str);
    files
        .report
        .at(
            Code::OperationWithoutRun,
            place,
            format!("operation `{key}` has no `run`"),
        )
        .label("this cannot be called")
        .help(format!(
            "add `run:` to it, or a file such as `{directory}run.rest.yml`"
        ));
    None
}

fn scope<'a>(base: &'a str, name: &str, is_own_file: bool) -> Scope<'a> {
    let home = format!("{base}{DIRECTORY}");
    Scope {
        base,
        prefixes: vec![format!("{home}{name}/"), format!("{home}{name}.")],
        home,
        label: if is_own_file {
            String::new()
        } else {
            format!("operations.{name}.")
        },
        auth_type: None,
    }
}

fn is_below(files: &Files<'_>, base: &str, place: Place) -> bool {
    let name = files.report.file_name(place.file);
    name.strip_prefix(base)
        .is_some_and(|inner| inner.starts_with(DIRECTORY))
}

/// The files below `operations/` that `wanted` takes, with the operation of each.
fn paths<'a>(
    files: &Files<'a>,
    base: &str,
    wanted: impl Fn(Role<'a>) -> Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let home = format!("{base}{DIRECTORY}");
    files
        .below(&home)
        .filter_map(|path| {
            let role = role(path.get(home.len()..)?)?;
            Some((path, wanted(role)?))
        })
        .collect()
}

/// What a file is for, by its path below `operations/`.
fn role(inner: &str) -> Option<Role<'_>> {
    match inner.split_once('/') {
        Some((name, file)) if is_spec_name(file) => Some(Role::Description(name)),
        Some((name, file)) if is_run_file(file) => Some(Role::Run(name)),
        Some(_) => None,
        None => flat_role(inner),
    }
}

/// `<key>.run.<suffix>` and `<key>.yml`.
fn flat_role(file: &str) -> Option<Role<'_>> {
    if let Some(position) = file.rfind(".run.") {
        let (name, run) = file.split_at(position);
        if is_run_file(run.get(1..)?) {
            return Some(Role::Run(name));
        }
    }
    let (name, _) = file.rsplit_once('.')?;
    has_extension(file, &["yml", "yaml", "json"]).then_some(Role::Description(name))
}

/// Whether a file is called `run` with the suffix of a kind and nothing between.
fn is_run_file(file: &str) -> bool {
    let Some(suffix) = file.strip_prefix(RUN) else {
        return false;
    };
    kind_of_path(file).is_some_and(|kind| kind.file_suffixes().contains(&suffix))
}

fn start_of(path: &str) -> SourceLocation {
    SourceLocation {
        file: path.to_owned(),
        line: 1,
        column: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_operations_are_told_by_their_paths() {
        for (path, expected) in [
            ("list/spec.yml", Some(Role::Description("list"))),
            ("list/spec.json", Some(Role::Description("list"))),
            ("list.yaml", Some(Role::Description("list"))),
            ("list.things.yml", Some(Role::Description("list.things"))),
            ("run.yml", Some(Role::Description("run"))),
            ("list/run.js", Some(Role::Run("list"))),
            ("list/run.rest.yml", Some(Role::Run("list"))),
            ("list/run.yml", Some(Role::Run("list"))),
            ("list.run.graphql.yml", Some(Role::Run("list"))),
            ("list.things.run.ts", Some(Role::Run("list.things"))),
            ("list/runner.ts", None),
            ("list/run.other.ts", None),
            ("list/helpers/spec.yml", None),
            ("list.ts", None),
            ("readme.md", None),
        ] {
            assert_eq!(role(path), expected, "{path}");
        }
    }
}
