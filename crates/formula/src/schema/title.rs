//! Names of fields for people.

use serde_json::Value;

use crate::js;
use crate::limits::MAX_DEPTH;
use crate::locator::{Locator, Step};
use crate::schema::locate::find_schema;
use crate::schema::{map_children, with_keyword};

/// A key as a title: `first_name` and `firstName` give `First Name`. Words are runs of ASCII
/// letters and digits; a capital after a small letter begins a new one.
pub fn header_case(key: &str) -> String {
    let mut title = String::new();
    let mut previous = ' ';
    for character in key.chars() {
        if character.is_ascii_alphanumeric() {
            let begins = !previous.is_ascii_alphanumeric()
                || (previous.is_ascii_lowercase() && character.is_ascii_uppercase());
            if begins && !title.is_empty() {
                title.push(' ');
            }
            title.push(if begins {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            });
        }
        previous = character;
    }
    title
}

/// The name of the field at a locator: its title, or one made of its key or its index. Undefined
/// for a field without one, and `Some(None)`, the original's `null`, for one that the schema does
/// not describe.
pub fn get_name_for_locator(schema: Option<&Value>, locator: &Locator) -> Option<Option<String>> {
    let Some(found) = find_schema(schema, locator.steps()) else {
        return Some(None);
    };
    name_of(found, locator.steps().last()).map(Some)
}

fn name_of(schema: &Value, step: Option<&Step>) -> Option<String> {
    let name = match schema.get("title").filter(|title| !title.is_null()) {
        Some(title) => js::to_string(title).into_owned(),
        None => match step? {
            Step::Property(name) => header_case(name),
            Step::Item(index) => format!("Item #{}", js::number(index + 1.0)?),
        },
    };
    (!name.is_empty()).then_some(name)
}

/// The names of all fields from the root to a locator; undefined if the schema does not describe
/// one of them. The root has a name only if it has a title.
pub fn get_name_components_for_locator(
    schema: Option<&Value>,
    locator: &Locator,
) -> Option<Vec<String>> {
    let steps = locator.steps();
    let mut names = Vec::new();
    for length in 0..=steps.len() {
        let path = steps.get(..length)?;
        names.extend(name_of(find_schema(schema, path)?, path.last()));
    }
    Some(names)
}

/// [`get_name_components_for_locator`] in one text, such as `User > First Name`.
pub fn get_full_name_for_locator(schema: Option<&Value>, locator: &Locator) -> Option<String> {
    Some(get_name_components_for_locator(schema, locator)?.join(" > "))
}

/// The schema with a title made of its key for every property without one. What is inside a
/// property that has a title is left as it is.
pub fn populate_schema_titles(schema: &Value) -> Value {
    populate(schema, 0)
}

fn populate(schema: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return schema.clone();
    }
    map_children(schema, |key, child| {
        if child.is_null() {
            return Some(Value::Null);
        }
        let Some(key) = key else {
            return Some(populate(child, depth + 1));
        };
        let title = child.get("title").filter(|title| !title.is_null());
        if title.is_some_and(|title| title.as_str() != Some("")) {
            return Some(child.clone());
        }
        // An empty title is no title, but it keeps one from being made.
        let made = if title.is_some() {
            None
        } else {
            title_of_key(key)
        };
        Some(with_keyword(
            &populate(child, depth + 1),
            "title",
            made.map(Value::String),
        ))
    })
}

/// Keys that are no locator by themselves get no title, as in the original.
fn title_of_key(key: &str) -> Option<String> {
    let locator = Locator::parse(key).ok()?;
    let [Step::Property(name)] = locator.steps() else {
        return None;
    };
    Some(header_case(name)).filter(|title| name == key && !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_titles() {
        for (key, title) in [
            ("first_name", "First Name"),
            ("userIDs", "User Ids"),
            ("HTTPServer", "Httpserver"),
            ("v2Api", "V2api"),
            ("naïve", "Na Ve"),
            ("__x", "X"),
            ("日本", ""),
        ] {
            assert_eq!(header_case(key), title);
        }
    }
}
