//! A token taken apart for a person: what it says with its times in words, and every check with its
//! outcome, also those behind one that failed.

use serde_json::{Map, Value};
use strongroom_contract::{
    explain::{Decision, Outcome},
    jwt::{JwtCheck, JwtMember, JwtReport, JwtRule},
    time::UnixMillis,
};
use strongroom_crypto::signature::{self, KeyKind};

use super::{
    JwtError,
    jose::{MAX_FOREIGN_TOKEN, Parts, algorithm_name, decode, object},
};
use crate::{
    credential::{Algorithm, Credential, KeyProblem, VerifyingKey, pem_kind},
    scheme::Scheme,
};

/// Times beyond this are no seconds: the year 5138, and in milliseconds 1973.
const LATEST_SECONDS: u64 = 100_000_000_000;

/// What RFC 7515 (section 4.1) and RFC 7519 (section 4.1) register.
const MEANINGS: [(&str, &str); 12] = [
    ("alg", "how it is signed"),
    ("typ", "what it is"),
    ("kid", "which key signed it"),
    ("cty", "what it carries"),
    ("crit", "extensions that must be understood"),
    ("iss", "who issued it"),
    ("sub", "whom it stands for"),
    ("aud", "whom it is meant for"),
    ("exp", "when it ends"),
    ("nbf", "from when on it holds"),
    ("iat", "when it was issued"),
    ("jti", "its own id"),
];
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

/// What `token` says, and what is to be thought of it at `now`. `key` signed it, by its own scheme if that
/// is one for tokens, or else by the kind of its secret; without a key, the signature is not checked.
/// `Bearer` and white space around the token are passed over.
///
/// # Errors
///
/// [`JwtError`] if it is so malformed that it says nothing.
pub fn report(
    token: &str,
    key: Option<(&Credential<'_>, Option<Scheme>)>,
    now: UnixMillis,
) -> Result<JwtReport, JwtError> {
    let token = bare(token);
    let parts = Parts::split(token, MAX_FOREIGN_TOKEN)?;
    let header: Map<String, Value> = object(&decode(parts.header)?).ok_or(JwtError::Header)?;
    let claims: Map<String, Value> =
        object(&decode(parts.payload)?).ok_or(JwtError::ClaimsObject)?;
    let name = header.get("alg").and_then(Value::as_str);
    let name = name.ok_or(JwtError::Header)?;
    let verifying = key.map(|(credential, scheme)| verifying_key(credential, scheme));
    let verifying = verifying.as_ref();

    let mut checks = Checks::default();
    checks.passed(
        JwtRule::Form,
        "three parts; header and claims are JSON objects",
        "a compact JWS (RFC 7515)",
    );
    algorithm(&mut checks, name, verifying);
    extensions(&mut checks, &header);
    let genuine = verifying.map(|key| match key {
        Ok((algorithm, key)) if algorithm_name(*algorithm) == name => {
            let signature = decode(parts.signature);
            Ok(signature.is_ok_and(|bytes| key.verify(parts.signing_input.as_bytes(), &bytes)))
        }
        Ok(_) => Err("not looked at: the algorithm is not the key's".to_owned()),
        Err(problem) => Err(problem.to_string()),
    });
    genuineness(
        &mut checks,
        genuine,
        named(&header, key.map(|(credential, _)| credential)),
    );
    times(&mut checks, &claims, now);
    Ok(JwtReport {
        decision: checks.decision(),
        header: members(header, now),
        claims: members(claims, now),
        checks: checks.0,
    })
}

/// The token alone, if it was pasted with what stands before it in a request.
fn bare(pasted: &str) -> &str {
    let mut token = pasted.trim();
    for before in ["authorization:", "access-token:", "bearer "] {
        if let Some(start) = token.get(..before.len())
            && start.eq_ignore_ascii_case(before)
        {
            token = token[before.len()..].trim_start();
        }
    }
    token
}

type Key = Result<(Algorithm, VerifyingKey), KeyProblem>;

/// The key, and the one algorithm that it is taken for: the verifier's choice, never the token's.
fn verifying_key(credential: &Credential<'_>, scheme: Option<Scheme>) -> Key {
    let algorithm = match scheme.and_then(Scheme::jwt) {
        Some(algorithm) => algorithm,
        None => match pem_kind(credential.secret) {
            None => Algorithm::HmacSha256,
            Some(kind) => Algorithm::Pair(match kind? {
                KeyKind::Rsa => signature::Algorithm::RsaPkcs1Sha256,
                KeyKind::P256 => signature::Algorithm::EcdsaP256Sha256,
                KeyKind::Ed25519 => signature::Algorithm::Ed25519,
            }),
        },
    };
    Ok((algorithm, VerifyingKey::new(algorithm, credential)?))
}

/// Which key the token names, if that is another one than this.
fn named(header: &Map<String, Value>, key: Option<&Credential<'_>>) -> Option<String> {
    let kid = header.get("kid")?.as_str()?;
    let credential = key?;
    let own = credential.settings.get("kid").or(credential.public_id)?;
    (kid != own).then(|| format!("the token names the key {kid:?}, and this one is {own:?}"))
}

#[derive(Default)]
struct Checks(Vec<JwtCheck>);

impl Checks {
    fn add(
        &mut self,
        rule: JwtRule,
        outcome: Outcome,
        observed: impl Into<String>,
        expected: impl Into<String>,
        fix: Option<String>,
    ) {
        self.0.push(JwtCheck {
            rule,
            outcome,
            observed: observed.into(),
            expected: expected.into(),
            fix,
        });
    }

    fn passed(&mut self, rule: JwtRule, observed: impl Into<String>, expected: impl Into<String>) {
        self.add(rule, Outcome::Passed, observed, expected, None);
    }

    fn failed(
        &mut self,
        rule: JwtRule,
        observed: impl Into<String>,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(rule, Outcome::Failed, observed, expected, Some(fix.into()));
    }

    fn skipped(&mut self, rule: JwtRule, observed: &str) {
        self.add(rule, Outcome::Skipped, observed, "", None);
    }

    fn unknown(&mut self, rule: JwtRule, observed: impl Into<String>, expected: &str) {
        self.add(rule, Outcome::Unknown, observed, expected, None);
    }

    fn decision(&self) -> Decision {
        let any = |outcome| self.0.iter().any(|check| check.outcome == outcome);
        if any(Outcome::Failed) {
            Decision::Refused
        } else if any(Outcome::Unknown) {
            Decision::Unknown
        } else {
            Decision::Accepted
        }
    }
}

fn algorithm(checks: &mut Checks, stated: &str, key: Option<&Key>) {
    const RULE: JwtRule = JwtRule::Algorithm;
    if stated.eq_ignore_ascii_case("none") {
        return checks.failed(
            RULE,
            "none: nobody signed it",
            "an algorithm that signs (RFC 8725, section 3.2)",
            "Have its issuer sign it, and never accept a token that says none.",
        );
    }
    match key {
        None => checks.unknown(RULE, stated, "the algorithm of the key that verifies it"),
        Some(Err(problem)) => checks.unknown(
            RULE,
            format!("{stated}; the key can't be used: {problem}"),
            "the algorithm of the key that verifies it",
        ),
        Some(Ok((algorithm, _))) => {
            let own = algorithm_name(*algorithm);
            let expected = format!("{own}, which this key makes");
            if own == stated {
                checks.passed(RULE, stated, expected);
            } else {
                checks.failed(
                    RULE,
                    stated,
                    expected,
                    format!("Verify it with the key that its issuer signs with, or have it signed with {own}."),
                );
            }
        }
    }
}

fn extensions(checks: &mut Checks, header: &Map<String, Value>) {
    if header.contains_key("crit") {
        checks.failed(
            JwtRule::Critical,
            "the header has crit",
            "no extension (RFC 7515, section 4.1.11)",
            "Issue it without crit: no extension is understood here.",
        );
    } else {
        checks.passed(JwtRule::Critical, "no extension is asked for", "no crit");
    }
    match header.get("typ") {
        None => checks.skipped(JwtRule::Type, "no typ"),
        Some(typ) => {
            let expected = "JWT, or a type that ends with +jwt (RFC 8725, section 3.11)";
            let shown = typ.as_str().map_or_else(|| typ.to_string(), str::to_owned);
            let lower = shown.to_ascii_lowercase();
            if lower == "jwt" || lower.ends_with("+jwt") {
                checks.passed(JwtRule::Type, shown, expected);
            } else {
                let fix = "Issue it with typ JWT, or without a typ.";
                checks.failed(JwtRule::Type, shown, expected, fix);
            }
        }
    }
}

fn genuineness(
    checks: &mut Checks,
    genuine: Option<Result<bool, String>>,
    other_key: Option<String>,
) {
    const EXPECTED: &str = "the key's signature over header and claims";
    const RULE: JwtRule = JwtRule::Signature;
    match genuine {
        None => checks.unknown(RULE, "not checked: no key was given", EXPECTED),
        Some(Err(why)) => checks.unknown(RULE, why, EXPECTED),
        Some(Ok(true)) => {
            let more = other_key.map(|other| format!("; {other}"));
            checks.passed(
                RULE,
                format!("genuine{}", more.unwrap_or_default()),
                EXPECTED,
            );
        }
        Some(Ok(false)) => {
            let fix = other_key.map_or_else(
                || {
                    "Compare the key with its issuer's, its encoding too, and take the token whole and \
                     unchanged."
                        .to_owned()
                },
                |other| format!("Verify it with the key that it names: {other}."),
            );
            checks.failed(
                RULE,
                "made with another key, or changed since",
                EXPECTED,
                fix,
            );
        }
    }
}

fn times(checks: &mut Checks, claims: &Map<String, Value>, now: UnixMillis) {
    for (name, rule) in [
        ("exp", JwtRule::Expires),
        ("nbf", JwtRule::NotBefore),
        ("iat", JwtRule::Issued),
    ] {
        let Some(value) = claims.get(name) else {
            let absent = match rule {
                JwtRule::Expires => "no exp: it never ends",
                JwtRule::NotBefore => "no nbf",
                _ => "no iat",
            };
            checks.skipped(rule, absent);
            continue;
        };
        let Some(at) = time(value) else {
            let (observed, fix) = if milliseconds(value).is_some() {
                (
                    "milliseconds",
                    "Divide it by 1000: a token's times are in seconds.",
                )
            } else {
                (
                    "no time",
                    "Write it as a number of seconds since 1970, without quotes.",
                )
            };
            let expected = "seconds since 1970 (RFC 7519, section 2)";
            checks.failed(rule, format!("{name} is {observed}"), expected, fix);
            continue;
        };
        let observed = words(at, now);
        let (holds, expected, fix) = match rule {
            JwtRule::Expires => (
                now < at,
                "a time to come",
                "Get a new token; where it is sent soon after, compare the clocks of both sides.",
            ),
            JwtRule::NotBefore => (
                at <= now,
                "a time that is past",
                "Wait until then; where that is soon, compare the clocks of both sides.",
            ),
            _ => (
                at <= now,
                "a time that is past",
                "Set the issuer's clock by NTP: the token comes from the future.",
            ),
        };
        if holds {
            checks.passed(rule, observed, expected);
        } else {
            checks.failed(rule, observed, expected, fix);
        }
    }
}

/// A time of a token. Fractions are dropped.
fn time(value: &Value) -> Option<UnixMillis> {
    number(value)
        .filter(|seconds| *seconds < LATEST_SECONDS)
        .map(UnixMillis::from_secs)
}

/// The same where it was written in milliseconds.
fn milliseconds(value: &Value) -> Option<UnixMillis> {
    number(value)
        .filter(|number| (LATEST_SECONDS..1_000 * LATEST_SECONDS).contains(number))
        .map(UnixMillis)
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0)?;
        format!("{:.0}", seconds.trunc()).parse().ok()
    })
}

fn words(at: UnixMillis, now: UnixMillis) -> String {
    format!("{at}, {}", at.relative_to(now))
}

fn members(object: Map<String, Value>, now: UnixMillis) -> Vec<JwtMember> {
    let members = object.into_iter().map(|(name, value)| {
        let known = MEANINGS.iter().find(|(known, _)| *known == name);
        let words = TIMES.contains(&name.as_str()).then(|| {
            let wrong =
                || milliseconds(&value).map(|at| format!("{}, as milliseconds", words(at, now)));
            time(&value).map(|at| words(at, now)).or_else(wrong)
        });
        JwtMember {
            meaning: known.map(|(_, meaning)| (*meaning).to_owned()),
            words: words.flatten(),
            name,
            value,
        }
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use strongroom_crypto::SecretText;

    use super::*;
    use crate::{credential::SigningKey, jwt::sign_claims, settings::Settings};

    const NOW: UnixMillis = UnixMillis::from_secs(1_763_980_800);
    const PRIVATE: &str =
        include_str!("../../../crypto/tests/data/keys/rfc9421-ed25519.private.pem");

    fn secret(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    fn token(header: &str, claims: &str, key: &str, algorithm: Algorithm) -> String {
        let secret = secret(key);
        let credential = Credential::new(&secret, "the secret");
        let key = SigningKey::new(algorithm, &credential).unwrap();
        let signed = sign_claims(header, claims, &key).unwrap();
        signed.token.expose_secret().to_owned()
    }

    fn hs256(claims: &str) -> String {
        let header = r#"{"alg":"HS256","typ":"JWT","kid":"app-1"}"#;
        token(header, claims, "CANARY-secret", Algorithm::HmacSha256)
    }

    fn outcome(report: &JwtReport, rule: JwtRule) -> Outcome {
        let mut checks = report.checks.iter();
        checks.find(|check| check.rule == rule).unwrap().outcome
    }

    fn failed(report: &JwtReport) -> Vec<JwtRule> {
        let failed = report.checks.iter();
        let failed = failed.filter(|check| check.outcome == Outcome::Failed);
        assert!(failed.clone().all(|check| check.fix.is_some()));
        failed.map(|check| check.rule).collect()
    }

    fn with(key: &str, token: &str) -> JwtReport {
        let secret = secret(key);
        let credential = Credential::new(&secret, "the secret").with_public_id("app-1");
        report(token, Some((&credential, None)), NOW).unwrap()
    }

    #[test]
    fn a_sound_token_passes_every_check_and_its_times_are_in_words() {
        let sound =
            hs256(r#"{"sub":"me","iat":1763980740,"nbf":1763980740,"exp":1763981100,"n":[1]}"#);
        let seen = with(
            "CANARY-secret",
            &format!("  Authorization: Bearer {sound}\n"),
        );
        assert_eq!(seen.decision, Decision::Accepted);
        assert!(
            seen.checks
                .iter()
                .all(|check| check.outcome == Outcome::Passed)
        );
        let claim = |name: &str| {
            let mut claims = seen.claims.iter();
            claims.find(|claim| claim.name == name).unwrap().clone()
        };
        assert_eq!(
            claim("exp").words.as_deref(),
            Some("2025-11-24T10:45:00.000Z, in 5 minutes")
        );
        assert_eq!(claim("exp").meaning.as_deref(), Some("when it ends"));
        assert_eq!((claim("n").words, claim("n").meaning), (None, None));
        // Without a key nobody can say that it is genuine.
        let seen = report(&sound, None, NOW).unwrap();
        assert_eq!(seen.decision, Decision::Unknown);
        assert_eq!(outcome(&seen, JwtRule::Signature), Outcome::Unknown);
        let signature = sound.rsplit_once('.').unwrap().1;
        assert!(!serde_json::to_string(&seen).unwrap().contains(signature));
    }

    #[test]
    fn every_check_can_fail_and_those_behind_it_are_made_all_the_same() {
        use JwtRule::{Algorithm as Alg, Critical, Expires, Issued, NotBefore, Signature, Type};
        let hs = |claims: &str| with("CANARY-secret", &hs256(claims));
        assert_eq!(failed(&hs(r#"{"exp":1763980800}"#)), [Expires]);
        assert_eq!(failed(&hs(r#"{"nbf":1763980801}"#)), [NotBefore]);
        assert_eq!(failed(&hs(r#"{"iat":1763980801}"#)), [Issued]);
        assert_eq!(failed(&hs(r#"{"exp":1763981100000}"#)), [Expires]);
        assert_eq!(failed(&hs(r#"{"exp":"1763981100"}"#)), [Expires]);
        assert_eq!(failed(&hs(r#"{"exp":-1,"iat":1e300}"#)), [Expires, Issued]);
        assert_eq!(
            failed(&with("another", &hs256(r#"{"exp":1763980800}"#))),
            [Signature, Expires]
        );
        let header = r#"{"alg":"HS256","typ":"JOSE","crit":["b64"]}"#;
        let odd = token(header, "{}", "CANARY-secret", Algorithm::HmacSha256);
        assert_eq!(failed(&with("CANARY-secret", &odd)), [Critical, Type]);

        // A public key is no shared secret, whatever the header says (RFC 8725, section 2.1).
        let confused = token(r#"{"alg":"HS256"}"#, "{}", PRIVATE, Algorithm::HmacSha256);
        let seen = with(PRIVATE, &confused);
        assert_eq!(failed(&seen), [Alg]);
        assert_eq!(outcome(&seen, Signature), Outcome::Unknown);
        let unsigned = "eyJhbGciOiJub25lIn0.e30.";
        assert_eq!(failed(&with("CANARY-secret", unsigned)), [Alg]);
        assert_eq!(failed(&report(unsigned, None, NOW).unwrap()), [Alg]);
    }

    #[test]
    fn the_kind_of_the_key_decides_what_it_verifies() {
        let pair = Algorithm::Pair(signature::Algorithm::Ed25519);
        let signed = token(r#"{"alg":"EdDSA","kid":"other"}"#, "{}", PRIVATE, pair);
        let seen = with(PRIVATE, &signed);
        assert_eq!(seen.decision, Decision::Accepted);
        let checks = &seen.checks;
        let genuine = checks.iter().find(|check| check.rule == JwtRule::Signature);
        assert!(genuine.unwrap().observed.contains("\"other\""));

        let secret = secret("Q0FOQVJZ");
        let settings: Settings = [("secret_encoding".to_owned(), "base64".to_owned())]
            .into_iter()
            .collect();
        let credential = Credential::new(&secret, "the secret").with_settings(&settings);
        let decoded = token(r#"{"alg":"HS256"}"#, "{}", "CANARY", Algorithm::HmacSha256);
        let told = Some((&credential, Some(Scheme::JwtHs256)));
        let seen = report(&decoded, told, NOW).unwrap();
        assert_eq!(seen.decision, Decision::Accepted);
    }

    #[test]
    fn what_says_nothing_is_refused_without_repeating_it() {
        for (wrong, error) in [
            ("", JwtError::NotCompact),
            ("CANARY", JwtError::NotCompact),
            ("a.b.c.d", JwtError::NotCompact),
            ("!.e30.", JwtError::Encoding),
            ("e30.e30.", JwtError::Header),
            ("eyJhbGciOiJub25lIn0.W10.", JwtError::ClaimsObject),
        ] {
            assert_eq!(report(wrong, None, NOW).err(), Some(error), "{wrong}");
        }
    }
}
