//! Random bytes and numbers from the operating system's generator (`getrandom(2)` on Linux).

/// Fills `out` with random bytes.
///
/// # Panics
///
/// Panics if the operating system's random source fails. Nothing that needs randomness can be done
/// safely then, and no caller could do better than to stop.
#[expect(
    clippy::panic,
    reason = "without randomness there is no safe way to go on"
)]
pub fn fill(out: &mut [u8]) {
    if let Err(error) = getrandom::fill(out) {
        panic!("the operating system's random source failed: {error}");
    }
}

/// `N` random bytes: a salt, an id, a nonce.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    fill(&mut out);
    out
}

/// Random bytes that are taken from the operating system in portions: a system call for many ids and
/// nonces instead of one for each.
///
/// For values that become public. What is still to be given out lies in memory, so keys are made
/// with [`fill`] alone. A process that forks must not go on with a reserve in both halves.
pub struct Reserve {
    bytes: [u8; Reserve::PORTION],
    left: usize,
}

impl Reserve {
    /// Bytes of one portion.
    const PORTION: usize = 1_024;

    /// An empty reserve.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; Self::PORTION],
            left: 0,
        }
    }

    /// `N` random bytes, never given out before.
    ///
    /// # Panics
    ///
    /// As [`fill`].
    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.left < N {
            fill(&mut self.bytes);
            self.left = Self::PORTION;
        }
        let unused = self.bytes.get(..self.left).unwrap_or_default();
        match unused.split_last_chunk::<N>() {
            Some((rest, taken)) => {
                self.left = rest.len();
                *taken
            }
            // More than a whole portion at once.
            None => bytes(),
        }
    }
}

impl Default for Reserve {
    fn default() -> Self {
        Self::new()
    }
}

/// A uniformly random number in `0..bound`, by rejection, so without modulo bias.
///
/// # Panics
///
/// Panics if `bound` is 0: there is no such number.
#[must_use]
pub fn below(bound: u32) -> u32 {
    assert!(bound > 0, "no number lies below 0");
    // The largest multiple of `bound` that fits: numbers from there on would favour small results.
    let limit = u32::MAX - u32::MAX % bound;
    loop {
        let candidate = u32::from_le_bytes(bytes());
        if candidate < limit {
            return candidate % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_their_bound_and_reach_its_ends() {
        let mut seen = [false; 3];
        for _ in 0..1_000 {
            let number = below(3);
            assert!(number < 3);
            seen[number as usize] = true;
        }
        assert_eq!(seen, [true; 3]);
        assert_eq!(below(1), 0);
    }

    #[test]
    fn a_reserve_gives_no_byte_twice() {
        let mut reserve = Reserve::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(reserve.bytes::<16>()));
        }
        assert_ne!(reserve.bytes::<2_000>(), [0; 2_000]);
    }

    #[test]
    fn two_draws_differ() {
        assert_ne!(bytes::<16>(), bytes::<16>());
    }
}
