//! Instances: what a connection says of an action for itself, and which then runs for it (wire
//! contract B.2, "Connections" and "Instances").
//!
//! An instance without content says what its action says, whatever that becomes. Customers may
//! have instances for their own connections; what one of theirs says may use nothing but the
//! connection, which is theirs to use anyhow (`said.rs`), and what an admin wrote they leave alone.

use authbridge_core::id::ActionInstanceId;
use authbridge_store::{
    ActionInstance, ActionInstanceFilter, Connection, InstanceAuthor, InstanceContent, Integration,
    NewActionInstance, Page, Paged, StoreError,
};
use serde_json::{Map, Value};

use super::find::Found;
use super::said::{LIMITS, check, check_length, members_of};
use super::{ConnectionChoice, RunnableAction, content_of};
use crate::push::diff::diff;
use crate::{Engine, EngineError, Session};

/// Which action of which connection is meant.
#[derive(Clone, Debug, Default)]
pub struct InstanceSelector {
    /// The connection: its id, or an integration through which there is exactly one. With an
    /// instance's id it may be absent.
    pub connection: Option<String>,
    /// The action, by id or key; or an instance, by id.
    pub action: String,
    /// Tells several instances of one action apart.
    pub instance_key: Option<String>,
}

/// An action at a connection, with the instance if there is one.
struct Meant {
    connection: Connection,
    integration: Integration,
    found: Found,
    instance_key: Option<String>,
    instance: Option<ActionInstance>,
}

/// As whom the caller writes.
fn author_of(session: &Session) -> InstanceAuthor {
    match session.customer() {
        Some(_) => InstanceAuthor::Customer,
        None => InstanceAuthor::Admin,
    }
}

impl Meant {
    /// Refuses a customer what an admin wrote. The store does so too, should an admin be
    /// quicker; here it is the first thing that is told.
    fn require_open(&self, author: InstanceAuthor) -> Result<(), EngineError> {
        let instance = self.instance.as_ref();
        if instance.is_none_or(|instance| instance.is_open_to(author)) {
            return Ok(());
        }
        Err(EngineError::AccessDenied(
            "an admin wrote what this connection says of the action, so only an admin may change, \
             reset or remove it",
        ))
    }

    fn into_runnable(self) -> RunnableAction {
        RunnableAction {
            content: content_of(&self.found.content, self.instance.as_ref()),
            key: self.found.key,
            record: self.found.record,
            instance: self.instance,
            integration: self.integration,
            connection_id: self.connection.id,
            customer_id: self.connection.customer_id,
        }
    }
}

impl Engine {
    /// One action that can be run with a connection, as the connection has it. With
    /// `is_created` an instance is made where there is none; without it, one that is named and
    /// not there is not found.
    pub async fn connection_action(
        &self,
        session: &Session,
        selector: &InstanceSelector,
        is_created: bool,
    ) -> Result<RunnableAction, EngineError> {
        let mut meant = self.meant(session, selector).await?;
        if meant.instance.is_none() {
            match &meant.instance_key {
                _ if is_created => self.make_instance(session, &mut meant, None).await?,
                Some(key) => return Err(EngineError::not_found("ActionInstance", key)),
                None => {}
            }
        }
        Ok(meant.into_runnable())
    }

    /// Puts a document in the place of what an action says for a connection. An empty one makes
    /// an instance that follows the action, or leaves the one that is there.
    pub async fn put_action_instance(
        &self,
        session: &Session,
        selector: &InstanceSelector,
        body: Value,
    ) -> Result<RunnableAction, EngineError> {
        let document = members_of(body)?;
        let mut meant = self.meant(session, selector).await?;
        if document.is_empty() {
            if meant.instance.is_none() {
                self.make_instance(session, &mut meant, None).await?;
            }
            return Ok(meant.into_runnable());
        }
        self.say(session, meant, document).await
    }

    /// Changes the members that a document names; null takes one out.
    pub async fn patch_action_instance(
        &self,
        session: &Session,
        selector: &InstanceSelector,
        body: Value,
    ) -> Result<RunnableAction, EngineError> {
        let changes = members_of(body)?;
        let meant = self.meant(session, selector).await?;
        let own = meant.instance.as_ref().and_then(|it| it.content.as_ref());
        let before = own.unwrap_or(&meant.found.content).as_object();
        let mut document = before.cloned().unwrap_or_default();
        for (name, value) in changes {
            if value.is_null() {
                document.shift_remove(&name);
            } else {
                document.insert(name, value);
            }
        }
        self.say(session, meant, document).await
    }

    /// Makes an instance say again what its action says.
    pub async fn reset_action_instance(
        &self,
        session: &Session,
        selector: &InstanceSelector,
    ) -> Result<RunnableAction, EngineError> {
        let mut meant = self.meant(session, selector).await?;
        meant.require_open(author_of(session))?;
        if let Some(instance) = meant.instance.take() {
            meant.instance = Some(self.rewrite_instance(session, instance, None).await?);
        }
        Ok(meant.into_runnable())
    }

    /// Takes an instance away, and answers with what it was.
    pub async fn remove_action_instance(
        &self,
        session: &Session,
        selector: &InstanceSelector,
    ) -> Result<RunnableAction, EngineError> {
        let meant = self.meant(session, selector).await?;
        let Some(instance) = &meant.instance else {
            let name = meant.instance_key.as_deref().unwrap_or(&meant.found.key);
            return Err(EngineError::not_found("ActionInstance", name));
        };
        let author = author_of(session);
        meant.require_open(author)?;
        let store = &self.shared.store;
        store
            .remove_action_instance(session.workspace_id(), &instance.id, author)
            .await?;
        Ok(meant.into_runnable())
    }

    /// A page of instances: of a connection, or of all that the caller may see. Those whose
    /// action is gone are left out.
    pub async fn action_instances(
        &self,
        session: &Session,
        choice: &ConnectionChoice,
        action: Option<&str>,
        page: Page,
    ) -> Result<Paged<RunnableAction>, EngineError> {
        let acting = match &choice.customer {
            Some(customer) => Some(self.acting_for(session, customer).await?),
            None => None,
        };
        let session = acting.as_ref().unwrap_or(session);
        let connection = choice.connection.as_ref().or(choice.integration.as_ref());
        let connection_id = match connection {
            Some(selector) => Some(self.connection(session, selector).await?.id),
            None => None,
        };
        let action_key = match action {
            Some(action) => Some(self.find_action(session, None, action).await?.key),
            None => None,
        };
        let filter = ActionInstanceFilter {
            connection_id,
            customer_id: session.customer().map(|customer| customer.id.clone()),
            action_key,
        };
        let store = &self.shared.store;
        let found = store
            .list_action_instances(session.workspace_id(), filter, page)
            .await?;
        let mut items = Vec::with_capacity(found.items.len());
        for instance in found.items {
            match self.meant_by(session, instance).await {
                Ok(meant) => items.push(meant.into_runnable()),
                Err(EngineError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Paged {
            items,
            cursor: found.cursor,
        })
    }

    /// All instances of a connection.
    pub(super) async fn instances_of(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<Vec<ActionInstance>, EngineError> {
        let filter = ActionInstanceFilter {
            connection_id: Some(connection.id.clone()),
            ..ActionInstanceFilter::default()
        };
        let page = Page {
            limit: LIMITS.count.try_into().unwrap_or(u32::MAX),
            cursor: None,
        };
        let store = &self.shared.store;
        let found = store
            .list_action_instances(session.workspace_id(), filter, page)
            .await?;
        Ok(found.items)
    }

    /// The instance that a connection has of an action.
    pub(super) async fn instance_of(
        &self,
        session: &Session,
        connection: &Connection,
        action: &str,
        instance_key: Option<&str>,
    ) -> Result<Option<ActionInstance>, EngineError> {
        let store = &self.shared.store;
        let found = store
            .find_action_instance_by_key(
                session.workspace_id(),
                &connection.id,
                action,
                instance_key,
            )
            .await?;
        Ok(found)
    }

    /// Where `id_or_key` is the id of an instance: the instance, of a connection that the caller
    /// may use.
    pub(super) async fn instance_by_id(
        &self,
        session: &Session,
        id_or_key: &str,
    ) -> Result<Option<(ActionInstance, Connection)>, EngineError> {
        let Ok(id) = id_or_key.parse::<ActionInstanceId>() else {
            return Ok(None);
        };
        let missing = || EngineError::not_found("ActionInstance", id_or_key);
        let store = &self.shared.store;
        let found = store
            .find_action_instance(session.workspace_id(), &id)
            .await?;
        let instance = found.ok_or_else(missing)?;
        let connection = self
            .connection(session, instance.connection_id.as_str())
            .await;
        match connection {
            Ok(connection) => Ok(Some((instance, connection))),
            Err(EngineError::NotFound { .. }) => Err(missing()),
            Err(error) => Err(error),
        }
    }

    /// What an instance that the caller may see means.
    async fn meant_by(
        &self,
        session: &Session,
        instance: ActionInstance,
    ) -> Result<Meant, EngineError> {
        let id = instance.connection_id.as_str();
        let connection = self.connection(session, id).await?;
        let id = connection.integration_id.as_str();
        let integration = self.integration(session, id).await?;
        let found = self
            .find_action(session, Some(&integration), &instance.action_key)
            .await?;
        Ok(Meant {
            connection,
            integration,
            found,
            instance_key: instance.instance_key.clone(),
            instance: Some(instance),
        })
    }

    async fn meant(
        &self,
        session: &Session,
        selector: &InstanceSelector,
    ) -> Result<Meant, EngineError> {
        let by_id = self.instance_by_id(session, &selector.action).await?;
        let named = match &selector.connection {
            Some(connection) => Some(self.connection(session, connection).await?),
            None => None,
        };
        let (action, instance_key, connection, instance) = match (by_id, named) {
            (Some((instance, own)), named) => {
                if named.is_some_and(|named| named.id != own.id) {
                    return Err(EngineError::not_found("ActionInstance", &selector.action));
                }
                let key = instance.instance_key.clone();
                (instance.action_key.clone(), key, own, Some(instance))
            }
            (None, Some(connection)) => {
                let key = selector.instance_key.clone();
                (selector.action.clone(), key, connection, None)
            }
            (None, None) => {
                return Err(EngineError::bad_request(
                    "say with which connection: give `connectionId` or `integrationKey`",
                ));
            }
        };
        let id = connection.integration_id.as_str();
        let integration = self.integration(session, id).await?;
        let found = self
            .find_action(session, Some(&integration), &action)
            .await?;
        let instance = match instance {
            Some(instance) => Some(instance),
            None => {
                self.instance_of(session, &connection, &found.key, instance_key.as_deref())
                    .await?
            }
        };
        Ok(Meant {
            connection,
            integration,
            found,
            instance_key,
            instance,
        })
    }

    /// Makes an instance say `document`, or follow its action if that says the same.
    async fn say(
        &self,
        session: &Session,
        mut meant: Meant,
        mut document: Map<String, Value>,
    ) -> Result<RunnableAction, EngineError> {
        let author = author_of(session);
        meant.require_open(author)?;
        let action = &meant.found.content;
        // Answers name an action without a name by its key.
        if action.get("name").is_none()
            && document.get("name").and_then(Value::as_str) == Some(&meant.found.key)
        {
            document.shift_remove("name");
        }
        let content = Value::Object(document);
        check_length(&content)?;
        let content = (!diff(action, &content).is_empty()).then_some(content);
        if let Some(content) = &content {
            check(&meant.found.key, action, content, author)?;
        }
        match meant.instance.take() {
            Some(instance) => {
                let instance = self.rewrite_instance(session, instance, content).await?;
                meant.instance = Some(instance);
            }
            None => self.make_instance(session, &mut meant, content).await?,
        }
        Ok(meant.into_runnable())
    }

    async fn make_instance(
        &self,
        session: &Session,
        meant: &mut Meant,
        content: Option<Value>,
    ) -> Result<(), EngineError> {
        let new = NewActionInstance {
            connection_id: meant.connection.id.clone(),
            action_key: meant.found.key.clone(),
            instance_key: meant.instance_key.clone(),
            said: InstanceContent {
                content: content.clone(),
                author: author_of(session),
            },
        };
        let store = &self.shared.store;
        let made = store
            .insert_action_instance(session.workspace_id(), new, LIMITS)
            .await;
        let instance = match made {
            Ok(instance) => instance,
            // Somebody made it meanwhile.
            Err(error @ StoreError::Conflict { .. }) => {
                let key = meant.instance_key.as_deref();
                let found = self
                    .instance_of(session, &meant.connection, &meant.found.key, key)
                    .await?;
                let there = found.ok_or(error)?;
                match content {
                    None => there,
                    content => self.rewrite_instance(session, there, content).await?,
                }
            }
            Err(error) => return Err(error.into()),
        };
        meant.instance = Some(instance);
        Ok(())
    }

    async fn rewrite_instance(
        &self,
        session: &Session,
        instance: ActionInstance,
        content: Option<Value>,
    ) -> Result<ActionInstance, EngineError> {
        // As text: the order of members can matter, and equality of values does not see it.
        let text = |content: &Option<Value>| content.as_ref().map(ToString::to_string);
        let author = author_of(session);
        // Who says the same as somebody else has from then on written it.
        let is_its = content.is_none() || instance.author == author;
        if is_its && text(&instance.content) == text(&content) {
            return Ok(instance);
        }
        let said = InstanceContent { content, author };
        let store = &self.shared.store;
        let changed = store
            .set_action_instance(session.workspace_id(), &instance.id, said, LIMITS)
            .await?;
        Ok(changed)
    }
}
