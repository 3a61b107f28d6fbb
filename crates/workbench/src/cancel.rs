//! Stopping a request that is under way.

use tokio::sync::watch;

/// Tells the work of one request to stop. Clones tell the same work.
#[derive(Debug, Clone)]
pub(crate) struct Cancellation(watch::Sender<bool>);

impl Cancellation {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(crate) fn cancel(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the work is to stop.
    pub(crate) async fn cancelled(&self) {
        // `self` holds a sender, so waiting cannot fail.
        drop(self.0.subscribe().wait_for(|cancelled| *cancelled).await);
    }
}
