//! The keyring: the keys that wrap the workspaces' data keys.

use std::fmt;
use std::path::PathBuf;

use authbridge_core::Effects;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::{Zeroize, Zeroizing};

/// A key-encryption key: 256 bits for AES-GCM, and the id under which records name it.
#[derive(Clone)]
pub struct Kek {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

impl Kek {
    /// A key named `id`: 1 to 64 of `A-Z a-z 0-9 - _ .`.
    pub fn new(id: impl Into<String>, mut bytes: [u8; 32]) -> Result<Self, KeyringError> {
        let id = id.into();
        let kek = is_key_id(&id).then(|| Self {
            id,
            bytes: Zeroizing::new(bytes),
        });
        bytes.zeroize();
        kek.ok_or(KeyringError::Id)
    }

    /// The id under which records name it.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Kek({}, [redacted])", self.id)
    }
}

/// The key-encryption keys: the active one wraps, the older ones still unwrap.
///
/// As text it is one key a line, `id:base64`, the active one first; empty lines and lines that
/// start with `#` say nothing.
#[derive(Clone, Debug)]
pub struct Keyring {
    active: Kek,
    older: Vec<Kek>,
}

impl Keyring {
    /// A keyring that wraps with `active` and unwraps with `older` as well.
    ///
    /// Of two keys with one id the earlier counts, the active one before all others.
    pub fn new(active: Kek, older: Vec<Kek>) -> Self {
        Self { active, older }
    }

    /// A keyring with one new key, and the text that makes it again.
    pub fn generate(effects: &Effects) -> (Self, String) {
        let number = u64::from_be_bytes(effects.random_bytes());
        let kek = Kek {
            id: format!("kek-{number:016x}"),
            bytes: Zeroizing::new(effects.random_bytes()),
        };
        let mut text = String::with_capacity(512);
        text.push_str(HEADING);
        text.push_str(&kek.id);
        text.push(':');
        BASE64_STANDARD.encode_string(kek.bytes.as_slice(), &mut text);
        text.push('\n');
        (Self::new(kek, Vec::new()), text)
    }

    /// Reads the text form.
    pub fn from_text(text: &str) -> Result<Self, KeyringError> {
        let mut keys: Vec<Kek> = Vec::new();
        for (line, content) in (1..).zip(text.lines().map(str::trim)) {
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let kek = read_line(content).map_err(|problem| KeyringError::Line { line, problem })?;
            if keys.iter().any(|other| other.id == kek.id) {
                let problem = "this id was used on a line above";
                return Err(KeyringError::Line { line, problem });
            }
            keys.push(kek);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or(KeyringError::Empty)?;
        Ok(Self::new(active, keys.collect()))
    }

    /// The key that wraps.
    pub fn active(&self) -> &Kek {
        &self.active
    }

    /// The ids of all keys, the active one's first.
    pub fn ids(&self) -> Vec<String> {
        self.keys().map(|kek| kek.id.clone()).collect()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Kek> {
        self.keys().find(|kek| kek.id == id)
    }

    fn keys(&self) -> impl Iterator<Item = &Kek> {
        std::iter::once(&self.active).chain(&self.older)
    }
}

/// Why a keyring could not be read or made. No variant holds key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A key's id is empty, too long, or has other characters than it may.
    #[error("a key's id must be 1 to 64 of `A-Z a-z 0-9 - _ .`")]
    Id,
    /// A line is not a key.
    #[error("line {line} of the keyring: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no key at all.
    #[error("the keyring has no key")]
    Empty,
    /// Everybody on the machine can read or write the file.
    #[error("the keyring `{path}` is open to every user of this machine (mode {mode:03o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file could not be read or written.
    #[error("cannot {action} the keyring `{path}`")]
    File {
        /// `read` or `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl KeyringError {
    /// What to do about it; `None` where the message says it all.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Id | Self::File { .. } => None,
            Self::Line { .. } => Some("a line is `id:key`, the key being 32 bytes in base64"),
            Self::Empty => Some("put in a line `id:key`, the key being 32 bytes in base64"),
            Self::Exposed { .. } => Some("take the permissions away with `chmod 600`"),
        }
    }
}

fn read_line(content: &str) -> Result<Kek, &'static str> {
    let (id, key) = content
        .split_once(':')
        .ok_or("there is no `:` between id and key")?;
    let id = id.trim_end();
    if !is_key_id(id) {
        return Err("the id must be 1 to 64 of `A-Z a-z 0-9 - _ .`");
    }
    let key = BASE64_STANDARD
        .decode(key.trim_start())
        .map(Zeroizing::new)
        .map_err(|_| "the key is not base64")?;
    let bytes = <[u8; 32]>::try_from(key.as_slice()).map_err(|_| "the key is not 32 bytes long")?;
    Ok(Kek {
        id: id.to_owned(),
        bytes: Zeroizing::new(bytes),
    })
}

fn is_key_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

const HEADING: &str = "\
# Authbridge keyring: one key a line, `id:base64`; the first wraps, the others still open.
# Whoever has this file and the database can read every secret in it; whoever has only the
# database can read none. Keep a copy apart from the database's backups.
";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn the_first_line_is_the_active_key() {
        let text = format!("# ours\n\n new : {KEY}\nold:{KEY}\r\n");
        let keyring = Keyring::from_text(&text).unwrap();
        assert_eq!(keyring.active().id(), "new");
        assert_eq!(keyring.ids(), ["new", "old"]);
        assert_eq!(keyring.find("old").unwrap().bytes()[31], 31);
    }

    #[test]
    fn a_generated_keyring_reads_back() {
        let (keyring, text) = Keyring::generate(&Effects::of_the_system());
        let again = Keyring::from_text(&text).unwrap();
        assert_eq!(again.ids(), keyring.ids());
        assert_eq!(again.active().bytes(), keyring.active().bytes());
    }

    #[test]
    fn errors_name_the_line_and_not_the_key() {
        for (text, message) in [
            ("", "the keyring has no key"),
            (
                "# a\nsecretsecret",
                "line 2 of the keyring: there is no `:` between id and key",
            ),
            ("a:b*", "line 1 of the keyring: the key is not base64"),
            (
                "a:c2hvcnQ=",
                "line 1 of the keyring: the key is not 32 bytes long",
            ),
            (
                ":AAAA",
                "line 1 of the keyring: the id must be 1 to 64 of `A-Z a-z 0-9 - _ .`",
            ),
        ] {
            let error = Keyring::from_text(text).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let twice = format!("a:{KEY}\na:{KEY}");
        let error = Keyring::from_text(&twice).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn debug_output_does_not_show_the_key() {
        let kek = Kek::new("main", [7; 32]).unwrap();
        let shown = format!("{:?}", Keyring::new(kek, Vec::new()));
        assert_eq!(
            shown,
            "Keyring { active: Kek(main, [redacted]), older: [] }"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "(?s).{0,200}") {
            drop(Keyring::from_text(&text));
        }
    }
}
