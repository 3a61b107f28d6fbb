//! The thread that owns the database, and how work gets there.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior, config::DbConfig};
use tokio::sync::oneshot;

use super::schema;
use crate::error::StartError;

/// The store failed: the disk is full or broken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub(crate) struct StoreError(String);

impl StoreError {
    /// What is stored does not make sense.
    pub(super) fn damaged(problem: String) -> Self {
        Self(problem)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

/// A transaction that was taken back.
#[derive(Debug)]
pub(crate) enum Undone<E> {
    /// The store failed.
    Store(StoreError),
    /// What had to happen before the commit did not.
    Before(E),
}

impl<E> From<rusqlite::Error> for Undone<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl<E> From<StoreError> for Undone<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

struct Job(Box<dyn FnOnce(&mut Connection) + Send>);

/// The database's thread.
pub(super) struct Database {
    jobs: Option<Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |problem: String| StartError::Store {
            path: path.to_owned(),
            problem,
        };
        // SQLite would make the file with the mode that the umask leaves.
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|source| StartError::File {
                path: path.to_owned(),
                source,
            })?;
        let mut connection = Connection::open(path).map_err(|error| failed(error.to_string()))?;
        configure(&connection).map_err(|error| failed(error.to_string()))?;
        schema::migrate(&mut connection).map_err(failed)?;
        let (jobs, queue) = channel::<Job>();
        let thread = thread::Builder::new()
            .name("strongroom-store".to_owned())
            .spawn(move || {
                for job in queue {
                    (job.0)(&mut connection);
                }
            })
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Runs `work` on the database's thread.
    pub(super) async fn run<T: Send + 'static, E: Send + 'static + From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        let job = Job(Box::new(move |connection: &mut Connection| {
            // Who asked may be gone; the work is done all the same.
            let _gone = answer.send(work(connection));
        }));
        let sent = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok());
        let stopped = || E::from(StoreError("its thread has ended".to_owned()));
        if !sent {
            return Err(stopped());
        }
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Runs `work` in a transaction, then `before_commit`; if either fails nothing is changed.
    pub(super) async fn transact<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
        before_commit: impl FnOnce(&T) -> Result<(), E> + Send + 'static,
    ) -> Result<T, Undone<E>> {
        self.run(move |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let made = work(&transaction)?;
            before_commit(&made).map_err(Undone::Before)?;
            transaction.commit()?;
            Ok(made)
        })
        .await
    }

    /// Runs `work` in a transaction that is not brought to the disk: a power cut may undo it. What it
    /// writes is in the audit log as well, and comes from there again.
    pub(super) async fn transact_recoverable<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| {
            // In WAL mode: the next durable commit brings it to the disk (SQLite, PRAGMA synchronous).
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let made = in_transaction(connection, work);
            connection.pragma_update(None, "synchronous", DURABLE)?;
            made
        })
        .await
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction()?;
    let made = work(&transaction)?;
    transaction.commit()?;
    Ok(made)
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // What it was asked is done before the directory is given back. A panic there was
            // reported when it happened.
            let _ended = thread.join();
        }
    }
}

/// Every commit is on the disk before it returns.
const DURABLE: &str = "FULL";

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", DURABLE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}
