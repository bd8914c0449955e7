//! Requests to connect an account, which a user follows by a link.

use authbridge_core::Clock;
use authbridge_store::{
    Connection, ConnectionRequest, ConnectionRequestOutcome, ConnectionRequestStatus,
    NewConnectionRequest, Store, StoreError,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Opened, TestClock, connected, customer, integration, secret, workspace};

const LINK: [u8; 32] = [1; 32];

fn new_request(clock: &TestClock, connection: &Connection) -> NewConnectionRequest {
    NewConnectionRequest {
        customer_id: connection.customer_id.clone(),
        integration_id: connection.integration_id.clone(),
        connection_id: None,
        link_hash: LINK,
        details: json!({ "name": "Mine" }),
        connector_parameters: Some(secret(json!({ "clientId": "c" }))),
        expires_at: clock.now() + SignedDuration::from_hours(1),
    }
}

async fn found(store: &Store) -> ConnectionRequest {
    store.find_connection_request(LINK).await.unwrap().unwrap()
}

pub(crate) async fn a_request_is_found_by_what_its_link_holds(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let new = NewConnectionRequest {
        connection_id: Some(connection.id.clone()),
        ..new_request(clock, &connection)
    };
    let made = store.insert_connection_request(&acme.id, new).await;
    let made = made.unwrap();
    assert_eq!(made.status, ConnectionRequestStatus::Pending);
    assert_eq!(made.connection_id, Some(connection.id.clone()));
    assert_eq!(made.details, json!({ "name": "Mine" }));
    assert_eq!(found(store).await, made);
    let parameters = store.connection_request_parameters(&made).await.unwrap();
    assert_eq!(parameters, Some(secret(json!({ "clientId": "c" }))));
    let unknown = store.find_connection_request([2; 32]).await.unwrap();
    assert_eq!(unknown, None);
    let again = store.insert_connection_request(&acme.id, new_request(clock, &connection));
    assert!(matches!(again.await, Err(StoreError::Conflict { .. })));
}

pub(crate) async fn a_failure_leaves_a_request_open_and_an_end_is_final(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let new = new_request(clock, &connection);
    let made = store
        .insert_connection_request(&acme.id, new)
        .await
        .unwrap();
    let settle = async |outcome| {
        store
            .settle_connection_request(&acme.id, &made.id, outcome)
            .await
            .unwrap()
    };
    let failure = json!({ "message": "refused" });
    assert!(settle(ConnectionRequestOutcome::Error(failure.clone())).await);
    let failed = found(store).await;
    assert_eq!(failed.status, ConnectionRequestStatus::Error);
    assert_eq!(failed.result_error, Some(failure));
    assert!(
        store
            .connection_request_parameters(&made)
            .await
            .unwrap()
            .is_some()
    );

    assert!(settle(ConnectionRequestOutcome::Success(connection.id.clone())).await);
    let done = found(store).await;
    assert_eq!(done.status, ConnectionRequestStatus::Success);
    assert_eq!(done.result_connection_id, Some(connection.id));
    assert_eq!(done.result_error, None);
    assert_eq!(
        store.connection_request_parameters(&made).await.unwrap(),
        None
    );

    for late in [
        ConnectionRequestOutcome::Cancelled,
        ConnectionRequestOutcome::Error(json!({})),
    ] {
        assert!(!settle(late).await);
    }
    assert_eq!(found(store).await, done);
}

pub(crate) async fn what_is_asked_for_must_be_of_the_workspace(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let other = workspace(store, "other").await;
    let theirs = customer(store, &other, "theirs").await;
    let their_crm = integration(store, &other, "crm").await;
    let of_their_customer = NewConnectionRequest {
        customer_id: theirs.id.clone(),
        ..new_request(clock, &connection)
    };
    let of_their_integration = NewConnectionRequest {
        integration_id: their_crm.id.clone(),
        ..new_request(clock, &connection)
    };
    for new in [of_their_customer, of_their_integration] {
        let made = store.insert_connection_request(&acme.id, new).await;
        assert!(matches!(made, Err(StoreError::Missing { .. })), "{made:?}");
    }
    let made = store
        .insert_connection_request(&acme.id, new_request(clock, &connection))
        .await
        .unwrap();
    let from_elsewhere = store
        .settle_connection_request(&other.id, &made.id, ConnectionRequestOutcome::Cancelled)
        .await;
    assert!(!from_elsewhere.unwrap());
    assert_eq!(found(store).await, made);
}

pub(crate) async fn old_requests_are_purged_a_day_after_they_expired(opened: Opened) {
    let Opened { store, clock, .. } = &opened;
    let (acme, connection) = connected(store).await;
    let new = new_request(clock, &connection);
    let made = store.insert_connection_request(&acme.id, new).await;
    let made = made.unwrap();
    clock.advance(SignedDuration::from_hours(25));
    let purged = store.purge_connection_requests(clock.now()).await;
    assert_eq!(purged.unwrap(), 0);
    clock.advance(SignedDuration::from_micros(1));
    let purged = store.purge_connection_requests(clock.now()).await;
    assert_eq!(purged.unwrap(), 1);
    assert_eq!(store.find_connection_request(LINK).await.unwrap(), None);
    assert_eq!(
        store.connection_request_parameters(&made).await.unwrap(),
        None
    );
}
