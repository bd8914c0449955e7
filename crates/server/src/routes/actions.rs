//! Actions of connections, and running them (wire contract B.2, B.5; membrane-connectors
//! reference, section 7). Their documents are served with the other elements'.

use std::collections::BTreeMap;
use std::sync::Arc;

use authbridge_core::id::ActionRunId;
use authbridge_engine::{Act, ConnectionChoice};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::action_instances::of_path;
use super::{Asked, Named, NamedPair, Shared};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::logs::Collecting;
use crate::wire::{self, Fields, JsonBody, List};
use crate::worker::Worker;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(of_connection))
        .routes(routes!(run_with_connection))
        .routes(routes!(run))
        .routes(routes!(run_selected))
        .routes(routes!(run_instance))
        .routes(routes!(act))
}

/// What an action returned.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionResult {
    /// Absent where it returned nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    /// Names this run in logs.
    action_run_id: String,
}

impl ActionResult {
    pub(super) fn of(worker: &Worker, output: Option<Value>) -> Json<Self> {
        let id = ActionRunId::generate(worker.engine.effects());
        Json(Self {
            output,
            action_run_id: id.to_string(),
        })
    }
}

/// The actions that can be run with a connection: those of its integration, and the workspace's
/// where the integration has none of that key. Of an interface, those that it lists.
#[utoipa::path(get, path = "/connections/{connection}/actions", tag = "actions",
    params(("connection" = String, Path), ("parentId" = Option<String>, Query),
        ("universalParentId" = Option<String>, Query)),
    responses((status = 200, body = List<Object>), (status = 404, body = crate::wire::Error)))]
async fn of_connection(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(connection): Named,
    Asked(query): Asked<BTreeMap<String, String>>,
) -> Result<Json<List<Value>>, ApiError> {
    let engine = &worker.engine;
    let found = engine.connection_actions(&session, &connection).await?;
    let workspace = session.workspace_id().as_str();
    let items = found
        .into_iter()
        .map(|action| wire::runnable_action(action, workspace))
        .filter(|action| {
            let mut wanted = ["parentId", "universalParentId"].into_iter();
            wanted.all(|name| {
                let id = wire::given(query.get(name));
                id.is_none_or(|id| action.get(name).and_then(Value::as_str) == Some(&id))
            })
        });
    Ok(Json(List {
        items: items.collect(),
        cursor: None,
    }))
}

/// Runs an action with a connection, as the connection has it: with `instanceKey` its instance of
/// that key, if there is one. The body is the input itself. With `?logs=1` the answer carries what
/// code wrote to its console.
#[utoipa::path(post, path = "/connections/{connection}/actions/{action}/run", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query)), request_body = Object,
    responses((status = 200, body = ActionResult),
        (status = 400, description = "The input does not fit (`data.fields`), nothing \
            authenticates the action (`data.fix`), or it failed", body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn run_with_connection(
    State(worker): Shared,
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Asked<BTreeMap<String, String>>,
    JsonBody(input): JsonBody,
) -> Result<Json<ActionResult>, ApiError> {
    let selector = of_path(pair, &query);
    let output = engine
        .run_connection_action(&session, selector, input)
        .await?;
    Ok(ActionResult::of(&worker, output))
}

/// Runs an action: `{input}` in, `{output}` out. `connectionId`, `connectionKey` or
/// `integrationKey`, in the query or the body, say with which connection; without them, the action's
/// own integration, the only interface that lists it, or the only connection is meant. An admin
/// names the customer with `customerId`.
#[utoipa::path(post, path = "/actions/{element}/run", tag = "actions",
    params(("element" = String, Path), ("connectionId" = Option<String>, Query),
        ("connectionKey" = Option<String>, Query), ("integrationId" = Option<String>, Query),
        ("integrationKey" = Option<String>, Query), ("customerId" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = ActionResult), (status = 400, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn run(
    State(worker): Shared,
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Named(action): Named,
    Asked(query): Asked<BTreeMap<String, String>>,
    body: JsonBody,
) -> Result<Json<ActionResult>, ApiError> {
    let mut fields = Fields::of(body)?;
    let choice = choice(&query, &mut fields)?;
    let input = fields.value("input").flatten().unwrap_or_default();
    let output = engine
        .act(&session, Act::Action(action), choice, input)
        .await?;
    Ok(ActionResult::of(&worker, output))
}

/// Runs an action that the query chooses by `id` or `key`, as `/actions/{element}/run` does.
#[utoipa::path(post, path = "/action/run", tag = "actions",
    params(("id" = Option<String>, Query), ("key" = Option<String>, Query),
        ("connectionId" = Option<String>, Query), ("connectionKey" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("customerId" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = ActionResult), (status = 400, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn run_selected(
    worker: Shared,
    engine: Collecting,
    session: Authenticated,
    query: Asked<BTreeMap<String, String>>,
    body: JsonBody,
) -> Result<Json<ActionResult>, ApiError> {
    let action = ["id", "key"]
        .into_iter()
        .find_map(|name| wire::given(query.0.get(name)))
        .ok_or_else(|| ApiError::bad_request("say which: give `id` or `key`"))?;
    run(worker, engine, session, Named(action), query, body).await
}

/// Runs an action that the query chooses: `id`, `parentId` or `parentKey`, and the connection. The
/// body is the input itself.
#[utoipa::path(post, path = "/action-instance/run", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = ActionResult), (status = 400, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn run_instance(
    State(worker): Shared,
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Asked(query): Asked<BTreeMap<String, String>>,
    JsonBody(input): JsonBody,
) -> Result<Json<ActionResult>, ApiError> {
    let choice = choice(&query, &mut Fields::of(JsonBody(Value::Null))?)?;
    let action = Act::Action(chosen(&query)?);
    let output = engine.act(&session, action, choice, input).await?;
    Ok(ActionResult::of(&worker, output))
}

/// Runs one of: an action (`id` or `key`), a request through the API client (`api`: `method`,
/// `path`, `query`, `headers`, `body`), or, for admins, `code`. `input` and the connection are given as
/// for `/actions/{element}/run`. A request that the external app refused is a result as well: its
/// `output` has `status`, `headers` and `data`.
#[utoipa::path(post, path = "/act", tag = "actions", request_body = Object,
    responses((status = 200, body = ActionResult), (status = 400, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn act(
    State(worker): Shared,
    Collecting(engine): Collecting,
    Authenticated(session): Authenticated,
    Asked(query): Asked<BTreeMap<String, String>>,
    body: JsonBody,
) -> Result<Json<ActionResult>, ApiError> {
    let mut fields = Fields::of(body)?;
    let choice = choice(&query, &mut fields)?;
    let input = fields.value("input").flatten().unwrap_or_default();
    let action = fields.first_text(&["id", "key"])?;
    let request = fields.value("api").flatten();
    let code = fields.text("code")?.flatten();
    let what = match (action, request, code) {
        (Some(action), None, None) => Act::Action(action),
        (None, Some(request), None) => Act::Request(request),
        (None, None, Some(code)) => Act::Code(code),
        _ => {
            return Err(ApiError::bad_request(
                "say what to run: one of `id`, `key`, `api` and `code`",
            ));
        }
    };
    let output = engine.act(&session, what, choice, input).await?;
    Ok(ActionResult::of(&worker, output))
}

/// The action that a query names.
pub(super) fn chosen(query: &BTreeMap<String, String>) -> Result<String, ApiError> {
    let action = ["id", "parentId", "parentKey", "key"]
        .into_iter()
        .find_map(|name| wire::given(query.get(name)));
    action.ok_or_else(|| ApiError::bad_request("say which: give `parentKey`, `parentId` or `id`"))
}

/// Which connection the caller means, in the query or the body.
pub(super) fn choice(
    query: &BTreeMap<String, String>,
    fields: &mut Fields,
) -> Result<ConnectionChoice, ApiError> {
    let mut first = |names: &[&str]| -> Result<Option<String>, ApiError> {
        let in_body = fields.first_text(names)?;
        let in_query = names.iter().find_map(|name| wire::given(query.get(*name)));
        Ok(in_body.or(in_query))
    };
    Ok(ConnectionChoice {
        connection: first(&["connectionId"])?,
        connection_key: first(&["connectionKey"])?,
        integration: first(&["integrationId", "integrationKey"])?,
        customer: first(&["customerId", "userId", "tenantId", "tenantKey"])?,
        instance_key: first(&["instanceKey"])?,
    })
}
