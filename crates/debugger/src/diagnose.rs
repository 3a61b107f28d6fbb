//! From a request to its diagnosis.

use strongroom_contract::{
    diagnosis::{Change, Diagnosis, Part, Search},
    explain::{Explanation, Outcome, Rule},
    time::UnixMillis,
};
use strongroom_policy::{freshness::TOLERANCE_SECS, profile};
use strongroom_signing::{
    Algorithm, Request, Scheme,
    header_pair::{APP_ID, SECRET_KEY},
    rfc9421::{SIGNATURE, SIGNATURE_INPUT},
    token::{ACCESS_TOKEN, AUTHORIZATION, read},
};

use crate::{
    defect::{self, MILLISECONDS, TIME_ZONE},
    exhibit::{Exhibit, View},
    judge::{HeldKey, Knowledge, reach},
    pieces,
    repair::{Repaired, presented_id, repairs, seen},
    search::{Found, signed_request, signed_token},
    sigv4, told, webhook,
};

/// The place of `authenticate` among the rules: who gets beyond it is genuine.
const AUTHENTICATE: usize = 1;
/// How many requests with two repairs are judged.
const PAIRS: usize = 400;

/// Says which rule refuses `exhibit`, why, and what would make it match.
///
/// `now` is the time to judge it at, unless the exhibit has its own. Nothing is changed by a look: no
/// nonce is spent and no slot is taken.
#[must_use]
pub fn diagnose(exhibit: &Exhibit, knowledge: &Knowledge<'_>, now: UnixMillis) -> Diagnosis {
    let now = exhibit.at.unwrap_or(now);
    let view = View::of(exhibit);
    if let Knowledge::Held { key, .. } = knowledge
        && let Some(scheme) = webhook::scheme(&view, *key)
    {
        return of_webhook(scheme, &view, *key, knowledge, now);
    }
    if let Knowledge::Held { key: Some(key), .. } = knowledge
        && let Some(scheme) = told::scheme(key)
    {
        return of_told(scheme, &view, key, knowledge, now);
    }
    if let (Some(stated), Knowledge::Held { key, .. }) = (sigv4::Stated::read(&view), knowledge) {
        return of_sigv4(&stated, &view, *key, knowledge, now);
    }
    let explanation = knowledge.judge(&view, now);
    let found = match explanation.rule {
        Some(Rule::Identify | Rule::Authenticate) => {
            let desk = Desk {
                knowledge,
                judge: &|view| knowledge.judge(view, now),
                search: &|view, original| searched(view, original, knowledge),
            };
            let reached = reach(&explanation);
            let found = match reached {
                AUTHENTICATE => searched(&view, &view, knowledge),
                _ => Found::default(),
            };
            desk.credential(&view, reached, found)
        }
        Some(Rule::Freshness) => Found {
            changes: time(&view, now),
            ..Found::default()
        },
        _ => Found::default(),
    };
    conclude(explanation, scheme(&view), found)
}

fn of_told(
    scheme: Scheme,
    view: &View<'_>,
    key: &HeldKey,
    knowledge: &Knowledge<'_>,
    now: UnixMillis,
) -> Diagnosis {
    let explanation = told::judge(scheme, view, key, now);
    let found = match explanation.rule {
        Some(Rule::Identify | Rule::Authenticate) => {
            let found = told::search(scheme, view, view, key, knowledge);
            // The headers of these schemes can be repaired, as the platform's own can.
            if scheme.rfc9421().is_some() || scheme.jwt().is_some() {
                let desk = Desk {
                    knowledge,
                    judge: &|view| told::judge(scheme, view, key, now),
                    search: &|view, original| told::search(scheme, view, original, key, knowledge),
                };
                desk.credential(view, reach(&explanation), found)
            } else {
                found
            }
        }
        Some(Rule::Freshness) => late(told::made(scheme, view, key), now),
        _ => Found::default(),
    };
    conclude(explanation, Some(scheme.id()), found)
}

fn of_webhook(
    scheme: Scheme,
    view: &View<'_>,
    key: Option<&HeldKey>,
    knowledge: &Knowledge<'_>,
    now: UnixMillis,
) -> Diagnosis {
    let explanation = webhook::judge(scheme, view, key, now);
    let found = match explanation.rule {
        Some(Rule::Authenticate) => webhook::search(scheme, view, key, &knowledge.secrets(None)),
        Some(Rule::Freshness) => late(webhook::made(scheme, view, key), now),
        _ => Found::default(),
    };
    conclude(explanation, Some(scheme.id()), found)
}

fn of_sigv4(
    stated: &sigv4::Stated<'_>,
    view: &View<'_>,
    key: Option<&HeldKey>,
    knowledge: &Knowledge<'_>,
    now: UnixMillis,
) -> Diagnosis {
    let explanation = sigv4::judge(stated, view, key, now);
    let found = match explanation.rule {
        Some(Rule::Authenticate) => sigv4::search(stated, view, key, &knowledge.secrets(None)),
        Some(Rule::Freshness) => late(sigv4::made(view), now),
        _ => Found::default(),
    };
    conclude(explanation, Some(Scheme::SigV4.id()), found)
}

fn late(made: Option<u64>, now: UnixMillis) -> Found {
    Found {
        changes: made.map(|made| off(made, now)).unwrap_or_default(),
        ..Found::default()
    }
}

/// Says what would have made the signature of a request match that a platform refused and kept, with
/// its credentials replaced: the rules have spoken, and `explanation` is what they said.
#[must_use]
pub fn diagnose_refused(
    explanation: Explanation,
    exhibit: &Exhibit,
    knowledge: &Knowledge<'_>,
) -> Diagnosis {
    let view = View::of(exhibit);
    let found = searched(&view, &view, knowledge);
    conclude(explanation, scheme(&view), found)
}

fn conclude(mut explanation: Explanation, scheme: Option<&str>, found: Found) -> Diagnosis {
    let Found {
        mut changes,
        parts,
        search,
    } = found;
    let mut once: Vec<Change> = Vec::new();
    for change in changes.drain(..) {
        if !once.iter().any(|each| each.id == change.id) {
            once.push(change);
        }
    }
    let changes = once;
    if let (Some(cause), Some(fix)) = (defect::cause(&changes), defect::fix(&changes)) {
        let refusing = explanation.rule;
        for check in &mut explanation.checks {
            if Some(check.rule) == refusing {
                check.fix = Some(fix.clone());
            }
        }
        explanation.cause = cause;
        explanation.fix = Some(fix);
        // The platform's owner could make it pass; whoever sent it has to mend it.
        explanation.remedy = None;
    }
    let sentence = defect::sentence(&changes).or_else(|| refusal(&explanation));
    Diagnosis {
        explanation,
        scheme: scheme.map(str::to_owned),
        changes,
        parts,
        sentence,
        search,
    }
}

/// One sentence where only the rule and its fix are known.
fn refusal(explanation: &Explanation) -> Option<String> {
    let rule = explanation.rule?;
    let fix = explanation.fix.as_deref()?;
    let cause = explanation.cause.trim_end_matches('.');
    Some(format!(
        "Your request is refused by the rule {} ({cause}): {fix}",
        rule.id()
    ))
}

/// The scheme that a request was taken to use.
fn scheme(view: &View<'_>) -> Option<&'static str> {
    let has = |name| view.header(name).is_some();
    let scheme = if has(SIGNATURE) || has(SIGNATURE_INPUT) {
        Scheme::Rfc9421HmacSha256
    } else if has(APP_ID) || has(SECRET_KEY) {
        Scheme::HeaderPair
    } else if has(ACCESS_TOKEN) {
        Scheme::AccessToken
    } else if has(AUTHORIZATION) {
        Scheme::Bearer
    } else {
        return None;
    };
    Some(scheme.id())
}

/// Where a request is judged and searched, as it is and repaired.
struct Desk<'d> {
    knowledge: &'d Knowledge<'d>,
    judge: &'d dyn Fn(&View<'_>) -> Explanation,
    /// What was signed, of a request and the same before it was repaired.
    search: &'d dyn Fn(&View<'_>, &View<'_>) -> Found,
}

impl Desk<'_> {
    /// What would make the credential match of a request that gets as far as `reached`, beside what was
    /// `found` in it as it is.
    fn credential(&self, view: &View<'_>, reached: usize, found: Found) -> Found {
        let mut best = found;
        if best.changes.iter().any(|change| change.proven) {
            return best;
        }
        let singles = repairs(view, self.knowledge);
        let mut furthest: Option<(usize, &Repaired<'_>)> = None;
        for single in &singles {
            let judged = (self.judge)(&single.view);
            let reach = reach(&judged);
            if reach > AUTHENTICATE {
                return told(mended(view, single, Found::default()), &judged);
            }
            if reach > furthest.map_or(reached, |(furthest, _)| furthest) {
                furthest = Some((reach, single));
            }
        }
        if let Some((_, single)) = furthest {
            let found = (self.search)(&single.view, view);
            if found.search.is_some() && !found.changes.is_empty() || matches_as_is(&found) {
                return mended(view, single, found);
            }
        }
        let plain = seen(view, self.knowledge);
        if !plain.is_empty() {
            return Found {
                changes: plain,
                ..best
            };
        }
        let mut judged = 0;
        for single in &singles {
            for second in repairs(&single.view, self.knowledge) {
                judged += 1;
                if judged > PAIRS {
                    break;
                }
                let judged = (self.judge)(&second.view);
                if reach(&judged) > AUTHENTICATE {
                    let both = Repaired {
                        changes: [single.changes.as_slice(), &second.changes].concat(),
                        view: second.view,
                    };
                    return told(mended(view, &both, Found::default()), &judged);
                }
            }
        }
        if let Some((_, single)) = furthest {
            best = unproven(mended(view, single, Found::default()));
        }
        best
    }
}

/// A repair proves something only where the credential could be checked.
fn told(found: Found, judged: &Explanation) -> Found {
    let is_genuine = judged
        .checks
        .iter()
        .any(|check| check.rule == Rule::Authenticate && check.outcome == Outcome::Passed);
    if is_genuine { found } else { unproven(found) }
}

fn unproven(mut found: Found) -> Found {
    for change in &mut found.changes {
        change.proven = false;
    }
    found
}

/// A search that came to an end without a change: another reading of what was received matches.
fn matches_as_is(found: &Found) -> bool {
    found
        .search
        .is_some_and(|search| search.complete && found.changes.is_empty() && search.tried < 4)
}

/// Looks for what was signed, if anything was.
fn searched(view: &View<'_>, original: &View<'_>, knowledge: &Knowledge<'_>) -> Found {
    let secrets = knowledge.secrets(presented_id(view).as_deref());
    if view.header(SIGNATURE).is_some() {
        return signed_request(Algorithm::HmacSha256, view, original, &secrets);
    }
    let fields = view.fields();
    match read(&fields) {
        Ok([Some(token), _] | [None, Some(token)]) => {
            signed_token(Algorithm::HmacSha256, token.token.expose_secret(), &secrets)
        }
        _ => Found::default(),
    }
}

/// The repair with what the search found behind it.
fn mended(view: &View<'_>, repaired: &Repaired<'_>, found: Found) -> Found {
    let mut parts: Vec<Part> = Vec::new();
    for (name, value) in &repaired.view.headers {
        if view.header(name) != Some(value) {
            let received = view.header(name).unwrap_or_default();
            parts.push(pieces::part_of_credential(name, received, value));
        }
    }
    parts.extend(found.parts);
    Found {
        changes: [repaired.changes.as_slice(), &found.changes].concat(),
        parts,
        search: found.search.or(Some(Search {
            tried: 1,
            complete: true,
        })),
    }
}

/// What is wrong with the time of a signature.
fn time(view: &View<'_>, now: UnixMillis) -> Vec<Change> {
    let fields = view.fields();
    let request = Request::new(view.method, view.target, &fields, view.body);
    match profile::read(&request) {
        Ok(Some(signature)) => off(signature.created, now),
        _ => Vec::new(),
    }
}

/// What is wrong with a time in Unix seconds.
fn off(created: u64, now: UnixMillis) -> Vec<Change> {
    /// Local time is off by whole quarters of an hour, up to so many.
    const QUARTERS: u64 = 14 * 4;
    const QUARTER: u64 = 900;
    /// How late a request may be and still show a time zone.
    const LATE: u64 = 30;
    let now = now.secs();
    if (created / 1_000).abs_diff(now) <= TOLERANCE_SECS {
        return vec![MILLISECONDS.seen("")];
    }
    let off = created.abs_diff(now);
    let quarters = (off + QUARTER / 2) / QUARTER;
    // Zones differ by half hours, and by quarters in Nepal and Chatham alone.
    if (2..=QUARTERS).contains(&quarters)
        && quarters.is_multiple_of(2)
        && off.abs_diff(quarters * QUARTER) <= LATE
    {
        let word = if created > now { "ahead" } else { "behind" };
        let hours = quarters / 4;
        let minutes = quarters % 4 * 15;
        return vec![TIME_ZONE.seen(&format!("{hours} h {minutes} min {word}"))];
    }
    Vec::new()
}
