//! The spool: a directory of small files that hold what the database has not taken yet.
//!
//! It knows nothing of what the files say. They are written by a thread of its own, for a flush
//! to the disk blocks, and our callers must not; what waits when the thread begins shares the
//! flush of the directory.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use authbridge_core::id::LeaseId;
use tokio::sync::oneshot;

use super::cannot_open;
use crate::{StoreError, files};

/// The directory `spool` of a data directory, and its thread.
pub(super) struct Spool {
    directory: PathBuf,
    jobs: Sender<Job>,
    /// After the channel: the thread ends when that goes, and is waited for then.
    _worker: Worker,
}

struct Worker(Option<JoinHandle<()>>);

/// Without it a file could come or go after the store was dropped.
impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            drop(thread.join());
        }
    }
}

type Done = oneshot::Sender<io::Result<()>>;

/// Something for the thread.
enum Job {
    Put {
        path: PathBuf,
        bytes: Vec<u8>,
        done: Done,
    },
    Remove {
        path: PathBuf,
        done: Done,
    },
}

impl Spool {
    /// Opens the spool of a data directory, and makes it when there is none.
    pub(super) fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let directory = data_dir.join("spool");
        files::create_private_directory(&directory)
            .and_then(|()| files::sync_directory(data_dir))
            .map_err(|error| cannot_open(&directory, error))?;
        let (jobs, work) = mpsc::channel();
        let of_thread = directory.clone();
        let thread = thread::Builder::new().name("store-spool".to_owned());
        let thread = thread
            .spawn(move || run(&of_thread, &work))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self {
            directory,
            jobs,
            _worker: Worker(Some(thread)),
        })
    }

    /// Where the files are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file of a lease.
    pub(super) fn path(&self, lease: &LeaseId) -> PathBuf {
        self.directory.join(format!("{lease}.json"))
    }

    /// Writes the file of a lease, in the place of an earlier one; it is on the disk when this
    /// answers.
    pub(super) async fn put(&self, lease: &LeaseId, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.path(lease);
        self.ask(|done| Job::Put { path, bytes, done }).await
    }

    /// Removes a file, if it is there, and what was not finished of it. After a loss of power
    /// it may be back.
    pub(super) async fn remove(&self, path: &Path) -> io::Result<()> {
        let path = path.to_owned();
        self.ask(|done| Job::Remove { path, done }).await
    }

    async fn ask(&self, job: impl FnOnce(Done) -> Job) -> io::Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || io::Error::other("the thread that writes the spool has ended");
        self.jobs.send(job(done)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// All files, the oldest lease first, even those that were not finished.
    pub(super) fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                paths.push(entry.path());
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Moves a file that cannot be read out of the way, and tells where to.
    pub(super) fn move_aside(&self, path: &Path) -> io::Result<PathBuf> {
        let aside = self.directory.join("unreadable");
        files::create_private_directory(&aside)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut target = aside.join(&*name);
        let mut copies = 0_u32;
        while fs::exists(&target)? {
            copies += 1;
            target = aside.join(format!("{name}.{copies}"));
        }
        fs::rename(path, &target)?;
        Ok(target)
    }
}

fn run(directory: &Path, work: &Receiver<Job>) {
    while let Ok(first) = work.recv() {
        let mut written = Vec::new();
        for job in std::iter::once(first).chain(work.try_iter().take(GROUP)) {
            match job {
                Job::Put { path, bytes, done } => match write(&path, &bytes) {
                    Ok(()) => written.push(done),
                    Err(error) => answer(done, Err(error)),
                },
                Job::Remove { path, done } => {
                    let removed = remove(&path).and_then(|()| remove(&unfinished(&path)));
                    answer(done, removed);
                }
            }
        }
        if written.is_empty() {
            continue;
        }
        let synced = files::sync_directory(directory);
        for done in written {
            // An I/O error cannot be cloned.
            let synced = synced.as_ref().copied();
            answer(
                done,
                synced.map_err(|error| io::Error::other(error.to_string())),
            );
        }
    }
}

/// Whoever asked may have gone.
fn answer(done: Done, result: io::Result<()>) {
    drop(done.send(result));
}

/// Writes under another name first, so that a file with its own name is never half written.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    let mut file = files::open_private_file(&unfinished)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// What a file is called until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("tmp")
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How many jobs share a flush of the directory, beside the first.
const GROUP: usize = 255;
