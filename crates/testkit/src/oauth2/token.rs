//! The token endpoint (RFC 6749 section 3.2) and the revocation endpoint (RFC 7009).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use super::assertion;
use super::counts::GrantType;
use super::identity;
use super::ledger::{Consented, Fresh, Millis, NotGood, Pending};
use super::options::{IdTokens, Pkce};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::shape::{Issued, Lifetime, unsigned};
use super::state::State;
use crate::answer::{self, Body};

const WRONG_NONCE: &str = "not-the-nonce-of-the-request";

impl State {
    /// Answers a token request. Whatever is granted has been granted when this returns.
    pub(super) fn answer_token_request(
        &mut self,
        headers: &HeaderMap,
        parameters: &Result<Parameters, Refusal>,
    ) -> Response<Body> {
        let outcome = match parameters {
            Ok(parameters) => self.grant(headers, parameters),
            Err(refusal) => Err(refusal.clone()),
        };
        match outcome {
            Ok(issued) => {
                self.counts.tokens_granted += 1;
                self.options.response.success(issued)
            }
            Err(refusal) => {
                self.counts.tokens_refused += 1;
                self.options.response.refusal(&refusal)
            }
        }
    }

    /// Answers a request to revoke a token. One that is not known is no error (RFC 7009 section
    /// 2.2).
    pub(super) fn answer_revocation(
        &mut self,
        headers: &HeaderMap,
        parameters: Result<Parameters, Refusal>,
    ) -> Response<Body> {
        match parameters.and_then(|parameters| self.revoke(headers, &parameters)) {
            Ok(()) => answer::json(StatusCode::OK, &json!({})),
            Err(refusal) => self.options.response.refusal(&refusal),
        }
    }

    /// Opens a grant without any request.
    pub(super) fn open_grant(&mut self, consented: Consented, refreshable: bool) -> Fresh {
        let number = self.ledger.number();
        let times = self.token_times();
        self.ledger.open(number, consented, refreshable, times)
    }

    /// What a token request is granted.
    pub(super) fn grant(
        &mut self,
        headers: &HeaderMap,
        parameters: &Parameters,
    ) -> Result<Issued, Refusal> {
        let grant_type = parameters.required("grant_type")?;
        let grant_type = GrantType::read(grant_type).ok_or_else(Refusal::grant_type)?;
        if grant_type == GrantType::JwtBearer && identity::is_anonymous(headers, parameters) {
            return self.by_assertion(None, parameters);
        }
        let client = identity::authenticate(&self.options.clients, headers, parameters)?;
        let is_public = client.secrets.is_empty();
        let client_id = client.id.clone();
        match grant_type {
            GrantType::AuthorizationCode => self.by_code(&client_id, parameters),
            GrantType::RefreshToken => self.by_refresh_token(&client_id, parameters),
            GrantType::ClientCredentials if is_public => {
                let message = "a client without a secret cannot act for itself";
                Err(Refusal::unauthorized(message))
            }
            GrantType::ClientCredentials => {
                let subject = client_id.clone();
                Ok(self.for_itself(client_id, subject, parameters))
            }
            GrantType::Password => self.by_password(client_id, parameters),
            GrantType::JwtBearer => self.by_assertion(Some(client_id), parameters),
        }
    }

    fn by_code(&mut self, client_id: &str, parameters: &Parameters) -> Result<Issued, Refusal> {
        let code = parameters.required("code")?;
        let now = self.now();
        let taken = self.ledger.take_code(code, client_id, now);
        let (number, pending) = taken.map_err(|reason| {
            self.counts.code_reuses += u64::from(reason == NotGood::Reused);
            refusal("code", reason)
        })?;
        // RFC 6749 section 4.1.3: it was in the authorization request, so it must be here.
        if parameters.get("redirect_uri") != Some(&pending.redirect_uri) {
            return Err(Refusal::grant("`redirect_uri` is not that of the code"));
        }
        self.check_verifier(&pending, parameters.get("code_verifier"))?;
        let times = self.token_times();
        let refreshable = self.options.refresh_tokens;
        let fresh = self
            .ledger
            .open(number, pending.consented, refreshable, times);
        Ok(self.issued(fresh, times, pending.nonce.as_deref()))
    }

    /// RFC 7636 section 4.6; a verifier without a challenge is how a downgrade shows (RFC 9700
    /// section 4.8.2).
    fn check_verifier(&self, pending: &Pending, verifier: Option<&str>) -> Result<(), Refusal> {
        if self.options.pkce == Pkce::Unknown {
            return Ok(());
        }
        match (&pending.challenge, verifier) {
            (None, None) => Ok(()),
            (Some(challenge), Some(verifier)) if *challenge == challenge_of(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::grant("`code_verifier` is wrong")),
            (Some(_), None) => Err(Refusal::grant("`code_verifier` is missing")),
            (None, Some(_)) => Err(Refusal::grant("there was no `code_challenge`")),
        }
    }

    fn by_refresh_token(
        &mut self,
        client_id: &str,
        parameters: &Parameters,
    ) -> Result<Issued, Refusal> {
        let token = parameters.required("refresh_token")?;
        let times = self.token_times();
        let rotation = self.options.rotation;
        let refreshed = self.ledger.refresh(token, client_id, rotation, times.1);
        let fresh = refreshed.map_err(|reason| {
            self.counts.refresh_token_reuses += u64::from(reason == NotGood::Reused);
            refusal("refresh token", reason)
        })?;
        Ok(self.issued(fresh, times, None))
    }

    fn by_password(
        &mut self,
        client_id: String,
        parameters: &Parameters,
    ) -> Result<Issued, Refusal> {
        let username = parameters.required("username")?;
        let password = parameters.required("password")?;
        let mut users = self.options.users.iter();
        if !users.any(|user| user.username == username && user.password == password) {
            return Err(Refusal::grant("user name or password is wrong"));
        }
        let consented = self.consented(client_id, username.to_owned(), parameters.get("scope"));
        let times = self.token_times();
        let fresh = self.open_grant(consented, self.options.refresh_tokens);
        Ok(self.issued(fresh, times, None))
    }

    fn by_assertion(
        &mut self,
        client_id: Option<String>,
        parameters: &Parameters,
    ) -> Result<Issued, Refusal> {
        let assertion = parameters.required("assertion")?;
        let endpoint = format!("{}/token", self.base_uri);
        let own = [endpoint.as_str(), &self.base_uri, self.issuer()];
        let more = self.options.audiences.iter().map(String::as_str);
        let audiences: Vec<&str> = own.into_iter().chain(more).collect();
        let now = self.now().div_euclid(1000);
        let keys = &self.options.assertion_keys;
        let asserted = assertion::verify(assertion, keys, &audiences, now)?;
        let client_id = client_id.unwrap_or(asserted.issuer);
        Ok(self.for_itself(client_id, asserted.subject, parameters))
    }

    /// Tokens without a refresh token: the client can ask again at any time.
    fn for_itself(
        &mut self,
        client_id: String,
        subject: String,
        parameters: &Parameters,
    ) -> Issued {
        let consented = self.consented(client_id, subject, parameters.get("scope"));
        let times = self.token_times();
        let fresh = self.open_grant(consented, false);
        self.issued(fresh, times, None)
    }

    /// What is granted of what is asked for.
    pub(super) fn consented(
        &self,
        client_id: String,
        subject: String,
        asked: Option<&str>,
    ) -> Consented {
        Consented {
            client_id,
            subject,
            scope: self.granted_scope(asked),
            openid: asked.is_some_and(|scope| scope.split(' ').any(|one| one == "openid")),
        }
    }

    fn issued(&self, fresh: Fresh, (now, ends): (Millis, Millis), nonce: Option<&str>) -> Issued {
        let lifetime = self.options.access_token_lifetime.map(|lifetime| Lifetime {
            seconds: lifetime.as_secs(),
            ends_at: ends.div_euclid(1000),
        });
        Issued {
            id_token: self.id_token(&fresh.consented, now, nonce),
            access_token: fresh.access_token,
            refresh_token: fresh.refresh_token,
            lifetime,
            scope: fresh.consented.scope,
        }
    }

    fn id_token(&self, consented: &Consented, now: Millis, nonce: Option<&str>) -> Option<String> {
        let nonce = match self.options.id_tokens {
            IdTokens::None => return None,
            IdTokens::Right => nonce,
            IdTokens::WrongNonce => nonce.map(|_| WRONG_NONCE),
        };
        if !consented.openid {
            return None;
        }
        let now = now.div_euclid(1000);
        let mut claims = json!({
            "iss": self.issuer(),
            "sub": consented.subject,
            "aud": consented.client_id,
            "iat": now,
            "exp": now + 300,
        });
        if let (Some(claims), Some(nonce)) = (claims.as_object_mut(), nonce) {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        Some(unsigned(&claims))
    }

    fn revoke(&mut self, headers: &HeaderMap, parameters: &Parameters) -> Result<(), Refusal> {
        let client = identity::authenticate(&self.options.clients, headers, parameters)?;
        self.counts.revocation_requests += 1;
        let token = parameters.required("token")?;
        let revoked = self.ledger.revoke(token, &client.id);
        let revoked = revoked
            .map_err(|_| Refusal::unauthorized("the token was not issued to this client"))?;
        self.counts.revocations += u64::from(revoked);
        Ok(())
    }
}

/// The challenge of `verifier` by the method S256 (RFC 7636 section 4.2).
fn challenge_of(verifier: &str) -> String {
    let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

fn refusal(what: &str, reason: NotGood) -> Refusal {
    let reason = match reason {
        NotGood::Unknown => "is not known",
        NotGood::Expired => "has expired",
        NotGood::Revoked => "has been revoked",
        NotGood::Reused => "has been used before; all that came of it is revoked",
    };
    Refusal::grant(&format!("the {what} {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        assert_eq!(
            challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
