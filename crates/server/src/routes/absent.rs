//! What clients of the original product may call and this engine does not do: lists are empty, and
//! everything else says so (wire contract B.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::routing::{any, get};
use http::Method;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::{OpenApi, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use super::{Asked, Named, NamedPair, SelectorQuery, Shared};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::List;
use crate::worker::Worker;

/// A noun that nothing here ever makes.
struct Absent {
    /// Its list, without the slash.
    plural: &'static str,
    /// The path of one that is chosen by query.
    singular: Option<&'static str>,
    /// What people call one.
    noun: &'static str,
    /// Why there are none.
    why: &'static str,
}

const FLOWS: &str = "flows are kept and pushed, but this engine does not run them";
const DATA: &str = "connectors have operations here, and no data collections";
const EVENTS: &str = "this engine neither takes nor sends events";
const LOGS: &str = "this engine keeps no such logs; `/connections/{id}/events` tells what happened \
                    to a connection";
const APPS: &str = "this engine has connectors and integrations, and no catalogue of apps";

const NOUNS: [Absent; 15] = [
    absent(
        "flow-instances",
        Some("flow-instance"),
        "Flow instance",
        FLOWS,
    ),
    absent("flow-runs", None, "Flow run", FLOWS),
    absent(
        "data-source-instances",
        Some("data-source-instance"),
        "Data source instance",
        DATA,
    ),
    absent(
        "field-mapping-instances",
        Some("field-mapping-instance"),
        "Field mapping instance",
        DATA,
    ),
    absent(
        "data-link-table-instances",
        Some("data-link-table-instance"),
        "Data link table instance",
        DATA,
    ),
    absent(
        "app-data-schema-instances",
        Some("app-data-schema-instance"),
        "App data schema instance",
        DATA,
    ),
    absent(
        "app-event-subscriptions",
        Some("app-event-subscription"),
        "App event subscription",
        EVENTS,
    ),
    absent("app-events", None, "App event", EVENTS),
    absent(
        "external-event-subscriptions",
        None,
        "External event subscription",
        EVENTS,
    ),
    absent("external-event-pulls", None, "External event pull", EVENTS),
    absent("incoming-webhooks", None, "Incoming webhook", EVENTS),
    absent("external-api-logs", None, "Log of a request", LOGS),
    absent("action-run-logs", None, "Log of an action's run", LOGS),
    absent("external-apps", Some("external-app"), "External app", APPS),
    absent(
        "connected-products",
        Some("connected-product"),
        "Connected product",
        APPS,
    ),
];

/// What is done in another way here: the path, and how.
const OTHERWISE: [(&str, &str); 4] = [
    (
        "/search",
        "there is no search over everything: lists take `search`",
    ),
    (
        "/export",
        "a workspace is exported with `GET /workspace/snapshot`, or with `authbridge pull`",
    ),
    (
        "/import",
        "a workspace is imported with `POST /workspace/push`, or with `authbridge push`",
    ),
    (
        "/background-jobs",
        "nothing runs in the background here: every request is answered when it is done",
    ),
];

/// What connections have of their own, but for actions and operations.
const OF_CONNECTIONS: [(&str, &str, &str); 3] = [
    ("flows", "Flow instance", FLOWS),
    ("data-sources", "Data source instance", DATA),
    ("field-mappings", "Field mapping instance", DATA),
];

const fn absent(
    plural: &'static str,
    singular: Option<&'static str>,
    noun: &'static str,
    why: &'static str,
) -> Absent {
    Absent {
        plural,
        singular,
        noun,
        why,
    }
}

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    let nouns = NOUNS.iter().fold(OpenApiRouter::new(), of_workspace);
    let otherwise = OTHERWISE.iter().fold(nouns, |router, (path, how)| {
        let refuse = move |_: Authenticated| async move { ApiError::bad_request(*how) };
        router
            .route(path, any(refuse))
            .route(&format!("{path}/{{*rest}}"), any(refuse))
    });
    let connections = OF_CONNECTIONS.iter().fold(otherwise, of_connections);
    connections
        .route(
            "/connections/{connection}/data",
            get(collections_of_connection),
        )
        .route(
            "/connections/{connection}/data/{*rest}",
            any(no_collection_of_connection),
        )
        .route(
            "/integrations/{integration}/data",
            get(collections_of_integration),
        )
        .route(
            "/integrations/{integration}/data/{*rest}",
            any(no_collection_of_integration),
        )
        .route("/integration/data", get(collections_of_selected))
        .route("/integration/data/{*rest}", any(no_collection_of_selected))
}

fn of_workspace(
    router: OpenApiRouter<Arc<Worker>>,
    of: &'static Absent,
) -> OpenApiRouter<Arc<Worker>> {
    let one =
        move |method: Method, _: Authenticated| async move { refusal(&method, of.noun, of.why) };
    let plural = format!("/{}", of.plural);
    let router = router
        .route(&plural, get(none).fallback(one))
        .route(&format!("{plural}/{{*rest}}"), any(one));
    let Some(singular) = of.singular else {
        return router;
    };
    router
        .route(&format!("/{singular}"), any(one))
        .route(&format!("/{singular}/{{*rest}}"), any(one))
}

fn of_connections(
    router: OpenApiRouter<Arc<Worker>>,
    (plural, noun, why): &'static (&str, &str, &str),
) -> OpenApiRouter<Arc<Worker>> {
    let path = format!("/connections/{{connection}}/{plural}");
    let one = move |State(worker): Shared,
                    method: Method,
                    Authenticated(session): Authenticated,
                    NamedPair(connection, _): NamedPair| async move {
        if let Err(error) = worker.engine.connection(&session, &connection).await {
            return ApiError::from(error);
        }
        refusal(&method, noun, why)
    };
    router
        .route(&path, get(none_of_connection))
        .route(&format!("{path}/{{*rest}}"), any(one))
}

async fn none(_: Authenticated) -> Json<List<serde_json::Value>> {
    Json(nothing())
}

async fn none_of_connection(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(connection): Named,
) -> Result<Json<List<serde_json::Value>>, ApiError> {
    worker.engine.connection(&session, &connection).await?;
    Ok(Json(nothing()))
}

async fn collections_of_connection(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(connection): Named,
) -> Result<Json<[(); 0]>, ApiError> {
    worker.engine.connection(&session, &connection).await?;
    Ok(Json([]))
}

async fn collections_of_integration(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(integration): Named,
) -> Result<Json<[(); 0]>, ApiError> {
    worker.engine.integration(&session, &integration).await?;
    Ok(Json([]))
}

async fn collections_of_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<[(); 0]>, ApiError> {
    collections_of_integration(worker, session, Named(query.selector()?)).await
}

async fn no_collection_of_selected(
    worker: Shared,
    session: Authenticated,
    Named(rest): Named,
    Asked(query): Asked<SelectorQuery>,
) -> ApiError {
    match query.selector() {
        Ok(name) => no_collection_of_integration(worker, session, NamedPair(name, rest)).await,
        Err(error) => error,
    }
}

async fn no_collection_of_connection(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    NamedPair(connection, rest): NamedPair,
) -> ApiError {
    match worker.engine.connection(&session, &connection).await {
        Ok(_) => no_collection(&rest),
        Err(error) => error.into(),
    }
}

async fn no_collection_of_integration(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    NamedPair(integration, rest): NamedPair,
) -> ApiError {
    match worker.engine.integration(&session, &integration).await {
        Ok(_) => no_collection(&rest),
        Err(error) => error.into(),
    }
}

fn no_collection(rest: &str) -> ApiError {
    let key = rest.split('/').next().unwrap_or_default();
    ApiError::not_found(format!("Data collection not found: {key}; {DATA}"))
}

fn nothing() -> List<serde_json::Value> {
    List {
        items: Vec::new(),
        cursor: None,
    }
}

/// What is looked for is not there; what is asked for is not done.
fn refusal(method: &Method, noun: &str, why: &str) -> ApiError {
    if method == Method::GET || method == Method::HEAD {
        return ApiError::not_found(format!("{noun} not found: {why}"));
    }
    ApiError::bad_request(why)
}

/// Adds the lists to the description of the API. The rest are refusals, which are not described.
pub(crate) fn describe(description: &mut OpenApi) {
    let lists = NOUNS.iter().map(|of| (format!("/{}", of.plural), of.why));
    let of_connections = OF_CONNECTIONS
        .iter()
        .map(|(plural, _, why)| (format!("/connections/{{connection}}/{plural}"), *why));
    let collections = ["connection", "integration"]
        .map(|noun| (format!("/{noun}s/{{{noun}}}/data"), DATA))
        .into_iter();
    for (path, why) in lists.chain(of_connections).chain(collections) {
        let empty = ResponseBuilder::new().description("An empty list");
        let mut operation = OperationBuilder::new()
            .tag("not done here")
            .summary(Some(format!("Always empty: {why}")))
            .response("200", empty.build());
        if let Some(name) = parameter(&path) {
            operation = operation.parameter(super::elements::path_parameter(name));
        }
        let item = PathItem::new(HttpMethod::Get, operation.build());
        description.paths.paths.insert(path, item);
    }
}

fn parameter(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once('{')?;
    rest.split_once('}').map(|(name, _)| name)
}
