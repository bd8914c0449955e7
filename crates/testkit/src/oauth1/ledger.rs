//! Tokens of both kinds, and nonces.
//!
//! Nonces are kept as long as their timestamps are taken, temporary credentials until they end, and
//! tokens for good: of these there are as many as somebody consents to.

use std::collections::{BTreeSet, HashMap};

use authbridge_core::Effects;

use super::refusal::Problem;

/// Seconds since 1970.
pub(super) type Seconds = i64;

/// How temporary credentials stand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Decision {
    /// Nobody has been asked yet.
    Pending,
    /// The user consented, and brings this verifier.
    Granted(String),
    /// The user did not.
    Denied,
    /// They were traded for a token.
    Used,
}

/// Temporary credentials (RFC 5849 section 2.1).
#[derive(Clone)]
pub(super) struct RequestToken {
    pub(super) secret: String,
    pub(super) consumer: String,
    /// Where the user goes; `oob` for nowhere.
    pub(super) callback: String,
    pub(super) scope: Option<String>,
    pub(super) decision: Decision,
    ends: Seconds,
}

/// Token credentials (RFC 5849 section 2.3).
#[derive(Clone)]
pub(super) struct AccessToken {
    pub(super) secret: String,
    /// `None` where any consumer may use it.
    pub(super) consumer: Option<String>,
    pub(super) subject: String,
    pub(super) session_handle: Option<String>,
    ends: Option<Seconds>,
    is_revoked: bool,
}

/// A token that was made, with its secret.
pub(super) struct Fresh {
    pub(super) token: String,
    pub(super) secret: String,
}

#[derive(Default)]
pub(super) struct Ledger {
    count: u64,
    request_tokens: HashMap<String, RequestToken>,
    access_tokens: HashMap<String, AccessToken>,
    nonces: BTreeSet<(Seconds, String)>,
}

impl Ledger {
    pub(super) fn issue_request_token(
        &mut self,
        effects: &Effects,
        (consumer, callback, scope): (&str, &str, Option<&str>),
        (now, ends): (Seconds, Seconds),
    ) -> Fresh {
        self.request_tokens.retain(|_, token| token.ends > now);
        let fresh = self.fresh(effects, "request");
        let token = RequestToken {
            secret: fresh.secret.clone(),
            consumer: consumer.to_owned(),
            callback: callback.to_owned(),
            scope: scope.map(str::to_owned),
            decision: Decision::Pending,
            ends,
        };
        self.request_tokens.insert(fresh.token.clone(), token);
        fresh
    }

    pub(super) fn request_token(
        &mut self,
        token: &str,
        now: Seconds,
    ) -> Result<&mut RequestToken, Problem> {
        let found = self.request_tokens.get_mut(token);
        let found = found.ok_or(Problem::TokenRejected)?;
        if found.ends <= now {
            return Err(Problem::TokenExpired);
        }
        if found.decision == Decision::Used {
            return Err(Problem::TokenUsed);
        }
        Ok(found)
    }

    pub(super) fn issue_access_token(
        &mut self,
        effects: &Effects,
        consumer: &str,
        subject: &str,
        session_handle: Option<String>,
        ends: Option<Seconds>,
    ) -> Fresh {
        let fresh = self.fresh(effects, "access");
        let token = AccessToken {
            secret: fresh.secret.clone(),
            consumer: Some(consumer.to_owned()),
            subject: subject.to_owned(),
            session_handle,
            ends,
            is_revoked: false,
        };
        self.access_tokens.insert(fresh.token.clone(), token);
        fresh
    }

    /// Knows a token that was made elsewhere.
    pub(super) fn know(&mut self, token: &str, secret: &str, subject: &str) {
        let known = AccessToken {
            secret: secret.to_owned(),
            consumer: None,
            subject: subject.to_owned(),
            session_handle: None,
            ends: None,
            is_revoked: false,
        };
        self.access_tokens.insert(token.to_owned(), known);
    }

    /// A token that is good, or one that has expired if `renews`.
    pub(super) fn access_token(
        &self,
        token: &str,
        now: Seconds,
        renews: bool,
    ) -> Result<&AccessToken, Problem> {
        let found = self.access_tokens.get(token);
        let found = found.ok_or(Problem::TokenRejected)?;
        if found.is_revoked {
            return Err(Problem::TokenRevoked);
        }
        if !renews && found.ends.is_some_and(|ends| ends <= now) {
            return Err(Problem::TokenExpired);
        }
        Ok(found)
    }

    pub(super) fn expire_all(&mut self) {
        for token in self.access_tokens.values_mut() {
            token.ends = Some(Seconds::MIN);
        }
    }

    pub(super) fn revoke(&mut self, token: &str) {
        if let Some(token) = self.access_tokens.get_mut(token) {
            token.is_revoked = true;
        }
    }

    pub(super) fn revoke_all(&mut self) {
        self.request_tokens.clear();
        for token in self.access_tokens.values_mut() {
            token.is_revoked = true;
        }
    }

    /// Takes `nonce`, which says who uses it, unless it was there before (RFC 5849 section 3.3).
    /// Those with timestamps before `oldest` need not be known any more.
    pub(super) fn take_nonce(
        &mut self,
        timestamp: Seconds,
        nonce: String,
        oldest: Seconds,
    ) -> Result<(), Problem> {
        self.nonces = self.nonces.split_off(&(oldest, String::new()));
        let is_new = self.nonces.insert((timestamp, nonce));
        is_new.then_some(()).ok_or(Problem::NonceUsed)
    }

    /// Something that nobody knows and that is not there yet.
    pub(super) fn unguessable(&mut self, effects: &Effects) -> String {
        self.count += 1;
        let bytes = effects.random_bytes::<16>();
        format!("{:06}-{:032x}", self.count, u128::from_be_bytes(bytes))
    }

    fn fresh(&mut self, effects: &Effects, kind: &str) -> Fresh {
        Fresh {
            token: format!("{kind}-token-{}", self.unguessable(effects)),
            secret: format!("{kind}-secret-{}", self.unguessable(effects)),
        }
    }
}
