//! What commands that open a data directory share: keyring, store, workspace.

use std::process::Stdio;

use authbridge_core::{Effects, SecretString};
use authbridge_store::{Access, Keyring, OpenOptions, Store};

use crate::args::Data;
use crate::error::CliError;

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

async fn keyring(data: &Data, effects: &Effects) -> Result<Keyring, CliError> {
    let read = |text: &str| Keyring::from_text(text).map_err(authbridge_store::StoreError::from);
    if let Some(text) = &data.keyring {
        return Ok(read(text)?);
    }
    if let Some(command) = &data.keyring_command {
        return Ok(read(&output_of(command).await?)?);
    }
    let path = if let Some(path) = &data.keyring_file {
        path.clone()
    } else {
        create_private(&data.data_dir)?;
        data.data_dir.join("keyring")
    };
    Ok(Keyring::load_or_create(&path, effects).map_err(authbridge_store::StoreError::from)?)
}

fn create_private(directory: &std::path::Path) -> Result<(), CliError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let created = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    created.map_err(|error| {
        CliError::failed(format!(
            "cannot create the data directory `{}`: {error}",
            directory.display()
        ))
    })
}

async fn output_of(command: &str) -> Result<String, CliError> {
    let command = command.to_owned();
    let run = move || {
        std::process::Command::new("sh")
            .args(["-c", &command])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
    };
    let output = tokio::task::spawn_blocking(run)
        .await
        .map_err(std::io::Error::other)??;
    if !output.status.success() {
        return Err(CliError::failed(format!(
            "the keyring command ended with {}",
            output.status
        )));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| CliError::failed("the keyring command printed something that is not text"))
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
