//! The workspace that `serve` makes sure of, and what a new one is told.

use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::{Effects, SecretString};
use authbridge_engine::create_workspace;
use authbridge_store::{NewWorkspace, Store, Workspace};
use serde_json::json;

use crate::args::{self, Serve};
use crate::error::CliError;
use crate::output::Output;
use crate::setup::{check_secret, check_workspace_key, new_secret, new_workspace_key};

/// What `serve` found or made.
pub(super) struct Ensured {
    /// The workspace that DIR is loaded into; `None` when there are several and no DIR.
    pub(super) key: Option<String>,
    /// Whether it was made just now.
    pub(super) is_new: bool,
}

/// Refuses keys and secrets that no workspace should have.
pub(super) fn check(wanted: &args::NewWorkspace) -> Result<(), CliError> {
    if let Some(secret) = &wanted.workspace_secret {
        check_secret(secret)?;
    }
    wanted
        .workspace_key
        .as_deref()
        .map_or(Ok(()), check_workspace_key)
}

/// The workspace that the environment names, or the only one there is, or a new one.
///
/// # Errors
///
/// When there are several and nothing says which one DIR is for.
pub(super) async fn ensure(
    args: &Serve,
    output: Output,
    store: &Store,
    effects: &Effects,
) -> Result<Ensured, CliError> {
    let wanted = &args.workspace;
    if let Some(key) = &wanted.workspace_key {
        let Some(existing) = store.find_workspace_by_key(key).await? else {
            return create(key.clone(), wanted, output, store, effects).await;
        };
        if let Some(secret) = &wanted.workspace_secret {
            keep_secret(store, &existing, secret).await?;
        }
        return Ok(Ensured::existing(Some(existing.key)));
    }
    let mut existing = store.list_workspaces().await?.into_iter();
    match (existing.next(), existing.next()) {
        (None, _) => create(new_workspace_key(effects), wanted, output, store, effects).await,
        (Some(only), None) => Ok(Ensured::existing(Some(only.key))),
        (Some(_), Some(_)) if args.directory.is_none() => Ok(Ensured::existing(None)),
        (Some(_), Some(_)) => Err(CliError::usage(
            "there are several workspaces in this data directory",
            "say which one DIR is for with AUTHBRIDGE_WORKSPACE_KEY; `authbridge workspace list` shows them",
        )),
    }
}

impl Ensured {
    const fn existing(key: Option<String>) -> Self {
        Self { key, is_new: false }
    }
}

/// The environment says what the secret is; a changed one takes effect.
async fn keep_secret(
    store: &Store,
    workspace: &Workspace,
    secret: &SecretString,
) -> Result<(), CliError> {
    let stored = store.workspace_secret(&workspace.id).await?;
    if stored.expose_secret() != secret.expose_secret() {
        store
            .replace_workspace_secret(&workspace.id, secret)
            .await?;
        tracing::warn!(workspace.key = %workspace.key,
            "the workspace's secret was replaced by the one in the environment");
    }
    Ok(())
}

async fn create(
    key: String,
    wanted: &args::NewWorkspace,
    output: Output,
    store: &Store,
    effects: &Effects,
) -> Result<Ensured, CliError> {
    let given = wanted.workspace_secret.clone();
    let is_generated = given.is_none();
    let secret = given.unwrap_or_else(|| new_secret(effects));
    let new = NewWorkspace {
        key,
        name: None,
        secret: secret.clone(),
    };
    let algorithm = wanted.workspace_algorithm.into();
    let key = create_workspace(store, effects, new, algorithm).await?.key;
    let mut text = format!("created the workspace `{key}`\n");
    let mut value = json!({ "workspaceKey": key });
    if is_generated {
        let shown = secret.expose_secret();
        text.push_str(&format!(
            "its secret signs the tokens of your back end; keep it, it is shown only now:\n\n  \
             export AUTHBRIDGE_WORKSPACE_KEY={key}\n  \
             export AUTHBRIDGE_WORKSPACE_SECRET={shown}\n\n"
        ));
        if let Some(members) = value.as_object_mut() {
            members.insert("workspaceSecret".into(), shown.into());
        }
    }
    output.result(&text, &value)?;
    Ok(Ensured {
        key: Some(key),
        is_new: true,
    })
}

/// What to do with a workspace that was made just now.
pub(super) fn next_steps(args: &Serve, url: &str) -> String {
    let is_usual = url == "http://127.0.0.1:4700";
    let server = if is_usual {
        String::new()
    } else {
        format!(" --url {url}")
    };
    let mut text = format!(
        "\nNext, in another terminal with AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET:\n\n  \
         authbridge token mint --customer user-42\n  \
         authbridge connections list{server}\n  \
         curl {url}/openapi.json\n"
    );
    if args.directory.is_none() {
        text.push_str(
            "\nThere are no connectors yet. docs/guides/first-connector.md says how to write one; \
             `authbridge serve DIR` loads it.\n",
        );
    }
    text
}
