//! Our own directory in a workspace's: `.authbridge/`. Nothing in it is an element, and it is no
//! part of a repository.

use std::fs;
use std::path::Path;

use authbridge_definition::json_schemas;

use crate::error::CliError;

/// Its name.
pub(super) const DIRECTORY: &str = ".authbridge";

/// Makes it, and keeps it out of repositories.
pub(super) fn make(root: &Path) -> Result<(), CliError> {
    let directory = root.join(DIRECTORY);
    fs::create_dir_all(&directory)?;
    let ignore = directory.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    Ok(())
}

/// Writes the schemas that new files name in their first line, in the version of this build.
pub(super) fn write_schemas(root: &Path) -> Result<(), CliError> {
    make(root)?;
    let directory = root.join(DIRECTORY).join("schemas");
    fs::create_dir_all(&directory)?;
    for (name, schema) in json_schemas() {
        let text = serde_json::to_string_pretty(&schema).map_err(std::io::Error::other)?;
        fs::write(directory.join(name), text + "\n")?;
    }
    Ok(())
}

/// What a file names for editors, `depth` directories below the one that has our own: the schema
/// called `name`.
pub(super) fn schema_path(depth: usize, name: &str) -> String {
    format!(
        "{}{DIRECTORY}/schemas/{name}.schema.json",
        "../".repeat(depth)
    )
}
