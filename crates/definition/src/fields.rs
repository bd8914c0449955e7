//! The one table of what may stand in a file. The readers, the search for unknown keys and the
//! published JSON Schemas all come from it, so that they cannot drift apart.

mod api_client;
mod connector;
mod element;
mod function;
mod integration;
mod oauth1_config;
mod oauth_config;
mod operation;
mod project;
mod refresh;
mod test_case;

pub(crate) use api_client::{API_CLIENT, API_CLIENT_ARGS};
pub(crate) use connector::{AUTH, FLAT, OPTION, RECORD, SPEC, UI};
pub(crate) use element::{
    ACTION, ACTION_TYPES, APP_DATA_SCHEMA, APP_EVENT_TYPE, DATA_LINK_TABLE, DATA_SOURCE,
    FIELD_MAPPING, FLOW, INLINE_ACTION, INTERFACE, PACKAGE, SCENARIO, SCREEN,
};
pub(crate) use function::{
    FUNCTION, GRAPHQL, GRAPHQL_FIELD, GRAPHQL_FUNCTION, OPERATION_CALL, OPERATION_FUNCTION,
    REQUEST, REST,
};
pub(crate) use integration::INTEGRATION;
pub(crate) use oauth_config::{Choices, OAUTH2_CONFIG};
pub(crate) use oauth1_config::OAUTH1_CONFIG;
pub(crate) use operation::{METHODS, OPERATION};
pub(crate) use project::{NAMED_WORKSPACE, PROJECT};
pub(crate) use test_case::{
    CANNED, CASE, EXCHANGE, EXPECTED, EXPECTED_ERROR, EXPECTED_REQUEST, PROVIDER, ROUTE, SENT,
};

/// A mapping that files contain: its name and its keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Names the mapping in messages, with an article: "an auth block".
    pub(crate) name: &'static str,
    /// One sentence for the published schema.
    pub(crate) doc: &'static str,
    /// The keys, in groups that several shapes share.
    pub(crate) groups: &'static [&'static [Field]],
    /// The keys without which the mapping means nothing.
    pub(crate) required: &'static [&'static str],
    /// Whether a value may be a formula instead of what its field says.
    pub(crate) formulas: bool,
    /// Keys that servers write into pulled files; they are passed over.
    pub(crate) server_state: &'static [&'static str],
    /// Help for keys that people expect here although they belong elsewhere.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// What the published schema says about it.
    pub(crate) doc: &'static str,
    pub(crate) kind: Kind,
    /// Spellings that still work, with a warning.
    pub(crate) older: &'static [&'static str],
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A key of an element: see [`is_key`].
    Key,
    /// An absolute `http` or `https` URL.
    HttpUri,
    /// An absolute `http` or `https` URL, or a path that starts with `/`; no query and fragment.
    UriOrPath,
    /// An endpoint of an authorization server: a URL that says nothing of users and passwords.
    Endpoint,
    /// A path that starts with `/`, without query and fragment.
    Path,
    /// The same as [`Kind::HttpUri`], or what pulled files have there: where the original keeps the connector's code.
    RecordUri,
    /// `true` or `false`.
    Flag,
    /// Any text; a number counts as its digits.
    TextOrNumber,
    /// One text, or a list of them.
    TextOrTexts,
    /// A list of texts.
    TextList,
    /// Host patterns: `api.example.com`, `*.example.com`, each with an optional port.
    HostList,
    /// A data schema.
    Schema,
    /// Any value, with formulas.
    Value,
    /// A mapping of any members, with formulas.
    Members,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of the words that core knows for something.
    OneOf(fn() -> Choices),
    /// What a failure means.
    FailureClassName,
    /// A duration: a number of seconds, or a text such as `10m`.
    Duration,
    /// The name of an auth type.
    AuthTypeName,
    /// The name of a kind of implementation.
    ImplementationName,
    /// The name of a function of auth.
    FunctionName,
    /// An HTTP method, in either case.
    Method,
    /// An HTTP status.
    Status,
    /// A mapping of this shape.
    Object(&'static Shape),
    /// A list of mappings of this shape.
    ListOf(&'static Shape),
    /// A mapping from any key to mappings of this shape.
    MapOf(&'static Shape),
    /// A list of mappings of this shape that have keys, or a mapping from their keys to them.
    Keyed(&'static Shape),
    /// A list of keys and of mappings of this shape, or a mapping from their keys to such mappings.
    KeysOr(&'static Shape),
    /// A list of fields that a GraphQL request asks for: mappings, or names alone.
    GraphqlFields,
    /// A function; its body depends on its kind and is checked where it is read.
    Function,
    /// Known, kept, and not used by this build.
    Later,
    /// Understood, and refused by this build when it runs.
    NotYet,
}

/// The HTTP methods that a request may have.
pub(crate) const HTTP_METHODS: [&str; 7] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

impl Shape {
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.groups.iter().copied().flatten()
    }

    /// The field that `key` names, by its current or an older spelling.
    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields()
            .find(|field| field.name == key)
            .or_else(|| self.fields().find(|field| field.older.contains(&key)))
    }
}

/// What editors look for in a JSON file.
const SCHEMA_OF_FILE: Field = field(
    "$schema",
    Kind::Text,
    "The schema of this file, for editors.",
);

/// Shorthands with which the tables are written.
const fn field(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        name,
        doc,
        kind,
        older: &[],
    }
}

impl Field {
    const fn formerly(mut self, older: &'static [&'static str]) -> Self {
        self.older = older;
        self
    }
}

/// Whether `text` can be the key of an element: 1 to 100 letters, digits, `-`, `_` and `.`,
/// starting with a letter or digit.
pub(crate) fn is_key(text: &str) -> bool {
    text.len() <= 100
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
}

/// Whether `text` is an absolute `http` or `https` URL as far as a definition can tell.
pub(crate) fn is_http_uri(text: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| {
            text.get(..scheme.len())
                .filter(|start| start.eq_ignore_ascii_case(scheme))
        })
        .and_then(|scheme| text.get(scheme.len()..));
    rest.is_some_and(|rest| {
        !rest.starts_with(['/', '?', '#', ':'])
            && !rest.is_empty()
            && !rest.contains(char::is_whitespace)
    })
}

/// Whether `text` is a GraphQL name, with an alias before it or without: `name`, `alias: name`.
pub(crate) fn is_graphql_field(text: &str) -> bool {
    match text.split_once(':') {
        Some((alias, name)) => is_graphql_name(alias.trim()) && is_graphql_name(name.trim()),
        None => is_graphql_name(text.trim()),
    }
}

/// GraphQL specification, section 2.1.9.
fn is_graphql_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Whether `text` is a path from the root, without query and fragment.
pub(crate) fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.contains(['?', '#'])
}

/// Whether `text` is where the original keeps the code of a connector.
pub(crate) fn is_storage_uri(text: &str) -> bool {
    text.starts_with("s3://")
}

/// Whether `text` is a host name or address, with an optional `*.` before and port after.
pub(crate) fn is_host_pattern(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (host, None),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = host.split('.').all(|label| {
        !label.is_empty()
            && label
                .chars()
                .all(|character| character.is_alphanumeric() || "-_".contains(character))
    });
    port_fits && (bracketed || plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_uris_and_hosts_are_told_from_others() {
        for text in ["name", "_a1", "alias: name", "a:b"] {
            assert!(is_graphql_field(text), "{text}");
        }
        for text in [
            "",
            "1a",
            "a b",
            "a:",
            ":b",
            "a: b: c",
            "{ me }",
            "... on User",
        ] {
            assert!(!is_graphql_field(text), "{text}");
        }
        assert!(is_key("acme-2.crm_x") && is_key("7"));
        assert!(!is_key("") && !is_key("-a") && !is_key("a b") && !is_key(&"a".repeat(101)));
        assert!(is_http_uri("https://api.example.com/v1") && is_http_uri("HTTP://[::1]:80"));
        for text in [
            "api.example.com",
            "ftp://x",
            "https://",
            "https:///x",
            "http://a b",
            "é",
        ] {
            assert!(!is_http_uri(text), "{text}");
        }
        for text in [
            "api.example.com",
            "*.example.com:8443",
            "[::1]:80",
            "localhost",
            "127.0.0.1",
        ] {
            assert!(is_host_pattern(text), "{text}");
        }
        for text in ["https://a.b", "a/b", "", "*", "a.*.b", "a:0", "a:x"] {
            assert!(!is_host_pattern(text), "{text}");
        }
    }

    #[test]
    fn no_shape_has_a_key_twice() {
        for shape in [
            &RECORD,
            &SPEC,
            &FLAT,
            &AUTH,
            &OPTION,
            &UI,
            &FUNCTION,
            &GRAPHQL_FUNCTION,
            &OPERATION_FUNCTION,
            &REST,
            &REQUEST,
            &GRAPHQL,
            &GRAPHQL_FIELD,
            &OPERATION_CALL,
            &API_CLIENT,
            &OAUTH1_CONFIG,
            &OAUTH2_CONFIG,
            &INTEGRATION,
            &ACTION,
            &INTERFACE,
            &INLINE_ACTION,
            &FLOW,
            &DATA_SOURCE,
            &FIELD_MAPPING,
            &APP_EVENT_TYPE,
            &APP_DATA_SCHEMA,
            &SCREEN,
            &OPERATION,
            &METHODS,
            &CASE,
            &SENT,
            &EXCHANGE,
            &EXPECTED_REQUEST,
            &CANNED,
            &EXPECTED,
            &EXPECTED_ERROR,
            &PROVIDER,
            &ROUTE,
        ] {
            let mut names: Vec<&str> = shape
                .fields()
                .flat_map(|field| std::iter::once(field.name).chain(field.older.iter().copied()))
                .collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", shape.name);
        }
    }
}
