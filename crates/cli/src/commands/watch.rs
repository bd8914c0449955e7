//! Noticing that a directory changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::error::CliError;

/// The changes in a directory.
pub(super) struct Changes {
    notices: mpsc::Receiver<()>,
    /// What comes this close together is one change.
    one_change: Duration,
    /// Stops watching when it is dropped.
    _watcher: notify::RecommendedWatcher,
}

impl Changes {
    /// The changes in `directory` (or beside a file), except in `data_dir`, where serving writes.
    /// Editors save in several steps; those within `one_change` are one.
    pub(super) fn of(
        directory: &Path,
        data_dir: Option<&Path>,
        one_change: Duration,
    ) -> Result<Self, CliError> {
        let failed = |error: notify::Error| CliError::failed(format!("cannot watch: {error}"));
        let root = watch_root(directory)?;
        let what_counts = WhatCounts {
            directory: root.clone(),
            data_dir: data_dir.map(Path::canonicalize).transpose()?,
        };
        // One notice that waits is as good as many.
        let (sender, notices) = mpsc::channel(1);
        let notice = move |event: notify::Result<Event>| {
            // Lost events may have been changes.
            if event.map_or(true, |event| what_counts.is_change(&event)) {
                // A full channel holds a notice already; a closed one ends with the process.
                let _ignored = sender.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(notice).map_err(failed)?;
        watcher
            .watch(&root, RecursiveMode::Recursive)
            .map_err(failed)?;
        Ok(Self {
            notices,
            one_change,
            _watcher: watcher,
        })
    }

    /// Waits for the next change, and until it is complete.
    pub(super) async fn next(&mut self) {
        if self.notices.recv().await.is_none() {
            // Nobody watches any more, so nothing changes.
            return std::future::pending().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(self.one_change, self.notices.recv()).await {}
    }
}

/// The directory to watch: saving a file often puts another one in its place, so a single file is
/// watched from its directory.
fn watch_root(path: &Path) -> Result<PathBuf, CliError> {
    let path = path.canonicalize()?;
    match path.parent() {
        Some(parent) if path.is_file() => Ok(parent.to_owned()),
        _ => Ok(path),
    }
}

/// Which events mean that a definition may have changed.
struct WhatCounts {
    directory: PathBuf,
    data_dir: Option<PathBuf>,
}

impl WhatCounts {
    fn is_change(&self, event: &Event) -> bool {
        !event.kind.is_access()
            && (event.paths.is_empty() || event.paths.iter().any(|path| self.counts(path)))
    }

    /// Not hidden, as the files of editors and of version control are, and not our own data.
    fn counts(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.directory).unwrap_or(path);
        let is_hidden = below
            .iter()
            .any(|part| part.to_string_lossy().starts_with('.'));
        let is_own = self
            .data_dir
            .as_ref()
            .is_some_and(|own| path.starts_with(own));
        !is_hidden && !is_own
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use notify::EventKind;
    use notify::event::{AccessKind, ModifyKind};

    use super::{Event, WhatCounts};

    fn what_counts() -> WhatCounts {
        WhatCounts {
            directory: PathBuf::from("/w"),
            data_dir: Some(PathBuf::from("/w/authbridge-data")),
        }
    }

    #[test]
    fn definitions_count_and_our_own_database_does_not() {
        let what_counts = what_counts();
        assert!(what_counts.counts(Path::new("/w/connectors/a/spec.yml")));
        for path in [
            "/w/authbridge-data/authbridge.db-wal",
            "/w/.git/index",
            "/w/connectors/a/.spec.yml.swp",
        ] {
            assert!(!what_counts.counts(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn reading_is_no_change() {
        let path = PathBuf::from("/w/a.yml");
        let read = Event::new(EventKind::Access(AccessKind::Read)).add_path(path.clone());
        assert!(!what_counts().is_change(&read));
        let written = Event::new(EventKind::Modify(ModifyKind::Any)).add_path(path);
        assert!(what_counts().is_change(&written));
    }
}
