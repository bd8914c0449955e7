//! From the file of a function to everything that it needs.

use std::collections::{BTreeMap, VecDeque};

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
        linker
            .problems
            .push(nowhere.problem(entry, ProblemKind::MissingFile, message));
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
            files: Vec::new(),
            modules: Vec::new(),
            problems: Vec::new(),
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
                Err(problems) => self.problems.extend(problems),
            }
        }
    }

    fn add(&mut self, name: String, unit: Unit) {
        self.problems.extend(unit.warnings);
        let mut imports: Vec<(String, String)> = Vec::new();
        for import in unit.imports {
            if self.too_much || self.is_too_much(&name, &import) {
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
    fn is_too_much(&mut self, name: &str, import: &Import) -> bool {
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
        } else {
            return false;
        };
        self.too_much = true;
        self.problems
            .push(import.span.problem(name, ProblemKind::Limit, message));
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
        self.problems.push(Problem { help, ..problem });
        None
    }

    fn check_names(&mut self) {
        for wanted in &self.wanted {
            let (exports, absent) = if let Some(builtin) = Builtin::of_specifier(&wanted.target) {
                ([builtin.exports, &["default"]].concat(), builtin.absent)
            } else if let Some(exports) = closed_exports(&self.modules, &wanted.target) {
                (exports, "")
            } else {
                continue;
            };
            for (name, span) in &wanted.names {
                if !exports.contains(&name.as_str()) {
                    let problem = missing_export(wanted, name, *span, &exports, absent);
                    self.problems.push(problem);
                }
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
        self.problems.push(Problem {
            help: Some(help.to_owned()),
            ..problem
        });
    }

    fn finish(self, entry: String) -> Linked {
        let failed = self
            .problems
            .iter()
            .any(|problem| !problem.kind.is_warning());
        let program = (!failed).then_some(Program {
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

/// The names that a module exports, when all of them are known.
fn closed_exports<'m>(modules: &'m [Module], name: &str) -> Option<Vec<&'m str>> {
    let module = modules.iter().find(|module| module.name == name)?;
    let all_known = match module.format {
        ModuleFormat::Esm => !module.shape.open,
        ModuleFormat::Json => true,
        ModuleFormat::CommonJs => false,
    };
    all_known.then(|| module.exports.iter().map(String::as_str).collect())
}

fn missing_export(
    wanted: &Wanted,
    name: &str,
    span: Span,
    exports: &[&str],
    absent: &str,
) -> Problem {
    let message = format!("`{}` exports no `{name}`", wanted.target);
    let names: Vec<_> = exports.iter().map(|export| format!("`{export}`")).collect();
    let similar = exports
        .iter()
        .find(|export| strsim::damerau_levenshtein(export, name) <= 2);
    let mut help =
        similar.map_or_else(String::new, |similar| format!("did you mean `{similar}`? "));
    help.push_str(&format!("it exports {}", names.join(", ")));
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
