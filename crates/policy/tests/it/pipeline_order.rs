//! The order of the rules, whatever is wrong at once; and no request makes them panic.

use std::time::Duration;

use proptest::prelude::*;
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{Environment, SecretId, SecretKey},
    rate::Wanted,
    scopes::Scopes,
    token,
};

use crate::world::{NOON, Sent, World};

/// What can be wrong with a signed request, by the rule that minds it.
const DEFECTS: [Rule; 8] = Rule::PIPELINE;

fn request_with(defects: [bool; 8], world: &mut World) -> Sent {
    let has = |rule: Rule| {
        let at = DEFECTS.iter().position(|it| *it == rule);
        defects[at.unwrap()]
    };
    let wrong = SecretKey::generate(Environment::Test);
    let secret = if has(Rule::Authenticate) {
        &wrong
    } else {
        &world.key.secret
    };
    let made = if has(Rule::Freshness) {
        UnixMillis(NOON.0 - 400_000)
    } else {
        NOON
    };
    let id = world.key.record.app_id;
    let mut sent = Sent::new().signed_at(id, secret.expose_secret(), 1, made);
    if has(Rule::Identify) {
        sent = sent.header("app-id", id.as_str());
    }
    if has(Rule::State) {
        world.key.record.revoked = Some(NOON);
    }
    if has(Rule::Source) {
        world.key.record.allow = Allowlist::parse(&["192.0.2.1"]).unwrap();
    }
    if has(Rule::Permission) {
        world.key.record.scopes = Scopes::default();
    }
    if has(Rule::Rate) {
        for _ in 0..5 {
            let wanted = Wanted::new(sent.route.cost, None);
            let taken = world.key.meter.try_admit(wanted, None, NOON);
            taken.unwrap();
        }
    }
    sent
}

/// A request that spends the nonce before, as if it had been sent already.
fn spend_nonce(sent: &Sent, world: &mut World) {
    let before = world.key.record.clone();
    world.key.record.revoked = None;
    world.key.record.allow = Allowlist::parse(&["192.0.2.1"]).unwrap();
    let refused = world.decide(sent).unwrap_err();
    assert_eq!(refused.rule(), Rule::Source);
    world.key.record = before;
}

proptest! {
    #[test]
    fn the_first_rule_that_minds_refuses(defects in any::<[bool; 8]>()) {
        let mut world = World::new();
        let sent = request_with(defects, &mut world);
        let first = DEFECTS.iter().zip(defects).find(|(_, wrong)| *wrong);
        if defects[4] && first.is_some_and(|(rule, _)| *rule >= Rule::Replay) {
            spend_nonce(&sent, &mut world);
        }
        let wanted = Wanted::new(sent.route.cost, None);
        let slots = world.key.meter.try_admit(wanted, None, NOON).map(|it| it.left.minute.remaining);
        match (world.decide(&sent), first) {
            (Ok(_), None) => {}
            (Err(refused), Some((rule, _))) => {
                prop_assert_eq!(refused.rule(), *rule);
                prop_assert_eq!(refused.nonce.is_some(), *rule > Rule::Replay);
                prop_assert_eq!(refused.slot.is_some(), *rule > Rule::Rate);
                prop_assert_eq!(refused.throttled.is_some(), *rule == Rule::Rate);
                prop_assert_eq!(refused.trace.checks.len(), 8);
            }
            (decided, first) => panic!("{decided:?}, expected {first:?}"),
        }
        // A refusal before `rate` takes no slot.
        if let Some((rule, _)) = first && *rule < Rule::Rate && let Ok(left) = slots {
            let now = world.key.meter.try_admit(wanted, None, NOON);
            let now = now.map_or(0, |it| it.left.minute.remaining);
            prop_assert_eq!(now, left.saturating_sub(1));
        }
    }

    #[test]
    fn no_request_makes_them_panic_or_passes(
        headers in prop::collection::vec((0..10usize, value()), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..20),
        method in "[A-Z]{1,8}",
        now in any::<u64>(),
    ) {
        const NAMES: [&str; 10] = [
            "app-id", "secret-key", "access-token", "authorization", "signature",
            "signature-input", "content-digest", "x-forwarded-for", "content-type", "host",
        ];
        let mut world = World::new();
        let mut sent = Sent::new().body(&body).at(UnixMillis(now));
        sent.method = method;
        for (name, value) in headers {
            sent.headers.push((NAMES[name].to_owned(), value));
        }
        prop_assert!(world.decide(&sent).is_err());
    }

    /// A genuine request with one bit of its headers changed is refused; unless that bit is one of
    /// the two that the last character of a signature's base64 has too many.
    #[test]
    fn a_changed_bit_is_not_accepted(header in 0..4usize, at in any::<prop::sample::Index>(), bit in 0..7u8) {
        let mut world = World::new();
        let (id, secret) = (world.key.record.app_id, world.key.secret.expose_secret().to_owned());
        let mut sent = Sent::new().signed(id, &secret, 1);
        let (name, value) = &mut sent.headers[header];
        let at = at.index(value.len());
        value[at] ^= 1 << bit;
        let spare = name == "signature" && at == value.len() - "=:".len() - 1;
        match world.decide(&sent) {
            Err(refused) => {
                let shown = format!("{:?}", refused.trace);
                prop_assert!(!shown.contains(&secret));
            }
            Ok(_) => prop_assert!(spare, "{:?}", str::from_utf8(&sent.headers[header].1)),
        }
    }
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[ -~]{0,80}".prop_map(String::into_bytes),
        "sr_(app|sk)_(test|live)_[0-9A-Za-z]{20,40}".prop_map(String::into_bytes),
        "Bearer [0-9A-Za-z_-]{1,20}(\\.[0-9A-Za-z_-]{1,20}){2}".prop_map(String::into_bytes),
        "sig[0-9]=\\((\"(@method|@target-uri|content-digest)\" ?){0,3}\\)(;(created|expires)=[0-9]{1,15}|;(nonce|keyid|alg|tag)=\"[a-z0-9]{0,20}\"){0,6}"
            .prop_map(String::into_bytes),
        "sig[0-9]=:[0-9A-Za-z+/]{4}:".prop_map(String::into_bytes),
        "sha-(256|512)=:[0-9A-Za-z+/]{43}=:".prop_map(String::into_bytes),
    ]
}

/// A marked secret, in every place where someone could put it by mistake, shows in no trace.
#[test]
fn the_canary_shows_in_no_trace() {
    let mut world = World::new();
    let canary = world.key.secret.expose_secret().to_owned();
    let id = world.key.record.app_id;
    let token = token::issue(id, SecretId(1), None, NOON, &world.platform);
    let signed = |secret: &str| Sent::new().signed(id, secret, 1);
    let everywhere = [
        Sent::new()
            .header("app-id", &canary)
            .header("secret-key", &canary),
        Sent::new()
            .header("app-id", id.as_str())
            .header("secret-key", &format!("{canary}x")),
        Sent::new()
            .header("app-id", id.as_str())
            .header("secret-key", &canary[1..]),
        Sent::new().header("access-token", &canary),
        Sent::new().header("authorization", &canary),
        Sent::new().header("authorization", &format!("Bearer {canary}")),
        Sent::new().header("signature-input", &canary),
        Sent::new()
            .header("signature-input", "a=()")
            .header("signature", &canary),
        signed(&canary).changed("signature-input", |it| it.replace(id.as_str(), &canary)),
        signed(&canary).changed("signature-input", |it| it.replace("hmac-sha256", &canary)),
        signed(&canary).changed("signature-input", |it| it.replace("@method", &canary)),
        signed(&canary).changed("signature-input", |it| it.replace("sig1", &canary)),
        signed(&canary).changed("content-digest", |_| canary.clone()),
        signed(&canary).changed("content-digest", |_| format!("{canary}=:AA==:")),
        signed("wrong")
            .header("x-note", &canary)
            .changed("signature-input", |it| {
                it.replace("\"@method\"", "\"@method\" \"x-note\"")
            }),
        Sent::new()
            .header("access-token", token.expose_secret())
            .at(NOON.after(Duration::from_secs(4_000))),
    ];
    for sent in everywhere {
        let refused = world.decide(&sent).unwrap_err();
        let shown = format!("{refused:?}");
        let lower = canary.to_ascii_lowercase();
        for hidden in [&canary[1..], &lower[..], token.expose_secret()] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
