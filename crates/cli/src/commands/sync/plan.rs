//! A plan, as people read it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::local::Name;
use crate::output::printable;

/// How many characters of a value are shown.
const MAX_VALUE: usize = 60;
/// How many differences of an element are shown.
const MAX_FIELDS: usize = 20;

/// How the four kinds of change are called.
pub(super) struct Words {
    pub(super) created: &'static str,
    pub(super) changed: &'static str,
    pub(super) removed: &'static str,
}

/// Of a push.
pub(super) const PUSH: Words = Words {
    created: "created",
    changed: "changed",
    removed: "removed",
};

/// Of a comparison.
pub(super) const DIFF: Words = Words {
    created: "only here",
    changed: "differs",
    removed: "only there",
};

/// The changes of a plan, counted and in lines.
pub(super) struct Shown {
    pub(super) lines: String,
    pub(super) created: usize,
    pub(super) changed: usize,
    pub(super) removed: usize,
    pub(super) unchanged: usize,
}

impl Shown {
    /// Reads the plan that the API answered; `paths` are the files of elements.
    pub(super) fn of(plan: &Value, paths: &BTreeMap<&Name, &str>, words: &Words) -> Self {
        let mut shown = Self {
            lines: String::new(),
            created: 0,
            changed: 0,
            removed: 0,
            unchanged: 0,
        };
        let changes = plan.get("changes").and_then(Value::as_array);
        for change in changes.into_iter().flatten() {
            shown.add(change, paths, words);
        }
        shown
    }

    /// Whether anything differs.
    pub(super) const fn is_empty(&self) -> bool {
        self.created + self.changed + self.removed == 0
    }

    /// `2 created, 1 changed, 30 unchanged`.
    pub(super) fn counts(&self, words: &Words) -> String {
        let counts = [
            (self.created, words.created),
            (self.changed, words.changed),
            (self.removed, words.removed),
            (self.unchanged, "unchanged"),
        ];
        let some: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if some.is_empty() {
            return "nothing".to_owned();
        }
        some.join(", ")
    }

    fn add(&mut self, change: &Value, paths: &BTreeMap<&Name, &str>, words: &Words) {
        let (word, colour) = match change.get("change").and_then(Value::as_str) {
            Some("created") => {
                self.created += 1;
                (words.created, 32)
            }
            Some("changed") => {
                self.changed += 1;
                (words.changed, 33)
            }
            Some("removed") => {
                self.removed += 1;
                (words.removed, 31)
            }
            Some(_) | None => {
                self.unchanged += 1;
                return;
            }
        };
        let name = Name::of(change);
        let path = paths.get(&name).map(|path| format!("  {path}"));
        self.lines.push_str(&format!(
            "\u{1b}[{colour}m{word:<10}\u{1b}[0m {:<16} {}{}\n",
            printable(name.word()),
            printable(&name.shown()),
            path.unwrap_or_default()
        ));
        let fields = change.get("fields").and_then(Value::as_array);
        let fields: Vec<&Value> = fields.into_iter().flatten().collect();
        for field in fields.iter().take(MAX_FIELDS) {
            self.lines.push_str(&field_line(field));
        }
        if fields.len() > MAX_FIELDS {
            let more = fields.len() - MAX_FIELDS;
            self.lines
                .push_str(&format!("             … and {more} more\n"));
        }
    }
}

fn field_line(field: &Value) -> String {
    let path = field
        .get("path")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let path = printable(path);
    let line = match (field.get("from"), field.get("to")) {
        (Some(from), Some(to)) => format!("{path}: {} → {}", short(from), short(to)),
        (None, Some(to)) => format!("{path}: + {}", short(to)),
        (Some(from), None) => format!("{path}: - {}", short(from)),
        (None, None) => path,
    };
    format!("             {line}\n")
}

fn short(value: &Value) -> String {
    let text = printable(&value.to_string().replace('\n', " "));
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let start: String = text.chars().take(MAX_VALUE).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_is_told_in_lines() {
        let plan = json!({"revision": 3, "changes": [
            {"type": "actions", "key": "a", "integrationKey": "crm", "change": "changed", "fields": [
                {"path": "/name", "from": "A", "to": "B"}, {"path": "/config/x", "to": 1},
            ]},
            {"type": "connectors", "key": "c", "version": "1.0.0", "change": "created"},
            {"type": "flows", "key": "f", "change": "unchanged"},
        ]});
        let name = Name::of(&plan["changes"][0]);
        let shown = Shown::of(&plan, &[(&name, "actions/a.yaml")].into(), &PUSH);
        let lines = anstream::adapter::strip_str(&shown.lines).to_string();
        assert_eq!(
            lines,
            "changed    action           a of crm  actions/a.yaml\n             /name: \"A\" → \"B\"\n             \
             /config/x: + 1\ncreated    connector        c 1.0.0\n"
        );
        assert_eq!(shown.counts(&PUSH), "1 created, 1 changed, 1 unchanged");
    }
}
