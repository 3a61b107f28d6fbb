//! Refused requests, as they arrived, with their traces.

use rusqlite::{OptionalExtension as _, params};
use strongroom_contract::time::UnixMillis;
use strongroom_policy::key::ClientId;

use super::{Store, StoreError};

/// A refused request, sealed under the personal key of its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRefusal {
    /// Its id.
    pub(crate) request_id: [u8; 16],
    /// When, by the platform's clock.
    pub(crate) at: UnixMillis,
    /// Whose it was.
    pub(crate) client: ClientId,
    /// The sealed bytes.
    pub(crate) body: Vec<u8>,
}

impl Store {
    /// Keeps refused requests, and drops those beyond the newest `keep` or from before `since`.
    pub(crate) async fn put_refusals(
        &self,
        refusals: impl IntoIterator<Item = StoredRefusal> + Send + 'static,
        keep: usize,
        since: UnixMillis,
    ) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                {
                    // Of a client that was erased meanwhile, nothing is kept.
                    let mut statement = transaction.prepare_cached(
                        "INSERT OR REPLACE INTO refusals (request_id, at, client, body)
                         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS
                         (SELECT 1 FROM clients WHERE id = ?3 AND personal_key IS NOT NULL)",
                    )?;
                    for refusal in refusals {
                        statement.execute(params![
                            refusal.request_id,
                            refusal.at.0,
                            refusal.client.0,
                            refusal.body
                        ])?;
                    }
                }
                transaction.execute("DELETE FROM refusals WHERE at < ?1", [since.0])?;
                transaction.execute(
                    "DELETE FROM refusals WHERE request_id IN (
                         SELECT request_id FROM refusals ORDER BY at DESC LIMIT -1 OFFSET ?1)",
                    [keep],
                )?;
                transaction.commit()?;
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// The refused request of this id.
    pub(crate) async fn refusal(
        &self,
        request_id: [u8; 16],
    ) -> Result<Option<StoredRefusal>, StoreError> {
        self.database
            .run(move |connection| {
                connection
                    .query_row(
                        "SELECT at, client, body FROM refusals WHERE request_id = ?1",
                        [request_id],
                        |row| {
                            Ok(StoredRefusal {
                                request_id,
                                at: UnixMillis(row.get(0)?),
                                client: ClientId(row.get(1)?),
                                body: row.get(2)?,
                            })
                        },
                    )
                    .optional()
                    .map_err(StoreError::from)
            })
            .await
    }
}
