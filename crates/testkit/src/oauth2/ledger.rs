//! What has been granted to whom, and what of it is still good.
//!
//! Memory is bounded by what is good at present: codes until they run out, and grants until they
//! are revoked or, without a refresh token, until their access token expires. Of tokens nothing is
//! kept; a grant knows which of its refresh tokens is the present one, and that is enough to tell
//! those that have been replaced.

use std::collections::{BTreeSet, HashMap, VecDeque};

use authbridge_core::Effects;

use super::mint::{Kind, Mint};
use super::options::Rotation;

/// Milliseconds since 1970.
pub(super) type Millis = i64;

/// What the user agreed to, or what the client may do by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Consented {
    pub(super) client_id: String,
    pub(super) subject: String,
    /// What is granted, separated by spaces.
    pub(super) scope: String,
    /// Whether the scope `openid` was asked for.
    pub(super) openid: bool,
}

/// A grant in force: the family of its access and refresh tokens.
struct Grant {
    consented: Consented,
    /// How often the refresh token has been replaced; `None` when there is none.
    generation: Option<u64>,
    /// Access tokens with numbers up to this one have been revoked.
    revoked_up_to: u64,
}

/// An authorization request that was consented to, waiting for its client.
pub(super) struct Pending {
    pub(super) consented: Consented,
    pub(super) redirect_uri: String,
    /// The S256 challenge.
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
}

enum CodeState {
    Unused(Box<Pending>),
    /// Used for this grant.
    Used(u64),
}

/// Why a token or code is not good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotGood {
    /// It was not issued here, or not to this client.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was revoked, or its grant was.
    Revoked,
    /// It was used before. The grant has been ended for it.
    Reused,
}

/// Tokens fresh from the ledger.
pub(super) struct Fresh {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) consented: Consented,
}

/// An access token that is good.
pub(super) struct Live<'l> {
    pub(super) grant: u64,
    pub(super) consented: &'l Consented,
}

pub(super) struct Ledger {
    mint: Mint,
    next: u64,
    /// Access tokens with numbers up to this one have expired by order.
    expired_up_to: u64,
    grants: HashMap<u64, Grant>,
    /// Grants without a refresh token, by the end of their access token.
    endings: BTreeSet<(Millis, u64)>,
    codes: HashMap<u64, (Millis, CodeState)>,
    code_order: VecDeque<u64>,
}

impl Ledger {
    pub(super) fn new(effects: &Effects) -> Self {
        Self {
            mint: Mint::new(effects),
            next: 0,
            expired_up_to: 0,
            grants: HashMap::new(),
            endings: BTreeSet::new(),
            codes: HashMap::new(),
            code_order: VecDeque::new(),
        }
    }

    /// Grants in force.
    pub(super) fn len(&self) -> usize {
        self.grants.len()
    }

    /// A code that is good until `ends`.
    pub(super) fn issue_code(&mut self, pending: Pending, now: Millis, ends: Millis) -> String {
        self.forget_ended(now);
        let number = self.number();
        let state = CodeState::Unused(Box::new(pending));
        self.codes.insert(number, (ends, state));
        self.code_order.push_back(number);
        self.mint.token(Kind::Code, [number])
    }

    /// What a code of `client_id` stands for; it is used up by this, whatever comes of it. A code
    /// that comes twice ends what it was used for (RFC 6749 section 4.1.2).
    pub(super) fn take_code(
        &mut self,
        code: &str,
        client_id: &str,
        now: Millis,
    ) -> Result<(u64, Pending), NotGood> {
        let [number] = self.mint.read(Kind::Code, code).ok_or(NotGood::Unknown)?;
        let (ends, state) = self.codes.get_mut(&number).ok_or(NotGood::Expired)?;
        let grant = match state {
            CodeState::Used(grant) => *grant,
            CodeState::Unused(_) if *ends <= now => return Err(NotGood::Expired),
            CodeState::Unused(pending) if pending.consented.client_id != client_id => {
                return Err(NotGood::Unknown);
            }
            CodeState::Unused(_) => {
                self.next += 1;
                self.next
            }
        };
        match std::mem::replace(state, CodeState::Used(grant)) {
            CodeState::Unused(pending) => Ok((grant, *pending)),
            CodeState::Used(_) => {
                self.end(grant);
                Err(NotGood::Reused)
            }
        }
    }

    /// A number for [`Ledger::open`].
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Opens a grant under `number` with an access token that is good until `ends`.
    pub(super) fn open(
        &mut self,
        number: u64,
        consented: Consented,
        refreshable: bool,
        (now, ends): (Millis, Millis),
    ) -> Fresh {
        self.forget_ended(now);
        let grant = Grant {
            consented: consented.clone(),
            generation: refreshable.then_some(0),
            revoked_up_to: 0,
        };
        self.grants.insert(number, grant);
        if !refreshable {
            self.endings.insert((ends, number));
        }
        Fresh {
            access_token: self.access_token(number, ends),
            refresh_token: refreshable.then(|| self.mint.token(Kind::Refresh, [number, 0])),
            consented,
        }
    }

    /// Uses a refresh token of `client_id`. One that was replaced ends its grant (RFC 9700 section
    /// 4.14.2).
    pub(super) fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        rotation: Rotation,
        ends: Millis,
    ) -> Result<Fresh, NotGood> {
        let read = self.mint.read(Kind::Refresh, token);
        let [number, generation] = read.ok_or(NotGood::Unknown)?;
        let grant = self.grants.get_mut(&number).ok_or(NotGood::Revoked)?;
        if grant.consented.client_id != client_id {
            return Err(NotGood::Unknown);
        }
        let current = grant.generation.as_mut().ok_or(NotGood::Unknown)?;
        if *current != generation {
            self.end(number);
            return Err(NotGood::Reused);
        }
        if rotation == Rotation::Always {
            *current += 1;
        }
        let current = *current;
        let consented = grant.consented.clone();
        let refresh_token = match rotation {
            Rotation::Never => None,
            Rotation::SameToken | Rotation::Always => {
                Some(self.mint.token(Kind::Refresh, [number, current]))
            }
        };
        Ok(Fresh {
            access_token: self.access_token(number, ends),
            refresh_token,
            consented,
        })
    }

    /// Whose access token `token` is, if it is good.
    pub(super) fn access(&self, token: &str, now: Millis) -> Result<Live<'_>, NotGood> {
        let read = self.mint.read(Kind::Access, token);
        let [number, serial, ends] = read.ok_or(NotGood::Unknown)?;
        if ends.cast_signed() <= now || serial <= self.expired_up_to {
            return Err(NotGood::Expired);
        }
        let grant = self.grants.get(&number).ok_or(NotGood::Revoked)?;
        if serial <= grant.revoked_up_to {
            return Err(NotGood::Revoked);
        }
        Ok(Live {
            grant: number,
            consented: &grant.consented,
        })
    }

    /// Revokes a token of `client_id` (RFC 7009 section 2.1): a refresh token with its whole grant,
    /// an access token with those of its grant that came before it. Says whether there was
    /// something to revoke.
    pub(super) fn revoke(&mut self, token: &str, client_id: &str) -> Result<bool, NotGood> {
        if let Some([number, _]) = self.mint.read(Kind::Refresh, token) {
            self.check_owner(number, client_id)?;
            return Ok(self.end(number));
        }
        let Some([number, serial, _]) = self.mint.read(Kind::Access, token) else {
            return Ok(false);
        };
        self.check_owner(number, client_id)?;
        let Some(grant) = self.grants.get_mut(&number) else {
            return Ok(false);
        };
        let revokes = grant.revoked_up_to < serial;
        grant.revoked_up_to = grant.revoked_up_to.max(serial);
        Ok(revokes)
    }

    /// Every access token expires.
    pub(super) fn expire_all(&mut self) {
        self.expired_up_to = self.next;
        for (_, number) in std::mem::take(&mut self.endings) {
            self.grants.remove(&number);
        }
    }

    /// Every grant is revoked.
    pub(super) fn revoke_all(&mut self) {
        self.grants.clear();
        self.endings.clear();
        self.codes.clear();
        self.code_order.clear();
    }

    fn check_owner(&self, number: u64, client_id: &str) -> Result<(), NotGood> {
        let owner = self.grants.get(&number).map(|grant| &grant.consented);
        match owner {
            Some(consented) if consented.client_id != client_id => Err(NotGood::Unknown),
            Some(_) | None => Ok(()),
        }
    }

    /// Ends a grant; what stands in `endings` goes when its time comes.
    fn end(&mut self, number: u64) -> bool {
        self.grants.remove(&number).is_some()
    }

    fn access_token(&mut self, grant: u64, ends: Millis) -> String {
        let serial = self.number();
        self.mint
            .token(Kind::Access, [grant, serial, ends.cast_unsigned()])
    }

    /// Forgets codes and grants that nothing can be done with any more.
    fn forget_ended(&mut self, now: Millis) {
        while let Some((ends, number)) = self.endings.first().copied()
            && ends <= now
        {
            self.endings.pop_first();
            self.grants.remove(&number);
        }
        while let Some(number) = self.code_order.front().copied()
            && self.codes.get(&number).is_none_or(|(ends, _)| *ends <= now)
        {
            self.code_order.pop_front();
            self.codes.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        Ledger::new(&Effects::of_the_system())
    }

    fn consented() -> Consented {
        Consented {
            client_id: "c".into(),
            subject: "ada".into(),
            scope: String::new(),
            openid: false,
        }
    }

    fn open(ledger: &mut Ledger, refreshable: bool, times: (Millis, Millis)) -> Fresh {
        let number = ledger.number();
        ledger.open(number, consented(), refreshable, times)
    }

    fn refresh(ledger: &mut Ledger, token: &str) -> Result<Fresh, NotGood> {
        ledger.refresh(token, "c", Rotation::Always, 100)
    }

    #[test]
    fn a_replaced_refresh_token_ends_the_family_also_generations_later() {
        let mut ledger = ledger();
        let first = open(&mut ledger, true, (0, 100));
        let first_refresh = first.refresh_token.unwrap();
        let second = refresh(&mut ledger, &first_refresh).ok().unwrap();
        let third = refresh(&mut ledger, &second.refresh_token.unwrap());
        let third = third.ok().unwrap();
        assert!(ledger.access(&first.access_token, 1).is_ok());
        assert_eq!(
            refresh(&mut ledger, &first_refresh).err(),
            Some(NotGood::Reused)
        );
        for token in [
            &first.access_token,
            &second.access_token,
            &third.access_token,
        ] {
            assert_eq!(ledger.access(token, 1).err(), Some(NotGood::Revoked));
        }
        let last = refresh(&mut ledger, &third.refresh_token.unwrap());
        assert_eq!(last.err(), Some(NotGood::Revoked));
        assert_eq!(ledger.len(), 0);
    }

    #[test]
    fn a_stranger_can_neither_use_nor_end_a_refresh_token() {
        let mut ledger = ledger();
        let token = open(&mut ledger, true, (0, 100)).refresh_token.unwrap();
        let stolen = ledger.refresh(&token, "thief", Rotation::Always, 100);
        assert_eq!(stolen.err(), Some(NotGood::Unknown));
        assert_eq!(ledger.revoke(&token, "thief"), Err(NotGood::Unknown));
        assert!(refresh(&mut ledger, &token).is_ok());
    }

    #[test]
    fn refreshing_keeps_nothing_but_the_grant() {
        let mut ledger = ledger();
        let mut token = open(&mut ledger, true, (0, 100)).refresh_token.unwrap();
        for _ in 0..1000 {
            token = refresh(&mut ledger, &token)
                .ok()
                .unwrap()
                .refresh_token
                .unwrap();
        }
        let sizes = (
            ledger.grants.len(),
            ledger.endings.len(),
            ledger.codes.len(),
        );
        assert_eq!(sizes, (1, 0, 0));
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut ledger = ledger();
        for now in 0..1000 {
            open(&mut ledger, false, (now, now + 10));
            let pending = Pending {
                consented: consented(),
                redirect_uri: String::new(),
                challenge: None,
                nonce: None,
            };
            ledger.issue_code(pending, now, now + 10);
        }
        assert!(ledger.grants.len() <= 11 && ledger.endings.len() <= 11);
        assert!(ledger.codes.len() <= 11 && ledger.code_order.len() <= 11);
    }

    #[test]
    fn expiry_by_order_spares_refresh_tokens() {
        let mut ledger = ledger();
        let tokens = open(&mut ledger, true, (0, 100));
        let other = open(&mut ledger, false, (0, 100));
        ledger.expire_all();
        for token in [&tokens.access_token, &other.access_token] {
            assert_eq!(ledger.access(token, 1).err(), Some(NotGood::Expired));
        }
        let fresh = refresh(&mut ledger, &tokens.refresh_token.unwrap());
        let fresh = fresh.ok().unwrap().access_token;
        assert!(ledger.access(&fresh, 99).is_ok());
        assert_eq!(ledger.access(&fresh, 100).err(), Some(NotGood::Expired));
        assert_eq!(ledger.len(), 1);
    }

    #[test]
    fn a_revoked_access_token_takes_only_those_before_it() {
        let mut ledger = ledger();
        let first = open(&mut ledger, true, (0, 100));
        let refresh_token = first.refresh_token.unwrap();
        assert_eq!(ledger.revoke(&first.access_token, "c"), Ok(true));
        assert_eq!(ledger.revoke(&first.access_token, "c"), Ok(false));
        assert_eq!(
            ledger.access(&first.access_token, 1).err(),
            Some(NotGood::Revoked)
        );
        let second = refresh(&mut ledger, &refresh_token).ok().unwrap();
        assert!(ledger.access(&second.access_token, 1).is_ok());
        assert_eq!(ledger.revoke("unknown", "c"), Ok(false));
    }
}
