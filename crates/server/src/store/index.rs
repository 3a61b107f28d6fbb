//! Where in the audit log's files runs of rows lie.

use rusqlite::params;

use super::{Store, StoreError};

/// A run of consecutive rows in one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    /// The sequence of its first row.
    pub(crate) first: u64,
    /// How many rows.
    pub(crate) rows: u64,
    /// The segment's number.
    pub(crate) segment: u64,
    /// Where its first row begins in the segment, in bytes.
    pub(crate) offset: u64,
    /// How many bytes they take.
    pub(crate) bytes: u64,
    /// The earliest real time of its rows, in milliseconds.
    pub(crate) earliest: u64,
    /// The latest.
    pub(crate) latest: u64,
}

impl Store {
    /// The last run of the index.
    pub(crate) async fn last_block(&self) -> Result<Option<Block>, StoreError> {
        let mut blocks = self
            .blocks("ORDER BY first DESC LIMIT 1", Vec::new())
            .await?;
        Ok(blocks.pop())
    }

    /// Runs that begin before `sequence`, the last first, at most `limit`.
    pub(crate) async fn blocks_before(
        &self,
        sequence: u64,
        limit: u64,
    ) -> Result<Vec<Block>, StoreError> {
        let clause = "WHERE first < ?1 ORDER BY first DESC LIMIT ?2";
        self.blocks(clause, vec![sequence, limit]).await
    }

    /// Runs that hold rows of real times from `earliest` to `latest`, in milliseconds.
    pub(crate) async fn blocks_between(
        &self,
        earliest: u64,
        latest: u64,
    ) -> Result<Vec<Block>, StoreError> {
        let clause = "WHERE latest >= ?1 AND earliest <= ?2 ORDER BY first";
        self.blocks(clause, vec![earliest, latest]).await
    }

    /// Writes down runs; one that begins as a stored one does replaces it.
    pub(crate) async fn put_blocks(&self, blocks: Vec<Block>) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                {
                    let mut statement = transaction.prepare_cached(
                        "INSERT OR REPLACE INTO audit_blocks (first, rows, segment, offset, bytes, earliest, latest)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?;
                    for block in blocks {
                        statement.execute(params![
                            block.first,
                            block.rows,
                            block.segment,
                            block.offset,
                            block.bytes,
                            block.earliest,
                            block.latest
                        ])?;
                    }
                }
                transaction.commit()?;
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// Forgets the index, so that it is made anew from the files.
    pub(crate) async fn clear_blocks(&self) -> Result<(), StoreError> {
        self.database
            .run(|connection| {
                connection.execute("DELETE FROM audit_blocks", [])?;
                Ok::<_, StoreError>(())
            })
            .await
    }

    async fn blocks(
        &self,
        clause: &'static str,
        values: Vec<u64>,
    ) -> Result<Vec<Block>, StoreError> {
        self.database
            .run(move |connection| {
                let mut statement = connection.prepare_cached(&format!(
                    "SELECT first, rows, segment, offset, bytes, earliest, latest FROM audit_blocks {clause}"
                ))?;
                let blocks = statement
                    .query_map(rusqlite::params_from_iter(values), |row| {
                        Ok(Block {
                            first: row.get(0)?,
                            rows: row.get(1)?,
                            segment: row.get(2)?,
                            offset: row.get(3)?,
                            bytes: row.get(4)?,
                            earliest: row.get(5)?,
                            latest: row.get(6)?,
                        })
                    })?
                    .collect::<Result<_, _>>()?;
                Ok::<_, StoreError>(blocks)
            })
            .await
    }
}
