//! JSON values as YAML, in lines: read back, they are the same values.

use serde_json::{Map, Value};

/// The lines of a whole document.
pub(super) fn mapping(members: &Map<String, Value>) -> String {
    let mut text = String::new();
    if members.is_empty() {
        text.push_str("{}\n");
    }
    write_members(members, 0, &mut text);
    text
}

/// The lines of one member of a document.
pub(super) fn member(name: &str, value: &Value) -> String {
    let mut text = String::new();
    write_member(name, value, 0, &mut text);
    text
}

/// A value that needs no lines of its own.
pub(super) fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if is_block(text) => None,
        Value::String(text) => Some(scalar(text)),
        Value::Array(items) => items.is_empty().then(|| "[]".to_owned()),
        Value::Object(members) => members.is_empty().then(|| "{}".to_owned()),
    }
}

fn write_members(members: &Map<String, Value>, indent: usize, text: &mut String) {
    for (position, (name, value)) in members.iter().enumerate() {
        if position > 0 {
            pad(indent, text);
        }
        write_member(name, value, indent, text);
    }
}

/// The caller has written what stands before the name.
fn write_member(name: &str, value: &Value, indent: usize, text: &mut String) {
    text.push_str(&scalar(name));
    text.push(':');
    write_value(value, indent, text);
}

/// After `name:` or `-`, up to the end of the line or of the last line.
fn write_value(value: &Value, indent: usize, text: &mut String) {
    if let Some(inline) = inline(value) {
        text.push(' ');
        text.push_str(&inline);
        text.push('\n');
        return;
    }
    match value {
        Value::String(block) => write_block(block, indent, text),
        Value::Array(items) => {
            text.push('\n');
            write_items(items, indent + 2, text);
        }
        Value::Object(members) => {
            text.push('\n');
            pad(indent + 2, text);
            write_members(members, indent + 2, text);
        }
        // These are always inline.
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn write_items(items: &[Value], indent: usize, text: &mut String) {
    for item in items {
        pad(indent, text);
        text.push('-');
        match item {
            Value::Object(members) if !members.is_empty() => {
                text.push(' ');
                write_members(members, indent + 2, text);
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push('\n');
                write_items(inner, indent + 2, text);
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => write_value(item, indent, text),
        }
    }
}

fn write_block(block: &str, indent: usize, text: &mut String) {
    text.push_str(if block.ends_with('\n') {
        " |\n"
    } else {
        " |-\n"
    });
    for line in block.lines() {
        if !line.is_empty() {
            pad(indent + 2, text);
            text.push_str(line);
        }
        text.push('\n');
    }
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// Whether a text is better read as lines, and survives that.
fn is_block(text: &str) -> bool {
    let inner = text.strip_suffix('\n').unwrap_or(text);
    inner.contains('\n')
        && !inner.ends_with('\n')
        && !inner.starts_with([' ', '\n', '\t'])
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
        && text
            .chars()
            .all(|letter| letter == '\n' || letter == '\t' || is_printable(letter))
        // A line that looks like the end of the document would be one for careless readers.
        && text.lines().all(|line| !line.starts_with(['\t', '%']))
}

/// What every reader takes as it stands.
fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// A text on one line, in quotes unless it can mean nothing else.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if is_printable(letter) => quoted.push(letter),
            letter => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text can stand without quotes, for readers of YAML 1.1 as well.
fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| {
        first.is_ascii_alphabetic() || matches!(first, '$' | '/' | '_') || first as u32 > 0xa0
    });
    starts_well
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !text
            .chars()
            .any(|letter| "[]{},&*!|>'\"%@`".contains(letter))
        && !is_word(text)
}

/// Words that mean something else than their letters.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
