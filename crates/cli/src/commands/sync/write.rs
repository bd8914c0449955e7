//! Puts planned files into a directory.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::bar::Progress;
use super::edits::{Kind, Step};
use crate::commands::own;
use crate::error::CliError;
use crate::output::Output;

/// Writes and removes files below `root`.
pub(super) fn write(root: &Path, steps: &[Step], output: Output) -> Result<(), CliError> {
    let progress = Progress::of(output, "writing", steps.len());
    let mut emptied = BTreeSet::new();
    for step in steps {
        let path = root.join(&step.path);
        match step.kind {
            Kind::Created | Kind::Changed => {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(&path, &step.text)?;
            }
            Kind::Removed => {
                fs::remove_file(&path)?;
                emptied.extend(path.parent().map(Path::to_owned));
            }
        }
        progress.step();
    }
    for directory in emptied.iter().rev() {
        remove_empty(root, directory);
    }
    if steps.iter().any(|step| step.kind == Kind::Created) {
        own::write_schemas(root)?;
    }
    Ok(())
}

/// Removes a directory, and those above it, as far as nothing is left in them.
fn remove_empty(root: &Path, directory: &Path) {
    let mut directory = Some(directory);
    while let Some(empty) = directory.filter(|it| *it != root && it.starts_with(root)) {
        if fs::remove_dir(empty).is_err() {
            // Something is left in it.
            return;
        }
        directory = empty.parent();
    }
}
