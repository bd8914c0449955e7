//! The spool: crashes between the steps of a refresh, and files that are not what they should be.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use authbridge_core::id::LeaseId;
use authbridge_core::{Clock, Watcher};
use authbridge_store::{
    Access, Claimed, Connection, ConnectionState, Released, Replayed, Store, StoreError,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    TestClock, access_token, claim, claimed, connected, keyring, new_credentials, open,
    open_watched, open_with, secret,
};

/// The files as a process leaves them that is killed there, for every step.
struct Crashes {
    directory: PathBuf,
    left: Mutex<HashMap<&'static str, TempDir>>,
}

impl Watcher for Crashes {
    fn reached(&self, step: &'static str) {
        let crashed = tempfile::tempdir().unwrap();
        copy(&self.directory, crashed.path());
        self.left.lock().unwrap().insert(step, crashed);
    }
}

/// Copies all but the locks, and the index of the log, which belongs to the living.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else if !name.contains("lock") && !name.ends_with("-shm") {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// Panics at a step, once.
struct PanicsAt(Mutex<Option<&'static str>>);

impl PanicsAt {
    fn step(step: &'static str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(step))))
    }
}

impl Watcher for PanicsAt {
    fn reached(&self, step: &'static str) {
        let mut at = self.0.lock().unwrap();
        if *at == Some(step) {
            *at = None;
            drop(at);
            panic!("killed at {step}");
        }
    }
}

struct NoOne;

impl Watcher for NoOne {
    fn reached(&self, _: &'static str) {}
}

/// A store with a connection whose refresh is claimed.
struct Scene {
    directory: TempDir,
    clock: Arc<TestClock>,
    store: Store,
    connection: Connection,
    lease: LeaseId,
}

async fn scene(watcher: impl FnOnce(&Path) -> Arc<dyn Watcher>) -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::<TestClock>::default();
    let watcher = watcher(directory.path());
    let store = open_watched(directory.path(), &clock, watcher).await;
    let (_, connection) = connected(&store).await;
    let lease = claimed(&store, &clock, &connection).await;
    Scene {
        directory,
        clock,
        store,
        connection,
        lease,
    }
}

async fn commit(scene: &Scene) -> Result<Connection, StoreError> {
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    let mut new = new_credentials("second");
    new.refresh_due_at = Some(scene.clock.now());
    let committing = scene
        .store
        .commit_refresh(workspace, id, &scene.lease, 1, new);
    committing.await
}

/// A scene in which the database could not be reached: the answer is in the spool.
async fn spooled() -> Scene {
    let scene = scene(|_| Arc::new(NoOne)).await;
    scene.store.close().await;
    let error = commit(&scene).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Spooled(source) if matches!(**source, StoreError::Closed)),
        "{error:?}"
    );
    assert_eq!(files(scene.directory.path()), [file_name(&scene)]);
    scene
}

fn file_name(scene: &Scene) -> String {
    format!("{}.json", scene.lease)
}

fn file(scene: &Scene) -> PathBuf {
    scene.directory.path().join("spool").join(file_name(scene))
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What is in the spool, and in its directory for what cannot be read.
fn files(directory: &Path) -> Vec<String> {
    let spool = directory.join("spool");
    let mut found = names(&spool);
    found.retain(|name| name != "unreadable");
    let aside = names(&spool.join("unreadable"));
    found.extend(aside.into_iter().map(|name| format!("unreadable/{name}")));
    found
}

fn replayed(connection: &Connection, committed: bool) -> Replayed {
    Replayed {
        workspace_id: connection.workspace_id.clone(),
        connection_id: connection.id.clone(),
        committed,
    }
}

/// Opens the store of `scene` again, where the answer must come into force.
async fn assert_committed_at_start(directory: &Path, connection: &Connection) -> Store {
    let store = open(directory).await.unwrap();
    assert_eq!(store.replayed(), [replayed(connection, true)]);
    assert_eq!(access_token(&store, connection).await, ("second".into(), 2));
    assert_eq!(files(directory), [""; 0]);
    store
}

#[tokio::test]
async fn killed_after_any_step_of_a_commit_the_answer_is_kept() {
    let mut crashes = None;
    let scene = scene(|directory| {
        let watcher = Arc::new(Crashes {
            directory: directory.to_owned(),
            left: Mutex::default(),
        });
        crashes = Some(Arc::clone(&watcher));
        watcher
    })
    .await;
    let after = commit(&scene).await.unwrap();
    let left = std::mem::take(&mut *crashes.unwrap().left.lock().unwrap());
    let mut steps: Vec<_> = left.keys().copied().collect();
    steps.sort_unstable();
    assert_eq!(
        steps,
        [
            "refresh.claimed",
            "refresh.committed",
            "refresh.spooled",
            "refresh.unspooled"
        ]
    );
    let (workspace, id) = (&after.workspace_id, &after.id);
    for step in ["refresh.spooled", "refresh.committed"] {
        let store = assert_committed_at_start(left[step].path(), &after).await;
        let found = store.find_connection(workspace, id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&after), "{step}");
        let claim = claim(&scene.clock, 2);
        let granted = store.claim_refresh(workspace, id, claim).await.unwrap();
        assert_eq!(granted, Claimed::Granted { interrupted: None });
    }
    let store = open(left["refresh.unspooled"].path()).await.unwrap();
    assert_eq!(store.replayed(), []);
    assert_eq!(access_token(&store, &after).await, ("second".into(), 2));
}

#[tokio::test]
async fn killed_after_the_claim_the_next_owner_is_told() {
    let scene = scene(|_| Arc::new(NoOne)).await;
    let crashed = tempfile::tempdir().unwrap();
    copy(scene.directory.path(), crashed.path());
    let store = open_watched(crashed.path(), &scene.clock, Arc::new(NoOne)).await;
    assert_eq!(store.replayed(), []);
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    // Its lease is not over by the clock, but nobody is left who could use it.
    let granted = store.claim_refresh(workspace, id, claim(&scene.clock, 1));
    let Claimed::Granted { interrupted } = granted.await.unwrap() else {
        panic!("it is free");
    };
    assert_eq!(interrupted.unwrap().fingerprint, [7; 32]);
}

#[tokio::test]
async fn killed_after_a_release_it_is_released() {
    let mut crashes = None;
    let scene = scene(|directory| {
        let watcher = Arc::new(Crashes {
            directory: directory.to_owned(),
            left: Mutex::default(),
        });
        crashes = Some(Arc::clone(&watcher));
        watcher
    })
    .await;
    let released = Released {
        state: ConnectionState::Ready,
        error: None,
        refresh_due_at: None,
        retry_at: None,
        retry_attempts: 4,
        interrupted: None,
    };
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    scene
        .store
        .release_refresh(workspace, id, &scene.lease, released)
        .await
        .unwrap();
    let left = std::mem::take(&mut *crashes.unwrap().left.lock().unwrap());
    let store = open(left["refresh.released"].path()).await.unwrap();
    let found = store.find_connection(workspace, id).await.unwrap().unwrap();
    assert_eq!(found.retry_attempts, 4);
    claimed(&store, &scene.clock, &scene.connection).await;
}

/// Whoever waited for the commit went away, or panicked; the process lives on.
#[tokio::test]
async fn a_commit_that_nobody_finished_is_finished_by_the_next_claim() {
    for step in ["refresh.spooled", "refresh.committed"] {
        let scene = Arc::new(scene(|_| PanicsAt::step(step)).await);
        let committing = Arc::clone(&scene);
        let panicked = tokio::spawn(async move { commit(&committing).await }).await;
        assert!(panicked.unwrap_err().is_panic());
        assert_eq!(files(scene.directory.path()), [file_name(&scene)]);
        let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
        // While the lease is in force, and not only when it has run out.
        let claim = claim(&scene.clock, 1);
        let moved = scene.store.claim_refresh(workspace, id, claim).await;
        assert_eq!(moved.unwrap(), Claimed::Moved);
        let token = access_token(&scene.store, &scene.connection).await;
        assert_eq!(token, ("second".into(), 2));
        let again = commit(&scene).await.unwrap();
        assert_eq!(again.generation, 2);
        assert_eq!(files(scene.directory.path()), [""; 0]);
    }
}

#[tokio::test]
async fn an_answer_that_the_database_did_not_take_stays_in_the_spool() {
    let scene = scene(|_| Arc::new(NoOne)).await;
    let path = scene.directory.path().join("authbridge.db");
    let database = rusqlite::Connection::open(path).unwrap();
    let broken = "CREATE TRIGGER broken BEFORE UPDATE ON connection
        BEGIN SELECT RAISE(ABORT, 'no more room'); END";
    database.execute_batch(broken).unwrap();
    for _ in 0..2 {
        let error = commit(&scene).await.unwrap_err();
        assert!(matches!(error, StoreError::Spooled(_)), "{error:?}");
        assert!(error.hint().is_some());
    }
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    // To refresh now would lose the answer.
    let blocked = scene
        .store
        .claim_refresh(workspace, id, claim(&scene.clock, 1));
    let error = blocked.await.unwrap_err();
    assert!(matches!(error, StoreError::Spooled(_)), "{error:?}");
    assert_eq!(files(scene.directory.path()), [file_name(&scene)]);
    database.execute_batch("DROP TRIGGER broken").unwrap();
    assert_eq!(commit(&scene).await.unwrap().generation, 2);
    assert_eq!(files(scene.directory.path()), [""; 0]);
}

/// Whoever gives up after an error must not give the answer up with the lease.
#[tokio::test]
async fn a_release_does_not_lose_what_is_in_the_spool() {
    let scene = scene(|_| PanicsAt::step("refresh.spooled")).await;
    let scene = Arc::new(scene);
    let committing = Arc::clone(&scene);
    let panicked = tokio::spawn(async move { commit(&committing).await }).await;
    assert!(panicked.unwrap_err().is_panic());
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    let released = Released {
        state: ConnectionState::ConfigurationError,
        error: None,
        refresh_due_at: None,
        retry_at: None,
        retry_attempts: 1,
        interrupted: None,
    };
    let releasing = scene
        .store
        .release_refresh(workspace, id, &scene.lease, released);
    releasing.await.unwrap();
    let found = scene.store.find_connection(workspace, id).await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.generation, found.retry_attempts), (2, 0));
    assert_eq!(found.state, ConnectionState::Ready);
    assert_eq!(files(scene.directory.path()), [""; 0]);
}

/// Others who claim look into the spool while the owner of the lease is at it.
#[tokio::test]
async fn a_commit_and_the_claims_of_others_do_not_disturb_each_other() {
    for _ in 0..10 {
        let scene = scene(|_| Arc::new(NoOne)).await;
        let beside = open_with(scene.directory.path(), Access::Shared, keyring()).await;
        let others = [scene.store.clone(), beside.unwrap()].map(|store| {
            let connection = scene.connection.clone();
            let claims: Vec<_> = (0..10).map(|_| claim(&scene.clock, 1)).collect();
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                runtime.unwrap().block_on(async {
                    for claim in claims {
                        let (workspace, id) = (&connection.workspace_id, &connection.id);
                        let claimed = store.claim_refresh(workspace, id, claim).await;
                        let claimed = claimed.unwrap();
                        assert!(
                            matches!(claimed, Claimed::Held { .. } | Claimed::Moved),
                            "{claimed:?}"
                        );
                    }
                });
            })
        });
        assert_eq!(commit(&scene).await.unwrap().generation, 2);
        for other in others {
            other.join().unwrap();
        }
        let token = access_token(&scene.store, &scene.connection).await;
        assert_eq!(token, ("second".into(), 2));
        assert_eq!(files(scene.directory.path()), [""; 0]);
    }
}

#[tokio::test]
async fn an_answer_of_a_process_that_was_closed_is_brought_in() {
    let scene = spooled().await;
    assert_committed_at_start(scene.directory.path(), &scene.connection).await;
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_does_not_stop_a_commit() {
    let scene = scene(|_| Arc::new(NoOne)).await;
    let spool = scene.directory.path().join("spool");
    fs::remove_dir(&spool).unwrap();
    fs::write(&spool, "").unwrap();
    assert_eq!(commit(&scene).await.unwrap().generation, 2);
}

#[tokio::test]
async fn a_command_beside_the_server_leaves_the_spool() {
    let scene = spooled().await;
    let beside = open_with(scene.directory.path(), Access::Shared, keyring()).await;
    let beside = beside.unwrap();
    assert_eq!(beside.replayed(), []);
    assert_eq!(files(scene.directory.path()), [file_name(&scene)]);
}

#[tokio::test]
async fn no_secret_is_in_the_spool_and_nobody_else_can_read_it() {
    let scene = spooled().await;
    let text = fs::read_to_string(file(&scene)).unwrap();
    let opened: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(opened["connection"], json!(scene.connection.id.as_str()));
    for secret in ["second", "access_token", "domain", "clientId"] {
        assert!(!text.contains(secret), "{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file(&scene)), 0o600);
        assert_eq!(mode(&scene.directory.path().join("spool")), 0o700);
    }
}

/// Killed between writing the file and giving it its name.
#[tokio::test]
async fn an_answer_without_its_name_is_brought_in() {
    let scene = spooled().await;
    fs::rename(file(&scene), file(&scene).with_extension("tmp")).unwrap();
    assert_committed_at_start(scene.directory.path(), &scene.connection).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_moved_aside_and_kept() {
    let scene = spooled().await;
    let directory = scene.directory.path();
    let whole = fs::read_to_string(file(&scene)).unwrap();
    let other = scene.lease.to_string().replace("lea_", "con_");
    let broken = [
        String::new(),
        "not ours".to_owned(),
        whole[..whole.len() / 2].to_owned(),
        whole.replace("\"generation\":1", "\"generation\":2"),
        whole.replace(scene.connection.id.as_str(), &other),
        whole.replace("\"sealed\":\"A", "\"sealed\":\"B"),
    ];
    for (number, content) in broken.iter().enumerate() {
        assert_ne!(*content, whole);
        fs::write(
            file(&scene).with_file_name(format!("{number}.tmp")),
            content,
        )
        .unwrap();
    }
    let store = open(directory).await.unwrap();
    assert_eq!(store.replayed(), [replayed(&scene.connection, true)]);
    assert_eq!(store.moved_aside().len(), broken.len());
    for (content, path) in broken.iter().zip(store.moved_aside()) {
        assert_eq!(fs::read_to_string(path).unwrap(), *content);
    }
    store.close().await;
    // A second file of the same name does not take the place of the first.
    fs::write(directory.join("spool/0.tmp"), "again").unwrap();
    let store = open(directory).await.unwrap();
    assert_eq!(store.replayed(), []);
    assert_eq!(files(directory).len(), broken.len() + 1);
    let again = fs::read_to_string(&store.moved_aside()[0]).unwrap();
    assert_eq!(again, "again");
}

#[tokio::test]
async fn an_answer_sealed_with_another_database_is_moved_aside() {
    let (scene, other) = (spooled().await, spooled().await);
    fs::copy(file(&other), file(&scene)).unwrap();
    let store = open(scene.directory.path()).await.unwrap();
    assert_eq!(store.replayed(), []);
    let aside = format!("unreadable/{}", file_name(&scene));
    assert_eq!(files(scene.directory.path()), [aside]);
}

#[tokio::test]
async fn a_file_that_is_not_whole_does_not_stop_the_next_claim() {
    let scene = scene(|_| Arc::new(NoOne)).await;
    fs::write(file(&scene), "{").unwrap();
    scene.clock.advance(SignedDuration::from_secs(30));
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    let claim = claim(&scene.clock, 1);
    let granted = scene.store.claim_refresh(workspace, id, claim).await;
    assert!(matches!(granted.unwrap(), Claimed::Granted { .. }));
}

/// What happens to the connection between a crash and the next start, in another process.
async fn assert_dropped_after(change: impl AsyncFnOnce(&Store, &Scene)) -> (Scene, Store) {
    let scene = spooled().await;
    let kept = fs::read(file(&scene)).unwrap();
    let directory = scene.directory.path();
    let beside = open_with(directory, Access::Shared, keyring()).await;
    let beside = beside.unwrap();
    change(&beside, &scene).await;
    beside.close().await;
    // The other process may have seen to the file already.
    fs::write(file(&scene), kept).unwrap();
    let store = open(directory).await.unwrap();
    assert_eq!(store.replayed(), [replayed(&scene.connection, false)]);
    assert_eq!(files(directory), [""; 0]);
    (scene, store)
}

#[tokio::test]
async fn a_reconnect_that_came_between_wins() {
    let (scene, store) = assert_dropped_after(async |store, scene| {
        let new = new_credentials("reconnected");
        let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
        store
            .replace_credentials(workspace, id, 1, new)
            .await
            .unwrap();
    })
    .await;
    let token = access_token(&store, &scene.connection).await;
    assert_eq!(token, ("reconnected".into(), 2));
}

#[tokio::test]
async fn an_archive_that_came_between_wins() {
    let (scene, store) = assert_dropped_after(async |store, scene| {
        let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
        store.archive_connection(workspace, id).await.unwrap();
    })
    .await;
    let (workspace, id) = (&scene.connection.workspace_id, &scene.connection.id);
    let found = store.find_connection(workspace, id).await.unwrap();
    assert!(found.unwrap().archived_at.is_some());
}

#[tokio::test]
async fn an_owner_who_came_between_wins() {
    assert_dropped_after(async |_, scene| {
        let path = scene.directory.path().join("authbridge.db");
        let database = rusqlite::Connection::open(path).unwrap();
        let sql = "UPDATE connection SET lease_owner = 'lea_00000000000000000000000000'";
        assert_eq!(database.execute(sql, []).unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn answers_of_many_connections_are_all_brought_in() {
    let scene = spooled().await;
    let mut crashed = vec![scene.connection.clone()];
    let store = open_with(scene.directory.path(), Access::Shared, keyring()).await;
    let store = store.unwrap();
    let workspace = &scene.connection.workspace_id;
    let crm = store.find_integration(workspace, "crm").await.unwrap();
    let acme = store.find_workspace(workspace).await.unwrap().unwrap();
    for name in ["bob", "carol", "dave"] {
        let customer = crate::support::customer(&store, &acme, name).await;
        let new = crate::support::new_connection(&customer, crm.as_ref().unwrap());
        let connection = store.insert_connection(workspace, new).await.unwrap();
        crashed.push(connection);
    }
    let mut leases = Vec::new();
    for connection in &crashed[1..] {
        leases.push(claimed(&store, &scene.clock, connection).await);
    }
    store.close().await;
    for (connection, lease) in crashed[1..].iter().zip(&leases) {
        let mut new = new_credentials("second");
        new.input = Some(secret(json!({"domain": "b"})));
        let spooled = store.commit_refresh(workspace, &connection.id, lease, 1, new);
        assert!(matches!(spooled.await, Err(StoreError::Spooled(_))));
    }
    let store = open(scene.directory.path()).await.unwrap();
    assert_eq!(store.replayed().len(), crashed.len());
    assert!(store.replayed().iter().all(|answer| answer.committed));
    for connection in &crashed {
        let token = access_token(&store, connection).await;
        assert_eq!(token, ("second".into(), 2));
    }
    let secrets = store.connection_secrets(workspace, &crashed[1].id).await;
    assert_eq!(secrets.unwrap().input, secret(json!({"domain": "b"})));
}
