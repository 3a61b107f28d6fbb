//! Being told to stop.

use strongroom_contract::error::{ErrorCode, Failure};
use tokio::signal::unix::{SignalKind, signal};

/// Completes at Ctrl-C or SIGTERM. Listens from the call on, which has to be within a runtime.
pub(crate) fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| {
            Failure::new(
                ErrorCode::Failed,
                format!("can't listen for signals: {error}"),
            )
        })
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
