//! Texts: `$concat`, and what takes names, addresses and dates apart.

use std::borrow::Cow;

use serde_json::Value;

use crate::eval::{Evaluated, Evaluator, Halt, Scope, string};
use crate::js;
use crate::names::{PersonName, parse_person_name};
use crate::node::Node;

impl Evaluator<'_> {
    /// The values as text, joined; `null` and empty texts are left out. Undefined if there are no
    /// values at all.
    pub(super) fn concat<'v>(
        &self,
        values: &'v Node,
        delimiter: Option<&'v Node>,
        scope: &'v Scope<'v>,
    ) -> Evaluated<'v> {
        // A list of constants and variables is joined without building it first.
        let values: Vec<Cow<'v, Value>> = match values {
            Node::Array(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.extend(self.evaluate(item, scope, None)?);
                }
                values
            }
            Node::Constant(_) | Node::Object(_) | Node::Formula(_) => {
                match self.evaluate(values, scope, None)? {
                    Some(Cow::Borrowed(Value::Array(items))) => {
                        items.iter().map(Cow::Borrowed).collect()
                    }
                    Some(Cow::Owned(Value::Array(items))) => {
                        items.into_iter().map(Cow::Owned).collect()
                    }
                    _ => return Ok(None),
                }
            }
        };
        if values.is_empty() {
            return Ok(None);
        }
        let delimiter = match delimiter {
            Some(delimiter) => self.evaluate(delimiter, scope, None)?,
            None => Some(Cow::Owned(Value::String(String::new()))),
        };
        let delimiter = js::to_string_or_undefined(delimiter.as_deref());
        Ok(Some(string(self.join(&values, &delimiter)?)))
    }

    fn join(&self, values: &[Cow<'_, Value>], delimiter: &str) -> Result<String, Halt> {
        let mut joined = String::new();
        let mut is_first = true;
        for value in values.iter().filter(|value| !value.is_null()) {
            let text = js::to_string(value);
            if text.is_empty() {
                continue;
            }
            self.budget
                .charge(delimiter.len().saturating_add(text.len()))?;
            if !is_first {
                joined.push_str(delimiter);
            }
            joined.push_str(&text);
            is_first = false;
        }
        Ok(joined)
    }
}

pub(super) fn first_name<'v>(name: Option<&Value>) -> Option<Cow<'v, Value>> {
    person_name(name)?.first.map(string)
}

pub(super) fn last_name<'v>(name: Option<&Value>) -> Option<Cow<'v, Value>> {
    person_name(name)?.last.map(string)
}

fn person_name(name: Option<&Value>) -> Option<PersonName> {
    let name = name.filter(|name| !name.is_null())?;
    Some(parse_person_name(&js::to_string(name)))
}

/// What follows the only `@`.
pub(super) fn domain_from_email<'v>(email: Option<&Value>) -> Option<Cow<'v, Value>> {
    let (_, domain) = email?.as_str()?.split_once('@')?;
    (!domain.contains('@')).then(|| string(domain))
}

/// `YYYY-MM-DD`: the first ten characters of the ISO form, as in the original.
pub(super) fn extract_date<'v>(date: Option<&Value>) -> Option<Cow<'v, Value>> {
    iso_part(date, 0..10)
}

/// `HH:MM:SS`: the characters of the ISO form where a four-digit year puts them.
pub(super) fn extract_time<'v>(date: Option<&Value>) -> Option<Cow<'v, Value>> {
    iso_part(date, 11..19)
}

fn iso_part<'v>(date: Option<&Value>, range: std::ops::Range<usize>) -> Option<Cow<'v, Value>> {
    let millis = crate::date::parse(&js::to_string(date?))?;
    crate::date::to_iso_string(millis)?.get(range).map(string)
}
