//! Workspaces as a whole.

use authbridge_core::Effects;
use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_store::{
    Bundles, ElementPatch, ElementWrite, IntegrationPatch, IntegrationWrite, PushBatch, Store,
    StoreError, Workspace, WorkspaceSnapshot,
};
use serde_json::json;

use super::elements::new_element;
use crate::support::{Opened, integration, new_integration, put_connector, secret, workspace};

pub(crate) async fn snapshot(store: &Store, workspace: &Workspace) -> WorkspaceSnapshot {
    let found = store.workspace_snapshot(&workspace.id, Bundles::All);
    found.await.unwrap()
}

fn batch(expected_revision: u64) -> PushBatch {
    PushBatch {
        expected_revision,
        subject: "a push".to_owned(),
        changed_by: Some("Ada".to_owned()),
        connectors: Vec::new(),
        integrations: Vec::new(),
        elements: Vec::new(),
        archived_connectors: Vec::new(),
    }
}

/// A connector in two versions, its integration with parameters, an action and its child.
fn full(expected_revision: u64) -> PushBatch {
    let effects = Effects::of_the_system();
    let connector = ConnectorId::generate(&effects);
    let crm = IntegrationId::generate(&effects);
    let parent = ElementId::generate(ElementType::Action, &effects);
    let child = ElementId::generate(ElementType::Action, &effects);
    let mut of_connector = new_integration("crm");
    of_connector.connector_id = Some(connector.clone());
    of_connector.parameters = Some(secret(json!({"clientSecret": "x"})));
    let mut of_crm = new_element("send", json!({"a": 2}));
    of_crm.integration_id = Some(crm.clone());
    of_crm.parent_id = Some(parent.clone());
    let mut batch = batch(expected_revision);
    batch.connectors = vec![
        (connector.clone(), put_connector("crm", None, "a")),
        (connector, put_connector("crm", Some("1.0"), "b")),
    ];
    batch.integrations = vec![IntegrationWrite::Insert(crm, of_connector)];
    let universal = new_element("send", json!({"a": 1}));
    batch.elements = vec![
        ElementWrite::Insert(parent, universal),
        ElementWrite::Insert(child, of_crm),
    ];
    batch
}

pub(crate) async fn a_push_makes_everything_and_moves_the_revision_once(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    assert_eq!(snapshot(&store, &acme).await.revision, 0);
    assert_eq!(store.apply_push(&acme.id, full(0)).await.unwrap(), 1);
    let after = snapshot(&store, &acme).await;
    assert_eq!(after.revision, 1);
    assert_eq!(after.versions.len(), 2);
    assert!(after.versions.iter().all(|it| it.bundle.is_some()));
    assert_eq!(after.connectors.len(), 1);
    assert_eq!(after.elements.len(), 2);
    let integration = &after.integrations[0];
    assert!(integration.has_parameters);
    let parameters = store.integration_parameters(&acme.id, &integration.id);
    let expected = secret(json!({"clientSecret": "x"}));
    assert_eq!(parameters.await.unwrap(), expected);
    let changes = store.workspace_changes(&acme.id, 0).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].changed_by.as_deref(), Some("Ada"));
}

pub(crate) async fn a_push_for_another_revision_changes_nothing(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    integration(&store, &acme, "erp").await;
    let error = store.apply_push(&acme.id, full(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::RevisionMoved));
    let after = snapshot(&store, &acme).await;
    assert_eq!((after.connectors.len(), after.elements.len()), (0, 0));
    let changes = store.workspace_changes(&acme.id, 0).await.unwrap();
    assert_eq!(changes[0].subject, "integration `erp`");
}

pub(crate) async fn a_push_that_fails_half_way_leaves_nothing(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let mut broken = full(0);
    let nobody = ElementId::generate(ElementType::Action, &Effects::of_the_system());
    broken
        .elements
        .push(ElementWrite::Update(nobody, ElementPatch::default()));
    let error = store.apply_push(&acme.id, broken).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
    let after = snapshot(&store, &acme).await;
    assert_eq!(after.revision, 0);
    assert!(after.connectors.is_empty() && after.integrations.is_empty());
    assert!(after.elements.is_empty() && after.versions.is_empty());
}

pub(crate) async fn of_two_pushes_at_once_one_is_for_another_revision(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let beside = store.clone();
    let (one, other) = tokio::join!(
        store.apply_push(&acme.id, full(0)),
        beside.apply_push(&acme.id, full(0)),
    );
    assert_eq!([&one, &other].iter().filter(|it| it.is_ok()).count(), 1);
    assert_eq!(snapshot(&store, &acme).await.elements.len(), 2);
}

pub(crate) async fn every_change_moves_the_revision_by_one(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    store
        .put_connector(&acme.id, put_connector("crm", None, "a"))
        .await
        .unwrap();
    assert_eq!(snapshot(&store, &acme).await.revision, 1);
    store
        .put_connector(&acme.id, put_connector("crm", None, "a"))
        .await
        .unwrap();
    assert_eq!(snapshot(&store, &acme).await.revision, 1);
    let crm = integration(&store, &acme, "crm").await;
    let patch = IntegrationPatch {
        name: Some(Some("CRM".to_owned())),
        ..IntegrationPatch::default()
    };
    store
        .update_integration(&acme.id, &crm.id, patch)
        .await
        .unwrap();
    store.archive_integration(&acme.id, &crm.id).await.unwrap();
    store.archive_integration(&acme.id, &crm.id).await.unwrap();
    assert_eq!(snapshot(&store, &acme).await.revision, 4);
    assert_eq!(snapshot(&store, &other).await.revision, 0);
}

pub(crate) async fn of_many_changes_the_last_are_known(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    for number in 0..120 {
        let new = new_element(&format!("a{number}"), json!({}));
        store.insert_element(&acme.id, new).await.unwrap();
    }
    let changes = store.workspace_changes(&acme.id, 0).await.unwrap();
    assert_eq!(changes.len(), 100);
    assert_eq!(changes.last().unwrap().revision, 120);
}

pub(crate) async fn bundles_are_read_where_they_are_asked_for(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    for key in ["crm", "erp"] {
        let put = put_connector(key, None, "a");
        store.put_connector(&acme.id, put).await.unwrap();
    }
    let wanted = Bundles::OfConnectors(vec!["erp".to_owned(), "nobody".to_owned()]);
    let found = store.workspace_snapshot(&acme.id, wanted).await.unwrap();
    let with: Vec<_> = found
        .versions
        .iter()
        .filter(|it| it.bundle.is_some())
        .collect();
    let erp = found.connectors.iter().find(|it| it.key == "erp").unwrap();
    assert_eq!(with.len(), 1);
    assert_eq!(with[0].connector_id, erp.id);
}
