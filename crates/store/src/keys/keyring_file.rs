//! The keyring as a file.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use authbridge_core::Effects;
use zeroize::Zeroizing;

use super::keyring::{Keyring, KeyringError};
use crate::files;

impl Keyring {
    /// Reads the keyring at `path`, or makes one with a new key there, readable by its owner only.
    ///
    /// A file that every user of the machine can read or write is refused.
    pub fn load_or_create(path: &Path, effects: &Effects) -> Result<Self, KeyringError> {
        match load(path) {
            Err(KeyringError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path, effects).map_err(|source| failure("create", path, source))?;
                // Read it back rather than use what was made: somebody else may have been first.
                load(path)
            }
            found => found,
        }
    }
}

fn load(path: &Path) -> Result<Keyring, KeyringError> {
    let text = read(path)?;
    Keyring::from_text(&text)
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyringError> {
    let read_failure = |source| failure("read", path, source);
    let mut file = File::open(path).map_err(read_failure)?;
    let metadata = file.metadata().map_err(read_failure)?;
    let mode = files::mode(&metadata);
    if mode & files::OTHERS != 0 {
        let path = path.to_owned();
        return Err(KeyringError::Exposed { path, mode });
    }
    // As large as the file from the start: a text that grows leaves copies of itself behind.
    let size = usize::try_from(metadata.len()).unwrap_or(0);
    let mut text = Zeroizing::new(String::with_capacity(size.saturating_add(1)));
    file.read_to_string(&mut text).map_err(read_failure)?;
    Ok(text)
}

/// Makes the file whole or not at all: under another name first, then linked to its own, which
/// fails when somebody else was first.
fn create(path: &Path, effects: &Effects) -> io::Result<()> {
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    let directory = directory.unwrap_or(Path::new("."));
    files::create_private_directory(directory)?;
    let (_, text) = Keyring::generate(effects);
    let text = Zeroizing::new(text);
    let unique = u64::from_be_bytes(effects.random_bytes());
    let draft = directory.join(format!(".keyring-{unique:016x}"));
    let mut file = files::create_private_file(&draft)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => File::open(directory)?.sync_all(),
    }
}

fn failure(action: &'static str, path: &Path, source: io::Error) -> KeyringError {
    let path = path.to_owned();
    KeyringError::File {
        action,
        path,
        source,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_keyring_is_made_once_and_only_its_owner_can_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/keyring");
        let effects = Effects::of_the_system();
        let first = Keyring::load_or_create(&path, &effects).unwrap();
        let second = Keyring::load_or_create(&path, &effects).unwrap();
        assert_eq!(first.ids(), second.ids());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn a_keyring_open_to_everybody_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring");
        let effects = Effects::of_the_system();
        Keyring::load_or_create(&path, &effects).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keyring::load_or_create(&path, &effects).unwrap_err();
        assert!(matches!(error, KeyringError::Exposed { mode: 0o644, .. }));
        assert!(error.hint().unwrap().contains("chmod 600"));
    }
}
