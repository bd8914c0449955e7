//! What is remembered of workspaces beside their elements: `.authbridge/state.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::commands::own;
use crate::error::CliError;

/// What is remembered.
pub(super) struct State {
    root: PathBuf,
    workspaces: Map<String, Value>,
}

impl State {
    /// What is remembered in `directory`; a file that cannot be read is as good as none.
    pub(super) fn read(directory: &Path) -> Self {
        let text = fs::read(file(directory)).unwrap_or_default();
        let mut value: Value = serde_json::from_slice(&text).unwrap_or_default();
        let workspaces = match value.get_mut("workspaces").map(Value::take) {
            Some(Value::Object(workspaces)) => workspaces,
            _ => Map::new(),
        };
        Self {
            root: directory.to_owned(),
            workspaces,
        }
    }

    /// The revision that the workspace had when it and the directory last were the same.
    pub(super) fn revision(&self, workspace: &str) -> Option<u64> {
        self.workspaces.get(workspace)?.get("revision")?.as_u64()
    }

    /// Remembers `revision`.
    pub(super) fn write(mut self, workspace: &str, revision: u64) -> Result<(), CliError> {
        if self.revision(workspace) == Some(revision) {
            return Ok(());
        }
        self.workspaces
            .insert(workspace.to_owned(), json!({"revision": revision}));
        own::make(&self.root)?;
        let text = serde_json::to_string_pretty(&json!({"workspaces": self.workspaces}));
        let text = text.map_err(std::io::Error::other)?;
        fs::write(file(&self.root), text + "\n")?;
        Ok(())
    }
}

fn file(root: &Path) -> PathBuf {
    root.join(own::DIRECTORY).join("state.json")
}
