//! Plausible answers to GraphQL requests, made from the fields that they ask for.

use serde_json::{Map, Value, json};

/// Selections nested deeper than this are answered with nothing below.
const MAX_DEPTH: usize = 32;

/// Fields that are lists in most schemas.
const LISTS: [&str; 3] = ["nodes", "edges", "items"];

/// An answer to the GraphQL request `data`; `None` when it is not one.
pub(super) fn plausible(data: &Value) -> Option<Value> {
    let query = data.get("query")?.as_str()?;
    let start = query.find('{')?;
    let mut rest = query.get(start + 1..)?.chars().peekable();
    Some(json!({ "data": selection(&mut rest, 0) }))
}

type Text<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// The fields up to the closing brace. Arguments and directives are passed over; fragments give
/// nothing.
fn selection(text: &mut Text<'_>, depth: usize) -> Value {
    let mut members = Map::new();
    let mut last: Option<String> = None;
    while let Some(character) = text.next() {
        match character {
            '}' => break,
            '{' if depth == MAX_DEPTH => skip(text, '{', '}'),
            '{' => {
                let inner = selection(text, depth + 1);
                if let Some(name) = last.take() {
                    let inner = if LISTS.contains(&name.as_str()) {
                        Value::Array(vec![inner])
                    } else {
                        inner
                    };
                    members.insert(name, inner);
                }
            }
            '(' => skip(text, '(', ')'),
            '#' => while text.next_if(|it| *it != '\n').is_some() {},
            // After an alias comes the field's own name, which is not in the answer.
            ':' | '@' | '.' => skip_name(text),
            start if is_name(start) => {
                let mut name = String::from(start);
                while let Some(more) = text.next_if(|it| is_name(*it)) {
                    name.push(more);
                }
                members.insert(name.clone(), leaf(&name));
                last = Some(name);
            }
            _ => {}
        }
    }
    Value::Object(members)
}

fn leaf(name: &str) -> Value {
    match name {
        "id" => "1".into(),
        "email" => "ada@example.com".into(),
        _ => format!("simulated {name}").into(),
    }
}

fn skip_name(text: &mut Text<'_>) {
    while text
        .next_if(|it| it.is_whitespace() || *it == '.')
        .is_some()
    {}
    while text.next_if(|it| is_name(*it)).is_some() {}
}

/// Passes over everything up to the `close` that belongs to an `open` before.
fn skip(text: &mut Text<'_>, open: char, close: char) {
    let mut depth = 1_usize;
    for character in text {
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
        }
        if depth == 0 {
            return;
        }
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(query: &str) -> Value {
        plausible(&json!({ "query": query })).unwrap()
    }

    #[test]
    fn every_field_that_is_asked_for_is_there() {
        let query = "query Me($n: Int) { viewer(first: $n) { id me: name team { email } } }";
        assert_eq!(
            answer(query),
            json!({ "data": { "viewer": {
                "id": "1", "me": "simulated me", "team": { "email": "ada@example.com" },
            } } })
        );
    }

    #[test]
    fn what_is_no_graphql_request_gets_no_such_answer() {
        assert_eq!(plausible(&json!({ "query": "contacts" })), None);
        assert_eq!(plausible(&json!([1])), None);
    }

    #[test]
    fn nothing_that_is_broken_goes_wrong() {
        for query in [
            "{",
            "{a",
            "{a(",
            "{a{b",
            "{}}",
            "{ ...on X { a } @skip(if: x) }",
        ] {
            assert!(answer(query).is_object(), "{query}");
        }
        let deep = "{a".repeat(5000);
        assert!(answer(&deep).is_object());
    }
}
