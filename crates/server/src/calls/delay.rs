//! A request over its limits that waits for a slot, where its key says so (`platform delay`).
//!
//! It stands in its key's line, and once it is first and its slot is free it is decided anew, whole: by
//! then the key may be revoked, or its source no longer allowed. Its nonce was spent when it came, and its
//! signature is as old as it was then. If nobody waits for its answer any more, it is refused, with a row
//! as every request has.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use strongroom_contract::time::UnixMillis;
use strongroom_policy::{decide::Refused, key::KeyRecord, rate::Throttled};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Call, Decided, Passed};
use crate::{
    face::Face,
    keys::IssuedKey,
    platform::{Arrival, Platform},
    waiting::Place,
};

/// A wait is told in whole milliseconds, and its end is looked at so much later at most.
const SLACK: Duration = Duration::from_millis(10);

/// What is known of a request that has waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waited {
    /// When it came.
    pub(super) arrived: UnixMillis,
}

/// A request that is to wait.
pub(crate) struct Delayed {
    /// What it is answered if it waits in vain.
    refused: Box<Refused>,
    delay: Delay,
}

/// How a request is to wait.
pub(super) struct Delay {
    /// Where it stands; `None` if it has a place already.
    place: Option<Place>,
    /// How long it may wait in all.
    longest: Duration,
    /// How long its slot takes.
    wait: Duration,
}

impl Delay {
    /// Of a request that would be refused.
    pub(super) fn of(self, refused: Box<Refused>) -> Delayed {
        Delayed {
            refused,
            delay: self,
        }
    }
}

impl Call<'_> {
    /// How a request that is over a limit may wait; `None` if its key lets none, it would take too long,
    /// or too many wait already.
    pub(super) fn delay(
        &self,
        key: &IssuedKey,
        record: &KeyRecord,
        throttled: &Throttled,
    ) -> Option<Delay> {
        let longest = record.delay?.longest();
        let wait = throttled.wait;
        if wait > longest || self.platform.is_stopping() {
            return None;
        }
        let place = match self.waited {
            Some(_) => None,
            None => {
                let slots = self.route.cost.slots();
                Some(self.platform.waiting.join(&key.line(), slots)?)
            }
        };
        Some(Delay {
            place,
            longest,
            wait,
        })
    }
}

/// A request whose refusal is written down if its future is dropped.
struct Unheard<'a> {
    call: Call<'a>,
    refused: Option<Box<Refused>>,
}

impl Unheard<'_> {
    fn refuse(&mut self) -> Option<Decided> {
        let refused = self.refused.take()?;
        Some(self.call.refuse(*refused))
    }
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        // Nobody waits for the answer, and so none would write the row before other requests come.
        if let Some(Decided::Queued(_, row)) = self.refuse() {
            let _reported = self.call.platform.audit.write(&row);
        }
    }
}

/// Waits until a request is let through or refused, and says at what time.
pub(crate) async fn wait(
    platform: &Platform,
    arrival: Arrival,
    face: Face,
    parts: &Parts,
    body: &Bytes,
    delayed: Delayed,
) -> (Decided, Arrival) {
    let Delayed { refused, delay } = delayed;
    let deadline = Instant::now() + delay.longest + SLACK;
    let mut call = Call::new(platform, arrival, face, parts, body);
    call.waited = Some(Waited {
        arrived: arrival.now,
    });
    let mut unheard = Unheard {
        call,
        refused: Some(refused),
    };
    let decided = in_line(&mut unheard, &delay, deadline).await;
    let arrival = Arrival {
        now: platform.clock.now(),
        ..arrival
    };
    decided.unwrap_or_else(|| {
        let refused = unheard.refuse();
        let refused = refused.unwrap_or_else(|| Decided::Answered(call.unrecorded()));
        (refused, arrival)
    })
}

/// Stands in line, and is decided anew; `None` if that was in vain.
async fn in_line(
    unheard: &mut Unheard<'_>,
    delay: &Delay,
    deadline: Instant,
) -> Option<(Decided, Arrival)> {
    let mut call = unheard.call;
    let platform = call.platform;
    let place = delay.place.as_ref()?;
    let _first = timeout_at(deadline, place.turn()).await.ok()??;
    loop {
        // Before the look, so that nothing that happens behind it is missed.
        let woken = platform.waiting.woken();
        if platform.is_stopping() {
            return None;
        }
        call.arrival.now = platform.clock.now();
        let again = match call.attempt() {
            Ok(Passed::Delayed(again)) => again,
            Ok(Passed::Decided(decided)) => {
                unheard.refused = None;
                return Some((decided, call.arrival));
            }
            Err(refused) => {
                unheard.refused = Some(refused);
                return None;
            }
        };
        let wait = again.delay.wait;
        unheard.refused = Some(again.refused);
        if Instant::now() + wait > deadline {
            return None;
        }
        tokio::select! {
            () = sleep(wait) => {}
            () = woken => {}
        }
    }
}
