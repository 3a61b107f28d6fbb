//! By `signing::verify`, for the schemes of others: what the request and the secret can tell. The rules are
//! those of whoever receives it.

use strongroom_contract::{
    explain::{Explanation, Rule},
    time::UnixMillis,
};
use strongroom_crypto::SecretText;
use strongroom_policy::{
    freshness::{TOLERANCE_SECS, check_token_end},
    trace::{Finding, redacted},
};
use strongroom_signing::{
    Credential, Refusal, Request, Scheme, Settings, token::AUTHORIZATION, verify,
};

use super::{HeldKey, held::Report};
use crate::{bearer, exhibit::View};

/// What says whether a request is fresh.
#[derive(Clone, Copy)]
pub(crate) enum Times {
    /// Nothing does.
    None,
    /// When it was made: as the scheme found it or, where nothing could be verified, in these Unix seconds.
    Signed(Option<u64>),
    /// The token that it bears.
    Token,
}

/// What is asked of a request.
pub(crate) struct Question<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) settings: &'a Settings,
    /// A secret of the scheme's form that is nobody's.
    pub(crate) nobodys: SecretText,
    /// Whether the request names the key by its public id.
    pub(crate) names_key: bool,
    /// Whether the body is not the one whose digest the request has.
    pub(crate) is_altered: bool,
    /// What says whether it is fresh.
    pub(crate) times: Times,
    /// What it should carry.
    pub(crate) expected: &'static str,
    /// What to do if its signature does not match.
    pub(crate) fix: &'static str,
}

const GENUINE: &str = "a signature that the key's secret makes of this request";
const FRESH_TOKEN: &str = "a token in its time";
const FRESH: &str = "a request signed within 300 s of now";

impl Question<'_> {
    /// Says which rule of a receiver refuses the request.
    pub(crate) fn judge(
        &self,
        view: &View<'_>,
        key: Option<&HeldKey>,
        now: UnixMillis,
    ) -> Explanation {
        let fields = view.fields();
        let request = Request::new(view.method, view.target, &fields, view.body);
        let mut report = Report::default();
        // Without a secret, the form alone is looked at.
        let known = key.and_then(|key| Some((key, key.secret.as_ref()?)));
        let secret = known.map_or(&self.nobodys, |(_, secret)| secret);
        let mut credential = Credential::new(secret, "the secret").with_settings(self.settings);
        let id = known.and_then(|(key, _)| key.id.as_deref());
        if let Some(id) = id.filter(|_| self.names_key) {
            credential = credential.with_public_id(id);
        }
        let verified = verify(self.scheme, &request, &credential);
        if let Err(error @ (Refusal::Absent(_) | Refusal::Malformed(_))) = &verified
            && !self.is_altered
        {
            let observed = redacted(&error.to_string());
            let cause = format!("The request can't be checked: {observed}.");
            let fix = "Send the scheme's headers whole and once each, and let nothing on the way drop or \
                       cut them.";
            let finding = Finding::new(cause, observed, self.expected, fix);
            return report.refused(Rule::Identify, finding);
        }
        report.passed(
            Rule::Identify,
            format!("signed by {}", self.scheme),
            self.expected,
        );
        let made = match self.times {
            Times::Signed(stated) => {
                let found = verified.as_ref().ok().and_then(|verified| verified.made);
                found.map(UnixMillis::secs).or(stated)
            }
            Times::None | Times::Token => None,
        };
        match (known, verified) {
            (None, _) => report.unknown(
                Rule::Authenticate,
                "no secret is at hand to check it with",
                GENUINE,
            ),
            (Some((key, _)), Ok(_)) => {
                if self.scheme.jwt().is_some()
                    && let Err(finding) = bearer::check_audience(view, self.settings)
                {
                    return report.refused(Rule::Authenticate, finding);
                }
                let name = redacted(&key.name);
                let observed = format!("the signature is made with {name:?}");
                report.passed(Rule::Authenticate, observed, GENUINE);
            }
            (Some(_), Err(Refusal::Credential(error))) => {
                report.unknown(Rule::Authenticate, error.to_string(), GENUINE);
            }
            (Some((key, _)), Err(error)) => {
                let name = redacted(&key.name);
                let observed = redacted(&error.to_string());
                let cause = format!("The signature is not genuine for {name:?}: {observed}.");
                let finding = Finding::new(cause, observed, GENUINE, self.fix);
                return report.refused(Rule::Authenticate, finding);
            }
        }
        report.skipped(Rule::State);
        if let Times::Token = self.times {
            match token_times(view, now) {
                Ok(Some(observed)) => report.passed(Rule::Freshness, observed, FRESH_TOKEN),
                Ok(None) => report.skipped(Rule::Freshness),
                Err(finding) => return report.refused(Rule::Freshness, finding),
            }
        } else if let Some(made) = made {
            let off = now.secs().abs_diff(made);
            if off > TOLERANCE_SECS {
                let word = if made < now.secs() { "ago" } else { "ahead" };
                let seen = format!("signed {off} s {word}");
                let cause = format!("The request is not fresh: {seen}.");
                let fix = "Sign each attempt anew with the time of its sending, and set both clocks by \
                           NTP.";
                let finding = Finding::new(cause, seen, FRESH, fix);
                return report.refused(Rule::Freshness, finding);
            }
            report.passed(Rule::Freshness, format!("signed {off} s from now"), FRESH);
        } else {
            report.skipped(Rule::Freshness);
        }
        if matches!(self.times, Times::None) {
            report.skipped(Rule::Replay);
        } else {
            let kept = "only who receives it can tell";
            report.unknown(Rule::Replay, kept, "a request that did not arrive before");
        }
        for rule in [Rule::Source, Rule::Rate, Rule::Permission] {
            report.skipped(rule);
        }
        report.finish()
    }
}

/// In which times the token of a request is valid, if it says so.
fn token_times(view: &View<'_>, now: UnixMillis) -> Result<Option<String>, Finding> {
    let Some(token) = bearer::decoded(view) else {
        return Ok(None);
    };
    if let Some(begin) = token.time("nbf").filter(|begin| *begin > now.secs()) {
        let begin = UnixMillis::from_secs(begin);
        return Err(Finding::new(
            format!("The token is not valid yet: it begins at {begin}."),
            format!("nbf is {begin}, and it is {now}"),
            FRESH_TOKEN,
            "Set the issuer's clock by NTP, and write nbf in seconds, not later than the time of issue.",
        ));
    }
    let Some(end) = token.time("exp") else {
        return Ok(None);
    };
    check_token_end(AUTHORIZATION, end, now)?;
    Ok(Some(format!("token until {}", UnixMillis::from_secs(end))))
}
