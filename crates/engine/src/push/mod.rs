//! Pushing a workspace: what shall be there, compared with what is there, and then all of it or
//! nothing.
//!
//! `read.rs` takes a push apart, the planner of `plan.rs` compares it with a snapshot (connectors,
//! integrations and elements in files of their own) and makes one batch, which the store applies
//! if the workspace still has the revision of the snapshot. Otherwise the plan is made again.

mod connectors;
mod delegation;
pub(crate) mod diff;
mod elements;
mod index;
mod integrations;
mod interfaces;
mod plan;
mod prune;
mod read;
mod snapshot;
mod types;

use std::collections::HashMap;

use authbridge_core::SecretJson;
use authbridge_core::id::IntegrationId;
use authbridge_store::{Actor, Bundles, PushBatch, StoreError, WorkspaceSnapshot};

pub use diff::FieldChange;
pub use snapshot::{SnapshotElement, WorkspaceElements};
pub(crate) use types::Restored;
pub use types::{Change, ChangeKind, ElementName, Issue, Plan, Push, PushedElement};

use crate::error::is_error;
use crate::{Engine, EngineError, Session};
use plan::{Planned, Planner};
use read::Request;

impl Engine {
    /// Brings the workspace to what `push` says, all of it or nothing, and tells what that took.
    /// A dry run only tells.
    pub async fn push(
        &self,
        session: &Session,
        push: Push,
        is_dry_run: bool,
    ) -> Result<Plan, EngineError> {
        session.require_admin()?;
        let mut request = Request::of(push);
        for _ in 0..ATTEMPTS {
            let planned = self.plan(session, request).await?;
            if let Some(refusal) = planned.refusal {
                return Err(refusal);
            }
            let issues = self.check_delegation(session, &planned).await?;
            request = planned.request;
            let mut plan = planned.plan;
            if !issues.is_empty() {
                return Err(EngineError::PushRefused {
                    issues,
                    diagnostics: plan.diagnostics,
                });
            }
            if is_dry_run || planned.batch.is_empty() {
                return Ok(plan);
            }
            match self.apply(session, planned.batch).await {
                Ok(revision) => {
                    plan.revision = revision;
                    return Ok(plan);
                }
                // Somebody came between: what there is now may need other changes.
                Err(StoreError::RevisionMoved) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::RevisionMoved.into())
    }

    async fn plan(&self, session: &Session, request: Request) -> Result<Planned, EngineError> {
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        let bundles = Bundles::OfConnectors(request.connector_keys());
        let snapshot = store.workspace_snapshot(workspace, bundles).await?;
        self.check_base(session, &request, &snapshot).await?;
        let parameters = self.parameters_of(session, &request, &snapshot).await?;
        let effects = self.shared.effects.clone();
        let changed_by = match session.actor() {
            Actor::Admin { name } => Some(name),
            Actor::Customer(_) | Actor::Operator | Actor::System => None,
        };
        // Linking code and comparing documents may take a while; a worker has others to serve.
        let planning = tokio::task::spawn_blocking(move || {
            Planner::new(snapshot, parameters, effects, changed_by).plan(request)
        });
        planning
            .await
            .map_err(|_| EngineError::configuration("the push could not be read"))
    }

    /// Refuses a push that was made for another revision than the workspace has.
    async fn check_base(
        &self,
        session: &Session,
        request: &Request,
        snapshot: &WorkspaceSnapshot,
    ) -> Result<(), EngineError> {
        let Some(base) = request.base_revision.filter(|_| !request.is_forced) else {
            return Ok(());
        };
        if base == snapshot.revision {
            return Ok(());
        }
        let store = &self.shared.store;
        let changes = store
            .workspace_changes(session.workspace_id(), base)
            .await?;
        Err(EngineError::WorkspaceChanged {
            base,
            revision: snapshot.revision,
            changes,
        })
    }

    /// The parameters that are there, of those integrations for which some are pushed.
    async fn parameters_of(
        &self,
        session: &Session,
        request: &Request,
        snapshot: &WorkspaceSnapshot,
    ) -> Result<HashMap<IntegrationId, SecretJson>, EngineError> {
        let keys = request.keys_with_parameters();
        let mut parameters = HashMap::new();
        for integration in &snapshot.integrations {
            if integration.has_parameters && keys.contains(integration.key.as_str()) {
                let store = &self.shared.store;
                let found = store
                    .integration_parameters(session.workspace_id(), &integration.id)
                    .await?;
                parameters.insert(integration.id.clone(), found);
            }
        }
        Ok(parameters)
    }

    async fn apply(&self, session: &Session, batch: PushBatch) -> Result<u64, StoreError> {
        let concerns_clients = !batch.connectors.is_empty()
            || !batch.integrations.is_empty()
            || !batch.archived_connectors.is_empty();
        let store = &self.shared.store;
        let revision = store.apply_push(session.workspace_id(), batch).await?;
        if concerns_clients {
            self.shared.clients.forget_all();
        }
        Ok(revision)
    }
}

impl Planned {
    /// What keeps the push from being applied, if anything.
    fn refusal_of(plan: &Plan, issues: Vec<Issue>) -> Option<EngineError> {
        let is_broken = plan.diagnostics.iter().any(is_error);
        (is_broken || !issues.is_empty()).then(|| EngineError::PushRefused {
            issues,
            diagnostics: plan.diagnostics.clone(),
        })
    }
}

/// How often a push is planned anew because somebody changed the workspace meanwhile.
const ATTEMPTS: u32 = 16;
