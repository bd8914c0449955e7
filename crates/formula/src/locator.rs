//! Locators: paths into JSON such as `$.a.b[0]` (wire contract D.2).
//!
//! `$` is the root and may be left out (`a.b` is `$.a.b`). A backslash in a name takes the next
//! character literally, so `a\.b` is one name. Two ways of reading exist: [`Locator::read`], which
//! `$var` uses, and [`Locator::get`]; they differ in one quirk only.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::js;
use crate::limits::MAX_VALUE_DEPTH;

/// The highest array index that can be written; the gap before it is filled with `null`.
pub const MAX_WRITTEN_INDEX: usize = 10_000;

/// Why a text is not a locator, or could not be used as one. The first four messages are those of
/// the original SDK.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LocatorError {
    /// Something other than `.` or `[` where a step must begin.
    #[error("Unexpected symbol at position {position}. Locator: {locator}")]
    UnexpectedSymbol {
        /// Position in the locator, in UTF-16 units.
        position: usize,
        /// The locator, with its root written out.
        locator: String,
    },
    /// A `[` without its `]`.
    #[error(
        "Could not find a closing bracket for the bracket at position {position}. Locator: {locator}"
    )]
    UnclosedBracket {
        /// Position of the bracket, in UTF-16 units.
        position: usize,
        /// The locator, with its root written out.
        locator: String,
    },
    /// What stands in brackets is not a number, or negative.
    #[error("Invalid index [{index}]. Index should be a positive number")]
    InvalidIndex {
        /// The text between the brackets.
        index: String,
    },
    /// A locator must be a text.
    #[error("Unexpected locator value: {value}")]
    NotText {
        /// What was given, as JSON, or `undefined`.
        value: String,
    },
    /// An index that would fill too large an array.
    #[error("index {index} is beyond the highest that can be written, {MAX_WRITTEN_INDEX}")]
    IndexTooLarge {
        /// The index.
        index: String,
    },
    /// More steps than a value may nest.
    #[error("a locator may have {MAX_VALUE_DEPTH} steps at most")]
    TooLong,
}

/// One step of a locator.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`: a member of an object.
    Property(String),
    /// `[index]`: an item of an array. A number as JavaScript reads it, so `[1e1]` is the eleventh
    /// item and `[1.5]` is none.
    Item(f64),
}

impl Step {
    /// The step in the SDK's form: `{type, propertyName | index}`.
    pub fn to_value(&self) -> Value {
        let (kind, key, value) = match self {
            Self::Property(name) => (
                "object_property",
                "propertyName",
                Value::String(name.clone()),
            ),
            Self::Item(index) => (
                "array_item",
                "index",
                js::number(*index).unwrap_or(Value::Null),
            ),
        };
        let members = [(key, value), ("type", Value::from(kind))];
        Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }
}

/// A parsed locator.
#[derive(Clone, Debug, PartialEq)]
pub struct Locator {
    steps: Vec<Step>,
}

impl Locator {
    /// Parses a locator. The empty text parses, as a single step with an empty name, but
    /// [`is_valid`] rejects it.
    pub fn parse(source: &str) -> Result<Self, LocatorError> {
        let locator: Cow<'_, str> = if source.starts_with('$') {
            source.into()
        } else {
            format!("$.{source}").into()
        };
        let steps = Parser {
            locator: &locator,
            position: 1,
        }
        .parse()?;
        if steps.len() > MAX_VALUE_DEPTH {
            return Err(LocatorError::TooLong);
        }
        Ok(Self { steps })
    }

    /// Parses what stands in a document where a locator is expected.
    pub fn from_value(value: Option<&Value>) -> Result<Self, LocatorError> {
        match value {
            Some(Value::String(source)) => Self::parse(source),
            other => {
                let value = other.map_or_else(|| "undefined".to_owned(), ToString::to_string);
                Err(LocatorError::NotText { value })
            }
        }
    }

    /// A locator of these steps.
    pub fn from_steps(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Reads as `$var` does. An array step gives undefined when the item is falsy (`0`, `""`,
    /// `false`, `null`): a quirk of the original that mappings in the field have come to rely on.
    pub fn read<'v>(&self, root: &'v Value) -> Option<Cow<'v, Value>> {
        read_steps(&self.steps, root)
    }

    /// Reads plainly, falsy items included.
    pub fn get<'v>(&self, root: &'v Value) -> Option<Cow<'v, Value>> {
        follow(&self.steps, root, |_| true)
    }

    /// Writes `value` and gives the changed root, creating objects and arrays on the way and
    /// replacing scalars that are in it. Writing undefined removes the member or the item. A
    /// property step changes an array only when its name is an index.
    pub fn set(
        &self,
        root: Option<Value>,
        value: Option<Value>,
    ) -> Result<Option<Value>, LocatorError> {
        set_steps(root, &self.steps, value)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&steps_to_locator(&self.steps))
    }
}

/// Whether the text is a locator: not empty, and it parses.
pub fn is_valid(locator: &str) -> bool {
    !locator.is_empty() && Locator::parse(locator).is_ok()
}

/// Steps as text, with the root written out.
pub fn steps_to_locator(steps: &[Step]) -> String {
    steps
        .iter()
        .fold("$".to_owned(), |locator, step| match step {
            Step::Property(name) => make_object_property_locator(&locator, name),
            Step::Item(index) => {
                let index = js::number(*index).map_or_else(|| "Infinity".into(), |n| n.to_string());
                format!("{locator}[{index}]")
            }
        })
}

/// The locator of a member of the object at `object_locator`; special characters are escaped.
pub fn make_object_property_locator(object_locator: &str, property_name: &str) -> String {
    let mut locator = format!("{object_locator}.");
    for character in property_name.chars() {
        if matches!(character, '.' | '[' | ']' | '\\') {
            locator.push('\\');
        }
        locator.push(character);
    }
    locator
}

/// Reads `data` at a locator in text form; undefined when it is not one.
pub fn get_value_at_locator<'v>(data: &'v Value, locator: &str) -> Option<Cow<'v, Value>> {
    Locator::parse(locator).ok()?.get(data)
}

/// Writes at a locator in text form; see [`Locator::set`].
pub fn set_value_at_locator(
    data: Option<Value>,
    locator: &str,
    value: Option<Value>,
) -> Result<Option<Value>, LocatorError> {
    Locator::parse(locator)?.set(data, value)
}

/// A copy of `value` that holds these fields only; undefined when it has none of them.
pub fn pick_fields_from_value(value: &Value, fields: &[&str]) -> Option<Value> {
    fields.iter().fold(None, |picked: Option<Value>, field| {
        let Ok(locator) = Locator::parse(field) else {
            return picked;
        };
        let Some(found) = locator.get(value) else {
            return picked;
        };
        let unchanged = picked.clone();
        locator
            .set(picked, Some(found.into_owned()))
            .unwrap_or(unchanged)
    })
}

/// A copy of `value` without these fields; the root (`$`) stays.
pub fn exclude_fields_from_value(
    value: Value,
    fields: &[&str],
) -> Result<Option<Value>, LocatorError> {
    if !(value.is_object() || value.is_array()) {
        return Ok(Some(value));
    }
    fields.iter().try_fold(Some(value), |value, field| {
        let locator = Locator::parse(field)?;
        if locator.steps.is_empty() {
            Ok(value)
        } else {
            locator.set(value, None)
        }
    })
}

/// Locators of all leaves: members and items that are neither `null` nor containers.
pub fn get_locators_from_data(data: &Value) -> Vec<String> {
    let mut locators = Vec::new();
    collect_leaves(data, "$".to_owned(), 0, &mut locators);
    locators
}

fn collect_leaves(data: &Value, locator: String, depth: usize, locators: &mut Vec<String>) {
    if depth > MAX_VALUE_DEPTH {
        return;
    }
    match data {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => locators.push(locator),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_leaves(item, format!("{locator}[{index}]"), depth + 1, locators);
            }
        }
        Value::Object(members) => {
            for (name, member) in js::entries(members) {
                let locator = make_object_property_locator(&locator, name);
                collect_leaves(member, locator, depth + 1, locators);
            }
        }
    }
}

/// Follows steps as `$var` does; see [`Locator::read`].
pub(crate) fn read_steps<'v>(steps: &[Step], root: &'v Value) -> Option<Cow<'v, Value>> {
    follow(steps, root, |item| js::truthy(Some(item)))
}

fn follow<'v>(
    steps: &[Step],
    root: &'v Value,
    sees_item: impl Fn(&Value) -> bool,
) -> Option<Cow<'v, Value>> {
    let mut current = root;
    for (position, step) in steps.iter().enumerate() {
        current = match (step, current) {
            (Step::Property(name), Value::Object(members)) => members.get(name)?,
            (Step::Property(name), Value::Array(items)) if name == "length" => {
                let is_last = position + 1 == steps.len();
                return is_last.then(|| Cow::Owned(Value::from(items.len())));
            }
            (Step::Property(name), Value::Array(items)) if js::is_array_index(name) => {
                items.get(name.parse::<usize>().ok()?)?
            }
            (Step::Item(index), Value::Array(items)) => items
                .get(whole_index(*index)?)
                .filter(|item| sees_item(item))?,
            _ => return None,
        };
    }
    Some(Cow::Borrowed(current))
}

fn set_steps(
    current: Option<Value>,
    steps: &[Step],
    value: Option<Value>,
) -> Result<Option<Value>, LocatorError> {
    let Some((step, rest)) = steps.split_first() else {
        return Ok(value);
    };
    match step {
        Step::Property(name) => match current {
            Some(Value::Array(items)) => match name.parse::<u32>() {
                Ok(index) if js::is_array_index(name) => {
                    set_item(items, f64::from(index), rest, value)
                }
                _ => Ok(Some(Value::Array(items))),
            },
            Some(Value::Object(members)) => set_member(members, name, rest, value),
            _ => set_member(Map::new(), name, rest, value),
        },
        Step::Item(index) => match current {
            Some(Value::Array(items)) => set_item(items, *index, rest, value),
            _ => set_item(Vec::new(), *index, rest, value),
        },
    }
}

fn set_member(
    mut members: Map<String, Value>,
    name: &str,
    rest: &[Step],
    value: Option<Value>,
) -> Result<Option<Value>, LocatorError> {
    if rest.is_empty() && value.is_none() {
        members.shift_remove(name);
        return Ok(Some(Value::Object(members)));
    }
    // Taken out by value, but its place among the keys is kept.
    let previous = members.get_mut(name).map(Value::take);
    if let Some(changed) = set_steps(previous, rest, value)? {
        members.insert(name.to_owned(), changed);
    }
    Ok(Some(Value::Object(members)))
}

fn set_item(
    mut items: Vec<Value>,
    index: f64,
    rest: &[Step],
    value: Option<Value>,
) -> Result<Option<Value>, LocatorError> {
    let Some(index) = whole_index(index) else {
        return Ok(Some(Value::Array(items)));
    };
    if rest.is_empty() && value.is_none() {
        if index < items.len() {
            items.remove(index);
        }
        return Ok(Some(Value::Array(items)));
    }
    if index > MAX_WRITTEN_INDEX.max(items.len()) {
        return Err(LocatorError::IndexTooLarge {
            index: index.to_string(),
        });
    }
    if index >= items.len() {
        items.resize(index + 1, Value::Null);
    }
    if let Some(slot) = items.get_mut(index) {
        *slot = set_steps(Some(slot.take()), rest, value)?.unwrap_or(Value::Null);
    }
    Ok(Some(Value::Array(items)))
}

/// The index as an array index, unless it has a fraction or no end.
fn whole_index(index: f64) -> Option<usize> {
    const HIGHEST: f64 = 4_294_967_295.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and within the range of an array index, checked right there"
    )]
    (index.fract() == 0.0 && (0.0..HIGHEST).contains(&index)).then_some(index as usize)
}

struct Parser<'l> {
    locator: &'l str,
    /// In bytes, always at a character's start.
    position: usize,
}

impl Parser<'_> {
    fn parse(mut self) -> Result<Vec<Step>, LocatorError> {
        let mut steps = Vec::new();
        while let Some(symbol) = self.rest().chars().next() {
            steps.push(match symbol {
                '.' => self.property(),
                '[' => self.item()?,
                _ => {
                    return Err(LocatorError::UnexpectedSymbol {
                        position: self.position_in_utf16(),
                        locator: self.locator.to_owned(),
                    });
                }
            });
        }
        Ok(steps)
    }

    fn rest(&self) -> &str {
        self.locator.get(self.position..).unwrap_or_default()
    }

    fn property(&mut self) -> Step {
        let mut name = String::new();
        let mut length = 1;
        let mut characters = self.rest().chars().skip(1);
        while let Some(character) = characters.next() {
            if matches!(character, '.' | '[') {
                break;
            }
            length += character.len_utf8();
            if character != '\\' {
                name.push(character);
                continue;
            }
            // A backslash at the very end stands for itself.
            let escaped = characters.next();
            name.push(escaped.unwrap_or('\\'));
            length += escaped.map_or(0, char::len_utf8);
        }
        self.position += length;
        Step::Property(name)
    }

    fn item(&mut self) -> Result<Step, LocatorError> {
        let Some((text, _)) = self
            .rest()
            .get(1..)
            .and_then(|inside| inside.split_once(']'))
        else {
            return Err(LocatorError::UnclosedBracket {
                position: self.position_in_utf16(),
                locator: self.locator.to_owned(),
            });
        };
        let index = js::string_to_number(text);
        if index.is_nan() || index < 0.0 {
            return Err(LocatorError::InvalidIndex {
                index: text.to_owned(),
            });
        }
        let length = text.len() + 2;
        self.position += length;
        Ok(Step::Item(index.abs()))
    }

    fn position_in_utf16(&self) -> usize {
        self.locator
            .get(..self.position)
            .map_or(0, |read| read.encode_utf16().count())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_escaped_and_read_back() {
        let locator = make_object_property_locator("$", r"a.b[c]\d");
        assert_eq!(locator, r"$.a\.b\[c\]\\d");
        let parsed = Locator::parse(&locator).unwrap();
        assert_eq!(parsed.steps(), [Step::Property(r"a.b[c]\d".to_owned())]);
        assert_eq!(parsed.to_string(), locator);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_position() {
        for (source, message) in [
            ("$a", "Unexpected symbol at position 1. Locator: $a"),
            (
                "ü[0",
                "Could not find a closing bracket for the bracket at position 3. Locator: $.ü[0",
            ),
            (
                "a[-1]",
                "Invalid index [-1]. Index should be a positive number",
            ),
        ] {
            assert_eq!(Locator::parse(source).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn the_quirk_of_reading_is_that_of_var_only() {
        let data = json!({"a": [0, 5]});
        let locator = Locator::parse("a[0]").unwrap();
        assert_eq!(locator.read(&data), None);
        assert_eq!(locator.get(&data).as_deref(), Some(&json!(0)));
    }

    #[test]
    fn a_huge_index_is_refused_instead_of_allocated() {
        let error = set_value_at_locator(None, "a[4000000000]", Some(json!(1))).unwrap_err();
        assert_eq!(
            error,
            LocatorError::IndexTooLarge {
                index: "4000000000".to_owned()
            }
        );
        assert_eq!(
            set_value_at_locator(None, "a[2]", Some(json!(1))),
            Ok(Some(json!({"a": [null, null, 1]})))
        );
    }
}
