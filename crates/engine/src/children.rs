//! Connecting accounts to connectors that delegate authentication.
//!
//! The account is connected once, in a connection of the parent; each child has a connection that
//! names it, with its own form's input and no credentials. An account that is there already is
//! used, unless the user types its form again or wants another one.

use authbridge_core::SecretJson;
use authbridge_core::auth::{Arguments, AuthError, Blame, Connected, Scopes, check_input, proxy};
use authbridge_core::id::ConnectionId;
use authbridge_formula::schema::get_missing_required_fields;
use authbridge_store::{
    Connection, ConnectionFilter, ConnectionPatch, ConnectionState, Customer, NewConnection,
    NewCredentials, Page, StoreError,
};
use serde_json::Value;

use crate::connect::{Earlier, Setup};
use crate::integrations::lay_over;
use crate::refresh::Cause;
use crate::{ConnectRequest, Engine, EngineError, Session};

/// A child that is being connected: through what, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct Child<'a> {
    pub(crate) session: &'a Session,
    pub(crate) setup: &'a Setup,
    pub(crate) customer: &'a Customer,
}

impl Setup {
    /// What the user is asked that is not the account's.
    pub(crate) fn own_form(&self) -> Option<Value> {
        let parent = self.parent.as_deref()?;
        let parents = parent.own_form();
        let own = self.option.input_schema.clone();
        let own = own.map(|own| proxy::without(own, self.account_form()));
        proxy::form(parents.as_ref(), own.as_ref())
    }

    /// What the user is asked to connect the account.
    pub(crate) fn account_form(&self) -> Option<&Value> {
        self.account().option.input_schema.as_ref()
    }

    /// Whether the account's form has something that must be typed.
    fn account_asks(&self) -> bool {
        let form = self.account_form();
        form.is_some_and(|form| !get_missing_required_fields(form, None).is_empty())
    }

    /// What of `request` the account's flow gets.
    pub(crate) fn account_arguments(&self, request: &ConnectRequest) -> Arguments {
        let own = request.connector_parameters.clone().unwrap_or_default();
        let (parameters, input) = if self.parent.is_some() {
            let own_form = self.own_form();
            let part = proxy::parents_part(self.account_form(), own_form.as_ref(), request.typed());
            (self.account().parameters.clone(), SecretJson::new(part))
        } else {
            let given = request.input.clone().unwrap_or_default();
            (lay_over(self.parameters.clone(), own), given)
        };
        Arguments {
            connector_parameters: parameters,
            connection_input: input,
            credentials: None,
            withholds_credentials: false,
            own: SecretJson::default(),
        }
    }

    /// The child's own part of the input, with defaults and casts applied.
    pub(crate) fn own_input(&self, request: &ConnectRequest) -> Result<SecretJson, EngineError> {
        let form = self.own_form();
        let given = request.typed();
        let part = match given {
            Value::Object(_) | Value::Null => proxy::part_of(form.as_ref(), given),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => given.clone(),
        };
        let input = check_input(form.as_ref(), &part).map_err(AuthError::from)?;
        Ok(SecretJson::new(input))
    }

    /// What the user typed, of which the account's flow made `accounts` of its part.
    pub(crate) fn all_input(&self, request: &ConnectRequest, accounts: SecretJson) -> SecretJson {
        let typed = request.input.clone().unwrap_or_default();
        if self.parent.is_none() || typed.expose().is_null() {
            return accounts;
        }
        lay_over(typed, accounts)
    }
}

impl Engine {
    /// Connects a child without sending the browser away, where the customer's account is there
    /// and works for it. One that is `there` is connected again by its account's flow.
    pub(crate) async fn join_in_browser(
        &self,
        child: Child<'_>,
        request: &mut ConnectRequest,
        there: Option<&Connection>,
    ) -> Result<Option<Connection>, EngineError> {
        if let Some(there) = there {
            self.keep_input(child, request, there).await?;
        }
        child.setup.own_input(request)?;
        if there.is_some() {
            return Ok(None);
        }
        let Some(account) = self.usable_account(child, request).await? else {
            return Ok(None);
        };
        match self.join(child, request.clone(), &account).await {
            Ok(joined) => Ok(Some(joined)),
            // Another account, or the same one with more consent, may do.
            Err(EngineError::Auth(error))
                if error.blame() == Blame::Customer && !child.setup.account_asks() =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Who connects a child again need not type its own form again.
    async fn keep_input(
        &self,
        child: Child<'_>,
        request: &mut ConnectRequest,
        there: &Connection,
    ) -> Result<(), EngineError> {
        let workspace = child.session.workspace_id();
        let kept = self.shared.store.connection_secrets(workspace, &there.id);
        let typed = request.input.take().unwrap_or_default();
        let typed = if typed.expose().is_null() {
            SecretJson::empty_object()
        } else {
            typed
        };
        request.input = Some(lay_over(kept.await?.input, typed));
        Ok(())
    }

    /// Connects a child without a browser.
    pub(crate) async fn connect_child(
        &self,
        child: Child<'_>,
        request: ConnectRequest,
    ) -> Result<Connection, EngineError> {
        let Child {
            session,
            setup,
            customer,
        } = child;
        setup.own_input(&request)?;
        if let Some(account) = self.usable_account(child, &request).await? {
            return self.join(child, request, &account).await;
        }
        let connected = if let Some(credentials) = request.credentials.clone() {
            let (account, arguments) = (setup.account(), setup.account_arguments(&request));
            let input = arguments.connection_input.clone();
            let adopting = self.ready_made(session, account, customer, arguments, credentials);
            Connected {
                issued: adopting.await?,
                input,
            }
        } else {
            self.run_flow(session, setup, customer, &request).await?
        };
        let account = self.keep_account(child, &request, connected, None).await?;
        self.keep_child(child, request, &account).await
    }

    /// Keeps what a browser connected for a child: the account, and the child that uses it, which
    /// may be `there` already.
    pub(crate) async fn finish_child(
        &self,
        child: Child<'_>,
        request: ConnectRequest,
        there: Option<Connection>,
        connected: Connected,
    ) -> Result<Connection, EngineError> {
        let Some(there) = there else {
            let account = self.keep_account(child, &request, connected, None).await?;
            return self.keep_child(child, request, &account).await;
        };
        let earlier = there.parent_id.clone();
        let account = self
            .keep_account(child, &request, connected, earlier)
            .await?;
        self.rejoin(child, request, there, &account).await
    }

    /// The account that a new child can use as it is.
    pub(crate) async fn usable_account(
        &self,
        child: Child<'_>,
        request: &ConnectRequest,
    ) -> Result<Option<Connection>, EngineError> {
        let is_typed_again = proxy::answers(child.setup.account_form(), request.typed());
        if request.allow_multiple || request.credentials.is_some() || is_typed_again {
            return Ok(None);
        }
        let accounts = self
            .accounts(child.session, child.setup, child.customer)
            .await?;
        Ok(accounts
            .into_iter()
            .find(|account| !account.state.disconnected()))
    }

    /// Connects a child to an account that is there already.
    pub(crate) async fn join(
        &self,
        child: Child<'_>,
        request: ConnectRequest,
        account: &Connection,
    ) -> Result<Connection, EngineError> {
        let session = child.session;
        let mut opened = self.open(session, account.clone()).await?;
        if opened.has_expired(self.shared.effects.now()) {
            let (generation, cause) = (opened.generation, Cause::Due);
            let renewing = self.renew(session, opened.connection, generation, cause);
            opened = Box::pin(renewing).await?;
        }
        let own = Setup {
            parent: None,
            ..child.setup.clone()
        };
        let mut setup = self.with_parents(session, own, Some(account)).await?;
        let account_setup = setup.account_mut();
        account_setup.parameters = opened.arguments.connector_parameters;
        account_setup.input = Some(opened.arguments.connection_input);
        let credentials = opened.arguments.credentials.unwrap_or_default();
        let child = Child {
            setup: &setup,
            ..child
        };
        self.test_with(child, &request, credentials).await?;
        self.keep_child(child, request, account).await
    }

    /// Tests a child with an account that was just connected.
    pub(crate) async fn test_child(
        &self,
        child: Child<'_>,
        request: &ConnectRequest,
        connected: &Connected,
    ) -> Result<(), EngineError> {
        let mut setup = child.setup.clone();
        setup.account_mut().input = Some(connected.input.clone());
        let child = Child {
            setup: &setup,
            ..child
        };
        let credentials = connected.issued.credentials.clone();
        self.test_with(child, request, credentials).await
    }

    /// Tests a child with the account's credentials. It must be able to make a client at least;
    /// the account's own test is not repeated.
    async fn test_with(
        &self,
        child: Child<'_>,
        request: &ConnectRequest,
        credentials: SecretJson,
    ) -> Result<(), EngineError> {
        let setup = child.setup;
        let own = request.connector_parameters.clone().unwrap_or_default();
        let arguments = Arguments {
            connector_parameters: lay_over(setup.parameters.clone(), own),
            connection_input: setup.own_input(request)?,
            credentials: Some(credentials),
            withholds_credentials: true,
            own: SecretJson::default(),
        };
        let runner = self.runner(child.session, setup, child.customer, None)?;
        runner.made_client(&arguments).await?;
        runner.test(&arguments).await?;
        Ok(())
    }

    /// Keeps an account that was connected for a child: in the connection that it had, in the one
    /// that the customer has through the parent already, or in a new one.
    async fn keep_account(
        &self,
        child: Child<'_>,
        request: &ConnectRequest,
        connected: Connected,
        earlier: Option<ConnectionId>,
    ) -> Result<Connection, EngineError> {
        let Child {
            session,
            setup,
            customer,
        } = child;
        let lock = self.shared.connecting.of(customer.id.as_str());
        let _one_at_a_time = lock.lock().await;
        let accounts = self.accounts(session, setup, customer).await?;
        let its_own = accounts.iter().find(|it| Some(&it.id) == earlier.as_ref());
        let broken = accounts.iter().find(|it| it.state.disconnected());
        let earlier = match its_own {
            Some(its_own) => Some(its_own.clone()),
            None if request.allow_multiple => None,
            None => broken.or(accounts.first()).cloned(),
        };
        let account = setup.account();
        let request = ConnectRequest {
            integration: account.integration.id.to_string(),
            auth_option_key: account.option.key.clone(),
            ..ConnectRequest::default()
        };
        if let Some(earlier) = earlier {
            return Box::pin(self.reconnect(session, earlier, request, connected)).await;
        }
        let new = self.new_connection(account, customer.id.clone(), request, connected);
        let store = &self.shared.store;
        let kept = store.insert_connection(session.workspace_id(), new).await?;
        self.audit(session, "connection.connected", &kept).await?;
        Ok(kept)
    }

    async fn keep_child(
        &self,
        child: Child<'_>,
        request: ConnectRequest,
        account: &Connection,
    ) -> Result<Connection, EngineError> {
        let Child { session, setup, .. } = child;
        let earlier = Earlier::of(&request);
        let new = NewConnection {
            customer_id: child.customer.id.clone(),
            integration_id: setup.integration.id.clone(),
            input: setup.own_input(&request)?,
            name: request.name.or_else(|| setup.integration.name.clone()),
            auth_option_key: setup.option.key.clone(),
            key: request.key,
            meta: request.meta,
            parent_id: Some(account.id.clone()),
            is_hidden: false,
            state: ConnectionState::Ready,
            error: None,
            credentials: SecretJson::empty_object(),
            connector_parameters: request.connector_parameters.unwrap_or_default(),
            scopes: Scopes::default(),
            expires_at: None,
            refresh_due_at: None,
            is_refreshable: false,
            replace: None,
        };
        let kept = match self.keep(session, new, earlier).await {
            // It was archived between being looked for and being used.
            Err(EngineError::Store(StoreError::Missing { .. })) => {
                return Err(EngineError::bad_request(
                    "the account was disconnected while this was being connected to it: please \
                     connect again",
                ));
            }
            kept => kept?,
        };
        self.retire_accounts(child, &account.id).await?;
        // It shows what the account is like.
        self.connection_by_id(session, &kept.id).await
    }

    /// Archives the customer's accounts that nobody sees and nothing uses any more, except `kept`.
    async fn retire_accounts(
        &self,
        child: Child<'_>,
        kept: &ConnectionId,
    ) -> Result<(), EngineError> {
        let accounts = self.accounts(child.session, child.setup, child.customer);
        for account in accounts.await? {
            if account.is_hidden && account.id != *kept {
                self.archive_unused(child.session, &account).await?;
            }
        }
        Ok(())
    }

    /// Archives `account` if nothing uses it.
    pub(crate) async fn archive_unused(
        &self,
        session: &Session,
        account: &Connection,
    ) -> Result<(), EngineError> {
        // Whoever connects a child meanwhile waits, and finds it archived.
        let lock = self.shared.connecting.of(account.customer_id.as_str());
        let _one_at_a_time = lock.lock().await;
        let is_there = self.connection_by_id(session, &account.id).await.is_ok();
        if is_there && !self.has_children(session, &account.id).await? {
            self.archive_one(session, account).await?;
        }
        Ok(())
    }

    /// A child that is connected again keeps its id.
    async fn rejoin(
        &self,
        child: Child<'_>,
        request: ConnectRequest,
        there: Connection,
        account: &Connection,
    ) -> Result<Connection, EngineError> {
        let Child { session, setup, .. } = child;
        let (store, workspace) = (&self.shared.store, session.workspace_id());
        let kept = store.connection_secrets(workspace, &there.id).await?;
        let new = NewCredentials {
            credentials: SecretJson::empty_object(),
            input: Some(setup.own_input(&request)?),
            connector_parameters: request.connector_parameters,
            state: ConnectionState::Ready,
            error: None,
            scopes: None,
            expires_at: None,
            refresh_due_at: None,
            is_refreshable: false,
        };
        store
            .replace_credentials(workspace, &there.id, kept.generation, new)
            .await?;
        let patch = ConnectionPatch {
            parent_id: Some(Some(account.id.clone())),
            auth_option_key: Some(setup.option.key.clone()),
            name: request.name.map(Some),
            ..ConnectionPatch::default()
        };
        let rejoined = store.update_connection(workspace, &there.id, patch).await?;
        self.shared.clients.forget(&there.id).await;
        self.retire_accounts(child, &account.id).await?;
        self.audit(session, "connection.reconnected", &rejoined)
            .await?;
        Ok(rejoined)
    }

    /// The customer's connections of the parent that have credentials.
    pub(crate) async fn accounts(
        &self,
        session: &Session,
        setup: &Setup,
        customer: &Customer,
    ) -> Result<Vec<Connection>, EngineError> {
        let filter = ConnectionFilter {
            customer_id: Some(customer.id.clone()),
            integration_id: Some(setup.account().integration.id.clone()),
            include_hidden: true,
            ..ConnectionFilter::default()
        };
        let store = &self.shared.store;
        let found = store
            .list_connections(session.workspace_id(), filter, Page::default())
            .await?;
        // The parent may delegate by another of its options.
        let accounts = found.items.into_iter();
        Ok(accounts
            .filter(|account| account.parent_id.is_none())
            .collect())
    }

    /// Whether anything uses the credentials of `account`.
    pub(crate) async fn has_children(
        &self,
        session: &Session,
        account: &ConnectionId,
    ) -> Result<bool, EngineError> {
        let filter = ConnectionFilter {
            parent_id: Some(account.clone()),
            include_hidden: true,
            ..ConnectionFilter::default()
        };
        let page = Page {
            limit: 1,
            cursor: None,
        };
        let store = &self.shared.store;
        let found = store
            .list_connections(session.workspace_id(), filter, page)
            .await?;
        Ok(!found.items.is_empty())
    }
}
