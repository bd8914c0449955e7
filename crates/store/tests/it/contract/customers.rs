//! Customers.

use std::collections::HashSet;

use authbridge_core::Effects;
use authbridge_core::id::CustomerId;
use authbridge_store::{
    CustomerFilter, CustomerPatch, CustomerSelector, LAST_ACTIVE_STEP, Page, SeenCustomer, Store,
    StoreError, Workspace,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Opened, customer, secret, workspace};

fn seen(name: Option<&str>, fields: Option<Value>) -> SeenCustomer {
    SeenCustomer {
        internal_id: "alice".to_owned(),
        name: name.map(str::to_owned),
        fields,
    }
}

pub(crate) async fn a_customer_is_made_at_first_sight_and_kept(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let fields = json!({"plan": "pro"});
    let first = store
        .see_customer(&acme.id, seen(Some("Alice"), Some(fields.clone())))
        .await
        .unwrap();
    assert_eq!(first.fields, fields);
    let again = store
        .see_customer(&acme.id, seen(None, None))
        .await
        .unwrap();
    assert_eq!(again, first);
    for selector in [
        CustomerSelector::Id(first.id.clone()),
        CustomerSelector::InternalId("alice".to_owned()),
    ] {
        let found = store.find_customer(&acme.id, &selector).await.unwrap();
        assert_eq!(found.as_ref(), Some(&first));
    }
}

pub(crate) async fn a_token_without_fields_leaves_them(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let fields = Some(json!({"plan": "pro"}));
    store
        .see_customer(&acme.id, seen(Some("Alice"), fields))
        .await
        .unwrap();
    let renamed = store
        .see_customer(&acme.id, seen(Some("Alicia"), None))
        .await
        .unwrap();
    assert_eq!(renamed.name.as_deref(), Some("Alicia"));
    assert_eq!(renamed.fields, json!({"plan": "pro"}));
}

pub(crate) async fn activity_is_written_at_most_once_a_step(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let first = customer(&store, &acme, "alice").await;
    opened.clock.advance(SignedDuration::from_secs(1));
    let soon = customer(&store, &acme, "alice").await;
    assert_eq!(soon.last_active_at, first.last_active_at);
    opened.clock.advance(LAST_ACTIVE_STEP);
    let later = customer(&store, &acme, "alice").await;
    let passed = later.last_active_at.duration_since(first.last_active_at);
    assert_eq!(passed, LAST_ACTIVE_STEP + SignedDuration::from_secs(1));
}

pub(crate) async fn a_patch_changes_what_it_names(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let before = store
        .see_customer(&acme.id, seen(Some("Alice"), None))
        .await
        .unwrap();
    let patch = CustomerPatch {
        name: None,
        fields: Some(json!({"a": 1})),
    };
    let after = store
        .update_customer(&acme.id, &before.id, patch)
        .await
        .unwrap();
    assert_eq!(after.name, before.name);
    assert_eq!(after.fields, json!({"a": 1}));
    let clear = CustomerPatch {
        name: Some(None),
        fields: None,
    };
    let after = store
        .update_customer(&acme.id, &before.id, clear)
        .await
        .unwrap();
    assert_eq!(after.name, None);
    let nobody = CustomerId::generate(&Effects::of_the_system());
    let error = store
        .update_customer(&acme.id, &nobody, CustomerPatch::default())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
}

pub(crate) async fn a_customer_can_be_archived_and_restored(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let alice = customer(&store, &acme, "alice").await;
    let archived = store.archive_customer(&acme.id, &alice.id).await.unwrap();
    opened.clock.advance(SignedDuration::from_secs(5));
    let again = store.archive_customer(&acme.id, &alice.id).await.unwrap();
    assert!(archived.archived_at.is_some());
    assert_eq!(again.archived_at, archived.archived_at);
    assert_eq!(
        internal_ids(&store, &acme, &CustomerFilter::default()).await,
        [""; 0]
    );
    let all = CustomerFilter {
        include_archived: true,
        ..CustomerFilter::default()
    };
    assert_eq!(internal_ids(&store, &acme, &all).await, ["alice"]);
    let restored = store.restore_customer(&acme.id, &alice.id).await.unwrap();
    assert_eq!(restored, alice);
}

pub(crate) async fn search_takes_text_literally_and_in_any_case(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    for internal_id in ["a_1", "ab1", "B%2"] {
        customer(&store, &acme, internal_id).await;
    }
    for (search, found) in [("A_1", "a_1"), ("b%", "B%2"), ("aB1", "ab1")] {
        let filter = CustomerFilter {
            search: Some(search.to_owned()),
            include_archived: false,
        };
        assert_eq!(internal_ids(&store, &acme, &filter).await, [found]);
    }
}

pub(crate) async fn credentials_come_and_go(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let id = customer(&store, &acme, "alice").await.id;
    assert_eq!(
        store.customer_credentials(&acme.id, &id).await.unwrap(),
        None
    );
    for value in [json!({"token": "a"}), json!({"token": "b", "n": [1, null]})] {
        let credentials = secret(value);
        store
            .replace_customer_credentials(&acme.id, &id, Some(&credentials))
            .await
            .unwrap();
        let read = store.customer_credentials(&acme.id, &id).await.unwrap();
        assert_eq!(read, Some(credentials));
    }
    store
        .replace_customer_credentials(&acme.id, &id, None)
        .await
        .unwrap();
    assert_eq!(
        store.customer_credentials(&acme.id, &id).await.unwrap(),
        None
    );
}

pub(crate) async fn pages_walk_through_everything_once(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    for number in 0..23 {
        customer(&store, &acme, &format!("c{number}")).await;
        customer(&store, &other, &format!("c{number}")).await;
    }
    for limit in [1, 7, 22, 23, 24] {
        let mut seen = HashSet::new();
        let mut cursor = Some("0".to_owned());
        while cursor.is_some() {
            let page = Page { limit, cursor };
            let read = store
                .list_customers(&acme.id, CustomerFilter::default(), page)
                .await
                .unwrap();
            assert!(read.items.len() <= usize::try_from(limit).unwrap());
            for item in read.items {
                assert_eq!(item.workspace_id, acme.id);
                assert!(seen.insert(item.id));
            }
            cursor = read.cursor;
        }
        assert_eq!(seen.len(), 23);
    }
}

pub(crate) async fn customers_of_another_workspace_are_not_found(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    let alice = customer(&store, &acme, "alice").await;
    let by_id = CustomerSelector::Id(alice.id.clone());
    assert_eq!(store.find_customer(&other.id, &by_id).await.unwrap(), None);
    let archived = store.archive_customer(&other.id, &alice.id).await;
    assert!(matches!(archived, Err(StoreError::Missing { .. })));
    let twin = customer(&store, &other, "alice").await;
    assert_ne!(twin.id, alice.id);
}

async fn internal_ids(
    store: &Store,
    workspace: &Workspace,
    filter: &CustomerFilter,
) -> Vec<String> {
    let page = store
        .list_customers(&workspace.id, filter.clone(), Page::default())
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|customer| customer.internal_id)
        .collect()
}
