//! The threads that run SQLite: one that writes, two that read.
//!
//! SQLite blocks, and our callers must not; and it lets one writer in at a time anyway. Work
//! goes to the threads through channels, answers come back through one-shot channels, so it
//! does not matter which runtime asks.
//!
//! The writer commits in groups: what waits when it begins is done in one transaction, each
//! piece within a savepoint of its own, and one flush to the disk serves them all.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection as Database, TransactionBehavior};
use tokio::sync::oneshot;

use super::open;
use crate::StoreError;

/// The threads, and the ways to them.
pub(super) struct Threads {
    writes: Sender<Write>,
    reads: Sender<Read>,
    /// After the channels: the threads end when those go, and are waited for then.
    handles: Handles,
}

#[derive(Default)]
struct Handles(Mutex<Vec<JoinHandle<()>>>);

impl Handles {
    fn add(&self, handle: JoinHandle<()>) {
        let mut handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handles.push(handle);
    }
}

/// Something for the writer.
enum Write {
    Work(Box<dyn Work>),
    Stop(oneshot::Sender<()>),
}

/// Something for a reader.
enum Read {
    Work(Box<dyn FnOnce(&Database) + Send>),
    Stop(oneshot::Sender<()>),
}

/// A piece of work for the writer.
trait Work: Send {
    /// Does it, and tells whether what it wrote is kept.
    fn run(&mut self, database: &Database) -> Keep;
    /// Answers whoever asked, after the commit or with what it failed with.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Whether what a piece of work wrote is kept.
enum Keep {
    Yes,
    No,
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    sender: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Task<T, F>
where
    T: Send,
    F: FnOnce(&Database) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, database: &Database) -> Keep {
        self.result = self.work.take().map(|work| work(database));
        match self.result {
            Some(Ok(_)) => Keep::Yes,
            Some(Err(_)) | None => Keep::No,
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = self.result.unwrap_or(Err(StoreError::Closed));
        // Whoever asked may have gone.
        drop(self.sender.send(committed.and(result)));
    }
}

impl Threads {
    /// Opens the database of a directory and starts the threads.
    pub(super) async fn start(data_dir: &Path) -> Result<Self, StoreError> {
        let (writes, to_writer) = mpsc::channel();
        let (reads, to_readers) = mpsc::channel();
        let threads = Self {
            writes,
            reads,
            handles: Handles::default(),
        };
        // The writer first: it makes the file and the tables.
        threads
            .spawn("store-writer", data_dir, open::writer, move |database| {
                run_writer(database, &to_writer);
            })
            .await?;
        let to_readers = Arc::new(Mutex::new(to_readers));
        for _ in 0..READERS {
            let to_readers = Arc::clone(&to_readers);
            threads
                .spawn("store-reader", data_dir, open::reader, move |database| {
                    run_reader(&database, &to_readers);
                })
                .await?;
        }
        Ok(threads)
    }

    /// Runs `work` on a reader.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        let work = Read::Work(Box::new(move |database| {
            // Whoever asked may have gone.
            drop(sender.send(work(database)));
        }));
        self.reads.send(work).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `work` on the writer, all of it or none, and answers when it is on the disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        let task = Task {
            work: Some(work),
            result: None,
            sender,
        };
        self.writes
            .send(Write::Work(Box::new(task)))
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets the threads finish what was asked for before, and ends them.
    pub(super) async fn close(&self) {
        // Readers first: the last connection to go brings the log into the database.
        for _ in 0..READERS {
            let (stopped, wait) = oneshot::channel();
            if self.reads.send(Read::Stop(stopped)).is_ok() {
                drop(wait.await);
            }
        }
        let (stopped, wait) = oneshot::channel();
        if self.writes.send(Write::Stop(stopped)).is_ok() {
            drop(wait.await);
        }
    }

    /// Starts a thread that opens its connection and then runs with it.
    async fn spawn(
        &self,
        name: &str,
        data_dir: &Path,
        open: fn(&Path) -> Result<Database, StoreError>,
        run: impl FnOnce(Database) + Send + 'static,
    ) -> Result<(), StoreError> {
        let data_dir: PathBuf = data_dir.to_owned();
        let (opened, wait) = oneshot::channel();
        let thread = thread::Builder::new().name(name.to_owned());
        let handle = thread
            .spawn(move || match open(&data_dir) {
                Ok(database) => {
                    drop(opened.send(Ok(())));
                    run(database);
                }
                Err(error) => drop(opened.send(Err(error))),
            })
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        self.handles.add(handle);
        wait.await.map_err(|_| StoreError::Closed)?
    }
}

/// Without it a store opened right after another one was dropped could find the file in use.
impl Drop for Handles {
    fn drop(&mut self) {
        let handles = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for handle in handles.drain(..) {
            drop(handle.join());
        }
    }
}

fn run_reader(database: &Database, work: &Mutex<Receiver<Read>>) {
    loop {
        // The lock is held while waiting, and released before working: one reader waits for
        // work, the other for the lock.
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(Read::Work(work)) => work(database),
            Ok(Read::Stop(stopped)) => {
                let _ = stopped.send(());
                return;
            }
            Err(_) => return,
        }
    }
}

fn run_writer(mut database: Database, work: &Receiver<Write>) {
    let mut stopped = None;
    while stopped.is_none() {
        let first = match work.recv() {
            Ok(Write::Work(first)) => first,
            Ok(Write::Stop(sender)) => {
                stopped = Some(sender);
                continue;
            }
            Err(_) => break,
        };
        let mut group = vec![first];
        while group.len() < GROUP {
            match work.try_recv() {
                Ok(Write::Work(next)) => group.push(next),
                Ok(Write::Stop(sender)) => {
                    stopped = Some(sender);
                    break;
                }
                Err(_) => break,
            }
        }
        commit(&mut database, group);
    }
    // The log stays when another process still reads; it holds what is committed either way.
    drop(database.pragma_update(None, "wal_checkpoint", "truncate"));
    drop(database);
    if let Some(stopped) = stopped {
        let _ = stopped.send(());
    }
}

/// Does a group of work in one transaction, and answers each when it is on the disk.
fn commit(database: &mut Database, mut group: Vec<Box<dyn Work>>) {
    let failed = do_and_commit(database, &mut group).err();
    let failed = failed.map(|error| error.to_string());
    for work in group {
        work.answer(match &failed {
            None => Ok(()),
            Some(reason) => Err(StoreError::Unavailable(reason.clone().into())),
        });
    }
}

fn do_and_commit(database: &mut Database, group: &mut [Box<dyn Work>]) -> rusqlite::Result<()> {
    let mut transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for work in group {
        let savepoint = transaction.savepoint()?;
        match work.run(&savepoint) {
            Keep::Yes => savepoint.commit()?,
            Keep::No => savepoint.finish()?,
        }
    }
    transaction.commit()
}

/// How many threads read.
const READERS: usize = 2;

/// How many pieces of work one transaction holds at most.
const GROUP: usize = 256;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    fn database() -> (TempDir, Database) {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(directory.path().join("db")).unwrap();
        let sql = "PRAGMA foreign_keys = ON;
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE item (name TEXT, parent INTEGER REFERENCES parent (id)
                DEFERRABLE INITIALLY DEFERRED);";
        database.execute_batch(sql).unwrap();
        (directory, database)
    }

    type Answer = oneshot::Receiver<Result<(), StoreError>>;

    /// Work that inserts a row, then answers with `result`.
    fn insert(values: &'static str, result: Result<(), StoreError>) -> (Box<dyn Work>, Answer) {
        let (sender, answer) = oneshot::channel();
        let work = move |database: &Database| {
            database.execute_batch(&format!("INSERT INTO item VALUES {values}"))?;
            result
        };
        let task = Task {
            work: Some(work),
            result: None,
            sender,
        };
        (Box::new(task), answer)
    }

    fn names(database: &Database) -> Vec<String> {
        let mut statement = database.prepare("SELECT name FROM item").unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    }

    #[test]
    fn work_that_fails_takes_back_its_own_writes_only() {
        let (_directory, mut database) = database();
        let (first, first_answer) = insert("('first', NULL)", Ok(()));
        let (second, second_answer) = insert("('second', NULL)", Err(StoreError::GenerationMoved));
        let (third, third_answer) = insert("('third', NULL)", Ok(()));
        commit(&mut database, vec![first, second, third]);
        assert_eq!(names(&database), ["first", "third"]);
        assert!(first_answer.blocking_recv().unwrap().is_ok());
        let answer = second_answer.blocking_recv().unwrap();
        assert!(matches!(answer, Err(StoreError::GenerationMoved)));
        assert!(third_answer.blocking_recv().unwrap().is_ok());
    }

    #[test]
    fn a_commit_that_fails_is_told_to_everybody_in_it() {
        let (_directory, mut database) = database();
        let (first, first_answer) = insert("('first', NULL)", Ok(()));
        // Only the commit looks at a deferred reference.
        let (second, second_answer) = insert("('second', 7)", Ok(()));
        commit(&mut database, vec![first, second]);
        for answer in [first_answer, second_answer] {
            let answer = answer.blocking_recv().unwrap();
            assert!(matches!(answer, Err(StoreError::Unavailable(_))));
        }
        assert_eq!(names(&database), [""; 0]);
        let (again, answer) = insert("('again', NULL)", Ok(()));
        commit(&mut database, vec![again]);
        assert!(answer.blocking_recv().unwrap().is_ok());
    }

    #[test]
    fn a_transaction_that_does_not_begin_is_told_to_everybody_in_it() {
        let (directory, mut database) = database();
        database.busy_timeout(Duration::ZERO).unwrap();
        let other = Database::open(directory.path().join("db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (work, answer) = insert("('first', NULL)", Ok(()));
        commit(&mut database, vec![work]);
        let answer = answer.blocking_recv().unwrap();
        assert!(matches!(answer, Err(StoreError::Unavailable(_))));
    }

    #[test]
    fn an_asker_who_went_away_does_no_harm() {
        let (_directory, mut database) = database();
        let (work, answer) = insert("('first', NULL)", Ok(()));
        drop(answer);
        commit(&mut database, vec![work]);
        assert_eq!(names(&database), ["first"]);
    }
}
