//! Functions in JavaScript and TypeScript: linked with all they import, and what is wrong reported
//! where the author wrote it.

use std::sync::Arc;

use authbridge_core::connector::{Implementation, Script};
use authbridge_module::{Callable, Language, Linked, Problem, ProblemKind, Program, SourceFile};

use crate::Code;
use crate::connector::Files;
use crate::connector::inline_code::InlineCode;
use crate::report::Place;
use crate::step::Step;
use crate::tree::Node;

use super::Scope;

/// The function in the file at `path`.
pub(super) fn in_file(
    files: &mut Files<'_>,
    base: &str,
    step: Step<'_>,
    path: &str,
) -> Option<Implementation> {
    let (id, text) = files.text(path)?;
    if text?.trim().is_empty() {
        files.report.about(Code::EmptyFile, id, "the file is empty");
        return None;
    }
    let program = linked_file(files, base, path)?;
    if program.statically_exports_function(step.name()) == Callable::No {
        let finding = files
            .report
            .about(Code::NoFunctionExported, id, no_function(step));
        finding.help(no_function_help(step));
        return None;
    }
    Some(Implementation::Javascript(Script { program }))
}

/// The function in the text at `node`.
pub(in crate::connector) fn inline(
    files: &mut Files<'_>,
    scope: &Scope<'_>,
    step: Step<'_>,
    node: &Node,
) -> Option<Implementation> {
    let code = node.as_str()?;
    if code.trim().is_empty() {
        files
            .report
            .at(Code::NoFunctionExported, node.place, "the code is empty")
            .help(no_function_help(step));
        return None;
    }
    let file = files.report.file_name(node.place.file).to_owned();
    let inline = InlineCode::new(code, node.place, files.report.text(node.place.file));
    let entry = format!("{file}#{}{}.ts", scope.label, step.name());
    let linked = link(files, scope.base, &entry, Some(&inline));
    for problem in &linked.problems {
        if problem.file == entry {
            report_inline(files, &inline, problem);
        } else {
            report_problem(files, problem);
        }
    }
    let program = linked.program?;
    if program.statically_exports_function(step.name()) == Callable::No {
        files
            .report
            .at(Code::NoFunctionExported, node.place, no_function(step))
            .help(no_function_help(step));
        return None;
    }
    Some(Implementation::Javascript(Script {
        program: Arc::new(program),
    }))
}

fn no_function(step: Step<'_>) -> String {
    format!("no function for `{}` is exported", step.name())
}

fn no_function_help(step: Step<'_>) -> String {
    format!(
        "export it: `export default async function {}(…) {{ … }}`",
        step.name()
    )
}

/// The program of a file, linked the first time that it is asked for.
fn linked_file(files: &mut Files<'_>, base: &str, path: &str) -> Option<Arc<Program>> {
    if let Some(program) = files.programs.get(path) {
        return program.clone();
    }
    let linked = link(files, base, path, None);
    for problem in &linked.problems {
        report_problem(files, problem);
    }
    let program = linked.program.map(Arc::new);
    files.programs.insert(path.to_owned(), program.clone());
    program
}

/// Links `entry` with the files below `base`; the text of inline code is given.
fn link(files: &mut Files<'_>, base: &str, entry: &str, inline: Option<&InlineCode>) -> Linked {
    authbridge_module::link(entry, &mut |path| {
        if let Some(inline) = inline.filter(|_| path == entry) {
            return Some(SourceFile {
                text: inline.module_text().to_owned(),
                language: Language::TypeScript,
            });
        }
        if !path.starts_with(base) {
            return None;
        }
        source_file(files, path)
    })
}

fn source_file(files: &mut Files<'_>, path: &str) -> Option<SourceFile> {
    if !files.bundle.contains(path) {
        return None;
    }
    let language = Language::of_path(path)?;
    let text = match language {
        Language::JavaScript | Language::TypeScript => {
            let (_, text) = files.text(path)?;
            // A file that is not text was reported when it was read.
            text.map(|text| text.to_string()).unwrap_or_default()
        }
        Language::Json | Language::Yaml => {
            let value = files.tree(path).map(|node| node.to_value());
            value.unwrap_or_default().to_string()
        }
    };
    Some(SourceFile { text, language })
}

fn report_problem(files: &mut Files<'_>, problem: &Problem) {
    let Some((id, _)) = files.text(&problem.file) else {
        return;
    };
    let code = code_of(problem.kind);
    let is_code = matches!(
        Language::of_path(&problem.file),
        Some(Language::JavaScript | Language::TypeScript)
    );
    let finding = if is_code {
        let place = Place::new(id, problem.start, problem.end);
        files.report.at(code, place, problem.message.as_str())
    } else {
        // What the linker saw of a data file is not the text that its author wrote.
        files.report.about(code, id, problem.message.as_str())
    };
    finding.maybe_help(problem.help.clone());
}

fn report_inline(files: &mut Files<'_>, inline: &InlineCode, problem: &Problem) {
    let code = code_of(problem.kind);
    let message = problem.message.as_str();
    let finding = if let Some(place) = inline.place(problem.start, problem.end) {
        files.report.at(code, place, message)
    } else {
        let (line, column) = inline.position(problem.start);
        let message = format!("{message} (line {line}, column {column} of the code)");
        files.report.at(code, inline.whole(), message)
    };
    finding.maybe_help(problem.help.clone());
}

const fn code_of(kind: ProblemKind) -> Code {
    match kind {
        ProblemKind::Syntax => Code::ScriptSyntax,
        ProblemKind::UnknownImport => Code::UnknownImport,
        ProblemKind::NodeBuiltin => Code::ImportNeedsSystem,
        ProblemKind::MissingFile => Code::ImportedFileMissing,
        ProblemKind::OutsideConnector => Code::ImportLeavesConnector,
        ProblemKind::UnsupportedFile => Code::ImportNotReadable,
        ProblemKind::MissingExport => Code::ImportNotExported,
        ProblemKind::DynamicImport => Code::DynamicImport,
        ProblemKind::NoFunction => Code::NoFunctionExported,
        ProblemKind::Limit => Code::ScriptTooLarge,
        ProblemKind::Internal => Code::ScriptNotProcessed,
    }
}
