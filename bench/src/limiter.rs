//! The rolling window, over 100,000 keys at 60 a minute, beside governor's keyed limiter.
//!
//! governor's (GCRA) lets up to twice the limit through in some minute; ours does not. The keys come
//! in an order that no cache likes, at 60 a minute each, the same for both.

use std::{collections::HashMap, hint::black_box, num::NonZeroU32, sync::Mutex, time::Duration};

use governor::{Quota, RateLimiter, clock::FakeRelativeClock};
use strongroom_contract::time::UnixMillis;
use strongroom_policy::limiter::{Limit, RollingWindow};

use crate::harness::{Goal, Pair, Row, Stopped, Unit, seconds_each};

const KEYS: u32 = 100_000;
const PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
const CHECKS: u32 = 2_000_000;
/// Checks within a millisecond: `KEYS` x 60 a minute.
const CHECKS_A_MILLISECOND: u32 = 100;
const ROUNDS: usize = 9;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let limit = Limit::new(PER_MINUTE.get())?;
    let windows: HashMap<u32, Mutex<RollingWindow>> = (0..KEYS)
        .map(|key| (key, Mutex::new(RollingWindow::new(limit))))
        .collect();
    let mut now = UnixMillis::from_secs(1_800_000_000);
    let mut our_keys = Keys::default();
    let ours = || {
        seconds_each(CHECKS, || {
            let (key, ticks) = our_keys.next();
            if ticks {
                now = now.after(Duration::from_millis(1));
            }
            if let Some(Ok(mut window)) = windows.get(&key).map(Mutex::lock) {
                let _ = black_box(window.try_admit(now));
            }
        })
    };

    let clock = FakeRelativeClock::default();
    let governor = RateLimiter::dashmap_with_clock(Quota::per_minute(PER_MINUTE), clock.clone());
    let mut their_keys = Keys::default();
    let theirs = || {
        seconds_each(CHECKS, || {
            let (key, ticks) = their_keys.next();
            if ticks {
                clock.advance(Duration::from_millis(1));
            }
            let _ = black_box(governor.check_key(&key));
        })
    };

    let check = Pair::alternate(ROUNDS, ours, theirs)?;
    let widest = windows
        .values()
        .filter_map(|window| window.lock().ok().map(|window| window.memory_bytes()))
        .max()
        .unwrap_or_default();
    Ok(vec![
        Row {
            what: "limiter: one check, 100,000 keys at 60 a minute".to_owned(),
            peer: "governor, keyed".to_owned(),
            unit: Unit::Seconds,
            pair: check,
            goal: Goal::AtMost(1.5),
        },
        Row {
            what: "limiter: the widest of these windows".to_owned(),
            peer: "2 N + 64".to_owned(),
            unit: Unit::Bytes,
            pair: Pair::of(bytes(widest), f64::from(2 * PER_MINUTE.get() + 64)),
            goal: Goal::AtMost(1.0),
        },
    ])
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred bytes")]
fn bytes(count: usize) -> f64 {
    count as f64
}

/// Every key once before any comes again, far apart in memory (a linear congruential generator of
/// full period), and after how many checks a millisecond has passed.
#[derive(Default)]
struct Keys {
    key: u32,
    checks: u32,
}

impl Keys {
    fn next(&mut self) -> (u32, bool) {
        // Full period over 100,000: 7 is prime to it, and 40,020 divides by its primes and by 4.
        let next = (u64::from(self.key) * 40_021 + 7) % u64::from(KEYS);
        self.key = u32::try_from(next).unwrap_or_default();
        self.checks = (self.checks + 1) % CHECKS_A_MILLISECOND;
        (self.key, self.checks == 0)
    }
}
