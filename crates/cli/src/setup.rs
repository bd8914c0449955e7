//! What commands that open a data directory share: keyring, store, workspace.

use std::path::Path;
use std::process::Stdio;

use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::{Effects, SecretString};
use authbridge_store::{Access, Keyring, OpenOptions, Store, StoreError};

use crate::args::Data;
use crate::error::CliError;

/// HMAC with SHA-256 needs a key at least this long (RFC 7518 section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Opens the store of `data`.
pub(crate) async fn open_store(
    data: &Data,
    access: Access,
    effects: &Effects,
) -> Result<Store, CliError> {
    let keyring = keyring(data, effects).await?;
    let options = OpenOptions {
        data_dir: data.data_dir.clone(),
        access,
    };
    Ok(Store::open(options, keyring, effects.clone()).await?)
}

/// Refuses a directory that was never served, so that a mistyped path does not become a new one.
pub(crate) fn require_existing(data: &Data) -> Result<(), CliError> {
    if has_database(&data.data_dir) {
        return Ok(());
    }
    Err(CliError::usage(
        format!(
            "there is no database in the data directory `{}`",
            data.data_dir.display()
        ),
        "give the directory that `authbridge serve` uses with --data-dir or AUTHBRIDGE_DATA_DIR; `serve` and `workspace create` make one",
    ))
}

async fn keyring(data: &Data, effects: &Effects) -> Result<Keyring, CliError> {
    let read = |text: &str| Keyring::from_text(text).map_err(StoreError::from);
    if let Some(text) = &data.keyring {
        return Ok(read(text.expose_secret())?);
    }
    if let Some(command) = &data.keyring_command {
        return Ok(read(output_of(command).await?.expose_secret())?);
    }
    let path = match &data.keyring_file {
        Some(path) => path.clone(),
        None => data.data_dir.join("keyring"),
    };
    if has_database(&data.data_dir) && !path.exists() {
        // A new key opens nothing of what is there.
        return Err(CliError::failed_with_hint(
            format!(
                "the keyring `{}` is missing, and the database in `{}` is sealed with it",
                path.display(),
                data.data_dir.display()
            ),
            "put it back from its backup, or say where it is with --keyring-file; without it the secrets in the database cannot be opened",
        ));
    }
    create_private(&data.data_dir)?;
    Ok(Keyring::load_or_create(&path, effects).map_err(StoreError::from)?)
}

fn has_database(data_dir: &Path) -> bool {
    data_dir.join("authbridge.db").exists()
}

fn create_private(directory: &Path) -> Result<(), CliError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let created = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    created.map_err(|error| {
        CliError::failed_with_hint(
            format!(
                "cannot create the data directory `{}`: {error}",
                directory.display()
            ),
            "choose a directory that this user may write to with --data-dir or AUTHBRIDGE_DATA_DIR",
        )
    })
}

async fn output_of(command: &str) -> Result<SecretString, CliError> {
    let command = command.to_owned();
    let run = move || {
        std::process::Command::new("sh")
            .args(["-c", &command])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
    };
    let hint = "the command must print the keyring, one `id:key` a line, and end with exit code 0";
    let failed = |message: String| CliError::failed_with_hint(message, hint);
    let output = tokio::task::spawn_blocking(run)
        .await
        .map_err(std::io::Error::other)?
        .map_err(|error| failed(format!("cannot run the keyring command: {error}")))?;
    if !output.status.success() {
        let status = match output.status.code() {
            Some(code) => format!("exit code {code}"),
            None => output.status.to_string(),
        };
        return Err(failed(format!("the keyring command ended with {status}")));
    }
    String::from_utf8(output.stdout)
        .map(SecretString::from)
        .map_err(|_| failed("the keyring command printed something that is not text".into()))
}

/// Refuses a secret that anybody could guess: who knows it can act as every customer.
pub(crate) fn check_secret(secret: &SecretString) -> Result<(), CliError> {
    let length = secret.expose_secret().len();
    if length >= MIN_SECRET_BYTES {
        return Ok(());
    }
    Err(CliError::usage(
        format!(
            "the workspace's secret has {length} characters, and needs at least {MIN_SECRET_BYTES}"
        ),
        "make one with `openssl rand -hex 32`, or give none to have one generated",
    ))
}

/// Refuses keys that would be hard to type, or to see.
pub(crate) fn check_workspace_key(key: &str) -> Result<(), CliError> {
    let is_plain = key.chars().all(|it| it.is_ascii_graphic());
    if is_plain && (1..=128).contains(&key.len()) {
        return Ok(());
    }
    Err(CliError::usage(
        format!("{key:?} cannot be the key of a workspace"),
        "use 1 to 128 letters, digits and signs, without spaces, such as `acme`",
    ))
}

/// A secret that nobody can guess: 32 random bytes as hexadecimal digits.
pub(crate) fn new_secret(effects: &Effects) -> SecretString {
    SecretString::from(hexadecimal(&effects.random_bytes::<32>()))
}

/// A key for a workspace that nobody named.
pub(crate) fn new_workspace_key(effects: &Effects) -> String {
    format!("workspace-{}", hexadecimal(&effects.random_bytes::<4>()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ignored = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use authbridge_core::SecretString;

    use super::{check_secret, check_workspace_key};

    #[test]
    fn a_short_secret_is_refused_without_being_shown() {
        let error = check_secret(&SecretString::from("hunter2")).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        assert!(check_secret(&SecretString::from("x".repeat(32))).is_ok());
    }

    #[test]
    fn a_workspace_key_is_visible_text() {
        for key in ["", " ", "a b", "ä", "a\nb"] {
            assert!(check_workspace_key(key).is_err(), "{key:?}");
        }
        for key in ["acme", "workspace-b6daf915", "0c3f:x"] {
            assert!(check_workspace_key(key).is_ok(), "{key:?}");
        }
    }
}
