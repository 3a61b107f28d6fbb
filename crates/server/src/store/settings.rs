//! Numbers that are kept by name.

use rusqlite::params;

use super::{Store, StoreError, Undone};

impl Store {
    /// A number that is kept under `name`.
    pub(crate) async fn setting(&self, name: &'static str) -> Result<Option<u64>, StoreError> {
        self.database
            .run(move |connection| {
                let mut statement =
                    connection.prepare("SELECT value FROM settings WHERE name = ?1")?;
                let mut rows = statement.query([name])?;
                let value = rows.next()?.map(|row| row.get(0)).transpose()?;
                Ok::<_, StoreError>(value)
            })
            .await
    }

    /// Keeps a number under `name`, or none. `before_commit` comes last: if it fails, nothing was
    /// changed.
    pub(crate) async fn put_setting<E: Send + 'static>(
        &self,
        name: &'static str,
        value: Option<u64>,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        self.database
            .transact(
                move |transaction| match value {
                    Some(value) => transaction.execute(
                        "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
                        params![name, value],
                    ),
                    None => transaction.execute("DELETE FROM settings WHERE name = ?1", [name]),
                },
                move |_| before_commit(),
            )
            .await
            .map(|_| ())
    }

    /// Adds to the number that is kept under `name`. `before_commit` comes last: if it fails,
    /// nothing was changed.
    pub(crate) async fn add_to_setting<E: Send + 'static>(
        &self,
        name: &'static str,
        by: u64,
        before_commit: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Result<(), Undone<E>> {
        self.database
            .transact(
                move |transaction| {
                    transaction.execute(
                        "INSERT INTO settings (name, value) VALUES (?1, ?2)
                         ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                        params![name, by],
                    )
                },
                move |_| before_commit(),
            )
            .await
            .map(|_| ())
    }
}
