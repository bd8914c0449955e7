//! Diagnostics as people read them in a terminal.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::source::floor;
use crate::{Diagnostic, Severity, Sources};

/// A line longer than this is not shown as a source line: its position is all that helps.
const MAX_LINE: usize = 1000;

/// Whether the text is for a terminal that shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Never,
    /// With ANSI escapes.
    Always,
}

/// Renders `diagnostics` one below the other, each with its source line, label and help.
///
/// `sources` come with the diagnostics, from a [`Loaded`](crate::Loaded) or a
/// [`Directory`](crate::Directory); a diagnostic whose file is not among them is shown without
/// its line. The result ends with a line break unless it is empty.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: Color) -> String {
    render_under("", diagnostics, sources, color)
}

/// [`render`], with `root` before every file name, so that a terminal can open the file: the path
/// of the directory that was loaded, with a `/` at its end.
pub fn render_under(
    root: &str,
    diagnostics: &[Diagnostic],
    sources: &Sources,
    color: Color,
) -> String {
    let renderer = match color {
        Color::Never => Renderer::plain(),
        Color::Always => Renderer::styled(),
    };
    let mut text = String::new();
    for diagnostic in diagnostics {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&renderer.render(&[group(root, diagnostic, sources)]));
        text.push('\n');
    }
    text
}

fn group<'a>(root: &str, diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let group = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.id());
    let path = format!("{root}{}", diagnostic.file);
    let group = match excerpt(diagnostic, sources) {
        Some((lines, span)) => group.element(
            Snippet::source(lines)
                .path(path)
                .line_start(diagnostic.line)
                .annotation(
                    AnnotationKind::Primary
                        .span(span)
                        .label(diagnostic.label.as_deref()),
                ),
        ),
        None => group.element(origin(path, diagnostic)),
    };
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

fn origin(path: String, diagnostic: &Diagnostic) -> Origin<'static> {
    let origin = Origin::path(path);
    match diagnostic.span {
        Some(_) => origin.line(diagnostic.line).char_column(diagnostic.column),
        None => origin,
    }
}

/// The first source line of the diagnostic, and its span in there.
fn excerpt<'a>(
    diagnostic: &Diagnostic,
    sources: &'a Sources,
) -> Option<(&'a str, std::ops::Range<usize>)> {
    let span = diagnostic.span?;
    let text = sources.get(&diagnostic.file)?;
    let offset = floor(text, span.start);
    // Only so far, because a line may be the whole of a large file.
    let before = text.get(floor(text, offset.saturating_sub(MAX_LINE))..offset)?;
    let start = match before.rfind('\n') {
        Some(end) => offset - before.len() + end + 1,
        None if before.len() == offset => 0,
        None => return None,
    };
    let rest = text.get(start..floor(text, start + 2 * MAX_LINE))?;
    let line = rest.split(['\n', '\r']).next()?;
    if line.len() > MAX_LINE {
        return None;
    }
    let from = (offset - start).min(line.len());
    let to = floor(line, span.end.saturating_sub(start).clamp(from, line.len()));
    Some((line, from..to))
}
