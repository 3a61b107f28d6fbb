//! The platform's clock: real, or virtual. The one place in this crate that asks the system's.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use strongroom_contract::{manage::ClockView, time::UnixMillis};

/// How far the system's clock may be set back before the platform follows it. Corrections of the
/// usual size hold the platform's clock still instead, since rolling windows are measured with it.
const HELD_STILL_MS: u64 = 5_000;

/// The platform's clock. A virtual one ticks at real speed, ahead of the real one by what it was
/// advanced.
pub(crate) struct Clock {
    latest: AtomicU64,
    is_virtual: bool,
    advanced_ms: AtomicU64,
}

impl Clock {
    /// The real clock, or a virtual one that was advanced by `advanced` before (in an earlier run
    /// with the same state).
    pub(crate) fn new(is_virtual: bool, advanced: Duration) -> Self {
        Self {
            latest: AtomicU64::new(real_now().0),
            is_virtual,
            advanced_ms: AtomicU64::new(millis(advanced)),
        }
    }

    /// What the platform takes for now.
    pub(crate) fn now(&self) -> UnixMillis {
        self.both().1
    }

    /// The real time, and what the platform takes for now.
    pub(crate) fn both(&self) -> (UnixMillis, UnixMillis) {
        let real = self.real();
        let ahead = self.advanced_ms.load(Ordering::Acquire);
        (real, UnixMillis(real.0.saturating_add(ahead)))
    }

    /// The real time, for the audit log.
    pub(crate) fn real(&self) -> UnixMillis {
        let system = real_now().0;
        let latest = self.latest.fetch_max(system, Ordering::AcqRel);
        UnixMillis(self.held(system, latest))
    }

    fn held(&self, system: u64, latest: u64) -> u64 {
        if latest.saturating_sub(system) > HELD_STILL_MS {
            self.latest.store(system, Ordering::Release);
            return system;
        }
        system.max(latest)
    }

    /// Whether a virtual clock can be advanced that far: not beyond the years that RFC 3339 can
    /// write.
    pub(crate) fn can_advance(&self, by: Duration) -> bool {
        const LAST: u64 = 253_402_207_200_000;
        self.is_virtual && self.now().0.saturating_add(millis(by)) <= LAST
    }

    /// Advances a virtual clock; a real one stays as it is.
    pub(crate) fn advance(&self, by: Duration) {
        if self.is_virtual {
            self.advanced_ms.fetch_add(millis(by), Ordering::AcqRel);
        }
    }

    /// Whether the clock can be advanced.
    pub(crate) const fn is_virtual(&self) -> bool {
        self.is_virtual
    }

    /// The clock as it is shown.
    pub(crate) fn view(&self) -> ClockView {
        ClockView {
            now: self.now(),
            is_virtual: self.is_virtual,
        }
    }
}

/// The system's time: for certificates, which others judge by their own clocks.
pub(crate) fn real_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixMillis(since.map_or(0, millis))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_virtual_clock_is_advanced() {
        let real = Clock::new(false, Duration::ZERO);
        let day = Duration::from_secs(86_400);
        assert!(!real.can_advance(day));
        real.advance(day);
        assert!(real.now().since(real_now()) < Duration::from_secs(60));

        let clock = Clock::new(true, Duration::from_secs(60));
        let before = clock.now();
        assert!(clock.can_advance(90 * day));
        clock.advance(90 * day);
        assert!(clock.now().since(before) >= 90 * day);
        assert!(!clock.can_advance(Duration::MAX));
        assert!(clock.real() < before);
    }

    #[test]
    fn small_corrections_hold_it_still_and_large_ones_are_followed() {
        let clock = Clock::new(false, Duration::ZERO);
        assert_eq!(clock.held(100_000, 104_999), 104_999);
        assert_eq!(clock.held(100_000, 105_001), 100_000);
        assert_eq!(clock.held(100_000, 90_000), 100_000);
    }
}
