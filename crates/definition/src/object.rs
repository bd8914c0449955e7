//! Reads a mapping by its [`Shape`]: reports what does not fit, and gives what does.

mod value;

use crate::Code;
use crate::fields::{Field, Kind, Shape, is_storage_uri};
use crate::report::{Place, Report};
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Node};

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

    /// The same for a shape of which only the usual keys are known: others are passed over.
    pub(crate) fn read_open(
        node: &'a Node,
        shape: &'static Shape,
        report: &mut Report,
    ) -> Option<Self> {
        let Some(entries) = node.entries() else {
            wrong_type(node, shape.name, report);
            return None;
        };
        for entry in entries {
            if shape.field(&entry.key).is_some() {
                check_entry(entry, node, shape, report);
            }
        }
        Some(Self { node, shape })
    }

    /// Takes `node` for a mapping of `shape` that was checked before.
    pub(crate) fn view(node: &'a Node, shape: &'static Shape) -> Option<Self> {
        node.entries()?;
        Some(Self { node, shape })
    }

    pub(crate) const fn node(&self) -> &'a Node {
        self.node
    }

    /// What messages call it, with an article.
    pub(crate) const fn shape_name(&self) -> &'static str {
        self.shape.name
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
    value::check(&entry.value, field, report);
    if matches!(field.kind, Kind::Later) {
        report.at(
            Code::PartNotYet,
            entry.key_place,
            format!("`{}` is not used by this build yet", entry.key),
        );
    } else if matches!(field.kind, Kind::NotYet) {
        value::not_yet(entry.key_place, &entry.key, report);
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
