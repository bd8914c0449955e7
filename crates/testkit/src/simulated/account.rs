//! What the simulated API knows of credentials: what the user was given, and what it issued.

use serde_json::{Map, Value, json};

use super::exchange::SimulatedRequest;
use crate::oauth2::IssuedTokens;
use crate::options::TokenCheck;
use crate::token;

/// Shorter values are too common to be taken for credentials.
const MIN_CREDENTIAL_CHARACTERS: usize = 4;

/// Headers that carry a token of the workspace (wire contract A.4).
const TOKEN_HEADERS: [&str; 2] = ["x-integration-app-token", "x-membrane-token"];

/// The one account of the simulated API.
#[derive(Default)]
pub(super) struct Account {
    /// What the user types to prove who they are.
    typed: Vec<String>,
    /// Names of headers and query parameters that hold something made from what was typed, such
    /// as a signature, which cannot be checked here.
    trusted: Vec<String>,
    /// Whether requests with what was typed are refused; logging in still works.
    typed_has_expired: bool,
    /// Whether logging in is refused as well.
    is_revoked: bool,
    issued: Vec<Issued>,
    /// How often something was issued.
    count: u64,
    tokens: TokenCheck,
}

struct Issued {
    value: String,
    kind: Kind,
    is_live: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Access,
    Refresh,
}

/// What the credentials of a request are worth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    Live,
    Expired,
    Unknown,
}

impl Account {
    pub(super) fn new(tokens: TokenCheck) -> Self {
        Self {
            tokens,
            ..Self::default()
        }
    }

    /// Forgets everything and knows `typed` from now on.
    pub(super) fn open(&mut self, typed: Vec<String>) {
        *self = Self {
            typed: typed.into_iter().filter(|it| is_credential(it)).collect(),
            tokens: self.tokens.clone(),
            count: self.count,
            ..Self::default()
        };
    }

    /// From now on requests with something in one of the headers or query parameters `names` count
    /// as if they carried what was typed.
    pub(super) fn trust(&mut self, names: Vec<String>) {
        self.trusted = names;
    }

    /// Everything that is a credential of this account, or was one.
    pub(super) fn secrets(&self) -> Vec<String> {
        let issued = self.issued.iter().map(|issued| &issued.value);
        self.typed.iter().chain(issued).cloned().collect()
    }

    pub(super) fn expire(&mut self) {
        self.typed_has_expired = true;
        for issued in &mut self.issued {
            issued.is_live &= issued.kind == Kind::Refresh;
        }
    }

    pub(super) fn revoke(&mut self) {
        self.expire();
        self.is_revoked = true;
        self.end_issued();
    }

    /// What the credentials of `request` are worth at a resource.
    pub(super) fn standing(&self, request: &SimulatedRequest) -> Standing {
        let texts = request.texts();
        let carries = |value: &String| texts.iter().any(|text| text.contains(value.as_str()));
        let of_kind = |is_live: bool| {
            self.issued
                .iter()
                .filter(|it| it.kind == Kind::Access && it.is_live == is_live)
                .any(|it| carries(&it.value))
        };
        let has_typed = self.typed.iter().any(carries) || self.is_derived(request);
        if of_kind(true)
            || (has_typed && !self.typed_has_expired)
            || self.has_workspace_token(request)
        {
            return Standing::Live;
        }
        if has_typed || of_kind(false) {
            return Standing::Expired;
        }
        Standing::Unknown
    }

    /// Whether `request` proves enough to be given fresh credentials: what the user typed, or a
    /// refresh token, which it uses up.
    pub(super) fn may_log_in(&mut self, request: &SimulatedRequest) -> bool {
        if self.is_revoked {
            return false;
        }
        let texts = request.texts();
        let carries = |value: &String| texts.iter().any(|text| text.contains(value.as_str()));
        if self.typed.iter().any(carries) || self.is_derived(request) {
            return true;
        }
        let refresh = self
            .issued
            .iter_mut()
            .find(|it| it.kind == Kind::Refresh && it.is_live && carries(&it.value));
        match refresh {
            Some(refresh) => {
                refresh.is_live = false;
                true
            }
            None => false,
        }
    }

    /// Remembers tokens that an authorization server issued.
    pub(super) fn know(&mut self, tokens: &IssuedTokens) {
        self.remember(tokens.access_token.clone(), Kind::Access);
        if let Some(refresh) = &tokens.refresh_token {
            self.remember(refresh.clone(), Kind::Refresh);
        }
    }

    /// Remembers a code that an authorization server issued, which proves enough once.
    pub(super) fn know_code(&mut self, code: String) {
        self.remember(code, Kind::Refresh);
    }

    /// Nothing that was issued works any more.
    pub(super) fn end_issued(&mut self) {
        for issued in &mut self.issued {
            issued.is_live = false;
        }
    }

    /// A new access token and a new refresh token.
    pub(super) fn issue(&mut self) -> Tokens {
        self.count += 1;
        // Digits of one width, so that no token is the beginning of another.
        let tokens = Tokens {
            access: format!("simulated-access-token-{:06}", self.count),
            refresh: format!("simulated-refresh-token-{:06}", self.count),
        };
        self.remember(tokens.access.clone(), Kind::Access);
        self.remember(tokens.refresh.clone(), Kind::Refresh);
        tokens
    }

    /// Takes the string members of `answer` that are named like credentials for issued ones: a
    /// route's answer may hold tokens of its own.
    pub(super) fn adopt(&mut self, answer: &Value) {
        match answer {
            Value::Object(members) => self.adopt_members(members),
            Value::Array(items) => items.iter().for_each(|item| self.adopt(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn adopt_members(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            let Value::String(text) = value else {
                self.adopt(value);
                continue;
            };
            let name = name.to_ascii_lowercase();
            let is_named_so = ["token", "session", "jwt", "key", "secret", "ticket"]
                .iter()
                .any(|word| name.contains(word));
            if !is_named_so || !is_credential(text) || name.ends_with("type") {
                continue;
            }
            let kind = if name.contains("refresh") {
                Kind::Refresh
            } else {
                Kind::Access
            };
            self.remember(text.clone(), kind);
        }
    }

    fn remember(&mut self, value: String, kind: Kind) {
        if let Some(known) = self.issued.iter_mut().find(|it| it.value == value) {
            known.is_live = true;
            return;
        }
        self.issued.push(Issued {
            value,
            kind,
            is_live: true,
        });
    }

    /// Whether it carries something made from what the user typed.
    fn is_derived(&self, request: &SimulatedRequest) -> bool {
        let mut pairs = request.headers.iter().chain(&request.query);
        pairs.any(|(name, value)| !value.is_empty() && self.trusted.contains(name))
            || self.is_signed(request)
    }

    /// A bearer JWT that is signed with something the user typed.
    fn is_signed(&self, request: &SimulatedRequest) -> bool {
        let authorization = request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        let Some((_, value)) = authorization else {
            return false;
        };
        let token = value.split_once(' ').map_or("", |(_, token)| token);
        self.typed.iter().any(|typed| {
            let check = TokenCheck {
                workspace_secret: Some(typed.clone()),
                now: None,
            };
            token::claims(token, &check).is_ok()
        })
    }

    fn has_workspace_token(&self, request: &SimulatedRequest) -> bool {
        let mut tokens = request
            .headers
            .iter()
            .filter(|(name, _)| TOKEN_HEADERS.contains(&name.as_str()));
        tokens.any(|(_, token)| token::claims(token, &self.tokens).is_ok())
    }
}

impl From<IssuedTokens> for Tokens {
    fn from(issued: IssuedTokens) -> Self {
        Self {
            access: issued.access_token,
            refresh: issued.refresh_token.unwrap_or_default(),
        }
    }
}

/// A pair of fresh credentials.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Tokens {
    /// The answer of a token endpoint, under the names that are in use.
    pub(super) fn answer(&self) -> Value {
        json!({
            "id": "1",
            "name": "Simulated account",
            "access_token": self.access,
            "accessToken": self.access,
            "token": self.access,
            "refresh_token": self.refresh,
            "refreshToken": self.refresh,
            "token_type": "Bearer",
            "expires_in": 3600,
            "expiresIn": 3600,
        })
    }
}

fn is_credential(text: &str) -> bool {
    text.chars().count() >= MIN_CREDENTIAL_CHARACTERS
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::exchange::tests::request;
    use super::*;

    fn account() -> Account {
        let mut account = Account::new(TokenCheck {
            workspace_secret: Some("workspace".into()),
            now: None,
        });
        account.open(vec!["hunter2".into(), "abc".into()]);
        account
    }

    fn bearer(token: &str) -> SimulatedRequest {
        request("GET", "/me", &format!("authorization: Bearer {token}"), "")
    }

    #[test]
    fn what_was_typed_is_known_until_it_expires() {
        let mut account = account();
        assert_eq!(account.standing(&bearer("hunter2")), Standing::Live);
        assert_eq!(account.standing(&bearer("hunter3")), Standing::Unknown);
        assert_eq!(account.standing(&bearer("abc")), Standing::Unknown);
        account.expire();
        assert_eq!(account.standing(&bearer("hunter2")), Standing::Expired);
        assert!(account.may_log_in(&bearer("hunter2")));
        account.revoke();
        assert!(!account.may_log_in(&bearer("hunter2")));
    }

    #[test]
    fn an_access_token_expires_and_its_refresh_token_works_once() {
        let mut account = account();
        let tokens = account.issue();
        assert_eq!(account.standing(&bearer(&tokens.access)), Standing::Live);
        account.expire();
        assert_eq!(account.standing(&bearer(&tokens.access)), Standing::Expired);
        let refresh = bearer(&tokens.refresh);
        assert!(account.may_log_in(&refresh));
        assert!(!account.may_log_in(&refresh));
    }

    #[test]
    fn a_refresh_token_is_no_access_token() {
        let mut account = account();
        let tokens = account.issue();
        assert_eq!(
            account.standing(&bearer(&tokens.refresh)),
            Standing::Unknown
        );
    }

    #[test]
    fn tokens_of_a_route_are_known_afterwards() {
        let mut account = account();
        account.adopt(&json!({ "data": { "jwt": "from-a-route", "tokenType": "Bearer" } }));
        assert_eq!(account.standing(&bearer("from-a-route")), Standing::Live);
        assert_eq!(account.standing(&bearer("Bearer")), Standing::Unknown);
    }

    #[test]
    fn a_token_signed_with_what_was_typed_is_recognised() {
        let account = account();
        // {"alg":"HS256"}.{"iss":"a"}, signed with `hunter2`.
        let signed = token::tests::hs256(r#"{"iss":"a"}"#, "hunter2");
        assert_eq!(account.standing(&bearer(&signed)), Standing::Live);
        let forged = token::tests::hs256(r#"{"iss":"a"}"#, "hunter3");
        assert_eq!(account.standing(&bearer(&forged)), Standing::Unknown);
    }

    #[test]
    fn what_cannot_be_checked_may_be_trusted() {
        let mut account = account();
        let signed = request("GET", "/", "x-signature: 5d41402abc4b2a76", "");
        assert_eq!(account.standing(&signed), Standing::Unknown);
        account.trust(vec!["x-signature".into()]);
        assert_eq!(account.standing(&signed), Standing::Live);
        account.expire();
        assert_eq!(account.standing(&signed), Standing::Expired);
    }

    #[test]
    fn a_token_of_the_workspace_is_recognised() {
        let account = account();
        let token = token::tests::hs256(r#"{"sub":"c"}"#, "workspace");
        let header = format!("x-membrane-token: {token}");
        assert_eq!(
            account.standing(&request("GET", "/", &header, "")),
            Standing::Live
        );
    }
}
