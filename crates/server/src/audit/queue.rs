//! Rows that are to be written together.
//!
//! Under load several requests are ready at once. Each is decided and its row waits; one write(2) of
//! one record then takes all rows, and all are answered. What the rows have in common is sealed and
//! stands in the log once: alone they would take some five times as many bytes, which have to be
//! brought to the disk, and a write for each would take a twelfth of the time that a request has.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use strongroom_policy::audit::{Chain, RowError};

use super::{
    AuditDown, Entry, PreparedRow, Sender,
    block::{Place, Runs},
};

/// What has become of rows that were to be written together.
type Outcome = OnceLock<Result<(), AuditDown>>;

/// The rows that wait.
#[derive(Default)]
pub(super) struct Queue {
    rows: Vec<PreparedRow>,
    /// Whom they are from.
    senders: Vec<Arc<Sender>>,
    /// The rows as they will lie in the file, once they have been encoded.
    pub(super) bytes: Vec<u8>,
    /// Where they are then, from the first of these bytes on.
    places: Vec<Place>,
    batch: Arc<Outcome>,
}

/// A row that waits, and that is in the file once [`super::AuditLog::written`] has returned.
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
        self.rows.is_empty()
    }

    /// Takes in a row.
    pub(super) fn add(&mut self, entry: &Entry<'_>) -> QueuedRow {
        let known = self.senders.iter().find(|sender| sender.has_sent(entry));
        let sender = match known {
            Some(sender) => Arc::clone(sender),
            None => {
                let sender = Arc::new(Sender::of(entry));
                self.senders.push(Arc::clone(&sender));
                sender
            }
        };
        self.add_prepared(entry.prepare(sender))
    }

    /// Takes in a row that was made ready before.
    pub(super) fn add_prepared(&mut self, row: PreparedRow) -> QueuedRow {
        self.rows.push(row);
        QueuedRow(Arc::clone(&self.batch))
    }

    /// Appends all of them to the chain.
    ///
    /// # Errors
    ///
    /// [`RowError`] if a field is too long or not printable; the chain is to be taken back.
    pub(super) fn encode(&mut self, chain: &mut Chain) -> Result<(), RowError> {
        let now = Instant::now();
        let rows: Vec<_> = self.rows.iter().map(|row| row.row(now)).collect();
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (sequence, offset) = (chain.rows(), self.bytes.len() as u64);
            let appended = chain.append(rest, &mut self.bytes)?;
            let bytes = self.bytes.len() as u64 - offset;
            let (record, behind) = rest.split_at(appended);
            let places = record.iter().zip(sequence..).map(|(row, sequence)| Place {
                sequence,
                real: row.real,
                at: row.platform,
                segment: 0,
                offset,
                bytes,
                taken: row.cost,
            });
            self.places.extend(places);
            rest = behind;
        }
        Ok(())
    }

    /// Notes where the rows lie, now that they are in the file from `start` on.
    pub(super) fn note(&self, segment: u64, start: u64, runs: &mut Runs) {
        for (row, place) in self.rows.iter().zip(&self.places) {
            let place = Place {
                segment,
                offset: start + place.offset,
                ..*place
            };
            runs.add(place, &row.facet(), (row.sender.client, row.sender.source));
        }
    }

    /// Tells everyone who waits, and begins anew.
    pub(super) fn settle(&mut self, outcome: Result<(), AuditDown>) {
        // The only place that sets it, once for each batch.
        let _first = std::mem::take(&mut self.batch).set(outcome);
        self.rows.clear();
        self.senders.clear();
        self.bytes.clear();
        self.places.clear();
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
