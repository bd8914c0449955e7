//! What is particular about connections of the OAuth types: what their configuration says.

use authbridge_core::SecretJson;
use authbridge_core::auth::OAuthConfigError;
use authbridge_core::connector::FunctionName;
use authbridge_engine::ConnectRequest;
use authbridge_testkit::oauth2::SigningPair;
use serde_json::{Value, json};

use super::super::sample::replaced;
use super::{Run, Went};
use crate::error::CliError;

/// What the configuration of an OAuth connector says about the life of its connections.
pub(super) struct OAuth {
    /// Whether the user consents in a browser.
    pub(super) is_in_browser: bool,
    /// Whether tokens are given back at the end.
    pub(super) can_revoke: bool,
    pub(super) tokens: Tokens,
}

/// What becomes of tokens in time.
#[derive(Clone, Copy)]
pub(super) enum Tokens {
    /// There are none.
    None,
    /// Nothing renews them, for this reason.
    Final(&'static str),
    /// They can be had again without the user.
    Renewable {
        /// Whether what renews them was consented to by a user, who can take that back.
        is_revocable: bool,
    },
}

impl OAuth {
    pub(super) fn can_refresh(&self) -> bool {
        matches!(self.tokens, Tokens::Renewable { .. })
    }
}

impl Run<'_> {
    pub(super) fn is_in_browser(&self) -> bool {
        self.oauth.as_ref().is_some_and(|oauth| oauth.is_in_browser)
    }

    /// What a function returns before there is a connection; without it, a failed step.
    pub(super) async fn returned(
        &mut self,
        function: FunctionName,
    ) -> Result<Option<Value>, CliError> {
        let nobody = self.bench.person()?;
        let request = ConnectRequest {
            integration: self.subject.integration.to_owned(),
            customer: Some(nobody.id.clone()),
            auth_option_key: self.option.key.clone(),
            input: Some(SecretJson::new(self.input.clone())),
            ..ConnectRequest::default()
        };
        let own = SecretJson::new(json!({
            "redirectUri": format!("{}/oauth-callback", self.bench.local.url),
            "state": "a-sample-state",
        }));
        let trying = self
            .bench
            .try_before_connecting(&nobody, &request, function, own);
        let (result, logs) = trying.await?;
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let went = Went {
                    error: Some(error),
                    logs,
                    ..Went::failed(&[])
                };
                self.add("connect", went);
                Ok(None)
            }
        }
    }

    /// What `getOAuthConfig` returns, read by `read`; without it, a failed step.
    pub(super) async fn configuration<C>(
        &mut self,
        read: impl Fn(&Value) -> Result<C, OAuthConfigError>,
    ) -> Result<Option<C>, CliError> {
        let returned = self.returned(FunctionName::GetOAuthConfig).await?;
        let Some(mut value) = returned else {
            return Ok(None);
        };
        // Their formulas are about answers, and there is none.
        if let Value::Object(members) = &mut value {
            members.remove("failures");
        }
        match read(&value) {
            Ok(config) => Ok(Some(config)),
            Err(error) => {
                self.add("connect", Went::failed(&[&error.to_string()]));
                Ok(None)
            }
        }
    }

    /// Puts `pair` in the place of `old`, a key that nothing can be signed with, since it was made
    /// up.
    pub(super) async fn replace_key(
        &mut self,
        old: &str,
        pair: &SigningPair,
    ) -> Result<(), CliError> {
        let parameters = replaced(self.subject.parameters, old, &pair.private);
        self.input = replaced(&self.input, old, &pair.private);
        let integration = self.subject.integration;
        self.bench.set_parameters(integration, &parameters).await?;
        let key = Value::from(pair.private.as_str());
        self.mask = self.mask.clone().and("privateKey", &key);
        Ok(())
    }
}
