//! Rule `freshness`: a signature was made within 300 s of now, and a token is in its time.
//!
//! It does not apply to `app-id` and `secret-key`, which carry no time.

use strongroom_contract::{explain::Remedy, time::UnixMillis};

use crate::{
    identify::Presented,
    profile::ProfiledSignature,
    token::Token,
    trace::{Finding, Passed},
};

/// How many seconds a signature's `created` may differ from now, either way.
pub const TOLERANCE_SECS: u64 = 300;

/// `arrived` is when the request came, `now` later if it has waited for a slot.
pub(crate) fn check(
    presented: &Presented<'_>,
    arrived: UnixMillis,
    now: UnixMillis,
) -> Result<(), Finding> {
    if let Some(signature) = &presented.signature {
        check_signature(signature, arrived)?;
    }
    presented
        .tokens
        .iter()
        .flatten()
        .try_for_each(|token| check_token(token, now))
}

/// `None` if nothing that was presented carries a time.
pub(crate) fn passed(presented: &Presented<'_>, now: UnixMillis) -> Option<Passed> {
    let signed = presented
        .signature
        .as_ref()
        .map(|signature| format!("signed at {}", UnixMillis::from_secs(signature.created)));
    let tokens = presented.tokens.iter().flatten();
    let tokens = tokens.map(|it| format!("token until {}", UnixMillis::from_secs(it.expires)));
    let observed: Vec<_> = signed.into_iter().chain(tokens).collect();
    let observed = observed.join(", ");
    (!observed.is_empty()).then(|| Passed::new(format!("{observed}; it is {now}"), expected()))
}

fn expected() -> String {
    format!("a signature made within {TOLERANCE_SECS} s of now, a token in its time")
}

/// Checks the time of a signature, which may be anybody's.
///
/// # Errors
///
/// [`Finding`] if it was not made within 300 s of now, or its own end has come.
pub fn check_signature(signature: &ProfiledSignature, now: UnixMillis) -> Result<(), Finding> {
    let created = UnixMillis::from_secs(signature.created);
    let off = now.secs().abs_diff(signature.created);
    if off > TOLERANCE_SECS {
        let (word, fix) = if signature.created < now.secs() {
            (
                "ago",
                "Sign anew for each request; if the signature is fresh, set the clock of the \
                 machine that signs.",
            )
        } else {
            (
                "in the future",
                "Set the clock of the machine that signs; `created` is in seconds, not \
                 milliseconds.",
            )
        };
        let finding = Finding::new(
            format!("The signature was made {off} s {word}, by its `created`."),
            format!("created={} ({created}); it is {now}", signature.created),
            expected(),
            fix,
        );
        return Err(match created.0.checked_sub(now.0) {
            Some(by_ms) => finding.remedy(Remedy::AdvanceClock { by_ms }),
            None => finding,
        });
    }
    match signature.expires {
        Some(expires) if expires <= now.secs() => Err(Finding::new(
            "The signature has expired, by its own `expires`.",
            format!(
                "expires={expires} ({}); it is {now}",
                UnixMillis::from_secs(expires)
            ),
            expected(),
            "Sign anew for each request, or let `expires` lie further ahead.",
        )),
        _ => Ok(()),
    }
}

fn check_token(token: &Token, now: UnixMillis) -> Result<(), Finding> {
    check_token_end(token.header, token.expires, now)
}

/// Checks the end of a token (Unix seconds), which may be anybody's and stood in `header`.
///
/// # Errors
///
/// [`Finding`] if it has come.
pub fn check_token_end(header: &str, expires: u64, now: UnixMillis) -> Result<(), Finding> {
    if now.secs() < expires {
        return Ok(());
    }
    Err(Finding::new(
        "The access token has expired.",
        format!(
            "expired at {} (header {}); it is {now}",
            UnixMillis::from_secs(expires),
            header
        ),
        expected(),
        "Get a new token; each is valid for an hour.",
    ))
}
