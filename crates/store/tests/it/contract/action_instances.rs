//! Instances of actions.

use authbridge_store::{ActionInstanceFilter, NewActionInstance, Page, StoreError};
use serde_json::json;

use crate::support::{Opened, connected, customer, workspace};

pub(crate) async fn an_instance_is_kept_until_it_is_taken_away(opened: Opened) {
    let store = opened.store;
    let (acme, own) = connected(&store).await;
    let other = workspace(&store, "other").await;
    let new = |key: Option<&str>| NewActionInstance {
        connection_id: own.id.clone(),
        action_key: "send".to_owned(),
        instance_key: key.map(str::to_owned),
        content: None,
    };
    let made = store
        .insert_action_instance(&acme.id, new(None))
        .await
        .unwrap();
    assert_eq!((made.revision, &made.content), (1, &None));
    for key in [None, Some("")] {
        let again = store.insert_action_instance(&acme.id, new(key)).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
    }
    let named = store
        .insert_action_instance(&acme.id, new(Some("second")))
        .await
        .unwrap();
    let find = async |key| {
        let found = store.find_action_instance_by_key(&acme.id, &own.id, "send", key);
        found.await.unwrap()
    };
    assert_eq!(find(None).await.as_ref(), Some(&made));
    assert_eq!(find(Some("second")).await.as_ref(), Some(&named));
    assert_eq!(find(Some("third")).await, None);

    let content = json!({"type": "run-javascript"});
    let changed = store
        .set_action_instance(&acme.id, &made.id, Some(content.clone()))
        .await
        .unwrap();
    assert_eq!((changed.revision, &changed.content), (2, &Some(content)));
    let read = store.find_action_instance(&acme.id, &made.id).await;
    assert_eq!(read.unwrap(), Some(changed));
    let read = store.find_action_instance(&other.id, &made.id).await;
    assert_eq!(read.unwrap(), None);

    store
        .remove_action_instance(&acme.id, &made.id)
        .await
        .unwrap();
    assert_eq!(find(None).await, None);
    let gone = store
        .set_action_instance(&acme.id, &made.id, None)
        .await
        .unwrap_err();
    assert!(matches!(gone, StoreError::Missing { .. }), "{gone}");
}

pub(crate) async fn instances_are_listed_by_connection_customer_and_action(opened: Opened) {
    let store = opened.store;
    let (acme, own) = connected(&store).await;
    for (action, key) in [("send", None), ("send", Some("second")), ("find", None)] {
        let new = NewActionInstance {
            connection_id: own.id.clone(),
            action_key: action.to_owned(),
            instance_key: key.map(str::to_owned),
            content: None,
        };
        store.insert_action_instance(&acme.id, new).await.unwrap();
    }
    let count = async |filter| {
        let found = store.list_action_instances(&acme.id, filter, Page::default());
        found.await.unwrap().items.len()
    };
    let of_own = ActionInstanceFilter {
        connection_id: Some(own.id.clone()),
        customer_id: Some(own.customer_id.clone()),
        action_key: None,
    };
    assert_eq!(count(of_own.clone()).await, 3);
    let of_send = ActionInstanceFilter {
        action_key: Some("send".to_owned()),
        ..of_own.clone()
    };
    assert_eq!(count(of_send).await, 2);
    let stranger = customer(&store, &acme, "mallory").await;
    let of_stranger = ActionInstanceFilter {
        customer_id: Some(stranger.id),
        ..ActionInstanceFilter::default()
    };
    assert_eq!(count(of_stranger).await, 0);
    store.archive_connection(&acme.id, &own.id).await.unwrap();
    assert_eq!(count(of_own).await, 0);
}
