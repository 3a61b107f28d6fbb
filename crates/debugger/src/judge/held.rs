//! By a key that is at hand: what the request itself and the key's secret can tell. The forms, the
//! signature profile and the times are the platform's own rules; what a platform keeps of a key is
//! unknown here.

use strongroom_contract::{
    explain::{Check, Decision, Explanation, Outcome, Rule},
    time::UnixMillis,
};
use strongroom_crypto::{SecretBytes, SecretText, mac::HmacSha256};
use strongroom_policy::{
    credential::{AppId, SecretKey},
    freshness,
    profile::{self, ProfiledSignature},
    trace::{Finding, redacted},
};
use strongroom_signing::{
    Request, Scheme, Settings, header_pair,
    jwt::{self, JwtError},
    rfc9421::VerifyError,
    token,
};

use super::{NamedSecret, Secrets};
use crate::{exhibit::View, form::jwt_claims};

/// A key that is at hand.
pub struct HeldKey {
    /// Its name, for people.
    pub name: String,
    /// Its public id, if it has one.
    pub id: Option<String>,
    /// Its secret, if it is known.
    pub secret: Option<SecretText>,
    /// What its scheme is told beside.
    pub settings: Settings,
    /// How requests are signed with it; told by each request if absent.
    pub scheme: Option<Scheme>,
}

/// What the platform's own credentials begin with.
const OURS: &str = "sr_";
const EXPECTED: &str = "a credential of one key: app-id and secret-key, an access token, or a \
                        signature by RFC 9421; several at once only of the same key";
const GENUINE: &str = "a secret, token or signature that is the key's own";

/// What a request presents.
struct Presented<'v> {
    pair: Option<header_pair::HeaderPair<'v>>,
    signature: Option<ProfiledSignature>,
    tokens: [Option<token::PresentedToken<'v>>; 2],
}

pub(super) fn judge(
    view: &View<'_>,
    key: Option<&HeldKey>,
    others: &[HeldKey],
    now: UnixMillis,
) -> Explanation {
    let fields = view.fields();
    let request = Request::new(view.method, view.target, &fields, view.body);
    let mut report = Report::default();
    let presented = match identify(&request, key) {
        Ok((presented, observed)) => {
            report.passed(Rule::Identify, observed, EXPECTED);
            presented
        }
        Err(finding) => return report.refused(Rule::Identify, finding),
    };
    match authenticate(&request, &presented, key, others) {
        Ok(Seen::Genuine(observed)) => report.passed(Rule::Authenticate, observed, GENUINE),
        Ok(Seen::Unknown(observed)) => report.unknown(Rule::Authenticate, observed, GENUINE),
        Err(finding) => return report.refused(Rule::Authenticate, finding),
    }
    let kept = "only the platform that issued the key can tell";
    report.unknown(
        Rule::State,
        kept,
        "a key that is active, or rotating between two secrets",
    );
    match fresh(&presented, now) {
        Ok(Some(observed)) => report.passed(
            Rule::Freshness,
            observed,
            "a signature made within 300 s of now, a token in its time",
        ),
        Ok(None) => report.skipped(Rule::Freshness),
        Err(finding) => return report.refused(Rule::Freshness, finding),
    }
    if presented.signature.is_some() {
        report.unknown(Rule::Replay, kept, "a nonce that was not used before");
    } else {
        report.skipped(Rule::Replay);
    }
    report.unknown(Rule::Source, kept, "an address on the key's allowlist");
    report.unknown(Rule::Rate, kept, "room under the key's limit");
    report.unknown(Rule::Permission, kept, "the scope that the route needs");
    report.finish()
}

/// The checks so far.
#[derive(Default)]
pub(crate) struct Report(Vec<Check>);

impl Report {
    fn add(
        &mut self,
        rule: Rule,
        outcome: Outcome,
        observed: impl Into<String>,
        expected: &str,
        fix: Option<String>,
    ) {
        self.0.push(Check {
            rule,
            outcome,
            observed: observed.into(),
            expected: expected.to_owned(),
            fix,
        });
    }

    pub(crate) fn passed(&mut self, rule: Rule, observed: impl Into<String>, expected: &str) {
        self.add(rule, Outcome::Passed, observed, expected, None);
    }

    pub(crate) fn unknown(&mut self, rule: Rule, observed: impl Into<String>, expected: &str) {
        self.add(rule, Outcome::Unknown, observed, expected, None);
    }

    pub(crate) fn skipped(&mut self, rule: Rule) {
        self.add(rule, Outcome::Skipped, "", "", None);
    }

    pub(crate) fn refused(mut self, rule: Rule, finding: Finding) -> Explanation {
        let fix = Some(finding.fix.clone());
        self.add(
            rule,
            Outcome::Failed,
            finding.observed,
            &finding.expected,
            fix,
        );
        for later in Rule::PIPELINE.into_iter().filter(|each| *each > rule) {
            self.skipped(later);
        }
        Explanation {
            request_id: None,
            decision: Decision::Refused,
            rule: Some(rule),
            cause: finding.cause,
            checks: self.0,
            fix: Some(finding.fix),
            remedy: None,
        }
    }

    pub(crate) fn finish(self) -> Explanation {
        let genuine = self
            .0
            .iter()
            .any(|check| check.rule == Rule::Authenticate && check.outcome == Outcome::Passed);
        let cause = if genuine {
            "The credential is genuine, and nothing is wrong as far as the key alone can tell."
        } else {
            "Nothing is wrong as far as the request alone can tell."
        };
        Explanation {
            request_id: None,
            decision: Decision::Unknown,
            rule: None,
            cause: cause.to_owned(),
            checks: self.0,
            fix: None,
            remedy: None,
        }
    }
}

fn malformed(observed: String, fix: &str) -> Finding {
    let observed = redacted(&observed);
    let cause = format!("The credential is malformed: {observed}.");
    Finding::new(cause, observed, EXPECTED, fix)
}

fn identify<'v>(
    request: &Request<'v>,
    key: Option<&HeldKey>,
) -> Result<(Presented<'v>, String), Finding> {
    let headers = request.headers();
    let pair = header_pair::read(headers).map_err(|error| {
        malformed(
            error.to_string(),
            "Send both headers, app-id and secret-key, once each.",
        )
    })?;
    let is_ours = |id: &str| {
        id.starts_with(OURS) || key.and_then(|key| key.id.as_deref()).is_some_and(of_ours)
    };
    let check_id = |place: &str, id: &str| match AppId::parse(id.as_bytes()) {
        Err(error) if is_ours(id) => Err(malformed(
            format!("{error} ({place})"),
            "Copy the app-id again, whole, from where the key was issued.",
        )),
        _ => Ok(()),
    };
    if let Some(pair) = &pair {
        check_id("header app-id", pair.app_id)?;
    }
    let signature = profile::read(request)?;
    if let Some(signature) = &signature {
        check_id("signature's keyid", &signature.keyid)?;
    }
    let fix = "Send a token as `Authorization: Bearer TOKEN` or `access-token: TOKEN`, once.";
    let tokens = token::read(headers).map_err(|error| malformed(error.to_string(), fix))?;
    for token in tokens.iter().flatten() {
        let text = token.token.expose_secret();
        // An opaque token has no form but its own.
        let opaque = !text.contains('.') && !is_ours(text);
        let checked = jwt::verify(text, &HmacSha256::new(b""));
        if let Err(
            error @ (JwtError::TooLong
            | JwtError::NotCompact
            | JwtError::Encoding
            | JwtError::Header),
        ) = checked
            && !opaque
        {
            return Err(malformed(format!("{error} (header {})", token.header), fix));
        }
    }
    let presented = Presented {
        pair,
        signature,
        tokens,
    };
    let ways = presented.ways();
    if ways.is_empty() {
        return Err(Finding::new(
            "The request presents no credential.",
            "none of the headers app-id, access-token, authorization and signature",
            EXPECTED,
            "Send the headers app-id and secret-key, or an access token, or sign the request.",
        ));
    }
    if let (Some(pair), Some(signature)) = (&presented.pair, &presented.signature)
        && pair.app_id != signature.keyid
    {
        return Err(Finding::new(
            "The request presents credentials of different keys.",
            "the header app-id and the signature's keyid differ",
            EXPECTED,
            "Send the credentials of one key only.",
        ));
    }
    Ok((presented, ways))
}

fn of_ours(id: &str) -> bool {
    AppId::parse(id.as_bytes()).is_ok()
}

impl Presented<'_> {
    fn ways(&self) -> String {
        let pair = self
            .pair
            .as_ref()
            .map(|_| "app-id and secret-key".to_owned());
        let signature = self.signature.as_ref().map(|_| "a signature".to_owned());
        let tokens = self.tokens.iter().flatten();
        let tokens = tokens.map(|it| format!("a token in {}", it.header));
        let ways: Vec<_> = pair.into_iter().chain(signature).chain(tokens).collect();
        ways.join(", and ")
    }
}

/// What could be told of a credential.
enum Seen {
    Genuine(String),
    Unknown(String),
}

fn authenticate(
    request: &Request<'_>,
    presented: &Presented<'_>,
    key: Option<&HeldKey>,
    others: &[HeldKey],
) -> Result<Seen, Finding> {
    let of_id = |id: &str| {
        key.into_iter()
            .chain(others)
            .find(|key| key.id.as_deref() == Some(id))
            // A key without an id could be any.
            .or(key.filter(|key| key.id.is_none()))
    };
    let mut seen = Seen::Unknown("no key is at hand to check it with".to_owned());
    if let Some(pair) = &presented.pair {
        seen = match of_id(pair.app_id).map(|key| (key, &key.secret)) {
            Some((key, Some(secret))) if pair.secret.matches(secret) => Seen::Genuine(format!(
                "the secret-key is the one of {:?}",
                redacted(&key.name)
            )),
            Some((key, Some(_))) => return Err(wrong_secret(pair, key)),
            _ => Seen::Unknown(unknown_key(key)),
        };
    }
    if let Some(signature) = &presented.signature {
        seen = match of_id(&signature.keyid).map(|key| (key, &key.secret)) {
            Some((key, Some(secret))) => {
                verify(request, signature, key, secret)?;
                Seen::Genuine(format!(
                    "the signature is made with {:?}",
                    redacted(&key.name)
                ))
            }
            _ => {
                altered(request, signature)?;
                Seen::Unknown(unknown_key(key))
            }
        };
    }
    for token in presented.tokens.iter().flatten() {
        let Some((key, Some(secret))) = key.map(|key| (key, &key.secret)) else {
            continue;
        };
        if matches!(key.scheme, Some(Scheme::OAuth2)) {
            seen = Seen::Unknown(
                "a token that the key was exchanged for, which only who issued it can check"
                    .to_owned(),
            );
            continue;
        }
        // A platform's own tokens are signed with a key of the platform.
        if key.id.as_deref().is_some_and(of_ours) {
            seen = Seen::Unknown(
                "an access token, which only the platform that issued it can check".to_owned(),
            );
            continue;
        }
        seen = check_token(token, key, secret)?;
    }
    Ok(seen)
}

fn unknown_key(key: Option<&HeldKey>) -> String {
    match key {
        Some(HeldKey {
            secret: None, name, ..
        }) => format!("the secret of {:?} is not known", redacted(name)),
        Some(HeldKey { name, .. }) => {
            format!(
                "the request names another key than {:?}, which is not at hand",
                redacted(name)
            )
        }
        None => "no key is at hand to check it with".to_owned(),
    }
}

fn wrong_secret(pair: &header_pair::HeaderPair<'_>, key: &HeldKey) -> Finding {
    let ours = key.id.as_deref().is_some_and(of_ours);
    let malformed = SecretKey::check(pair.secret.expose_secret().as_bytes()).err();
    let (observed, fix) = match malformed.filter(|_| ours) {
        Some(malformed) => (
            malformed.to_string(),
            "Copy the secret-key again, whole, from where it is kept.",
        ),
        None => (
            "a secret-key that is not this key's".to_owned(),
            "Use the secret that was shown when this key was issued; if it is lost, issue a new one.",
        ),
    };
    Finding::new(
        format!("The secret-key is wrong for {:?}.", redacted(&key.name)),
        observed,
        GENUINE,
        fix,
    )
}

fn verify(
    request: &Request<'_>,
    signature: &ProfiledSignature,
    key: &HeldKey,
    secret: &SecretText,
) -> Result<(), Finding> {
    let mac = HmacSha256::new(secret.expose_secret().as_bytes());
    let verified = signature.signature.verify_hmac_sha256(request.into(), &mac);
    let (observed, fix) = match verified {
        Ok(_) => return altered(request, signature),
        Err(VerifyError::Base(error)) => (
            redacted(&error.to_string()),
            "Cover only what the request has, and send every header that is covered.",
        ),
        Err(error) => (
            error.to_string(),
            "Sign last, on the final bytes, with the key's secret as UTF-8; nothing on the way may \
             change method, host, path, query or a covered header.",
        ),
    };
    Err(Finding::new(
        format!(
            "The signature is not genuine for {:?}.",
            redacted(&key.name)
        ),
        observed,
        GENUINE,
        fix,
    ))
}

/// Whether the body is the one that was signed.
fn altered(request: &Request<'_>, signature: &ProfiledSignature) -> Result<(), Finding> {
    let Some(digest) = &signature.digest else {
        return Ok(());
    };
    digest.verify(request.body()).map_err(|error| {
        Finding::new(
            "The body is not the one that was signed.",
            error.to_string(),
            "a body whose digest is the one in Content-Digest",
            "Sign the body as it is sent, byte for byte; nothing may change it after that.",
        )
    })
}

fn check_token(
    token: &token::PresentedToken<'_>,
    key: &HeldKey,
    secret: &SecretText,
) -> Result<Seen, Finding> {
    let name = redacted(&key.name);
    let genuine = || Seen::Genuine(format!("the token in {} is {name:?}'s", token.header));
    if token.token.matches(secret) {
        return Ok(genuine());
    }
    let mac = HmacSha256::new(secret.expose_secret().as_bytes());
    match jwt::verify(token.token.expose_secret(), &mac) {
        Ok(_) | Err(JwtError::Claims) => Ok(genuine()),
        Err(error) => Err(Finding::new(
            format!("The token in {} is not genuine for {name:?}.", token.header),
            error.to_string(),
            GENUINE,
            "Sign the token with HS256 and the key's secret as UTF-8, and send it unchanged.",
        )),
    }
}

fn fresh(presented: &Presented<'_>, now: UnixMillis) -> Result<Option<String>, Finding> {
    let mut seen = Vec::new();
    if let Some(signature) = &presented.signature {
        freshness::check_signature(signature, now)?;
        seen.push(format!(
            "signed at {}",
            UnixMillis::from_secs(signature.created)
        ));
    }
    for token in presented.tokens.iter().flatten() {
        let Some(end) = jwt_claims(token.token.expose_secret()).and_then(|claims| claims.exp)
        else {
            continue;
        };
        freshness::check_token_end(token.header, end, now)?;
        seen.push(format!("token until {}", UnixMillis::from_secs(end)));
    }
    let seen = seen.join(", ");
    Ok((!seen.is_empty()).then(|| format!("{seen}; it is {now}")))
}

pub(super) fn secrets(key: Option<&HeldKey>, others: &[HeldKey], id: Option<&str>) -> Secrets {
    let mut secrets = Secrets::default();
    let all: Vec<&HeldKey> = key.into_iter().chain(others).collect();
    // A token and a key without an id name nobody: then the key that was given is meant.
    let own = id
        .and_then(|id| all.iter().find(|key| key.id.as_deref() == Some(id)))
        .or(all.first().filter(|_| key.is_some()));
    for each in &all {
        let Some(secret) = &each.secret else { continue };
        let named = NamedSecret {
            name: each.name.clone(),
            bytes: SecretBytes::copy_of(secret.expose_secret().as_bytes()),
        };
        if own.is_some_and(|own| std::ptr::eq(*own, *each)) {
            secrets.own.push(named);
        } else {
            secrets.others.push(named);
        }
    }
    secrets
}
