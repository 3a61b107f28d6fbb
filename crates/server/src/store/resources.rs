//! What clients create, and the answers that they can ask for again.

use rusqlite::{OptionalExtension as _, params};
use strongroom_contract::time::UnixMillis;
use strongroom_policy::key::ClientId;

use super::{Store, StoreError, Undone};

/// How long an `Idempotency-Key` is remembered, in milliseconds.
const REMEMBERED_MS: u64 = 24 * 3_600 * 1_000;

/// A resource to be created, and how the request can be recognised.
#[derive(Clone)]
pub(crate) struct Created {
    /// Whose it is.
    pub(crate) client: ClientId,
    /// Its id.
    pub(crate) uuid: String,
    /// `payin`, `payout`.
    pub(crate) kind: &'static str,
    /// When.
    pub(crate) at: UnixMillis,
    /// The resource, sealed under its client's personal key.
    pub(crate) body: Vec<u8>,
    /// Hashes of the `Idempotency-Key` and of the request, if there was a key, with the status of
    /// the answer. The answer's body is the resource's.
    pub(crate) idempotency: Option<([u8; 32], [u8; 32], u16)>,
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The hash of the request that was answered.
    pub(crate) request_hash: [u8; 32],
    /// The status.
    pub(crate) status: u16,
    /// What was made.
    pub(crate) uuid: String,
    /// The body, sealed under its client's personal key.
    pub(crate) body: Vec<u8>,
}

impl Store {
    /// Creates a resource. `before_commit` comes last: if it fails, nothing was created.
    ///
    /// An answer recorded meanwhile for the same client and key is given back instead.
    pub(crate) async fn create<E: Send + 'static>(
        &self,
        created: Created,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<Option<Recorded>, Undone<E>> {
        self.database
            .transact(
                move |transaction| {
                    let client = created.client.0;
                    if let Some((key_hash, request_hash, status)) = created.idempotency {
                        if let Some(recorded) = recorded(transaction, client, key_hash, created.at)? {
                            return Ok(Some(recorded));
                        }
                        transaction.execute(
                            "DELETE FROM idempotency WHERE created < ?1",
                            [created.at.0.saturating_sub(REMEMBERED_MS)],
                        )?;
                        transaction.execute(
                            "INSERT INTO idempotency (client, key_hash, request_hash, created, status, uuid, body)
                             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                            params![
                                client,
                                key_hash,
                                request_hash,
                                created.at.0,
                                status,
                                created.uuid,
                                created.body
                            ],
                        )?;
                    }
                    transaction.execute(
                        "INSERT INTO resources (uuid, client, kind, created, body)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                        params![created.uuid, client, created.kind, created.at.0, created.body],
                    )?;
                    Ok(None)
                },
                move |recorded| match recorded {
                    Some(_) => Ok(()),
                    None => before_commit(),
                },
            )
            .await
    }

    /// The answer that was given to this client's request with this `Idempotency-Key`.
    pub(crate) async fn recorded(
        &self,
        client: ClientId,
        key_hash: [u8; 32],
        now: UnixMillis,
    ) -> Result<Option<Recorded>, StoreError> {
        self.database
            .run(move |connection| {
                recorded(connection, client.0, key_hash, now).map_err(StoreError::from)
            })
            .await
    }

    /// A client's resource, sealed; `None` if it has none of this kind and id.
    pub(crate) async fn resource(
        &self,
        client: ClientId,
        kind: &'static str,
        uuid: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let uuid = uuid.to_owned();
        self.database
            .run(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT body FROM resources WHERE uuid = ?1 AND client = ?2 AND kind = ?3",
                    )?
                    .query_row(params![uuid, client.0, kind], |row| row.get(0))
                    .optional()
                    .map_err(StoreError::from)
            })
            .await
    }
}

fn recorded(
    connection: &rusqlite::Connection,
    client: [u8; 16],
    key_hash: [u8; 32],
    now: UnixMillis,
) -> rusqlite::Result<Option<Recorded>> {
    connection
        .prepare_cached(
            "SELECT request_hash, status, uuid, body FROM idempotency
             WHERE client = ?1 AND key_hash = ?2 AND created >= ?3",
        )?
        .query_row(
            params![client, key_hash, now.0.saturating_sub(REMEMBERED_MS)],
            |row| {
                Ok(Recorded {
                    request_hash: row.get(0)?,
                    status: row.get(1)?,
                    uuid: row.get(2)?,
                    body: row.get(3)?,
                })
            },
        )
        .optional()
}
