//! Rule `state`: the key is active now, and so is the secret that a token was obtained with.

use strongroom_contract::{manage::KeyState, time::UnixMillis};

use crate::{
    identify::Presented,
    key::KeyRecord,
    trace::{Finding, Passed},
};

const EXPECTED: &str = "a key that is active, or rotating between two secrets";

pub(crate) fn check(
    presented: &Presented<'_>,
    key: &KeyRecord,
    now: UnixMillis,
) -> Result<(), Finding> {
    let id = key.app_id;
    let refuse = |cause: String, observed: String, fix: &str| {
        Err(Finding::new(cause, observed, EXPECTED, fix))
    };
    match key.state(now) {
        KeyState::Active | KeyState::Rotating => {}
        KeyState::Revoked => {
            return refuse(
                format!("Key {id} was revoked."),
                format!("revoked at {}", key.revoked.unwrap_or_default()),
                "Issue a new key; a revoked one does not come back.",
            );
        }
        KeyState::Expired => {
            return refuse(
                format!("Key {id} has expired."),
                format!(
                    "expired at {}; it is {now}",
                    key.expires.unwrap_or_default()
                ),
                "Issue a new key.",
            );
        }
        KeyState::NotYet => {
            let begins = key.not_before.unwrap_or_default();
            return refuse(
                format!("Key {id} can't be used yet."),
                format!("it begins at {begins}; it is {now}"),
                "Wait until the key's time begins.",
            );
        }
    }
    let mut tokens = presented.tokens.iter().flatten();
    if tokens.any(|token| key.revoked_tokens.contains(token.id)) {
        return refuse(
            format!("The access token was revoked by key {id}."),
            "a token that was revoked before its time".to_owned(),
            "Get a new token.",
        );
    }
    let mut tokens = presented.tokens.iter().flatten();
    let ended = tokens.find(|token| !key.secrets.counts(token.secret, now));
    match ended {
        None => Ok(()),
        Some(token) => refuse(
            format!("The access token ended with the secret of {id} that it was obtained with."),
            format!("a token of secret {}, which no longer counts", token.secret),
            "Get a new token with the key's newest secret.",
        ),
    }
}

pub(crate) fn passed(key: &KeyRecord, now: UnixMillis) -> Passed {
    let observed = match key.state(now) {
        KeyState::Rotating => "rotating: two secrets are live".to_owned(),
        _ => match key.expires {
            Some(expires) => format!("active until {expires}"),
            None => "active, without an end".to_owned(),
        },
    };
    Passed::new(observed, EXPECTED)
}
