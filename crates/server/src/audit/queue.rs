//! Rows that have their place in the chain and are to be written together.
//!
//! Under load several requests are ready at once. Each gets its row into the chain where it is
//! decided, and waits; one write(2) then takes all rows, and all are answered. A write for each row
//! alone takes a twelfth of the time that a request has.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use strongroom_policy::{
    audit::{Chain, Mark, RowError},
    key::ClientId,
};

use super::{
    AuditDown, PreparedRow,
    block::{Place, Runs},
};
use crate::store::Facet;

/// What has become of rows that were to be written together.
type Outcome = OnceLock<Result<(), AuditDown>>;

/// The rows that wait.
#[derive(Default)]
pub(super) struct Queue {
    /// The rows as they will lie in the file.
    pub(super) bytes: Vec<u8>,
    places: Vec<Placed>,
    before: Option<Mark>,
    batch: Arc<Outcome>,
}

/// A row among the bytes.
struct Placed {
    /// Where it is, from the first of the bytes on.
    place: Place,
    facet: Facet,
    source: (ClientId, IpAddr),
}

/// A row that is in the chain, and in the file once [`super::AuditLog::written`] has returned.
#[must_use = "the row is not in the file yet"]
pub(crate) struct QueuedRow(Arc<Outcome>);

impl QueuedRow {
    /// What has become of it, if that is known.
    pub(super) fn outcome(&self) -> Option<Result<(), AuditDown>> {
        self.0.get().copied()
    }
}

impl Queue {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Gives a row its place.
    ///
    /// # Errors
    ///
    /// [`RowError`] if a field is too long or not printable; nothing was added.
    pub(super) fn add(
        &mut self,
        chain: &mut Chain,
        prepared: &PreparedRow,
    ) -> Result<QueuedRow, RowError> {
        let before = self.before.unwrap_or_else(|| chain.mark());
        let offset = self.len();
        let row = prepared.row();
        let sequence = chain.append(&row, &mut self.bytes)?;
        self.before = Some(before);
        self.places.push(Placed {
            place: Place {
                sequence,
                real: row.real,
                at: row.platform,
                segment: 0,
                offset,
                bytes: self.len() - offset,
                taken: row.cost,
            },
            facet: prepared.facet(),
            source: (prepared.client, prepared.source),
        });
        Ok(QueuedRow(Arc::clone(&self.batch)))
    }

    /// Notes where the rows lie, now that they are in the file from `start` on.
    pub(super) fn note(&self, segment: u64, start: u64, runs: &mut Runs) {
        for placed in &self.places {
            let place = Place {
                segment,
                offset: start + placed.place.offset,
                ..placed.place
            };
            runs.add(place, &placed.facet, placed.source);
        }
    }

    /// Takes the rows out of the chain again.
    pub(super) fn take_back(&self, chain: &mut Chain) {
        if let Some(before) = self.before {
            chain.rewind(before);
        }
    }

    /// Tells everyone who waits, and begins anew.
    pub(super) fn settle(&mut self, outcome: Result<(), AuditDown>) {
        // The only place that sets it, once for each batch.
        let _first = std::mem::take(&mut self.batch).set(outcome);
        self.bytes.clear();
        self.places.clear();
        self.before = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::testing::Stage;

    const PING: &str = "/api/v1/ping";

    async fn rows(stage: &Stage) -> u64 {
        let verified = stage.manage("POST", "/audit/verify", Value::Null).await;
        let verified = verified.json();
        assert_eq!(verified["ok"], true, "{verified}");
        verified["rows"].as_u64().unwrap()
    }

    #[tokio::test]
    async fn rows_that_are_written_together_are_all_written_or_all_taken_back() {
        let stage = Stage::new().await;
        let (app_id, secret) = stage.key(json!({})).await;
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        let ping = || stage.send("GET", PING, &pair, b"");
        let before = rows(&stage).await;

        let (a, b, c) = tokio::join!(ping(), ping(), ping());
        assert_eq!([a.status, b.status, c.status], [200; 3]);
        // And the row of the verification before.
        assert_eq!(rows(&stage).await, before + 4);

        let good = stage.running.platform.audit.fill_disk();
        let (a, b, c) = tokio::join!(ping(), ping(), ping());
        assert_eq!([a.status, b.status, c.status], [503; 3]);
        stage.running.platform.audit.free_disk(good);
        let (a, b) = tokio::join!(ping(), ping());
        assert_eq!([a.status, b.status], [200; 2]);
        assert_eq!(rows(&stage).await, before + 7);
    }

    #[tokio::test]
    async fn the_row_of_a_request_that_nobody_waits_for_is_written_all_the_same() {
        let stage = Stage::new().await;
        let (app_id, secret) = stage.key(json!({})).await;
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        let before = rows(&stage).await;
        {
            let abandoned = stage.send("GET", PING, &pair, b"");
            let mut abandoned = std::pin::pin!(abandoned);
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            assert!(abandoned.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(rows(&stage).await, before + 2);
    }

    #[tokio::test]
    async fn the_row_of_one_that_waited_for_a_slot_in_vain_is_written_at_once() {
        let stage = Stage::with(|config| {
            config.virtual_clock = true;
            config.limits.sync_every = Duration::from_secs(86_400);
        })
        .await;
        let wanted = json!({ "limit_per_minute": 1, "delay_ms": 5_000 });
        let (app_id, secret) = stage.key(wanted).await;
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 200);
        let advance = json!({ "by_ms": 57_000 });
        let advanced = stage.manage("POST", "/clock/advance", advance).await;
        assert_eq!(advanced.status, 200);
        let audit = &stage.running.platform.audit;
        let before = audit.bytes_in_file();
        {
            let waiting = stage.send("GET", PING, &pair, b"");
            let mut waiting = std::pin::pin!(waiting);
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            assert_eq!(audit.bytes_in_file(), before, "it waits");
        }
        assert!(audit.bytes_in_file() > before);
    }
}
