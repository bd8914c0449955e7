//! Replaces members of a YAML mapping in its text.

use serde_json::Value;

use crate::tree::{Entry, Node, Tree};

use super::{MemberEdit, yaml};

/// `text` with the edits made, if its top is a mapping with a line for each member. The caller
/// checks the result: the text may have anchors, or other things that only a parser understands.
pub(super) fn edited(text: &str, root: &Node, edits: &[MemberEdit]) -> Option<String> {
    let entries = root.entries()?;
    let mut starts = Vec::with_capacity(entries.len() + 1);
    for entry in entries {
        let start = entry.key_place.start as usize;
        let begins_line = start == 0 || text.get(..start)?.ends_with('\n');
        if !begins_line {
            return None;
        }
        starts.push(start);
    }
    starts.push(text.len());
    let mut edited = String::with_capacity(text.len());
    edited.push_str(text.get(..*starts.first()?)?);
    for (index, entry) in entries.iter().enumerate() {
        let region = text.get(*starts.get(index)?..*starts.get(index + 1)?)?;
        match edits.iter().find(|(name, _)| *name == entry.key) {
            None => edited.push_str(region),
            Some((name, value)) => replace(text, entry, region, name, value.as_ref(), &mut edited)?,
        }
    }
    let new = edits
        .iter()
        .filter(|(name, _)| entries.iter().all(|entry| entry.key != *name));
    for (name, value) in new {
        if let Some(value) = value {
            end_line(&mut edited);
            edited.push_str(&yaml::member(name, value));
        }
    }
    Some(edited)
}

/// Writes the member's new lines, and what stands below it and is not its own.
fn replace(
    text: &str,
    entry: &Entry,
    region: &str,
    name: &str,
    value: Option<&Value>,
    edited: &mut String,
) -> Option<()> {
    let rest = after(region);
    let Some(value) = value else {
        edited.push_str(rest);
        return Some(());
    };
    if let Some(scalar) = yaml::inline(value)
        && let Some(place) = one_line(text, &entry.value)
    {
        // What follows on the line is a comment.
        let start = entry.key_place.start as usize;
        let end = start + region.len();
        edited.push_str(text.get(start..place.0)?);
        edited.push_str(&scalar);
        edited.push_str(text.get(place.1..end)?);
        return Some(());
    }
    edited.push_str(&yaml::member(name, value));
    edited.push_str(rest);
    Some(())
}

/// The place of a scalar that stands on one line.
fn one_line(text: &str, node: &Node) -> Option<(usize, usize)> {
    match node.tree {
        Tree::List(_) | Tree::Mapping(_) => None,
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {
            let place = (node.place.start as usize, node.place.end as usize);
            let own = text.get(place.0..place.1)?;
            (!own.is_empty() && !own.contains('\n')).then_some(place)
        }
    }
}

/// The blank lines and comments at the end of a member's lines, which belong to what follows.
fn after(region: &str) -> &str {
    let mut start = region.len();
    for line in region.split_inclusive('\n').rev() {
        if !(line.trim().is_empty() || line.starts_with('#')) {
            break;
        }
        start -= line.len();
    }
    region.get(start..).unwrap_or_default()
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}
