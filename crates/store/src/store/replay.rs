//! Bringing in, at the start, what the process before left in the spool.

use std::fs;
use std::path::{Path, PathBuf};

use super::spooled::Envelope;
use super::{Store, cannot_open};
use crate::StoreError;
use crate::model::refresh::Replayed;

/// What was in the spool at the start.
#[derive(Debug, Default)]
pub(super) struct Replay {
    answers: Vec<Replayed>,
    moved_aside: Vec<PathBuf>,
}

impl Store {
    /// The answers of providers that were in the spool when the store was opened, and what
    /// became of each.
    pub fn replayed(&self) -> &[Replayed] {
        self.0.replay.get().map_or(&[], |replay| &replay.answers)
    }

    /// Where the files of the spool are now that could not be read when the store was opened.
    pub fn moved_aside(&self) -> &[PathBuf] {
        self.0
            .replay
            .get()
            .map_or(&[], |replay| &replay.moved_aside)
    }

    /// Commits everything in the spool. A file that was not finished is tried like any other:
    /// only if it is whole does its seal open.
    pub(super) async fn replay_spool(&self) -> Result<Replay, StoreError> {
        let mut replay = Replay::default();
        let spool = self.spool();
        let files = spool.files();
        for path in files.map_err(|error| cannot_open(spool.directory(), error))? {
            // A process beside this one may have finished what it was at.
            if !path.exists() {
                continue;
            }
            if let Some(answer) = self.replay_file(&path).await? {
                replay.answers.push(answer);
                // Left behind it would be found decided the next time.
                drop(spool.remove(&path).await);
            } else {
                let aside = spool.move_aside(&path);
                let aside = aside.map_err(|error| cannot_open(&path, error))?;
                replay.moved_aside.push(aside);
            }
        }
        Ok(replay)
    }

    /// Commits the answer in a file; `None` when it cannot be read, or its connection cannot.
    async fn replay_file(&self, path: &Path) -> Result<Option<Replayed>, StoreError> {
        let Some(envelope) = fs::read(path)
            .ok()
            .and_then(|bytes| Envelope::parse(&bytes).ok())
        else {
            return Ok(None);
        };
        let address = envelope.address.clone();
        let committed = match self.open_spooled(envelope).await {
            Ok(answer) => self.commit_answer(answer).await.map(drop),
            Err(error) => Err(error),
        };
        let committed = match committed {
            Ok(()) => true,
            Err(StoreError::GenerationMoved) => false,
            Err(StoreError::Missing { .. } | StoreError::Inconsistent { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Replayed {
            workspace_id: address.workspace,
            connection_id: address.connection,
            committed,
        }))
    }
}
