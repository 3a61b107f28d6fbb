//! What is done behind the requests: the audit log brought to the disk each second, or when much of it
//! waits, and each second written down what waits.

use std::{io, net::IpAddr, sync::Arc};

use strongroom_contract::{explain::Rule, time::UnixMillis};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{
    audit::{AuditDown, AuditLog, Entry, NotCut},
    face::RequestId,
    platform::{Arrival, Platform},
};

/// Runs until told to stop.
pub(crate) async fn run(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(platform.limits.sync_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut checkpoint_at = Instant::now() + platform.limits.checkpoint_every;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = platform.audit.much_waits() => {
                bring_to_the_disk(&platform, AuditLog::sync).await;
                continue;
            }
            _ = stop.changed() => return,
        }
        let checkpoint = Instant::now() >= checkpoint_at;
        if checkpoint {
            checkpoint_at = Instant::now() + platform.limits.checkpoint_every;
        }
        tidy(&platform, checkpoint).await;
    }
}

/// The last time, when no request is under way any more.
pub(crate) async fn finish(platform: &Platform) {
    tidy(platform, true).await;
}

async fn tidy(platform: &Platform, checkpoint: bool) {
    write_floods(platform);
    let work = if checkpoint {
        AuditLog::checkpoint
    } else {
        AuditLog::sync
    };
    bring_to_the_disk(platform, work).await;
    let store = &platform.store;
    let now = platform.clock.now();
    let since = now
        .0
        .saturating_sub(platform.limits.captured_for.as_millis() as u64);
    let keep = platform.limits.captured_requests;
    // Each is tried again: what could not be written waits, or lies in the files too.
    for (what, written) in [
        (
            "the audit index, and when keys were used",
            platform.write_index().await,
        ),
        (
            "refused requests",
            platform
                .refusals
                .flush(store, keep, UnixMillis(since), checkpoint)
                .await,
        ),
        (
            "the client of the day",
            store.turn_day(&platform.personal, now).await,
        ),
    ] {
        if let Err(error) = written {
            tracing::error!(%error, what, "could not be written down");
        }
    }
    if checkpoint && let Err(error) = cut_old_rows(platform).await {
        tracing::error!(%error, "the audit log keeps rows that are older than they are to be kept");
    }
}

async fn bring_to_the_disk(platform: &Platform, work: fn(&AuditLog) -> io::Result<()>) {
    let audit = Arc::clone(&platform.audit);
    let synced = spawn_blocking(move || work(&audit)).await;
    if let Err(error) = synced.unwrap_or_else(|error| Err(io::Error::other(error))) {
        tracing::error!(%error, "the audit log can't be brought to the disk");
    }
}

/// Cuts what is older than it is kept off the audit log, if anything is.
///
/// # Errors
///
/// [`NotCut`] says why it was not.
pub(crate) async fn cut_old_rows(platform: &Platform) -> Result<(), NotCut> {
    let kept = platform.audit_kept.lock().await;
    let Some(keep) = *kept else {
        return Ok(());
    };
    let (real, now) = platform.clock.both();
    if let Some(cut) = platform.audit.retain(&platform.store, keep, now).await? {
        tracing::info!(first_row = cut.first_row, "the audit log was cut");
        let (client, personal) = platform.personal.unknown();
        let arrival = Arrival {
            id: RequestId::at(real),
            started: std::time::Instant::now(),
            real,
            now,
            peer: IpAddr::from([127, 0, 0, 1]),
        };
        let written = platform.audit.append(&Entry {
            act: "audit.cut",
            path: "(retention)",
            status: 200,
            ..Entry::of(arrival, client, &personal)
        });
        // The cut says it too, and is signed.
        written.unwrap_or_else(|AuditDown| tracing::error!("the row of the cut can't be written"));
    }
    Ok(())
}

/// One row for each source that was turned away unheard since the last time.
fn write_floods(platform: &Platform) {
    for (source, count) in platform.failures.take_turned_away() {
        if flood_row(platform, source, count).is_err() {
            platform.failures.put_back(source, count);
        }
    }
}

fn flood_row(platform: &Platform, source: IpAddr, count: u32) -> Result<(), AuditDown> {
    let (client, personal) = platform.personal.unknown();
    let (real, now) = platform.clock.both();
    let arrival = Arrival {
        id: RequestId::at(real),
        started: std::time::Instant::now(),
        real,
        now,
        peer: source,
    };
    platform.audit.append(&Entry {
        path: "(turned away)",
        status: 429,
        rule: Some(Rule::Flood),
        count,
        ..Entry::of(arrival, client, &personal)
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use crate::testing::Stage;

    /// What is done at most once in this is not done in a test.
    const NEVER: Duration = Duration::from_secs(86_400);
    const MEBIBYTE: u64 = 1024 * 1024;
    /// How long something that is waited for may take on a machine that has much to do.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_mebibyte_of_rows_is_brought_to_the_disk_and_not_left_to_wait() {
        let stage = Stage::with(|config| config.limits.sync_every = NEVER).await;
        let (app_id, secret) = stage.key(json!({ "limit_per_minute": 1_000_000 })).await;
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        let audit = &stage.running.platform.audit;
        // What the start has left.
        audit.sync().unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut most = 0;
        loop {
            let waits = audit.unsynced();
            // The first tick, which comes at once, may take some away as well.
            if most >= MEBIBYTE && waits < most {
                break;
            }
            most = most.max(waits);
            let ping = stage.send("GET", "/api/v1/ping", &pair, b"").await;
            assert_eq!(ping.status, 200);
            assert!(
                Instant::now() < deadline,
                "{waits} bytes wait, {most} at most"
            );
        }
    }
}
