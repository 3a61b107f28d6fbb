//! What the platform's owner can do about a refusal.

use std::time::Duration;

use strongroom_contract::{
    explain::{Explanation, Remedy, Rule},
    time::UnixMillis,
};
use strongroom_policy::{
    allowlist::Allowlist,
    limiter::{Cost, Limit},
    scopes::Scopes,
};

use crate::world::{NOON, Sent, World};

fn explained(world: &mut World, sent: &Sent) -> Explanation {
    let refused = world.decide(sent).unwrap_err();
    refused.trace.into_explanation(None)
}

fn pair(world: &World) -> Sent {
    Sent::new().pair(world.key.record.app_id, world.key.secret.expose_secret())
}

#[test]
fn a_remedy_once_applied_lets_the_same_request_pass() {
    let mut world = World::new();
    let app_id = world.key.record.app_id.to_string();
    world.key.record.allow = Allowlist::parse(&["192.0.2.0/24"]).unwrap();
    world.key.record.scopes = Scopes::default();
    let sent = pair(&world).to("POST", "/api/v2/payouts");

    let explanation = explained(&mut world, &sent);
    assert_eq!(explanation.rule, Some(Rule::Source));
    let Some(Remedy::AllowSource {
        app_id: of,
        address,
    }) = explanation.remedy
    else {
        panic!("{explanation:?}");
    };
    assert_eq!(of, app_id);
    world.key.record.allow = Allowlist::parse(&[address]).unwrap();

    let explanation = explained(&mut world, &sent);
    assert_eq!(explanation.rule, Some(Rule::Permission));
    let Some(Remedy::GrantScope { app_id: of, scope }) = explanation.remedy else {
        panic!("{explanation:?}");
    };
    assert_eq!(of, app_id);
    world.key.record.scopes = Scopes::parse(&[scope]).unwrap();

    let explanation = loop {
        if let Err(refused) = world.decide(&sent) {
            break refused.trace.into_explanation(None);
        }
    };
    assert_eq!(explanation.rule, Some(Rule::Rate));
    let raised = Remedy::RaiseLimit {
        app_id,
        per_minute: 2 * world.key.record.limit.per_minute(),
    };
    assert_eq!(explanation.remedy, Some(raised));
}

#[test]
fn a_clock_that_is_advanced_lets_a_signature_from_the_future_pass() {
    let mut world = World::new();
    let id = world.key.record.app_id;
    let secret = world.key.secret.expose_secret().to_owned();
    let later = |seconds| NOON.after(Duration::from_secs(seconds));
    let signed = |now| Sent::new().signed_at(id, &secret, 1, later(7_200)).at(now);
    let Some(Remedy::AdvanceClock { by_ms }) = explained(&mut world, &signed(NOON)).remedy else {
        panic!("the clock can follow");
    };
    world.decide(&signed(UnixMillis(NOON.0 + by_ms))).unwrap();
    // It does not go back.
    assert_eq!(explained(&mut world, &signed(later(9_000))).remedy, None);
}

#[test]
fn what_only_the_caller_can_change_has_no_remedy() {
    let mut world = World::new();
    assert_eq!(explained(&mut world, &Sent::new()).remedy, None);
    world.key.record.revoked = Some(crate::world::NOON);
    let sent = pair(&world);
    assert_eq!(explained(&mut world, &sent).remedy, None);
}

#[test]
fn a_limit_is_not_raised_beyond_the_highest() {
    let mut world = World::new();
    let sent = pair(&world);
    let mut remedy_at = |limit: u32| {
        world.key.meter.set_limit(Limit::new(limit).unwrap());
        for _ in 0..limit {
            world.key.meter.restore(Cost::ONE, sent.now);
        }
        explained(&mut world, &sent).remedy
    };
    let raised = remedy_at(Limit::MAX - 1);
    assert!(
        matches!(raised, Some(Remedy::RaiseLimit { per_minute, .. }) if per_minute == Limit::MAX),
        "{raised:?}"
    );
    assert_eq!(remedy_at(Limit::MAX), None);
}
