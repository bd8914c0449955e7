//! What a push that prunes archives: everything of the types in question that it does not hold.

use std::collections::HashSet;

use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_store::{Element, ElementWrite, Integration, IntegrationWrite};

use super::index::place_of;
use super::plan::Planner;
use super::read::{CONNECTORS, Request, path_of};
use super::{ChangeKind, ElementName};
use crate::interfaces::is_of_interface;

impl Planner {
    pub(super) fn prune(&mut self, request: &Request) {
        if request.pruned.is_empty() {
            return;
        }
        let gone = self.prune_integrations(request);
        self.prune_elements(&gone);
        if request.pruned.contains(CONNECTORS) {
            self.prune_connectors(request, &gone);
        }
    }

    fn prune_integrations(&mut self, request: &Request) -> HashSet<IntegrationId> {
        let mut gone = HashSet::new();
        let kept: HashSet<_> = request.integrations.iter().map(|it| &it.name.key).collect();
        let mut surplus: Vec<Integration> = self
            .index
            .integrations
            .values()
            .filter(|record| {
                let is_pruned = request.pruned.contains(path_of(record.is_auth_proxy));
                is_pruned && !kept.contains(&record.key) && !self.is_derived(record)
            })
            .cloned()
            .collect();
        surplus.sort_by(|one, other| one.id.cmp(&other.id));
        for record in surplus {
            let name = named(path_of(record.is_auth_proxy), &record.key);
            self.note(&name, ChangeKind::Removed, Vec::new());
            gone.insert(record.id.clone());
            let write = IntegrationWrite::Archive(record.id);
            self.batch.integrations.push(write);
        }
        gone
    }

    /// Elements of an integration that goes, go with it.
    fn prune_elements(&mut self, gone: &HashSet<IntegrationId>) {
        let mut surplus: Vec<Element> = self
            .index
            .elements
            .values()
            .filter(|element| {
                let is_left_alone = element
                    .integration_id
                    .as_ref()
                    .is_some_and(|id| gone.contains(id));
                is_left_alone || self.is_pruned(element)
            })
            .cloned()
            .collect();
        surplus.sort_by(|one, other| one.id.cmp(&other.id));
        for element in surplus {
            let name = self.name_of(&element);
            if self.pushed.contains_key(&place_of(&element)) {
                self.refuse(&name, "its integration is removed by this push");
                continue;
            }
            // It may be about to follow its parent, which nobody needs any more.
            self.batch
                .elements
                .retain(|write| !is_update_of(write, &element));
            self.changes.retain(|change| change.name != name);
            self.note(&name, ChangeKind::Removed, Vec::new());
            let write = ElementWrite::Archive(element.id);
            self.batch.elements.push(write);
        }
    }

    fn prune_connectors(&mut self, request: &Request, gone: &HashSet<IntegrationId>) {
        let kept: HashSet<_> = request.connectors.iter().map(|it| &it.name.key).collect();
        let mut surplus: Vec<(ConnectorId, String)> = self
            .index
            .connectors
            .values()
            .filter(|record| record.archived_at.is_none() && !kept.contains(&record.key))
            .filter(|record| !is_of_interface(&record.key))
            .map(|record| (record.id.clone(), record.key.clone()))
            .collect();
        surplus.sort();
        for (id, key) in surplus {
            let name = named(CONNECTORS, &key);
            if let Some(user) = self.user_of(&id, gone) {
                let message = format!("the integration `{user}` uses it, and would stay");
                self.refuse(&name, message);
                continue;
            }
            self.note(&name, ChangeKind::Removed, Vec::new());
            self.batch.archived_connectors.push(id);
        }
    }

    /// The key of an integration that will use a connector after the push.
    fn user_of(&self, connector: &ConnectorId, gone: &HashSet<IntegrationId>) -> Option<String> {
        let uses = |id: Option<&ConnectorId>| id == Some(connector);
        let mut rewritten = HashSet::new();
        for write in &self.batch.integrations {
            match write {
                IntegrationWrite::Insert(_, new) if uses(new.connector_id.as_ref()) => {
                    return Some(new.key.clone());
                }
                IntegrationWrite::Update(id, patch) => {
                    let after = patch.connector_id.as_ref().and_then(Option::as_ref);
                    if uses(after) {
                        return self.index.integration_key(id).map(str::to_owned);
                    }
                    rewritten.insert(id);
                }
                IntegrationWrite::Insert(..)
                | IntegrationWrite::Archive(_)
                | IntegrationWrite::Restore(_) => {}
            }
        }
        let records = self.index.integrations.values();
        let mut stays = records.filter(|it| !gone.contains(&it.id) && !rewritten.contains(&it.id));
        stays
            .find(|record| uses(record.connector_id.as_ref()))
            .map(|record| record.key.clone())
    }
}

fn is_update_of(write: &ElementWrite, element: &Element) -> bool {
    matches!(write, ElementWrite::Update(id, _) if *id == element.id)
}

fn named(element_type: &str, key: &str) -> ElementName {
    ElementName {
        element_type: element_type.to_owned(),
        key: key.to_owned(),
        integration_key: None,
        version: None,
    }
}
