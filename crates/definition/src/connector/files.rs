//! The files of a bundle while a definition is read from them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use authbridge_module::Program;

use crate::bundle::{Content, Refusal};
use crate::report::{FileId, Finding, Place, Report};
use crate::secrets::{self, Context};
use crate::suggest::nearest;
use crate::tree::{self, Node, Syntax, has_extension};
use crate::{Bundle, Code, cases};

/// Directories of parts that this build does not use yet.
const PARTS: [&str; 4] = ["data", "events", "global-webhooks", "globalWebhooks"];

/// Documents beside a spec that are no part of a connector, and no mistake.
const OTHER_DOCUMENTS: [&str; 3] = ["package.json", "package-lock.json", "tsconfig.json"];

/// Directories in which every file has its part; a readme apart.
const CODE_DIRECTORIES: [&str; 2] = ["auth", "operations"];

/// Reads each file at most once, and remembers which were used.
pub(crate) struct Files<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) report: Report,
    /// The programs of files, as far as they were linked; `None` for one that cannot be.
    pub(crate) programs: BTreeMap<String, Option<Arc<Program>>>,
    /// Every call of an operation that was read.
    pub(crate) calls: Vec<OperationCall>,
    read: BTreeMap<String, Read>,
    used: BTreeSet<String>,
}

/// An `operation-mapping`, for the check that follows when all operations are known.
#[derive(Debug)]
pub(crate) struct OperationCall {
    /// The operation that calls; `None` for a step of auth.
    pub(crate) from: Option<String>,
    /// The key of the operation that is called.
    pub(crate) to: String,
    /// Where it is named.
    pub(crate) place: Place,
}

enum Parsed {
    NotYet,
    /// The tree, if the file has one.
    Done(Option<Arc<Node>>),
}

struct Read {
    id: FileId,
    text: Option<Arc<str>>,
    tree: Parsed,
}

impl<'a> Files<'a> {
    pub(crate) fn new(bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            report: Report::default(),
            programs: BTreeMap::new(),
            calls: Vec::new(),
            read: BTreeMap::new(),
            used: BTreeSet::new(),
        }
    }

    /// Reports a file that is in the bundle without having been read.
    pub(crate) fn refused(&mut self, path: &str, refusal: &Refusal) {
        let id = self.report.add_file(path, "".into());
        self.report
            .about(refusal.code, id, refusal.message.as_str());
        let read = Read {
            id,
            text: None,
            tree: Parsed::Done(None),
        };
        self.read.insert(path.to_owned(), read);
    }

    /// The identity of the file at `path` in the report, and its text if it is UTF-8.
    pub(crate) fn text(&mut self, path: &str) -> Option<(FileId, Option<Arc<str>>)> {
        self.used.insert(path.to_owned());
        if let Some(read) = self.read.get(path) {
            return Some((read.id, read.text.clone()));
        }
        let Content::Bytes(bytes) = self.bundle.get(path)? else {
            return None;
        };
        let (id, text) = add_decoded(path, bytes, &mut self.report);
        let read = Read {
            id,
            text: text.clone(),
            tree: Parsed::NotYet,
        };
        self.read.insert(path.to_owned(), read);
        Some((id, text))
    }

    /// The parsed file at `path`, a part of the definition; what is wrong with it is reported the
    /// first time.
    pub(crate) fn tree(&mut self, path: &str) -> Option<Arc<Node>> {
        self.parsed(path, true)
    }

    /// The parsed file at `path`, which is data: what looks secret in it may be made up.
    pub(crate) fn data(&mut self, path: &str) -> Option<Arc<Node>> {
        self.parsed(path, false)
    }

    fn parsed(&mut self, path: &str, is_definition: bool) -> Option<Arc<Node>> {
        let (id, text) = self.text(path)?;
        if let Some(Read {
            tree: Parsed::Done(tree),
            ..
        }) = self.read.get(path)
        {
            return tree.clone();
        }
        let tree = text
            .and_then(|text| tree::parse(Syntax::of(path), &text, id, &mut self.report))
            .map(Arc::new);
        if let Some(node) = tree.as_ref().filter(|_| is_definition) {
            secrets::check(node, Context::Definition, &mut self.report);
        }
        if let Some(read) = self.read.get_mut(path) {
            read.tree = Parsed::Done(tree.clone());
        }
        tree
    }

    pub(crate) fn is_used(&self, path: &str) -> bool {
        self.used.contains(path)
    }

    /// The paths directly or deeper below `directory`, which ends with `/` or is empty.
    pub(crate) fn below<'b>(
        &self,
        directory: &'b str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        self.bundle
            .paths()
            .filter(move |path| path.starts_with(directory))
    }

    /// Reports files below `base` that nothing used, and parts that this build does not use.
    pub(crate) fn report_unused(&mut self, base: &str) {
        let mut parts = BTreeSet::new();
        for path in self.below(base) {
            let inner = path.get(base.len()..).unwrap_or_default();
            if self.used.contains(path)
                || self.read.contains_key(path)
                || cases::is_test_file(inner)
            {
                continue;
            }
            let is_document = has_extension(path, &["yml", "yaml", "json"]);
            let Some((directory, _)) = inner.split_once('/') else {
                if is_document && !OTHER_DOCUMENTS.contains(&inner) {
                    self.unused(path, "the connector is described by other files");
                }
                continue;
            };
            if CODE_DIRECTORIES.contains(&directory) && !has_extension(path, &["md"]) {
                self.report_unused_function(directory, path);
            } else if PARTS.contains(&directory) {
                parts.insert(directory);
            } else if is_document {
                self.unused(path, "no part of a connector is kept here");
            }
        }
        for part in parts {
            let id = self.report.add_file(&format!("{base}{part}/"), "".into());
            let message = format!("`{part}/` is not used by this build yet");
            self.report.about(Code::PartNotYet, id, message);
        }
    }

    fn unused(&mut self, path: &str, message: &str) -> &mut Finding {
        let id = self.report.add_file(path, "".into());
        self.report.about(Code::UnusedFile, id, message)
    }

    fn report_unused_function(&mut self, directory: &str, path: &str) {
        let known = super::function::usual_names();
        let name = path.rsplit('/').next().unwrap_or(path);
        let help = if directory == "operations" {
            "an operation is `operations/<key>.yml` or `operations/<key>/spec.yml`, and `run` with \
             the suffix of its kind beside it"
                .to_owned()
        } else if known.iter().any(|usual| usual == name) {
            "another implementation of the function is used; name this one with `filePath`, or \
             remove it"
                .to_owned()
        } else {
            match nearest(name, known.iter().map(String::as_str)) {
                Some(usual) => format!("did you mean `{usual}`?"),
                None => "name it after a function, or from a function with `filePath`".to_owned(),
            }
        };
        self.unused(path, &format!("`{name}` is not used"))
            .help(help);
    }
}

/// Registers a file and its text, without byte-order mark; reports what is not UTF-8.
pub(crate) fn add_decoded(
    path: &str,
    bytes: &[u8],
    report: &mut Report,
) -> (FileId, Option<Arc<str>>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let text: Arc<str> = text.into();
            (report.add_file(path, Arc::clone(&text)), Some(text))
        }
        Err(error) => {
            let id = report.add_file(path, "".into());
            let message = if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
                "the file is UTF-16".to_owned()
            } else {
                let line = bytes
                    .iter()
                    .take(error.valid_up_to())
                    .filter(|byte| **byte == b'\n')
                    .count();
                format!("line {} is not UTF-8", line + 1)
            };
            report
                .about(Code::NotUtf8, id, message)
                .help("save the file as UTF-8");
            (id, None)
        }
    }
}
