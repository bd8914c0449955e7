//! Workspaces and their keys.

use authbridge_core::Effects;
use authbridge_core::SecretString;
use authbridge_core::id::WorkspaceId;
use authbridge_core::secret::ExposeSecret;
use authbridge_store::{
    Actor, KeyPurpose, NewAudit, NewWorkspace, NewWorkspaceKey, SecretBytes, StoreError,
};
use serde_json::json;

use crate::support::{Opened, new_integration, put_connector, workspace};

pub(crate) async fn a_workspace_is_found_by_id_and_key(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    assert_eq!(
        store.find_workspace(&acme.id).await.unwrap(),
        Some(acme.clone())
    );
    assert_eq!(
        store.find_workspace_by_key("acme").await.unwrap(),
        Some(acme.clone())
    );
    assert_eq!(store.find_workspace_by_key("Acme").await.unwrap(), None);
    let all = store.list_workspaces().await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&acme) && all.contains(&other));
}

fn new_workspace(key: &str) -> NewWorkspace {
    NewWorkspace {
        key: key.to_owned(),
        name: Some("Acme".to_owned()),
        secret: SecretString::from("s"),
    }
}

pub(crate) async fn a_key_is_given_once(opened: Opened) {
    let store = opened.store;
    let first = store.create_workspace(new_workspace("acme")).await.unwrap();
    assert_eq!(first.name.as_deref(), Some("Acme"));
    let error = store
        .create_workspace(new_workspace("acme"))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }));
    assert_eq!(error.to_string(), "workspace `acme` already exists");
}

pub(crate) async fn a_failed_workspace_leaves_nothing_behind(opened: Opened) {
    let store = opened.store;
    store.create_workspace(new_workspace("acme")).await.unwrap();
    store
        .create_workspace(new_workspace("acme"))
        .await
        .unwrap_err();
    assert_eq!(store.list_workspaces().await.unwrap().len(), 1);
}

pub(crate) async fn name_and_settings_can_be_replaced(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let other = workspace(&store, "other").await;
    let settings = json!({ "brandColor": "#0057b8", "embeddingOrigins": ["https://a.example"] });
    let name = Some("Acme Ltd");
    let updated = store.update_workspace(&acme, name, &settings).await;
    assert!(updated.unwrap());
    let read = store.find_workspace(&acme.id).await.unwrap().unwrap();
    assert_eq!(read.name.as_deref(), name);
    assert_eq!(read.settings, settings);
    let untouched = store.find_workspace(&other.id).await.unwrap();
    assert_eq!(untouched, Some(other));
    // Somebody was faster.
    let updated = store.update_workspace(&acme, None, &json!({})).await;
    assert!(!updated.unwrap());
    let updated = store.update_workspace(&read, None, &json!({})).await;
    assert!(updated.unwrap());
    let read = store.find_workspace(&acme.id).await.unwrap().unwrap();
    assert_eq!((read.name, read.settings), (None, json!({})));
}

pub(crate) async fn the_secret_can_be_replaced(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let read = store.workspace_secret(&acme.id).await.unwrap();
    assert_eq!(read.expose_secret(), "secret of acme");
    let other = SecretString::from("another");
    store
        .replace_workspace_secret(&acme.id, &other)
        .await
        .unwrap();
    let read = store.workspace_secret(&acme.id).await.unwrap();
    assert_eq!(read.expose_secret(), "another");
}

fn new_key(kid: &str, private: Option<&[u8]>) -> NewWorkspaceKey {
    NewWorkspaceKey {
        kid: kid.to_owned(),
        algorithm: "ES256".to_owned(),
        public_jwk: json!({"kty": "EC", "kid": kid}),
        private_pkcs8: private.map(|bytes| SecretBytes::new(bytes.to_vec())),
        purpose: match private {
            Some(_) => KeyPurpose::Sign,
            None => KeyPurpose::Verify,
        },
    }
}

pub(crate) async fn keys_of_a_workspace_are_kept_and_listed(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let key = store
        .insert_workspace_key(&acme.id, new_key("a/b", Some(b"pkcs8")))
        .await
        .unwrap();
    let private = store.workspace_private_key(&acme.id, "a/b").await.unwrap();
    assert_eq!(private.expose(), b"pkcs8");
    assert_eq!(store.list_workspace_keys(&acme.id).await.unwrap(), [key]);
    let error = store
        .insert_workspace_key(&acme.id, new_key("a/b", None))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }));
    let other = workspace(&store, "other").await;
    assert_eq!(store.list_workspace_keys(&other.id).await.unwrap(), []);
}

pub(crate) async fn a_key_without_private_half_has_none(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    store
        .insert_workspace_key(&acme.id, new_key("theirs", None))
        .await
        .unwrap();
    let error = store
        .workspace_private_key(&acme.id, "theirs")
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
}

pub(crate) async fn nothing_can_be_put_into_a_workspace_that_is_not_there(opened: Opened) {
    let store = opened.store;
    let nowhere = WorkspaceId::generate(&Effects::of_the_system());
    let audit = NewAudit {
        actor: Actor::System,
        action: "test".to_owned(),
        subject: "nothing".to_owned(),
        detail: json!({}),
    };
    let seen = authbridge_store::SeenCustomer {
        internal_id: "alice".to_owned(),
        name: None,
        fields: None,
    };
    let put = put_connector("crm", None, "a");
    let key = new_key("a", Some(b"b"));
    let integration = new_integration("crm");
    let errors = [
        store.record_audit(&nowhere, audit).await.err(),
        store.see_customer(&nowhere, seen).await.err(),
        store.put_connector(&nowhere, put).await.err(),
        store.insert_integration(&nowhere, integration).await.err(),
        store.insert_workspace_key(&nowhere, key).await.err(),
        store.workspace_secret(&nowhere).await.err(),
    ];
    for error in errors {
        assert!(
            matches!(error, Some(StoreError::Missing { .. })),
            "{error:?}"
        );
    }
}
