//! Tokens of both kinds (RFC 5849 sections 2.1 and 2.3).

use http::{Response, StatusCode, request};
use url::{Url, form_urlencoded};

use super::ledger::{Decision, Seconds};
use super::message::Message;
use super::refusal::{FORM, Problem, Refusal};
use super::state::State;
use crate::answer::{self, Body};
use crate::query;

/// What a callback is where the user goes nowhere.
pub(super) const OUT_OF_BAND: &str = "oob";

impl State {
    pub(super) fn request_token(
        &mut self,
        message: &Message,
        head: &request::Parts,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let callback = message.required("oauth_callback")?;
        if callback != OUT_OF_BAND && Url::parse(callback).is_err() {
            return Err(Refusal::rejected("oauth_callback"));
        }
        let now = self.now();
        let lifetime = self.options.request_token_lifetime.as_secs();
        let ends = now.saturating_add(Seconds::try_from(lifetime).unwrap_or(Seconds::MAX));
        let scope = query::first(head.uri.query(), "scope");
        let consumer = message.required("oauth_consumer_key")?;
        let fresh = self.ledger.issue_request_token(
            &self.options.effects,
            (consumer, callback, scope.as_deref()),
            (now, ends),
        );
        self.counts.request_tokens_issued += 1;
        Ok(vec![
            ("oauth_token".to_owned(), fresh.token),
            ("oauth_token_secret".to_owned(), fresh.secret),
            ("oauth_callback_confirmed".to_owned(), "true".to_owned()),
        ])
    }

    pub(super) fn access_token(
        &mut self,
        message: &Message,
    ) -> Result<Vec<(String, String)>, Refusal> {
        match message.get("oauth_session_handle") {
            Some(handle) => self.renewed(message, handle),
            None => self.traded(message),
        }
    }

    /// Trades temporary credentials for a token. They are used up by that.
    fn traded(&mut self, message: &Message) -> Result<Vec<(String, String)>, Refusal> {
        let now = self.now();
        let token = message.required("oauth_token")?;
        let verifier = message.required("oauth_verifier")?;
        let pending = self.ledger.request_token(token, now)?;
        match &pending.decision {
            Decision::Granted(expected) if expected == verifier => {}
            Decision::Granted(_) => return Err(Problem::VerifierInvalid.into()),
            Decision::Pending | Decision::Denied => return Err(Problem::PermissionUnknown.into()),
            Decision::Used => return Err(Problem::TokenUsed.into()),
        }
        pending.decision = Decision::Used;
        let consumer = pending.consumer.clone();
        self.counts.access_tokens_issued += 1;
        let handle = self
            .options
            .sessions
            .then(|| self.ledger.unguessable(&self.options.effects));
        Ok(self.token(&consumer, handle))
    }

    /// Trades a token for another one by its session handle (OAuth Session extension).
    fn renewed(
        &mut self,
        message: &Message,
        handle: &str,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let old = message.required("oauth_token")?;
        let consumer = message.required("oauth_consumer_key")?;
        let known = self.ledger.access_token(old, self.now(), true)?;
        if known.session_handle.as_deref() != Some(handle) {
            return Err(Problem::SessionHandleRejected.into());
        }
        self.ledger.revoke(old);
        self.counts.access_tokens_renewed += 1;
        Ok(self.token(consumer, Some(handle.to_owned())))
    }

    /// A token as its endpoint answers.
    pub(super) fn token(
        &mut self,
        consumer: &str,
        handle: Option<String>,
    ) -> Vec<(String, String)> {
        let subject = self.options.subject.clone();
        let lifetime = self.options.access_token_lifetime;
        let lifetime = lifetime.map(|it| Seconds::try_from(it.as_secs()).unwrap_or(Seconds::MAX));
        let ends = lifetime.map(|lifetime| self.now().saturating_add(lifetime));
        let effects = &self.options.effects;
        let fresh =
            self.ledger
                .issue_access_token(effects, consumer, &subject, handle.clone(), ends);
        let mut members = vec![
            ("oauth_token", fresh.token),
            ("oauth_token_secret", fresh.secret),
            ("user_id", subject),
        ];
        members.extend(handle.map(|handle| ("oauth_session_handle", handle)));
        members.extend(lifetime.map(|lifetime| ("oauth_expires_in", lifetime.to_string())));
        let members = members.into_iter();
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// The answer with a token.
pub(super) fn response(members: &[(String, String)]) -> Response<Body> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let form = form.extend_pairs(members).finish();
    answer::whole(StatusCode::OK, FORM, form)
}
