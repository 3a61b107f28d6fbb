//! The rolling window, over keys at 60 a minute, beside governor's keyed limiter.
//!
//! governor's (GCRA) lets up to twice the limit through in some minute; ours does not. The keys come
//! in an order that no cache likes, at 60 a minute each, the same for both. Of 1,000 keys all windows fit
//! in a cache; of 100,000 they do in few.

use std::{collections::HashMap, hint::black_box, num::NonZeroU32, sync::Mutex, time::Duration};

use governor::{Quota, RateLimiter, clock::FakeRelativeClock};
use strongroom_contract::time::UnixMillis;
use strongroom_policy::limiter::{Limit, RollingWindow};

use crate::harness::{Goal, Pair, Row, Stopped, Unit, seconds_each};

/// How many keys, and how much longer than governor's a check may take then.
const SIZES: [(u32, f64); 2] = [(1_000, 1.5), (100_000, 2.5)];
const PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
const CHECKS: u32 = 2_000_000;
const ROUNDS: usize = 9;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let mut rows = Vec::new();
    for (keys, times) in SIZES {
        rows.extend(measure(keys, times)?);
    }
    Ok(rows)
}

fn measure(keys: u32, times: f64) -> Result<[Row; 2], Stopped> {
    let limit = Limit::new(PER_MINUTE.get())?;
    let windows: HashMap<u32, Mutex<RollingWindow>> = (0..keys)
        .map(|key| (key, Mutex::new(RollingWindow::new(limit))))
        .collect();
    let mut now = UnixMillis::from_secs(1_800_000_000);
    let mut our_keys = Keys::new(keys);
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
    let mut their_keys = Keys::new(keys);
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
    Ok([
        Row {
            what: format!("limiter: one check, {keys} keys at 60 a minute"),
            peer: "governor, keyed".to_owned(),
            unit: Unit::Seconds,
            pair: check,
            goal: Goal::AtMost(times),
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
struct Keys {
    keys: u32,
    key: u32,
    checks: u32,
}

impl Keys {
    fn new(keys: u32) -> Self {
        Self {
            keys,
            key: 0,
            checks: 0,
        }
    }

    /// The next key, and whether a millisecond has passed.
    fn next(&mut self) -> (u32, bool) {
        // Full period over 1,000 and 100,000: 7 is prime to both, and 40,020 divides by their primes
        // and by 4.
        let next = (u64::from(self.key) * 40_021 + 7) % u64::from(self.keys);
        self.key = u32::try_from(next).unwrap_or_default();
        // 60 a minute of every key.
        self.checks = (self.checks + 1) % (self.keys / 1_000);
        (self.key, self.checks == 0)
    }
}
