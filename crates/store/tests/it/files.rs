//! What is in the data directory, and who may open it.

use std::fs;
use std::path::Path;

use authbridge_core::SecretString;
use authbridge_store::{
    Access, Connection, IntegrationPatch, KeyPurpose, NewAuthSession, NewWorkspaceKey, SecretBytes,
    Store, StoreError, TakenAuthSession,
};
use jiff::Timestamp;
use serde_json::json;

use crate::support::{connected, keyring, new_credentials, open, open_with, secret, workspace};

const PLANTED: &str = "planted-secret-4711";

#[tokio::test]
async fn no_secret_is_in_any_file_or_in_debug_output() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let shown = plant(&store).await;
    assert!(!shown.contains(PLANTED), "{shown}");
    assert!(names(directory.path()).contains(&"authbridge.db-wal".to_owned()));
    assert_no_secret(directory.path());
    store.close().await;
    assert_no_secret(directory.path());
}

/// Puts a secret everywhere one can be put, and shows everything that comes back.
async fn plant(store: &Store) -> String {
    let (acme, connection) = connected(store).await;
    let planted = || secret(json!({ PLANTED: PLANTED }));
    let text = SecretString::from(PLANTED);
    store
        .replace_workspace_secret(&acme.id, &text)
        .await
        .unwrap();
    let key = NewWorkspaceKey {
        kid: "k".to_owned(),
        algorithm: "ES256".to_owned(),
        public_jwk: json!({}),
        private_pkcs8: Some(SecretBytes::new(PLANTED.into())),
        purpose: KeyPurpose::Sign,
    };
    let shown_key = format!("{key:?}");
    store.insert_workspace_key(&acme.id, key).await.unwrap();
    store
        .replace_customer_credentials(&acme.id, &connection.customer_id, Some(&planted()))
        .await
        .unwrap();
    let patch = IntegrationPatch {
        parameters: Some(Some(planted())),
        ..IntegrationPatch::default()
    };
    let shown_patch = format!("{patch:?}");
    let integration = store
        .update_integration(&acme.id, &connection.integration_id, patch)
        .await
        .unwrap();
    let mut new = new_credentials(PLANTED);
    new.input = Some(planted());
    new.connector_parameters = Some(planted());
    let shown_new = format!("{new:?}");
    let connection = store
        .replace_credentials(&acme.id, &connection.id, 1, new)
        .await
        .unwrap();
    let mut session = new_session(&connection, [1; 32]);
    session.payload = planted();
    let shown_session = format!("{session:?}");
    store.insert_auth_session(&acme.id, session).await.unwrap();
    let taken = store
        .take_auth_session([1; 32], Timestamp::UNIX_EPOCH)
        .await;
    let taken = taken.unwrap();
    assert!(matches!(taken, TakenAuthSession::Fresh(..)));
    let secrets = store.connection_secrets(&acme.id, &connection.id).await;
    format!(
        "{shown_session} {taken:?} {store:?} {shown_key} {shown_patch} {shown_new} {integration:?} {connection:?} {:?} {:?}",
        secrets.unwrap(),
        keyring()
    )
}

fn new_session(connection: &Connection, state_hash: [u8; 32]) -> NewAuthSession {
    NewAuthSession {
        integration_id: connection.integration_id.clone(),
        customer_id: connection.customer_id.clone(),
        connection_id: None,
        request_id: None,
        state_hash,
        browser_hash: None,
        expires_at: Timestamp::MAX,
        payload: secret(json!({})),
    }
}

#[tokio::test]
async fn what_a_session_carried_is_erased_with_its_use() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let (acme, connection) = connected(&store).await;
    let database = rusqlite::Connection::open(directory.path().join("authbridge.db")).unwrap();
    let sealed = || {
        let sql = "SELECT count(*) FROM secret WHERE owner = 'auth_session'";
        database
            .query_one(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    for state in [[1; 32], [2; 32], [3; 32]] {
        let new = new_session(&connection, state);
        store.insert_auth_session(&acme.id, new).await.unwrap();
    }
    let mut left = vec![sealed()];
    for (state, time) in [([1; 32], Timestamp::UNIX_EPOCH), ([2; 32], Timestamp::MAX)] {
        store.take_auth_session(state, time).await.unwrap();
        left.push(sealed());
    }
    store.purge_auth_sessions(Timestamp::MAX).await.unwrap();
    left.push(sealed());
    assert_eq!(left, [3, 2, 1, 1]);
    database
        .execute("UPDATE auth_session SET expires_at = 0", [])
        .unwrap();
    assert_eq!(store.purge_auth_sessions(Timestamp::MAX).await.unwrap(), 3);
    assert_eq!(sealed(), 0);
}

#[track_caller]
fn assert_no_secret(directory: &Path) {
    let found = files_with(directory, PLANTED);
    assert_eq!(found, [""; 0], "a secret is in these files");
    // What is no secret is found, so the search works.
    assert_ne!(files_with(directory, "alice"), [""; 0]);
}

fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let mut names = names(directory);
    names.retain(|name| {
        let bytes = fs::read(directory.join(name)).unwrap();
        let mut windows = bytes.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    });
    names
}

/// The files of a directory; what is in the spool has tests of its own.
fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_who_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let error = open(directory.path()).await.unwrap_err();
    let StoreError::Locked { pid, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(error.hint().is_some());
    let beside = open_with(directory.path(), Access::Shared, keyring()).await;
    let beside = beside.unwrap();
    workspace(&beside, "acme").await;
    let found = store.find_workspace_by_key("acme").await.unwrap();
    assert!(found.is_some());
    store.close().await;
    open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn closing_and_opening_keeps_everything() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let (acme, connection) = connected(&store).await;
    store.close().await;
    assert!(!names(directory.path()).contains(&"authbridge.db-wal".to_owned()));
    let error = store.list_workspaces().await.unwrap_err();
    assert!(matches!(error, StoreError::Closed));
    store.close().await;
    assert_kept(directory.path(), &acme, &connection).await;
}

#[tokio::test]
async fn dropping_without_closing_keeps_everything_and_frees_the_lock() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let (acme, connection) = connected(&store).await;
    drop(store);
    assert_kept(directory.path(), &acme, &connection).await;
}

/// The files as a process leaves them that is killed now: nothing closed, nothing checkpointed.
#[tokio::test]
async fn a_crash_loses_nothing_that_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let (acme, connection) = connected(&store).await;
    let crashed = tempfile::tempdir().unwrap();
    for name in ["authbridge.db", "authbridge.db-wal"] {
        fs::copy(directory.path().join(name), crashed.path().join(name)).unwrap();
    }
    assert_kept(crashed.path(), &acme, &connection).await;
}

async fn assert_kept(
    directory: &Path,
    acme: &authbridge_store::Workspace,
    connection: &Connection,
) {
    let store = open(directory).await.unwrap();
    let found = store.find_workspace_by_key("acme").await.unwrap();
    assert_eq!(found.as_ref(), Some(acme));
    let found = store.find_connection(&acme.id, &connection.id).await;
    assert_eq!(found.unwrap().as_ref(), Some(connection));
    let secrets = store.connection_secrets(&acme.id, &connection.id).await;
    let expected = secret(json!({"access_token": "first"}));
    assert_eq!(secrets.unwrap().credentials, expected);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("new/data");
    let store = open(&directory).await.unwrap();
    connected(&store).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let names = names(&directory);
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        assert_eq!(mode(&directory.join(&name)), 0o600, "{name}");
    }
    assert_eq!(mode(&directory.join("spool")), 0o700);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("authbridge.db");
    fs::write(&path, "this is not a database, whatever its name says").unwrap();
    let error = open(directory.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
    assert!(error.to_string().contains("authbridge.db"));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.unwrap().close().await;
    let path = directory.path().join("authbridge.db");
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        VALUES (999, 'later', '2026-01-01T00:00:00Z', '1')";
    database.execute(sql, []).unwrap();
    drop(database);
    let error = open(directory.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
}
