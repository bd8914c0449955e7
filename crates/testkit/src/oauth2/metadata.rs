//! What the server says of itself (RFC 8414, OpenID Connect Discovery).

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::counts::GrantType;
use super::options::{CallbackIss, ClientAuthMethod, Pkce};
use super::shape::overlay;
use super::state::State;
use crate::answer::{self, Body};

impl State {
    /// Both documents are the same.
    pub(super) fn metadata(&self) -> Response<Body> {
        let base = &self.base_uri;
        let mut members = Map::new();
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("issuer", self.issuer().into());
        add("authorization_endpoint", format!("{base}/authorize").into());
        add("token_endpoint", format!("{base}/token").into());
        add("revocation_endpoint", format!("{base}/revoke").into());
        add("response_types_supported", json!(["code"]));
        add(
            "grant_types_supported",
            GrantType::ALL.map(GrantType::as_str).to_vec().into(),
        );
        add(
            "token_endpoint_auth_methods_supported",
            self.methods().into(),
        );
        if self.options.pkce != Pkce::Unknown {
            add("code_challenge_methods_supported", json!(["S256"]));
        }
        if let Some(scopes) = &self.options.scopes {
            add("scopes_supported", scopes.clone().into());
        }
        let announces_iss = self.options.callback_iss != CallbackIss::Absent;
        add(
            "authorization_response_iss_parameter_supported",
            announces_iss.into(),
        );
        overlay(&mut members, &self.options.metadata_extra);
        answer::json(StatusCode::OK, &Value::Object(members))
    }

    /// The ways of proving who one is that some client may use.
    fn methods(&self) -> Vec<&'static str> {
        let names = [
            (ClientAuthMethod::Basic, "client_secret_basic"),
            (ClientAuthMethod::Body, "client_secret_post"),
            (ClientAuthMethod::None, "none"),
        ];
        let clients = &self.options.clients;
        let is_used = |method| {
            clients
                .iter()
                .any(|client| client.methods.contains(&method))
        };
        let used = names.into_iter().filter(|(method, _)| is_used(*method));
        used.map(|(_, name)| name).collect()
    }
}
