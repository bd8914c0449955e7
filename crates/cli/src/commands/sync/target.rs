//! Which directory and which workspace are meant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::{Effects, SecretString};
use authbridge_definition::{Color, NamedWorkspace, PROJECT_FILES, Severity, load_project, render};

use crate::api::Api;
use crate::args::{Place, Remote, WorkspaceSecret};
use crate::error::CliError;

const DEFAULT_URL: &str = "http://127.0.0.1:4700";
const DEFAULT_NAME: &str = "default";

/// A directory and the workspace that belongs to it.
pub(super) struct Target {
    /// Where the elements are.
    pub(super) directory: PathBuf,
    /// The workspace's server, called as an admin.
    pub(super) api: Api,
    /// Names server and workspace, to remember what was pulled from there.
    pub(super) name: String,
}

/// The configuration that was found.
struct Project {
    path: PathBuf,
    workspaces: BTreeMap<String, NamedWorkspace>,
}

impl Target {
    /// What `place`, the environment and the configuration say together. A workspace that is named
    /// with `-w` wins over the environment; otherwise the environment wins.
    pub(super) fn of(place: &Place, effects: &Effects) -> Result<Self, CliError> {
        let project = find_project(place.directory.as_deref().unwrap_or(Path::new(".")))?;
        let named = named(place.workspace.as_deref(), project.as_ref())?;
        let base = project
            .as_ref()
            .and_then(|project| project.path.parent())
            .unwrap_or(Path::new("."));
        let directory = place
            .directory
            .clone()
            .or_else(|| Some(base.join(named.directory.as_ref()?)))
            .unwrap_or_else(|| PathBuf::from("."));
        let is_explicit = place.workspace.is_some();
        let either = |given: Option<String>, configured: Option<String>| {
            if is_explicit {
                configured.or(given)
            } else {
                given.or(configured)
            }
        };
        let url =
            either(place.url.clone(), named.url.clone()).unwrap_or_else(|| DEFAULT_URL.to_owned());
        let key = either(place.secret.workspace_key.clone(), named.key.clone());
        let given = place.secret.workspace_secret.clone();
        let secret = match (is_explicit, given) {
            (false, Some(given)) => Some(given),
            (_, given) => configured_secret(&named, base)?.or(given),
        };
        let is_configured = is_explicit && key.is_some() && secret.is_some();
        let name = format!("{url} {}", key.as_deref().unwrap_or("-"));
        let remote = Remote {
            url,
            token: place.token.clone().filter(|_| !is_configured),
            workspace: WorkspaceSecret {
                workspace_key: key,
                workspace_secret: secret,
            },
            customer: None,
        };
        Ok(Self {
            directory,
            api: Api::new(&remote, effects)?,
            name,
        })
    }
}

/// The configuration in the directory, beside it, or where the command runs.
fn find_project(directory: &Path) -> Result<Option<Project>, CliError> {
    let full = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    let places = [Some(full.as_path()), full.parent(), Some(Path::new("."))];
    let found = places
        .into_iter()
        .flatten()
        .flat_map(|place| PROJECT_FILES.map(|name| place.join(name)))
        .find(|path| path.is_file());
    let Some(path) = found else {
        return Ok(None);
    };
    let loaded = load_project(&path);
    let has_errors = loaded
        .diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error);
    match loaded.value.filter(|_| !has_errors) {
        Some(workspaces) => Ok(Some(Project { path, workspaces })),
        None => Err(CliError::usage(
            format!("`{}` cannot be used", path.display()),
            render(&loaded.diagnostics, &loaded.sources, Color::Never),
        )),
    }
}

fn named(name: Option<&str>, project: Option<&Project>) -> Result<NamedWorkspace, CliError> {
    let Some(project) = project else {
        return match name {
            None => Ok(NamedWorkspace::default()),
            Some(name) => Err(CliError::usage(
                format!("there is no `authbridge.yml` that says what workspace `{name}` is"),
                "write one: `workspaces: {NAME: {url: https://…, key: …, secretEnv: …}}`",
            )),
        };
    };
    let workspaces = &project.workspaces;
    if let Some(found) = workspaces.get(name.unwrap_or(DEFAULT_NAME)) {
        return Ok(found.clone());
    }
    let names: Vec<String> = workspaces.keys().map(|name| format!("`{name}`")).collect();
    match (name, workspaces.values().next()) {
        (None, Some(only)) if workspaces.len() == 1 => Ok(only.clone()),
        (None, _) => Ok(NamedWorkspace::default()),
        (Some(name), _) => Err(CliError::usage(
            format!("`{}` has no workspace `{name}`", project.path.display()),
            format!("it has {}", names.join(", ")),
        )),
    }
}

/// The secret, from where the configuration says that it is.
#[expect(
    clippy::disallowed_methods,
    reason = "the configuration names the variable, so clap cannot read it"
)]
fn configured_secret(
    workspace: &NamedWorkspace,
    base: &Path,
) -> Result<Option<SecretString>, CliError> {
    if let Some(variable) = &workspace.secret_env
        && let Ok(secret) = std::env::var(variable)
    {
        return Ok(Some(secret.into()));
    }
    if let Some(file) = &workspace.secret_file {
        let path = base.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            CliError::usage(
                format!("cannot read the secret in `{}`: {error}", path.display()),
                "`secretFile` of the configuration names it",
            )
        })?;
        let text = SecretString::from(text);
        return Ok(Some(text.expose_secret().trim().into()));
    }
    Ok(workspace.secret.clone())
}
