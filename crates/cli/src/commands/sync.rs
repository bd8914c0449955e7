//! `push`, `pull` and `diff`: a directory and a workspace.

mod bar;
mod diff;
mod edits;
mod local;
mod plan;
mod pull;
mod push;
mod state;
mod target;
mod write;

pub(super) use diff::run as diff;
pub(super) use pull::run as pull;
pub(super) use push::run as push;
