//! The keys of a mapping as a table, and then those of the mappings that it contains.

use std::fmt::Write as _;

use authbridge_core::auth::retry::FailureClass;

use crate::fields::{Field, GRAPHQL_FIELD, Kind, Shape};

/// Writes a section about `shape` and about all that it contains, unless it was described before.
pub(super) fn describe(
    shape: &'static Shape,
    described: &mut Vec<&'static str>,
    page: &mut String,
) {
    if described.contains(&shape.name) {
        return;
    }
    described.push(shape.name);
    let title = capitalised(without_article(shape.name));
    // Writing to a string cannot fail.
    let _ignored = write!(
        page,
        "\n## {title}\n\n{}\n\n| key | value | meaning |\n|---|---|---|\n",
        shape.doc
    );
    for field in shape.fields() {
        let required = if shape.required.contains(&field.name) {
            " **Required.**"
        } else {
            ""
        };
        let _ignored = writeln!(
            page,
            "| `{}` | {} | {}{required}{} |",
            field.name,
            value(&field.kind),
            field.doc.replace('|', "\\|"),
            older(field)
        );
    }
    for field in shape.fields() {
        for inner in inner_shapes(&field.kind) {
            describe(inner, described, page);
        }
    }
}

fn older(field: &Field) -> String {
    if field.older.is_empty() {
        return String::new();
    }
    let older: Vec<String> = field.older.iter().map(|name| format!("`{name}`")).collect();
    format!(" Older: {}.", older.join(", "))
}

/// The mappings that a value of this kind has in it.
fn inner_shapes(kind: &Kind) -> Vec<&'static Shape> {
    match kind {
        Kind::Object(shape)
        | Kind::ListOf(shape)
        | Kind::MapOf(shape)
        | Kind::Keyed(shape)
        | Kind::KeysOr(shape) => {
            vec![*shape]
        }
        Kind::GraphqlFields => vec![&GRAPHQL_FIELD],
        // The same everywhere: the page about functions describes them.
        Kind::Function
        | Kind::Text
        | Kind::TextOrNumber
        | Kind::TextOrTexts
        | Kind::Endpoint
        | Kind::Duration
        | Kind::OneOf(_)
        | Kind::FailureClassName
        | Kind::NotYet
        | Kind::Key
        | Kind::HttpUri
        | Kind::UriOrPath
        | Kind::Path
        | Kind::RecordUri
        | Kind::Flag
        | Kind::TextList
        | Kind::HostList
        | Kind::Schema
        | Kind::Value
        | Kind::Members
        | Kind::Choice(_)
        | Kind::AuthTypeName
        | Kind::ImplementationName
        | Kind::FunctionName
        | Kind::Method
        | Kind::Status
        | Kind::Later => Vec::new(),
    }
}

fn value(kind: &Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::TextOrNumber => "text or number".to_owned(),
        Kind::TextOrTexts => "text, or list of texts".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::OneOf(choices) => one_of(choices().done),
        Kind::FailureClassName => one_of(FailureClass::ALL.map(FailureClass::as_str)),
        Kind::NotYet => "not supported".to_owned(),
        Kind::Key => "key".to_owned(),
        Kind::HttpUri | Kind::RecordUri | Kind::Endpoint => "URL".to_owned(),
        Kind::UriOrPath => "URL or path".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::TextList => "list of texts".to_owned(),
        Kind::HostList => "list of hosts".to_owned(),
        Kind::Schema => "data schema".to_owned(),
        Kind::Value => "any value".to_owned(),
        Kind::Members => "mapping".to_owned(),
        Kind::Choice(words) => one_of(words.iter().copied()),
        Kind::AuthTypeName => "auth type".to_owned(),
        Kind::ImplementationName => "kind of function".to_owned(),
        Kind::FunctionName => "function of auth".to_owned(),
        Kind::Method => "HTTP method".to_owned(),
        Kind::Status => "number".to_owned(),
        Kind::Object(shape) => without_article(shape.name).to_owned(),
        Kind::ListOf(shape) => format!("list of: {}", without_article(shape.name)),
        Kind::MapOf(shape) => format!("mapping from key to: {}", without_article(shape.name)),
        Kind::Keyed(shape) => {
            let name = without_article(shape.name);
            format!("list of, or mapping from key to: {name}")
        }
        Kind::KeysOr(shape) => {
            let name = without_article(shape.name);
            format!("list of: key or {name}; or mapping from key to: {name}")
        }
        Kind::GraphqlFields => "list of: GraphQL field, or its name".to_owned(),
        Kind::Function => "function".to_owned(),
        Kind::Later => "kept, not used".to_owned(),
    }
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn without_article(name: &str) -> &str {
    ["a ", "an ", "the "]
        .iter()
        .find_map(|article| name.strip_prefix(article))
        .unwrap_or(name)
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
