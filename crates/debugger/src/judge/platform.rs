//! By the platform itself: its own pipeline, run without taking a slot or spending a nonce.

use std::net::{IpAddr, Ipv4Addr};

use strongroom_contract::{
    explain::{Check, Decision, Explanation, Outcome, Rule},
    time::UnixMillis,
};
use strongroom_policy::{
    allowlist::Allowlist,
    decide::{self, Next, RequestFacts},
    key::KeyRecord,
    limiter::Cost,
    platform::Platform,
    rate::{Admitted, Standing, Throttled},
    replay::{NonceAnswer, NonceClaim},
    scopes::Route,
};
use strongroom_signing::Request;

use super::{NamedSecret, Secrets};
use crate::exhibit::View;

/// How many other keys' secrets are opened for a search.
const OTHERS: usize = 32;

/// What a platform knows, without its being changed by a look.
#[derive(Clone, Copy)]
pub struct PlatformFacts<'a> {
    /// What holds for every request.
    pub platform: &'a Platform,
    /// Its keys.
    pub records: &'a [&'a KeyRecord],
    /// The sources that any key may be used from; any if absent.
    pub allow_all: Option<&'a Allowlist>,
    /// What would become of a nonce; `None` if that is not known for the time in question.
    pub nonce: &'a dyn Fn(&NonceClaim) -> Option<NonceAnswer>,
    /// What a route costs.
    pub cost: &'a dyn Fn(&Route) -> Cost,
    /// Whether a slot would be given.
    pub slot: &'a dyn Fn(&KeyRecord, Cost) -> Slot,
}

/// Whether a slot would be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// That is not known for the time in question.
    Unknown,
    /// It is known.
    Known(Result<Admitted, Throttled>),
}

/// Facts that were lacking, and so the rules that can't be told.
#[derive(Default)]
struct Lacking {
    source: bool,
    replay: bool,
    rate: bool,
}

pub(super) fn judge(view: &View<'_>, facts: &PlatformFacts<'_>, now: UnixMillis) -> Explanation {
    let fields = view.fields();
    let request = Request::new(view.method, view.target, &fields, view.body);
    let found = Route::find(view.method, view.target.path()).unwrap_or(&Route::NONE);
    let route = &Route {
        cost: (facts.cost)(found),
        ..*found
    };
    let mut lacking = Lacking::default();
    let request_facts = RequestFacts {
        request: &request,
        peer: view.peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        route,
        now,
    };
    let outcome = decide::begin(request_facts, facts.platform).and_then(|ask| {
        let app_id = ask.app_id();
        let found = facts.records.iter().find(|it| it.app_id == app_id);
        let ask = match facts.allow_all {
            Some(list) => ask.within(list),
            None => ask,
        };
        let is_limited = facts.allow_all.is_some_and(|list| !list.is_any())
            || found.is_some_and(|record| !record.allow.is_any());
        let ask = match view.peer {
            Some(_) => ask,
            None => {
                lacking.source = is_limited;
                ask.from_anywhere()
            }
        };
        let ask = match ask.answer(found.copied())? {
            Next::Nonce(ask) => {
                let answer = (facts.nonce)(ask.claim());
                lacking.replay = answer.is_none();
                ask.answer(answer.unwrap_or(NonceAnswer::Fresh))?
            }
            Next::Slot(ask) => ask,
        };
        let slot = match (facts.slot)(ask.key(), ask.cost()) {
            Slot::Known(slot) => slot,
            Slot::Unknown => {
                lacking.rate = true;
                Ok(Admitted {
                    at: now,
                    left: Standing::unused(ask.key().limit),
                })
            }
        };
        ask.explain(slot).map(|(_, checks)| checks)
    });
    match outcome {
        Ok(checks) => accepted(checks, &lacking),
        Err(refused) => {
            let mut explanation = refused.trace.into_explanation(None);
            lacking.mark(&mut explanation.checks);
            explanation
        }
    }
}

fn accepted(mut checks: Vec<Check>, lacking: &Lacking) -> Explanation {
    let unknown = lacking.mark(&mut checks);
    Explanation {
        request_id: None,
        decision: if unknown {
            Decision::Unknown
        } else {
            Decision::Accepted
        },
        rule: None,
        cause: if unknown {
            "No rule refuses the request, but not every rule could be looked at.".to_owned()
        } else {
            "Every rule would let the request through.".to_owned()
        },
        checks,
        fix: None,
        remedy: None,
    }
}

impl Lacking {
    /// Marks the rules that can't be told, where they would have passed; whether there is one.
    fn mark(&self, checks: &mut [Check]) -> bool {
        let mut marked = false;
        for check in checks {
            let (lacking, observed) = match check.rule {
                Rule::Source => (
                    self.source,
                    "the address that the request came from is not known",
                ),
                Rule::Replay => (
                    self.replay,
                    "whether the nonce was spent before is not known for that time",
                ),
                Rule::Rate => (
                    self.rate,
                    "how many requests were made is not known for that time",
                ),
                _ => continue,
            };
            if lacking && check.outcome == Outcome::Passed {
                check.outcome = Outcome::Unknown;
                observed.clone_into(&mut check.observed);
                marked = true;
            }
        }
        marked
    }
}

pub(super) fn secrets(facts: &PlatformFacts<'_>, id: Option<&str>) -> Secrets {
    let mut secrets = Secrets::default();
    for record in facts.records {
        let is_own = id == Some(record.app_id.as_str());
        if !is_own && secrets.others.len() >= OTHERS {
            continue;
        }
        for secret in record.secrets.iter() {
            let sealed = secret.sealed.as_deref().unwrap_or_default();
            let sealer = facts.platform.sealer();
            let Ok(bytes) = sealer.open(record.app_id, secret.id, sealed) else {
                continue;
            };
            let named = NamedSecret {
                name: record.name.clone(),
                bytes,
            };
            if is_own {
                secrets.own.push(named);
            } else {
                secrets.others.push(named);
            }
        }
    }
    secrets
}

pub(super) fn ids(facts: &PlatformFacts<'_>) -> Vec<(String, String)> {
    let records = facts.records.iter();
    records
        .map(|record| (record.app_id.to_string(), record.name.clone()))
        .collect()
}

pub(super) fn owner(
    facts: &PlatformFacts<'_>,
    presented: &[u8],
    id: Option<&str>,
) -> Option<String> {
    let tag = facts.platform.pepper().tag(presented);
    let others = facts.records.iter();
    let mut others = others.filter(|record| id != Some(record.app_id.as_str()));
    others
        .find(|record| record.secrets.iter().any(|secret| secret.tag.matches(&tag)))
        .map(|record| record.name.clone())
}
