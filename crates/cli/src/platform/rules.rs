//! `platform scope`, and how what a key is held to is told.

use std::io::{self, Write};

use strongroom_contract::{
    error::Failure,
    manage::{KeyView, SetScopes},
};

use super::{Place, ask};
use crate::{
    output::Output,
    style::{DIM, GOOD, STRONG},
    text::printable,
};

#[derive(clap::Args)]
pub(super) struct ScopeArgs {
    /// The key's public id
    app_id: String,
    /// Scopes, such as payins:read
    #[arg(value_name = "SCOPE")]
    scopes: Vec<String>,
}

pub(super) fn scope(args: ScopeArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let ScopeArgs { app_id, scopes } = args;
    let scopes = SetScopes { scopes };
    let key = ask(place, async |platform| {
        platform.set_scopes(&app_id, &scopes).await
    })?;
    changed(&key, output)
}

pub(super) fn changed(key: &KeyView, output: Output) -> Result<(), Failure> {
    output.print(key, |out| {
        let name = printable(&key.name, false);
        writeln!(
            out,
            "{GOOD}✓{GOOD:#} {STRONG}{name}{STRONG:#} {DIM}{}{DIM:#}",
            key.app_id
        )?;
        held_to(out, key)
    })
}

/// What a key is held to, one line; and one for what few keys have.
pub(super) fn held_to(out: &mut dyn Write, key: &KeyView) -> io::Result<()> {
    let sources = listed(&key.allow, "any source");
    let scopes = listed(&key.scopes, "no scope");
    writeln!(
        out,
        "  {} requests a minute, from {sources}, for {scopes}{}",
        key.limit_per_minute,
        if key.may_sign { ", may sign" } else { "" }
    )?;
    let further = further_limits(key);
    match further.is_empty() {
        true => Ok(()),
        false => writeln!(out, "  {}", further.join(", ")),
    }
}

/// Quota, delay and the client's limit, of a key that has them.
fn further_limits(key: &KeyView) -> Vec<String> {
    let quota = key.daily_quota.map(|quota| {
        let used = key.used_today.unwrap_or_default();
        format!("{quota} a day ({used} today)")
    });
    let delay = key
        .delay_ms
        .map(|millis| format!("over a limit they wait for up to {}", seconds(millis)));
    let client = key
        .client_limit_per_minute
        .map(|limit| format!("{limit} a minute over all keys of its client"));
    [quota, client, delay].into_iter().flatten().collect()
}

/// `2 s`, `0.25 s`.
fn seconds(millis: u32) -> String {
    let text = format!("{:.3}", f64::from(millis) / 1_000.0);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

pub(super) fn listed(values: &[String], none: &str) -> String {
    if values.is_empty() {
        none.to_owned()
    } else {
        printable(&values.join(", "), false).into_owned()
    }
}
