//! How long a request may wait for a slot rather than be refused.

use std::{num::NonZeroU32, time::Duration};

/// How long a request of a key may wait for a slot: from 1 ms to [`Delay::LONGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delay(NonZeroU32);

impl Delay {
    /// The longest: whoever waits holds a connection.
    pub const LONGEST: Duration = Duration::from_secs(5);

    /// A delay of at most `millis` milliseconds.
    ///
    /// # Errors
    ///
    /// [`DelayError`] if it is 0 or longer than [`Delay::LONGEST`].
    pub fn from_millis(millis: u64) -> Result<Self, DelayError> {
        let longest = u64::try_from(Self::LONGEST.as_millis()).unwrap_or(u64::MAX);
        let kept = u32::try_from(millis).ok().and_then(NonZeroU32::new);
        kept.filter(|_| millis <= longest)
            .map(Self)
            .ok_or(DelayError(millis))
    }

    /// In milliseconds.
    #[must_use]
    pub const fn millis(self) -> u32 {
        self.0.get()
    }

    /// How long a request waits at most.
    #[must_use]
    pub fn longest(self) -> Duration {
        Duration::from_millis(self.0.get().into())
    }
}

/// A delay is out of range; its milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a delay is from 1 ms to {longest} s, not {0} ms: whoever waits holds a connection",
    longest = Delay::LONGEST.as_secs()
)]
pub struct DelayError(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_have_bounds() {
        assert_eq!(Delay::from_millis(0), Err(DelayError(0)));
        assert_eq!(Delay::from_millis(5_001), Err(DelayError(5_001)));
        assert_eq!(Delay::from_millis(u64::MAX), Err(DelayError(u64::MAX)));
        let longest = Delay::from_millis(5_000).unwrap();
        assert_eq!(longest.longest(), Delay::LONGEST);
    }
}
