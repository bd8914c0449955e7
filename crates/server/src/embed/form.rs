//! A form's fields in HTML.

use std::collections::HashMap;

use authbridge_core::auth::FieldError;
use serde_json::Value;

use super::html::{described, escaped};
use super::input::{PREFIX, shown};
use super::schema::{Choice, Field, Kind};
use super::texts::Texts;

/// What a form is drawn with.
pub(super) struct Drawing<'a> {
    texts: &'static Texts,
    /// What is wrong, by the path of the field.
    errors: HashMap<&'a str, &'a str>,
    /// How many fields there are so far: their ids are numbers, for paths may hold anything.
    count: usize,
    /// Entries of the summary: the field's id, its title, what is wrong.
    summary: Vec<(String, String, String)>,
}

/// The parts of one field that others refer to.
struct Parts {
    id: String,
    name: String,
    /// Attributes that say where help and error are, and that it is wrong.
    attributes: String,
    help: String,
    error: String,
    label: String,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(texts: &'static Texts, errors: &'a [FieldError]) -> Self {
        let mut by_path = HashMap::new();
        for error in errors {
            by_path
                .entry(error.field.as_str())
                .or_insert(error.message.as_str());
        }
        Self {
            texts,
            errors: by_path,
            count: 0,
            summary: Vec::new(),
        }
    }

    /// The fields, with what is kept of their values.
    pub(super) fn fields(&mut self, fields: &[Field], kept: Option<&Value>) -> String {
        let drawn = fields.iter().map(|field| {
            let kept = kept.and_then(|kept| kept.get(&field.name));
            self.field(field, kept)
        });
        drawn.collect()
    }

    /// The problems of all fields, each with a link to its field; those that belong to none
    /// come last.
    pub(super) fn summary(&self) -> String {
        let mut items = String::new();
        for (id, title, message) in &self.summary {
            let (title, message) = (escaped(title), escaped(message));
            items.push_str(&format!(
                r##"<li><a href="#{id}">{title} {message}</a></li>"##
            ));
        }
        for (path, message) in &self.errors {
            items.push_str(&format!("<li>{} {}</li>", escaped(path), escaped(message)));
        }
        items
    }

    fn field(&mut self, field: &Field, kept: Option<&Value>) -> String {
        let parts = self.parts(field);
        match &field.kind {
            Kind::Group(fields) => self.group(&parts, fields, kept),
            Kind::Many(choices) => many(&parts, field, choices, kept),
            Kind::Flag => flag(&parts, field, kept),
            Kind::Text(_)
            | Kind::Prose
            | Kind::Number
            | Kind::One { .. }
            | Kind::Lines { .. }
            | Kind::Json => {
                let Parts {
                    id,
                    label,
                    help,
                    error,
                    ..
                } = &parts;
                let control = self.control(&parts, field, kept);
                format!(
                    r#"<div class="field"><label for="{id}">{label}</label>{help}{error}{control}</div>"#
                )
            }
        }
    }

    fn parts(&mut self, field: &Field) -> Parts {
        self.count += 1;
        let id = format!("f{}", self.count);
        let mut refers = Vec::new();
        let mut text = field
            .description
            .as_deref()
            .map_or(String::new(), described);
        if let Some(hint) = self.hint(field) {
            text.push_str(&format!("<p>{hint}</p>"));
        }
        let help = if text.is_empty() {
            String::new()
        } else {
            refers.push(format!("{id}-help"));
            format!(r#"<div class="help" id="{id}-help">{text}</div>"#)
        };
        let mut attributes = String::new();
        let error = match self.errors.remove(field.path.as_str()) {
            None => String::new(),
            Some(message) => {
                refers.push(format!("{id}-error"));
                attributes.push_str(r#" aria-invalid="true""#);
                let entry = (id.clone(), field.title.clone(), message.to_owned());
                self.summary.push(entry);
                let (title, message) = (escaped(&field.title), escaped(message));
                format!(r#"<p class="error" id="{id}-error">{title} {message}</p>"#)
            }
        };
        if !refers.is_empty() {
            attributes.push_str(&format!(r#" aria-describedby="{}""#, refers.join(" ")));
        }
        let optional = if field.is_required || matches!(field.kind, Kind::Flag) {
            String::new()
        } else {
            format!(
                r#" <span class="optional">({})</span>"#,
                self.texts.optional
            )
        };
        Parts {
            name: escaped(&format!("{PREFIX}{}", field.path)),
            label: format!("{}{optional}", escaped(&field.title)),
            id,
            attributes,
            help,
            error,
        }
    }

    fn hint(&self, field: &Field) -> Option<&'static str> {
        match field.kind {
            Kind::Lines { .. } => Some(self.texts.one_a_line),
            Kind::Json => Some(self.texts.json),
            Kind::Text("datetime-local") => Some(self.texts.utc),
            Kind::Text(_)
            | Kind::Prose
            | Kind::Number
            | Kind::Flag
            | Kind::One { .. }
            | Kind::Many(_)
            | Kind::Group(_) => None,
        }
    }

    fn group(&mut self, parts: &Parts, fields: &[Field], kept: Option<&Value>) -> String {
        let Parts {
            id,
            attributes,
            label,
            help,
            error,
            ..
        } = parts;
        let inner = self.fields(fields, kept);
        format!(
            r#"<fieldset class="group" id="{id}" tabindex="-1"{}><legend>{label}</legend>{help}{error}{inner}</fieldset>"#,
            described_only(attributes)
        )
    }

    /// What is typed into, or chosen from.
    fn control(&self, parts: &Parts, field: &Field, kept: Option<&Value>) -> String {
        let Parts {
            id,
            name,
            attributes,
            ..
        } = parts;
        let shown = shown(field, kept).unwrap_or_default();
        let value = escaped(&shown);
        let required = if field.is_required { " required" } else { "" };
        let example = field.example.as_deref().map_or(String::new(), |example| {
            format!(r#" placeholder="{}""#, escaped(example))
        });
        let common = format!(r#"id="{id}" name="{name}"{attributes}{required}"#);
        let input = |kind: &str, more: &str| {
            format!(r#"<input type="{kind}" {common}{example} value="{value}"{more}>"#)
        };
        match &field.kind {
            Kind::Text("password") => input("password", SECRET),
            Kind::Text(kind) => input(kind, LITERAL),
            // What is no number has to arrive, or nobody could say so.
            Kind::Number => input("text", r#" inputmode="decimal" autocomplete="off""#),
            Kind::One {
                choices,
                allows_custom: true,
            } => {
                let list = format!(r#"{LITERAL} list="{id}-list""#);
                let options = options(choices, None);
                let input = input("text", &list);
                format!(r#"{input}<datalist id="{id}-list">{options}</datalist>"#)
            }
            Kind::One { choices, .. } => format!(
                r#"<select {common}><option value="">{}</option>{}</select>"#,
                self.texts.select,
                options(choices, Some(&shown))
            ),
            Kind::Prose | Kind::Lines { .. } | Kind::Json => {
                // The first line break is the element's, not the text's.
                format!("<textarea {common}{example}{LITERAL} rows=\"4\">\n{value}</textarea>")
            }
            Kind::Flag | Kind::Many(_) | Kind::Group(_) => String::new(),
        }
    }
}

/// Keys and names are not sentences.
const LITERAL: &str = r#" autocomplete="off" autocapitalize="none" spellcheck="false" dir="auto""#;

/// Secrets of an external app are no passwords of ours.
const SECRET: &str = r#" autocomplete="off" spellcheck="false""#;

fn options(choices: &[Choice], chosen: Option<&str>) -> String {
    let options = choices.iter().map(|choice| {
        let value = choice.submitted();
        let selected = if chosen == Some(value.as_str()) {
            " selected"
        } else {
            ""
        };
        format!(
            r#"<option value="{}"{selected}>{}</option>"#,
            escaped(&value),
            escaped(&choice.label)
        )
    });
    options.collect()
}

fn flag(parts: &Parts, field: &Field, kept: Option<&Value>) -> String {
    let Parts {
        id,
        name,
        attributes,
        help,
        error,
        label,
    } = parts;
    let value = kept.or(field.default.as_ref());
    let checked = if value == Some(&Value::Bool(true)) {
        " checked"
    } else {
        ""
    };
    format!(
        r#"<div class="field"><div class="check"><input type="checkbox" id="{id}" name="{name}" value="true"{attributes}{checked}><label for="{id}">{label}</label></div>{help}{error}</div>"#
    )
}

fn many(parts: &Parts, field: &Field, choices: &[Choice], kept: Option<&Value>) -> String {
    let Parts {
        id,
        name,
        attributes,
        help,
        error,
        label,
    } = parts;
    let kept = kept.or(field.default.as_ref()).and_then(Value::as_array);
    let mut boxes = String::new();
    for (index, choice) in choices.iter().enumerate() {
        let is_kept = kept.is_some_and(|kept| kept.contains(&choice.value));
        let checked = if is_kept { " checked" } else { "" };
        let (value, text) = (escaped(&choice.submitted()), escaped(&choice.label));
        boxes.push_str(&format!(
            r#"<div class="check"><input type="checkbox" id="{id}-{index}" name="{name}" value="{value}"{checked}><label for="{id}-{index}">{text}</label></div>"#
        ));
    }
    format!(
        r#"<fieldset id="{id}" tabindex="-1"{}><legend>{label}</legend>{help}{error}{boxes}</fieldset>"#,
        described_only(attributes)
    )
}

/// A group cannot be invalid, only its fields can.
fn described_only(attributes: &str) -> String {
    attributes.replace(r#" aria-invalid="true""#, "")
}
