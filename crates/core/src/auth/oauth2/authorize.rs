//! The authorization request (RFC 6749 section 4.1.1), and what comes back from it.

use serde_json::{Map, Value};
use url::Url;

use super::config::OAuth2Config;
use super::pkce;
use crate::auth::members::OAuthConfigError;

/// What is different in every authorization request.
pub(super) struct AuthorizationRequest<'a> {
    pub(super) redirect_uri: &'a str,
    pub(super) state: &'a str,
    /// For PKCE.
    pub(super) code_verifier: Option<&'a str>,
    /// Of OpenID Connect (Core section 3.1.2.1).
    pub(super) nonce: Option<&'a str>,
}

impl OAuth2Config {
    /// Where the user's browser is sent.
    pub(super) fn authorization_url(
        &self,
        request: &AuthorizationRequest<'_>,
    ) -> Result<Url, OAuthConfigError> {
        let mut url = self.authorization_endpoint()?.clone();
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.client_id.clone()),
            ("redirect_uri", request.redirect_uri.to_owned()),
            ("state", request.state.to_owned()),
        ];
        parameters.extend(self.scope().map(|scope| ("scope", scope)));
        if let Some(verifier) = request.code_verifier {
            parameters.push(("code_challenge", pkce::challenge(verifier)));
            parameters.push(("code_challenge_method", "S256".to_owned()));
        }
        parameters.extend(request.nonce.map(|nonce| ("nonce", nonce.to_owned())));
        let resources = self.resources.iter();
        parameters.extend(resources.map(|resource| ("resource", resource.clone())));
        replace_query(&mut url, &parameters, &self.authorize_extra, "state");
        Ok(url)
    }

    /// Whether the request asks for an ID token, and so needs a nonce.
    pub(super) fn is_openid(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }
}

/// What the connector adds wins over what we would say, so that it can leave out (`null`) or
/// rename; except for the parameter `kept`, without which nothing would be safe.
pub(in crate::auth) fn replace_query(
    url: &mut Url,
    parameters: &[(&str, String)],
    extra: &Map<String, Value>,
    kept: &str,
) {
    let is_ours = |name: &str| name == kept || !extra.contains_key(name);
    let own: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut query = url.query_pairs_mut();
    query.clear();
    query.extend_pairs(own);
    let ours = parameters.iter().filter(|(name, _)| is_ours(name));
    query.extend_pairs(ours);
    for (name, value) in extra.iter().filter(|(name, _)| *name != kept) {
        match value {
            Value::Null => {}
            Value::String(text) => {
                query.append_pair(name, text);
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                query.append_pair(name, &value.to_string());
            }
        }
    }
}
