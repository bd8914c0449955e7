//! Walking a directory and reading its files under limits.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::Code;
use crate::tree::has_extension;

use super::{Content, MAX_OTHER, MAX_YAML, ReadError, Refusal};

/// How deep directories are followed.
const MAX_DIRECTORY_DEPTH: usize = 32;
/// How many directory entries there may be; where there are more, none is read.
const MAX_ENTRIES: usize = 60_000;

/// A directory that holds no definitions but many files.
const SKIPPED_DIRECTORY: &str = "node_modules";

/// Something below the directory that was walked.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Relative, with forward slashes.
    name: String,
    path: PathBuf,
    refusal: Option<Refusal>,
}

impl Found {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// A file that was given by itself, under `name`.
    pub(crate) fn single(path: &Path, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            refusal: None,
        }
    }
}

/// The files below `root` in order of name, without hidden ones; what was refused is among them.
pub(crate) fn walk(root: &Path) -> Result<Vec<Found>, ReadError> {
    walk_up_to(root, MAX_ENTRIES)
}

fn walk_up_to(root: &Path, limit: usize) -> Result<Vec<Found>, ReadError> {
    let canonical = fs::canonicalize(root).map_err(|source| ReadError::Io {
        path: root.to_owned(),
        source,
    })?;
    let entries = fs::read_dir(&canonical).map_err(|source| ReadError::Io {
        path: root.to_owned(),
        source,
    })?;
    let mut walk = Walk {
        root: canonical,
        found: Vec::new(),
        entries: 0,
        limit,
    };
    walk.directory(entries, "", 0);
    if walk.entries >= limit {
        // What is left out could be anything, so the rest would mean nothing.
        walk.found.retain(|found| found.refusal.is_some());
    }
    walk.found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(walk.found)
}

struct Walk {
    root: PathBuf,
    found: Vec<Found>,
    entries: usize,
    /// How many there may be.
    limit: usize,
}

impl Walk {
    fn directory(&mut self, entries: fs::ReadDir, prefix: &str, depth: usize) {
        for entry in entries {
            let Ok(entry) = entry else { continue };
            self.entries += 1;
            let limit = self.limit;
            if self.entries == limit {
                let message = format!(
                    "more than {limit} files and directories, so none is read; name a smaller directory"
                );
                self.refuse(prefix, &entry.path(), Code::TooMuchInput, message);
            }
            if self.entries >= limit {
                return;
            }
            let file_name = entry.file_name();
            let file_name = file_name.to_string_lossy();
            if file_name.starts_with('.') || file_name == SKIPPED_DIRECTORY {
                continue;
            }
            let name = format!("{prefix}{file_name}");
            self.entry(&entry, name, depth);
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, name: String, depth: usize) {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => self.subdirectory(&path, &name, depth + 1),
            Ok(kind) if kind.is_symlink() => self.link(&path, name),
            Ok(kind) if kind.is_file() => self.found.push(Found {
                name,
                path,
                refusal: None,
            }),
            // Sockets and devices have no part in a definition, whatever their names.
            Ok(_) => {}
            Err(error) => {
                self.refuse(&name, &path, Code::FileUnreadable, reason(&error));
            }
        }
    }

    fn subdirectory(&mut self, path: &Path, name: &str, depth: usize) {
        if depth > MAX_DIRECTORY_DEPTH {
            let message = format!("directories nest deeper than {MAX_DIRECTORY_DEPTH}");
            self.refuse(name, path, Code::TooMuchInput, message);
            return;
        }
        match fs::read_dir(path) {
            Ok(entries) => self.directory(entries, &format!("{name}/"), depth),
            Err(error) => self.refuse(name, path, Code::FileUnreadable, reason(&error)),
        }
    }

    /// A link counts when it leads to a file inside the directory that is walked.
    fn link(&mut self, path: &Path, name: String) {
        let target = fs::canonicalize(path).ok();
        let Some(target) = target.filter(|target| target.starts_with(&self.root)) else {
            let message = "the link leads out of the directory, or nowhere".to_owned();
            self.refuse(&name, path, Code::LinkRefused, message);
            return;
        };
        if target.is_file() {
            self.found.push(Found {
                name,
                path: target,
                refusal: None,
            });
        } else {
            let message = "links to directories are not followed".to_owned();
            self.refuse(&name, path, Code::LinkRefused, message);
        }
    }

    fn refuse(&mut self, name: &str, path: &Path, code: Code, message: String) {
        self.found.push(Found {
            name: name.to_owned(),
            path: path.to_owned(),
            refusal: Some(Refusal { code, message }),
        });
    }
}

/// What may still be read.
pub(crate) struct Limits {
    files: usize,
    bytes: u64,
}

impl Limits {
    pub(crate) const fn new(files: usize, bytes: u64) -> Self {
        Self { files, bytes }
    }

    /// Counts a file of `size` bytes, and says why it may not be read.
    pub(crate) fn refuse(&mut self, name: &str, size: u64) -> Option<Refusal> {
        let limit = if has_extension(name, &["yml", "yaml"]) {
            MAX_YAML
        } else {
            MAX_OTHER
        };
        if size > limit {
            return Some(Refusal {
                code: Code::FileTooLarge,
                message: format!("the file has {size} bytes; at most {limit} are read"),
            });
        }
        if self.files == 0 || size > self.bytes {
            return Some(Refusal {
                code: Code::TooMuchInput,
                message: "the limit of files or bytes is reached; this file is not read".to_owned(),
            });
        }
        self.files -= 1;
        self.bytes -= size;
        None
    }
}

/// The content of `found`, or why there is none. Never more than the limit is read, whatever the
/// size was said to be.
pub(crate) fn read_file(found: &Found, limits: &mut Limits) -> Content {
    if let Some(refusal) = &found.refusal {
        return Content::Refused(refusal.clone());
    }
    match read_limited(&found.path) {
        Ok((bytes, size)) => match limits.refuse(&found.name, size) {
            Some(refusal) => Content::Refused(refusal),
            None => Content::Bytes(bytes),
        },
        Err(error) => Content::Refused(Refusal {
            code: Code::FileUnreadable,
            message: reason(&error),
        }),
    }
}

/// The bytes of a file and its size. A file over every limit is not read at all.
fn read_limited(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > MAX_OTHER {
        return Ok((Vec::new(), size));
    }
    let mut bytes = Vec::new();
    file.take(MAX_OTHER + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok((bytes, size))
}

fn reason(error: &io::Error) -> String {
    format!("the file cannot be read: {}", error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_files_and_bytes() {
        let mut limits = Limits::new(2, 100);
        assert_eq!(limits.refuse("a.yml", 60), None);
        let refusal = limits.refuse("b.yml", 60).unwrap();
        assert_eq!(refusal.code, Code::TooMuchInput);
        assert_eq!(limits.refuse("c.yml", 40), None);
        assert_eq!(limits.refuse("d.yml", 0).unwrap().code, Code::TooMuchInput);
    }

    #[test]
    fn of_too_many_files_none_is_read() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..4 {
            fs::write(directory.path().join(format!("{number}.yml")), "key: a\n").unwrap();
        }
        let all = walk_up_to(directory.path(), 5).unwrap();
        assert!(all.len() == 4 && all.iter().all(|found| found.refusal.is_none()));
        let found = walk_up_to(directory.path(), 3).unwrap();
        let [refused] = found.as_slice() else {
            panic!("{found:?}");
        };
        let refusal = refused.refusal().unwrap();
        assert_eq!(refusal.code, Code::TooMuchInput);
        assert!(refusal.message.contains("more than 3 files"));
    }

    #[test]
    fn yaml_may_be_smaller_than_other_files() {
        let mut limits = Limits::new(9, u64::MAX);
        assert_eq!(
            limits.refuse("a.YML", MAX_YAML + 1).unwrap().code,
            Code::FileTooLarge
        );
        assert_eq!(limits.refuse("a.json", MAX_YAML + 1), None);
        assert_eq!(
            limits.refuse("a.js", MAX_OTHER + 1).unwrap().code,
            Code::FileTooLarge
        );
    }
}
