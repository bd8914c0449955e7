//! Connections and their secrets.

use std::collections::HashSet;
use std::thread;

use authbridge_core::Effects;
use authbridge_core::id::{ConnectionId, CustomerId};
use authbridge_store::{
    ConnectionFilter, ConnectionPatch, ConnectionState, Page, Store, StoreError, Workspace,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::{
    Opened, connected, customer, integration, new_connection, new_credentials, new_integration,
    put_connector, secret, workspace,
};

pub(crate) async fn a_connection_reads_back_with_its_secrets(opened: Opened) {
    let store = opened.store;
    let (acme, _) = connected(&store).await;
    let bob = customer(&store, &acme, "bob").await;
    let crm = store.find_integration(&acme.id, "crm").await.unwrap();
    let mut new = new_connection(&bob, &crm.unwrap());
    new.error = Some(json!({"message": "no"}));
    new.meta = Some(json!([1]));
    new.state = ConnectionState::SetupFailed;
    new.expires_at = Some(Timestamp::from_nanosecond(1_800_000_000_123_456_789).unwrap());
    let made = store.insert_connection(&acme.id, new).await.unwrap();
    assert_eq!(made.generation, 1);
    let read = store.find_connection(&acme.id, &made.id).await.unwrap();
    assert_eq!(read, Some(made.clone()));
    let secrets = store.connection_secrets(&acme.id, &made.id).await.unwrap();
    assert_eq!(secrets.generation, 1);
    assert_eq!(
        secrets.credentials,
        secret(json!({"access_token": "first"}))
    );
    assert_eq!(secrets.input, secret(json!({"domain": "acme"})));
    assert_eq!(
        secrets.connector_parameters,
        secret(json!({"clientId": "client"}))
    );
}

pub(crate) async fn customer_and_integration_must_be_of_the_workspace(opened: Opened) {
    let store = opened.store;
    let (acme, _) = connected(&store).await;
    let other = workspace(&store, "other").await;
    let ours = customer(&store, &acme, "alice").await;
    let theirs = customer(&store, &other, "alice").await;
    let our_crm = store
        .find_integration(&acme.id, "crm")
        .await
        .unwrap()
        .unwrap();
    let their_crm = integration(&store, &other, "crm").await;
    for new in [
        new_connection(&theirs, &our_crm),
        new_connection(&ours, &their_crm),
    ] {
        let error = store.insert_connection(&acme.id, new).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }));
    }
}

pub(crate) async fn new_credentials_move_the_generation(opened: Opened) {
    let store = opened.store;
    let (acme, connection) = connected(&store).await;
    opened.clock.advance(SignedDuration::from_secs(1));
    let mut new = new_credentials("second");
    new.state = ConnectionState::ClientActionRequired;
    new.error = Some(json!({"message": "expired"}));
    let after = store
        .replace_credentials(&acme.id, &connection.id, 1, new)
        .await
        .unwrap();
    assert_eq!(after.generation, 2);
    assert_eq!(after.state, ConnectionState::ClientActionRequired);
    assert!(after.last_active_at > connection.last_active_at);
    let secrets = store
        .connection_secrets(&acme.id, &connection.id)
        .await
        .unwrap();
    assert_eq!(secrets.generation, 2);
    assert_eq!(
        secrets.credentials,
        secret(json!({"access_token": "second"}))
    );
    assert_eq!(secrets.input, secret(json!({"domain": "acme"})));
    let mut new = new_credentials("third");
    new.input = Some(secret(json!({"domain": "b"})));
    new.connector_parameters = Some(secret(json!({})));
    store
        .replace_credentials(&acme.id, &connection.id, 2, new)
        .await
        .unwrap();
    let secrets = store
        .connection_secrets(&acme.id, &connection.id)
        .await
        .unwrap();
    assert_eq!(secrets.input, secret(json!({"domain": "b"})));
    assert_eq!(secrets.connector_parameters, secret(json!({})));
}

/// Four threads, each with a runtime of its own, as the proxy's workers have.
pub(crate) async fn of_many_with_one_generation_one_wins(opened: Opened) {
    let store = opened.store.clone();
    let (acme, connection) = connected(&store).await;
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (store, acme, id) = (store.clone(), acme.clone(), connection.id.clone());
            thread::spawn(move || race(&store, &acme, &id, thread))
        })
        .collect();
    let outcomes: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(outcomes.len(), 100);
    let winners: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let secrets = store
        .connection_secrets(&acme.id, &connection.id)
        .await
        .unwrap();
    assert_eq!(secrets.generation, 2);
    let winner = winners.into_iter().next().unwrap();
    assert_eq!(secrets.credentials, secret(json!({"access_token": winner})));
}

/// Replaces the credentials 25 times at once; of each the token if it won.
fn race(store: &Store, acme: &Workspace, id: &ConnectionId, thread: usize) -> Vec<Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    let tasks: Vec<_> = (0..25)
        .map(|task| {
            let (store, acme, id) = (store.clone(), acme.clone(), id.clone());
            runtime.spawn(async move {
                let token = format!("{thread}-{task}");
                let mut new = new_credentials(&token);
                // Even tasks read what is kept first, odd ones go straight to the condition.
                if task % 2 == 1 {
                    new.input = Some(secret(json!({})));
                    new.connector_parameters = Some(secret(json!({})));
                }
                match store.replace_credentials(&acme.id, &id, 1, new).await {
                    Ok(_) => Some(token),
                    Err(StoreError::GenerationMoved) => None,
                    Err(error) => panic!("{error:?}"),
                }
            })
        })
        .collect();
    tasks
        .into_iter()
        .map(|task| runtime.block_on(task).unwrap())
        .collect()
}

pub(crate) async fn a_lost_race_writes_nothing(opened: Opened) {
    let store = opened.store;
    let (acme, connection) = connected(&store).await;
    for expected in [0, 2, u64::MAX] {
        let mut late = new_credentials("late");
        late.input = Some(secret(json!({"domain": "late"})));
        late.connector_parameters = Some(secret(json!({})));
        let error = store
            .replace_credentials(&acme.id, &connection.id, expected, late)
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::GenerationMoved));
    }
    let read = store.find_connection(&acme.id, &connection.id).await;
    assert_eq!(read.unwrap(), Some(connection.clone()));
    let secrets = store
        .connection_secrets(&acme.id, &connection.id)
        .await
        .unwrap();
    assert_eq!(secrets.input, secret(json!({"domain": "acme"})));
}

pub(crate) async fn archiving_erases_the_secrets(opened: Opened) {
    let store = opened.store;
    let (acme, connection) = connected(&store).await;
    let archived = store
        .archive_connection(&acme.id, &connection.id)
        .await
        .unwrap();
    assert_eq!(archived.generation, 2);
    assert!(archived.archived_at.is_some());
    let again = store
        .archive_connection(&acme.id, &connection.id)
        .await
        .unwrap();
    assert_eq!(again, archived);
    let error = store
        .connection_secrets(&acme.id, &connection.id)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
    let mut full = new_credentials("x");
    full.input = Some(secret(json!({})));
    full.connector_parameters = Some(secret(json!({})));
    let error = store
        .replace_credentials(&acme.id, &connection.id, 2, full)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::GenerationMoved));
}

pub(crate) async fn a_replaced_connection_is_archived_with_it(opened: Opened) {
    let store = opened.store;
    let (acme, old) = connected(&store).await;
    let alice = customer(&store, &acme, "alice").await;
    let crm = store
        .find_integration(&acme.id, "crm")
        .await
        .unwrap()
        .unwrap();
    let mut new = new_connection(&alice, &crm);
    new.replace = Some(old.id.clone());
    let made = store.insert_connection(&acme.id, new).await.unwrap();
    let listed = list(&store, &acme, &ConnectionFilter::default()).await;
    assert_eq!(listed, [made.id]);
    let old = store.find_connection(&acme.id, &old.id).await.unwrap();
    assert!(old.unwrap().archived_at.is_some());
}

pub(crate) async fn a_replacement_that_fails_archives_nothing(opened: Opened) {
    let store = opened.store;
    let (acme, old) = connected(&store).await;
    let alice = customer(&store, &acme, "alice").await;
    let crm = store
        .find_integration(&acme.id, "crm")
        .await
        .unwrap()
        .unwrap();
    let mut new = new_connection(&alice, &crm);
    new.replace = Some(old.id.clone());
    new.customer_id = CustomerId::generate(&Effects::of_the_system());
    store.insert_connection(&acme.id, new).await.unwrap_err();
    let mut new = new_connection(&alice, &crm);
    new.replace = Some(ConnectionId::generate(&Effects::of_the_system()));
    store.insert_connection(&acme.id, new).await.unwrap_err();
    let listed = list(&store, &acme, &ConnectionFilter::default()).await;
    assert_eq!(listed, [old.id]);
}

pub(crate) async fn a_patch_changes_what_it_names(opened: Opened) {
    let store = opened.store;
    let (acme, before) = connected(&store).await;
    let patch = ConnectionPatch {
        name: Some(Some("Main".to_owned())),
        state: Some(ConnectionState::ConfigurationError),
        error: Some(Some(json!({"message": "bad client"}))),
        ..ConnectionPatch::default()
    };
    let after = store
        .update_connection(&acme.id, &before.id, patch)
        .await
        .unwrap();
    assert_eq!(after.name.as_deref(), Some("Main"));
    assert!(after.state.disconnected());
    assert_eq!(after.generation, before.generation);
    let patch = ConnectionPatch {
        error: Some(None),
        ..ConnectionPatch::default()
    };
    let after = store
        .update_connection(&acme.id, &before.id, patch)
        .await
        .unwrap();
    assert_eq!(after.error, None);
    assert_eq!(after.state, ConnectionState::ConfigurationError);
    let read = store.find_connection(&acme.id, &before.id).await.unwrap();
    assert_eq!(read, Some(after));
}

pub(crate) async fn filters_combine(opened: Opened) {
    let store = opened.store;
    let (acme, first) = connected(&store).await;
    let bob = customer(&store, &acme, "bob").await;
    let put = put_connector("erp", None, "a");
    let connector = store.put_connector(&acme.id, put).await.unwrap().item;
    let mut new = new_integration("erp");
    new.connector_id = Some(connector.id.clone());
    let erp = store.insert_integration(&acme.id, new).await.unwrap();
    let mut new = new_connection(&bob, &erp);
    new.name = Some("Bob's".to_owned());
    new.state = ConnectionState::SetupFailed;
    let second = store.insert_connection(&acme.id, new).await.unwrap();
    let all = ConnectionFilter::default();
    let cases = [
        (all.clone(), vec![&first, &second]),
        (
            ConnectionFilter {
                customer_id: Some(bob.id.clone()),
                ..all.clone()
            },
            vec![&second],
        ),
        (
            ConnectionFilter {
                integration_id: Some(erp.id.clone()),
                ..all.clone()
            },
            vec![&second],
        ),
        (
            ConnectionFilter {
                connector_id: Some(connector.id),
                ..all.clone()
            },
            vec![&second],
        ),
        (
            ConnectionFilter {
                is_disconnected: Some(false),
                ..all.clone()
            },
            vec![&first],
        ),
        (
            ConnectionFilter {
                search: Some("bob".to_owned()),
                ..all.clone()
            },
            vec![&second],
        ),
        (
            ConnectionFilter {
                customer_id: Some(first.customer_id.clone()),
                integration_id: Some(erp.id),
                is_disconnected: Some(true),
                ..all
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let listed: HashSet<_> = list(&store, &acme, &filter).await.into_iter().collect();
        let expected: HashSet<_> = expected.into_iter().map(|item| item.id.clone()).collect();
        assert_eq!(listed, expected, "{filter:?}");
    }
}

pub(crate) async fn pages_walk_through_everything_once(opened: Opened) {
    let store = opened.store;
    let (acme, first) = connected(&store).await;
    let alice = customer(&store, &acme, "alice").await;
    let crm = store
        .find_integration(&acme.id, "crm")
        .await
        .unwrap()
        .unwrap();
    let mut expected = HashSet::from([first.id]);
    for _ in 0..9 {
        let new = new_connection(&alice, &crm);
        let made = store.insert_connection(&acme.id, new).await.unwrap();
        expected.insert(made.id);
    }
    let filter = ConnectionFilter {
        customer_id: Some(alice.id),
        ..ConnectionFilter::default()
    };
    let mut walked = Vec::new();
    let mut cursor = None;
    loop {
        let page = Page { limit: 3, cursor };
        let read = store.list_connections(&acme.id, filter.clone(), page);
        let read = read.await.unwrap();
        walked.extend(read.items.into_iter().map(|item| item.id));
        cursor = read.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(walked.len(), 10);
    assert!(walked.is_sorted());
    assert_eq!(walked.into_iter().collect::<HashSet<_>>(), expected);
}

pub(crate) async fn a_cursor_of_another_list_is_refused(opened: Opened) {
    let store = opened.store;
    let (acme, connection) = connected(&store).await;
    let page = Page {
        limit: 10,
        cursor: Some(connection.customer_id.to_string()),
    };
    let error = store
        .list_connections(&acme.id, ConnectionFilter::default(), page)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::InvalidCursor));
}

async fn list(
    store: &Store,
    workspace: &Workspace,
    filter: &ConnectionFilter,
) -> Vec<ConnectionId> {
    let page = store
        .list_connections(&workspace.id, filter.clone(), Page::default())
        .await
        .unwrap();
    page.items.into_iter().map(|item| item.id).collect()
}
