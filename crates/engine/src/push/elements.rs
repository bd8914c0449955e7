//! Elements of a push: universal ones first, then those of integrations, then those that follow.

use std::collections::HashMap;

use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::IntegrationId;
use authbridge_store::{Element, ElementPatch, ElementWrite, NewElement, Origin};
use serde_json::Value;

use super::diff::diff;
use super::index::{ElementPlace, place_of};
use super::plan::Planner;
use super::read::{PushedDocument, Request};
use super::{ChangeKind, ElementName, FieldChange};

/// What an element of an integration comes from, as it will be.
struct Parent {
    id: ElementId,
    content: Value,
}

impl Planner {
    pub(super) fn elements(&mut self, request: &Request) {
        let universal = request.universal();
        for pushed in &request.elements {
            let restored = request.restored.as_ref().map(|it| &it.element);
            if let Err(message) = self.element(pushed, &universal, restored) {
                self.refuse(&pushed.name, message);
            }
        }
        for pushed in &request.elements {
            if let Some(message) = self.missing_action(pushed, request) {
                self.refuse(&pushed.name, message);
            }
        }
        self.followers(&universal);
    }

    fn element(
        &mut self,
        pushed: &PushedDocument,
        universal: &HashMap<(ElementType, &str), &Value>,
        restored: Option<&ElementId>,
    ) -> Result<(), String> {
        let PushedDocument {
            name,
            element_type,
            content,
        } = pushed;
        let integration_id = match &name.integration_key {
            None => None,
            Some(key) => Some(self.integrations.get(key).cloned().ok_or_else(|| {
                format!("there is no integration `{key}` in the workspace or in this push")
            })?),
        };
        let place = (*element_type, integration_id.clone(), name.key.clone());
        let known = self.index.elements.get(&place).cloned();
        let parent = integration_id
            .as_ref()
            .and_then(|_| self.parent(*element_type, &name.key, universal));
        let before = known.as_ref().and_then(|it| it.parent_id.as_ref());
        let is_orphan = parent.is_none() && before.is_some_and(|id| self.goes(id));
        let is_customized = parent
            .as_ref()
            .is_some_and(|parent| !diff(&parent.content, content).is_empty());
        let parent_id = parent.map(|parent| parent.id);
        let Some(known) = known else {
            if let Some(id) = restored {
                self.restored_element(place, id, pushed);
                return Ok(());
            }
            let id = ElementId::generate(*element_type, &self.effects);
            let new = NewElement {
                element_type: *element_type,
                key: name.key.clone(),
                integration_id,
                parent_id,
                is_customized,
                content: content.clone(),
                origin: Origin::Directory,
            };
            self.pushed.insert(place, id.clone());
            self.batch.elements.push(ElementWrite::Insert(id, new));
            self.note(name, ChangeKind::Created, Vec::new());
            return Ok(());
        };
        self.pushed.insert(place, known.id.clone());
        let patch = ElementPatch {
            key: None,
            parent_id: if is_orphan {
                Some(None)
            } else {
                parent_id.map(Some)
            },
            is_customized: Some(is_customized),
            content: Some(content.clone()),
            origin: Some(Origin::Directory),
        };
        self.update(name, &known, patch);
        Ok(())
    }

    /// Takes an element back from the archive.
    fn restored_element(&mut self, place: ElementPlace, id: &ElementId, pushed: &PushedDocument) {
        self.pushed.insert(place, id.clone());
        let patch = ElementPatch {
            content: Some(pushed.content.clone()),
            ..ElementPatch::default()
        };
        let writes = [
            ElementWrite::Restore(id.clone()),
            ElementWrite::Update(id.clone(), patch),
        ];
        self.batch.elements.extend(writes);
        self.note(&pushed.name, ChangeKind::Created, Vec::new());
    }

    /// Notes what becomes of an element that is there.
    fn update(&mut self, name: &ElementName, known: &Element, patch: ElementPatch) {
        let mut fields = patch
            .content
            .as_ref()
            .map_or_else(Vec::new, |content| diff(&known.content, content));
        if patch.parent_id == Some(None) && known.parent_id.is_some() {
            fields.push(FieldChange {
                path: "/parentKey".to_owned(),
                from: Some(known.key.as_str().into()),
                to: None,
            });
        }
        let is_related_anew = patch
            .parent_id
            .as_ref()
            .is_some_and(|it| *it != known.parent_id)
            || patch
                .is_customized
                .is_some_and(|it| it != known.is_customized);
        if fields.is_empty() && !is_related_anew {
            self.note(name, ChangeKind::Unchanged, fields);
            return;
        }
        self.batch
            .elements
            .push(ElementWrite::Update(known.id.clone(), patch));
        self.note(name, ChangeKind::Changed, fields);
    }

    /// Whether a universal element that others come from is archived, or will be by this push.
    fn goes(&self, id: &ElementId) -> bool {
        let mut elements = self.index.elements.values();
        let found = elements.find(|element| element.id == *id);
        found.is_none_or(|element| self.is_pruned(element))
    }

    /// Whether this push archives an element because it does not hold it.
    pub(super) fn is_pruned(&self, element: &Element) -> bool {
        self.pruned.contains(element.element_type.path())
            && !self.pushed.contains_key(&place_of(element))
    }

    /// The universal element that one of an integration with this key comes from.
    fn parent(
        &self,
        element_type: ElementType,
        key: &str,
        universal: &HashMap<(ElementType, &str), &Value>,
    ) -> Option<Parent> {
        let pushed = self.pushed.get(&(element_type, None, key.to_owned()));
        if let (Some(id), Some(content)) = (pushed, universal.get(&(element_type, key))) {
            return Some(Parent {
                id: id.clone(),
                content: (*content).clone(),
            });
        }
        let known = self.index.universal(element_type, key);
        let known = known.filter(|known| !self.is_pruned(known))?;
        Some(Parent {
            id: known.id.clone(),
            content: known.content.clone(),
        })
    }

    /// Elements that are not pushed, and come from one that is, follow it.
    fn followers(&mut self, universal: &HashMap<(ElementType, &str), &Value>) {
        let mut following: Vec<(Element, Value)> = Vec::new();
        for ((element_type, key), content) in universal {
            let Some(parent) = self.index.universal(*element_type, key) else {
                continue;
            };
            if diff(&parent.content, content).is_empty() {
                continue;
            }
            let children = self.index.children(&parent.id);
            let following_it = children
                .filter(|child| !child.is_customized && !self.pushed.contains_key(&place_of(child)))
                .map(|child| (child.clone(), (*content).clone()));
            following.extend(following_it);
        }
        following.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        for (child, content) in following {
            let name = self.name_of(&child);
            let patch = ElementPatch {
                content: Some(content),
                ..ElementPatch::default()
            };
            self.update(&name, &child, patch);
        }
    }

    pub(super) fn name_of(&self, element: &Element) -> ElementName {
        let key_of = |id: &IntegrationId| self.index.integration_key(id).map(str::to_owned);
        ElementName {
            element_type: element.element_type.path().to_owned(),
            key: element.key.clone(),
            integration_key: element.integration_id.as_ref().and_then(key_of),
            version: None,
        }
    }

    /// An interface names actions of the workspace, or has them in itself.
    fn missing_action(&self, pushed: &PushedDocument, request: &Request) -> Option<String> {
        if pushed.element_type != ElementType::Interface {
            return None;
        }
        let actions = pushed.content.get("actions")?.as_array()?;
        let is_pruned = request.pruned.contains(ElementType::Action.path());
        let missing = actions.iter().filter_map(Value::as_str).find(|key| {
            let place = (ElementType::Action, None, (*key).to_owned());
            let stays = self.index.elements.contains_key(&place) && !is_pruned;
            !self.pushed.contains_key(&place) && !stays
        })?;
        Some(format!(
            "it names the action `{missing}`, which is neither in the workspace nor in this push"
        ))
    }
}
