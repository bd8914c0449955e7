//! From the file of a function to everything that it needs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use crate::builtins::Builtin;
use crate::limits;
use crate::problem::{Problem, ProblemKind};
use crate::program::{Module, ModuleFormat, Program};
use crate::resolve::{self, Target, Unresolved};
use crate::source::SourceFile;
use crate::transform::{self, Import, Span, Unit};

/// What [`link`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The function and all it imports; `None` when there were errors.
    pub program: Option<Program>,
    /// Errors and warnings, in the order of the files' discovery.
    pub problems: Vec<Problem>,
    /// Every file that was read, in that order.
    pub files: Vec<String>,
}

/// Links the file `entry` and everything it imports. `read` gives a file of the connector by its
/// path, with forward slashes and without `.` or `..`; it is asked once for each path.
pub fn link(entry: &str, read: &mut dyn FnMut(&str) -> Option<SourceFile>) -> Linked {
    let mut linker = Linker::new(read);
    let start = resolve::join("", entry).unwrap_or_else(|| entry.to_owned());
    if linker.discover(&start) {
        linker.run();
        linker.check_names();
        linker.check_entry();
    } else {
        let message = format!("there is no file `{entry}`");
        let nowhere = Span { start: 0, end: 0 };
        linker.report(nowhere.problem(entry, ProblemKind::MissingFile, message));
    }
    linker.finish(start)
}

struct Linker<'r> {
    read: &'r mut dyn FnMut(&str) -> Option<SourceFile>,
    /// Whether there is such a file, for every path that was asked for.
    known: BTreeMap<String, bool>,
    waiting: VecDeque<(String, SourceFile)>,
    /// The names that imports ask for, to be checked when every module is known.
    wanted: Vec<Wanted>,
    bytes: usize,
    too_much: bool,
    failed: bool,
    files: Vec<String>,
    modules: Vec<Module>,
    problems: Vec<Problem>,
}

struct Wanted {
    importer: String,
    target: String,
    names: Vec<(String, Span)>,
}

impl<'r> Linker<'r> {
    fn new(read: &'r mut dyn FnMut(&str) -> Option<SourceFile>) -> Self {
        Self {
            read,
            known: BTreeMap::new(),
            waiting: VecDeque::new(),
            wanted: Vec::new(),
            bytes: 0,
            too_much: false,
            failed: false,
            files: Vec::new(),
            modules: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Notes a problem. Warnings leave room for errors.
    fn report(&mut self, problem: Problem) {
        let is_warning = problem.kind.is_warning();
        self.failed |= !is_warning;
        let room = if is_warning {
            limits::PROBLEMS / 2
        } else {
            limits::PROBLEMS
        };
        if self.problems.len() < room {
            self.problems.push(problem);
        }
    }

    /// Whether there is such a file; read, and queued, when it is asked for the first time.
    fn discover(&mut self, path: &str) -> bool {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let source = (self.read)(path);
        self.known.insert(path.to_owned(), source.is_some());
        let Some(source) = source else {
            return false;
        };
        self.files.push(path.to_owned());
        self.bytes = self.bytes.saturating_add(source.text.len());
        self.waiting.push_back((path.to_owned(), source));
        true
    }

    fn run(&mut self) {
        while let Some((name, source)) = self.waiting.pop_front() {
            match transform::transform(&name, &source) {
                Ok(unit) => self.add(name, unit),
                Err(problems) => {
                    for problem in problems {
                        self.report(problem);
                    }
                }
            }
        }
    }

    fn add(&mut self, name: String, unit: Unit) {
        for warning in unit.warnings {
            self.report(warning);
        }
        let mut imports: Vec<(String, String)> = Vec::new();
        for (count, import) in unit.imports.into_iter().enumerate() {
            if self.too_much || self.is_too_much(&name, &import, count) {
                break;
            }
            let Some(target) = self.target(&name, &import) else {
                continue;
            };
            if !imports
                .iter()
                .any(|(specifier, _)| *specifier == import.specifier)
            {
                imports.push((import.specifier, target.clone()));
            }
            if !import.names.is_empty() {
                self.wanted.push(Wanted {
                    importer: name.clone(),
                    target,
                    names: import.names,
                });
            }
        }
        self.modules.push(Module {
            name,
            code: unit.code,
            format: unit.format,
            imports,
            exports: unit.exports,
            positions: unit.positions,
            shape: unit.shape,
        });
    }

    /// Whether the function is too big already; said once, at the import that is too much.
    fn is_too_much(&mut self, name: &str, import: &Import, count: usize) -> bool {
        let message = if self.files.len() > limits::MODULES {
            format!(
                "this function consists of more than {} files",
                limits::MODULES
            )
        } else if self.bytes > limits::PROGRAM_BYTES {
            format!(
                "the files of this function have more than {} bytes",
                limits::PROGRAM_BYTES
            )
        } else if count >= limits::IMPORTS_PER_FILE {
            format!(
                "this file has more than {} imports",
                limits::IMPORTS_PER_FILE
            )
        } else {
            return false;
        };
        self.too_much = true;
        self.report(import.span.problem(name, ProblemKind::Limit, message));
        true
    }

    fn target(&mut self, importer: &str, import: &Import) -> Option<String> {
        let unresolved = match resolve::resolve(importer, &import.specifier) {
            Ok(Target::Builtin(builtin)) => return Some(builtin.name.to_owned()),
            Ok(Target::Files(candidates)) => {
                let found = candidates.iter().find(|path| self.discover(path));
                match found {
                    Some(found) => return Some(found.clone()),
                    None => resolve::missing(&import.specifier, &candidates),
                }
            }
            Err(unresolved) => unresolved,
        };
        let Unresolved {
            kind,
            message,
            help,
        } = unresolved;
        let problem = import.span.problem(importer, kind, message);
        self.report(Problem { help, ..problem });
        None
    }

    fn check_names(&mut self) {
        for wanted in mem::take(&mut self.wanted) {
            for problem in missing_exports(&self.modules, &wanted) {
                self.report(problem);
            }
        }
    }

    fn check_entry(&mut self) {
        let Some(entry) = self
            .modules
            .first()
            .filter(|entry| self.files.first() == Some(&entry.name))
        else {
            return;
        };
        if !entry.shape.certainly_has_no_function() {
            return;
        }
        let message = "this file exports no function".to_owned();
        let nowhere = Span { start: 0, end: 0 };
        let problem = nowhere.problem(&entry.name, ProblemKind::NoFunction, message);
        let help = "write `export default async function (…) { … }` or `module.exports = …`";
        self.report(Problem {
            help: Some(help.to_owned()),
            ..problem
        });
    }

    fn finish(self, entry: String) -> Linked {
        let program = (!self.failed).then_some(Program {
            entry,
            modules: self.modules,
        });
        Linked {
            program,
            problems: self.problems,
            files: self.files,
        }
    }
}

/// The problems with names that `wanted` asks a module for.
fn missing_exports(modules: &[Module], wanted: &Wanted) -> Vec<Problem> {
    let (exports, absent) = if let Some(builtin) = Builtin::of_specifier(&wanted.target) {
        (
            builtin.exports.iter().copied().chain(["default"]).collect(),
            builtin.absent,
        )
    } else if let Some(exports) = closed_exports(modules, &wanted.target) {
        (exports, "")
    } else {
        return Vec::new();
    };
    let missing = wanted
        .names
        .iter()
        .filter(|(name, _)| !exports.contains(name.as_str()));
    let missing = missing.take(limits::PROBLEMS_PER_FILE);
    missing
        .map(|(name, span)| missing_export(wanted, name, *span, &exports, absent))
        .collect()
}

/// The names that a module exports, when all of them are known.
fn closed_exports<'m>(modules: &'m [Module], name: &str) -> Option<BTreeSet<&'m str>> {
    let module = modules.iter().find(|module| module.name == name)?;
    let all_known = match module.format {
        ModuleFormat::Esm => !module.shape.open,
        ModuleFormat::Json => true,
        ModuleFormat::CommonJs => false,
    };
    all_known.then(|| module.exports.iter().map(String::as_str).collect())
}

/// The names that a help text lists at most.
const LISTED: usize = 40;

fn missing_export(
    wanted: &Wanted,
    name: &str,
    span: Span,
    exports: &BTreeSet<&str>,
    absent: &str,
) -> Problem {
    let message = format!("`{}` exports no `{name}`", wanted.target);
    let similar = exports.iter().take(limits::IMPORTS_PER_FILE);
    let similar = similar.min_by_key(|export| strsim::damerau_levenshtein(export, name));
    let similar = similar.filter(|export| strsim::damerau_levenshtein(export, name) <= 2);
    let mut help =
        similar.map_or_else(String::new, |similar| format!("did you mean `{similar}`? "));
    let names: Vec<_> = exports
        .iter()
        .take(LISTED)
        .map(|export| format!("`{export}`"))
        .collect();
    help.push_str(&format!("it exports {}", names.join(", ")));
    if exports.len() > LISTED {
        help.push_str(&format!(" and {} more", exports.len() - LISTED));
    }
    if !absent.is_empty() {
        help.push_str(&format!(
            "; what is not there: {}",
            absent.trim_end_matches('.')
        ));
    }
    let problem = span.problem(&wanted.importer, ProblemKind::MissingExport, message);
    Problem {
        help: Some(help),
        ..problem
    }
}

#[cfg(test)]
mod tests;
