//! The clock and the stop button of one request.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use crate::{error::SendError, options::Phase};

/// One request under way: every phase of it runs against the same deadline and can be stopped.
pub(crate) struct Run<'a, C, P> {
    place: String,
    timeout: Duration,
    started: Instant,
    cancel: Pin<&'a mut C>,
    progress: P,
}

impl<'a, C, P> Run<'a, C, P>
where
    C: Future<Output = ()>,
    P: FnMut(Phase),
{
    /// Starts the clock.
    pub(crate) fn new(
        place: String,
        timeout: Duration,
        cancel: Pin<&'a mut C>,
        progress: P,
    ) -> Self {
        Self {
            place,
            timeout,
            started: Instant::now(),
            cancel,
            progress,
        }
    }

    /// Does the work of one phase, and says how long it took.
    pub(crate) async fn phase<T>(
        &mut self,
        phase: Phase,
        work: impl Future<Output = Result<T, SendError>>,
    ) -> Result<(T, Duration), SendError> {
        tracing::debug!(place = %self.place, phase = phase.name(), "sending");
        (self.progress)(phase);
        let began = Instant::now();
        let remaining = self.remaining();
        tokio::select! {
            biased;
            () = self.cancel.as_mut() => Err(SendError::Cancelled { phase }),
            result = work => result.map(|done| (done, began.elapsed())),
            () = tokio::time::sleep(remaining) => Err(SendError::Timeout {
                host: self.place.clone(),
                phase,
                after: self.timeout,
            }),
        }
    }

    /// What is left of the whole time.
    pub(crate) fn remaining(&self) -> Duration {
        self.timeout.saturating_sub(self.elapsed())
    }

    /// What has passed of it.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
