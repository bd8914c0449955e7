//! Files generated from code: JSON Schemas, the OpenAPI document, the command line reference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{self, command, root};
use crate::error::TaskError;

/// Writes the generated files into the repository.
pub(crate) fn write() -> Result<(), TaskError> {
    generate(&root())
}

/// Generates into a temporary directory and compares every file with the repository's.
pub(crate) fn check() -> Result<(), TaskError> {
    let scratch = tempfile::tempdir().map_err(TaskError::file("temporary directory"))?;
    generate(scratch.path())?;
    let mut expected = BTreeSet::new();
    collect(scratch.path(), scratch.path(), &mut expected)?;
    if expected.is_empty() {
        return Err(TaskError::Check(
            "`authbridge generate` wrote no files".to_owned(),
        ));
    }
    let mut stale = Vec::new();
    for file in &expected {
        let fresh = scratch.path().join(file);
        let fresh = fs::read(&fresh).map_err(TaskError::file(&fresh))?;
        // A file that cannot be read is as wrong as one that differs.
        if fs::read(root().join(file)).ok() != Some(fresh) {
            stale.push(file);
        }
    }
    if stale.is_empty() {
        println!("{} generated files are up to date", expected.len());
        return Ok(());
    }
    for file in stale {
        println!("{} is not what the code generates", file.display());
    }
    Err(TaskError::Check(
        "run `cargo xtask generate` and commit what it changes".to_owned(),
    ))
}

fn generate(directory: &Path) -> Result<(), TaskError> {
    let executable = command::build(&["--package", "authbridge"])?;
    let mut command = command(&executable.to_string_lossy(), &["generate"]);
    command::run(command.arg(directory))
}

/// All files under `directory`, relative to `base`.
fn collect(base: &Path, directory: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), TaskError> {
    for entry in fs::read_dir(directory).map_err(TaskError::file(directory))? {
        let path = entry.map_err(TaskError::file(directory))?.path();
        if path.is_dir() {
            collect(base, &path, files)?;
        } else if let Ok(relative) = path.strip_prefix(base) {
            files.insert(relative.to_owned());
        }
    }
    Ok(())
}
