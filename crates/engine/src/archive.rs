//! Connectors as zip archives: how clients send and fetch their files.

use std::io::{Cursor, Read, Write};

use serde_json::{Map, Value};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::EngineError;

/// How many entries an archive may have.
const MAX_ENTRIES: usize = 5_000;
/// How much one file may hold, in bytes.
const MAX_FILE: u64 = 5 * 1024 * 1024;
/// How much all files may hold together, in bytes.
const MAX_TOTAL: u64 = 20 * 1024 * 1024;
/// How many times larger than the archive its files may be together, beyond the first mebibyte.
/// Text hardly gets beyond 20; bombs reach a thousand.
const MAX_RATIO: u64 = 200;
const FREE_OF_RATIO: u64 = 1024 * 1024;

/// The text files of an archive by path: a JSON object. What no definition reads, such as images
/// and hidden files, is left out.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Value, EngineError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(refused(format!(
            "it has {} entries; at most {MAX_ENTRIES} are read",
            archive.len()
        )));
    }
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let by_ratio = size.saturating_mul(MAX_RATIO).max(FREE_OF_RATIO);
    let mut left = MAX_TOTAL.min(by_ratio);
    let mut files = Map::new();
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| unreadable(&error))?;
        let path = checked_path(&entry.name().map_err(|error| unreadable(&error))?)?;
        if entry.is_symlink() {
            return Err(refused(format!("`{path}` is a symbolic link")));
        }
        if entry.is_dir() || is_left_out(&path) {
            continue;
        }
        let content = read(&mut entry, &path, left)?;
        left -= u64::try_from(content.len()).unwrap_or(left).min(left);
        if let Ok(text) = String::from_utf8(content)
            && files.insert(path.clone(), text.into()).is_some()
        {
            return Err(refused(format!("`{path}` is in it twice")));
        }
    }
    Ok(Value::Object(files))
}

/// An archive of the files of a bundle.
pub(crate) fn pack(bundle: &Value) -> Result<Vec<u8>, EngineError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // Without times, so that the same files make the same archive.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    let files = bundle.as_object().into_iter().flatten();
    for (path, text) in files {
        let text = text.as_str().unwrap_or_default();
        writer
            .start_file(path.as_str(), options)
            .map_err(|error| unreadable(&error))?;
        writer
            .write_all(text.as_bytes())
            .map_err(|error| unreadable(&error.into()))?;
    }
    let written = writer.finish().map_err(|error| unreadable(&error))?;
    Ok(written.into_inner())
}

/// A path that stays inside of the archive, with forward slashes.
pub(crate) fn checked_path(path: &str) -> Result<String, EngineError> {
    let path = path.replace('\\', "/");
    let is_absolute = path.starts_with('/') || path.get(1..2) == Some(":");
    let leaves = path.split('/').any(|part| part == "..");
    if path.is_empty() || is_absolute || leaves || path.contains('\0') {
        return Err(refused(format!(
            "`{}` is not a path inside of it",
            path.escape_debug()
        )));
    }
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    Ok(parts.collect::<Vec<_>>().join("/"))
}

/// Hidden files, what tools leave behind, and dependencies.
fn is_left_out(path: &str) -> bool {
    path.split('/')
        .any(|part| part.starts_with('.') || matches!(part, "node_modules" | "__MACOSX"))
}

/// What an entry claims about its size is not believed.
fn read(entry: &mut impl Read, path: &str, left: u64) -> Result<Vec<u8>, EngineError> {
    let limit = left.min(MAX_FILE);
    let mut content = Vec::new();
    let read = entry.take(limit + 1).read_to_end(&mut content);
    read.map_err(|error| refused(format!("`{path}` cannot be read: {error}")))?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > limit {
        return Err(refused(format!(
            "its files are too large: `{path}` goes beyond the limit of {MAX_FILE} bytes for one, \
             {MAX_TOTAL} for all, or {MAX_RATIO} times the archive"
        )));
    }
    Ok(content)
}

fn unreadable(error: &ZipError) -> EngineError {
    refused(error.to_string())
}

fn refused(reason: impl std::fmt::Display) -> EngineError {
    EngineError::bad_request(format!("the archive is refused: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (path, content) in entries {
            writer.start_file(*path, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn refusal(bytes: &[u8]) -> String {
        unpack(bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_packed_comes_out_the_same() {
        let bundle = json!({"auth/test.js": "export default 1\n", "spec.yml": "name: É\n"});
        let packed = pack(&bundle).unwrap();
        assert_eq!(unpack(&packed).unwrap(), bundle);
        assert_eq!(pack(&bundle).unwrap(), packed);
    }

    #[test]
    fn what_no_definition_reads_is_left_out() {
        let bytes = archive(&[
            ("spec.yml", b"a"),
            ("logo.png", &[0xff, 0xfe]),
            (".DS_Store", b"b"),
            ("__MACOSX/spec.yml", b"c"),
            ("auth/", b""),
        ]);
        assert_eq!(unpack(&bytes).unwrap(), json!({"spec.yml": "a"}));
    }

    #[test]
    fn paths_that_leave_are_refused() {
        for path in ["../a.yml", "/etc/passwd", "a/../../b", "c:\\a", "..\\a"] {
            let message = refusal(&archive(&[(path, b"x")]));
            assert!(message.contains("not a path inside"), "{path}: {message}");
        }
    }

    #[test]
    fn links_are_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        writer
            .add_symlink("spec.yml", "/etc/passwd", options)
            .unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        assert!(refusal(&bytes).contains("symbolic link"));
    }

    #[test]
    fn bombs_are_refused_by_what_they_unpack_to() {
        let zeros = vec![b' '; 4 * 1024 * 1024];
        let message = refusal(&archive(&[("a.yml", &zeros)]));
        assert!(message.contains("too large"), "{message}");
        let names: Vec<_> = (0..=MAX_ENTRIES).map(|number| number.to_string()).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|it| (it.as_str(), &b""[..])).collect();
        assert!(refusal(&archive(&many)).contains("entries"));
    }

    #[test]
    fn what_is_no_archive_or_a_damaged_one_is_refused() {
        assert!(refusal(b"hello").contains("archive"));
        let mut bytes = archive(&[("spec.yml", b"a long enough text to be compressed somehow")]);
        bytes[40] ^= 0xff;
        bytes[41] ^= 0xff;
        assert!(unpack(&bytes).is_err());
    }
}
