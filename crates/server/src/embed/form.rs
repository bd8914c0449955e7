//! A form's fields in HTML.

use std::collections::HashMap;

use authbridge_core::auth::{FieldError, FieldProblem};
use serde_json::Value;

use super::html::{described, escaped};
use super::input::{PREFIX, fitting, shown};
use super::schema::{Choice, Field, Kind, row};
use super::texts::{Texts, named};

/// What a form is drawn with.
pub(super) struct Drawing<'a> {
    texts: &'static Texts,
    /// What is wrong, by the path of the field.
    errors: HashMap<&'a str, &'a FieldError>,
    /// How many fields there are so far: their ids are numbers, for paths may hold anything.
    count: usize,
    /// Entries of the summary: the field's id, and what is wrong.
    summary: Vec<(String, String)>,
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
            by_path.entry(error.field.as_str()).or_insert(error);
        }
        Self {
            texts,
            errors: by_path,
            count: 0,
            summary: Vec::new(),
        }
    }

    /// The fields, with what is kept of their values. Those of one section stand together.
    pub(super) fn fields(&mut self, fields: &[Field], kept: Option<&Value>) -> String {
        let mut html = String::new();
        let mut drawn: Vec<&str> = Vec::new();
        for field in fields {
            let Some(section) = field.section.as_deref() else {
                html.push_str(&self.member(field, kept));
                continue;
            };
            if drawn.contains(&section) {
                continue;
            }
            drawn.push(section);
            let together = fields
                .iter()
                .filter(|field| field.section.as_deref() == Some(section));
            let inner: String = together.map(|field| self.member(field, kept)).collect();
            html.push_str(&format!(
                r#"<fieldset class="section"><legend>{}</legend>{inner}</fieldset>"#,
                escaped(section)
            ));
        }
        html
    }

    fn member(&mut self, field: &Field, kept: Option<&Value>) -> String {
        self.field(field, kept.and_then(|kept| kept.get(&field.name)))
    }

    /// The problems of all fields, each with a link to its field; those that belong to none
    /// come last.
    pub(super) fn summary(&self) -> String {
        let mut items = String::new();
        for (id, text) in &self.summary {
            let text = escaped(text);
            items.push_str(&format!(r##"<li><a href="#{id}">{text}</a></li>"##));
        }
        for (path, error) in &self.errors {
            let text = problem(self.texts, path, error);
            items.push_str(&format!("<li>{}</li>", escaped(&text)));
        }
        items
    }

    fn field(&mut self, field: &Field, kept: Option<&Value>) -> String {
        let parts = self.parts(field);
        match &field.kind {
            Kind::Group(fields) => self.group(&parts, fields, kept),
            Kind::Many(choices) => many(&parts, field, choices, kept),
            Kind::Flag => flag(&parts, field, kept),
            Kind::Rows(items) => self.rows(&parts, field, items, kept),
            Kind::Shapes(shapes) => self.shapes(&parts, field, shapes, kept),
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
            Some(error) => {
                refers.push(format!("{id}-error"));
                attributes.push_str(r#" aria-invalid="true""#);
                let text = problem(self.texts, &field.title, error);
                let html = format!(r#"<p class="error" id="{id}-error">{}</p>"#, escaped(&text));
                self.summary.push((id.clone(), text));
                html
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
        if field.is_record {
            return Some(self.texts.any_value);
        }
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
            | Kind::Group(_)
            | Kind::Rows(_) => None,
            Kind::Shapes(_) => Some(self.texts.kind),
        }
    }

    /// A list of objects. Rows come and go by the script; without it, by the server.
    fn rows(
        &mut self,
        parts: &Parts,
        field: &Field,
        items: &Value,
        kept: Option<&Value>,
    ) -> String {
        let Parts {
            id,
            attributes,
            label,
            help,
            error,
            ..
        } = parts;
        let kept = kept.or(field.default.as_ref()).and_then(Value::as_array);
        let blank = [Value::Null];
        let kept = match kept {
            Some(kept) => kept.as_slice(),
            None if field.is_required => &blank,
            None => &[],
        };
        let mut rows = String::new();
        for (index, kept) in kept.iter().enumerate() {
            rows.push_str(&self.row(field, items, &index.to_string(), Some(kept)));
        }
        // Lists in lists have templates in templates.
        let next = format!("{NEXT}{}", field.path.matches(NEXT).count());
        let template = self.row(field, items, &next, None);
        let path = escaped(&field.path);
        format!(
            r#"<fieldset class="group" id="{id}" tabindex="-1"{}><legend>{label}</legend>{help}{error}<div class="rows">{rows}</div><template>{template}</template><button class="second small" name="add" value="{path}" formtarget="_self" data-row="{next}">{} <span class="hidden">{}</span></button></fieldset>"#,
            described_only(attributes),
            self.texts.add,
            escaped(&field.title),
        )
    }

    fn row(&mut self, field: &Field, items: &Value, number: &str, kept: Option<&Value>) -> String {
        let fields = row(items, &field.path, number);
        let inner = self.fields(&fields, kept);
        let shown = number
            .parse()
            .map_or(1, |index: usize| index.saturating_add(1));
        let title = format!("{} <span data-number>{shown}</span>", escaped(&field.title));
        let remove = named(self.texts.remove, &title);
        let path = escaped(&field.path);
        format!(
            r#"<fieldset class="row"><legend>{title}</legend>{inner}<button class="second small" name="remove" value="{path}.{number}" formtarget="_self" data-row="">{remove}</button></fieldset>"#
        )
    }

    /// Shapes to choose from. The style sheet hides those that are not chosen.
    fn shapes(
        &mut self,
        parts: &Parts,
        field: &Field,
        shapes: &[Field],
        kept: Option<&Value>,
    ) -> String {
        let Parts {
            id,
            name,
            attributes,
            label,
            help,
            error,
        } = parts;
        let kept = kept.or(field.default.as_ref());
        let chosen = kept.and_then(|kept| fitting(shapes, kept));
        let chosen = chosen.or(shapes.first().filter(|_| field.is_required));
        let mut html = String::new();
        for shape in shapes {
            let is_chosen = chosen.is_some_and(|chosen| chosen.name == shape.name);
            let kept = kept.filter(|_| is_chosen);
            let inner = if let Kind::Group(fields) = &shape.kind {
                self.fields(fields, kept)
            } else {
                self.field(shape, kept)
            };
            let checked = if is_chosen { " checked" } else { "" };
            let (value, title) = (escaped(&shape.name), escaped(&shape.title));
            html.push_str(&format!(
                r#"<div class="shape"><div class="check"><input type="radio" id="{id}-{value}" name="{name}" value="{value}"{checked}><label for="{id}-{value}">{title}</label></div><div class="inner">{inner}</div></div>"#
            ));
        }
        format!(
            r#"<fieldset class="group" id="{id}" tabindex="-1"{}><legend>{label}</legend>{help}{error}{html}</fieldset>"#,
            described_only(attributes)
        )
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
            Kind::Flag | Kind::Many(_) | Kind::Group(_) | Kind::Rows(_) | Kind::Shapes(_) => {
                String::new()
            }
        }
    }
}

/// Stands for the number of a row that is yet to come.
const NEXT: &str = "NEXT";

/// What is wrong with the field called `title`.
fn problem(texts: &Texts, title: &str, error: &FieldError) -> String {
    let (text, limit) = match &error.problem {
        FieldProblem::Required => (texts.field_required, String::new()),
        FieldProblem::Type(name) => match name.as_str() {
            "integer" => (texts.field_integer, String::new()),
            "number" => (texts.field_number, String::new()),
            _ => (texts.field_type, name.clone()),
        },
        FieldProblem::Choice => (texts.field_choice, String::new()),
        FieldProblem::TooShort(limit) => (texts.field_short, limit.to_string()),
        FieldProblem::TooLong(limit) => (texts.field_long, limit.to_string()),
        FieldProblem::TooSmall(limit) => (texts.field_small, limit.clone()),
        FieldProblem::TooLarge(limit) => (texts.field_large, limit.clone()),
        FieldProblem::TooFew(limit) => (texts.field_few, limit.to_string()),
        FieldProblem::TooMany(limit) => (texts.field_many, limit.to_string()),
        FieldProblem::Pattern(pattern) => (texts.field_pattern, pattern.clone()),
        FieldProblem::Format(format) => (texts.field_format, format.clone()),
        FieldProblem::Other => (texts.field_other, error.message.clone()),
    };
    text.replace("{title}", title).replace("{limit}", &limit)
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
