//! `/actions`, `/flows`, `/data-sources` and the other types of elements: the same endpoints for
//! each, made from the table of types.

mod describe;

use std::collections::BTreeMap;
use std::sync::Arc;

use authbridge_core::element::ElementType;
use authbridge_engine::{ElementQuery, ElementSelector, ElementView, EngineError, Session};
use axum::Json;
use axum::extract::State;
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use describe::{describe, path_parameter};

use super::{Asked, Named, NamedPair, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{self, JsonBody, List, ListQuery};
use crate::worker::Worker;

type Answer<T> = Result<Json<T>, ApiError>;
type Routes = MethodRouter<Arc<Worker>>;

/// The query of a request: which element, and which list.
pub(super) type Query = Asked<BTreeMap<String, String>>;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    let types = ElementType::ALL.into_iter();
    types.fold(OpenApiRouter::new(), |router, element_type| {
        let router = workspace_level(router, element_type);
        if element_type.has_integration_level() {
            integration_level(router, element_type)
        } else {
            router
        }
    })
}

fn workspace_level(
    router: OpenApiRouter<Arc<Worker>>,
    of: ElementType,
) -> OpenApiRouter<Arc<Worker>> {
    let (plural, singular) = (of.path(), of.singular());
    router
        .route(&format!("/{plural}"), many(of))
        .route(&format!("/{plural}/{{element}}"), one(of))
        .route(
            &format!("/{plural}/{{element}}/restore"),
            post(
                move |worker: Shared, session: Authenticated, Named(name), query: Query| {
                    restore(worker, session, of, selector(name, &query.0))
                },
            ),
        )
        .route(&format!("/{singular}"), selected(of))
        .route(
            &format!("/{singular}/restore"),
            post(
                move |worker: Shared, session: Authenticated, query: Query| async move {
                    restore(worker, session, of, by_query(&query.0)?).await
                },
            ),
        )
}

/// What there is for types that integrations can have of their own.
fn integration_level(
    router: OpenApiRouter<Arc<Worker>>,
    of: ElementType,
) -> OpenApiRouter<Arc<Worker>> {
    let path = format!("/integrations/{{integration}}/{}", of.path());
    router
        .route(&path, many_of_integration(of))
        .route(&format!("{path}/{{element}}"), one_of_integration(of))
        .route(
            &format!("{path}/{{element}}/reset"),
            post(
                move |worker: Shared, session: Authenticated, pair: NamedPair| {
                    reset(worker, session, of, within(pair))
                },
            ),
        )
        .merge(parents(of))
}

/// `reset` and `apply`, between a universal element and those that come from it.
fn parents(of: ElementType) -> OpenApiRouter<Arc<Worker>> {
    let (plural, singular) = (of.path(), of.singular());
    OpenApiRouter::new()
        .route(
            &format!("/{plural}/{{element}}/reset"),
            post(
                move |worker: Shared, session: Authenticated, Named(name), query: Query| {
                    reset(worker, session, of, selector(name, &query.0))
                },
            ),
        )
        .route(
            &format!("/{plural}/{{element}}/apply"),
            post(
                move |worker: Shared, session: Authenticated, Named(name), body: JsonBody| {
                    apply(worker, session, of, Ok(name), body)
                },
            ),
        )
        .route(
            &format!("/{singular}/reset"),
            post(
                move |worker: Shared, session: Authenticated, query: Query| async move {
                    reset(worker, session, of, by_query(&query.0)?).await
                },
            ),
        )
        .route(
            &format!("/{singular}/apply"),
            post(
                move |worker: Shared, session: Authenticated, query: Query, body: JsonBody| {
                    let name = by_query(&query.0).map(|selector| selector.id_or_key);
                    apply(worker, session, of, name, body)
                },
            ),
        )
}

/// `/actions`.
fn many(of: ElementType) -> Routes {
    get(
        move |worker: Shared, session: Authenticated, Asked(list), query: Query| {
            let integration = integration(&query.0);
            many_at(worker, session, of, integration, list, query)
        },
    )
    .post(
        move |worker: Shared, session: Authenticated, body: JsonBody| {
            create(worker, session, of, None, body)
        },
    )
}

/// `/integrations/{integration}/actions`.
fn many_of_integration(of: ElementType) -> Routes {
    get(
        move |worker: Shared, session: Authenticated, Named(name), Asked(list), query: Query| {
            many_at(worker, session, of, Some(name), list, query)
        },
    )
    .post(
        move |worker: Shared, session: Authenticated, Named(name), body: JsonBody| {
            create(worker, session, of, Some(name), body)
        },
    )
}

/// `/actions/{element}`.
fn one(of: ElementType) -> Routes {
    get(
        move |worker: Shared, session: Authenticated, Named(name), query: Query| {
            read(worker, session, of, selector(name, &query.0))
        },
    )
    .put(
        move |worker: Shared, session: Authenticated, Named(name), query: Query, body: JsonBody| {
            put(worker, session, of, selector(name, &query.0), body)
        },
    )
    .patch(
        move |worker: Shared, session: Authenticated, Named(name), query: Query, body: JsonBody| {
            patch(worker, session, of, selector(name, &query.0), body)
        },
    )
    .delete(
        move |worker: Shared, session: Authenticated, Named(name), query: Query| {
            archive(worker, session, of, selector(name, &query.0))
        },
    )
}

/// `/integrations/{integration}/actions/{element}`.
fn one_of_integration(of: ElementType) -> Routes {
    get(
        move |worker: Shared, session: Authenticated, pair: NamedPair| {
            read(worker, session, of, within(pair))
        },
    )
    .put(
        move |worker: Shared, session: Authenticated, pair: NamedPair, body: JsonBody| {
            put(worker, session, of, within(pair), body)
        },
    )
    .patch(
        move |worker: Shared, session: Authenticated, pair: NamedPair, body: JsonBody| {
            patch(worker, session, of, within(pair), body)
        },
    )
    .delete(
        move |worker: Shared, session: Authenticated, pair: NamedPair| {
            archive(worker, session, of, within(pair))
        },
    )
}

/// `/action?key=…&integrationKey=…`.
fn selected(of: ElementType) -> Routes {
    get(
        move |worker: Shared, session: Authenticated, query: Query| async move {
            read(worker, session, of, by_query(&query.0)?).await
        },
    )
    .put(
        move |worker: Shared, session: Authenticated, query: Query, body: JsonBody| async move {
            put_or_create(worker, session, of, by_query(&query.0)?, body).await
        },
    )
    .patch(
        move |worker: Shared, session: Authenticated, query: Query, body: JsonBody| async move {
            patch(worker, session, of, by_query(&query.0)?, body).await
        },
    )
    .delete(
        move |worker: Shared, session: Authenticated, query: Query| async move {
            archive(worker, session, of, by_query(&query.0)?).await
        },
    )
}

async fn many_at(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    integration: Option<String>,
    list: ListQuery,
    Asked(query): Query,
) -> Answer<List<Value>> {
    let parent = ["parentId", "parentKey"]
        .into_iter()
        .chain(of.parent_member())
        .find_map(|name| given(&query, name))
        .filter(|parent| parent != "null");
    let asked = ElementQuery {
        integration,
        parent,
        search: list.search(),
        include_archived: list.include_archived(),
    };
    let found = worker
        .engine
        .list_elements(&session, of, asked, page(&list)?)
        .await?;
    let workspace = session.workspace_id().as_str();
    Ok(Json(List::of(found, |view| wire::element(view, workspace))))
}

async fn create(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    integration: Option<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let made = worker
        .engine
        .create_element(&session, of, body, integration.as_deref())
        .await;
    Ok((StatusCode::CREATED, shown(&session, made)?))
}

pub(super) async fn read(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
) -> Answer<Value> {
    let found = worker.engine.element(&session, of, &selector).await;
    shown(&session, found)
}

async fn put(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
    JsonBody(body): JsonBody,
) -> Answer<Value> {
    let changed = worker
        .engine
        .put_element(&session, of, &selector, body)
        .await;
    shown(&session, changed)
}

async fn put_or_create(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
    JsonBody(body): JsonBody,
) -> Answer<Value> {
    let changed = worker
        .engine
        .put_or_create_element(&session, of, &selector, body)
        .await;
    shown(&session, changed)
}

async fn patch(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
    JsonBody(body): JsonBody,
) -> Answer<Value> {
    let changed = worker
        .engine
        .patch_element(&session, of, &selector, body)
        .await;
    shown(&session, changed)
}

async fn archive(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
) -> Answer<Value> {
    let changed = worker.engine.archive_element(&session, of, &selector).await;
    shown(&session, changed)
}

async fn restore(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
) -> Answer<Value> {
    let changed = worker.engine.restore_element(&session, of, &selector).await;
    shown(&session, changed)
}

async fn reset(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    selector: ElementSelector,
) -> Answer<Value> {
    let changed = worker.engine.reset_element(&session, of, &selector).await;
    shown(&session, changed)
}

async fn apply(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    of: ElementType,
    name: Result<String, ApiError>,
    JsonBody(body): JsonBody,
) -> Answer<Vec<Value>> {
    let keys = body.get("integrationKeys").and_then(Value::as_array);
    let keys: Option<Vec<String>> = keys.and_then(|keys| {
        let texts = keys.iter().map(|key| key.as_str().map(str::to_owned));
        texts.collect()
    });
    let keys = keys.ok_or_else(|| {
        ApiError::bad_request("`integrationKeys` must be a list of keys of integrations")
    })?;
    let applied = worker
        .engine
        .apply_element(&session, of, &name?, &keys)
        .await?;
    let workspace = session.workspace_id().as_str();
    let applied = applied
        .into_iter()
        .map(|view| wire::element(view, workspace));
    Ok(Json(applied.collect()))
}

fn shown(session: &Session, view: Result<ElementView, EngineError>) -> Answer<Value> {
    let workspace = session.workspace_id().as_str();
    Ok(Json(wire::element(view?, workspace)))
}

/// An element that is named in the path; its level may be in the query.
pub(super) fn selector(name: String, query: &BTreeMap<String, String>) -> ElementSelector {
    ElementSelector {
        id_or_key: name,
        integration: integration(query),
    }
}

/// An element whose integration is named in the path.
fn within(NamedPair(integration, name): NamedPair) -> ElementSelector {
    ElementSelector {
        id_or_key: name,
        integration: Some(integration),
    }
}

/// An element that is named in the query.
pub(super) fn by_query(query: &BTreeMap<String, String>) -> Result<ElementSelector, ApiError> {
    let name = given(query, "id").or_else(|| given(query, "key"));
    let name = name.ok_or_else(|| ApiError::bad_request("say which: give `id` or `key`"))?;
    Ok(selector(name, query))
}

fn integration(query: &BTreeMap<String, String>) -> Option<String> {
    given(query, "integrationId").or_else(|| given(query, "integrationKey"))
}

fn given(query: &BTreeMap<String, String>, name: &str) -> Option<String> {
    wire::given(query.get(name))
}
