//! Each rule refuses what it has to, the ones before it have passed, and the trace says so without
//! a secret.

use std::time::Duration;

use strongroom_contract::{
    explain::{Decision, Outcome, Rule},
    manage::KeyState,
    time::UnixMillis,
};
use strongroom_crypto::mac::HmacSha256;
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{AppId, Environment, SecretId, SecretKey},
    decide::Refused,
    scopes::{Route, Scopes},
    token,
};
use strongroom_signing::jwt::{self, Claims};

use crate::world::{NOON, Sent, World};

fn later(seconds: u64) -> UnixMillis {
    NOON.after(Duration::from_secs(seconds))
}

/// A refusal by `rule`, whose trace holds together and shows none of the secrets.
#[track_caller]
pub(crate) fn refused(world: &mut World, sent: &Sent, rule: Rule, says: &str) -> Box<Refused> {
    let refused = world.decide(sent).unwrap_err();
    assert_eq!(refused.rule(), rule, "{:?}", refused.trace);
    let trace = &refused.trace;
    let order: Vec<_> = trace.checks.iter().map(|check| check.rule).collect();
    assert_eq!(order, Rule::PIPELINE);
    for check in &trace.checks {
        let applies = !matches!(check.rule, Rule::Freshness | Rule::Replay);
        match check.outcome {
            Outcome::Passed => assert!(check.rule < rule, "{check:?}"),
            Outcome::Failed => assert_eq!(check.rule, rule),
            Outcome::Skipped => assert!(check.rule > rule || !applies, "{check:?}"),
            Outcome::Unknown => panic!("{check:?}"),
        }
        let told = !check.observed.is_empty() && !check.expected.is_empty();
        assert_eq!(told, check.outcome != Outcome::Skipped, "{check:?}");
        assert_eq!(check.fix.is_some(), check.outcome == Outcome::Failed);
    }
    let explanation = trace.clone().into_explanation(Some("id".to_owned()));
    assert_eq!(explanation.decision, Decision::Refused);
    assert_eq!(explanation.rule, Some(rule));
    let text = serde_json::to_string(&explanation).unwrap();
    assert!(text.contains(says), "{text}");
    let presented = sent.headers.iter().filter(|(name, _)| {
        ["secret-key", "access-token", "authorization", "signature"].contains(&name.as_str())
    });
    for (name, value) in presented {
        let value = str::from_utf8(value).unwrap();
        let value = value.trim_start_matches("Bearer ");
        assert!(
            value.len() < 12 || !text.contains(value),
            "{name} is in {text}"
        );
    }
    for issued in [&world.key, &world.other] {
        assert!(!text.contains(issued.secret.expose_secret()), "{text}");
    }
    refused
}

fn pair(world: &World) -> Sent {
    let key = &world.key;
    Sent::new().pair(key.record.app_id, key.secret.expose_secret())
}

pub(crate) fn signed(world: &World, nonce: u8) -> Sent {
    let key = &world.key;
    Sent::new().signed(key.record.app_id, key.secret.expose_secret(), nonce)
}

fn token_of(world: &World, secret: u32) -> String {
    let id = world.key.record.app_id;
    let token = token::issue(id, SecretId(secret), None, NOON, &world.platform);
    token.expose_secret().to_owned()
}

#[test]
fn every_way_in_is_accepted() {
    let mut world = World::new();
    let token = token_of(&world, 1);
    let bearer = format!("Bearer {token}");
    for (sent, has_nonce) in [
        (pair(&world), false),
        (signed(&world, 1), true),
        (Sent::new().header("access-token", &token), false),
        (Sent::new().header("authorization", &bearer), false),
        (
            signed(&world, 2)
                .pair(world.key.record.app_id, world.key.secret.expose_secret())
                .header("access-token", &token)
                .header("authorization", &bearer),
            true,
        ),
    ] {
        let passed = world.decide(&sent).unwrap();
        assert_eq!(passed.app_id, world.key.record.app_id);
        assert_eq!(passed.secret, SecretId(1));
        assert_eq!(passed.source, sent.peer);
        assert_eq!(passed.has_nonce, has_nonce);
    }
    let one_more = pair(&world);
    let over = refused(&mut world, &one_more, Rule::Rate, "5 requests");
    assert_eq!(over.throttled.unwrap().wait, Duration::from_secs(60));
}

#[test]
fn identify_refuses_what_is_missing_or_malformed() {
    let mut world = World::new();
    let id = world.key.record.app_id;
    let secret = world.key.secret.expose_secret().to_owned();
    let mut typo = id.to_string();
    typo.replace_range(20..21, if &typo[20..21] == "x" { "y" } else { "x" });
    let token = token_of(&world, 1);
    for (sent, says) in [
        (Sent::new(), "presents no credential"),
        (
            Sent::new().header("app-id", id.as_str()),
            "secret-key is missing",
        ),
        (
            Sent::new().header("secret-key", &secret),
            "app-id is missing",
        ),
        (pair(&world).header("app-id", id.as_str()), "more than once"),
        (
            Sent::new()
                .header("app-id", &typo)
                .header("secret-key", &secret),
            "has a typo",
        ),
        (
            Sent::new()
                .header("app-id", &secret)
                .header("secret-key", id.as_str()),
            "a secret-key stands where the app-id belongs",
        ),
        (
            Sent::new()
                .header("app-id", "1234")
                .header("secret-key", &secret),
            "this platform did not issue it",
        ),
        (
            Sent::new().header("authorization", "Basic dTpw"),
            "does not start with",
        ),
        (Sent::new().header("access-token", "abc"), "three parts"),
        (
            Sent::new().header("access-token", &format!("{token}.x")),
            "three parts",
        ),
        (
            Sent::new().pair(id, &secret).signed(
                world.other.record.app_id,
                world.other.secret.expose_secret(),
                1,
            ),
            "different keys",
        ),
        (
            Sent::new()
                .pair(
                    world.other.record.app_id,
                    world.other.secret.expose_secret(),
                )
                .header("access-token", &token),
            "different keys",
        ),
    ] {
        refused(&mut world, &sent, Rule::Identify, says);
    }
}

#[test]
fn identify_holds_signatures_to_the_profile() {
    let mut world = World::new();
    let sign = |world: &World| signed(world, 1);
    let input = |sent: Sent, from: &'static str, to: &'static str| {
        sent.changed("signature-input", |value| {
            assert!(value.contains(from), "{value} has no {from}");
            value.replacen(from, to, 1)
        })
    };
    let stripped = |sent: Sent, name: &'static str| {
        sent.changed("signature-input", |value| {
            let params: Vec<_> = value
                .split(';')
                .filter(|it| !it.starts_with(name))
                .collect();
            params.join(";")
        })
    };
    for (sent, says) in [
        (
            input(sign(&world), "\"@method\" ", ""),
            "does not cover @method",
        ),
        (
            input(sign(&world), "\"@target-uri\"", "\"@path\""),
            "@authority, @path and @query",
        ),
        (
            input(sign(&world), "\"@target-uri\"", "\"@authority\" \"@path\""),
            "@authority, @path and @query",
        ),
        (
            input(sign(&world), " \"content-digest\"", ""),
            "does not cover content-digest",
        ),
        (
            sign(&world).without("content-digest"),
            "does not cover content-digest",
        ),
        (stripped(sign(&world), "created"), "has no created"),
        (stripped(sign(&world), "nonce"), "has no nonce"),
        (stripped(sign(&world), "keyid"), "has no keyid"),
        (
            input(sign(&world), "hmac-sha256", "rsa-pss-sha512"),
            "rsa-pss-sha512",
        ),
        (sign(&world).without("signature"), "but Signature has not"),
        (
            sign(&world).without("signature-input"),
            "but Signature-Input has not",
        ),
        (
            sign(&world).changed("signature-input", |_| "(".to_owned()),
            "malformed",
        ),
        (
            sign(&world).changed("content-digest", |_| "sha-256=:AA==:".to_owned()),
            "byte sequence of 32 bytes",
        ),
        (
            sign(&world)
                .changed("signature-input", |value| format!("{value}, b{value}"))
                .changed("signature", |value| format!("{value}, b{value}")),
            "2 signatures",
        ),
    ] {
        refused(&mut world, &sent, Rule::Identify, says);
    }
}

#[test]
fn a_signature_may_cover_the_parts_of_the_target_instead() {
    // Changed after signing, so it is not genuine; but it is not the profile that refuses it.
    let mut world = World::new();
    let sent = signed(&world, 1).changed("signature-input", |value| {
        value.replace("\"@target-uri\"", "\"@authority\" \"@path\" \"@query\"")
    });
    refused(
        &mut world,
        &sent,
        Rule::Authenticate,
        "signature does not match",
    );
}

#[test]
fn authenticate_refuses_what_is_not_genuine() {
    let mut world = World::new();
    let id = world.key.record.app_id;
    let stranger = AppId::generate(Environment::Test);
    let secret = world.key.secret.expose_secret().to_owned();
    let wrong = SecretKey::generate(Environment::Test);
    let cases = [
        (Sent::new().pair(stranger, &secret), "There is no key"),
        (Sent::new().signed(stranger, &secret, 1), "There is no key"),
        (
            Sent::new().pair(id, wrong.expose_secret()),
            "none of this key's",
        ),
        (
            Sent::new().pair(id, world.other.secret.expose_secret()),
            "none of this key's",
        ),
        (Sent::new().pair(id, &secret[..secret.len() - 1]), "cut off"),
        (Sent::new().pair(id, "hunter2-hunter2"), "did not issue it"),
        (
            Sent::new().signed(id, wrong.expose_secret(), 1),
            "signature does not match",
        ),
        (
            signed(&world, 1).body(b"{\"amount\":999}"),
            "not the one that was signed",
        ),
        (signed(&world, 1).body(b""), "not the one that was signed"),
        (
            signed(&world, 1).to("POST", "/api/v2/payouts"),
            "signature does not match",
        ),
        (
            signed(&world, 1).changed("content-type", |_| "text/plain".to_owned()),
            "signature does not match",
        ),
        (signed(&world, 1).without("content-type"), "content-type"),
        (
            signed(&world, 1).pair(id, wrong.expose_secret()),
            "none of this key's",
        ),
        (
            Sent::new()
                .pair(id, &secret)
                .signed(id, wrong.expose_secret(), 1),
            "signature does not match",
        ),
    ];
    for (sent, says) in cases {
        let refused = refused(&mut world, &sent, Rule::Authenticate, says);
        assert_eq!((refused.secret, refused.slot), (None, None));
        assert!(refused.nonce.is_none());
        assert_eq!(refused.app_id == Some(stranger), refused.client.is_none());
    }
}

#[test]
fn nothing_that_is_not_verified_spends_a_nonce() {
    let mut world = World::new();
    let id = world.key.record.app_id;
    let forged = Sent::new().signed(id, "not the secret", 1);
    refused(&mut world, &forged, Rule::Authenticate, "signature");
    assert!(world.key.nonces.is_empty());
    world.decide(&signed(&world, 1)).unwrap();
    assert_eq!(world.key.nonces.len(), 1);
}

#[test]
fn a_key_that_may_not_sign_is_refused_even_with_its_secret() {
    let mut world = World::new();
    let (id, secret) = (world.key.record.app_id, world.key.secret.expose_secret());
    let sent = Sent::new().signed(id, secret, 1);
    world.key.record.may_sign = false;
    refused(&mut world, &sent, Rule::Authenticate, "may not sign");
    world.decide(&pair(&world)).unwrap();
}

#[test]
fn tokens_of_other_hands_are_refused() {
    let mut world = World::new();
    let claims = |key: &HmacSha256| {
        let claims = Claims {
            iss: "strongroom".to_owned(),
            sub: world.key.record.app_id.to_string(),
            iat: NOON.secs(),
            exp: later(3_600).secs(),
            jti: "1.0f".to_owned(),
            scope: None,
        };
        jwt::sign(&claims, key).token.expose_secret().to_owned()
    };
    let foreign = claims(&HmacSha256::new(b"another platform's key"));
    let ours = claims(&HmacSha256::from(&world.token_key));
    // {"alg":"none"}
    let (_, rest) = ours.split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{rest}");
    for (token, says) in [(&foreign, "does not match"), (&unsigned, "HS256")] {
        let sent = Sent::new().header("access-token", token);
        let refused = refused(&mut world, &sent, Rule::Authenticate, says);
        assert_eq!(refused.app_id, None);
    }
    let sent = pair(&world).header("access-token", &foreign);
    refused(
        &mut world,
        &sent,
        Rule::Authenticate,
        "not issued by this platform",
    );
    world
        .decide(&Sent::new().header("access-token", &ours))
        .unwrap();
}

#[test]
fn state_refuses_keys_out_of_their_time() {
    let mut world = World::new();
    world.key.record.expires = Some(later(100));
    world.key.record.not_before = Some(later(10));
    for (seconds, state) in [
        (9, KeyState::NotYet),
        (10, KeyState::Active),
        (99, KeyState::Active),
        (100, KeyState::Expired),
    ] {
        let sent = pair(&world).at(later(seconds));
        assert_eq!(world.key.record.state(later(seconds)), state);
        match state {
            KeyState::NotYet => drop(refused(&mut world, &sent, Rule::State, "can't be used yet")),
            KeyState::Expired => drop(refused(&mut world, &sent, Rule::State, "has expired")),
            _ => drop(world.decide(&sent).unwrap()),
        }
    }
    world.key.record.revoked = Some(later(50));
    let sent = pair(&world);
    let refused = refused(&mut world, &sent, Rule::State, "was revoked");
    assert_eq!(refused.secret, Some(SecretId(1)));
}

#[test]
fn a_rotating_key_takes_both_secrets_until_the_old_one_is_retired() {
    let mut world = World::new();
    world
        .key
        .meter
        .set_limit(strongroom_policy::limiter::Limit::DEFAULT);
    let id = world.key.record.app_id;
    let token = token_of(&world, 1);
    let new = world.rotate(NOON);
    let new = new.expose_secret();
    let old = world.key.secret.expose_secret().to_owned();
    assert_eq!(world.key.record.state(NOON), KeyState::Rotating);
    for (nonce, secret, number) in [(1, &old[..], 1), (2, new, 2)] {
        let by_pair = world.decide(&Sent::new().pair(id, secret)).unwrap();
        let by_signature = world
            .decide(&Sent::new().signed(id, secret, nonce))
            .unwrap();
        assert_eq!(by_pair.secret, SecretId(number));
        assert_eq!(by_signature.secret, SecretId(number));
    }
    world
        .key
        .record
        .secrets
        .retire(SecretId(1), later(10))
        .unwrap();
    let at = |sent: Sent, seconds| sent.at(later(seconds));
    world.decide(&at(Sent::new().pair(id, &old), 9)).unwrap();
    let by_token = Sent::new().header("access-token", &token);
    world.decide(&at(by_token.clone(), 9)).unwrap();
    for sent in [Sent::new().pair(id, &old), Sent::new().signed(id, &old, 3)] {
        refused(&mut world, &at(sent, 10), Rule::Authenticate, "was retired");
    }
    refused(
        &mut world,
        &at(by_token, 10),
        Rule::State,
        "ended with the secret",
    );
    world.decide(&at(Sent::new().pair(id, new), 10)).unwrap();
}

#[test]
fn a_token_of_a_revoked_key_fails_at_state_and_an_expired_one_at_freshness() {
    let mut world = World::new();
    let sent = Sent::new().header("access-token", &token_of(&world, 1));
    world.decide(&sent.clone().at(later(3_599))).unwrap();
    let expired = sent.clone().at(later(3_600));
    refused(&mut world, &expired, Rule::Freshness, "token has expired");
    world.key.record.revoked = Some(NOON);
    refused(&mut world, &expired, Rule::State, "was revoked");
}

#[test]
fn freshness_is_300_seconds_either_way() {
    let mut world = World::new();
    let (id, secret) = (
        world.key.record.app_id,
        world.key.secret.expose_secret().to_owned(),
    );
    let made = later(1_000);
    for (nonce, now, fresh) in [
        (1, 700, true),
        (2, 1_300, true),
        (3, 699, false),
        (4, 1_301, false),
    ] {
        let sent = Sent::new()
            .signed_at(id, &secret, nonce, made)
            .at(later(now));
        if fresh {
            world.decide(&sent).unwrap();
        } else {
            refused(&mut world, &sent, Rule::Freshness, "301 s");
        }
    }
    assert_eq!(world.key.nonces.len(), 2);
}

#[test]
fn a_nonce_is_spent_once_even_if_a_later_rule_refuses() {
    let mut world = World::new();
    let sent = signed(&world, 1).at(later(0));
    world.key.record.allow = Allowlist::parse(&["192.0.2.0/24"]).unwrap();
    let by_source = refused(&mut world, &sent, Rule::Source, "192.0.2.0/24");
    assert!(by_source.nonce.is_some());
    world.key.record.allow = Allowlist::default();
    let replayed = refused(
        &mut world,
        &sent.clone().at(later(299)),
        Rule::Replay,
        "used before",
    );
    assert!(replayed.nonce.is_none());
    // At the very end of its freshness it is still remembered, and after it no longer fresh.
    refused(
        &mut world,
        &sent.clone().at(later(300)),
        Rule::Replay,
        "used before",
    );
    refused(&mut world, &sent.at(later(301)), Rule::Freshness, "301 s");
}

#[test]
fn nonces_of_one_key_are_not_those_of_another() {
    let mut world = World::new();
    world.decide(&signed(&world, 1)).unwrap();
    let other = &world.other;
    let sent = Sent::new().signed(other.record.app_id, other.secret.expose_secret(), 1);
    world.decide(&sent).unwrap();
}

#[test]
fn source_and_permission_name_what_is_missing() {
    let mut world = World::new();
    let sent = pair(&world).to("POST", "/api/v2/payouts");
    let refusal = refused(
        &mut world,
        &sent,
        Rule::Permission,
        "lacks the scope payouts:write",
    );
    assert_eq!(refusal.slot, Some((sent.route.cost, sent.now)));
    assert!(refusal.trace.fix.ends_with("payins:write payouts:write"));
    world.key.record.scopes = Scopes::parse(&["payouts:write"]).unwrap();
    world.decide(&sent).unwrap();
    world.key.record.allow = Allowlist::parse(&["203.0.113.0/30"]).unwrap();
    let refusal = refused(
        &mut world,
        &sent,
        Rule::Source,
        "203.0.113.7 is not on the allowlist",
    );
    assert_eq!(refusal.slot, None);
}

#[test]
fn a_token_does_not_beget_a_token() {
    let mut world = World::new();
    let to = |sent: Sent| {
        sent.to("GET", "/api/v1/payment_gateways/access_token")
            .body(b"")
    };
    let by_token = to(Sent::new().header("access-token", &token_of(&world, 1)));
    refused(&mut world, &by_token, Rule::Permission, "for a token");
    world.decide(&to(pair(&world))).unwrap();
}

#[test]
fn a_path_that_there_is_not_needs_a_key_all_the_same() {
    let mut world = World::new();
    let unknown = |mut sent: Sent| {
        sent.route = &Route::NONE;
        sent
    };
    refused(
        &mut world,
        &unknown(Sent::new()),
        Rule::Identify,
        "no credential",
    );
    world.decide(&unknown(pair(&world))).unwrap();
}

#[test]
fn after_exactly_the_wait_that_a_refusal_names_a_request_is_admitted() {
    let mut world = World::new();
    for second in 0..5 {
        let passed = world.decide(&pair(&world).at(later(second))).unwrap();
        assert_eq!(u64::from(passed.admitted.left.minute.remaining), 4 - second);
    }
    let sent = pair(&world);
    let over = refused(
        &mut world,
        &sent.clone().at(later(7)),
        Rule::Rate,
        "Wait 53 s",
    );
    let throttled = over.throttled.unwrap();
    assert_eq!(throttled.retry_after_secs(), 53);
    assert_eq!((throttled.limit, throttled.remaining), (5, 0));
    let ready = later(7).after(throttled.wait);
    let early = UnixMillis(ready.0 - 1);
    refused(&mut world, &sent.at(early), Rule::Rate, "Wait 0.001 s");
    world.decide(&pair(&world).at(ready)).unwrap();
}
