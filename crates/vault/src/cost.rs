//! What a guess at the factors costs: Argon2id's parameters, their floor and their ceiling.

use std::time::Duration;

use strongroom_crypto::password::{self, Cost, StretchError};

/// Argon2id's passes (`t`).
const PASSES: u32 = 3;
/// Argon2id's lanes (`p`).
const LANES: u32 = 4;
/// The least memory, in MiB, that a vault may ask for.
const FLOOR_MIB: u32 = 64;
/// The most memory, in MiB: more would let a hostile file exhaust the machine.
const CEILING_MIB: u32 = 2_048;
/// Where calibration begins, in MiB.
const START_MIB: u32 = 256;
/// Calibration goes on until one run takes this long.
const LEAST_TIME: Duration = Duration::from_millis(500);
/// The most passes and lanes that a file may ask for, with which a run still ends in bearable time.
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// Argon2id's cost, within the floor (64 MiB, 3 passes) and the ceiling (2 GiB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost(Cost);

impl KdfCost {
    /// This much memory, with 3 passes and 4 lanes.
    ///
    /// # Errors
    ///
    /// [`CostError::Bounds`] below 64 MiB and above 2 GiB.
    pub fn memory_mib(mib: u32) -> Result<Self, CostError> {
        if !(FLOOR_MIB..=CEILING_MIB).contains(&mib) {
            return Err(CostError::Bounds);
        }
        Ok(Self(Cost {
            memory_kib: mib * 1_024,
            passes: PASSES,
            lanes: LANES,
        }))
    }

    /// The cost with which one run takes half a second to a second on this machine: 256 MiB, doubled
    /// until `measure` says at least 0.5 s. `measure` takes the time around [`KdfCost::trial`]. A
    /// size that the machine has no memory for ends the search at the one before.
    ///
    /// # Errors
    ///
    /// What `measure` answers for the first size.
    pub fn calibrate(
        mut measure: impl FnMut(Self) -> Result<Duration, CostError>,
    ) -> Result<Self, CostError> {
        let mut cost = Self::memory_mib(START_MIB)?;
        let mut took = measure(cost)?;
        while took < LEAST_TIME {
            let Ok(next) = Self::memory_mib(cost.mib() * 2) else {
                break;
            };
            match measure(next) {
                Ok(time) => took = time,
                Err(_) => break,
            }
            cost = next;
        }
        Ok(cost)
    }

    /// Runs Argon2id once at this cost over nothing of value, to be timed.
    ///
    /// # Errors
    ///
    /// [`CostError::Memory`] if the memory is not to be had.
    pub fn trial(self) -> Result<(), CostError> {
        password::argon2id(b"a trial", &[0; 32], self.0)
            .map(drop)
            .map_err(CostError::from)
    }

    /// The memory in MiB.
    #[must_use]
    pub const fn mib(self) -> u32 {
        self.0.memory_kib / 1_024
    }

    /// Accepts what a header asks for, before anything is spent on it.
    pub(crate) fn from_header(cost: Cost) -> Option<Self> {
        let fits = (FLOOR_MIB * 1_024..=CEILING_MIB * 1_024).contains(&cost.memory_kib)
            && (PASSES..=MOST_PASSES).contains(&cost.passes)
            && (1..=MOST_LANES).contains(&cost.lanes);
        fits.then_some(Self(cost))
    }

    pub(crate) const fn parameters(self) -> Cost {
        self.0
    }
}

/// Argon2id can't run at the cost that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Outside of the floor and the ceiling.
    #[error("Argon2id's memory must be between {FLOOR_MIB} and {CEILING_MIB} MiB")]
    Bounds,
    /// The machine does not give the memory.
    #[error("Argon2id needs {mib} MiB of memory, which this machine does not give")]
    Memory {
        /// How much, in MiB.
        mib: u32,
    },
}

impl From<StretchError> for CostError {
    fn from(error: StretchError) -> Self {
        match error {
            StretchError::Cost => Self::Bounds,
            StretchError::Memory { memory_mib } => Self::Memory { mib: memory_mib },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speed(mib_per_second: u32) -> impl FnMut(KdfCost) -> Result<Duration, CostError> {
        move |cost| Ok(Duration::from_secs(1) * cost.mib() / mib_per_second)
    }

    #[test]
    fn calibration_ends_between_half_a_second_and_a_second() {
        for (mib_per_second, expected) in [
            (100, 256),
            (512, 256),
            (513, 512),
            (1_500, 1_024),
            (1_000_000, 2_048),
        ] {
            let cost = KdfCost::calibrate(speed(mib_per_second)).unwrap();
            assert_eq!(cost.mib(), expected, "{mib_per_second} MiB/s");
        }
    }

    #[test]
    fn calibration_stays_within_the_machines_memory() {
        let small = |cost: KdfCost| {
            if cost.mib() > 512 {
                return Err(CostError::Memory { mib: cost.mib() });
            }
            Ok(Duration::from_millis(1))
        };
        assert_eq!(KdfCost::calibrate(small).unwrap().mib(), 512);
        let none = |cost: KdfCost| Err(CostError::Memory { mib: cost.mib() });
        assert_eq!(
            KdfCost::calibrate(none),
            Err(CostError::Memory { mib: 256 })
        );
    }

    #[test]
    fn costs_outside_of_the_bounds_are_refused() {
        assert_eq!(KdfCost::memory_mib(63), Err(CostError::Bounds));
        assert_eq!(KdfCost::memory_mib(2_049), Err(CostError::Bounds));
        let honest = KdfCost::memory_mib(64).unwrap().parameters();
        assert!(KdfCost::from_header(honest).is_some());
        for hostile in [
            Cost {
                memory_kib: 65_535,
                ..honest
            },
            Cost {
                memory_kib: 2_097_153,
                ..honest
            },
            Cost {
                memory_kib: u32::MAX,
                ..honest
            },
            Cost {
                passes: 2,
                ..honest
            },
            Cost {
                passes: u32::MAX,
                ..honest
            },
            Cost { lanes: 0, ..honest },
            Cost {
                lanes: u32::MAX,
                ..honest
            },
        ] {
            assert!(KdfCost::from_header(hostile).is_none(), "{hostile:?}");
        }
    }
}
