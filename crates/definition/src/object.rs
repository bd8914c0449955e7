//! Reads a mapping by its [`Shape`]: reports what does not fit, and gives what does.

use authbridge_core::connector::{AuthType, FunctionName, ImplementationType};

use crate::Code;
use crate::fields::{
    Field, GRAPHQL_FIELD, HTTP_METHODS, Kind, Shape, is_graphql_field, is_host_pattern,
    is_http_uri, is_key, is_storage_uri,
};
use crate::report::{Place, Report};
use crate::suggest::{any_of, did_you_mean};
use crate::tree::{Entry, Node, Tree};

/// A mapping of a known shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    node: &'a Node,
    shape: &'static Shape,
}

impl<'a> Object<'a> {
    /// Takes `node` for a mapping of `shape`, and reports all that does not fit.
    pub(crate) fn read(node: &'a Node, shape: &'static Shape, report: &mut Report) -> Option<Self> {
        let Some(entries) = node.entries() else {
            wrong_type(node, shape.name, report);
            return None;
        };
        for entry in entries {
            check_entry(entry, node, shape, report);
        }
        let object = Self { node, shape };
        for name in shape.required {
            if object.get(name).is_none() {
                report.at(
                    Code::MissingKey,
                    object.start(),
                    format!("{} needs `{name}`", shape.name),
                );
            }
        }
        Some(object)
    }

    /// Takes `node` for a mapping of `shape` that was checked before.
    pub(crate) fn view(node: &'a Node, shape: &'static Shape) -> Option<Self> {
        node.entries()?;
        Some(Self { node, shape })
    }

    pub(crate) const fn node(&self) -> &'a Node {
        self.node
    }

    /// Its first key, which stands for it in a snippet.
    pub(crate) fn start(&self) -> Place {
        let first = self.node.entries().and_then(<[Entry]>::first);
        first.map_or(self.node.place, |entry| entry.key_place)
    }

    /// The member that `name` means, by its current or an older spelling; `null` is absence.
    pub(crate) fn entry(&self, name: &str) -> Option<&'a Entry> {
        let field = self.shape.field(name)?;
        find(self.node, field).filter(|entry| !entry.value.is_null())
    }

    /// The member that `name` means, even if it is `null`.
    pub(crate) fn listed(&self, name: &str) -> Option<&'a Entry> {
        find(self.node, self.shape.field(name)?)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Node::as_str).map(str::to_owned)
    }

    /// The base URI, unless it says where the original keeps code.
    pub(crate) fn base_uri(&self) -> Option<String> {
        self.text("baseUri").filter(|uri| !is_storage_uri(uri))
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.get(name).and_then(Node::items).unwrap_or_default();
        items
            .iter()
            .filter_map(Node::as_str)
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn value(&self, name: &str) -> Option<serde_json::Value> {
        self.get(name).map(Node::to_value)
    }

    /// The mapping under `name`, checked together with this one.
    pub(crate) fn object(&self, name: &str, shape: &'static Shape) -> Option<Self> {
        self.get(name).and_then(|node| Self::view(node, shape))
    }
}

fn find<'a>(node: &'a Node, field: &Field) -> Option<&'a Entry> {
    std::iter::once(field.name)
        .chain(field.older.iter().copied())
        .find_map(|name| node.entry(name))
}

/// Reports that `node` is not what was expected.
pub(crate) fn wrong_type<'a>(
    node: &Node,
    expected: &str,
    report: &'a mut Report,
) -> &'a mut crate::report::Finding {
    let finding = report.at(
        Code::WrongType,
        node.place,
        format!("expected {expected}, found {}", node.kind()),
    );
    finding.label(format!("this is {}", node.kind()));
    if node.formula().is_some() {
        finding.help("formulas are not evaluated here");
    }
    finding
}

fn check_entry(entry: &Entry, parent: &Node, shape: &'static Shape, report: &mut Report) {
    let Some(field) = shape.field(&entry.key) else {
        if !shape.server_state.contains(&entry.key.as_str()) {
            unknown_key(entry, shape, report);
        }
        return;
    };
    if field.name != entry.key && !older_spelling(entry, field, parent, report) {
        return;
    }
    if entry.value.is_null() || (shape.formulas && entry.value.formula().is_some()) {
        return;
    }
    check(&entry.value, field, report);
    if matches!(field.kind, Kind::Later) {
        report.at(
            Code::PartNotYet,
            entry.key_place,
            format!("`{}` is not used by this build yet", entry.key),
        );
    }
}

fn unknown_key(entry: &Entry, shape: &Shape, report: &mut Report) {
    if report.is_full(entry.key_place.file) {
        report.at(Code::UnknownKey, entry.key_place, "");
        return;
    }
    let names = shape
        .fields()
        .flat_map(|field| std::iter::once(field.name).chain(field.older.iter().copied()));
    let elsewhere = shape
        .elsewhere
        .iter()
        .find(|(key, _)| *key == entry.key)
        .map(|(_, help)| (*help).to_owned());
    report
        .at(
            Code::UnknownKey,
            entry.key_place,
            format!("unknown key `{}` in {}", entry.key, shape.name),
        )
        .label("this has no effect")
        .maybe_help(elsewhere.or_else(|| did_you_mean(&entry.key, names)));
}

/// Reports an older spelling, and says whether it counts.
fn older_spelling(entry: &Entry, field: &Field, parent: &Node, report: &mut Report) -> bool {
    let both = parent.entry(field.name).is_some();
    let (code, message) = if both {
        let message = format!("`{}` is ignored beside `{}`", entry.key, field.name);
        (Code::BothSpellings, message)
    } else {
        let message = format!("`{}` is now called `{}`", entry.key, field.name);
        (Code::OlderSpelling, message)
    };
    let help = if both {
        format!("remove `{}`", entry.key)
    } else {
        format!("write `{}`", field.name)
    };
    report.at(code, entry.key_place, message).help(help);
    !both
}

fn check(node: &Node, field: &Field, report: &mut Report) {
    match field.kind {
        Kind::Value | Kind::Later | Kind::Function => {}
        Kind::Text => check_text(node, report),
        Kind::Key => check_form(
            node,
            is_key,
            "a key has letters, digits, `-`, `_` and `.`, at most 100, and starts with a letter or digit",
            report,
        ),
        Kind::HttpUri => check_form(
            node,
            is_http_uri,
            "a base URI starts with `https://` or `http://`",
            report,
        ),
        Kind::PlainUri => check_form(
            node,
            |text| is_http_uri(text) && !text.contains(['?', '#']),
            "give a whole URL; query parameters stand under `query`",
            report,
        ),
        Kind::Path => check_form(
            node,
            |text| text.starts_with('/') && !text.contains(['?', '#']),
            "a path starts with `/` and has no query",
            report,
        ),
        Kind::RecordUri => check_form(
            node,
            |text| is_http_uri(text) || is_storage_uri(text),
            "a base URI starts with `https://` or `http://`",
            report,
        ),
        Kind::Flag => {
            if !matches!(node.tree, Tree::Bool(_)) {
                wrong_type(node, "`true` or `false`", report);
            }
        }
        Kind::TextList => check_items(node, "a list of texts", report, check_text),
        Kind::HostList => check_items(node, "a list of hosts", report, |item, report| {
            check_form(
                item,
                is_host_pattern,
                "a host is a name without scheme or path: `api.example.com`, `*.example.com:8443`",
                report,
            );
        }),
        Kind::Schema => {
            if node.entries().is_none() {
                wrong_type(node, "a data schema, which is a mapping", report);
            }
        }
        Kind::Members => {
            if node.entries().is_none() {
                wrong_type(node, "a mapping", report);
            }
        }
        Kind::Choice(words) => check_choice(node, words.iter().copied(), report),
        Kind::AuthTypeName => {
            check_choice(node, AuthType::ALL.iter().map(|name| name.as_str()), report);
        }
        Kind::ImplementationName => {
            let names = ImplementationType::ALL.iter().map(|name| name.as_str());
            check_choice(node, names, report);
        }
        Kind::FunctionName => {
            let names = FunctionName::ALL.iter().map(|name| name.as_str());
            check_choice(node, names, report);
        }
        Kind::Method => check_method(node, report),
        Kind::Status => check_status(node, report),
        Kind::Object(shape) => {
            Object::read(node, shape, report);
        }
        Kind::ListOf(shape) => {
            check_items(node, "a list", report, |item, report| {
                if !(shape.formulas && item.formula().is_some()) {
                    Object::read(item, shape, report);
                }
            });
        }
        Kind::MapOf(shape) => check_map(node, shape, report),
        Kind::Keyed(shape) => check_keyed(node, shape, report),
        Kind::GraphqlFields => check_items(node, "a list of fields", report, check_graphql_field),
    }
}

fn check_text(node: &Node, report: &mut Report) {
    if node.as_str().is_some() {
        return;
    }
    let finding = wrong_type(node, "text", report);
    if matches!(node.tree, Tree::Number(_) | Tree::Bool(_)) {
        finding.help("put it in quotes");
    }
}

fn check_form(node: &Node, fits: fn(&str) -> bool, help: &str, report: &mut Report) {
    let Some(text) = node.as_str() else {
        return check_text(node, report);
    };
    if !fits(text) {
        report
            .at(Code::InvalidValue, node.place, "this value cannot be used")
            .help(help);
    }
}

fn check_items(
    node: &Node,
    expected: &str,
    report: &mut Report,
    check: impl Fn(&Node, &mut Report),
) {
    let Some(items) = node.items() else {
        wrong_type(node, expected, report);
        return;
    };
    for item in items {
        check(item, report);
    }
}

fn check_map(node: &Node, shape: &'static Shape, report: &mut Report) {
    let Some(entries) = node.entries() else {
        wrong_type(
            node,
            &format!("a mapping from keys to {}", shape.name),
            report,
        );
        return;
    };
    for entry in entries {
        if !is_key(&entry.key) {
            report
                .at(
                    Code::InvalidValue,
                    entry.key_place,
                    format!("`{}` cannot be a key here", entry.key),
                )
                .help("a key has letters, digits, `-`, `_` and `.`");
        }
        Object::read(&entry.value, shape, report);
    }
}

fn check_keyed(node: &Node, shape: &'static Shape, report: &mut Report) {
    let Some(items) = node.items() else {
        return check_map(node, shape, report);
    };
    for item in items {
        if let Some(object) = Object::read(item, shape, report)
            && object.get("key").is_none()
        {
            report.at(
                Code::MissingKey,
                object.start(),
                format!("{} in a list needs `key`", shape.name),
            );
        }
    }
}

/// A field by itself may be its name alone.
fn check_graphql_field(node: &Node, report: &mut Report) {
    let name = match &node.tree {
        Tree::String(_) => Some(node),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Mapping(_) => {
            Object::read(node, &GRAPHQL_FIELD, report).and_then(|object| object.get("field"))
        }
    };
    if let Some(name) = name
        && name.as_str().is_some_and(|text| !is_graphql_field(text))
    {
        report
            .at(
                Code::InvalidValue,
                name.place,
                "this is not the name of a GraphQL field",
            )
            .help("a name has letters, digits and `_`; `alias: name` gives it another");
    }
}

fn check_status(node: &Node, report: &mut Report) {
    let Tree::Number(number) = &node.tree else {
        wrong_type(node, "an HTTP status", report);
        return;
    };
    if !number
        .as_u64()
        .is_some_and(|status| (200..600).contains(&status))
    {
        report
            .at(
                Code::InvalidValue,
                node.place,
                format!("{number} is not the status of an answer"),
            )
            .help("a status is a number from 200 to 599");
    }
}

fn check_choice<'w>(
    node: &Node,
    words: impl Iterator<Item = &'w str> + Clone,
    report: &mut Report,
) {
    let Some(text) = node.as_str() else {
        wrong_type(node, &format!("one of {}", any_of(words)), report);
        return;
    };
    if words.clone().all(|word| word != text) {
        let help = did_you_mean(text, words.clone());
        report
            .at(
                Code::UnknownValue,
                node.place,
                format!("`{text}` is not one of {}", any_of(words)),
            )
            .maybe_help(help);
    }
}

fn check_method(node: &Node, report: &mut Report) {
    match node.as_str() {
        Some(text)
            if HTTP_METHODS
                .iter()
                .any(|method| method.eq_ignore_ascii_case(text)) => {}
        _ => check_choice(node, HTTP_METHODS.into_iter(), report),
    }
}
