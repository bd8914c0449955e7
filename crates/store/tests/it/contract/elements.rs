//! Elements.

use authbridge_core::element::{ElementId, ElementType};
use authbridge_store::{
    Element, ElementFilter, ElementLevel, ElementPatch, NewElement, Origin, Page, Store,
    StoreError, Workspace,
};
use serde_json::{Value, json};

use crate::support::{Opened, integration, workspace};

pub(crate) fn new_element(key: &str, content: Value) -> NewElement {
    NewElement {
        element_type: ElementType::Action,
        key: key.to_owned(),
        integration_id: None,
        parent_id: None,
        is_customized: false,
        content,
        origin: Origin::Api,
    }
}

async fn insert(store: &Store, workspace: &Workspace, new: NewElement) -> Element {
    store.insert_element(&workspace.id, new).await.unwrap()
}

fn all() -> ElementFilter {
    ElementFilter {
        element_type: ElementType::Action,
        level: None,
        parent_id: None,
        search: None,
        include_archived: false,
    }
}

async fn keys(store: &Store, workspace: &Workspace, filter: ElementFilter) -> Vec<String> {
    let found = store.list_elements(&workspace.id, filter, Page::default());
    let found = found.await.unwrap().items.into_iter();
    // Ids of one millisecond are in no order.
    let mut keys: Vec<_> = found.map(|element| element.key).collect();
    keys.sort();
    keys
}

pub(crate) async fn a_key_is_given_once_per_type_and_level(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let crm = integration(&store, &acme, "crm").await;
    let first = insert(&store, &acme, new_element("send", json!({}))).await;
    let again = store.insert_element(&acme.id, new_element("send", json!({})));
    let error = again.await.unwrap_err();
    assert_eq!(error.to_string(), "action `send` already exists");
    let mut other_type = new_element("send", json!({}));
    other_type.element_type = ElementType::Flow;
    insert(&store, &acme, other_type).await;
    let mut of_crm = new_element("send", json!({}));
    of_crm.integration_id = Some(crm.id.clone());
    insert(&store, &acme, of_crm.clone()).await;
    let error = store.insert_element(&acme.id, of_crm).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }));
    store.archive_element(&acme.id, &first.id).await.unwrap();
    insert(&store, &acme, new_element("send", json!({}))).await;
    let error = store.restore_element(&acme.id, &first.id).await;
    assert!(matches!(error, Err(StoreError::Conflict { .. })));
}

pub(crate) async fn elements_are_found_by_id_and_by_key_at_their_level(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    let crm = integration(&store, &acme, "crm").await;
    let content = json!({"b": 1, "a": {"$var": "x"}});
    let universal = insert(&store, &acme, new_element("send", content)).await;
    let mut of_crm = new_element("send", json!({}));
    of_crm.integration_id = Some(crm.id.clone());
    let of_crm = insert(&store, &acme, of_crm).await;
    let at = |level: ElementLevel| {
        let store = store.clone();
        let id = acme.id.clone();
        async move {
            let found = store.find_element_by_key(&id, ElementType::Action, &level, "send");
            found.await.unwrap()
        }
    };
    assert_eq!(at(ElementLevel::Universal).await, Some(universal.clone()));
    assert_eq!(at(ElementLevel::Integration(crm.id)).await, Some(of_crm));
    let found = store.find_element(&acme.id, &universal.id).await.unwrap();
    let text = found.unwrap().content.to_string();
    assert_eq!(text, r#"{"b":1,"a":{"$var":"x"}}"#);
    let elsewhere = store.find_element(&other.id, &universal.id).await;
    assert_eq!(elsewhere.unwrap(), None);
}

pub(crate) async fn elements_follow_their_parent_until_they_are_customised(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let parent = insert(&store, &acme, new_element("send", json!({"v": 1}))).await;
    let mut children: Vec<ElementId> = Vec::new();
    for (key, is_customized) in [("crm", false), ("erp", true)] {
        let mut child = new_element("send", json!({"v": 1}));
        child.integration_id = Some(integration(&store, &acme, key).await.id);
        child.parent_id = Some(parent.id.clone());
        child.is_customized = is_customized;
        children.push(insert(&store, &acme, child).await.id);
    }
    let patch = ElementPatch {
        content: Some(json!({"v": 2})),
        ..ElementPatch::default()
    };
    let after = store.update_element(&acme.id, &parent.id, patch).await;
    assert_eq!(after.unwrap().revision, 2);
    let mut contents = Vec::new();
    for id in &children {
        let child = store.find_element(&acme.id, id).await.unwrap().unwrap();
        contents.push((child.content, child.revision));
    }
    assert_eq!(contents, [(json!({"v": 2}), 2), (json!({"v": 1}), 1)]);
}

pub(crate) async fn a_patch_without_change_leaves_every_revision(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let before = insert(&store, &acme, new_element("send", json!({"a": 1, "b": 2}))).await;
    let revision = revision(&store, &acme).await;
    let same = ElementPatch {
        key: Some("send".to_owned()),
        content: Some(json!({"a": 1, "b": 2})),
        ..ElementPatch::default()
    };
    let after = store.update_element(&acme.id, &before.id, same).await;
    assert_eq!(after.unwrap(), before);
    assert_eq!(self::revision(&store, &acme).await, revision);
    let reordered = ElementPatch {
        content: Some(json!({"b": 2, "a": 1})),
        ..ElementPatch::default()
    };
    let after = store.update_element(&acme.id, &before.id, reordered).await;
    assert_eq!(after.unwrap().revision, 2);
}

pub(crate) async fn lists_are_of_a_level_and_leave_archived_ones_out(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let crm = integration(&store, &acme, "crm").await;
    let universal = insert(
        &store,
        &acme,
        new_element("send", json!({"name": "Say Hi"})),
    )
    .await;
    let mut of_crm = new_element("receive", json!({}));
    of_crm.integration_id = Some(crm.id.clone());
    of_crm.parent_id = Some(universal.id.clone());
    insert(&store, &acme, of_crm).await;
    let gone = insert(&store, &acme, new_element("gone", json!({}))).await;
    store.archive_element(&acme.id, &gone.id).await.unwrap();
    assert_eq!(keys(&store, &acme, all()).await, ["receive", "send"]);
    let mut filter = all();
    filter.level = Some(ElementLevel::Universal);
    assert_eq!(keys(&store, &acme, filter.clone()).await, ["send"]);
    filter.include_archived = true;
    assert_eq!(keys(&store, &acme, filter).await, ["gone", "send"]);
    let mut filter = all();
    filter.level = Some(ElementLevel::Integration(crm.id));
    assert_eq!(keys(&store, &acme, filter).await, ["receive"]);
    let mut filter = all();
    filter.parent_id = Some(universal.id);
    assert_eq!(keys(&store, &acme, filter).await, ["receive"]);
    let mut filter = all();
    filter.search = Some("say h".to_owned());
    assert_eq!(keys(&store, &acme, filter).await, ["send"]);
}

async fn revision(store: &Store, workspace: &Workspace) -> u64 {
    super::pushes::snapshot(store, workspace).await.revision
}
