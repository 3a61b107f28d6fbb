//! What limits are kept by: those of clients, the costs of routes, and how many slots keys took on each
//! day.
//!
//! A day's use is counted from the same runs of rows that the index is written from, in the same
//! transaction, up to the same row. What is behind that row is read from the log's end at the next
//! start, as the index is; so the count is exact after a crash, and a start does not have to read the
//! day.

use std::collections::HashMap;

use rusqlite::{OptionalExtension as _, Transaction, params};
use strongroom_policy::{
    credential::AppId,
    key::ClientId,
    limiter::{Cost, Limit},
};

use super::{Store, StoreError, Undone, index::Run};

/// The setting that says up to which row use is counted.
const COUNTED_THROUGH: &str = "audit_counted_through";

impl Store {
    /// The clients that have a limit.
    pub(crate) async fn client_limits(&self) -> Result<Vec<(ClientId, Limit)>, StoreError> {
        self.database
            .run(|connection| {
                let mut statement = connection.prepare(
                    "SELECT id, limit_per_minute FROM clients WHERE limit_per_minute IS NOT NULL",
                )?;
                let mut rows = statement.query([])?;
                let mut limits = Vec::new();
                while let Some(row) = rows.next()? {
                    let client = ClientId(row.get(0)?);
                    let limit = Limit::new(row.get(1)?).map_err(|error| {
                        StoreError::damaged(format!("the limit of client {client}: {error}"))
                    })?;
                    limits.push((client, limit));
                }
                Ok::<_, StoreError>(limits)
            })
            .await
    }

    /// Writes a client's limit. `before_commit` comes last: if it fails, nothing was changed.
    pub(crate) async fn put_client_limit<E: Send + 'static>(
        &self,
        client: ClientId,
        limit: Option<Limit>,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        self.database
            .transact(
                move |transaction| {
                    transaction.execute(
                        "UPDATE clients SET limit_per_minute = ?2 WHERE id = ?1",
                        params![client.0, limit.map(Limit::per_minute)],
                    )
                },
                move |_| before_commit(),
            )
            .await
            .map(|_| ())
    }

    /// What routes cost, of those whose cost was set: method, path and slots.
    pub(crate) async fn route_costs(&self) -> Result<Vec<(String, String, Cost)>, StoreError> {
        self.database
            .run(|connection| {
                let mut statement =
                    connection.prepare("SELECT method, path, slots FROM route_costs")?;
                let mut rows = statement.query([])?;
                let mut costs = Vec::new();
                while let Some(row) = rows.next()? {
                    let (method, path): (String, String) = (row.get(0)?, row.get(1)?);
                    let cost = Cost::new(row.get(2)?).ok_or_else(|| {
                        StoreError::damaged(format!("the cost of {method} {path} is 0"))
                    })?;
                    costs.push((method, path, cost));
                }
                Ok::<_, StoreError>(costs)
            })
            .await
    }

    /// Writes what a route costs. `before_commit` comes last: if it fails, nothing was changed.
    pub(crate) async fn put_route_cost<E: Send + 'static>(
        &self,
        (method, path): (&'static str, &'static str),
        cost: Cost,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        self.database
            .transact(
                move |transaction| {
                    transaction.execute(
                        "INSERT OR REPLACE INTO route_costs (method, path, slots)
                         VALUES (?1, ?2, ?3)",
                        params![method, path, cost.slots()],
                    )
                },
                move |_| before_commit(),
            )
            .await
            .map(|_| ())
    }

    /// The slots that keys took on a day, as far as they are counted.
    pub(crate) async fn used_on(&self, day: u64) -> Result<Vec<(AppId, u32)>, StoreError> {
        self.database
            .run(move |connection| {
                let mut statement =
                    connection.prepare("SELECT app_id, slots FROM key_days WHERE day = ?1")?;
                let mut rows = statement.query([day])?;
                let mut used = Vec::new();
                while let Some(row) = rows.next()? {
                    let (app_id, slots): (String, u64) = (row.get(0)?, row.get(1)?);
                    let app_id = app_id.parse().map_err(|_| {
                        StoreError::damaged(format!("the use of key {app_id:?} can't be read"))
                    })?;
                    used.push((app_id, u32::try_from(slots).unwrap_or(u32::MAX)));
                }
                Ok::<_, StoreError>(used)
            })
            .await
    }

    /// The row up to which use is counted.
    pub(crate) async fn counted_through(&self) -> Result<Option<u64>, StoreError> {
        self.setting(COUNTED_THROUGH).await
    }
}

/// Counts the slots of runs that come next. Runs that do not follow what is counted say that the index
/// was changed beside: then it is all made anew at the next start.
pub(super) fn count_days(transaction: &Transaction<'_>, runs: &[Run]) -> rusqlite::Result<()> {
    let counted = transaction
        .query_row(
            "SELECT value FROM settings WHERE name = ?1",
            [COUNTED_THROUGH],
            |row| row.get::<_, u64>(0),
        )
        .optional()?;
    let is_first = || {
        let is_indexed = "SELECT EXISTS (SELECT 1 FROM audit_blocks)";
        transaction.query_row(is_indexed, [], |row| row.get::<_, bool>(0).map(|it| !it))
    };
    let Some(first) = runs.first().map(|run| run.block.first) else {
        return Ok(());
    };
    if counted.is_none() && !is_first()? {
        return Ok(());
    }
    let mut next = counted.unwrap_or(first);
    let mut days: HashMap<(&str, u64), u64> = HashMap::new();
    for run in runs {
        if run.block.first != next {
            return forget_days(transaction);
        }
        next += run.block.rows;
        for (facet, slots) in run.facets.iter().zip(&run.taken) {
            if *slots > 0 {
                *days.entry((facet.app_id(), run.day)).or_default() += u64::from(*slots);
            }
        }
    }
    let mut newest = None;
    for ((app_id, day), slots) in days {
        transaction
            .prepare_cached(
                "INSERT INTO key_days (day, app_id, slots) VALUES (?1, ?2, ?3)
                 ON CONFLICT (day, app_id) DO UPDATE SET slots = slots + excluded.slots",
            )?
            .execute(params![day, app_id, slots])?;
        newest = newest.max(Some(day));
    }
    // Days that a virtual clock will not see again.
    if let Some(newest) = newest {
        transaction
            .prepare_cached("DELETE FROM key_days WHERE day + 1 < ?1")?
            .execute([newest])?;
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?
        .execute(params![COUNTED_THROUGH, next])?;
    Ok(())
}

/// Forgets what is counted, so that it is counted anew from the files.
pub(super) fn forget_days(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM key_days", [])?;
    transaction.execute("DELETE FROM settings WHERE name = ?1", [COUNTED_THROUGH])?;
    Ok(())
}
