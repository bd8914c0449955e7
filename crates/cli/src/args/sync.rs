//! The commands that bring a directory and a workspace into line.

use std::path::PathBuf;

use authbridge_core::SecretString;
use clap::Args as ClapArgs;

use super::WorkspaceSecret;

/// A directory, and the workspace of a server that belongs to it.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Place {
    /// The workspace directory, such as `membrane/` [default: what the configuration says, or `.`]
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// A workspace of `authbridge.yml` or `membrane.config.yml` [default: `default`, or the only one]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
    /// Where the server is [default: what the configuration says, or port 4700 of this machine]
    #[arg(long, env = "AUTHBRIDGE_URL")]
    pub(crate) url: Option<String>,
    /// A ready-made token of an admin; otherwise one is signed with the workspace's secret. Better
    /// by environment than as an argument
    #[arg(long, env = "AUTHBRIDGE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<SecretString>,
    #[command(flatten)]
    pub(crate) secret: WorkspaceSecret,
}

#[derive(ClapArgs, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are flags, as people type them"
)]
#[command(
    after_help = "Exit codes: 0 pushed (or there was nothing to push), 1 refused, 2 used wrongly, 3 the server cannot be\nreached. All of it is pushed, or nothing.\n\nExamples:\n  authbridge push membrane --dry-run\n  authbridge push membrane --path membrane/actions --watch\n  authbridge push -w production --prune"
)]
pub(crate) struct Push {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Shows what would change, and changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only what is described below this file or directory; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<PathBuf>,
    /// Archives what the directory does not have
    #[arg(long, conflicts_with = "path")]
    pub(crate) prune: bool,
    /// Pushes although the workspace changed since the last pull
    #[arg(long)]
    pub(crate) force: bool,
    /// Pushes again whenever a file changes
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) watch: bool,
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Files that say what the workspace says stay as they are; of others, the members that differ are\nreplaced, and comments and order stay. What the server alone knows (ids, revisions, states,\nparameters of integrations) is not written.\n\nExample:\n  authbridge pull membrane -w production"
)]
pub(crate) struct Pull {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Shows what would be written, and writes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Removes the files of elements that the workspace does not have
    #[arg(long)]
    pub(crate) prune: bool,
    /// Replaces files that cannot be read
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Exit codes: 0 the same, 1 there are differences, 2 used wrongly, 3 the server cannot be reached."
)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only what is described below this file or directory; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<PathBuf>,
}
