//! Leases of refreshes, and when which is due.

use std::collections::HashSet;
use std::thread;

use authbridge_core::auth::Scopes;
use authbridge_core::id::{ConnectionId, LeaseId};
use authbridge_core::{Clock, Effects};
use authbridge_store::{
    Claimed, Connection, ConnectionState, CustomerSelector, Intent, NewConnection, NewCredentials,
    Released, Store, StoreError,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{
    Opened, TestClock, access_token, claim, claimed, connected, customer, integration,
    new_connection, new_credentials, secret,
};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn released() -> Released {
    Released {
        state: ConnectionState::Ready,
        error: None,
        refresh_due_at: None,
        retry_at: None,
        retry_attempts: 0,
        interrupted: None,
    }
}

fn fresh_lease() -> LeaseId {
    LeaseId::generate(&Effects::of_the_system())
}

async fn find(store: &Store, connection: &Connection) -> Connection {
    let found = store.find_connection(&connection.workspace_id, &connection.id);
    found.await.unwrap().unwrap()
}

async fn commit(
    store: &Store,
    connection: &Connection,
    lease: &LeaseId,
    new: NewCredentials,
) -> Result<Connection, StoreError> {
    let (workspace, id) = (&connection.workspace_id, &connection.id);
    store.commit_refresh(workspace, id, lease, 1, new).await
}

#[track_caller]
fn assert_moved<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::GenerationMoved), "{error:?}");
}

pub(crate) async fn a_claim_is_granted_to_one_until_it_ends(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let started_at = clock.now();
    let first = claim(clock, 1);
    let until = first.until;
    let granted = store.claim_refresh(&acme.id, &connection.id, first).await;
    assert_eq!(granted.unwrap(), Claimed::Granted { interrupted: None });
    clock.advance(SECOND * 30 - SignedDuration::from_micros(1));
    let late = claim(clock, 1);
    let held = store.claim_refresh(&acme.id, &connection.id, late).await;
    assert_eq!(held.unwrap(), Claimed::Held { until });
    clock.advance(SignedDuration::from_micros(1));
    let next = claim(clock, 1);
    let granted = store.claim_refresh(&acme.id, &connection.id, next).await;
    let interrupted = Some(Intent {
        started_at,
        fingerprint: [7; 32],
    });
    assert_eq!(granted.unwrap(), Claimed::Granted { interrupted });
    // Neither is a change that callers see.
    assert_eq!(find(store, &connection).await, connection);
}

pub(crate) async fn a_claim_of_what_is_not_there_has_moved(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    for generation in [0, 2, u64::MAX] {
        let other = claim(clock, generation);
        let moved = store.claim_refresh(&acme.id, &connection.id, other).await;
        assert_eq!(moved.unwrap(), Claimed::Moved);
    }
    // Also while somebody else has the lease.
    claimed(store, clock, &connection).await;
    let other = claim(clock, 2);
    let moved = store.claim_refresh(&acme.id, &connection.id, other).await;
    assert_eq!(moved.unwrap(), Claimed::Moved);
    let archived = store.archive_connection(&acme.id, &connection.id).await;
    let of_archived = claim(clock, archived.unwrap().generation);
    let moved = store.claim_refresh(&acme.id, &connection.id, of_archived);
    assert_eq!(moved.await.unwrap(), Claimed::Moved);
    let nobody = ConnectionId::generate(&Effects::of_the_system());
    let error = store.claim_refresh(&acme.id, &nobody, claim(clock, 1));
    assert!(matches!(
        error.await.unwrap_err(),
        StoreError::Missing { .. }
    ));
}

/// Two stores on one database, two threads each, each with a runtime of its own.
pub(crate) async fn of_two_processes_that_claim_one_is_granted(opened: Opened) {
    let (_, connection) = connected(&opened.store).await;
    let beside = opened.beside().await;
    let stores = [&opened.store, &beside, &opened.store, &beside];
    let threads = stores.map(|store| {
        let (store, connection) = (store.clone(), connection.clone());
        let claims: Vec<_> = (0..25).map(|_| claim(&opened.clock, 1)).collect();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(async {
                let mut outcomes = Vec::new();
                for claim in claims {
                    let (workspace, id) = (&connection.workspace_id, &connection.id);
                    let lease = claim.lease.clone();
                    let claimed = store.claim_refresh(workspace, id, claim).await;
                    outcomes.push((lease, claimed.unwrap()));
                }
                outcomes
            })
        })
    });
    let outcomes = threads.map(|thread| thread.join().unwrap()).concat();
    let granted: Vec<_> = outcomes
        .iter()
        .filter(|(_, claimed)| matches!(claimed, Claimed::Granted { .. }))
        .collect();
    let [(winner, Claimed::Granted { interrupted: None })] = granted[..] else {
        panic!("{granted:?}");
    };
    let new = new_credentials("second");
    commit(&beside, &connection, winner, new).await.unwrap();
}

pub(crate) async fn a_commit_moves_the_generation_and_ends_the_lease(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let lease = claimed(store, clock, &connection).await;
    let failed = Released {
        retry_at: Some(clock.now() + SECOND),
        retry_attempts: 3,
        ..released()
    };
    store
        .release_refresh(&acme.id, &connection.id, &lease, failed)
        .await
        .unwrap();
    let lease = claimed(store, clock, &connection).await;
    clock.advance(SECOND);
    let due = Timestamp::from_nanosecond(1_800_000_900_123_456_789).unwrap();
    let mut new = new_credentials("second");
    new.refresh_due_at = Some(due);
    new.expires_at = Some(due);
    let after = commit(store, &connection, &lease, new).await.unwrap();
    assert_eq!(after.generation, 2);
    assert_eq!(after.last_active_at, clock.now());
    assert_eq!(after.updated_at, clock.now());
    let kept = Timestamp::from_microsecond(due.as_microsecond()).unwrap();
    assert_eq!(
        (after.refresh_due_at, after.expires_at),
        (Some(kept), Some(kept))
    );
    assert_eq!((after.retry_at, after.retry_attempts), (None, 0));
    assert_eq!(find(store, &connection).await, after);
    let secrets = store.connection_secrets(&acme.id, &connection.id).await;
    let secrets = secrets.unwrap();
    assert_eq!(
        secrets.credentials,
        secret(json!({"access_token": "second"}))
    );
    assert_eq!(secrets.input, secret(json!({"domain": "acme"})));
    let next = claim(clock, 2);
    let granted = store.claim_refresh(&acme.id, &connection.id, next).await;
    assert_eq!(granted.unwrap(), Claimed::Granted { interrupted: None });
}

pub(crate) async fn a_commit_after_the_lease_ran_out_counts_if_nobody_claimed(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (_, connection) = connected(store).await;
    let lease = claimed(store, clock, &connection).await;
    clock.advance(SECOND * 3600);
    let new = new_credentials("second");
    let after = commit(store, &connection, &lease, new).await.unwrap();
    assert_eq!(after.generation, 2);
}

pub(crate) async fn a_commit_whose_lease_was_taken_over_is_refused(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let slow = claimed(store, clock, &connection).await;
    clock.advance(SECOND * 30);
    let next = claim(clock, 1);
    let quick = next.lease.clone();
    let granted = store.claim_refresh(&acme.id, &connection.id, next).await;
    assert!(matches!(granted.unwrap(), Claimed::Granted { .. }));
    assert_moved(commit(store, &connection, &slow, new_credentials("slow")).await);
    assert_moved(
        commit(
            store,
            &connection,
            &fresh_lease(),
            new_credentials("no one"),
        )
        .await,
    );
    assert_eq!(access_token(store, &connection).await, ("first".into(), 1));
    let new = new_credentials("quick");
    commit(store, &connection, &quick, new).await.unwrap();
    assert_moved(commit(store, &connection, &slow, new_credentials("slow")).await);
    assert_eq!(access_token(store, &connection).await, ("quick".into(), 2));
}

pub(crate) async fn a_commit_that_is_tried_again_is_answered_again(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let lease = claimed(store, clock, &connection).await;
    let new = || new_credentials("second");
    let first = commit(store, &connection, &lease, new()).await.unwrap();
    let again = commit(store, &connection, &lease, new()).await.unwrap();
    assert_eq!(again, first);
    // Only as long as these are the credentials in force.
    let reconnected = new_credentials("third");
    store
        .replace_credentials(&acme.id, &connection.id, 2, reconnected)
        .await
        .unwrap();
    assert_moved(commit(store, &connection, &lease, new()).await);
    assert_eq!(access_token(store, &connection).await, ("third".into(), 3));
}

pub(crate) async fn a_commit_for_no_connection_is_refused(opened: Opened) {
    let store = &opened.store;
    let (_, mut connection) = connected(store).await;
    connection.id = ConnectionId::generate(&Effects::of_the_system());
    let committed = commit(store, &connection, &fresh_lease(), new_credentials("x")).await;
    assert!(matches!(committed, Err(StoreError::Missing { .. })));
}

pub(crate) async fn new_credentials_win_over_a_refresh(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let lease = claimed(store, clock, &connection).await;
    let mut new = new_credentials("reconnected");
    let due = clock.now() + SECOND * 60;
    new.refresh_due_at = Some(due);
    let after = store
        .replace_credentials(&acme.id, &connection.id, 1, new)
        .await
        .unwrap();
    assert_eq!(after.refresh_due_at, Some(due));
    assert_moved(commit(store, &connection, &lease, new_credentials("refreshed")).await);
    let failed = Released {
        state: ConnectionState::ClientActionRequired,
        ..released()
    };
    store
        .release_refresh(&acme.id, &connection.id, &lease, failed)
        .await
        .unwrap();
    assert_eq!(find(store, &connection).await, after);
    let next = claim(clock, 2);
    let granted = store.claim_refresh(&acme.id, &connection.id, next).await;
    assert_eq!(granted.unwrap(), Claimed::Granted { interrupted: None });
}

pub(crate) async fn an_archive_wins_over_a_refresh(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let lease = claimed(store, clock, &connection).await;
    let failed = Released {
        refresh_due_at: Some(clock.now()),
        retry_at: Some(clock.now()),
        retry_attempts: 3,
        ..released()
    };
    store
        .release_refresh(&acme.id, &connection.id, &lease, failed)
        .await
        .unwrap();
    let lease = claimed(store, clock, &connection).await;
    let archived = store.archive_connection(&acme.id, &connection.id).await;
    let archived = archived.unwrap();
    assert_eq!((archived.retry_at, archived.retry_attempts), (None, 0));
    assert_eq!(archived.refresh_due_at, None);
    let mut whole = new_credentials("refreshed");
    whole.input = Some(secret(json!({})));
    whole.connector_parameters = Some(secret(json!({})));
    for new in [new_credentials("refreshed"), whole] {
        assert_moved(commit(store, &connection, &lease, new).await);
    }
    let failed = Released {
        refresh_due_at: Some(clock.now()),
        ..released()
    };
    store
        .release_refresh(&acme.id, &connection.id, &lease, failed)
        .await
        .unwrap();
    assert_eq!(find(store, &connection).await, archived);
    let secrets = store.connection_secrets(&acme.id, &connection.id).await;
    assert!(matches!(secrets, Err(StoreError::Missing { .. })));
    assert_eq!(store.next_refresh_due().await.unwrap(), None);
}

pub(crate) async fn a_replaced_connection_is_not_refreshed(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let lease = claimed(store, clock, &connection).await;
    let alice = customer(store, &acme, "alice").await;
    let crm = store.find_integration(&acme.id, "crm").await.unwrap();
    let mut new = new_connection(&alice, &crm.unwrap());
    new.replace = Some(connection.id.clone());
    store.insert_connection(&acme.id, new).await.unwrap();
    assert_moved(commit(store, &connection, &lease, new_credentials("refreshed")).await);
}

pub(crate) async fn a_release_says_how_it_is_now(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let release = async |released: Released| {
        let lease = claimed(store, clock, &connection).await;
        clock.advance(SECOND);
        store
            .release_refresh(&acme.id, &connection.id, &lease, released)
            .await
            .unwrap();
        find(store, &connection).await
    };
    let retry = Released {
        refresh_due_at: Some(clock.now()),
        retry_at: Some(clock.now() + SECOND * 90),
        retry_attempts: 2,
        ..released()
    };
    let after = release(retry.clone()).await;
    assert_eq!(after.refresh_due_at, retry.refresh_due_at);
    assert_eq!(after.retry_at, retry.retry_at);
    assert_eq!(after.retry_attempts, 2);
    assert_eq!(after.generation, 1);
    // To callers it is as before.
    assert_eq!(after.updated_at, connection.updated_at);
    let dead = Released {
        state: ConnectionState::ClientActionRequired,
        error: Some(json!({"message": "revoked"})),
        ..released()
    };
    let after = release(dead.clone()).await;
    assert_eq!((after.state, after.error), (dead.state, dead.error));
    assert_eq!(after.updated_at, clock.now());
    assert_eq!((after.retry_at, after.retry_attempts), (None, 0));
    assert_eq!(after.refresh_due_at, None);
    assert_eq!(access_token(store, &connection).await, ("first".into(), 1));
}

pub(crate) async fn a_release_without_the_lease_does_nothing(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let failed = || Released {
        state: ConnectionState::ConfigurationError,
        retry_attempts: 9,
        ..released()
    };
    let release = async |lease: &LeaseId| {
        let (workspace, id) = (&acme.id, &connection.id);
        let gone = store.release_refresh(workspace, id, lease, failed()).await;
        gone.unwrap();
        assert_eq!(find(store, &connection).await, connection);
    };
    release(&fresh_lease()).await;
    let lease = claimed(store, clock, &connection).await;
    release(&fresh_lease()).await;
    let other = claim(clock, 1);
    let held = store.claim_refresh(&acme.id, &connection.id, other).await;
    assert!(matches!(held.unwrap(), Claimed::Held { .. }));
    clock.advance(SECOND * 30);
    let next = claim(clock, 1);
    let granted = store.claim_refresh(&acme.id, &connection.id, next).await;
    assert!(matches!(granted.unwrap(), Claimed::Granted { .. }));
    release(&lease).await;
}

pub(crate) async fn a_release_hands_an_interruption_on(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    claimed(store, clock, &connection).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        clock.advance(SECOND * 30);
        let next = claim(clock, 1);
        let lease = next.lease.clone();
        let granted = store.claim_refresh(&acme.id, &connection.id, next).await;
        let Claimed::Granted { interrupted } = granted.unwrap() else {
            panic!("it is free");
        };
        seen.push(interrupted.clone().unwrap());
        let no_answer = Released {
            interrupted,
            ..released()
        };
        store
            .release_refresh(&acme.id, &connection.id, &lease, no_answer)
            .await
            .unwrap();
    }
    assert_eq!(seen[0], seen[1]);
}

/// More connections of the same customer, by when they are due.
async fn due_at(store: &Store, like: &Connection, times: &[Option<Timestamp>]) -> Vec<Connection> {
    let workspace = &like.workspace_id;
    let selector = CustomerSelector::Id(like.customer_id.clone());
    let customer = store.find_customer(workspace, &selector).await.unwrap();
    let integration = store.find_integration(workspace, like.integration_id.as_str());
    let integration = integration.await.unwrap();
    let new = new_connection(&customer.unwrap(), &integration.unwrap());
    let mut inserts = JoinSet::new();
    for (position, time) in times.iter().enumerate() {
        let new = NewConnection {
            refresh_due_at: *time,
            ..new.clone()
        };
        let (store, workspace) = (store.clone(), workspace.clone());
        inserts.spawn(async move {
            let made = store.insert_connection(&workspace, new).await;
            (position, made.unwrap())
        });
    }
    let mut made = inserts.join_all().await;
    made.sort_by_key(|(position, _)| *position);
    made.into_iter().map(|(_, connection)| connection).collect()
}

async fn due(store: &Store, clock: &TestClock, limit: u32) -> Vec<ConnectionId> {
    let due = store.due_refreshes(clock.now(), limit, &[]).await.unwrap();
    due.into_iter().map(|due| due.connection_id).collect()
}

pub(crate) async fn what_is_due_is_listed_by_its_time(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, never) = connected(store).await;
    assert_eq!(due(store, clock, 10).await, []);
    let now = clock.now();
    let times = [SECOND * 60, SECOND, SECOND * 2, -SECOND, SECOND * 3].map(|by| now - by);
    let made = due_at(store, &never, &times.map(Some)).await;
    let [longest, leased, waiting, later, archived] = &made[..] else {
        panic!("five were made");
    };
    store
        .archive_connection(&acme.id, &archived.id)
        .await
        .unwrap();
    claimed(store, clock, leased).await;
    let lease = claimed(store, clock, waiting).await;
    let wait = Released {
        refresh_due_at: waiting.refresh_due_at,
        retry_at: Some(now + SECOND * 10),
        retry_attempts: 1,
        ..released()
    };
    store
        .release_refresh(&acme.id, &waiting.id, &lease, wait)
        .await
        .unwrap();
    let listed = store.due_refreshes(now, 10, &[]).await.unwrap();
    let [only] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(only.workspace_id, acme.id);
    assert_eq!(only.connection_id, longest.id);
    assert_eq!(only.integration_id, longest.integration_id);
    assert_eq!(only.generation, 1);
    assert_eq!(Some(only.due_at), longest.refresh_due_at);
    clock.advance(SECOND);
    assert_eq!(
        due(store, clock, 10).await,
        [&longest.id, &later.id].map(Clone::clone)
    );
    clock.advance(SECOND * 9);
    let all = [longest, later, waiting, leased].map(|one| one.id.clone());
    assert_eq!(due(store, clock, 10).await, all[..3]);
    clock.advance(SECOND * 20);
    assert_eq!(due(store, clock, 10).await, all);
    assert_eq!(due(store, clock, 2).await, all[..2]);
}

pub(crate) async fn integrations_that_have_enough_to_do_are_left_out(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, never) = connected(store).await;
    let other = integration(store, &acme, "other").await;
    let alice = customer(store, &acme, "alice").await;
    let mut new = new_connection(&alice, &other);
    new.refresh_due_at = Some(clock.now());
    let expected = store.insert_connection(&acme.id, new).await.unwrap();
    due_at(store, &never, &[Some(clock.now()), Some(clock.now())]).await;
    let busy = [never.integration_id.clone()];
    let listed = store.due_refreshes(clock.now(), 10, &busy).await.unwrap();
    let ids: Vec<_> = listed.into_iter().map(|due| due.connection_id).collect();
    assert_eq!(ids, [expected.id]);
    let all = [busy[0].clone(), other.id];
    let listed = store.due_refreshes(clock.now(), 10, &all).await.unwrap();
    assert_eq!(listed, []);
}

pub(crate) async fn scopes_stay_until_a_provider_speaks_of_them_again(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    assert!(connection.scopes.is_empty());
    let scopes = Scopes {
        requested: vec!["read".to_owned(), "write".to_owned()],
        granted: vec!["read".to_owned()],
    };
    let lease = claimed(store, clock, &connection).await;
    let mut new = new_credentials("second");
    new.scopes = Some(scopes.clone());
    let second = commit(store, &connection, &lease, new).await.unwrap();
    assert_eq!(second.scopes, scopes);
    assert_eq!(find(store, &connection).await.scopes, scopes);
    let replace = async |generation, new| {
        let replaced = store.replace_credentials(&acme.id, &connection.id, generation, new);
        replaced.await.unwrap().scopes
    };
    assert_eq!(replace(2, new_credentials("third")).await, scopes);
    let mut new = new_credentials("fourth");
    new.scopes = Some(Scopes::default());
    assert!(replace(3, new).await.is_empty());
}

pub(crate) async fn the_next_time_counts_waits_and_leases(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, never) = connected(store).await;
    assert_eq!(store.next_refresh_due().await.unwrap(), None);
    let now = clock.now();
    let made = due_at(store, &never, &[Some(now)]).await;
    assert_eq!(store.next_refresh_due().await.unwrap(), Some(now));
    let lease = claimed(store, clock, &made[0]).await;
    let until = now + SECOND * 30;
    assert_eq!(store.next_refresh_due().await.unwrap(), Some(until));
    let retry_at = now + SECOND * 7;
    let wait = Released {
        refresh_due_at: Some(now),
        retry_at: Some(retry_at),
        retry_attempts: 1,
        ..released()
    };
    store
        .release_refresh(&acme.id, &made[0].id, &lease, wait)
        .await
        .unwrap();
    assert_eq!(store.next_refresh_due().await.unwrap(), Some(retry_at));
}

pub(crate) async fn ten_thousand_that_are_due_are_claimed_in_batches(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (_, never) = connected(store).await;
    let now = clock.now();
    let times: Vec<_> = (0..10_000)
        .map(|number| Some(now - SignedDuration::from_millis(number)))
        .collect();
    due_at(store, &never, &times).await;
    let mut seen = HashSet::new();
    let mut last = Timestamp::MIN;
    loop {
        let batch = store.due_refreshes(now, 500, &[]).await.unwrap();
        if batch.is_empty() {
            break;
        }
        assert_eq!(batch.len(), 500);
        let mut claims = JoinSet::new();
        for due in batch {
            assert!(due.due_at >= last);
            last = due.due_at;
            assert!(seen.insert(due.connection_id.clone()));
            let (store, claim) = (store.clone(), claim(clock, due.generation));
            claims.spawn(async move {
                let (workspace, id) = (&due.workspace_id, &due.connection_id);
                store.claim_refresh(workspace, id, claim).await.unwrap()
            });
        }
        for outcome in claims.join_all().await {
            assert_eq!(outcome, Claimed::Granted { interrupted: None });
        }
    }
    assert_eq!(seen.len(), times.len());
}
