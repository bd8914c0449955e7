//! The use cases of Authbridge: authenticate a caller, load a definition, connect an account,
//! make its API client, send a request. It knows no SQL and speaks no HTTP to callers.

mod actions;
mod archive;
mod auth_proxies;
mod browser;
mod children;
mod client;
mod clocks;
mod code_client;
mod connect;
mod connection_requests;
mod connections;
mod connector_choice;
mod connector_files;
mod connectors;
mod customers;
mod delegation;
mod directory;
pub mod egress;
mod elements;
mod error;
mod events;
mod farewell;
mod functions;
mod hosts;
mod housekeeping;
mod integration_view;
mod integrations;
mod interfaces;
mod issuers;
mod locks;
mod logos;
mod logs;
mod open;
mod operations;
mod outcomes;
mod platform_token;
mod push;
mod refresh;
mod schedule;
mod scheduler;
mod scripts;
mod session;
mod shards;
mod signing;
mod testing;
mod trial;
mod workspace;
mod workspace_settings;

use std::sync::Arc;
use std::time::Duration;

use authbridge_core::Effects;
use authbridge_store::Store;
use url::Url;

pub use actions::{Act, ConnectionChoice, InstanceSelector, NoAuthentication, RunnableAction};
pub use browser::{BrowserRequest, BrowserReturn, BrowserStep, StrayReturn, TypedCode};
pub use client::{Destination, PreparedClient};
pub use connect::ConnectRequest;
pub use connection_requests::{ConnectionRequestDraft, RequestedConnection};
pub use connections::{ConnectionChange, ConnectionQuery};
pub use directory::{LoadError, LoadReport, Loaded};
pub use elements::{ElementQuery, ElementSelector, ElementView};
pub use error::EngineError;
pub use events::ConnectionEvent;
pub use integration_view::IntegrationView;
pub use integrations::IntegrationDraft;
pub use logos::Logo;
pub use logs::{LogEntry, LogSink};
pub use outcomes::Outcomes;
pub use platform_token::PlatformToken;
pub use push::{
    Change, ChangeKind, ElementName, FieldChange, Issue, Plan, Push, PushedElement,
    SnapshotElement, WorkspaceElements,
};
pub use scripts::ScriptOptions;
pub use session::{Session, SessionCaller};
pub use testing::TestOutcome;
pub use workspace::{WorkspaceState, create_workspace};
pub use workspace_settings::WorkspacePatch;

use actions::Actions;
use client::Clients;
use clocks::Clocks;
use connection_requests::ReconnectLinks;
use connectors::Connectors;
use egress::Egress;
use hosts::HostGates;
use issuers::Issuers;
use locks::Locks;
use logos::Logos;
use refresh::Attempts;
use scripts::Scripts;
use shards::{Changes, Shards};
use workspace::Workspaces;

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    egress: Egress,
    /// Where console lines go; nowhere unless somebody asked.
    logs: Option<LogSink>,
    /// Where browsers reach this server.
    public_uri: Option<Arc<Url>>,
    /// How long one refresh may wait for the external app.
    token_deadline: Duration,
}

struct Shared {
    store: Store,
    effects: Effects,
    workspaces: Workspaces,
    connectors: Connectors,
    actions: Actions,
    clients: Clients,
    changes: Changes,
    /// Held while a connection of a customer is made.
    connecting: Shards<tokio::sync::Mutex<()>>,
    /// Held while the credentials of a connection are renewed.
    refreshing: Locks,
    /// Held while what a connection request asks for is done.
    following: Locks,
    scripts: Scripts,
    issuers: Issuers,
    clocks: Clocks,
    logos: Logos,
    outcomes: Outcomes,
    reconnect_links: ReconnectLinks,
    /// The refreshes that are under way in this process.
    attempts: Attempts,
    hosts: HostGates,
}

impl Engine {
    /// An engine over `store` that sends through `egress` and runs code as `scripts` says.
    pub fn new(store: Store, effects: Effects, egress: Egress, scripts: ScriptOptions) -> Self {
        let shared = Shared {
            workspaces: Workspaces::new(store.clone()),
            connectors: Connectors::new(store.clone()),
            actions: Actions::default(),
            clients: Clients::default(),
            changes: Changes::default(),
            connecting: Shards::default(),
            refreshing: Locks::default(),
            following: Locks::default(),
            scripts: Scripts::new(scripts, effects.clone()),
            issuers: Issuers::default(),
            clocks: Clocks::default(),
            logos: Logos::default(),
            outcomes: Outcomes::default(),
            reconnect_links: ReconnectLinks::default(),
            attempts: Attempts::default(),
            hosts: HostGates::default(),
            store,
            effects,
        };
        Self {
            shared: Arc::new(shared),
            egress,
            logs: None,
            public_uri: None,
            token_deadline: refresh::DEADLINE,
        }
    }

    /// The same engine, which tells external apps to send browsers back to `public_uri`.
    #[must_use]
    pub fn reached_at(&self, public_uri: Url) -> Self {
        Self {
            public_uri: Some(Arc::new(public_uri)),
            ..self.clone()
        }
    }

    /// The same engine, in which one refresh waits at most `deadline` for the external app, all
    /// requests that it takes together. Thirty seconds unless set.
    #[must_use]
    pub fn with_token_deadline(&self, deadline: Duration) -> Self {
        Self {
            token_deadline: deadline,
            ..self.clone()
        }
    }

    /// The same engine, which adds what functions write to their console to `logs`.
    #[must_use]
    pub fn collecting(&self, logs: LogSink) -> Self {
        Self {
            logs: Some(logs),
            ..self.clone()
        }
    }

    /// The same engine with upstream connections of its own, for one worker thread.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            egress: self.egress.for_worker(),
            logs: None,
            public_uri: self.public_uri.clone(),
            token_deadline: self.token_deadline,
        }
    }

    /// Waits until no refresh is under way in this process. One that is stopped half way may cost
    /// a refresh token, so whoever ends the process waits for this first.
    pub async fn refreshes_finished(&self) {
        self.shared.attempts.finished().await;
    }

    /// How attempts to connect went.
    pub fn outcomes(&self) -> &Outcomes {
        &self.shared.outcomes
    }

    /// Where browsers reach this server, where that is known.
    pub fn public_uri(&self) -> Option<&Url> {
        self.public_uri.as_deref()
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Time and randomness.
    pub fn effects(&self) -> &Effects {
        &self.shared.effects
    }

    /// The sender of everything that leaves.
    pub const fn egress(&self) -> &Egress {
        &self.egress
    }
}
