//! The audit log.

use authbridge_store::{Actor, AuditFilter, NewAudit, Page};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Opened, customer, workspace};

fn entry(actor: Actor, subject: &str) -> NewAudit {
    NewAudit {
        actor,
        action: "connection.secrets_read".to_owned(),
        subject: subject.to_owned(),
        detail: json!({"fields": ["credentials"]}),
    }
}

pub(crate) async fn entries_read_back_whoever_wrote_them(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    let alice = customer(&store, &acme, "alice").await;
    let actors = [
        Actor::Admin {
            name: "root".to_owned(),
        },
        Actor::Customer(alice.id),
        Actor::Operator,
        Actor::System,
    ];
    for actor in actors.clone() {
        opened.clock.advance(SignedDuration::from_secs(1));
        let entry = entry(actor, "con_1");
        store.record_audit(&acme.id, entry).await.unwrap();
    }
    let read = store
        .list_audit(&acme.id, AuditFilter::default(), Page::default())
        .await
        .unwrap();
    let read: Vec<_> = read.items.into_iter().map(|audit| audit.actor).collect();
    assert_eq!(read, actors);
}

pub(crate) async fn entries_are_filtered_by_subject(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    for subject in ["con_1", "con_2", "con_1"] {
        let entry = entry(Actor::System, subject);
        store.record_audit(&acme.id, entry).await.unwrap();
    }
    let filter = AuditFilter {
        subject: Some("con_1".to_owned()),
    };
    let page = Page {
        limit: 1,
        cursor: None,
    };
    let first = store
        .list_audit(&acme.id, filter.clone(), page)
        .await
        .unwrap();
    let page = Page {
        limit: 1,
        cursor: first.cursor,
    };
    let second = store.list_audit(&acme.id, filter, page).await.unwrap();
    assert_eq!(second.items.len(), 1);
    assert_eq!(second.cursor, None);
    assert_eq!(second.items[0].detail, json!({"fields": ["credentials"]}));
}

pub(crate) async fn the_latest_entries_about_a_subject_come_newest_first(opened: Opened) {
    let store = opened.store;
    let acme = workspace(&store, "acme").await;
    for number in 0..5 {
        opened.clock.advance(SignedDuration::from_secs(1));
        for subject in ["con_1", "con_2"] {
            let mut entry = entry(Actor::System, subject);
            entry.detail = json!({ "number": number });
            store.record_audit(&acme.id, entry).await.unwrap();
        }
    }
    let latest = store.latest_audit(&acme.id, "con_1", 3).await.unwrap();
    let numbers: Vec<_> = latest.iter().map(|entry| &entry.detail["number"]).collect();
    assert_eq!(numbers, [4, 3, 2]);
    assert!(latest.iter().all(|entry| entry.subject == "con_1"));
}
