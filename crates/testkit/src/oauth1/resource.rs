//! What the tokens are for.

use http::request;
use serde_json::{Value, json};

use super::message::Message;
use super::refusal::Refusal;
use super::state::State;

impl State {
    /// What the resource answers to a request whose signature is good.
    pub(super) fn resource(
        &mut self,
        message: &Message,
        head: &request::Parts,
    ) -> Result<Value, Refusal> {
        let subject = match message.get("oauth_token") {
            Some(token) => {
                let token = self.ledger.access_token(token, self.now(), false)?;
                Some(token.subject.clone())
            }
            None => None,
        };
        self.counts.resource_requests_accepted += 1;
        Ok(json!({
            "id": subject,
            "consumerKey": message.required("oauth_consumer_key")?,
            "signatureMethod": message.required("oauth_signature_method")?,
            "path": head.uri.path(),
        }))
    }
}
