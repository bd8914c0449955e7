//! The limit on the length of source files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::root;
use crate::error::TaskError;

/// Most lines of production code a file may have.
const LIMIT: usize = 600;

/// Fails when a source file has more production code than the limit; names every such file.
pub(crate) fn check() -> Result<(), TaskError> {
    let mut files = Vec::new();
    for directory in ["crates", "xtask"] {
        collect(&root().join(directory), &mut files)?;
    }
    let mut longest = 0;
    let mut too_long = 0;
    for file in &files {
        let text = fs::read_to_string(file).map_err(TaskError::file(file))?;
        let lines = production_lines(&text);
        longest = longest.max(lines);
        if lines > LIMIT {
            too_long += 1;
            let file = file.strip_prefix(root()).unwrap_or(file);
            println!(
                "{}: {lines} lines of production code, {LIMIT} are allowed",
                file.display()
            );
        }
    }
    println!(
        "{} source files, the longest has {longest} lines of production code",
        files.len()
    );
    if too_long > 0 {
        return Err(TaskError::Check(format!("{too_long} files are too long")));
    }
    Ok(())
}

/// Source files under `directory`, without those that are tests from top to bottom.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), TaskError> {
    for entry in fs::read_dir(directory).map_err(TaskError::file(directory))? {
        let path = entry.map_err(TaskError::file(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "tests" && name != "target" {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs"
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Lines before the tests.
fn production_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| match pair {
        [attribute, module] => *attribute == "#[cfg(test)]" && module.starts_with("mod "),
        _ => false,
    });
    tests.unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count() {
        let text = "fn a() {}\n\n#[cfg(test)]\nfn helper() {}\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(production_lines(text), 4);
        assert_eq!(production_lines("fn a() {}\n"), 1);
        assert_eq!(production_lines(""), 0);
    }
}
