//! A look at what would be decided changes nothing.

use strongroom_contract::explain::Outcome;
use strongroom_policy::{
    decide::{self, Next, RequestFacts},
    limiter::{Cost, Limit},
    rate::{Meter, Wanted},
    replay::{NonceAnswer, NonceSpace},
};
use strongroom_signing::{Request, Target, UriScheme};

use crate::world::{NOON, Sent, World};

#[test]
fn a_look_at_the_meter_takes_no_slot_and_answers_as_taking_would() {
    const ONE: Wanted = Wanted::new(Cost::ONE, None);
    let limit = Limit::new(3).unwrap();
    let mut meter = Meter::new(limit);
    for left in [3, 2, 1] {
        for _ in 0..5 {
            let seen = meter.peek(ONE, None, NOON).unwrap();
            assert_eq!(seen.left.minute.remaining, left);
        }
        meter.try_admit(ONE, None, NOON).unwrap();
    }
    let seen = meter.peek(ONE, None, NOON);
    assert_eq!(seen, meter.try_admit(ONE, None, NOON));
    assert!(seen.is_err());
}

#[test]
fn a_request_that_is_accepted_is_explained_rule_by_rule() {
    let mut world = World::new();
    let secret = world.key.secret.expose_secret();
    let sent = Sent::new().signed(world.key.record.app_id, secret, 1);
    let headers = sent.fields();
    let target = Target::received(UriScheme::Https, "localhost:8443", &sent.path).unwrap();
    let request = Request::new(&sent.method, &target, &headers, &sent.body);
    let facts = RequestFacts {
        request: &request,
        peer: sent.peer,
        route: sent.route,
        now: sent.now,
    };
    let ask = decide::begin(facts, &world.platform).unwrap();
    let Ok(Next::Nonce(ask)) = ask.answer(Some(&world.key.record)) else {
        panic!("a signed request has a nonce");
    };
    let mut nonces = NonceSpace::new();
    let (claim, limit) = (*ask.claim(), ask.key().limit);
    assert_eq!(nonces.peek(&claim, limit, sent.now), NonceAnswer::Fresh);
    assert_eq!(nonces.peek(&claim, limit, sent.now), NonceAnswer::Fresh);
    assert_eq!(nonces.spend(&claim, limit, sent.now), NonceAnswer::Fresh);
    assert_eq!(nonces.peek(&claim, limit, sent.now), NonceAnswer::Seen);
    // Once it is forgotten, a look says so without forgetting it.
    assert_eq!(
        nonces.peek(&claim, limit, claim.expires),
        NonceAnswer::Fresh
    );
    assert_eq!(nonces.len(), 1);

    let ask = ask.answer(NonceAnswer::Fresh).unwrap();
    let wanted = Wanted::new(ask.cost(), None);
    let slot = world.key.meter.peek(wanted, None, sent.now);
    let (accepted, checks) = ask.explain(slot).unwrap();
    assert_eq!(accepted.key.app_id, world.key.record.app_id);
    assert_eq!(checks.len(), 8);
    for check in checks {
        assert_eq!(check.outcome, Outcome::Passed, "{check:?}");
        assert!(!check.observed.is_empty(), "{check:?}");
    }
}
