//! What connections have of actions for themselves (wire contract B.2, "Connections" and
//! "Instances"): below `/connections`, and chosen by the query as clients do that hold an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use authbridge_engine::{EngineError, InstanceSelector, RunnableAction, Session};
use axum::Json;
use axum::extract::State;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actions::{choice, chosen};
use super::{Asked, NamedPair, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{self, Fields, JsonBody, List, ListQuery, flag};
use crate::worker::Worker;

type Query = Asked<BTreeMap<String, String>>;
type Answer = Result<Json<Value>, ApiError>;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(read, put, patch, remove))
        .routes(routes!(reset))
        .routes(routes!(set_up))
        .routes(routes!(
            read_chosen,
            create_chosen,
            put_chosen,
            patch_chosen,
            remove_chosen
        ))
        .routes(routes!(reset_chosen))
        .routes(routes!(set_up_chosen))
        .routes(routes!(list))
}

/// One action of a connection, as the connection has it. With `instanceKey` its instance of that
/// key; `autoCreate` makes it where there is none.
#[utoipa::path(get, path = "/connections/{connection}/actions/{action}", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query), ("autoCreate" = Option<bool>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn read(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Query,
) -> Answer {
    get(&worker, &session, of_path(pair, &query), &query).await
}

/// Puts a document in the place of what an action says for a connection, which then runs it so.
/// An empty body makes an instance that follows the action. Customers may do so for their own
/// connections, where the action does no more than use the connection.
#[utoipa::path(put, path = "/connections/{connection}/actions/{action}", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = Object), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn put(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let selector = of_path(pair, &query);
    let put = worker.engine.put_action_instance(&session, &selector, body);
    shown(&session, put.await)
}

/// Changes what an action says for a connection: the members that the body names; null takes one
/// out.
#[utoipa::path(patch, path = "/connections/{connection}/actions/{action}", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = Object), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn patch(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let selector = of_path(pair, &query);
    let engine = &worker.engine;
    let patched = engine
        .patch_action_instance(&session, &selector, body)
        .await;
    shown(&session, patched)
}

/// Takes away what a connection has of an action for itself.
#[utoipa::path(delete, path = "/connections/{connection}/actions/{action}", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn remove(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Query,
) -> Answer {
    let selector = of_path(pair, &query);
    let engine = &worker.engine;
    let removed = engine.remove_action_instance(&session, &selector).await;
    shown(&session, removed)
}

/// Makes an action of a connection say again what the action itself says.
#[utoipa::path(post, path = "/connections/{connection}/actions/{action}/reset", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn reset(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Query,
) -> Answer {
    let selector = of_path(pair, &query);
    let engine = &worker.engine;
    let reset = engine.reset_action_instance(&session, &selector).await;
    shown(&session, reset)
}

/// Shows an action of a connection. Clients of the original product set an action up before they
/// run it; here is nothing to set up.
#[utoipa::path(post, path = "/connections/{connection}/actions/{action}/setup", tag = "actions",
    params(("connection" = String, Path), ("action" = String, Path),
        ("instanceKey" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn set_up(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    pair: NamedPair,
    Asked(query): Query,
) -> Answer {
    get(&worker, &session, of_path(pair, &query), &query).await
}

/// One action that the query chooses: `id`, `parentId` or `parentKey`, and the connection; an
/// instance's `id` is enough.
#[utoipa::path(get, path = "/action-instance", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("instanceKey" = Option<String>, Query), ("autoCreate" = Option<bool>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn read_chosen(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
) -> Answer {
    get(&worker, &session, of_query(&query)?, &query).await
}

/// The same as `PUT`.
#[utoipa::path(post, path = "/action-instance", tag = "actions",
    params(("parentId" = Option<String>, Query), ("parentKey" = Option<String>, Query),
        ("connectionId" = Option<String>, Query), ("integrationId" = Option<String>, Query),
        ("integrationKey" = Option<String>, Query), ("instanceKey" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = Object), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn create_chosen(
    worker: Shared,
    session: Authenticated,
    query: Query,
    body: JsonBody,
) -> Answer {
    put_chosen(worker, session, query, body).await
}

/// Puts a document in the place of what an action says for a connection; the query chooses both.
#[utoipa::path(put, path = "/action-instance", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("instanceKey" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = Object), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn put_chosen(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let selector = of_query(&query)?;
    let put = worker.engine.put_action_instance(&session, &selector, body);
    shown(&session, put.await)
}

/// Changes what an action says for a connection; the query chooses both.
#[utoipa::path(patch, path = "/action-instance", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("instanceKey" = Option<String>, Query)),
    request_body = Object,
    responses((status = 200, body = Object), (status = 403, body = crate::wire::Error),
        (status = 404, body = crate::wire::Error)))]
async fn patch_chosen(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let selector = of_query(&query)?;
    let engine = &worker.engine;
    let patched = engine
        .patch_action_instance(&session, &selector, body)
        .await;
    shown(&session, patched)
}

/// Takes away what a connection has of an action for itself; the query chooses both.
#[utoipa::path(delete, path = "/action-instance", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("instanceKey" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn remove_chosen(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
) -> Answer {
    let selector = of_query(&query)?;
    let engine = &worker.engine;
    let removed = engine.remove_action_instance(&session, &selector).await;
    shown(&session, removed)
}

/// Makes an action of a connection say again what the action itself says; the query chooses both.
#[utoipa::path(post, path = "/action-instance/reset", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("instanceKey" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn reset_chosen(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
) -> Answer {
    let selector = of_query(&query)?;
    let engine = &worker.engine;
    let reset = engine.reset_action_instance(&session, &selector).await;
    shown(&session, reset)
}

/// Shows an action of a connection; there is nothing to set up.
#[utoipa::path(post, path = "/action-instance/setup", tag = "actions",
    params(("id" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("connectionId" = Option<String>, Query),
        ("integrationId" = Option<String>, Query), ("integrationKey" = Option<String>, Query),
        ("instanceKey" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn set_up_chosen(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
) -> Answer {
    get(&worker, &session, of_query(&query)?, &query).await
}

/// Lists what connections have of actions for themselves: one connection, or all that the caller
/// may see.
#[utoipa::path(get, path = "/action-instances", tag = "actions",
    params(("connectionId" = Option<String>, Query), ("integrationId" = Option<String>, Query),
        ("integrationKey" = Option<String>, Query), ("parentId" = Option<String>, Query),
        ("parentKey" = Option<String>, Query), ("userId" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<Object>), (status = 404, body = crate::wire::Error)))]
async fn list(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Query,
    Asked(list): Asked<ListQuery>,
) -> Result<Json<List<Value>>, ApiError> {
    let choice = choice(&query, &mut Fields::of(JsonBody(Value::Null))?)?;
    let action = ["parentId", "parentKey", "actionId", "actionKey"]
        .into_iter()
        .find_map(|name| wire::given(query.get(name)));
    let found = worker
        .engine
        .action_instances(&session, &choice, action.as_deref(), page(&list)?)
        .await?;
    let workspace = session.workspace_id().as_str();
    Ok(Json(List::of(found, |action| {
        wire::runnable_action(action, workspace)
    })))
}

async fn get(
    worker: &Worker,
    session: &Session,
    selector: InstanceSelector,
    query: &BTreeMap<String, String>,
) -> Answer {
    let is_created = flag(query.get("autoCreate")).unwrap_or(false);
    let engine = &worker.engine;
    let found = engine
        .connection_action(session, &selector, is_created)
        .await;
    shown(session, found)
}

fn shown(session: &Session, action: Result<RunnableAction, EngineError>) -> Answer {
    let workspace = session.workspace_id().as_str();
    Ok(Json(wire::runnable_action(action?, workspace)))
}

/// The action of a connection that a path names.
pub(super) fn of_path(
    NamedPair(connection, action): NamedPair,
    query: &BTreeMap<String, String>,
) -> InstanceSelector {
    InstanceSelector {
        connection: Some(connection),
        action,
        instance_key: wire::given(query.get("instanceKey")),
    }
}

/// The one that a query chooses.
fn of_query(query: &BTreeMap<String, String>) -> Result<InstanceSelector, ApiError> {
    let names = ["connectionId", "integrationId", "integrationKey"];
    Ok(InstanceSelector {
        connection: names
            .into_iter()
            .find_map(|name| wire::given(query.get(name))),
        action: chosen(query)?,
        instance_key: wire::given(query.get("instanceKey")),
    })
}
