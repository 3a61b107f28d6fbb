//! A runtime for the few commands that need one. The way to the vault's owner needs none.

use std::future::Future;

use strongroom_contract::error::{ErrorCode, Failure};
use tokio::runtime::{Builder, Runtime};

/// Runs `work` on this thread until it is done.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unavailable(&error))?
        .block_on(work)
}

/// A runtime that uses every core.
pub(crate) fn on_every_core() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| unavailable(&error))
}

fn unavailable(error: &std::io::Error) -> Failure {
    Failure::new(
        ErrorCode::Failed,
        format!("the system grants no threads or timers: {error}"),
    )
}
