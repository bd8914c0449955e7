//! The API, one file per noun.

#![expect(
    unused_qualifications,
    reason = "what the macro that describes an endpoint expands to"
)]

pub(crate) mod absent;
pub(crate) mod action_instances;
pub(crate) mod actions;
pub(crate) mod auth_proxies;
pub(crate) mod connection_options;
pub(crate) mod connection_requests;
pub(crate) mod connections;
pub(crate) mod connector_files;
pub(crate) mod connectors;
pub(crate) mod customers;
pub(crate) mod elements;
pub(crate) mod health;
pub(crate) mod integrations;
pub(crate) mod interfaces;
pub(crate) mod logos;
pub(crate) mod older;
pub(crate) mod operations;
pub(crate) mod well_known;
pub(crate) mod workspace;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query, State};
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::wire::ListQuery;
use crate::worker::Worker;

pub(crate) type Shared = State<Arc<Worker>>;

/// The query parameters of a request.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Query(asked) = Query::try_from_uri(&parts.uri)
            .map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self(asked))
    }
}

/// The selector in a request's path.
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self(name))
    }
}

/// The two selectors in a request's path.
pub(crate) struct NamedPair(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for NamedPair {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((first, second)) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self(first, second))
    }
}

/// Which element a request on a singular path is about: clients that hold an object instead of
/// an id use these (wire contract B.1, "Selectors").
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct SelectorQuery {
    /// The element's id.
    id: Option<String>,
    /// The element's key.
    key: Option<String>,
    /// Of connections: the integration's id.
    integration_id: Option<String>,
    /// Of connections: the integration's key.
    integration_key: Option<String>,
}

impl SelectorQuery {
    fn selector(self) -> Result<String, ApiError> {
        [self.id, self.key, self.integration_id, self.integration_key]
            .into_iter()
            .flatten()
            .find(|selector| !selector.is_empty())
            .ok_or_else(|| ApiError::bad_request("say which: give `id` or `key`"))
    }
}

/// The page that `query` asks for.
fn page(query: &ListQuery) -> Result<authbridge_store::Page, ApiError> {
    query.page()
}
