//! What an issuer publishes about itself (RFC 8414, OpenID Connect Discovery 1.0).

use serde_json::Value;
use url::Url;

use super::config::{ClientAuth, OAuth2Config};
use crate::auth::members::OAuthConfigError;

/// Where the metadata of `issuer` may be, in the order in which to look: as OpenID Connect has it
/// (a suffix of the path), and as RFC 8414 section 3 has it (between host and path).
pub(super) fn metadata_urls(issuer: &str) -> Result<[Url; 2], OAuthConfigError> {
    let unusable = |reason: &str| OAuthConfigError::Metadata {
        issuer: issuer.to_owned(),
        reason: reason.to_owned(),
    };
    let url = Url::parse(issuer).map_err(|_| unusable("it is no URL"))?;
    if !matches!(url.scheme(), "https" | "http") || url.query().is_some() {
        return Err(unusable("it must be a URL without a query"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = url.clone();
        url.set_path(&path);
        url.set_fragment(None);
        url
    };
    Ok([
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ])
}

impl OAuth2Config {
    /// Fills in what the configuration does not say from the metadata of its issuer.
    pub(super) fn complete(&mut self, metadata: &Value) -> Result<(), OAuthConfigError> {
        let Some(issuer) = self.issuer.clone() else {
            return Ok(());
        };
        let unusable = |reason: String| OAuthConfigError::Metadata {
            issuer: issuer.clone(),
            reason,
        };
        // Otherwise somebody could publish another's endpoints as his own (RFC 8414 section 3.3).
        let said = metadata.get("issuer").and_then(Value::as_str);
        if said != Some(issuer.as_str()) {
            return Err(unusable(format!(
                "they are those of {}",
                said.map_or("nobody".to_owned(), |said| format!("`{said}`"))
            )));
        }
        let endpoint = |name: &str| match metadata.get(name).and_then(Value::as_str) {
            None => Ok(None),
            Some(text) => Url::parse(text)
                .map(Some)
                .map_err(|_| unusable(format!("`{name}` is no URL"))),
        };
        fill(&mut self.authorize_uri, endpoint("authorization_endpoint")?);
        fill(&mut self.token_uri, endpoint("token_endpoint")?);
        fill(&mut self.revocation_uri, endpoint("revocation_endpoint")?);
        if self.client_auth.is_none() {
            self.client_auth = client_auth(metadata);
        }
        self.announces_iss = metadata
            .get("authorization_response_iss_parameter_supported")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        Ok(())
    }
}

fn fill<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// The best that the token endpoint takes; `None` when it does not say, or takes none of ours.
fn client_auth(metadata: &Value) -> Option<ClientAuth> {
    let methods = metadata
        .get("token_endpoint_auth_methods_supported")?
        .as_array()?;
    let takes = |name: &str| methods.iter().any(|method| method == name);
    if takes("client_secret_basic") {
        Some(ClientAuth::Basic)
    } else if takes("client_secret_post") {
        Some(ClientAuth::Body)
    } else {
        None
    }
}
