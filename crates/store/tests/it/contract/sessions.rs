//! Attempts to connect that go by way of the external app.

use std::thread;

use authbridge_core::Clock;
use authbridge_store::{
    AuthSession, Connection, NewAuthSession, Store, StoreError, TakenAuthSession,
};
use jiff::SignedDuration;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Opened, TestClock, connected, customer, integration, secret, workspace};

const STATE: [u8; 32] = [1; 32];

fn new_session(clock: &TestClock, connection: &Connection, state_hash: [u8; 32]) -> NewAuthSession {
    NewAuthSession {
        integration_id: connection.integration_id.clone(),
        customer_id: connection.customer_id.clone(),
        connection_id: None,
        request_id: None,
        state_hash,
        browser_hash: None,
        expires_at: clock.now() + SignedDuration::from_mins(10),
        payload: secret(json!({"verifier": "v"})),
    }
}

async fn begin(store: &Store, clock: &TestClock) -> AuthSession {
    let (acme, connection) = connected(store).await;
    let new = new_session(clock, &connection, STATE);
    store.insert_auth_session(&acme.id, new).await.unwrap()
}

async fn take(store: &Store, clock: &TestClock) -> TakenAuthSession {
    store.take_auth_session(STATE, clock.now()).await.unwrap()
}

pub(crate) async fn a_session_is_taken_once(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let new = NewAuthSession {
        connection_id: Some(connection.id.clone()),
        request_id: Some("request".to_owned()),
        browser_hash: Some([2; 32]),
        ..new_session(clock, &connection, STATE)
    };
    let made = store.insert_auth_session(&acme.id, new).await.unwrap();
    assert_eq!(made.workspace_id, acme.id);
    assert_eq!(made.connection_id, Some(connection.id));
    assert_eq!(made.request_id.as_deref(), Some("request"));
    assert_eq!(made.browser_hash, Some([2; 32]));
    clock.advance(SignedDuration::from_secs(5));
    let used = AuthSession {
        used_at: Some(clock.now()),
        ..made
    };
    let payload = secret(json!({"verifier": "v"}));
    let fresh = TakenAuthSession::Fresh(used.clone(), payload);
    assert_eq!(take(store, clock).await, fresh);
    clock.advance(SignedDuration::from_hours(1));
    for _ in 0..2 {
        let again = take(store, clock).await;
        assert_eq!(again, TakenAuthSession::Used(used.clone()));
    }
}

/// Two stores on one database, two threads each, each with a runtime of its own.
pub(crate) async fn of_many_who_take_a_session_one_gets_it(opened: Opened) {
    begin(&opened.store, &opened.clock).await;
    let beside = opened.beside().await;
    let now = opened.clock.now();
    let stores = [&opened.store, &beside, &opened.store, &beside];
    let threads = stores.map(|store| {
        let store = store.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let taking = store.take_auth_session(STATE, now);
            runtime.unwrap().block_on(taking).unwrap()
        })
    });
    let taken = threads.map(|thread| thread.join().unwrap());
    let fresh = |taken: &&TakenAuthSession| matches!(taken, TakenAuthSession::Fresh(..));
    assert_eq!(taken.iter().filter(fresh).count(), 1);
    let used = |taken: &&TakenAuthSession| matches!(taken, TakenAuthSession::Used(_));
    assert_eq!(taken.iter().filter(used).count(), 3);
}

pub(crate) async fn a_session_that_waited_too_long_is_expired(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let made = begin(store, clock).await;
    clock.advance(SignedDuration::from_mins(10));
    for _ in 0..2 {
        let taken = take(store, clock).await;
        assert_eq!(taken, TakenAuthSession::Expired(made.clone()));
    }
}

pub(crate) async fn a_state_that_was_never_issued_is_unknown(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    begin(store, clock).await;
    let taken = store.take_auth_session([9; 32], clock.now()).await;
    assert_eq!(taken.unwrap(), TakenAuthSession::Unknown);
    // To ask for another one has no effect on those there are.
    let taken = take(store, clock).await;
    assert!(matches!(taken, TakenAuthSession::Fresh(..)));
}

pub(crate) async fn a_state_is_given_once(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let other = workspace(store, "other").await;
    let theirs = customer(store, &other, "alice").await;
    let their_crm = integration(store, &other, "crm").await;
    let new = || new_session(clock, &connection, STATE);
    store.insert_auth_session(&acme.id, new()).await.unwrap();
    let of_other = NewAuthSession {
        customer_id: theirs.id,
        integration_id: their_crm.id,
        ..new()
    };
    for (workspace, new) in [(&acme, new()), (&other, of_other)] {
        let error = store.insert_auth_session(&workspace.id, new).await;
        assert!(matches!(error, Err(StoreError::Conflict { .. })));
    }
}

pub(crate) async fn what_a_session_is_for_must_be_of_the_workspace(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let other = workspace(store, "other").await;
    let theirs = customer(store, &other, "alice").await;
    let their_crm = integration(store, &other, "crm").await;
    let ours = || new_session(clock, &connection, STATE);
    let their_session = |connection_id| NewAuthSession {
        customer_id: theirs.id.clone(),
        integration_id: their_crm.id.clone(),
        connection_id,
        ..ours()
    };
    let of_their_customer = NewAuthSession {
        customer_id: theirs.id.clone(),
        ..ours()
    };
    let of_their_integration = NewAuthSession {
        integration_id: their_crm.id.clone(),
        ..ours()
    };
    let of_our_connection = their_session(Some(connection.id.clone()));
    for (workspace, new) in [
        (&acme, of_their_customer),
        (&acme, of_their_integration),
        (&other, of_our_connection),
    ] {
        let error = store.insert_auth_session(&workspace.id, new).await;
        assert!(matches!(error, Err(StoreError::Missing { .. })));
    }
    let unknown = take(store, clock).await;
    assert_eq!(unknown, TakenAuthSession::Unknown);
    store
        .insert_auth_session(&other.id, their_session(None))
        .await
        .unwrap();
}

pub(crate) async fn old_sessions_are_purged_in_batches(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let mut inserts = JoinSet::new();
    for number in 0_u16..1200 {
        let mut state_hash = [0; 32];
        state_hash[..2].copy_from_slice(&number.to_be_bytes());
        let new = new_session(clock, &connection, state_hash);
        let (store, acme) = (store.clone(), acme.id.clone());
        inserts.spawn(async move { store.insert_auth_session(&acme, new).await.unwrap() });
    }
    inserts.join_all().await;
    clock.advance(SignedDuration::from_hours(1));
    let new = new_session(clock, &connection, STATE);
    store.insert_auth_session(&acme.id, new).await.unwrap();
    let day = SignedDuration::from_hours(23) + SignedDuration::from_mins(10);
    clock.advance(day);
    assert_eq!(store.purge_auth_sessions(clock.now()).await.unwrap(), 0);
    clock.advance(SignedDuration::from_micros(1));
    assert_eq!(store.purge_auth_sessions(clock.now()).await.unwrap(), 1200);
    let kept = take(store, clock).await;
    assert!(matches!(kept, TakenAuthSession::Expired(_)));
    clock.advance(day);
    assert_eq!(store.purge_auth_sessions(clock.now()).await.unwrap(), 1);
    assert_eq!(take(store, clock).await, TakenAuthSession::Unknown);
    assert_eq!(store.purge_auth_sessions(clock.now()).await.unwrap(), 0);
}
