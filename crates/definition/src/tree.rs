//! A parsed file: a JSON value in which every key and every value knows its place.

mod build;
mod json;
mod scalar;
mod yaml;

use serde_json::{Map, Number, Value};

use crate::report::{FileId, Place, Report};

/// Mappings and lists may nest this deep, so that recursion over a tree needs no care.
pub(crate) const MAX_DEPTH: usize = 100;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) tree: Tree,
}

/// A JSON value of nodes.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A member of a mapping. Keys are unique in their mapping.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) value: Node,
}

/// The syntax of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Yaml,
    Json,
}

impl Syntax {
    /// The syntax that a file name tells; YAML reads most JSON, so it is the rule.
    pub(crate) fn of(name: &str) -> Self {
        if has_extension(name, &["json"]) {
            Self::Json
        } else {
            Self::Yaml
        }
    }
}

/// Whether `name` ends with one of `extensions`, in either case.
pub(crate) fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        extensions
            .iter()
            .any(|wanted| extension.eq_ignore_ascii_case(wanted))
    })
}

/// Parses the text of `file`; what is wrong with it goes to `report`, and then there is no tree.
pub(crate) fn parse(syntax: Syntax, text: &str, file: FileId, report: &mut Report) -> Option<Node> {
    let root = match syntax {
        Syntax::Yaml => yaml::parse(text, file, report),
        Syntax::Json => json::parse(text, file, report),
    };
    if root.is_some() {
        report.mark_parsed(file);
    }
    root
}

impl Node {
    /// The plain JSON value.
    pub(crate) fn to_value(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::String(text) => Value::String(text.clone()),
            Tree::List(items) => items.iter().map(Self::to_value).collect(),
            Tree::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The members, if this is a mapping.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.tree {
            Tree::Mapping(entries) => Some(entries),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::List(_) => None,
        }
    }

    /// The items, if this is a list.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.tree {
            Tree::List(items) => Some(items),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::Mapping(_) => {
                None
            }
        }
    }

    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.tree {
            Tree::String(text) => Some(text),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Mapping(_) => None,
        }
    }

    /// Whether this is `null`, which stands for an absent value in definitions.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.tree, Tree::Null)
    }

    /// The member called `key`, if this is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }

    /// The value of the member called `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry whose first key starts with `$`, which makes a mapping a formula.
    pub(crate) fn formula(&self) -> Option<&Entry> {
        self.entries()?
            .first()
            .filter(|entry| entry.key.starts_with('$'))
    }

    /// What the value is, in words for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.tree {
            Tree::Null => "null",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::String(_) => "text",
            Tree::List(_) => "a list",
            Tree::Mapping(_) => "a mapping",
        }
    }
}
