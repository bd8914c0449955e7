//! `authbridge.yml`: the workspaces that a command line knows by name.

use std::collections::BTreeMap;
use std::path::Path;

use authbridge_core::SecretString;

use crate::bundle::{Content, Found, Limits, read_file};
use crate::connector::{Loaded, add_decoded};
use crate::fields::{NAMED_WORKSPACE, PROJECT};
use crate::object::Object;
use crate::report::Report;
use crate::secrets::{self, Context};
use crate::tree::{self, Node, Syntax};

/// The names of the file, ours first; the last ones are those of the original command line.
pub const PROJECT_FILES: [&str; 4] = [
    "authbridge.yml",
    "authbridge.yaml",
    "membrane.config.yml",
    "membrane.config.yaml",
];

/// A workspace of a server, as far as the file says what it is.
#[derive(Clone, Debug, Default)]
pub struct NamedWorkspace {
    /// Where the server is.
    pub url: Option<String>,
    /// The workspace's key.
    pub key: Option<String>,
    /// Its secret, if it stands in the file.
    pub secret: Option<SecretString>,
    /// The environment variable that has the secret.
    pub secret_env: Option<String>,
    /// The file that has the secret, relative to the configuration.
    pub secret_file: Option<String>,
    /// Where its elements are, relative to the configuration.
    pub directory: Option<String>,
}

/// Reads the workspaces of the configuration at `path`, by name.
pub fn load_project(path: &Path) -> Loaded<BTreeMap<String, NamedWorkspace>> {
    let name = path.to_string_lossy();
    let mut report = Report::default();
    let value = read(path, &name, &mut report);
    let (diagnostics, sources) = report.finish();
    Loaded {
        value,
        diagnostics,
        sources,
    }
}

fn read(path: &Path, name: &str, report: &mut Report) -> Option<BTreeMap<String, NamedWorkspace>> {
    let bytes = match read_file(&Found::single(path, name), &mut Limits::new(1, u64::MAX)) {
        Content::Bytes(bytes) => bytes,
        Content::Refused(refusal) => {
            let id = report.add_file(name, "".into());
            report.about(refusal.code, id, refusal.message);
            return None;
        }
    };
    let (id, text) = add_decoded(name, &bytes, report);
    let root = tree::parse(Syntax::of(name), &text?, id, report)?;
    // Masks what stands there; the original command line keeps secrets in its file.
    secrets::check(&root, Context::Parameters, report);
    let project = Object::read(&root, &PROJECT, report)?;
    let workspaces = project
        .get("workspaces")
        .and_then(Node::entries)
        .unwrap_or_default();
    let workspaces = workspaces.iter().filter_map(|entry| {
        let object = Object::view(&entry.value, &NAMED_WORKSPACE)?;
        Some((entry.key.clone(), workspace(object)))
    });
    Some(workspaces.collect())
}

fn workspace(object: Object<'_>) -> NamedWorkspace {
    NamedWorkspace {
        url: object.text("url"),
        key: object.text("key"),
        secret: object.text("secret").map(SecretString::from),
        secret_env: object.text("secretEnv"),
        secret_file: object.text("secretFile"),
        directory: object.text("directory"),
    }
}

#[cfg(test)]
mod tests {
    use authbridge_core::secret::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_file_of_the_original_is_read_and_its_secret_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("membrane.config.yml");
        let text = "workspaces:\n  default:\n    key: acme\n    secret: planted-4f3c8e\n    apiUri: http://127.0.0.1:1\n    colour: 1\n";
        std::fs::write(&path, text).unwrap();
        let loaded = load_project(&path);
        let workspaces = loaded.value.unwrap();
        let workspace = &workspaces["default"];
        assert_eq!(workspace.url.as_deref(), Some("http://127.0.0.1:1"));
        let secret = workspace.secret.as_ref().unwrap();
        assert_eq!(secret.expose_secret(), "planted-4f3c8e");
        let shown = crate::render(&loaded.diagnostics, &loaded.sources, crate::Color::Never);
        assert!(shown.contains("unknown key `colour`"), "{shown}");
        assert!(!shown.contains("planted"), "{shown}");
        assert!(!format!("{workspace:?}").contains("planted"));
    }
}
