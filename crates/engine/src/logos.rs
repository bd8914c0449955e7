//! Logos of workspaces and integrations, fetched for the connect pages, so that a browser asks
//! nobody but this server.

use std::sync::Arc;
use std::time::Duration;

use authbridge_core::client::Target;
use authbridge_core::id::WorkspaceId;
use authbridge_core::request::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use moka::future::Cache;
use url::Url;

use crate::egress::Egress;
use crate::{Engine, EngineError};

/// How long a logo, or that there is none, is believed.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// The largest logo.
const MAX_BYTES: usize = 64 * 1024;

/// How many bytes are remembered of all, with their addresses.
const MAX_REMEMBERED: u64 = 16 << 20;

/// The longest address: that of a picture of the largest size, in base64.
const MAX_ADDRESS: usize = 96 * 1024;

/// How long somebody else's server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What browsers show in an `img` element, where even SVG runs no scripts.
const MEDIA_TYPES: [&str; 8] = [
    "image/png",
    "image/svg+xml",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/avif",
    "image/x-icon",
    "image/vnd.microsoft.icon",
];

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// What kind of picture.
    pub media_type: &'static str,
    /// The picture itself.
    pub bytes: Bytes,
}

/// Logos by their address.
pub(crate) struct Logos(Cache<String, Option<Arc<Logo>>>);

impl Default for Logos {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_REMEMBERED)
            .weigher(|uri: &String, logo: &Option<Arc<Logo>>| weight(uri, logo.as_deref()))
            .time_to_live(REMEMBERED_FOR)
            .build();
        Self(cache)
    }
}

impl Engine {
    /// The logo of a workspace, or of an integration in it; `None` where there is none that could
    /// be had. Ids cannot be guessed, and logos are no secret: nobody needs a token.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn logo(
        &self,
        workspace: &str,
        integration: Option<&str>,
    ) -> Result<Option<Arc<Logo>>, EngineError> {
        let Ok(id) = workspace.parse::<WorkspaceId>() else {
            return Ok(None);
        };
        let uri = match integration {
            Some(integration) => self.logo_uri_of_integration(&id, integration).await?,
            None => self.logo_uri_of_workspace(&id).await?,
        };
        let Some(uri) = uri.filter(|uri| uri.len() <= MAX_ADDRESS) else {
            return Ok(None);
        };
        let fetched = fetch(&self.egress, &uri);
        Ok(self.shared.logos.0.get_with_by_ref(&uri, fetched).await)
    }

    async fn logo_uri_of_workspace(&self, id: &WorkspaceId) -> Result<Option<String>, EngineError> {
        let state = self.workspace_by_id(id).await?;
        Ok(state.and_then(|state| state.settings.logo_uri.clone().map(String::from)))
    }

    async fn logo_uri_of_integration(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Result<Option<String>, EngineError> {
        let store = &self.shared.store;
        let Some(record) = store.find_integration(workspace, selector).await? else {
            return Ok(None);
        };
        if record.logo_uri.is_some() {
            return Ok(record.logo_uri);
        }
        let Some(connector) = record.connector_id else {
            return Ok(None);
        };
        let connector = store.find_connector(workspace, connector.as_str()).await?;
        Ok(connector.and_then(|connector| connector.logo_uri))
    }
}

/// What one takes in memory, or that there is none.
fn weight(uri: &str, logo: Option<&Logo>) -> u32 {
    const OVERHEAD: usize = 256;
    let picture = logo.map_or(0, |logo| logo.bytes.len());
    u32::try_from(OVERHEAD + uri.len() + picture).unwrap_or(u32::MAX)
}

/// The picture at `uri`, if there is one of a kind and size that we pass on.
async fn fetch(egress: &Egress, uri: &str) -> Option<Arc<Logo>> {
    let logo = match uri.strip_prefix("data:") {
        Some(data) => decoded(data),
        None => tokio::time::timeout(PATIENCE, fetched(egress, uri))
            .await
            .ok()?,
    };
    logo.map(Arc::new)
}

/// RFC 2397, in base64.
fn decoded(data: &str) -> Option<Logo> {
    let (head, body) = data.split_once(',')?;
    let media_type = known(head.strip_suffix(";base64")?)?;
    let bytes = BASE64_STANDARD.decode(body.trim()).ok()?;
    (bytes.len() <= MAX_BYTES).then(|| Logo {
        media_type,
        bytes: bytes.into(),
    })
}

async fn fetched(egress: &Egress, uri: &str) -> Option<Logo> {
    let url = Url::parse(uri).ok()?;
    let response = egress.send_whole(get(url), MAX_BYTES).await.ok()?;
    if !response.status.is_success() {
        return None;
    }
    let media_type = response.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(Logo {
        media_type: known(media_type)?,
        bytes: response.body,
    })
}

fn known(media_type: &str) -> Option<&'static str> {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is = |known: &&&str| known.eq_ignore_ascii_case(essence);
    MEDIA_TYPES.iter().find(is).copied()
}

fn get(url: Url) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("image/*"));
    let query = url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    Request {
        method: Method::GET,
        target: Target {
            path_and_query: format!("{}{query}", url.path()),
            origin: url,
        },
        headers,
        body: Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_in_addresses_are_read_and_nothing_else_is() {
        let logo = decoded("image/svg+xml;base64,PHN2Zy8+").unwrap();
        assert_eq!(logo.media_type, "image/svg+xml");
        assert_eq!(&*logo.bytes, b"<svg/>");
        assert_eq!(decoded("text/html;base64,PHN2Zy8+"), None);
        assert_eq!(decoded("image/png,plain"), None);
        assert_eq!(decoded("image/png;base64,???"), None);
        let large = BASE64_STANDARD.encode(vec![0; MAX_BYTES + 1]);
        assert_eq!(decoded(&format!("image/png;base64,{large}")), None);
    }

    #[test]
    fn media_types_are_known_with_parameters_and_in_any_case() {
        assert_eq!(known("Image/PNG; charset=binary"), Some("image/png"));
        assert_eq!(known("text/html"), None);
    }
}
