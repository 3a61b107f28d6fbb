//! A runtime for the few commands that need one. The way to the vault's owner needs none.

use std::{future::Future, thread::available_parallelism};

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

/// The same for one piece of work that lasts: a single core needs no threads that could steal work from
/// each other, and less of it goes into passing work on.
pub(crate) fn serve<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    if available_parallelism().is_ok_and(|cores| cores.get() == 1) {
        block_on(work)
    } else {
        on_every_core()?.block_on(work)
    }
}

fn unavailable(error: &std::io::Error) -> Failure {
    Failure::new(
        ErrorCode::Failed,
        format!("the system grants no threads or timers: {error}"),
    )
}
