//! The planner: from a snapshot and a push to the changes that lead from one to the other.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use authbridge_core::connector::Connector;
use authbridge_core::element::ElementId;
use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_core::{Effects, SecretJson};
use authbridge_definition::Diagnostic;
use authbridge_store::{PushBatch, WorkspaceSnapshot};

use super::index::{ElementPlace, Index};
use super::read::Request;
use super::{Change, ChangeKind, ElementName, FieldChange, Issue, Plan};
use crate::EngineError;

/// Compares a push with what is there.
pub(super) struct Planner {
    pub(super) index: Index,
    /// The parameters of integrations for which some are pushed.
    pub(super) parameters: HashMap<IntegrationId, SecretJson>,
    pub(super) effects: Effects,
    pub(super) changes: Vec<Change>,
    pub(super) issues: Vec<Issue>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) batch: PushBatch,
    /// The connectors that there will be, by key, id and UUID.
    pub(super) connectors: HashMap<String, ConnectorId>,
    /// The published versions that come.
    pub(super) versions: HashSet<(ConnectorId, Option<String>)>,
    /// The integrations that there will be, by key.
    pub(super) integrations: HashMap<String, IntegrationId>,
    /// The types of which everything goes that is not pushed.
    pub(super) pruned: BTreeSet<&'static str>,
    /// The elements that are pushed.
    pub(super) pushed: HashMap<ElementPlace, ElementId>,
    /// The definitions that come, in the order of the push.
    pub(super) compiled: Vec<Compiled>,
}

/// A connector that comes, by itself or as what an interface is compiled to.
pub(super) struct Compiled {
    /// What was pushed.
    pub(super) name: ElementName,
    pub(super) id: ConnectorId,
    pub(super) connector: Arc<Connector>,
}

/// What came of planning.
pub(super) struct Planned {
    /// What was asked for, to plan it again.
    pub(super) request: Request,
    pub(super) plan: Plan,
    pub(super) batch: PushBatch,
    /// The definitions that come.
    pub(super) compiled: Vec<Compiled>,
    /// Why it cannot be applied.
    pub(super) refusal: Option<EngineError>,
}

impl Planner {
    pub(super) fn new(
        snapshot: WorkspaceSnapshot,
        parameters: HashMap<IntegrationId, SecretJson>,
        effects: Effects,
        changed_by: Option<String>,
    ) -> Self {
        Self {
            batch: PushBatch {
                expected_revision: snapshot.revision,
                subject: String::new(),
                changed_by,
                connectors: Vec::new(),
                integrations: Vec::new(),
                elements: Vec::new(),
                archived_connectors: Vec::new(),
            },
            index: Index::of(snapshot),
            parameters,
            effects,
            changes: Vec::new(),
            issues: Vec::new(),
            diagnostics: Vec::new(),
            connectors: HashMap::new(),
            versions: HashSet::new(),
            integrations: HashMap::new(),
            pruned: BTreeSet::new(),
            pushed: HashMap::new(),
            compiled: Vec::new(),
        }
    }

    pub(super) fn plan(mut self, request: Request) -> Planned {
        self.issues.extend(request.issues.iter().cloned());
        self.pruned.clone_from(&request.pruned);
        self.connectors(&request);
        self.integrations(&request);
        self.interfaces(&request);
        self.elements(&request);
        self.prune(&request);
        self.archive_compiled(&request);
        self.batch.subject = self.subject();
        let plan = Plan {
            revision: self.index.revision,
            changes: self.changes,
            diagnostics: self.diagnostics,
        };
        Planned {
            refusal: Planned::refusal_of(&plan, self.issues),
            request,
            plan,
            batch: self.batch,
            compiled: self.compiled,
        }
    }

    pub(super) fn note(
        &mut self,
        name: &ElementName,
        change: ChangeKind,
        fields: Vec<FieldChange>,
    ) {
        self.changes.push(Change {
            name: name.clone(),
            change,
            fields,
        });
    }

    pub(super) fn refuse(&mut self, name: &ElementName, message: impl Into<String>) {
        self.issues.push(Issue {
            name: name.clone(),
            message: message.into(),
        });
    }

    /// What the batch is, for those who find the workspace changed by it.
    fn subject(&self) -> String {
        let mut changed = self
            .changes
            .iter()
            .filter(|change| change.change != ChangeKind::Unchanged);
        let types: BTreeSet<_> = changed
            .clone()
            .map(|change| change.name.element_type.as_str())
            .collect();
        match (changed.next(), changed.count()) {
            (Some(first), 0) => format!("{} `{}`", first.name.element_type, first.name.key),
            (_, others) => {
                let types: Vec<_> = types.into_iter().collect();
                format!("{} elements ({})", others + 1, types.join(", "))
            }
        }
    }
}
