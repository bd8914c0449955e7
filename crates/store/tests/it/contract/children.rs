//! Connections that use another's credentials.

use authbridge_core::auth::Scopes;
use authbridge_core::id::ConnectionId;
use authbridge_store::{
    Claimed, Connection, ConnectionFilter, ConnectionPatch, ConnectionState, IntegrationFilter,
    NewConnection, Page, Store, Workspace,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::{
    Opened, claim, connected, customer, new_connection, new_credentials, new_integration,
};

/// A connection and one that uses its credentials.
async fn family(store: &Store) -> (Workspace, Connection, Connection) {
    let (acme, parent) = connected(store).await;
    let child = another(store, &acme, |new| new.parent_id = Some(parent.id.clone())).await;
    (acme, parent, child)
}

async fn another(
    store: &Store,
    acme: &Workspace,
    change: impl FnOnce(&mut NewConnection),
) -> Connection {
    let alice = customer(store, acme, "alice").await;
    let crm = store.find_integration(&acme.id, "crm").await.unwrap();
    let mut new = new_connection(&alice, &crm.unwrap());
    change(&mut new);
    store.insert_connection(&acme.id, new).await.unwrap()
}

async fn seen(store: &Store, acme: &Workspace, id: &ConnectionId) -> Connection {
    let found = store.find_connection(&acme.id, id).await.unwrap();
    found.unwrap()
}

async fn listed(store: &Store, acme: &Workspace, filter: ConnectionFilter) -> Vec<Connection> {
    let found = store.list_connections(&acme.id, filter, Page::default());
    found.await.unwrap().items
}

pub(crate) async fn a_child_shows_what_its_parent_is_like(opened: Opened) {
    let store = opened.store;
    let (acme, parent, child) = family(&store).await;
    let expires_at = Timestamp::from_second(1_900_000_000).unwrap();
    let mut new = new_credentials("second");
    new.expires_at = Some(expires_at);
    new.refresh_due_at = Some(expires_at - SignedDuration::from_secs(60));
    new.scopes = Some(Scopes {
        requested: vec!["read".into()],
        granted: vec!["read".into()],
    });
    new.state = ConnectionState::ConfigurationError;
    new.error = Some(json!({"message": "wrong client"}));
    let parent = store
        .replace_credentials(&acme.id, &parent.id, 1, new)
        .await
        .unwrap();
    let shown = seen(&store, &acme, &child.id).await;
    assert_eq!(shown.parent_id.as_ref(), Some(&parent.id));
    assert_eq!(shown.generation, 2);
    assert_eq!(shown.expires_at, Some(expires_at));
    assert_eq!(shown.refresh_due_at, parent.refresh_due_at);
    assert!(shown.is_refreshable);
    assert_eq!(shown.scopes, parent.scopes);
    assert_eq!(shown.state, ConnectionState::ConfigurationError);
    let error = json!({"message": "wrong client", "parentConnectionId": parent.id});
    assert_eq!(shown.error, Some(error));
    let disconnected = ConnectionFilter {
        is_disconnected: Some(true),
        parent_id: Some(parent.id.clone()),
        ..ConnectionFilter::default()
    };
    assert_eq!(listed(&store, &acme, disconnected).await, [shown]);
    // The scheduler knows of one only.
    let due = store.due_refreshes(expires_at, 10, &[]).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].connection_id, parent.id);
    store
        .archive_connection(&acme.id, &parent.id)
        .await
        .unwrap();
    let shown = seen(&store, &acme, &child.id).await;
    assert_eq!(shown.state, ConnectionState::ClientActionRequired);
    assert_eq!(shown.error.unwrap()["key"], "parent_archived");
}

pub(crate) async fn a_childs_own_state_is_kept_apart_from_its_parents(opened: Opened) {
    let store = opened.store;
    let (acme, parent, child) = family(&store).await;
    let broken = ConnectionPatch {
        state: Some(ConnectionState::ConfigurationError),
        ..ConnectionPatch::default()
    };
    let patched = store.update_connection(&acme.id, &parent.id, broken);
    patched.await.unwrap();
    // A change of something else writes nothing of the parent into the child.
    let named = ConnectionPatch {
        name: Some(Some("Calendar".into())),
        ..ConnectionPatch::default()
    };
    let renamed = store.update_connection(&acme.id, &child.id, named);
    let renamed = renamed.await.unwrap();
    assert_eq!(renamed.state, ConnectionState::ConfigurationError);
    let mended = ConnectionPatch {
        state: Some(ConnectionState::Ready),
        ..ConnectionPatch::default()
    };
    let patched = store.update_connection(&acme.id, &parent.id, mended);
    patched.await.unwrap();
    let shown = seen(&store, &acme, &child.id).await;
    assert_eq!(shown.state, ConnectionState::Ready);
    assert_eq!(shown.name.as_deref(), Some("Calendar"));
}

pub(crate) async fn children_follow_a_parent_that_is_replaced(opened: Opened) {
    let store = opened.store;
    let (acme, parent, child) = family(&store).await;
    let replaced = Some(parent.id.clone());
    let successor = another(&store, &acme, |new| new.replace = replaced).await;
    let shown = seen(&store, &acme, &child.id).await;
    assert_eq!(shown.parent_id, Some(successor.id));
    assert_eq!(shown.state, ConnectionState::Ready);
}

pub(crate) async fn a_new_grant_settles_children_and_a_refresh_does_not(opened: Opened) {
    let store = opened.store;
    let (acme, parent, child) = family(&store).await;
    let refused = ConnectionPatch {
        state: Some(ConnectionState::ClientActionRequired),
        error: Some(Some(json!({"message": "refused"}))),
        ..ConnectionPatch::default()
    };
    let patched = store.update_connection(&acme.id, &child.id, refused);
    patched.await.unwrap();
    let claim = claim(&opened.clock, 1);
    let lease = claim.lease.clone();
    let claimed = store.claim_refresh(&acme.id, &parent.id, claim).await;
    assert!(matches!(claimed, Ok(Claimed::Granted { .. })));
    let new = new_credentials("second");
    let committed = store.commit_refresh(&acme.id, &parent.id, &lease, 1, new);
    committed.await.unwrap();
    let shown = seen(&store, &acme, &child.id).await;
    assert_eq!(shown.state, ConnectionState::ClientActionRequired);
    let new = new_credentials("third");
    let replaced = store.replace_credentials(&acme.id, &parent.id, 2, new);
    replaced.await.unwrap();
    let shown = seen(&store, &acme, &child.id).await;
    assert_eq!(shown.state, ConnectionState::Ready);
    assert_eq!(shown.error, None);
}

pub(crate) async fn hidden_ones_are_listed_when_asked_for(opened: Opened) {
    let store = opened.store;
    let (acme, connection) = connected(&store).await;
    let hidden = another(&store, &acme, |new| new.is_hidden = true).await;
    let all = listed(&store, &acme, ConnectionFilter::default()).await;
    assert_eq!(all, [connection]);
    let filter = ConnectionFilter {
        include_hidden: true,
        ..ConnectionFilter::default()
    };
    assert_eq!(listed(&store, &acme, filter).await.len(), 2);
    let mut new = new_integration("shared");
    new.is_auth_proxy = true;
    let made = store.insert_integration(&acme.id, new).await.unwrap();
    let proxies = IntegrationFilter {
        is_auth_proxy: true,
        ..IntegrationFilter::default()
    };
    let proxies = store.list_integrations(&acme.id, proxies, Page::default());
    assert_eq!(proxies.await.unwrap().items, [made]);
    let all = IntegrationFilter::default();
    let all = store.list_integrations(&acme.id, all, Page::default());
    assert_eq!(all.await.unwrap().items.len(), 1);
    assert!(hidden.is_hidden);
}
