//! A database that somebody wrote to who does not have the keys.

use std::path::Path;

use authbridge_core::id::WorkspaceId;
use authbridge_core::secret::ExposeSecret;
use authbridge_store::{Connection, Store, StoreError, Workspace};
use tempfile::TempDir;

use crate::support::{connected, new_credentials, open, workspace};

struct Scene {
    directory: TempDir,
    acme: Workspace,
    connection: Connection,
}

/// A store with two generations of credentials written, closed.
async fn scene() -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let (acme, connection) = connected(&store).await;
    workspace(&store, "other").await;
    store.close().await;
    Scene {
        directory,
        acme,
        connection,
    }
}

fn database(directory: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(directory.join("authbridge.db")).unwrap()
}

/// Runs `sql`, which must change exactly one row, and opens the store again.
async fn tamper(scene: &Scene, sql: &str) -> Store {
    let changed = database(scene.directory.path()).execute(sql, []).unwrap();
    assert_eq!(changed, 1, "{sql}");
    open(scene.directory.path()).await.unwrap()
}

#[track_caller]
fn assert_does_not_open<T: std::fmt::Debug>(result: Result<T, StoreError>, reason: &str) {
    let error = result.unwrap_err();
    let StoreError::Inconsistent { reason: told, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(told.contains(reason), "{told}");
}

const CREDENTIALS: &str = "owner = 'connection' AND field = 'credentials'";

#[tokio::test]
async fn any_flipped_bit_fails_to_open() {
    let scene = scene().await;
    let sql = format!("SELECT sealed FROM secret WHERE {CREDENTIALS}");
    let read = database(scene.directory.path());
    let sealed: Vec<u8> = read.query_one(&sql, [], |row| row.get(0)).unwrap();
    drop(read);
    let store = open(scene.directory.path()).await.unwrap();
    for position in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[position] ^= 1 << (position % 8);
        let sql = format!("UPDATE secret SET sealed = ? WHERE {CREDENTIALS}");
        database(scene.directory.path())
            .execute(&sql, [flipped])
            .unwrap();
        let secrets = store.connection_secrets(&scene.acme.id, &scene.connection.id);
        assert_does_not_open(secrets.await, "does not open");
    }
}

#[tokio::test]
async fn a_value_copied_to_another_field_does_not_open() {
    let scene = scene().await;
    let store = tamper(
        &scene,
        "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE owner = 'connection'
            AND field = 'credentials') WHERE owner = 'connection' AND field = 'input'",
    )
    .await;
    let secrets = store.connection_secrets(&scene.acme.id, &scene.connection.id);
    assert_does_not_open(secrets.await, "belongs somewhere else");
}

#[tokio::test]
async fn a_value_copied_to_another_row_does_not_open() {
    let scene = scene().await;
    let store = open(scene.directory.path()).await.unwrap();
    let bob = crate::support::customer(&store, &scene.acme, "bob").await;
    let crm = store.find_integration(&scene.acme.id, "crm").await.unwrap();
    let new = crate::support::new_connection(&bob, &crm.unwrap());
    let second = store.insert_connection(&scene.acme.id, new).await.unwrap();
    store.close().await;
    let (from, to) = (scene.connection.id.as_str(), second.id.as_str());
    let sql = format!(
        "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE row_id = '{from}'
            AND field = 'credentials') WHERE row_id = '{to}' AND field = 'credentials'"
    );
    let store = tamper(&scene, &sql).await;
    let secrets = store.connection_secrets(&scene.acme.id, &second.id).await;
    assert_does_not_open(secrets, "belongs somewhere else");
}

#[tokio::test]
async fn a_value_copied_from_another_workspace_does_not_open() {
    let scene = scene().await;
    let acme = scene.acme.id.as_str();
    let sql = format!(
        "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE owner = 'workspace'
            AND workspace_id <> '{acme}') WHERE owner = 'workspace' AND workspace_id = '{acme}'"
    );
    let store = tamper(&scene, &sql).await;
    let read = store.workspace_secret(&scene.acme.id).await;
    assert_does_not_open(read.map(drop), "belongs somewhere else");
}

#[tokio::test]
async fn a_data_key_of_another_workspace_does_not_open() {
    let scene = scene().await;
    let acme = scene.acme.id.as_str();
    let sql = format!(
        "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key
            WHERE workspace_id <> '{acme}') WHERE workspace_id = '{acme}'"
    );
    let store = tamper(&scene, &sql).await;
    let read = store.workspace_secret(&scene.acme.id).await;
    assert_does_not_open(read.map(drop), "belongs somewhere else");
    let other = other_workspace(&store, &scene.acme.id).await;
    let secret = store.workspace_secret(&other).await.unwrap();
    assert_eq!(secret.expose_secret(), "secret of other");
}

async fn other_workspace(store: &Store, not: &WorkspaceId) -> WorkspaceId {
    let all = store.list_workspaces().await.unwrap();
    let mut ids = all.into_iter().map(|workspace| workspace.id);
    ids.find(|id| id != not).unwrap()
}

#[tokio::test]
async fn a_value_of_an_earlier_generation_does_not_open() {
    let scene = scene().await;
    let sql = format!("SELECT sealed FROM secret WHERE {CREDENTIALS}");
    let read = database(scene.directory.path());
    let first: Vec<u8> = read.query_one(&sql, [], |row| row.get(0)).unwrap();
    drop(read);
    let store = open(scene.directory.path()).await.unwrap();
    let new = new_credentials("second");
    store
        .replace_credentials(&scene.acme.id, &scene.connection.id, 1, new)
        .await
        .unwrap();
    let sql = format!("UPDATE secret SET sealed = ? WHERE {CREDENTIALS}");
    database(scene.directory.path())
        .execute(&sql, [first])
        .unwrap();
    let secrets = store.connection_secrets(&scene.acme.id, &scene.connection.id);
    assert_does_not_open(secrets.await, "belongs somewhere else");
}

#[tokio::test]
async fn a_generation_changed_for_one_field_is_noticed() {
    let scene = scene().await;
    let sql = format!("UPDATE secret SET generation = 7 WHERE {CREDENTIALS}");
    let store = tamper(&scene, &sql).await;
    let secrets = store.connection_secrets(&scene.acme.id, &scene.connection.id);
    assert_does_not_open(secrets.await, "generation");
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_named() {
    let scene = scene().await;
    let store = tamper(&scene, "UPDATE connection SET meta = '{'").await;
    let error = store
        .find_connection(&scene.acme.id, &scene.connection.id)
        .await
        .unwrap_err();
    let id = &scene.connection.id;
    assert_eq!(
        error.to_string(),
        format!("`connection` row `{id}` is inconsistent: `meta`: not JSON")
    );
}
