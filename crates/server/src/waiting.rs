//! Requests that wait for a slot, where their key says so.
//!
//! Those of one key stand in a line and are let through in its order. Nobody holds a lock while
//! waiting; how many wait is bounded, for each key and in all, since each holds a connection. Who waits
//! is woken when the clock is advanced, a key or a limit is changed, or the server ends.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit, futures::Notified};

/// What all that wait share.
pub(crate) struct Waiting {
    places: Arc<Semaphore>,
    most_of_key: u32,
    woken: Notify,
}

/// The requests of one key that wait.
pub(crate) struct Line {
    /// Held by the first of the line; given on in its order.
    turn: Semaphore,
    waiting: AtomicU32,
    slots: AtomicU32,
}

/// A place in the line, given up when dropped.
pub(crate) struct Place {
    line: Arc<Line>,
    slots: u32,
    _of_all: OwnedSemaphorePermit,
}

impl Waiting {
    /// At most so many, in all and of each key.
    pub(crate) fn new(most: usize, most_of_key: u32) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            most_of_key,
            woken: Notify::new(),
        }
    }

    /// A place at the end of the line for a request that takes `slots`; `None` if too many wait.
    pub(crate) fn join(&self, line: &Arc<Line>, slots: u32) -> Option<Place> {
        let of_all = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let most = self.most_of_key;
        let one_more = |waiting| (waiting < most).then_some(waiting + 1);
        line.waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()?;
        line.slots.fetch_add(slots, Ordering::AcqRel);
        Some(Place {
            line: Arc::clone(line),
            slots,
            _of_all: of_all,
        })
    }

    /// Lets all that wait look again.
    pub(crate) fn wake(&self) {
        self.woken.notify_waiters();
    }

    /// Ends when [`Waiting::wake`] is called from now on.
    pub(crate) fn woken(&self) -> Pin<Box<Notified<'_>>> {
        let mut woken = Box::pin(self.woken.notified());
        woken.as_mut().enable();
        woken
    }
}

impl Line {
    /// Nobody waits.
    pub(crate) fn new() -> Self {
        Self {
            turn: Semaphore::new(1),
            waiting: AtomicU32::new(0),
            slots: AtomicU32::new(0),
        }
    }

    /// How many slots those that wait are to get.
    pub(crate) fn slots(&self) -> u32 {
        self.slots.load(Ordering::Acquire)
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Acquire)
    }
}

impl Place {
    /// Waits for those before; `None` never, since no line is closed.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.line.turn.acquire().await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.slots.fetch_sub(self.slots, Ordering::AcqRel);
        self.line.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_each_key_and_in_all_and_given_back() {
        let waiting = Waiting::new(3, 2);
        let (one, other) = (Arc::new(Line::new()), Arc::new(Line::new()));
        let first = waiting.join(&one, 5).unwrap();
        let _second = waiting.join(&one, 1).unwrap();
        assert_eq!(one.slots(), 6);
        assert!(waiting.join(&one, 1).is_none(), "the key's bound");
        let _third = waiting.join(&other, 1).unwrap();
        assert!(waiting.join(&other, 1).is_none(), "the bound on all");
        drop(first);
        assert_eq!(one.slots(), 1);
        assert!(waiting.join(&other, 1).is_some());
    }
}
