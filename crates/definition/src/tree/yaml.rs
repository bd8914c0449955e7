//! YAML text to a tree, by way of the parser's events.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::Code;
use crate::report::{FileId, Place, Report};

use super::build::{Builder, Stop, weight};
use super::{Entry, Node, Tree, scalar};

/// The key under which a mapping takes members from another (YAML 1.1; older parsers of
/// definitions knew it, and files rely on it).
const MERGE_KEY: &str = "<<";

pub(super) fn parse(text: &str, file: FileId, report: &mut Report) -> Option<Node> {
    if let Some((offset, character)) = forbidden_character(text) {
        let place = Place::new(file, offset, offset + character.len_utf8());
        report
            .at(
                Code::ForbiddenCharacter,
                place,
                format!(
                    "character U+{:04X} is not allowed in YAML",
                    u32::from(character)
                ),
            )
            .help("remove it, or write it as an escape inside double quotes");
        return None;
    }
    let mut reader = Reader {
        builder: Builder::new(file, report),
        offsets: Offsets::new(text),
        anchors: HashMap::new(),
        open_anchors: Vec::new(),
        documents: 0,
    };
    // A stop has told its reason already.
    reader.read(text).ok()?;
    let documents = reader.documents;
    let root = reader.builder.finish();
    if documents == 0 || root.as_ref().is_some_and(|root| is_blank(root, text)) {
        report.about(Code::EmptyFile, file, "the file is empty");
        return None;
    }
    root
}

/// The first character outside of YAML's printable set (YAML 1.2 section 5.1).
fn forbidden_character(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, character)| {
        matches!(
            *character,
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'
                | '\u{fffe}' | '\u{ffff}'
        )
    })
}

fn is_blank(root: &Node, text: &str) -> bool {
    root.is_null()
        && text.lines().all(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line == "---" || line == "..."
        })
}

struct Reader<'a> {
    builder: Builder<'a>,
    offsets: Offsets,
    /// Complete anchored nodes, with what each weighs.
    anchors: HashMap<usize, (Node, usize)>,
    /// The anchor of each open list or mapping; 0 for none.
    open_anchors: Vec<usize>,
    documents: usize,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Result<(), Stop> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| self.malformed(&error, text))?;
            self.event(event, span)?;
        }
        Ok(())
    }

    fn malformed(&mut self, error: &ScanError, text: &str) -> Stop {
        // At the end of the file, the last character says more than the empty line after it.
        let end = text.trim_end();
        let last = end.char_indices().last().map_or(0, |(offset, _)| offset);
        let start = self.offsets.byte(error.marker().index()).min(last);
        let length = text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .filter(|character| *character != '\n')
            .map_or(0, char::len_utf8);
        let place = self.builder.place(start, start + length);
        self.builder
            .report
            .at(
                Code::MalformedYaml,
                place,
                format!("malformed YAML: {}", error.info()),
            )
            .label("the parser cannot go on here");
        Stop
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        let place = self.place(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(place),
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text, style, anchor, tag.as_deref(), place)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_collection(tag.as_deref(), "seq", place);
                self.open_anchors.push(anchor);
                self.builder.open_list(place.start as usize)
            }
            Event::MappingStart(anchor, tag) => {
                self.check_collection(tag.as_deref(), "map", place);
                self.open_anchors.push(anchor);
                self.builder.open_mapping(place.start as usize)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
        }
    }

    fn document(&mut self, place: Place) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        self.builder
            .report
            .at(
                Code::SeveralDocuments,
                place,
                "a second document starts here",
            )
            .help("give each document a file of its own");
        Err(Stop)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<(), Stop> {
        if self.builder.wants_key() {
            if anchor != 0 {
                let tree = Tree::String(text.clone().into_owned());
                self.remember(anchor, &Node { place, tree })?;
            }
            return self.builder.key(text.into_owned(), place);
        }
        let tree = match tag {
            Some(tag) => tagged(tag, &text),
            None if style == ScalarStyle::Plain => scalar::resolve(&text),
            None => Some(Tree::String(text.into_owned())),
        };
        let tree = tree.unwrap_or_else(|| {
            let what = tag.map_or_else(
                || "numbers must be finite".to_owned(),
                |tag| format!("tag `{tag}` does not fit here"),
            );
            self.builder.broken(Code::NotJson, place, what);
            Tree::Null
        });
        let node = Node { place, tree };
        self.remember(anchor, &node)?;
        self.builder.scalar(node)
    }

    fn check_collection(&mut self, tag: Option<&Tag>, expected: &str, place: Place) {
        if self.builder.wants_key() {
            self.builder
                .broken(Code::NotJson, place, "a list or a mapping cannot be a key");
        }
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == expected)
        {
            let message = format!("tag `{tag}` does not fit here");
            self.builder.broken(Code::NotJson, place, message);
        }
    }

    fn close(&mut self, place: Place) -> Result<(), Stop> {
        let anchor = self.open_anchors.pop().unwrap_or_default();
        let Some(mut node) = self.builder.close(place.end as usize) else {
            return Ok(());
        };
        if let Tree::Mapping(entries) = &mut node.tree
            && let Some(position) = entries.iter().position(|entry| entry.key == MERGE_KEY)
        {
            let merge = entries.remove(position);
            self.merge(entries, position, merge);
        }
        self.remember(anchor, &node)?;
        if self.builder.wants_key() {
            // A collection as a key, reported when it began: any text will do.
            return self.builder.key(String::new(), node.place);
        }
        self.builder.add(node);
        Ok(())
    }

    /// Puts the members that `<<` brings where it stood; what the mapping says itself counts, and
    /// of several sources the first.
    fn merge(&mut self, entries: &mut Vec<Entry>, position: usize, merge: Entry) {
        let place = merge.value.place;
        let sources = match merge.value.tree {
            Tree::List(items) => items,
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::Mapping(_) => {
                vec![merge.value]
            }
        };
        let mut position = position;
        for source in sources {
            let Tree::Mapping(members) = source.tree else {
                self.builder.broken(
                    Code::NotJson,
                    place,
                    "`<<` takes a mapping or a list of mappings",
                );
                return;
            };
            for member in members {
                if entries.iter().all(|entry| entry.key != member.key) {
                    entries.insert(position, member);
                    position += 1;
                }
            }
        }
    }

    /// Keeps a copy of an anchored node; the copy counts against the budget.
    fn remember(&mut self, anchor: usize, node: &Node) -> Result<(), Stop> {
        if anchor == 0 {
            return Ok(());
        }
        let weight = weight(node);
        self.builder.charge(weight, node.place.start as usize)?;
        self.anchors.insert(anchor, (node.clone(), weight));
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Stop> {
        let Some((node, weight)) = self.anchors.get(&anchor) else {
            self.builder
                .report
                .at(
                    Code::CyclicAlias,
                    place,
                    "an alias stands inside the node that its anchor names",
                )
                .label("this would never end")
                .help("repeat the value instead of the alias");
            return Err(Stop);
        };
        self.builder.charge(*weight, place.start as usize)?;
        if !self.builder.wants_key() {
            self.builder.add(node.clone());
            return Ok(());
        }
        if let Some(text) = node.as_str() {
            return self.builder.key(text.to_owned(), place);
        }
        self.builder
            .broken(Code::NotJson, place, "only text can be a key");
        self.builder.key(String::new(), place)
    }

    fn place(&mut self, span: Span) -> Place {
        let start = self.offsets.byte(span.start.index());
        let end = self.offsets.byte(span.end.index());
        self.builder.place(start, end.max(start))
    }
}

/// A scalar with an explicit tag; `None` when the tag is unknown or the text does not fit it.
fn tagged(tag: &Tag, text: &str) -> Option<Tree> {
    if tag.handle.is_empty() && tag.suffix == "!" {
        return Some(Tree::String(text.to_owned()));
    }
    if !tag.is_yaml_core_schema() {
        return None;
    }
    match tag.suffix.as_str() {
        "str" => Some(Tree::String(text.to_owned())),
        "null" | "bool" | "int" | "float" => {
            let tree = scalar::resolve(text)?;
            let fits = match &tree {
                Tree::Null => tag.suffix == "null",
                Tree::Bool(_) => tag.suffix == "bool",
                Tree::Number(number) => {
                    tag.suffix == "float" || (tag.suffix == "int" && !number.is_f64())
                }
                Tree::String(_) | Tree::List(_) | Tree::Mapping(_) => false,
            };
            fits.then_some(tree)
        }
        _ => None,
    }
}

/// From offsets in characters, which the parser counts, to offsets in bytes.
enum Offsets {
    Ascii,
    /// The byte offset of every character, and of the end.
    Table(Vec<u32>),
}

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self::Ascii;
        }
        let end = std::iter::once(text.len());
        let starts = text.char_indices().map(|(offset, _)| offset);
        Self::Table(
            starts
                .chain(end)
                .map(|offset| u32::try_from(offset).unwrap_or(u32::MAX))
                .collect(),
        )
    }

    fn byte(&self, character: usize) -> usize {
        match self {
            Self::Ascii => character,
            Self::Table(offsets) => offsets
                .get(character)
                .or(offsets.last())
                .map_or(0, |offset| *offset as usize),
        }
    }
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
