//! `platform limit|quota|delay|route`: how much a key, a client or a route is held to.

use std::{
    io::{self, Write},
    str::FromStr,
    time::Duration,
};

use clap::Subcommand;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    limits::{LimitSuggestion, RouteList, SetDelay, SetQuota, SetRouteCost},
    manage::SetLimit,
    time::Span,
};

use super::{Place, ask, rules::changed};
use crate::{
    output::Output,
    style::{ACCENT, DIM, STRONG},
    text::{Cell, Table},
};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct LimitArgs {
    #[command(subcommand)]
    suggest: Option<LimitCommand>,
    /// The key's public id
    #[arg(required = true)]
    app_id: Option<String>,
    /// Accepted requests in every rolling minute
    #[arg(value_name = "N", required = true, value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: Option<u32>,
}

#[derive(Subcommand)]
enum LimitCommand {
    /// Say which limit a key's use in the audit log suggests, and why
    Suggest {
        /// The key's public id
        app_id: String,
        /// Set it
        #[arg(long)]
        apply: bool,
    },
}

#[derive(clap::Args)]
pub(super) struct QuotaArgs {
    /// The key's public id
    app_id: String,
    /// Accepted requests in a day (UTC), or none
    #[arg(value_name = "N|none")]
    per_day: Count,
}

#[derive(clap::Args)]
pub(super) struct DelayArgs {
    /// The key's public id
    app_id: String,
    /// How long a request over a limit waits at most, up to 5s, or none: it is refused at once
    #[arg(value_name = "DURATION|none")]
    longest: Wait,
}

#[derive(Subcommand)]
pub(super) enum RouteCommand {
    /// List the routes that a key may call, and how many slots each takes
    List,
    /// Set how many slots of its key's limits a request to a route takes
    Cost {
        /// The route, such as "POST /api/v2/payouts"
        #[arg(value_name = "METHOD PATH")]
        route: Route,
        /// How many slots
        #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        cost: u32,
    },
}

/// A number of requests, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) Option<u32>);

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let number = text.parse().ok().filter(|number| *number > 0);
        let number = number.ok_or("a number of requests from 1 on, or none")?;
        Ok(Self(Some(number)))
    }
}

/// How long a request waits, or that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait(pub(super) Option<u32>);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let wanted = || {
            if let Some(millis) = text.strip_suffix("ms") {
                return millis.parse().ok().map(Duration::from_millis);
            }
            text.parse().ok().map(|Span(span)| span)
        };
        let millis = wanted().and_then(|span| u32::try_from(span.as_millis()).ok());
        let millis = millis.ok_or("a duration such as 500ms or 2s, or none")?;
        Ok(Self(Some(millis)))
    }
}

/// A method and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    method: String,
    path: String,
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (method, path) = text
            .split_once(' ')
            .ok_or("a method and a path, such as \"POST /api/v2/payouts\"")?;
        Ok(Self {
            method: method.to_ascii_uppercase(),
            path: path.trim().to_owned(),
        })
    }
}

pub(super) fn limit(args: LimitArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let (app_id, per_minute) = match args {
        LimitArgs {
            suggest: Some(LimitCommand::Suggest { app_id, apply }),
            ..
        } => return suggest(&app_id, apply, place, output),
        LimitArgs {
            app_id, per_minute, ..
        } => (app_id.unwrap_or_default(), per_minute.unwrap_or_default()),
    };
    let limit = SetLimit { per_minute };
    let key = ask(place, async |platform| {
        platform.set_limit(&app_id, &limit).await
    })?;
    changed(&key, output)
}

fn suggest(app_id: &str, apply: bool, place: &Place, output: Output) -> Result<(), Failure> {
    let suggestion = ask(place, async |platform| {
        platform.limit_suggestion(app_id).await
    })?;
    if !apply {
        return output.print(&suggestion, |out| tell(out, &suggestion));
    }
    let Some(per_minute) = suggestion.suggested else {
        return Err(Failure::new(
            ErrorCode::Refused,
            "there is too little use of the key to suggest a limit from; nothing was changed",
        )
        .hint(suggestion.reasons.join(" ")));
    };
    let key = ask(place, async |platform| {
        platform.set_limit(app_id, &SetLimit { per_minute }).await
    })?;
    output.text(|out| tell(out, &suggestion))?;
    changed(&key, output)
}

fn tell(out: &mut dyn Write, suggestion: &LimitSuggestion) -> io::Result<()> {
    let LimitSuggestion {
        app_id,
        current,
        suggested,
        rule,
        reasons,
        ..
    } = suggestion;
    match suggested {
        Some(suggested) => writeln!(
            out,
            "{STRONG}{suggested} a minute{STRONG:#} {DIM}(now {current}){DIM:#}"
        )?,
        None => writeln!(out, "no suggestion {DIM}(now {current}){DIM:#}")?,
    }
    for reason in reasons {
        writeln!(out, "  {reason}")?;
    }
    writeln!(out, "  {DIM}{rule}{DIM:#}")?;
    if let Some(suggested) = suggested.filter(|it| it != current) {
        let next = format!("strongroom platform limit {app_id} {suggested}");
        writeln!(out, "Next: {ACCENT}{next}{ACCENT:#}")?;
    }
    Ok(())
}

pub(super) fn quota(args: &QuotaArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let QuotaArgs {
        app_id,
        per_day: Count(per_day),
    } = args;
    let quota = SetQuota { per_day: *per_day };
    let key = ask(place, async |platform| {
        platform.set_quota(app_id, &quota).await
    })?;
    changed(&key, output)
}

pub(super) fn delay(args: &DelayArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let DelayArgs {
        app_id,
        longest: Wait(delay_ms),
    } = args;
    let delay = SetDelay {
        delay_ms: *delay_ms,
    };
    let key = ask(place, async |platform| {
        platform.set_delay(app_id, &delay).await
    })?;
    changed(&key, output)
}

pub(super) fn route(command: RouteCommand, place: &Place, output: Output) -> Result<(), Failure> {
    let list = ask(place, async |platform| match command {
        RouteCommand::List => platform.list_routes().await,
        RouteCommand::Cost { route, cost } => {
            let Route { method, path } = route;
            let cost = SetRouteCost { method, path, cost };
            platform.set_route_cost(&cost).await
        }
    })?;
    output.print(&list, |out| show_routes(out, &list))
}

fn show_routes(out: &mut dyn Write, list: &RouteList) -> io::Result<()> {
    let mut table = Table::new(&["ROUTE", "SLOTS", "SCOPE"]);
    for route in &list.routes {
        table.row([
            Cell::plain(format!("{} {}", route.method, route.path)),
            Cell::plain(route.cost.to_string()),
            Cell::optional(route.scope.as_deref()),
        ]);
    }
    table.write(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_waits_and_routes_are_read_as_they_are_typed() {
        assert_eq!("none".parse(), Ok(Count(None)));
        assert_eq!("1000".parse(), Ok(Count(Some(1_000))));
        assert_eq!("none".parse(), Ok(Wait(None)));
        assert_eq!("250ms".parse(), Ok(Wait(Some(250))));
        assert_eq!("2s".parse(), Ok(Wait(Some(2_000))));
        for wrong in ["", "0", "-1", "1.5", "x"] {
            assert!(wrong.parse::<Count>().is_err(), "{wrong:?}");
        }
        for wrong in ["", "2", "ms", "-1ms", "9999999d"] {
            assert!(wrong.parse::<Wait>().is_err(), "{wrong:?}");
        }
        let route: Route = "post /api/v2/payouts".parse().unwrap();
        assert_eq!(
            (route.method.as_str(), route.path.as_str()),
            ("POST", "/api/v2/payouts")
        );
        assert!("/api/v2/payouts".parse::<Route>().is_err());
    }
}
