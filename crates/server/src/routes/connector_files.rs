//! The files of connectors: archives of versions, and single files of the development version.

use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connectors::is_no_connector;
use super::{Asked, Named, Shared};
use crate::access::Authenticated;
use crate::error::ApiError;
use crate::wire::{Connector, given};
use crate::worker::Worker;

/// An archive without entries: its end alone.
const EMPTY_ARCHIVE: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The largest archive.
const MAX_ARCHIVE_BYTES: usize = 20 * 1024 * 1024;

pub(crate) fn router() -> OpenApiRouter<Arc<Worker>> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(publish))
        .routes(routes!(versions))
        .routes(routes!(download))
        .routes(routes!(put_file, delete_file))
        .layer(DefaultBodyLimit::max(MAX_ARCHIVE_BYTES))
}

/// A version of a connector.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectorVersion {
    version: String,
    created_at: String,
}

/// An archive as clients send it: a form with a `file`.
struct Upload {
    file: Bytes,
    version: Option<String>,
}

impl Upload {
    async fn of(mut form: Multipart) -> Result<Self, ApiError> {
        let mut file = None;
        let mut version = None;
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            match field.name() {
                Some("file") => file = Some(read(field).await?),
                Some("version") => {
                    version = Some(field.text().await.map_err(unreadable)?)
                        .filter(|text| !text.is_empty());
                }
                // Such as the change log, which nobody reads.
                Some(_) | None => {}
            }
        }
        let file = file.ok_or_else(|| {
            ApiError::bad_request("the form needs a `file`: a zip archive of the connector")
        })?;
        Ok(Self { file, version })
    }
}

async fn read(field: Field<'_>) -> Result<Bytes, ApiError> {
    field.bytes().await.map_err(unreadable)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is given to `map_err` as it is"
)]
fn unreadable(error: MultipartError) -> ApiError {
    let message = format!("the form could not be read: {}", error.body_text());
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "bad_request",
            format!("the archive is larger than {MAX_ARCHIVE_BYTES} bytes"),
        ),
        status => ApiError::new(status, "bad_request", message),
    }
}

/// Puts an archive (the member `file` of a form) in the place of the development version.
#[utoipa::path(post, path = "/connectors/{connector}/upload", tag = "connectors",
    params(("connector" = String, Path)),
    request_body(content = Object, content_type = "multipart/form-data"),
    responses((status = 200, body = Connector),
        (status = 400, description = "The archive is refused, or the definition has errors",
            body = crate::wire::Error)))]
async fn upload(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
    form: Multipart,
) -> Result<Json<Connector>, ApiError> {
    session.require_admin()?;
    let upload = Upload::of(form).await?;
    let put = worker
        .engine
        .upload_connector(&session, &selector, upload.file, None)
        .await?;
    let workspace = session.workspace_id().as_str();
    Ok(Json(Connector::of(put.item, workspace, None)))
}

/// Publishes an archive (the member `file` of a form) as `version`, which does not change any more.
#[utoipa::path(post, path = "/connectors/{connector}/publish-version", tag = "connectors",
    params(("connector" = String, Path)),
    request_body(content = Object, content_type = "multipart/form-data"),
    responses((status = 201, body = ConnectorVersion),
        (status = 409, description = "There is another version of this name",
            body = crate::wire::Error)))]
async fn publish(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
    form: Multipart,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    session.require_admin()?;
    let upload = Upload::of(form).await?;
    let version = upload
        .version
        .ok_or_else(|| ApiError::bad_request("the form needs a `version`, such as `1.0.0`"))?;
    worker
        .engine
        .upload_connector(&session, &selector, upload.file, Some(version.clone()))
        .await?;
    Ok((StatusCode::CREATED, Json(json!({ "version": version }))))
}

/// The published versions of a connector, the oldest first: a bare array.
#[utoipa::path(get, path = "/connectors/{connector}/versions", tag = "connectors",
    params(("connector" = String, Path)),
    responses((status = 200, body = Vec<ConnectorVersion>),
        (status = 404, body = crate::wire::Error)))]
async fn versions(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
) -> Result<Json<Vec<ConnectorVersion>>, ApiError> {
    let found = worker
        .engine
        .connector_versions(&session, &selector)
        .await?;
    let versions = found.into_iter().filter_map(|found| {
        Some(ConnectorVersion {
            version: found.version?,
            created_at: found.created_at.to_string(),
        })
    });
    Ok(Json(versions.collect()))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
struct DownloadQuery {
    /// The published version; the development version unless given.
    version: Option<String>,
}

/// The files of a version as a zip archive. For admins.
#[utoipa::path(get, path = "/connectors/{connector}/download", tag = "connectors",
    params(("connector" = String, Path), DownloadQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>),
        (status = 404, body = crate::wire::Error)))]
async fn download(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Named(selector): Named,
    Asked(query): Asked<DownloadQuery>,
) -> Result<axum::response::Response, ApiError> {
    let version = given(query.version.as_ref());
    let archive = worker
        .engine
        .download_connector(&session, &selector, version.as_deref())
        .await;
    let archive = if is_no_connector(&selector, &archive) {
        EMPTY_ARCHIVE.to_vec()
    } else {
        archive?
    };
    let headers = [
        (CONTENT_TYPE, "application/zip"),
        (CONTENT_DISPOSITION, "attachment; filename=\"src.zip\""),
    ];
    Ok((headers, archive).into_response())
}

/// Puts a file of the development version in its place, and tells what there is to say about the
/// definition as it is then. It is kept even if the definition has errors, since another file that
/// it needs may come next.
#[utoipa::path(put, path = "/connectors/{connector}/files/{*path}", tag = "connectors",
    params(("connector" = String, Path), ("path" = String, Path)),
    request_body(content = String, content_type = "text/plain"),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn put_file(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Path((selector, path)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| ApiError::bad_request("the file must be text in UTF-8"))?;
    let diagnostics = worker
        .engine
        .put_connector_file(&session, &selector, &path, Some(text))
        .await?;
    Ok(Json(json!({ "diagnostics": diagnostics })))
}

/// Takes a file out of the development version.
#[utoipa::path(delete, path = "/connectors/{connector}/files/{*path}", tag = "connectors",
    params(("connector" = String, Path), ("path" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = crate::wire::Error)))]
async fn delete_file(
    State(worker): Shared,
    Authenticated(session): Authenticated,
    Path((selector, path)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let diagnostics = worker
        .engine
        .put_connector_file(&session, &selector, &path, None)
        .await?;
    Ok(Json(json!({ "diagnostics": diagnostics })))
}
