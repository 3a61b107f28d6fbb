//! The pipeline: one order, in one place.
//!
//! `identify -> authenticate -> state -> freshness -> replay -> source -> rate -> permission`
//!
//! Each state of a request is a type: what it holds has been checked, and it offers the one question
//! that comes next. So no rule can be left out or come too early.
//!
//! ```no_run
//! # use strongroom_policy::{decide::{self, Accepted, Next, Refused, RequestFacts}, key::KeyRecord,
//! #     platform::Platform, rate::{Meter, Wanted}, replay::NonceSpace};
//! # fn handle<'k>(facts: RequestFacts<'_>, platform: &Platform, record: Option<&'k KeyRecord>,
//! #     nonces: &mut NonceSpace, meter: &mut Meter) -> Result<Accepted<'k>, Box<Refused>> {
//! let now = facts.now;
//! let ask = decide::begin(facts, platform)?;
//! // … look up ask.app_id() …
//! let ask = match ask.answer(record)? {
//!     Next::Nonce(ask) => {
//!         let answer = nonces.spend(ask.claim(), ask.key().limit, now);
//!         ask.answer(answer)?
//!     }
//!     Next::Slot(ask) => ask,
//! };
//! let wanted = Wanted::new(ask.cost(), ask.key().daily_quota);
//! let answer = meter.try_admit(wanted, None, now);
//! ask.answer(answer)
//! # }
//! ```
//!
//! A key's record is a snapshot. For "once `revoke` has returned, no request with that key is
//! accepted", whoever holds the records answers with one that revoking waits for: as by a lock that
//! is held from the answer until the decision.

use std::net::IpAddr;

use strongroom_contract::{
    explain::{Check, Rule},
    time::UnixMillis,
};
use strongroom_signing::Request;

use crate::{
    allowlist::Allowlist,
    authenticate::{self, Authenticated},
    credential::{AppId, SecretId},
    freshness,
    identify::{self, Claim, ForgedToken, Presented},
    key::{ClientId, KeyRecord},
    limiter::Cost,
    permission,
    platform::Platform,
    rate::{self, Admitted, Throttled},
    replay::{self, NonceAnswer, NonceClaim},
    scopes::Route,
    source, state,
    trace::{Finding, Passed, Trace, passing, skipped},
};

/// What is known of a request when it has been read.
#[derive(Clone, Copy)]
pub struct RequestFacts<'r> {
    /// The request, its body whole.
    pub request: &'r Request<'r>,
    /// The socket's peer.
    pub peer: IpAddr,
    /// The route that it goes to, [`Route::NONE`] if there is none.
    pub route: &'r Route,
    /// The platform's time.
    pub now: UnixMillis,
}

/// Starts: `identify`.
///
/// # Errors
///
/// [`Refused`] by `identify`; by `authenticate` for a token that this platform did not issue, since
/// no key can be read from it.
pub fn begin<'r>(
    facts: RequestFacts<'r>,
    platform: &'r Platform,
) -> Result<AskKey<'r>, Box<Refused>> {
    let source = platform.proxies.source(facts.peer, facts.request.headers());
    let common = Common {
        facts,
        platform,
        source,
        is_source_known: true,
        allow_all: None,
        arrived: facts.now,
    };
    let unidentified = |rule, finding, forged: Option<&ForgedToken>| {
        let passed = |_| forged.map(ForgedToken::passed);
        Box::new(Refused {
            trace: Trace::of_pipeline(rule, finding, passed),
            app_id: None,
            client: None,
            secret: None,
            source,
            nonce: None,
            slot: None,
            throttled: None,
        })
    };
    match identify::check(facts.request, facts.route, platform) {
        Err(finding) => Err(unidentified(Rule::Identify, finding, None)),
        Ok(Claim::Forged(token)) => {
            let finding = authenticate::forged(&token);
            Err(unidentified(Rule::Authenticate, finding, Some(&token)))
        }
        Ok(Claim::OfKey(presented)) => Ok(AskKey { common, presented }),
    }
}

#[derive(Clone, Copy)]
struct Common<'r> {
    facts: RequestFacts<'r>,
    platform: &'r Platform,
    source: IpAddr,
    is_source_known: bool,
    allow_all: Option<&'r Allowlist>,
    /// When the request came: by this its signature's age is told.
    arrived: UnixMillis,
}

/// Identified. Asks for the key's record.
pub struct AskKey<'r> {
    common: Common<'r>,
    presented: Presented<'r>,
}

impl<'r> AskKey<'r> {
    /// The key that the request names.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.presented.app_id
    }

    /// Lets the request through from sources on this list alone, whatever the key's own list says. Set
    /// once the key's record is held, so that a change of the list waits for this decision too.
    #[must_use]
    pub fn within(mut self, allow_all: &'r Allowlist) -> Self {
        self.common.allow_all = Some(allow_all);
        self
    }

    /// Does without the rule `source`, for a request of which nobody knows where it came from.
    #[must_use]
    pub fn from_anywhere(mut self) -> Self {
        self.common.is_source_known = false;
        self
    }

    /// Of a request that came at `arrived` and has waited for a slot since: its signature gets no older by
    /// that. Everything else is looked at as it is now.
    #[must_use]
    pub fn arrived(mut self, arrived: UnixMillis) -> Self {
        self.common.arrived = arrived;
        self
    }

    /// Goes on with the key's record, `None` if there is no such key: `authenticate`, `state`,
    /// `freshness`; and `source`, for a request without a nonce.
    ///
    /// # Errors
    ///
    /// [`Refused`] by one of these rules.
    pub fn answer<'k>(self, key: Option<&'k KeyRecord>) -> Result<Next<'r, 'k>, Box<Refused>> {
        let Self { common, presented } = self;
        let RequestFacts { request, now, .. } = common.facts;
        let checked = authenticate::check(&presented, request, key, now, common.platform);
        let authenticated = match checked {
            Ok(authenticated) => authenticated,
            Err(finding) => {
                let passed = |_| Some(presented.passed());
                return Err(Box::new(Refused {
                    trace: Trace::of_pipeline(Rule::Authenticate, finding, passed),
                    app_id: Some(presented.app_id),
                    client: key.map(|key| key.client),
                    secret: None,
                    source: common.source,
                    nonce: None,
                    slot: None,
                    throttled: None,
                }));
            }
        };
        let genuine = Genuine {
            common,
            presented,
            authenticated,
        };
        state::check(&genuine.presented, authenticated.key, now)
            .map_err(|finding| genuine.refuse(Rule::State, finding))?;
        freshness::check(&genuine.presented, common.arrived, now)
            .map_err(|finding| genuine.refuse(Rule::Freshness, finding))?;
        match NonceClaim::of(&genuine.presented, genuine.common.platform) {
            Some(claim) => Ok(Next::Nonce(AskNonce { genuine, claim })),
            None => AskSlot::after_replay(genuine, None).map(Next::Slot),
        }
    }
}

/// What comes after the key.
pub enum Next<'r, 'k> {
    /// The request has a nonce, to be spent.
    Nonce(AskNonce<'r, 'k>),
    /// The request has none.
    Slot(AskSlot<'r, 'k>),
}

/// Authenticated, of an active key, and fresh.
struct Genuine<'r, 'k> {
    common: Common<'r>,
    presented: Presented<'r>,
    authenticated: Authenticated<'k>,
}

impl Genuine<'_, '_> {
    fn refuse(&self, rule: Rule, finding: Finding) -> Box<Refused> {
        self.refuse_after(rule, finding, None, None)
    }

    fn refuse_after(
        &self,
        rule: Rule,
        finding: Finding,
        nonce: Option<NonceClaim>,
        slot: Option<&Admitted>,
    ) -> Box<Refused> {
        let Authenticated { key, secret } = self.authenticated;
        Box::new(Refused {
            trace: Trace::of_pipeline(rule, finding, |rule| self.passed(rule, nonce, slot)),
            app_id: Some(key.app_id),
            client: Some(key.client),
            secret: Some(secret),
            source: self.common.source,
            nonce,
            slot: slot.map(|admitted| (self.common.facts.route.cost, admitted.at)),
            throttled: None,
        })
    }

    fn passed(
        &self,
        rule: Rule,
        nonce: Option<NonceClaim>,
        slot: Option<&Admitted>,
    ) -> Option<Passed> {
        let key = self.authenticated.key;
        let RequestFacts { route, now, .. } = self.common.facts;
        match rule {
            Rule::Identify => Some(self.presented.passed()),
            Rule::Authenticate => Some(self.authenticated.passed()),
            Rule::State => Some(state::passed(key, now)),
            Rule::Freshness => freshness::passed(&self.presented, self.common.arrived),
            Rule::Replay => nonce.map(|_| replay::passed()),
            Rule::Source => Some(source::passed(
                self.common.source,
                key,
                self.common.allow_all,
            )),
            Rule::Rate => slot.map(rate::passed),
            Rule::Permission => Some(permission::passed(route, &self.presented, key)),
            Rule::Flood | Rule::Body | Rule::Scenario | Rule::Audit => None,
        }
    }
}

/// Fresh. Asks for the nonce to be spent.
pub struct AskNonce<'r, 'k> {
    genuine: Genuine<'r, 'k>,
    claim: NonceClaim,
}

impl<'r, 'k> AskNonce<'r, 'k> {
    /// The nonce.
    #[must_use]
    pub fn claim(&self) -> &NonceClaim {
        &self.claim
    }

    /// The key's record, for the size of its nonce space.
    #[must_use]
    pub fn key(&self) -> &'k KeyRecord {
        self.genuine.authenticated.key
    }

    /// Goes on with what became of the nonce: `replay`, `source`.
    ///
    /// # Errors
    ///
    /// [`Refused`] by one of these rules.
    pub fn answer(self, answer: NonceAnswer) -> Result<AskSlot<'r, 'k>, Box<Refused>> {
        let Self { genuine, claim } = self;
        replay::check(answer, &claim).map_err(|finding| genuine.refuse(Rule::Replay, finding))?;
        AskSlot::after_replay(genuine, Some(claim))
    }
}

/// From an allowed source. Asks for a slot.
pub struct AskSlot<'r, 'k> {
    genuine: Genuine<'r, 'k>,
    nonce: Option<NonceClaim>,
}

impl<'r, 'k> AskSlot<'r, 'k> {
    fn after_replay(
        genuine: Genuine<'r, 'k>,
        nonce: Option<NonceClaim>,
    ) -> Result<Self, Box<Refused>> {
        let Common {
            source,
            is_source_known,
            allow_all,
            ..
        } = genuine.common;
        if is_source_known {
            source::check(source, genuine.authenticated.key, allow_all)
                .map_err(|finding| genuine.refuse_after(Rule::Source, finding, nonce, None))?;
        }
        Ok(Self { genuine, nonce })
    }

    /// The key's record.
    #[must_use]
    pub fn key(&self) -> &'k KeyRecord {
        self.genuine.authenticated.key
    }

    /// How many slots the request takes.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.genuine.common.facts.route.cost
    }

    /// Goes on with the slot: `rate`, `permission`.
    ///
    /// # Errors
    ///
    /// [`Refused`] by one of these rules.
    pub fn answer(self, answer: Result<Admitted, Throttled>) -> Result<Accepted<'k>, Box<Refused>> {
        self.decide(answer, |_| ()).map(|(accepted, ())| accepted)
    }

    /// The same, with every rule's look at a request that is accepted: for whoever asks why.
    ///
    /// # Errors
    ///
    /// As [`AskSlot::answer`].
    pub fn explain(
        self,
        answer: Result<Admitted, Throttled>,
    ) -> Result<(Accepted<'k>, Vec<Check>), Box<Refused>> {
        self.decide(answer, |seen| {
            let each = |rule| seen(rule).map_or_else(|| skipped(rule), |it| passing(rule, it));
            Rule::PIPELINE.into_iter().map(each).collect()
        })
    }

    fn decide<T>(
        self,
        answer: Result<Admitted, Throttled>,
        explained: impl FnOnce(&dyn Fn(Rule) -> Option<Passed>) -> T,
    ) -> Result<(Accepted<'k>, T), Box<Refused>> {
        let Self { genuine, nonce } = self;
        let Authenticated { key, secret } = genuine.authenticated;
        let route = genuine.common.facts.route;
        let admitted = match answer {
            Ok(admitted) => admitted,
            Err(throttled) => {
                let finding = rate::refused(&throttled, route.cost, key);
                let mut refused = genuine.refuse_after(Rule::Rate, finding, nonce, None);
                refused.throttled = Some(throttled);
                return Err(refused);
            }
        };
        permission::check(route, &genuine.presented, key).map_err(|finding| {
            genuine.refuse_after(Rule::Permission, finding, nonce, Some(&admitted))
        })?;
        let explained = explained(&|rule| genuine.passed(rule, nonce, Some(&admitted)));
        let accepted = Accepted {
            key,
            secret,
            source: genuine.common.source,
            nonce,
            cost: route.cost,
            admitted,
        };
        Ok((accepted, explained))
    }
}

/// Every rule let the request through.
#[derive(Clone, Copy)]
pub struct Accepted<'k> {
    /// The key.
    pub key: &'k KeyRecord,
    /// The secret that was used, or that the token was obtained with.
    pub secret: SecretId,
    /// Where the request came from.
    pub source: IpAddr,
    /// The nonce that was spent.
    pub nonce: Option<NonceClaim>,
    /// How many slots were taken.
    pub cost: Cost,
    /// What is left of the limit.
    pub admitted: Admitted,
}

/// A rule refused the request.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub trace: Trace,
    /// The key that was named, if that could be told; genuine only if there is a `secret`.
    pub app_id: Option<AppId>,
    /// The client of that key, if there is such a key.
    pub client: Option<ClientId>,
    /// The secret that was used, if it was genuine.
    pub secret: Option<SecretId>,
    /// Where the request came from.
    pub source: IpAddr,
    /// The nonce that was spent all the same.
    pub nonce: Option<NonceClaim>,
    /// The slots that were taken all the same, and from when on they count.
    pub slot: Option<(Cost, UnixMillis)>,
    /// By how much it is over, if `rate` refused.
    pub throttled: Option<Throttled>,
}

impl Refused {
    /// The rule that refused.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.trace.rule
    }
}
