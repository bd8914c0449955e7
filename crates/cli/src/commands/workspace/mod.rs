//! `authbridge workspace`.

mod settings;

use std::process::ExitCode;

use authbridge_core::Effects;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_store::{Access, NewWorkspace};
use serde_json::json;

use crate::args::Workspace;
use crate::error::CliError;
use crate::output::{Output, table};
use crate::setup::{check_secret, check_workspace_key, new_secret, open_store, require_existing};

pub(super) async fn run(
    command: Workspace,
    output: Output,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    match command {
        Workspace::Create {
            key,
            name,
            secret,
            algorithm,
            data,
        } => {
            check_workspace_key(&key)?;
            if let Some(secret) = &secret {
                check_secret(secret)?;
            }
            let store = open_store(&data, Access::Shared, &effects).await?;
            let is_generated = secret.is_none();
            let secret = secret.unwrap_or_else(|| new_secret(&effects));
            let new = NewWorkspace {
                key,
                name,
                secret: secret.clone(),
            };
            let created =
                authbridge_engine::create_workspace(&store, &effects, new, algorithm.into()).await;
            store.close().await;
            let workspace = created?;
            let mut text = format!(
                "created the workspace {} ({})\n",
                workspace.key, workspace.id
            );
            let mut value = json!({ "id": workspace.id, "key": workspace.key });
            if is_generated {
                let shown = secret.expose_secret();
                text.push_str(&format!("its secret, shown only now: {shown}\n"));
                if let Some(members) = value.as_object_mut() {
                    members.insert("secret".into(), shown.into());
                }
            } else {
                text.push_str(
                    "its secret is the given one, of AUTHBRIDGE_WORKSPACE_SECRET or `--secret`\n",
                );
            }
            output.result(&text, &value)?;
        }
        Workspace::Show { remote } => return settings::show(&remote, output, &effects).await,
        Workspace::Set(wanted) => return settings::set(wanted, output, &effects).await,
        Workspace::List { data } => {
            require_existing(&data)?;
            let store = open_store(&data, Access::Shared, &effects).await?;
            let workspaces = store.list_workspaces().await;
            store.close().await;
            let workspaces = workspaces?;
            let head = ["KEY", "NAME", "ID", "CREATED"].map(str::to_owned).to_vec();
            let rows: Vec<Vec<String>> = std::iter::once(head)
                .chain(workspaces.iter().map(|workspace| {
                    vec![
                        workspace.key.clone(),
                        workspace.name.clone().unwrap_or_default(),
                        workspace.id.to_string(),
                        workspace.created_at.to_string(),
                    ]
                }))
                .collect();
            let value: serde_json::Value = workspaces
                .iter()
                .map(|workspace| {
                    json!({ "id": workspace.id, "key": workspace.key, "name": workspace.name,
                        "createdAt": workspace.created_at.to_string() })
                })
                .collect();
            output.result(&table(&rows), &value)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
