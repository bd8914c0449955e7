//! Documents as text: new ones, and old ones in which only what changed is replaced.

mod edit;
mod yaml;

use serde_json::{Map, Value};

use crate::ElementType;
use crate::report::Report;
use crate::tree::{self, Node, Syntax};

/// A member of a document and its new value; `None` removes it.
pub type MemberEdit = (String, Option<Value>);

/// The text of a new YAML file: `members` in order, after a line that tells editors the schema.
pub fn new_document(members: &Map<String, Value>, schema: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(schema) = schema {
        text.push_str(&format!("# yaml-language-server: $schema={schema}\n"));
    }
    text.push_str(&yaml::mapping(members));
    text
}

/// `text`, the file called `name`, with the edits of top-level members made.
///
/// Comments, order and spelling of everything else stay. Where the text does not allow that (JSON,
/// or a document in braces), it is written anew, in its order and with the comments at its top.
pub fn edited_document(name: &str, text: &str, edits: &[MemberEdit]) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = parse(name, text);
    let wanted = apply(root.as_ref(), edits);
    if Syntax::of(name) == Syntax::Json {
        let pretty = serde_json::to_string_pretty(&wanted).unwrap_or_default();
        return pretty + "\n";
    }
    if let Some(root) = &root
        && let Some(edited) = edit::edited(text, root, edits)
        && parse(name, &edited).is_some_and(|root| root.to_value() == wanted)
    {
        return edited;
    }
    let head: String = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#'))
        .collect();
    head + &yaml::mapping(wanted.as_object().unwrap_or(&Map::new()))
}

/// The name under which a document has `member`: it may be an older spelling.
pub fn spelling(element_type: ElementType, name: &str, text: &str, member: &str) -> String {
    let shape = crate::directory::shape(element_type);
    let older = shape.field(member).and_then(|field| {
        let root = parse(name, text)?;
        let used = field.older.iter().find(|older| root.entry(older).is_some());
        used.filter(|_| root.entry(member).is_none()).copied()
    });
    older.unwrap_or(member).to_owned()
}

fn parse(name: &str, text: &str) -> Option<Node> {
    // Whatever is wrong with the file is reported where it is loaded.
    let mut silent = Report::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let id = silent.add_file(name, text.into());
    tree::parse(Syntax::of(name), text, id, &mut silent)
}

fn apply(root: Option<&Node>, edits: &[MemberEdit]) -> Value {
    let mut members = match root.map(Node::to_value) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    for (name, value) in edits {
        match value {
            Some(value) => {
                members.insert(name.clone(), value.clone());
            }
            None => {
                members.shift_remove(name);
            }
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests;
