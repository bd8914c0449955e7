//! Collects findings while files are read, and turns them into diagnostics at the end.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use authbridge_core::connector::SourceLocation;

use crate::source::{self, Lines, Sources};
use crate::tree::has_extension;
use crate::{Code, Diagnostic, Span};

/// The most findings that are kept of one file; the rest is counted.
const MAX_FINDINGS: usize = 200;

/// Extensions of files with code.
const CODE: [&str; 6] = ["js", "ts", "mjs", "cjs", "mts", "cts"];

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
    lines: OnceCell<Lines>,
    parsed: bool,
    findings: usize,
}

/// The findings of one run and the texts that they point into.
#[derive(Debug, Default)]
pub(crate) struct Report {
    files: Vec<ReportedFile>,
    findings: Vec<Finding>,
    /// The last finding over the limit of its file, which nobody will see.
    dropped: Option<Finding>,
    secrets: BTreeSet<Place>,
    unusable: bool,
}

impl ReportedFile {
    /// Masking keeps the lines where they are, so these serve the masked text as well.
    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }
}

impl Report {
    /// Registers a file under the name that diagnostics show.
    pub(crate) fn add_file(&mut self, name: &str, text: Arc<str>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(ReportedFile {
            name: name.to_owned(),
            text,
            lines: OnceCell::new(),
            parsed: false,
            findings: 0,
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

    /// The text of `file`, empty if it was not read.
    pub(crate) fn text(&self, file: FileId) -> &str {
        self.files
            .get(file.0 as usize)
            .map_or("", |file| &file.text)
    }

    /// Line and column of the start of `place`, both counted from 1.
    pub(crate) fn position(&self, place: Place) -> (usize, usize) {
        self.files
            .get(place.file.0 as usize)
            .map_or((1, 1), |file| {
                file.lines().position(&file.text, place.start as usize)
            })
    }

    /// The start of `place` as it is kept for messages at run time.
    pub(crate) fn location(&self, place: Place) -> SourceLocation {
        let (line, column) = self.position(place);
        SourceLocation {
            file: self.file_name(place.file).to_owned(),
            line,
            column,
        }
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
        self.unusable |= !code.leaves_usable();
        let is_full = self.is_full(file);
        if let Some(file) = self.files.get_mut(file.0 as usize) {
            file.findings += 1;
        }
        if is_full {
            return self.dropped.insert(finding);
        }
        self.findings.push_mut(finding)
    }

    /// Whether further findings in `file` are only counted, so that no pains need be taken.
    pub(crate) fn is_full(&self, file: FileId) -> bool {
        self.files
            .get(file.0 as usize)
            .is_some_and(|file| file.findings >= MAX_FINDINGS)
    }

    /// Hides the text at `place` from every snippet.
    pub(crate) fn mask(&mut self, place: Place) {
        self.secrets.insert(place);
    }

    /// Whether everything found leaves the definition usable.
    pub(crate) fn is_usable(&self) -> bool {
        !self.unusable
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
        let mut diagnostics = Vec::with_capacity(self.findings.len());
        for finding in self.findings {
            let index = finding.file.0 as usize;
            if let (Some(file), Some(text)) = (files.get(index), masked.get(index)) {
                diagnostics.push(to_diagnostic(finding, file, text));
            }
        }
        diagnostics.extend(files.iter().filter_map(surplus_note));
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
            .range(Place::first_of(index)..Place::first_of(index + 1))
            .map(|place| (place.start as usize, place.end as usize))
            .collect();
        if !file.parsed {
            let is_code = has_extension(&file.name, &CODE);
            ranges.extend(source::secret_ranges(&file.text, is_code));
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

fn to_diagnostic(finding: Finding, file: &ReportedFile, text: &str) -> Diagnostic {
    let span = finding.range.map(|(start, end)| Span {
        start: start as usize,
        end: end as usize,
    });
    let (line, column) = span.map_or((1, 1), |span| file.lines().position(text, span.start));
    Diagnostic {
        code: finding.code,
        severity: finding.code.severity(),
        message: finding.message,
        file: file.name.clone(),
        span,
        line,
        column,
        snippet: span.map(|span| file.lines().snippet(text, span.start)),
        label: finding.label,
        help: finding.help,
    }
}

fn surplus_note(file: &ReportedFile) -> Option<Diagnostic> {
    let surplus = file.findings.checked_sub(MAX_FINDINGS + 1)? + 1;
    Some(Diagnostic {
        code: Code::TooManyFindings,
        severity: Code::TooManyFindings.severity(),
        message: format!("{surplus} more findings in this file are not shown"),
        file: file.name.clone(),
        span: None,
        line: 1,
        column: 1,
        snippet: None,
        label: None,
        help: None,
    })
}

impl Place {
    /// The least of all places in the file with this index.
    fn first_of(index: usize) -> Self {
        let file = FileId(u32::try_from(index).unwrap_or(u32::MAX));
        Self {
            file,
            start: 0,
            end: 0,
        }
    }

    /// A place in this crate's own numbers; offsets beyond 32 bits cannot occur.
    pub(crate) fn new(file: FileId, start: usize, end: usize) -> Self {
        Self {
            file,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }
}
