//! The keyring against the database.

use authbridge_core::secret::ExposeSecret;
use authbridge_store::{Access, Keyring, StoreError};

use crate::support::{connected, kek, keyring, open, open_with, workspace};

async fn open_as(
    directory: &std::path::Path,
    keyring: Keyring,
) -> Result<authbridge_store::Store, StoreError> {
    open_with(directory, Access::Exclusive, keyring).await
}

#[tokio::test]
async fn another_key_of_the_same_name_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.unwrap().close().await;
    let wrong = Keyring::new(kek("main", 2), Vec::new());
    let error = open_as(directory.path(), wrong).await.unwrap_err();
    assert!(matches!(&error, StoreError::WrongKey { needed, .. } if needed == "main"));
    assert_eq!(
        error.to_string(),
        "the keyring's key `main` is not the one that this database knows by that id"
    );
    assert!(error.hint().unwrap().contains("keyring"));
}

#[tokio::test]
async fn a_keyring_without_the_key_is_refused_and_told_which() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.unwrap().close().await;
    let wrong = Keyring::new(kek("b", 2), vec![kek("c", 3)]);
    let error = open_as(directory.path(), wrong).await.unwrap_err();
    let StoreError::WrongKey { needed, have } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(needed, "main");
    assert_eq!(have, &["b", "c"]);
    assert_eq!(
        error.to_string(),
        "this database needs the key `main`, and the keyring has `b`, `c`"
    );
    // The refused keyring left no canary of its own.
    open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn a_new_active_key_opens_what_the_older_one_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let (acme, _) = connected(&store).await;
    store.close().await;
    let rotated = Keyring::new(kek("new", 9), vec![kek("main", 1)]);
    let store = open_as(directory.path(), rotated).await.unwrap();
    let secret = store.workspace_secret(&acme.id).await.unwrap();
    assert_eq!(secret.expose_secret(), "secret of acme");
    workspace(&store, "second").await;
    store.close().await;
    // The older key may go only when nothing is wrapped by it.
    let only_new = Keyring::new(kek("new", 9), Vec::new());
    let error = open_as(directory.path(), only_new).await.unwrap_err();
    assert!(matches!(&error, StoreError::UnknownKey { key_id } if key_id == "main"));
    assert!(error.hint().unwrap().contains("`main`"));
    let error = open(directory.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::UnknownKey { key_id } if key_id == "new"));
}

#[tokio::test]
async fn an_older_key_may_go_when_nothing_is_wrapped_by_it() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.unwrap().close().await;
    let rotated = Keyring::new(kek("new", 9), vec![kek("main", 1)]);
    let store = open_as(directory.path(), rotated).await.unwrap();
    workspace(&store, "acme").await;
    store.close().await;
    let only_new = Keyring::new(kek("new", 9), Vec::new());
    open_as(directory.path(), only_new).await.unwrap();
}

#[tokio::test]
async fn two_first_starts_with_different_keyrings_do_not_both_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let other = Keyring::new(kek("other", 5), Vec::new());
    let (first, second) = tokio::join!(
        open_with(directory.path(), Access::Shared, keyring()),
        open_with(directory.path(), Access::Shared, other),
    );
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
}
