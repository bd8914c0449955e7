//! Instances of actions.

use authbridge_store::{
    ActionInstanceFilter, InstanceAuthor, InstanceContent, InstanceLimits, NewActionInstance, Page,
    StoreError,
};
use serde_json::{Value, json};

use crate::support::{Opened, connected, customer, workspace};

const ROOMY: InstanceLimits = InstanceLimits {
    count: 100,
    bytes: 10_000,
};

const FOLLOWS: InstanceContent = InstanceContent {
    content: None,
    author: InstanceAuthor::Admin,
};

fn says(author: InstanceAuthor, content: Value) -> InstanceContent {
    InstanceContent {
        content: Some(content),
        author,
    }
}

pub(crate) async fn an_instance_is_kept_until_it_is_taken_away(opened: Opened) {
    let store = opened.store;
    let (acme, own) = connected(&store).await;
    let other = workspace(&store, "other").await;
    let new = |key: Option<&str>| NewActionInstance {
        connection_id: own.id.clone(),
        action_key: "send".to_owned(),
        instance_key: key.map(str::to_owned),
        said: FOLLOWS,
    };
    let made = store
        .insert_action_instance(&acme.id, new(None), ROOMY)
        .await
        .unwrap();
    assert_eq!((made.revision, &made.content), (1, &None));
    for key in [None, Some("")] {
        let again = store
            .insert_action_instance(&acme.id, new(key), ROOMY)
            .await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
    }
    let named = store
        .insert_action_instance(&acme.id, new(Some("second")), ROOMY)
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
        .set_action_instance(
            &acme.id,
            &made.id,
            says(InstanceAuthor::Admin, content.clone()),
            ROOMY,
        )
        .await
        .unwrap();
    assert_eq!((changed.revision, &changed.content), (2, &Some(content)));
    let read = store.find_action_instance(&acme.id, &made.id).await;
    assert_eq!(read.unwrap(), Some(changed));
    let read = store.find_action_instance(&other.id, &made.id).await;
    assert_eq!(read.unwrap(), None);

    store
        .remove_action_instance(&acme.id, &made.id, InstanceAuthor::Admin)
        .await
        .unwrap();
    assert_eq!(find(None).await, None);
    let gone = store
        .set_action_instance(&acme.id, &made.id, FOLLOWS, ROOMY)
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
            said: FOLLOWS,
        };
        store
            .insert_action_instance(&acme.id, new, ROOMY)
            .await
            .unwrap();
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

pub(crate) async fn customers_leave_alone_what_admins_wrote(opened: Opened) {
    use InstanceAuthor::{Admin, Customer};
    let store = opened.store;
    let (acme, own) = connected(&store).await;
    let new = NewActionInstance {
        connection_id: own.id.clone(),
        action_key: "send".to_owned(),
        instance_key: None,
        said: FOLLOWS,
    };
    let made = store.insert_action_instance(&acme.id, new, ROOMY).await;
    let id = made.unwrap().id;
    let set =
        async |said: InstanceContent| store.set_action_instance(&acme.id, &id, said, ROOMY).await;
    // One that follows is nobody's, whoever made it.
    let own = set(says(Customer, json!({"a": 1}))).await.unwrap();
    assert_eq!(own.author, Customer);
    set(says(Customer, json!({"a": 2}))).await.unwrap();
    let admins = set(says(Admin, json!({"a": 3}))).await.unwrap();
    let reset = InstanceContent {
        content: None,
        author: Customer,
    };
    for said in [says(Customer, json!({"a": 4})), reset] {
        let refused = set(said).await.unwrap_err();
        assert!(matches!(refused, StoreError::Protected { .. }), "{refused}");
    }
    let removed = store.remove_action_instance(&acme.id, &id, Customer).await;
    assert!(matches!(removed, Err(StoreError::Protected { .. })));
    let found = store.find_action_instance(&acme.id, &id).await.unwrap();
    assert_eq!(found, Some(admins));
    set(FOLLOWS).await.unwrap();
    let removed = store.remove_action_instance(&acme.id, &id, Customer).await;
    removed.unwrap();
    let found = store.find_action_instance(&acme.id, &id).await;
    assert_eq!(found.unwrap(), None);
    // One that is gone stays so.
    let removed = store.remove_action_instance(&acme.id, &id, Customer).await;
    removed.unwrap();
}

pub(crate) async fn a_connection_has_room_for_so_many_and_so_much(opened: Opened) {
    let store = opened.store;
    let (acme, own) = connected(&store).await;
    let limits = InstanceLimits {
        count: 2,
        bytes: 40,
    };
    let text = |length: usize| says(InstanceAuthor::Customer, json!("x".repeat(length)));
    let insert = async |key: &str, said: InstanceContent| {
        let new = NewActionInstance {
            connection_id: own.id.clone(),
            action_key: "send".to_owned(),
            instance_key: Some(key.to_owned()),
            said,
        };
        store.insert_action_instance(&acme.id, new, limits).await
    };
    // With its key and quotes, 13 bytes of 40.
    let first = insert("a", text(10)).await.unwrap();
    let refused = insert("b", text(25)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a connection can have 40 bytes in its instances of actions at most"
    );
    let second = insert("b", text(24)).await.unwrap();
    let again = insert("b", text(24)).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })));
    let refused = insert("c", FOLLOWS).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a connection can have 2 instances of actions at most"
    );
    let set = async |said: InstanceContent, limits| {
        let setting = store.set_action_instance(&acme.id, &first.id, said, limits);
        setting.await.map(|changed| changed.content)
    };
    let refused = set(text(11), limits).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })));
    let found = store.find_action_instance(&acme.id, &first.id).await;
    assert_eq!(found.unwrap(), Some(first.clone()), "nothing was written");
    // What takes no more room than before is no worse, even above the bound.
    let none = InstanceLimits { count: 0, bytes: 0 };
    assert_eq!(set(text(9), none).await.unwrap(), text(9).content);
    let removed = store.remove_action_instance(&acme.id, &second.id, InstanceAuthor::Customer);
    removed.await.unwrap();
    insert("c", text(24)).await.unwrap();
}
