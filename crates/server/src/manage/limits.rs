//! What keys and clients are held to: limits, quotas, delays, what routes cost, and a limit that use
//! suggests.

use std::{num::NonZeroU32, sync::Arc};

use http::StatusCode;
use strongroom_contract::{
    audit::AuditQuery,
    explain::Rule,
    limits::{RouteList, RouteView, SetClientLimit, SetDelay, SetQuota, SetRouteCost},
    manage::{AuditRowView, SetLimit},
};
use strongroom_policy::{
    delay::Delay,
    limiter::{Cost, Limit},
    scopes::{Needs, Route},
    suggest::{Asked, suggest},
};

use super::{Call, Done, NotDone, clients, keys};
use crate::{
    audit::{Filter, Search},
    costs::Costs,
    store::KeyChange,
};

/// A limit is suggested from the newest requests of a key, at most so many.
const MOST_REQUESTS: usize = 100_000;
/// How many are asked for at once.
const AT_ONCE: usize = 4_096;
/// And from runs of rows of the audit log, at most so many: the work is bounded for a rare key too.
const MOST_RUNS: usize = 8_192;

pub(super) async fn set_limit(call: Call<'_>) -> Result<Done, NotDone> {
    let SetLimit { per_minute } = call.body()?;
    keys::change(call, KeyChange::Limit(limit(per_minute)?)).await
}

pub(super) async fn set_quota(call: Call<'_>) -> Result<Done, NotDone> {
    let SetQuota { per_day } = call.body()?;
    keys::change(call, KeyChange::Quota(quota(per_day)?)).await
}

pub(super) async fn set_delay(call: Call<'_>) -> Result<Done, NotDone> {
    let SetDelay { delay_ms } = call.body()?;
    keys::change(call, KeyChange::Delay(delay(delay_ms)?)).await
}

/// A limit as it was sent.
pub(super) fn limit(per_minute: u32) -> Result<Limit, NotDone> {
    Limit::new(per_minute).map_err(|error| NotDone::usage(error.to_string()))
}

/// A daily quota as it was sent; none if absent.
pub(super) fn quota(per_day: Option<u32>) -> Result<Option<NonZeroU32>, NotDone> {
    let read = |per_day| {
        NonZeroU32::new(per_day).ok_or_else(|| {
            NotDone::usage("a daily quota is a number of requests from 1 on; null for none")
        })
    };
    per_day.map(read).transpose()
}

/// A delay as it was sent; none if absent.
pub(super) fn delay(millis: Option<u32>) -> Result<Option<Delay>, NotDone> {
    let read = |millis: u32| {
        Delay::from_millis(millis.into()).map_err(|error| NotDone::usage(error.to_string()))
    };
    millis.map(read).transpose()
}

/// Changes the limit over all keys of a client.
pub(super) async fn set_client_limit(call: Call<'_>) -> Result<Done, NotDone> {
    let SetClientLimit { per_minute } = call.body()?;
    let wanted = per_minute.map(limit).transpose()?;
    let client = clients::named(call).await?;
    if client.is_erased {
        return Err(NotDone::conflict("this client was erased"));
    }
    let platform = call.platform;
    let recorder = call.recorder(StatusCode::OK, None, None);
    let (in_memory, id, now) = (Arc::clone(platform), client.id, call.arrival.now);
    let (undo, undone) = std::sync::mpsc::channel();
    let written = platform
        .store
        .put_client_limit(id, wanted, move || {
            // Nobody waits for what is taken back if the receiver is gone.
            let _gone = undo.send(in_memory.keys.limit_client(id, wanted, now));
            recorder()
        })
        .await;
    if written.is_err()
        && let Ok(before) = undone.try_recv()
    {
        platform.keys.limit_client(id, before, now);
    }
    written?;
    platform.waiting.wake();
    Ok(Done::changed(
        StatusCode::OK,
        None,
        &clients::view(platform, client),
    ))
}

pub(super) fn routes(call: Call<'_>) -> Done {
    Done::shown(&listed(&call.platform.costs))
}

/// Changes what a route costs.
pub(super) async fn set_route_cost(call: Call<'_>) -> Result<Done, NotDone> {
    let SetRouteCost { method, path, cost } = call.body()?;
    let route = Route::find(&method, &path).ok_or_else(|| {
        NotDone::usage(format!(
            "there is no route {method} {path}; see the list of them"
        ))
    })?;
    let wanted = Cost::new(cost).filter(|_| cost <= Costs::MAX);
    let cost = wanted.ok_or_else(|| {
        NotDone::usage(format!(
            "a route costs from 1 to {} slots, not {cost}",
            Costs::MAX
        ))
    })?;
    let platform = call.platform;
    let recorder = call.recorder(StatusCode::OK, None, None);
    let in_memory = Arc::clone(platform);
    let (undo, undone) = std::sync::mpsc::channel();
    let written = platform
        .store
        .put_route_cost((route.method, route.path), cost, move || {
            // Nobody waits for what is taken back if the receiver is gone.
            let _gone = undo.send(in_memory.costs.set(route, cost));
            in_memory.keys.wait_for_decisions();
            recorder()
        })
        .await;
    if written.is_err()
        && let Ok(before) = undone.try_recv()
    {
        platform.costs.set(route, before);
    }
    written?;
    platform.waiting.wake();
    Ok(Done::changed(
        StatusCode::OK,
        None,
        &listed(&platform.costs),
    ))
}

fn listed(costs: &Costs) -> RouteList {
    let routes = costs.all().map(|route| RouteView {
        method: route.method.to_owned(),
        path: route.path.to_owned(),
        scope: match route.needs {
            Needs::Scope(scope) => Some(scope.to_string()),
            Needs::Key | Needs::Secret | Needs::Client => None,
        },
        cost: route.cost.slots(),
    });
    RouteList {
        routes: routes.collect(),
    }
}

/// The limit that the use of a key suggests, from its newest requests in the audit log.
pub(super) async fn suggestion(call: Call<'_>) -> Result<Done, NotDone> {
    let platform = call.platform;
    let app_id = keys::named(call)?;
    let current = keys::find(call, app_id)?.snapshot().limit;
    let query = AuditQuery {
        key: Some(app_id.to_string()),
        act: Some(AuditRowView::REQUEST.to_owned()),
        ..AuditQuery::default()
    };
    let filter = Arc::new(Filter::of(&query, &platform.keys));
    let (mut asked, mut runs) = (Vec::new(), 0);
    let mut before = None;
    let is_cut = loop {
        let search = Search {
            store: &platform.store,
            keys: &platform.personal,
            filter: &filter,
            limit: AT_ONCE,
        };
        let found = platform.audit.newest(search, before).await?;
        runs += found.runs;
        asked.extend(found.rows.iter().map(|row| Asked {
            at: row.at(),
            slots: row.taken.max(1),
            is_refused: row.rule == Some(Rule::Rate),
        }));
        before = found.rest;
        if before.is_none() {
            break false;
        }
        if asked.len() >= MOST_REQUESTS || runs >= MOST_RUNS {
            break true;
        }
    };
    let suggestion = suggest(app_id, current, asked, is_cut);
    Ok(Done::shown(&suggestion).about(app_id))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use strongroom_policy::rate::day_of;

    use crate::testing::Stage;

    const PING: &str = "/api/v1/ping";

    #[tokio::test]
    async fn a_days_use_is_counted_once_with_the_index_and_from_the_logs_end() {
        let stage = Stage::new().await;
        let (app_id, secret) = stage
            .key(json!({ "limit_per_minute": 1_000, "daily_quota": 500 }))
            .await;
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        for _ in 0..200 {
            assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 200);
        }
        let platform = &stage.running.platform;
        for _ in 0..2 {
            // The second time there is nothing new.
            platform.write_index().await.unwrap();
        }
        let today = day_of(platform.clock.now());
        let counted = platform.store.used_on(today).await.unwrap();
        let row = platform.store.counted_through().await.unwrap().unwrap();
        // One run of rows is whole, with the row that issued the key.
        assert_eq!((counted.len(), row), (1, 128));
        assert_eq!(
            (counted[0].0.as_str(), counted[0].1),
            (app_id.as_str(), 127)
        );

        let path = format!("/keys/{app_id}");
        let used = async |stage: &Stage| {
            let shown = stage.manage("GET", &path, Value::Null).await.json();
            shown["used_today"].clone()
        };
        let stage = stage.restarted().await;
        assert_eq!(used(&stage).await, 200);
        // Nor does an index that is made anew count anything twice.
        for _ in 0..60 {
            assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 200);
        }
        let made = stage.manage("POST", "/audit/reindex", Value::Null).await;
        assert_eq!(made.status, 200);
        let stage = stage.restarted().await;
        assert_eq!(used(&stage).await, 260);
        let stage = stage.restarted().await;
        assert_eq!(used(&stage).await, 260);
    }
}
