//! Puts a tree together under a budget, for both syntaxes.

use std::collections::HashMap;

use crate::Code;
use crate::report::{FileId, Place, Report};

use super::{Entry, MAX_DEPTH, Node, Tree};

/// What the tree of one file may weigh, in bytes as [`weight`] counts them.
const MAX_WEIGHT: usize = 32 * 1024 * 1024;

/// The weight of a value apart from its text; close to what it takes in memory.
const VALUE_WEIGHT: usize = 64;

/// Says that parsing cannot go on; the reason is in the report.
pub(super) struct Stop;

/// A list or mapping that is not complete yet.
enum Frame {
    List(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        places: HashMap<String, Place>,
        key: Option<(String, Place)>,
    },
}

struct Open {
    start: usize,
    frame: Frame,
}

/// The tree so far.
pub(super) struct Builder<'a> {
    pub(super) file: FileId,
    pub(super) report: &'a mut Report,
    open: Vec<Open>,
    root: Option<Node>,
    weight: usize,
    broken: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, report: &'a mut Report) -> Self {
        Self {
            file,
            report,
            open: Vec::new(),
            root: None,
            weight: 0,
            broken: false,
        }
    }

    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        Place::new(self.file, start, end)
    }

    /// Whether a mapping waits for its next key.
    pub(super) fn wants_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| matches!(&open.frame, Frame::Mapping { key: None, .. }))
    }

    /// Reports something after which the tree is of no use, although parsing can go on.
    pub(super) fn broken(&mut self, code: Code, place: Place, message: impl Into<String>) {
        self.broken = true;
        self.report.at(code, place, message);
    }

    pub(super) fn open_list(&mut self, start: usize) -> Result<(), Stop> {
        self.open(start, Frame::List(Vec::new()))
    }

    pub(super) fn open_mapping(&mut self, start: usize) -> Result<(), Stop> {
        let frame = Frame::Mapping {
            entries: Vec::new(),
            places: HashMap::new(),
            key: None,
        };
        self.open(start, frame)
    }

    fn open(&mut self, start: usize, frame: Frame) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            let place = self.place(start, start + 1);
            self.report
                .at(
                    Code::TooDeep,
                    place,
                    format!("mappings and lists nest deeper than {MAX_DEPTH}"),
                )
                .label("this one is too deep");
            return Err(Stop);
        }
        self.charge(VALUE_WEIGHT, start)?;
        self.open.push(Open { start, frame });
        Ok(())
    }

    /// Closes the innermost list or mapping and gives the complete node, which the caller adds.
    pub(super) fn close(&mut self, end: usize) -> Option<Node> {
        let Open { start, frame } = self.open.pop()?;
        let tree = match frame {
            Frame::List(items) => Tree::List(items),
            Frame::Mapping { entries, .. } => Tree::Mapping(entries),
        };
        let place = self.place(start, end);
        Some(Node { place, tree })
    }

    /// Takes the next key of the innermost mapping.
    pub(super) fn key(&mut self, text: String, place: Place) -> Result<(), Stop> {
        self.charge(VALUE_WEIGHT + text.len(), place.start as usize)?;
        if let Some(Open {
            frame: Frame::Mapping { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some((text, place));
        }
        Ok(())
    }

    /// Takes a scalar that is not yet charged for.
    pub(super) fn scalar(&mut self, node: Node) -> Result<(), Stop> {
        self.charge(weight(&node), node.place.start as usize)?;
        self.add(node);
        Ok(())
    }

    /// Takes a complete value: into the innermost list or mapping, or as the root.
    pub(super) fn add(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.frame {
            Frame::List(items) => items.push(node),
            Frame::Mapping {
                entries,
                places,
                key,
            } => {
                let Some((key, key_place)) = key.take() else {
                    return;
                };
                let Some(first) = places.get(&key).copied() else {
                    places.insert(key.clone(), key_place);
                    entries.push(Entry {
                        key,
                        key_place,
                        value: node,
                    });
                    return;
                };
                self.duplicate(&key, key_place, first);
            }
        }
    }

    fn duplicate(&mut self, key: &str, place: Place, first: Place) {
        self.broken = true;
        let (line, _) = self.report.position(first);
        self.report
            .at(
                Code::DuplicateKey,
                place,
                format!("key `{key}` is given twice"),
            )
            .label(format!("first given in line {line}"))
            .help("remove one of the two");
    }

    /// Counts `weight` bytes of tree against the budget of the file.
    pub(super) fn charge(&mut self, weight: usize, offset: usize) -> Result<(), Stop> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight <= MAX_WEIGHT {
            return Ok(());
        }
        let place = self.place(offset, offset + 1);
        self.report
            .at(
                Code::TooManyNodes,
                place,
                "the file expands to more values than a definition may have",
            )
            .label("the limit is reached here")
            .help("write out fewer aliases, or move large data out of the definition");
        Err(Stop)
    }

    /// The whole tree, unless something made it useless.
    pub(super) fn finish(self) -> Option<Node> {
        self.root.filter(|_| !self.broken)
    }
}

/// What `node` counts against the budget.
pub(super) fn weight(node: &Node) -> usize {
    VALUE_WEIGHT
        + match &node.tree {
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => 0,
            Tree::String(text) => text.len(),
            Tree::List(items) => items.iter().map(weight).sum(),
            Tree::Mapping(entries) => entries
                .iter()
                .map(|entry| VALUE_WEIGHT + entry.key.len() + weight(&entry.value))
                .sum(),
        }
}
