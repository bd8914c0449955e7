//! Whether a request is signed by who it says (RFC 5849 section 3.2).

use http::request;

use super::ledger::Seconds;
use super::message::Message;
use super::options::{Consumer, SignatureMethod};
use super::refusal::{Problem, Refusal};
use super::state::State;

/// What a signed request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Endpoint {
    /// Temporary credentials.
    RequestToken,
    /// A token, for temporary credentials or for an older token with its session handle.
    AccessToken,
    /// Whatever the token is for.
    Resource,
}

impl State {
    /// Reads and verifies a request. What is wrong with its clock is said before anything else,
    /// and its nonce is taken when everything else is in order.
    pub(super) fn verified(
        &mut self,
        endpoint: Endpoint,
        head: &request::Parts,
        body: &[u8],
    ) -> Result<Message, Refusal> {
        if let Some(problem) = self.planned() {
            return Err(problem.into());
        }
        let message = Message::read(head, body)?;
        let message = message.ok_or_else(|| Refusal::absent("oauth_consumer_key"))?;
        if message.get("oauth_version").is_some_and(|it| it != "1.0") {
            return Err(Problem::VersionRejected.into());
        }
        let timestamp = self.timestamp(&message)?;
        let consumer = self.consumer(&message)?;
        let method = self.method(&message)?;
        let token_secret = self.token_secret(endpoint, &message)?;
        self.check_signature(&message, method, &consumer, &token_secret)?;
        check_body(&message, method, body)?;
        self.check_nonce(&message, timestamp)?;
        Ok(message)
    }

    fn timestamp(&self, message: &Message) -> Result<Option<Seconds>, Refusal> {
        let is_plain = message.get("oauth_signature_method") == Some("PLAINTEXT");
        if is_plain && message.get("oauth_timestamp").is_none() {
            // RFC 5849 section 3.1.
            return Ok(None);
        }
        let timestamp = message.required("oauth_timestamp")?;
        let timestamp: Seconds = timestamp
            .parse()
            .map_err(|_| Refusal::rejected("oauth_timestamp"))?;
        let (first, last) = self.acceptable_timestamps();
        if (first..=last).contains(&timestamp) {
            return Ok(Some(timestamp));
        }
        let acceptable = format!("{first}-{last}");
        Err(Refusal::from(Problem::TimestampRefused)
            .with("oauth_acceptable_timestamps", acceptable))
    }

    fn acceptable_timestamps(&self) -> (Seconds, Seconds) {
        let tolerance = self.options.timestamp_tolerance.as_secs();
        let tolerance = Seconds::try_from(tolerance).unwrap_or(Seconds::MAX);
        let now = self.now();
        (now.saturating_sub(tolerance), now.saturating_add(tolerance))
    }

    fn consumer(&self, message: &Message) -> Result<Consumer, Refusal> {
        let key = message.required("oauth_consumer_key")?;
        let mut consumers = self.options.consumers.iter();
        let consumer = consumers.find(|consumer| consumer.key == key).cloned();
        consumer.ok_or_else(|| Problem::ConsumerKeyUnknown.into())
    }

    fn method(&self, message: &Message) -> Result<SignatureMethod, Refusal> {
        let taken = &self.options.signature_methods;
        let method = SignatureMethod::read(message.required("oauth_signature_method")?);
        method
            .filter(|method| taken.is_empty() || taken.contains(method))
            .ok_or_else(|| Problem::SignatureMethodRejected.into())
    }

    /// The secret of the token that signs, if it is one for this endpoint.
    fn token_secret(&mut self, endpoint: Endpoint, message: &Message) -> Result<String, Refusal> {
        let now = self.now();
        let consumer = message.required("oauth_consumer_key")?;
        let two_legged = self.options.two_legged;
        let Some(token) = message.get("oauth_token") else {
            return match endpoint {
                Endpoint::RequestToken => Ok(String::new()),
                Endpoint::Resource if two_legged => Ok(String::new()),
                Endpoint::AccessToken | Endpoint::Resource => Err(Refusal::absent("oauth_token")),
            };
        };
        let renews = message.get("oauth_session_handle").is_some();
        let (owner, secret) = match endpoint {
            Endpoint::RequestToken => return Err(Refusal::rejected("oauth_token")),
            Endpoint::AccessToken if !renews => {
                let token = self.ledger.request_token(token, now)?;
                (Some(token.consumer.clone()), token.secret.clone())
            }
            Endpoint::AccessToken | Endpoint::Resource => {
                let renews = renews && endpoint == Endpoint::AccessToken;
                let token = self.ledger.access_token(token, now, renews)?;
                (token.consumer.clone(), token.secret.clone())
            }
        };
        if owner.is_some_and(|owner| owner != consumer) {
            return Err(Problem::TokenRejected.into());
        }
        Ok(secret)
    }

    fn check_signature(
        &self,
        message: &Message,
        method: SignatureMethod,
        consumer: &Consumer,
        token_secret: &str,
    ) -> Result<(), Refusal> {
        let signature = message.signature()?;
        let is_right = self.schemes.iter().any(|scheme| {
            let base_string = message.base_string(scheme);
            method.verifies(consumer, token_secret, &base_string, signature)
        });
        if is_right {
            return Ok(());
        }
        let scheme = self.schemes.first().copied().unwrap_or_default();
        let expected = format!("the base string is {}", message.base_string(scheme));
        Err(Refusal::from(Problem::SignatureInvalid).with("oauth_problem_advice", expected))
    }

    fn check_nonce(
        &mut self,
        message: &Message,
        timestamp: Option<Seconds>,
    ) -> Result<(), Refusal> {
        let Some(timestamp) = timestamp else {
            return Ok(());
        };
        let user = [
            message.required("oauth_consumer_key")?,
            message.get("oauth_token").unwrap_or_default(),
            message.required("oauth_nonce")?,
        ];
        let (oldest, _) = self.acceptable_timestamps();
        let taken = self.ledger.take_nonce(timestamp, user.join("\n"), oldest);
        Ok(taken?)
    }
}

/// OAuth Request Body Hash: only bodies that are no forms have one.
fn check_body(message: &Message, method: SignatureMethod, body: &[u8]) -> Result<(), Refusal> {
    let Some(given) = message.get("oauth_body_hash") else {
        return Ok(());
    };
    if message.has_form {
        return Err(Refusal::rejected("oauth_body_hash"));
    }
    match method.body_hash(body) {
        Some(hash) if hash == given => Ok(()),
        Some(_) | None => Err(Problem::BodyHashInvalid.into()),
    }
}

#[cfg(test)]
mod tests;
