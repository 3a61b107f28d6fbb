//! Faults that a scenario injects, for clients that have to live with them. Which request meets which
//! fault follows from a seed and the request's number alone; each one is told by the rule `scenario`, in
//! the audit row and in the explanation.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use http::request::Parts;
use strongroom_contract::explain::{Check, Decision, Explanation, Outcome, Rule};
use strongroom_crypto::{framing::Frame, hash::sha256};
use strongroom_policy::trace::{Finding, Trace};

use crate::{
    audit::{AuditDown, Entry},
    face::{Answer, Face, Problem},
    platform::{Arrival, Platform, user_agent},
};

/// The act of the row that says that an answer was delayed.
const DELAYED: &str = "scenario.delay";
/// The act of the row that says that an answer was made and never sent.
const LOST: &str = "scenario.lost";

/// Faults by a seed.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    requests: AtomicU64,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is answered with 503 and `Retry-After`; nothing is done.
    Unavailable,
    /// It is answered with 500; nothing is done.
    Failed,
    /// The connection is cut; nothing is done.
    Cut,
    /// It is answered after a while.
    Delay(Duration),
    /// It is done, but the connection is cut in the place of the answer.
    Lost,
}

/// What became of a request before the platform looked at it.
#[derive(Default)]
pub(crate) struct Injected {
    /// The answer in the platform's place.
    pub(crate) instead: Option<Answer>,
    /// Whether the connection is cut in the place of the answer.
    pub(crate) is_cut: bool,
}

impl Faults {
    /// Faults of a seed, from the first request on.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            requests: AtomicU64::new(0),
        }
    }

    /// The number of the next request, from 1, and what happens to it.
    fn next(&self) -> (u64, Option<Fault>) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        (number, fault(self.seed, number))
    }
}

/// What happens to request `number`: six in ten pass unharmed, over a long run.
fn fault(seed: u64, number: u64) -> Option<Fault> {
    let frame = Frame::of("strongroom scenario flaky v1")
        .number(seed)
        .number(number);
    let [die, delay, ..] = sha256(&[frame.as_bytes()]);
    match u32::from(die) * 100 / 256 {
        0..60 => None,
        60..70 => Some(Fault::Unavailable),
        70..76 => Some(Fault::Failed),
        76..82 => Some(Fault::Cut),
        82..88 => Some(Fault::Lost),
        _ => Some(Fault::Delay(Duration::from_millis(
            200 + 5 * u64::from(delay),
        ))),
    }
}

impl Fault {
    /// The cause, and the fix.
    fn words(self) -> (String, &'static str) {
        match self {
            Self::Unavailable => (
                "The scenario flaky answered 503 in the platform's place.".to_owned(),
                "Let the client wait as Retry-After says and send it again: nothing was done.",
            ),
            Self::Failed => (
                "The scenario flaky answered 500 in the platform's place.".to_owned(),
                "Let the client send it again with its Idempotency-Key: nothing was done.",
            ),
            Self::Cut => (
                "The scenario flaky cut the connection before anything was done.".to_owned(),
                "Let the client send it again with its Idempotency-Key: it can't know whether it was done.",
            ),
            Self::Delay(by) => (
                format!("The scenario flaky delayed it by {} ms.", by.as_millis()),
                "Give the client more time than that, or let it send it again with its Idempotency-Key.",
            ),
            Self::Lost => (
                "The scenario flaky cut the connection in the place of the answer, after it was done."
                    .to_owned(),
                "Let the client send it again with its Idempotency-Key: it must not be done twice.",
            ),
        }
    }
}

impl Platform {
    /// What a scenario does to a request.
    pub(crate) async fn inject(
        &self,
        faults: &Faults,
        arrival: Arrival,
        parts: &Parts,
    ) -> Injected {
        let unharmed = Injected::default();
        let path = parts.uri.path();
        if path.starts_with("/manage/") || path == crate::openapi::PATH {
            return unharmed;
        }
        let (number, fault) = faults.next();
        let Some(fault) = fault else {
            return unharmed;
        };
        let instead = |problem: &Problem| {
            let (cause, fix) = fault.words();
            let finding = Finding::new(
                cause,
                format!(
                    "request {number} of the scenario flaky, seed {}",
                    faults.seed
                ),
                "no fault for this request",
                fix,
            );
            let trace = Trace::outside_pipeline(Rule::Scenario, finding);
            self.refuse_unheard(arrival, Face::of(path), parts, problem, trace)
        };
        match fault {
            Fault::Unavailable => Injected {
                instead: Some(instead(&Problem::Injected { is_passing: true })),
                is_cut: false,
            },
            Fault::Failed => Injected {
                instead: Some(instead(&Problem::Injected { is_passing: false })),
                is_cut: false,
            },
            Fault::Cut => Injected {
                instead: Some(instead(&Problem::Injected { is_passing: true })),
                is_cut: true,
            },
            Fault::Delay(by) => {
                self.tell(arrival, parts, DELAYED);
                tokio::time::sleep(by).await;
                unharmed
            }
            Fault::Lost => {
                self.tell(arrival, parts, LOST);
                Injected {
                    instead: None,
                    is_cut: true,
                }
            }
        }
    }

    /// Writes a row about a request that goes on to be answered, and has a row of its own for that.
    fn tell(&self, arrival: Arrival, parts: &Parts, act: &'static str) {
        let (client, personal) = self.personal.unknown();
        let written = self.audit.append(&Entry {
            act,
            rule: Some(Rule::Scenario),
            user_agent: user_agent(parts),
            path: "(scenario)",
            ..Entry::of(arrival, client, &personal)
        });
        if let Err(AuditDown) = written {
            // The request's own row can't be written either, and it is refused for that.
            tracing::warn!("a fault of the scenario has no row");
        }
    }
}

/// Whether a row is about what a scenario did to a request that has another row.
pub(crate) fn is_scenario(act: &str) -> bool {
    [DELAYED, LOST].contains(&act)
}

/// Adds to an explanation what a scenario did to the request, by the act of its row.
pub(crate) fn add_to(explanation: &mut Explanation, act: &str) {
    let (observed, outcome) = match act {
        LOST => (
            "the scenario flaky cut the connection in the place of this answer: the client has not seen it",
            Outcome::Failed,
        ),
        _ => ("the scenario flaky delayed the answer", Outcome::Passed),
    };
    explanation.checks.insert(
        0,
        Check {
            rule: Rule::Scenario,
            outcome,
            observed: observed.to_owned(),
            expected: "no fault for this request".to_owned(),
            fix: None,
        },
    );
    if explanation.decision == Decision::Accepted {
        explanation.cause = format!("{} But {observed}.", explanation.cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_follow_from_the_seed_and_every_kind_occurs() {
        let met = |seed| {
            (1..=400)
                .map(|number| fault(seed, number))
                .collect::<Vec<_>>()
        };
        assert_eq!(met(7), met(7));
        assert_ne!(met(7), met(8));
        let met = met(7);
        let count =
            |wanted: fn(&Fault) -> bool| met.iter().flatten().filter(|it| wanted(it)).count();
        let unharmed = met.iter().filter(|fault| fault.is_none()).count();
        assert!((200..280).contains(&unharmed), "{unharmed} of 400");
        for (kind, count) in [
            ("unavailable", count(|it| *it == Fault::Unavailable)),
            ("failed", count(|it| *it == Fault::Failed)),
            ("cut", count(|it| *it == Fault::Cut)),
            ("lost", count(|it| *it == Fault::Lost)),
            ("delay", count(|it| matches!(it, Fault::Delay(_)))),
        ] {
            assert!(count >= 8, "{kind}: {count}");
        }
        let faults = Faults::new(7);
        for (number, fault) in (1..).zip(&met) {
            assert_eq!(faults.next(), (number, *fault));
        }
    }
}
