//! Integrations.

use authbridge_core::id::ConnectorId;
use authbridge_core::{Effects, SecretJson};
use authbridge_store::{
    IntegrationFilter, IntegrationPatch, Origin, Page, Store, StoreError, Workspace,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Opened, integration, new_integration, put_connector, secret, workspace};

pub(crate) async fn a_key_is_given_to_one_unarchived_integration(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let first = integration(&store, &acme, "crm").await;
    let error = store
        .insert_integration(&acme.id, new_integration("crm"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "integration `crm` already exists");
    let archived = store
        .archive_integration(&acme.id, &first.id)
        .await
        .unwrap();
    let found = store.find_integration(&acme.id, "crm").await.unwrap();
    assert_eq!(found, Some(archived.clone()));
    let second = integration(&store, &acme, "crm").await;
    let found = store.find_integration(&acme.id, "crm").await.unwrap();
    assert_eq!(found, Some(second));
    let by_id = store.find_integration(&acme.id, first.id.as_str()).await;
    assert_eq!(by_id.unwrap(), Some(archived));
}

pub(crate) async fn restoring_into_a_taken_key_is_a_conflict(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let first = integration(&store, &acme, "crm").await;
    store
        .archive_integration(&acme.id, &first.id)
        .await
        .unwrap();
    let second = integration(&store, &acme, "crm").await;
    let error = store
        .restore_integration(&acme.id, &first.id)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }));
    store
        .archive_integration(&acme.id, &second.id)
        .await
        .unwrap();
    let restored = store
        .restore_integration(&acme.id, &first.id)
        .await
        .unwrap();
    assert_eq!(restored.archived_at, None);
    assert_eq!(restored.revision, 3);
}

pub(crate) async fn a_patch_changes_what_it_names(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let mut new = new_integration("crm");
    new.name = Some("CRM".to_owned());
    new.meta = Some(json!({"a": null}));
    let before = store.insert_integration(&acme.id, new).await.unwrap();
    opened.clock.advance(SignedDuration::from_secs(1));
    let same = store
        .update_integration(&acme.id, &before.id, IntegrationPatch::default())
        .await
        .unwrap();
    assert_eq!(same, before);
    let patch = IntegrationPatch {
        key: Some("sales".to_owned()),
        name: Some(None),
        base_uri: Some(Some("https://api.example.com".to_owned())),
        origin: Some(Origin::Directory),
        ..IntegrationPatch::default()
    };
    let after = store
        .update_integration(&acme.id, &before.id, patch)
        .await
        .unwrap();
    assert_eq!(after.key, "sales");
    assert_eq!(after.name, None);
    assert_eq!(after.base_uri.as_deref(), Some("https://api.example.com"));
    assert_eq!(after.origin, Origin::Directory);
    assert_eq!(after.meta, before.meta);
    assert_eq!(after.revision, 2);
    assert!(after.updated_at > before.updated_at);
    let read = store.find_integration(&acme.id, "sales").await.unwrap();
    assert_eq!(read, Some(after));
}

pub(crate) async fn parameters_are_kept_apart(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let id = integration(&store, &acme, "crm").await.id;
    let none = store.integration_parameters(&acme.id, &id).await.unwrap();
    assert_eq!(none, SecretJson::empty_object());
    let parameters = secret(json!({"clientSecret": "x"}));
    let set = IntegrationPatch {
        parameters: Some(Some(parameters.clone())),
        ..IntegrationPatch::default()
    };
    let after = store.update_integration(&acme.id, &id, set).await.unwrap();
    assert!(after.has_parameters);
    assert_eq!(after.revision, 2);
    let read = store.integration_parameters(&acme.id, &id).await.unwrap();
    assert_eq!(read, parameters);
    let found = store.find_integration(&acme.id, "crm").await.unwrap();
    assert!(found.unwrap().has_parameters);
    let clear = IntegrationPatch {
        parameters: Some(None),
        ..IntegrationPatch::default()
    };
    let after = store
        .update_integration(&acme.id, &id, clear)
        .await
        .unwrap();
    assert!(!after.has_parameters);
    let read = store.integration_parameters(&acme.id, &id).await.unwrap();
    assert_eq!(read, SecretJson::empty_object());
}

pub(crate) async fn a_connector_must_be_there(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    let put = put_connector("crm", None, "a");
    let theirs = store.put_connector(&other.id, put).await.unwrap().item.id;
    let nobodys = ConnectorId::generate(&Effects::of_the_system());
    for id in [theirs.clone(), nobodys] {
        let mut new = new_integration("crm");
        new.connector_id = Some(id);
        let error = store.insert_integration(&acme.id, new).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }));
    }
    let mut new = new_integration("crm");
    new.connector_id = Some(theirs);
    store.insert_integration(&other.id, new).await.unwrap();
}

pub(crate) async fn lists_leave_archived_ones_out_unless_asked(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let gone = integration(&store, &acme, "old").await;
    integration(&store, &acme, "new").await;
    store.archive_integration(&acme.id, &gone.id).await.unwrap();
    let mut filter = IntegrationFilter::default();
    assert_eq!(keys(&store, &acme, &filter).await, ["new"]);
    filter.include_archived = true;
    assert_eq!(keys(&store, &acme, &filter).await.len(), 2);
    filter.search = Some("OL".to_owned());
    assert_eq!(keys(&store, &acme, &filter).await, ["old"]);
}

async fn keys(store: &Store, workspace: &Workspace, filter: &IntegrationFilter) -> Vec<String> {
    let page = store
        .list_integrations(&workspace.id, filter.clone(), Page::default())
        .await
        .unwrap();
    page.items.into_iter().map(|item| item.key).collect()
}
