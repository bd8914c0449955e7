//! Connectors.

use authbridge_store::{
    Connector, ConnectorFilter, Page, Put, PutConnector, PutOutcome, Store, StoreError, Workspace,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Opened, put_connector, workspace};

async fn put(store: &Store, workspace: &Workspace, put: PutConnector) -> Put<Connector> {
    store.put_connector(&workspace.id, put).await.unwrap()
}

pub(crate) async fn a_connector_keeps_its_id_over_pushes(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let first = put(&store, &acme, put_connector("crm", None, "a")).await;
    assert_eq!(first.outcome, PutOutcome::Created);
    opened.clock.advance(SignedDuration::from_secs(1));
    let same = put(&store, &acme, put_connector("crm", None, "a")).await;
    assert_eq!(same.outcome, PutOutcome::Unchanged);
    assert_eq!(same.item, first.item);
    let changed = put(&store, &acme, put_connector("crm", None, "b")).await;
    assert_eq!(changed.outcome, PutOutcome::Changed);
    assert_eq!(changed.item.id, first.item.id);
    assert_eq!(changed.item.revision, 2);
    assert!(changed.item.updated_at > first.item.updated_at);
    let bundle = store.connector_bundle(&acme.id, &first.item.id, None).await;
    assert_eq!(bundle.unwrap(), Some(json!({"spec.yml": "b"})));
}

pub(crate) async fn a_published_version_does_not_change(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    put(&store, &acme, put_connector("crm", None, "a")).await;
    let published = put(&store, &acme, put_connector("crm", Some("1.0"), "b")).await;
    assert_eq!(published.outcome, PutOutcome::Changed);
    let same = put(&store, &acme, put_connector("crm", Some("1.0"), "b")).await;
    assert_eq!(same.outcome, PutOutcome::Unchanged);
    let mut other = put_connector("crm", Some("1.0"), "c");
    other.name.push_str(" renamed");
    let error = store.put_connector(&acme.id, other).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }));
    let id = published.item.id.clone();
    let found = store.find_connector(&acme.id, "crm").await.unwrap();
    assert_eq!(found, Some(published.item));
    let bundle = store.connector_bundle(&acme.id, &id, Some("1.0")).await;
    assert_eq!(bundle.unwrap(), Some(json!({"spec.yml": "b"})));
    let none = store.connector_bundle(&acme.id, &id, Some("2.0")).await;
    assert_eq!(none.unwrap(), None);
    let versions = store.list_connector_versions(&acme.id, &id).await.unwrap();
    let versions: Vec<_> = versions.into_iter().map(|entry| entry.version).collect();
    assert_eq!(versions, [None, Some("1.0".to_owned())]);
}

pub(crate) async fn a_name_alone_changes_the_connector_but_not_its_revision(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    put(&store, &acme, put_connector("crm", None, "a")).await;
    let mut renamed = put_connector("crm", None, "a");
    renamed.name.push_str(" renamed");
    let renamed = put(&store, &acme, renamed).await;
    assert_eq!(renamed.outcome, PutOutcome::Changed);
    assert_eq!(renamed.item.revision, 1);
    assert_eq!(renamed.item.name, "crm renamed");
}

pub(crate) async fn a_connector_is_found_by_id_key_and_uuid(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let mut with_uuid = put_connector("crm", None, "a");
    with_uuid.uuid = Some("6f1c".to_owned());
    let crm = put(&store, &acme, with_uuid).await.item;
    // A push that does not say the UUID leaves it.
    put(&store, &acme, put_connector("crm", None, "a")).await;
    for selector in [crm.id.as_str(), "crm", "6f1c"] {
        let found = store.find_connector(&acme.id, selector).await.unwrap();
        assert_eq!(found.as_ref(), Some(&crm));
    }
    assert_eq!(store.find_connector(&acme.id, "CRM").await.unwrap(), None);
    let other = workspace(&store, "other").await;
    assert_eq!(store.find_connector(&other.id, "crm").await.unwrap(), None);
}

pub(crate) async fn two_connectors_cannot_have_one_uuid(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let mut crm = put_connector("crm", None, "a");
    crm.uuid = Some("6f1c".to_owned());
    put(&store, &acme, crm).await;
    let mut erp = put_connector("erp", None, "a");
    erp.uuid = Some("6f1c".to_owned());
    let error = store.put_connector(&acme.id, erp).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "connector with the UUID `6f1c` already exists"
    );
}

pub(crate) async fn an_archived_connector_comes_back_with_a_push(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let crm = put(&store, &acme, put_connector("crm", None, "a"))
        .await
        .item;
    put(&store, &acme, put_connector("erp", None, "a")).await;
    store.archive_connector(&acme.id, &crm.id).await.unwrap();
    assert_eq!(keys(&store, &acme, None).await, ["erp"]);
    let back = put(&store, &acme, put_connector("crm", None, "a")).await;
    assert_eq!(back.outcome, PutOutcome::Changed);
    assert_eq!((back.item.id, back.item.archived_at), (crm.id, None));
    assert_eq!(keys(&store, &acme, Some("cr")).await, ["crm"]);
}

pub(crate) async fn a_bundle_reads_back_in_its_order(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let mut crm = put_connector("crm", None, "");
    let bundle = json!({"z.yml": "z: \"1\"\n", "a.js": "é\u{0}", "m/b.ts": ""});
    crm.bundle = Some(bundle.clone());
    let id = put(&store, &acme, crm).await.item.id;
    let read = store.connector_bundle(&acme.id, &id, None).await.unwrap();
    assert_eq!(read.unwrap().to_string(), bundle.to_string());
}

async fn keys(store: &Store, workspace: &Workspace, search: Option<&str>) -> Vec<String> {
    let filter = ConnectorFilter {
        search: search.map(str::to_owned),
    };
    let page = store
        .list_connectors(&workspace.id, filter, Page::default())
        .await
        .unwrap();
    page.items.into_iter().map(|item| item.key).collect()
}
