//! What is remembered of workspaces beside their elements: `.authbridge/state.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::CliError;

/// Our own directory; nothing in it is an element, and it is no part of a repository.
pub(super) const DIRECTORY: &str = ".authbridge";

/// What is remembered.
pub(super) struct State {
    path: PathBuf,
    workspaces: Map<String, Value>,
}

impl State {
    /// What is remembered in `directory`; a file that cannot be read is as good as none.
    pub(super) fn read(directory: &Path) -> Self {
        let path = directory.join(DIRECTORY).join("state.json");
        let text = fs::read(&path).unwrap_or_default();
        let mut value: Value = serde_json::from_slice(&text).unwrap_or_default();
        let workspaces = match value.get_mut("workspaces").map(Value::take) {
            Some(Value::Object(workspaces)) => workspaces,
            _ => Map::new(),
        };
        Self { path, workspaces }
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
        make(self.path.parent())?;
        let text = serde_json::to_string_pretty(&json!({"workspaces": self.workspaces}));
        let text = text.map_err(std::io::Error::other)?;
        fs::write(&self.path, text + "\n")?;
        Ok(())
    }
}

/// Makes our directory, and keeps it out of repositories.
pub(super) fn make(directory: Option<&Path>) -> Result<(), CliError> {
    let Some(directory) = directory else {
        return Ok(());
    };
    fs::create_dir_all(directory)?;
    let ignore = directory.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    Ok(())
}
