//! The table that turns a typed code into the target, which is part of what Argon2id takes.
//!
//! `offset(s) = (target - code(s)) mod 10^6` for every step `s` of the horizon, 20 bits each, two in
//! five bytes, in chunks that are sealed under the device secret's table key.
//!
//! The idea is MFKDF's (Nair and Song, USENIX Security 2023); target inside Argon2id's input, sealed
//! chunks and six digits are the answers to its cryptanalysis ("Knocked Down Flat", USENIX Security
//! 2024). An offset that was used is erased, so that a code works once.

use std::ops::Range;

use strongroom_crypto::{
    SecretBytes,
    aead::Cipher,
    framing::Frame,
    random,
    totp::{CODES, Code, Seed, Step},
};
use zeroize::Zeroize;

use crate::{
    damage::Damage,
    ids::{Generation, VaultId},
};

/// Steps in a day of 30-second steps.
const STEPS_A_DAY: u32 = 2_880;
/// Steps in a chunk: 12 hours, 3,628 sealed bytes, so one page of the file.
const CHUNK_STEPS: u32 = STEPS_A_DAY / 2;
/// Chunks of the short horizons that faults are tested with.
const SHORT_CHUNK_STEPS: u32 = 60;
const LEAST_DAYS: u32 = 365;
const MOST_DAYS: u32 = 3_650;

/// For how long codes work without an unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    pub(crate) steps: u32,
    pub(crate) chunk_steps: u32,
}

impl Horizon {
    /// So many days.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] below 365 and above 3,650.
    pub const fn days(days: u32) -> Result<Self, HorizonError> {
        if days < LEAST_DAYS || days > MOST_DAYS {
            return Err(HorizonError);
        }
        Ok(Self {
            steps: days * STEPS_A_DAY,
            chunk_steps: CHUNK_STEPS,
        })
    }

    /// At least so many steps: a horizon of an hour makes a file of a few pages.
    pub(crate) const fn of_steps(steps: u32) -> Self {
        Self {
            steps: steps.next_multiple_of(SHORT_CHUNK_STEPS),
            chunk_steps: SHORT_CHUNK_STEPS,
        }
    }

    /// The size of the file's pages: one that holds a chunk.
    pub(crate) const fn page_bytes(self) -> u32 {
        if self.chunk_steps > SHORT_CHUNK_STEPS {
            4_096
        } else {
            512
        }
    }

    /// Accepts what a header says.
    pub(crate) fn from_header(steps: u32, chunk_steps: u32) -> Option<Self> {
        let fits = (1..=MOST_DAYS * STEPS_A_DAY).contains(&steps)
            && (2..=CHUNK_STEPS).contains(&chunk_steps)
            && chunk_steps.is_multiple_of(2)
            && steps.is_multiple_of(chunk_steps);
        fits.then_some(Self { steps, chunk_steps })
    }
}

impl Default for Horizon {
    /// Two years.
    fn default() -> Self {
        Self {
            steps: 730 * STEPS_A_DAY,
            chunk_steps: CHUNK_STEPS,
        }
    }
}

/// The horizon is too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the horizon of the codes must be between {LEAST_DAYS} and {MOST_DAYS} days")]
pub struct HorizonError;

/// The number that every code of an enrolment leads to.
#[derive(Zeroize)]
#[zeroize(drop)]
pub(crate) struct Target(u64);

impl Target {
    pub(crate) fn random() -> Self {
        Self(random::below(CODES).into())
    }

    /// What a typed code and the step's offset lead to: the target, if the code is right.
    pub(crate) fn reached_by(code: &Code, offset: u32) -> Self {
        Self(u64::from((code.expose_secret() + offset) % CODES))
    }

    fn offset(&self, code: &Code) -> u32 {
        let difference = self.0 + u64::from(CODES - code.expose_secret());
        u32::try_from(difference % u64::from(CODES)).unwrap_or_default()
    }

    pub(crate) fn from_le_bytes(bytes: [u8; 8]) -> Option<Self> {
        let target = u64::from_le_bytes(bytes);
        (target < CODES.into()).then_some(Self(target))
    }

    pub(crate) fn to_le_bytes(&self) -> [u8; 8] {
        self.0.to_le_bytes()
    }
}

/// Which steps the table covers, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The step that chunk 0 begins at.
    pub(crate) base: Step,
    /// The first step that is not burnt.
    pub(crate) first: Step,
    /// One past the last step.
    pub(crate) end: Step,
    pub(crate) horizon: Horizon,
}

impl Layout {
    /// A table of the whole horizon, from `base` on, of which everything before `first` is burnt.
    pub(crate) fn new(base: Step, first: Step, horizon: Horizon) -> Self {
        Self {
            base,
            first,
            end: Step(base.0 + u64::from(horizon.steps)),
            horizon,
        }
    }

    /// Accepts what a header says.
    pub(crate) fn checked(self) -> Option<Self> {
        let chunk = u64::from(self.horizon.chunk_steps);
        let len = self.end.0.checked_sub(self.base.0)?;
        // A century of steps, so that no sum overflows and no loop is endless.
        let century = 36_525 * u64::from(STEPS_A_DAY);
        let fits = self.base <= self.first
            && self.first <= self.end
            && len.is_multiple_of(chunk)
            && self.end.0 <= 100 * century
            && self.end.0 - self.first.0 <= u64::from(MOST_DAYS * STEPS_A_DAY) + 2 * chunk;
        fits.then_some(self)
    }

    /// The chunk that holds `step`.
    pub(crate) fn chunk_of(&self, step: Step) -> u64 {
        step.0.saturating_sub(self.base.0) / u64::from(self.horizon.chunk_steps)
    }

    /// The numbers of the chunks that are not burnt whole.
    pub(crate) fn chunks(&self) -> Range<u64> {
        let end = self.chunk_of(self.end);
        self.chunk_of(self.first).min(end)..end
    }

    /// The same with everything up to and including `step` burnt.
    pub(crate) fn burnt(self, step: Step) -> Self {
        Self {
            first: Step(step.0 + 1),
            ..self
        }
    }

    /// The same reaching a whole horizon further than `first`, in whole chunks; `None` as long as at
    /// least half of the horizon is left.
    pub(crate) fn extended(self) -> Option<Self> {
        let horizon = u64::from(self.horizon.steps);
        if (self.end.0 - self.first.0) * 2 >= horizon {
            return None;
        }
        let len = self.first.0 - self.base.0 + horizon;
        let chunk = u64::from(self.horizon.chunk_steps);
        Some(Self {
            end: Step(self.base.0 + len.next_multiple_of(chunk)),
            ..self
        })
    }

    fn begin(&self, chunk: u64) -> Step {
        Step(self.base.0 + chunk * u64::from(self.horizon.chunk_steps))
    }
}

/// What a chunk is sealed with, beside the table key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub(crate) vault: VaultId,
    pub(crate) generation: Generation,
    pub(crate) layout: Layout,
}

impl Context {
    fn aad(&self, chunk: u64) -> Frame {
        Frame::of("strongroom/v1/totp-chunk")
            .bytes(self.vault.as_bytes())
            .number(self.generation.0.into())
            .number(self.layout.base.0)
            .number(chunk)
            .number(self.layout.horizon.chunk_steps.into())
    }

    /// Seals the chunk's offsets out of the seed, without those that are burnt.
    pub(crate) fn make(&self, table: &Cipher, seed: &Seed, target: &Target, chunk: u64) -> Vec<u8> {
        let codes = seed.codes();
        let begin = self.layout.begin(chunk).0;
        let mut offsets: Vec<u32> = (begin..begin + u64::from(self.layout.horizon.chunk_steps))
            .map(|step| {
                let step = Step(step);
                if step < self.layout.first {
                    return 0;
                }
                target.offset(&codes.at(step))
            })
            .collect();
        let sealed = self.seal(table, chunk, &offsets);
        offsets.zeroize();
        sealed
    }

    /// The offset of `step` out of its sealed chunk.
    pub(crate) fn offset(&self, table: &Cipher, sealed: &[u8], step: Step) -> Result<u32, Damage> {
        let chunk = self.layout.chunk_of(step);
        let packed = self.open(table, chunk, sealed)?;
        let index = usize::try_from(step.0 - self.layout.begin(chunk).0).unwrap_or(usize::MAX);
        unpack(packed.expose_secret())
            .nth(index)
            .ok_or_else(|| damaged(chunk))
    }

    /// Seals the chunk anew without the offsets before the layout's first step.
    pub(crate) fn burn(
        &self,
        table: &Cipher,
        sealed: &[u8],
        chunk: u64,
    ) -> Result<Vec<u8>, Damage> {
        let packed = self.open(table, chunk, sealed)?;
        let begin = self.layout.begin(chunk).0;
        let mut offsets: Vec<u32> = unpack(packed.expose_secret())
            .zip(begin..)
            .map(|(offset, step)| {
                if step < self.layout.first.0 {
                    0
                } else {
                    offset
                }
            })
            .collect();
        let sealed = self.seal(table, chunk, &offsets);
        offsets.zeroize();
        Ok(sealed)
    }

    /// Whether the chunk opens and every burnt offset in it is erased.
    pub(crate) fn check(&self, table: &Cipher, sealed: &[u8], chunk: u64) -> Result<(), Damage> {
        let packed = self.open(table, chunk, sealed)?;
        let begin = self.layout.begin(chunk).0;
        let erased = unpack(packed.expose_secret())
            .zip(begin..)
            .all(|(offset, step)| step >= self.layout.first.0 || offset == 0);
        if erased {
            return Ok(());
        }
        Err(Damage::new(place(chunk), "a burnt offset is still there"))
    }

    fn seal(&self, table: &Cipher, chunk: u64, offsets: &[u32]) -> Vec<u8> {
        let packed = pack(offsets);
        table.seal(self.aad(chunk).as_bytes(), packed.expose_secret())
    }

    fn open(&self, table: &Cipher, chunk: u64, sealed: &[u8]) -> Result<SecretBytes, Damage> {
        let packed = table
            .open(self.aad(chunk).as_bytes(), sealed)
            .map_err(|_| damaged(chunk))?;
        if packed.len() == packed_len(self.layout.horizon.chunk_steps) {
            return Ok(packed);
        }
        Err(damaged(chunk))
    }
}

/// The sealed length of a chunk.
pub(crate) fn sealed_len(horizon: Horizon) -> usize {
    packed_len(horizon.chunk_steps) + strongroom_crypto::aead::OVERHEAD
}

fn packed_len(steps: u32) -> usize {
    steps as usize / 2 * 5
}

fn place(chunk: u64) -> String {
    format!("table of codes, chunk {chunk}")
}

fn damaged(chunk: u64) -> Damage {
    Damage::new(place(chunk), "it does not open with this device secret")
}

/// Two offsets of 20 bits in five little-endian bytes, the first in the low bits.
fn pack(offsets: &[u32]) -> SecretBytes {
    let mut packed = Vec::with_capacity(offsets.len() / 2 * 5);
    for pair in offsets.chunks_exact(2) {
        let [low, high] = [pair[0], pair[1]].map(u64::from);
        packed.extend_from_slice(&(low | high << 20).to_le_bytes()[..5]);
    }
    SecretBytes::new(packed)
}

fn unpack(packed: &[u8]) -> impl Iterator<Item = u32> {
    packed
        .as_chunks::<5>()
        .0
        .iter()
        .flat_map(|&[a, b, c, d, e]| {
            let low = u32::from_le_bytes([a, b, c & 0x0f, 0]);
            let high = u32::from_le_bytes([c, d, e, 0]) >> 4;
            [low, high]
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_crypto::Key;

    use super::*;

    fn context(layout: Layout) -> Context {
        Context {
            vault: VaultId::random(),
            generation: Generation::FIRST,
            layout,
        }
    }

    #[test]
    fn every_code_of_the_horizon_leads_to_the_target_and_a_wrong_one_does_not() {
        let layout = Layout::new(Step(1_000), Step(1_000), Horizon::of_steps(120));
        let context = context(layout);
        let (table, seed, target) = (
            Cipher::new(&Key::random()),
            Seed::random(),
            Target::random(),
        );
        for chunk in layout.chunks() {
            let sealed = context.make(&table, &seed, &target, chunk);
            assert_eq!(sealed.len(), sealed_len(layout.horizon));
            for step in (0..60).map(|n| Step(1_000 + chunk * 60 + n)) {
                let offset = context.offset(&table, &sealed, step).unwrap();
                assert!(offset < CODES);
                let right = seed.codes().at(step);
                assert_eq!(Target::reached_by(&right, offset).0, target.0);
                let wrong = (right.expose_secret() + 1) % CODES;
                let wrong = Code::parse(&format!("{wrong:06}")).unwrap();
                assert_ne!(Target::reached_by(&wrong, offset).0, target.0);
            }
        }
    }

    #[test]
    fn burning_erases_up_to_the_step_and_leaves_the_rest() {
        let layout = Layout::new(Step(0), Step(0), Horizon::of_steps(60));
        let before = context(layout);
        let (table, seed, target) = (
            Cipher::new(&Key::random()),
            Seed::random(),
            Target::random(),
        );
        let sealed = before.make(&table, &seed, &target, 0);
        let after = Context {
            layout: layout.burnt(Step(20)),
            ..before
        };
        assert!(after.check(&table, &sealed, 0).is_err());
        let burnt = after.burn(&table, &sealed, 0).unwrap();
        assert!(after.check(&table, &burnt, 0).is_ok());
        for step in (0..60).map(Step) {
            let offset = after.offset(&table, &burnt, step).unwrap();
            let expected = if step.0 <= 20 {
                0
            } else {
                before.offset(&table, &sealed, step).unwrap()
            };
            assert_eq!(offset, expected, "{step:?}");
        }
    }

    #[test]
    fn a_chunk_opens_at_its_own_place_only() {
        let layout = Layout::new(Step(0), Step(0), Horizon::of_steps(120));
        let here = context(layout);
        let (table, seed, target) = (
            Cipher::new(&Key::random()),
            Seed::random(),
            Target::random(),
        );
        let sealed = here.make(&table, &seed, &target, 0);
        let elsewhere = [
            Context {
                vault: VaultId::random(),
                ..here
            },
            Context {
                generation: Generation::FIRST.next(),
                ..here
            },
            Context {
                layout: Layout::new(Step(1), Step(1), layout.horizon),
                ..here
            },
        ];
        assert!(here.check(&table, &sealed, 0).is_ok());
        assert!(here.check(&table, &sealed, 1).is_err());
        assert!(
            here.check(&Cipher::new(&Key::random()), &sealed, 0)
                .is_err()
        );
        for other in elsewhere {
            assert!(other.check(&table, &sealed, 0).is_err());
        }
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(here.check(&table, &flipped, 0).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_table_is_extended_when_less_than_half_is_left() {
        let fresh = Layout::new(Step(600), Step(600), Horizon::of_steps(120));
        assert_eq!(fresh.extended(), None);
        assert_eq!(fresh.burnt(Step(659)).extended(), None);
        let used = fresh.burnt(Step(660));
        let longer = used.extended().unwrap();
        assert_eq!(
            (longer.base, longer.first, longer.end),
            (used.base, used.first, Step(840))
        );
        assert_eq!(longer.chunks(), 1..4);
        assert_eq!(longer.extended(), None);
        let empty = fresh.burnt(Step(719));
        assert_eq!(empty.chunks(), 2..2);
        assert_eq!(empty.extended().unwrap().chunks(), 2..4);
    }

    #[test]
    fn hostile_layouts_are_refused() {
        let honest = Layout::new(Step(600), Step(630), Horizon::of_steps(120));
        assert_eq!(honest.checked(), Some(honest));
        for hostile in [
            Layout {
                first: Step(599),
                ..honest
            },
            Layout {
                first: Step(721),
                ..honest
            },
            Layout {
                end: Step(719),
                ..honest
            },
            Layout {
                base: Step(u64::MAX),
                ..honest
            },
            Layout {
                end: Step(600 + 60 * (u64::MAX / 120)),
                ..honest
            },
            Layout {
                end: Step(600 + 60 * 200_000),
                ..honest
            },
        ] {
            assert_eq!(hostile.checked(), None, "{hostile:?}");
        }
        for (steps, chunk) in [
            (0, 60),
            (60, 0),
            (60, 59),
            (61, 60),
            (u32::MAX, 60),
            (2_880, 2_880),
        ] {
            assert_eq!(Horizon::from_header(steps, chunk), None, "{steps} {chunk}");
        }
        assert!(Horizon::days(364).is_err() && Horizon::days(3_651).is_err());
        let longest = Horizon::days(3_650).unwrap();
        assert_eq!(
            Horizon::from_header(longest.steps, longest.chunk_steps),
            Some(longest)
        );
    }

    proptest! {
        #[test]
        fn packed_offsets_come_back(offsets in prop::collection::vec((0..CODES, 0..CODES), 0..40)) {
            let offsets: Vec<u32> = offsets.into_iter().flat_map(|(a, b)| [a, b]).collect();
            let packed = pack(&offsets);
            prop_assert_eq!(packed.len(), offsets.len() / 2 * 5);
            prop_assert_eq!(unpack(packed.expose_secret()).collect::<Vec<_>>(), offsets);
        }
    }
}
