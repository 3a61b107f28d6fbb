//! `platform limit|scope`: what a key is held to.

use std::io::{self, Write};

use strongroom_contract::{
    error::Failure,
    manage::{KeyView, SetLimit, SetScopes},
};

use super::{Place, ask};
use crate::{
    output::Output,
    style::{DIM, GOOD, STRONG},
    text::printable,
};

#[derive(clap::Args)]
pub(super) struct LimitArgs {
    /// The key's public id
    app_id: String,
    /// Accepted requests in every rolling minute
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: u32,
}

#[derive(clap::Args)]
pub(super) struct ScopeArgs {
    /// The key's public id
    app_id: String,
    /// Scopes, such as payins:read
    #[arg(value_name = "SCOPE")]
    scopes: Vec<String>,
}

pub(super) fn limit(args: LimitArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let LimitArgs { app_id, per_minute } = args;
    let limit = SetLimit { per_minute };
    let key = ask(place, async |platform| {
        platform.set_limit(&app_id, &limit).await
    })?;
    changed(&key, output)
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

/// What a key is held to, one line.
pub(super) fn held_to(out: &mut dyn Write, key: &KeyView) -> io::Result<()> {
    let sources = listed(&key.allow, "any source");
    let scopes = listed(&key.scopes, "no scope");
    writeln!(
        out,
        "  {} requests a minute, from {sources}, for {scopes}{}",
        key.limit_per_minute,
        if key.may_sign { ", may sign" } else { "" }
    )
}

pub(super) fn listed(values: &[String], none: &str) -> String {
    if values.is_empty() {
        none.to_owned()
    } else {
        printable(&values.join(", "), false).into_owned()
    }
}
