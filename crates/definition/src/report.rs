//! Collects findings while files are read, and turns them into diagnostics at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::source::{self, Lines, Sources};
use crate::{Code, Diagnostic, Severity, Span};

/// The most findings that one run keeps.
const MAX_FINDINGS: usize = 500;

/// A file of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId(u32);

/// A range of bytes in a file of the report. Files are at most 5 MiB, so 32 bits are plenty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) file: FileId,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Something found; `label` and `help` may be added to it.
#[derive(Debug)]
pub(crate) struct Finding {
    code: Code,
    file: FileId,
    range: Option<(u32, u32)>,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Finding {
    pub(crate) fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds `help` when there is any.
    pub(crate) fn maybe_help(&mut self, help: Option<String>) -> &mut Self {
        self.help = help;
        self
    }
}

#[derive(Debug)]
struct ReportedFile {
    name: String,
    text: Arc<str>,
    parsed: bool,
}

/// The findings of one run and the texts that they point into.
#[derive(Debug, Default)]
pub(crate) struct Report {
    files: Vec<ReportedFile>,
    findings: Vec<Finding>,
    secrets: BTreeSet<Place>,
}

impl Report {
    /// Registers a file under the name that diagnostics show.
    pub(crate) fn add_file(&mut self, name: &str, text: Arc<str>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(ReportedFile {
            name: name.to_owned(),
            text,
            parsed: false,
        });
        id
    }

    /// Says that `file` has been parsed, so that its secrets are found by [`Report::mask`] alone.
    pub(crate) fn mark_parsed(&mut self, file: FileId) {
        if let Some(file) = self.files.get_mut(file.0 as usize) {
            file.parsed = true;
        }
    }

    pub(crate) fn file_name(&self, file: FileId) -> &str {
        self.files
            .get(file.0 as usize)
            .map_or("", |file| file.name.as_str())
    }

    /// Line and column of the start of `place`, both counted from 1.
    pub(crate) fn position(&self, place: Place) -> (usize, usize) {
        self.files
            .get(place.file.0 as usize)
            .map_or((1, 1), |file| {
                Lines::new(&file.text).position(&file.text, place.start as usize)
            })
    }

    /// Reports something at `place`.
    pub(crate) fn at(
        &mut self,
        code: Code,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(
            code,
            place.file,
            Some((place.start, place.end)),
            message.into(),
        )
    }

    /// Reports something about `file` as a whole.
    pub(crate) fn about(
        &mut self,
        code: Code,
        file: FileId,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(code, file, None, message.into())
    }

    fn add(
        &mut self,
        code: Code,
        file: FileId,
        range: Option<(u32, u32)>,
        message: String,
    ) -> &mut Finding {
        let finding = Finding {
            code,
            file,
            range,
            message,
            label: None,
            help: None,
        };
        self.findings.push_mut(finding)
    }

    /// Hides the text at `place` from every snippet.
    pub(crate) fn mask(&mut self, place: Place) {
        self.secrets.insert(place);
    }

    /// Whether everything found leaves the definition usable.
    pub(crate) fn is_usable(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.code.leaves_usable())
    }

    /// The diagnostics in order of file and place, and the masked texts.
    pub(crate) fn finish(mut self) -> (Vec<Diagnostic>, Sources) {
        let masked: Vec<Arc<str>> = self
            .files
            .iter()
            .enumerate()
            .map(|(index, file)| self.masked_text(index, file))
            .collect();
        let files = std::mem::take(&mut self.files);
        self.findings
            .sort_by(|left, right| order(left, &files).cmp(&order(right, &files)));
        self.findings.dedup_by(|right, left| {
            (left.code, left.file, left.range, &left.message)
                == (right.code, right.file, right.range, &right.message)
        });
        let surplus = self.findings.len().saturating_sub(MAX_FINDINGS);
        self.findings.truncate(MAX_FINDINGS);
        let mut lines: BTreeMap<FileId, Lines> = BTreeMap::new();
        let mut diagnostics = Vec::with_capacity(self.findings.len());
        for finding in self.findings {
            let index = finding.file.0 as usize;
            let (Some(file), Some(text)) = (files.get(index), masked.get(index)) else {
                continue;
            };
            let lines = lines
                .entry(finding.file)
                .or_insert_with(|| Lines::new(text));
            diagnostics.push(to_diagnostic(finding, &file.name, text, lines));
        }
        if surplus > 0 {
            diagnostics.extend(surplus_note(surplus, &diagnostics));
        }
        let sources = files
            .into_iter()
            .zip(masked)
            .map(|(file, text)| (file.name, text))
            .collect();
        (diagnostics, sources)
    }

    fn masked_text(&self, index: usize, file: &ReportedFile) -> Arc<str> {
        let mut ranges: Vec<(usize, usize)> = self
            .secrets
            .iter()
            .filter(|place| place.file.0 as usize == index)
            .map(|place| (place.start as usize, place.end as usize))
            .collect();
        if !file.parsed {
            ranges.extend(source::secret_ranges(&file.text));
        }
        source::mask(&file.text, &ranges)
    }
}

fn order<'a>(
    finding: &'a Finding,
    files: &'a [ReportedFile],
) -> (&'a str, Option<(u32, u32)>, Code, &'a str) {
    let name = files
        .get(finding.file.0 as usize)
        .map_or("", |file| file.name.as_str());
    (name, finding.range, finding.code, finding.message.as_str())
}

fn to_diagnostic(finding: Finding, file: &str, text: &str, lines: &Lines) -> Diagnostic {
    let span = finding.range.map(|(start, end)| Span {
        start: start as usize,
        end: end as usize,
    });
    let (line, column) = span.map_or((1, 1), |span| lines.position(text, span.start));
    Diagnostic {
        code: finding.code,
        severity: finding.code.severity(),
        message: finding.message,
        file: file.to_owned(),
        span,
        line,
        column,
        snippet: span.map(|span| lines.snippet(text, span.start)),
        label: finding.label,
        help: finding.help,
    }
}

fn surplus_note(surplus: usize, shown: &[Diagnostic]) -> Option<Diagnostic> {
    let last = shown.last()?;
    Some(Diagnostic {
        code: Code::TooManyFindings,
        severity: Severity::Note,
        message: format!("{surplus} more findings are not shown"),
        file: last.file.clone(),
        span: None,
        line: 1,
        column: 1,
        snippet: None,
        label: None,
        help: None,
    })
}

impl Place {
    /// A place in this crate's own numbers; offsets beyond 32 bits cannot occur.
    pub(crate) fn new(file: FileId, start: usize, end: usize) -> Self {
        Self {
            file,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }
}
