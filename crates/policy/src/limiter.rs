//! At most N admissions in every rolling 60 seconds, exactly.
//!
//! The window holds the admissions that are younger than 60 s, oldest first. A request is admitted if
//! fewer than N are in it. So no interval `[t, t + 60 s)` ever holds more than N admissions, and no
//! request is refused that would fit. Token buckets (GCRA), fixed windows and sliding counters let
//! nearly 2N through in some 60 s.
//!
//! Neighbours in the window lie less than 60,000 ms apart, which two bytes hold: a ring keeps for each
//! admission how long after the one before it came, and the window how old the oldest and the newest
//! are. That is half of what the times themselves would take, and a window that is in no cache
//! costs as much to find as all else about a check.

use std::{num::NonZeroU32, time::Duration};

use strongroom_contract::time::UnixMillis;

/// The window's length in milliseconds.
const WINDOW_MS: u32 = 60_000;
/// Two admissions of a window are always less than that apart.
const _: () = assert!(WINDOW_MS <= u16::MAX as u32);
/// Slots of a ring's first allocation; from there it doubles, up to the limit.
const FIRST_SLOTS: usize = 8;

/// Accepted requests in every rolling minute: from 1 to [`Limit::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit(NonZeroU32);

impl Limit {
    /// The highest limit: a key's ring then takes 2 MB.
    pub const MAX: u32 = 1_000_000;
    /// What a new key has: 60.
    pub const DEFAULT: Self = Self(NonZeroU32::MIN.saturating_add(59));

    /// A limit of `per_minute`.
    ///
    /// # Errors
    ///
    /// [`LimitError`] if it is 0 or above [`Limit::MAX`].
    pub fn new(per_minute: u32) -> Result<Self, LimitError> {
        NonZeroU32::new(per_minute)
            .filter(|limit| limit.get() <= Self::MAX)
            .map(Self)
            .ok_or(LimitError(per_minute))
    }

    /// Requests in every rolling minute.
    #[must_use]
    pub const fn per_minute(self) -> u32 {
        self.0.get()
    }
}

/// A limit is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a number of requests per minute from 1 to {max}, not {0}", max = Limit::MAX)]
pub struct LimitError(pub u32);

/// How many slots a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(NonZeroU32);

impl Cost {
    /// One slot.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// A cost of `slots`; `None` for 0.
    #[must_use]
    pub const fn new(slots: u32) -> Option<Self> {
        match NonZeroU32::new(slots) {
            Some(slots) => Some(Self(slots)),
            None => None,
        }
    }

    /// How many slots.
    #[must_use]
    pub const fn slots(self) -> u32 {
        self.0.get()
    }
}

/// What is left of a window after an admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// How many more slots are free now.
    pub slots: u32,
    /// After how long the next taken slot becomes free.
    pub next_free: Duration,
}

/// A window has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// After exactly how long the same request is admitted, if nothing else is admitted meanwhile.
    pub wait: Duration,
    /// How many slots are free now: fewer than the request takes.
    pub slots: u32,
}

/// The admissions of the last 60 seconds.
pub struct RollingWindow {
    /// A ring that says of each entry how many milliseconds after its predecessor it came. Of the
    /// oldest it says nothing.
    ring: Box<[u16]>,
    /// Where the oldest entry stands.
    head: u32,
    /// How many entries there are.
    len: u32,
    limit: Limit,
    /// How many milliseconds before `last` the oldest entry came, if there is one.
    oldest_age: u32,
    /// The same for the newest.
    newest_age: u32,
    /// The latest time that was looked at.
    last: UnixMillis,
}

impl RollingWindow {
    /// The window's length.
    pub const LENGTH: Duration = Duration::from_millis(WINDOW_MS as u64);

    /// An empty window. It allocates nothing before the first admission.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self {
            ring: Box::default(),
            head: 0,
            len: 0,
            limit,
            oldest_age: 0,
            newest_age: 0,
            last: UnixMillis(0),
        }
    }

    /// Admits a request that takes one slot, if there is one.
    ///
    /// # Errors
    ///
    /// [`Wait`] says how long to wait; nothing was taken.
    pub fn try_admit(&mut self, now: UnixMillis) -> Result<Remaining, Wait> {
        self.try_admit_cost(Cost::ONE, now)
    }

    /// Admits a request that takes several slots at once, if they are free. One that takes more
    /// than the limit has needs an empty window and fills it.
    ///
    /// # Errors
    ///
    /// [`Wait`] says how long to wait; nothing was taken.
    pub fn try_admit_cost(&mut self, cost: Cost, now: UnixMillis) -> Result<Remaining, Wait> {
        self.would_admit(cost, now)?;
        for _ in 0..cost.slots().min(self.limit.per_minute()) {
            self.push();
        }
        Ok(self.remaining())
    }

    /// Whether [`RollingWindow::try_admit_cost`] would admit, for callers that ask several windows
    /// before they take from any.
    ///
    /// # Errors
    ///
    /// [`Wait`] as there.
    pub fn would_admit(&mut self, cost: Cost, now: UnixMillis) -> Result<(), Wait> {
        self.look(now);
        let limit = self.limit.per_minute();
        let free = limit.saturating_sub(self.len);
        let wanted = cost.slots().min(limit);
        if wanted <= free {
            return Ok(());
        }
        // The entry that has to go before what is left makes room: all up to it are older.
        let in_the_way = self.len - (limit - wanted) - 1;
        Err(Wait {
            wait: self.until_free(in_the_way),
            slots: free,
        })
    }

    /// What is left now.
    pub fn peek(&mut self, now: UnixMillis) -> Remaining {
        self.look(now);
        self.remaining()
    }

    /// Takes slots for an admission at `at` that was decided before, as when the window is rebuilt
    /// from the audit log. Rows are given in their order; one that is older than its predecessor
    /// counts as being as young, so that never too many are admitted.
    pub fn restore(&mut self, cost: Cost, at: UnixMillis) {
        self.look(at);
        for _ in 0..cost.slots().min(self.limit.per_minute()) {
            self.push();
        }
    }

    /// Changes the limit; the admissions of the last 60 s keep counting. Lowered below what is in
    /// the window, it admits nothing until few enough are left.
    pub fn set_limit(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// The latest time that was looked at: no earlier one counts any more.
    #[must_use]
    pub const fn last_look(&self) -> UnixMillis {
        self.last
    }

    /// The times at which the slots in the window were taken, the oldest first.
    pub fn taken(&mut self, now: UnixMillis) -> impl Iterator<Item = UnixMillis> {
        self.look(now);
        let mut age = self.oldest_age;
        (0..self.len).map(move |index| {
            if index > 0 {
                age -= self.gap(index);
            }
            UnixMillis(self.last.0.saturating_sub(age.into()))
        })
    }

    /// The limit.
    #[must_use]
    pub const fn limit(&self) -> Limit {
        self.limit
    }

    /// Bytes that the window takes, this value and its ring: at most 2 N + 64.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + size_of_val::<[u16]>(&self.ring)
    }

    /// Lets time go on to `now`, never back, and drops what is no longer in the window.
    fn look(&mut self, now: UnixMillis) {
        let now = now.max(self.last);
        let elapsed = u32::try_from(now.0 - self.last.0).unwrap_or(WINDOW_MS);
        self.last = now;
        if elapsed >= WINDOW_MS {
            (self.head, self.len) = (0, 0);
        }
        if self.len > 0 {
            self.oldest_age += elapsed;
            self.newest_age += elapsed;
        }
        while self.len > 0 && self.oldest_age >= WINDOW_MS {
            self.head = self.wrapped(1);
            self.len -= 1;
            if self.len > 0 {
                self.oldest_age -= self.gap(0);
            }
        }
        if self.len == 0 && self.ring.len() > self.limit.per_minute() as usize {
            // The limit was lowered while the ring was full.
            self.ring = Box::default();
            self.head = 0;
        }
    }

    fn remaining(&self) -> Remaining {
        Remaining {
            slots: self.limit.per_minute().saturating_sub(self.len),
            next_free: if self.len == 0 {
                Duration::ZERO
            } else {
                self.until_free(0)
            },
        }
    }

    /// How long until the entry at `index` (0 is the oldest) leaves the window.
    fn until_free(&self, index: u32) -> Duration {
        Duration::from_millis(WINDOW_MS.saturating_sub(self.age(index)).into())
    }

    /// How many milliseconds old the entry at `index` is: counted from the end that is nearer.
    fn age(&self, index: u32) -> u32 {
        if index <= self.len / 2 {
            let younger: u32 = (1..=index).map(|index| self.gap(index)).sum();
            self.oldest_age - younger
        } else {
            let older: u32 = (index + 1..self.len).map(|index| self.gap(index)).sum();
            self.newest_age + older
        }
    }

    /// How many milliseconds after its predecessor the entry at `index` came.
    fn gap(&self, index: u32) -> u32 {
        let gap = self.ring.get(self.wrapped(index) as usize);
        gap.copied().unwrap_or_default().into()
    }

    /// Where the entry `offset` behind the oldest one stands.
    fn wrapped(&self, offset: u32) -> u32 {
        // Both are below the ring's length, which is at most a few million.
        let at = self.head + offset;
        let slots = u32::try_from(self.ring.len()).unwrap_or(u32::MAX);
        if at >= slots { at - slots } else { at }
    }

    fn push(&mut self) {
        if self.len as usize == self.ring.len() {
            self.grow();
        }
        let at = self.wrapped(self.len) as usize;
        if self.len == 0 {
            self.oldest_age = 0;
            self.newest_age = 0;
        }
        if let Some(gap) = self.ring.get_mut(at) {
            // In the window with what it follows, and so less than 60,000 ms behind it.
            *gap = u16::try_from(self.newest_age).unwrap_or(u16::MAX);
            self.newest_age = 0;
            self.len += 1;
        }
    }

    /// Doubles the ring, but not beyond the limit unless more than that is in it already.
    fn grow(&mut self) {
        let slots = self.ring.len();
        let limit = self.limit.per_minute() as usize;
        let doubled = (slots * 2).max(FIRST_SLOTS);
        let wanted = if slots < limit {
            doubled.min(limit)
        } else {
            doubled
        };
        let mut ring = Vec::with_capacity(wanted);
        let (wrapped, front) = self.ring.split_at(self.head as usize);
        ring.extend_from_slice(front);
        ring.extend_from_slice(wrapped);
        ring.resize(wanted, 0);
        self.ring = ring.into_boxed_slice();
        self.head = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_793_534_400_000;

    fn window(limit: u32) -> RollingWindow {
        RollingWindow::new(Limit::new(limit).unwrap())
    }

    fn at(ms: u64) -> UnixMillis {
        UnixMillis(START + ms)
    }

    #[test]
    fn the_wait_is_exact_to_the_millisecond() {
        let mut window = window(2);
        assert_eq!(window.try_admit(at(0)).unwrap().slots, 1);
        assert_eq!(window.try_admit(at(10_000)).unwrap().slots, 0);
        let wait = window.try_admit(at(10_001)).unwrap_err();
        assert_eq!(wait.wait, Duration::from_millis(49_999));
        assert!(window.try_admit(at(59_999)).is_err());
        assert!(window.try_admit(at(60_000)).is_ok());
        assert!(window.try_admit(at(69_999)).is_err());
        assert!(window.try_admit(at(70_000)).is_ok());
    }

    #[test]
    fn time_does_not_go_backwards() {
        let mut window = window(1);
        window.try_admit(at(50_000)).unwrap();
        assert!(window.try_admit(at(0)).is_err());
        assert!(window.try_admit(at(109_999)).is_err());
        assert!(window.try_admit(at(110_000)).is_ok());
    }

    #[test]
    fn an_entry_of_49_days_ago_is_not_taken_for_a_young_one() {
        let mut window = window(1);
        window.try_admit(at(0)).unwrap();
        assert!(window.try_admit(at((1 << 32) + 1)).is_ok());
        assert!(window.try_admit(at((1 << 32) + 2)).is_err());
    }

    #[test]
    fn rare_requests_over_months_never_fill_a_window() {
        let mut window = window(3);
        for day in 0..200 {
            assert!(window.try_admit(at(day * 20 * 3_600_000)).is_ok());
            assert_eq!(window.peek(at(day * 20 * 3_600_000)).slots, 2);
        }
    }

    #[test]
    fn lowering_counts_what_is_in_the_window_and_raising_forgets_nothing() {
        let mut window = window(10);
        for second in 0..10 {
            window.try_admit(at(second * 1_000)).unwrap();
        }
        window.set_limit(Limit::new(3).unwrap());
        let wait = window.try_admit(at(10_000)).unwrap_err();
        // Eight have to go before two are left: the eighth came at 7 s.
        assert_eq!(wait.wait, Duration::from_millis(57_000));
        window.set_limit(Limit::new(12).unwrap());
        assert_eq!(window.try_admit(at(10_000)).unwrap().slots, 1);
        assert_eq!(window.try_admit(at(10_000)).unwrap().slots, 0);
        assert!(window.try_admit(at(10_000)).is_err());
    }

    #[test]
    fn a_cost_takes_that_many_slots_or_none() {
        let cost = Cost::new(3).unwrap();
        let mut window = window(5);
        assert_eq!(window.try_admit_cost(cost, at(0)).unwrap().slots, 2);
        let refused = window.try_admit_cost(cost, at(1_000)).unwrap_err();
        assert_eq!((refused.slots, refused.wait.as_millis()), (2, 59_000));
        assert_eq!(window.try_admit(at(1_000)).unwrap().slots, 1);
        assert!(window.try_admit_cost(cost, at(60_000)).is_ok());
    }

    #[test]
    fn a_cost_above_the_limit_needs_an_empty_window() {
        let cost = Cost::new(100).unwrap();
        let mut window = window(5);
        window.try_admit(at(0)).unwrap();
        assert!(window.try_admit_cost(cost, at(59_999)).is_err());
        assert_eq!(window.try_admit_cost(cost, at(60_000)).unwrap().slots, 0);
    }

    #[test]
    fn memory_grows_with_use_up_to_two_bytes_a_slot_and_64() {
        for limit in [1, 7, 60, 1_000, 100_000] {
            let mut window = window(limit);
            assert!(window.memory_bytes() <= 64);
            window.try_admit(at(0)).unwrap();
            assert!(window.memory_bytes() <= 64 + 2 * FIRST_SLOTS);
            while window.try_admit(at(1)).is_ok() {}
            assert!(window.memory_bytes() <= 2 * limit as usize + 64);
        }
    }

    #[test]
    fn memory_of_a_lowered_limit_is_given_back() {
        let mut window = window(1_000);
        while window.try_admit(at(0)).is_ok() {}
        window.set_limit(Limit::new(10).unwrap());
        window.try_admit(at(60_000)).unwrap();
        assert!(window.memory_bytes() <= 2 * 10 + 64);
    }

    #[test]
    fn a_restored_window_goes_on_as_the_old_one() {
        let mut old = window(3);
        let mut restored = window(3);
        for ms in [0, 20_000, 30_000] {
            old.try_admit(at(ms)).unwrap();
            restored.restore(Cost::ONE, at(ms));
        }
        for ms in [30_001, 59_999, 60_000, 60_001, 80_000, 89_999, 90_000] {
            assert_eq!(old.try_admit(at(ms)), restored.try_admit(at(ms)), "{ms}");
        }
    }

    #[test]
    fn limits_have_bounds() {
        assert_eq!(Limit::new(0), Err(LimitError(0)));
        assert_eq!(Limit::new(1_000_001), Err(LimitError(1_000_001)));
        assert_eq!(Limit::DEFAULT.per_minute(), 60);
    }
}
