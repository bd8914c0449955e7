//! `/self` and `/customers`.

use authbridge_engine::EngineError;
use authbridge_store::{CustomerFilter, CustomerPatch, SeenCustomer};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, SelectorQuery, Shared, page};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{Customer, Fields, JsonBody, List, ListQuery};

pub(crate) fn router() -> OpenApiRouter<std::sync::Arc<crate::worker::Worker>> {
    OpenApiRouter::new()
        .routes(routes!(get_self, patch_self))
        .routes(routes!(list, create))
        .routes(routes!(get, patch, archive))
        .routes(routes!(restore))
        .routes(routes!(get_selected, patch_selected, archive_selected))
        .routes(routes!(restore_selected))
}

/// The customer that the token speaks for.
#[utoipa::path(get, path = "/self", tag = "customers",
    responses((status = 200, body = Customer), (status = 401, body = crate::wire::Error)))]
async fn get_self(Authenticated(session): Authenticated) -> Result<Json<Customer>, ApiError> {
    let customer = session.customer().ok_or(EngineError::AccessDenied(
        "an admin token speaks for no customer: use a token with the customer's `id`",
    ))?;
    Ok(Json(customer.clone().into()))
}

/// Keeps the customer's credentials for the workspace's own API.
#[utoipa::path(patch, path = "/self", tag = "customers", request_body = Object,
    responses((status = 200, body = Customer), (status = 401, body = crate::wire::Error)))]
async fn patch_self(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<Json<Customer>, ApiError> {
    let customer = session.customer().ok_or(EngineError::AccessDenied(
        "an admin token speaks for no customer",
    ))?;
    if let Some(credentials) = Fields::of(body)?.secret(&["credentials"])? {
        worker
            .engine
            .set_customer_credentials(&session, customer, &credentials)
            .await?;
    }
    Ok(Json(customer.clone().into()))
}

/// The customers of the workspace.
#[utoipa::path(get, path = "/customers", tag = "customers", params(ListQuery),
    responses((status = 200, body = List<Customer>), (status = 403, body = crate::wire::Error)))]
async fn list(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<List<Customer>>, ApiError> {
    let filter = CustomerFilter {
        search: query.search(),
        include_archived: query.include_archived(),
    };
    let found = worker
        .engine
        .list_customers(&session, filter, page(&query)?)
        .await?;
    Ok(Json(List::of(found, Customer::from)))
}

/// Creates a customer before any token names it.
#[utoipa::path(post, path = "/customers", tag = "customers", request_body = Object,
    responses((status = 201, body = Customer), (status = 400, body = crate::wire::Error)))]
async fn create(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    body: JsonBody,
) -> Result<(StatusCode, Json<Customer>), ApiError> {
    let mut fields = Fields::of(body)?;
    let internal_id = fields
        .first_text(&["internalId", "id"])?
        .ok_or_else(|| ApiError::bad_request("a customer needs an `internalId`"))?;
    let seen = SeenCustomer {
        internal_id,
        name: fields.text("name")?.flatten(),
        fields: fields.object("fields")?,
    };
    let credentials = fields.secret(&["credentials"])?;
    let customer = worker
        .engine
        .put_customer(&session, seen, credentials)
        .await?;
    Ok((StatusCode::CREATED, Json(customer.into())))
}

/// One customer, by our id or the app's.
#[utoipa::path(get, path = "/customers/{customer}", tag = "customers",
    params(("customer" = String, Path)),
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn get(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Customer>, ApiError> {
    Ok(Json(
        worker.engine.customer(&session, &selector).await?.into(),
    ))
}

/// Changes a customer's name or fields. By either method, what is not given stays.
#[utoipa::path(method(patch, put), path = "/customers/{customer}", tag = "customers",
    params(("customer" = String, Path)), request_body = Object,
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn patch(
    worker: Shared,
    session: Authenticated,
    Named(selector): Named,
    body: JsonBody,
) -> Result<Json<Customer>, ApiError> {
    update(worker, session, &selector, body).await
}

/// Archives a customer: its tokens are refused from then on.
#[utoipa::path(delete, path = "/customers/{customer}", tag = "customers",
    params(("customer" = String, Path)),
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn archive(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Customer>, ApiError> {
    Ok(Json(
        worker
            .engine
            .archive_customer(&session, &selector)
            .await?
            .into(),
    ))
}

/// Takes a customer back from the archive.
#[utoipa::path(post, path = "/customers/{customer}/restore", tag = "customers",
    params(("customer" = String, Path)),
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn restore(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Customer>, ApiError> {
    Ok(Json(
        worker
            .engine
            .restore_customer(&session, &selector)
            .await?
            .into(),
    ))
}

/// Takes a customer chosen by query back from the archive.
#[utoipa::path(post, path = "/customer/restore", tag = "customers", params(SelectorQuery),
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn restore_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Customer>, ApiError> {
    restore(worker, session, Named(query.selector()?)).await
}

/// One customer, chosen by query.
#[utoipa::path(get, path = "/customer", tag = "customers", params(SelectorQuery),
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn get_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Customer>, ApiError> {
    get(worker, session, Named(query.selector()?)).await
}

/// Changes a customer chosen by query.
#[utoipa::path(method(patch, put), path = "/customer", tag = "customers", params(SelectorQuery),
    request_body = Object,
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn patch_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
    body: JsonBody,
) -> Result<Json<Customer>, ApiError> {
    update(worker, session, &query.selector()?, body).await
}

/// Archives a customer chosen by query.
#[utoipa::path(delete, path = "/customer", tag = "customers", params(SelectorQuery),
    responses((status = 200, body = Customer), (status = 404, body = crate::wire::Error)))]
async fn archive_selected(
    worker: Shared,
    session: Authenticated,
    Asked(query): Asked<SelectorQuery>,
) -> Result<Json<Customer>, ApiError> {
    archive(worker, session, Named(query.selector()?)).await
}

async fn update(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    selector: &str,
    body: JsonBody,
) -> Result<Json<Customer>, ApiError> {
    let mut fields = Fields::of(body)?;
    let patch = CustomerPatch {
        name: fields.text("name")?,
        fields: fields.object("fields")?,
    };
    let customer = worker
        .engine
        .update_customer(&session, selector, patch)
        .await?;
    if let Some(credentials) = fields.secret(&["credentials"])? {
        worker
            .engine
            .set_customer_credentials(&session, &customer, &credentials)
            .await?;
    }
    Ok(Json(customer.into()))
}
