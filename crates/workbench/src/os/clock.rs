//! The wall clock, and a clock that keeps running while the machine sleeps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use strongroom_contract::time::UnixMillis;

/// The wall clock. Zero if it is set before 1970.
#[must_use]
pub fn now() -> UnixMillis {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// Time since the machine started, sleep included: never steps, and an idle lock measured by it is
/// due as soon as the machine wakes (`CLOCK_BOOTTIME`).
#[must_use]
pub fn awake_or_asleep() -> Duration {
    of(ClockId::Boottime)
}

/// How long the machine has slept since it started. It grew between two looks: it slept meanwhile.
#[must_use]
pub fn asleep() -> Duration {
    // The monotonic clock is read first, so that the difference is never negative.
    let awake = of(ClockId::Monotonic);
    of(ClockId::Boottime).saturating_sub(awake)
}

fn of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
