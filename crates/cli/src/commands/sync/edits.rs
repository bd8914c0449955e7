//! What has to be written into a directory so that it says what a workspace says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use authbridge_definition::{
    Bundle, ConnectorFile, ElementType, MemberEdit, edited_document, new_document, spelling,
};
use serde_json::{Map, Value};

use super::local::{Local, Name, Pushed};
use crate::commands::own;
use crate::error::CliError;

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Created,
    Changed,
    Removed,
}

/// A file to write, or to remove.
pub(super) struct Step {
    pub(super) kind: Kind,
    /// Relative to the directory.
    pub(super) path: String,
    /// Empty when it is removed.
    pub(super) text: String,
}

/// Everything there is to do.
#[derive(Default)]
pub(super) struct Steps {
    pub(super) files: Vec<Step>,
    /// How many elements say the same already.
    pub(super) unchanged: usize,
    /// What is not written, and why.
    pub(super) skipped: Vec<(String, String)>,
    /// Files of what the workspace does not have.
    pub(super) only_here: Vec<String>,
}

/// Plans files for a snapshot.
pub(super) struct Planner<'a> {
    local: &'a Local,
    known: BTreeMap<&'a Name, &'a Pushed>,
    /// Where new elements go, with a `/` unless it is the directory itself.
    prefix: String,
    /// Whether files that cannot be read are replaced.
    force: bool,
    steps: Steps,
}

impl<'a> Planner<'a> {
    pub(super) fn new(local: &'a Local, force: bool) -> Self {
        let is_around = local.root.join("membrane").is_dir()
            && local
                .elements
                .iter()
                .all(|it| it.path.starts_with("membrane/"));
        Self {
            local,
            known: local.elements.iter().map(|it| (&it.name, it)).collect(),
            prefix: if is_around {
                "membrane/".to_owned()
            } else {
                String::new()
            },
            force,
            steps: Steps::default(),
        }
    }

    /// What to do for the elements that the API answered.
    pub(super) fn plan(mut self, elements: &[Value], prune: bool) -> Result<Steps, CliError> {
        let names: BTreeSet<Name> = elements.iter().map(Name::of).collect();
        for element in elements {
            let name = Name::of(element);
            let is_safe = [
                Some(&name.key),
                name.integration.as_ref(),
                name.version.as_ref(),
            ]
            .into_iter()
            .flatten()
            .all(|text| is_file_name(text));
            if !is_safe {
                self.skip(name.shown(), "its key cannot be one in files");
            } else if name.kind == ElementType::Connector.path() {
                self.connector(&name, element, &names);
            } else {
                self.document(&name, element)?;
            }
        }
        for element in &self.local.elements {
            if !names.contains(&element.name) {
                self.only_here(element, prune);
            }
        }
        Ok(self.steps)
    }

    fn skip(&mut self, what: String, why: &str) {
        self.steps.skipped.push((what, why.to_owned()));
    }

    fn only_here(&mut self, element: &Pushed, prune: bool) {
        if !prune {
            self.steps.only_here.push(element.path.clone());
            return;
        }
        let connector = self.connector_file(&element.name);
        let paths: Vec<String> = match connector {
            Some(file) => file.files().into_values().map(|file| file.path).collect(),
            None => vec![element.path.clone()],
        };
        for path in paths {
            self.step(Kind::Removed, path, String::new());
        }
    }

    fn step(&mut self, kind: Kind, path: String, text: String) {
        self.steps.files.push(Step { kind, path, text });
    }

    fn connector_file(&self, name: &Name) -> Option<&'a ConnectorFile> {
        if name.kind != ElementType::Connector.path() {
            return None;
        }
        let mut files = self.local.directory.connectors.iter();
        files.find(|file| file.key == name.key && file.version == name.version)
    }

    /// An element that is one document.
    fn document(&mut self, name: &Name, element: &Value) -> Result<(), CliError> {
        let Some(kind) = ElementType::from_directory(&name.kind) else {
            self.skip(name.shown(), "this build does not know its type");
            return Ok(());
        };
        let empty = Map::new();
        let content = element.get("content").and_then(Value::as_object);
        let wanted = comparable(name, content.unwrap_or(&empty));
        let Some(known) = self.known.get(name) else {
            self.new_file(kind, name, content.unwrap_or(&empty));
            return Ok(());
        };
        let content = known.value.get("content").and_then(Value::as_object);
        let ours = comparable(name, content.unwrap_or(&empty));
        if ours == wanted {
            self.steps.unchanged += 1;
            return Ok(());
        }
        let path = known.path.clone();
        let text = fs::read_to_string(self.local.root.join(&path))?;
        let edits = edits(kind, &path, &text, &ours, &wanted);
        let edited = edited_document(&path, &text, &edits);
        self.step(Kind::Changed, path, edited);
        Ok(())
    }

    fn new_file(&mut self, kind: ElementType, name: &Name, content: &Map<String, Value>) {
        let path = self.place(kind, name);
        if !self.force && self.local.root.join(&path).exists() {
            self.skip(
                path,
                "the file is there, and something else; `--force` replaces it",
            );
            return;
        }
        let mut members = Map::new();
        if kind == ElementType::Interface {
            members.insert("type".to_owned(), "http-endpoint".into());
        }
        members.insert("key".to_owned(), name.key.as_str().into());
        members.extend(
            content
                .iter()
                .filter(|(name, _)| *name != "hasParameters")
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let schema = if kind == ElementType::AuthProxy {
            ElementType::Integration.word()
        } else {
            kind.word()
        };
        let schema = own::schema_path(path.matches('/').count(), schema);
        self.step(Kind::Created, path, new_document(&members, Some(&schema)));
    }

    /// Where a new element goes.
    fn place(&self, kind: ElementType, name: &Name) -> String {
        let (prefix, path, key) = (&self.prefix, kind.path(), &name.key);
        let Some(integration) = &name.integration else {
            return format!("{prefix}{path}/{key}/{key}.yaml");
        };
        let home = self.home(integration);
        format!("{home}{path}/{key}/{key}.yaml")
    }

    /// The directory of an integration, with its `/`.
    fn home(&self, integration: &str) -> String {
        let mut files = self.local.directory.integrations.iter();
        let file = files.find(|it| it.key == integration && !it.is_auth_proxy);
        let own = file.and_then(|file| {
            let (directory, _) = file.path.rsplit_once('/')?;
            let (parent, _) = directory.rsplit_once('/').unwrap_or(("", directory));
            let is_home = parent == "integrations" || parent.ends_with("/integrations");
            is_home.then(|| format!("{directory}/"))
        });
        own.unwrap_or_else(|| format!("{}integrations/{integration}/", self.prefix))
    }

    /// One version of a connector: its files.
    fn connector(&mut self, name: &Name, element: &Value, all: &BTreeSet<Name>) {
        let files = element.get("files").cloned().unwrap_or_default();
        let Ok(bundle) = Bundle::from_json(&files) else {
            self.skip(name.shown(), "its files cannot be files here");
            return;
        };
        let wanted = bundle.as_pushed(&name.key);
        match self.connector_file(name) {
            Some(file) => self.changed_connector(name, file, wanted),
            None => self.new_connector(name, wanted, all),
        }
    }

    fn changed_connector(
        &mut self,
        name: &Name,
        file: &ConnectorFile,
        wanted: BTreeMap<String, String>,
    ) {
        let ours = file.files();
        let before = self.steps.files.len();
        for (inner, file) in &ours {
            // Versions share the record that stands beside them.
            let is_shared = name.version.is_some() && is_record(&name.key, inner);
            if !wanted.contains_key(inner) && !is_shared {
                self.step(Kind::Removed, file.path.clone(), String::new());
            }
        }
        for (inner, text) in wanted {
            match ours.get(&inner) {
                Some(known) if known.text == text => {}
                Some(known) => self.step(Kind::Changed, known.path.clone(), text),
                None if is_record(&name.key, &inner) => {
                    let path = format!("{}{inner}", file.directory());
                    self.step(Kind::Created, path, text);
                }
                None => self.step(Kind::Created, format!("{}{inner}", file.home()), text),
            }
        }
        if self.steps.files.len() == before {
            self.steps.unchanged += 1;
        }
    }

    fn new_connector(
        &mut self,
        name: &Name,
        wanted: BTreeMap<String, String>,
        all: &BTreeSet<Name>,
    ) {
        let connectors = &self.local.directory.connectors;
        let sibling = connectors.iter().find(|file| file.key == name.key);
        if sibling.is_some_and(|file| file.home() == file.directory()) {
            let why = "another version stands where its directory would have to be";
            self.skip(name.shown(), why);
            return;
        }
        let directory = sibling.map_or_else(
            || format!("{}connectors/{}/", self.prefix, name.key),
            |file| file.directory().to_owned(),
        );
        let has_versions = all
            .iter()
            .any(|it| it.kind == name.kind && it.key == name.key && it.version.is_some());
        let base = if has_versions || sibling.is_some() {
            format!("{}/src/", name.version.as_deref().unwrap_or("development"))
        } else {
            String::new()
        };
        let mut steps = Vec::new();
        for (inner, text) in wanted {
            let base = if is_record(&name.key, &inner) {
                ""
            } else {
                base.as_str()
            };
            let path = format!("{directory}{base}{inner}");
            let is_planned = self.steps.files.iter().any(|step| step.path == path);
            if is_planned {
                continue;
            }
            if !self.force && self.local.root.join(&path).exists() {
                let why = "the file is there, and something else; `--force` replaces it";
                self.skip(path, why);
                return;
            }
            steps.push((path, text));
        }
        for (path, text) in steps {
            self.step(Kind::Created, path, text);
        }
    }
}

/// The content of an element without what the server alone knows, or fills in.
fn comparable(name: &Name, content: &Map<String, Value>) -> Map<String, Value> {
    let is_left_out = |member: &str, value: &Value| match member {
        "name" => value.as_str() == Some(&name.key),
        "allowExternalCallback" => *value == Value::Bool(false),
        "parameters" | "hasParameters" => {
            name.kind == ElementType::Integration.path()
                || name.kind == ElementType::AuthProxy.path()
        }
        _ => false,
    };
    content
        .iter()
        .filter(|(member, value)| !is_left_out(member, value))
        .map(|(member, value)| (member.clone(), value.clone()))
        .collect()
}

/// From what the file says to what is wanted, in the spelling of the file.
fn edits(
    kind: ElementType,
    path: &str,
    text: &str,
    ours: &Map<String, Value>,
    wanted: &Map<String, Value>,
) -> Vec<MemberEdit> {
    let spelled = |member: &str| spelling(kind, path, text, member);
    let gone = ours.keys().filter(|member| !wanted.contains_key(*member));
    let mut edits: Vec<MemberEdit> = gone.map(|member| (spelled(member), None)).collect();
    for (member, value) in wanted {
        if ours.get(member) != Some(value) {
            edits.push((spelled(member), Some(value.clone())));
        }
    }
    if edits.iter().any(|(member, _)| member == "connectorKey") {
        // The key says it now.
        edits.extend(["connectorId", "connectorUuid"].map(|older| (older.to_owned(), None)));
    }
    edits
}

fn is_record(key: &str, inner: &str) -> bool {
    inner
        .rsplit_once('.')
        .is_some_and(|(stem, _)| stem == key && stem != "spec")
}

/// Whether a key can be the name of a file, and of an element in one.
fn is_file_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.+".contains(letter))
}
