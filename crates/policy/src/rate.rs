//! Rule `rate`: the key's limit, its daily quota and its client's limit leave room.
//!
//! A request that this rule admits has used its slot, whatever a later rule or the service says.

use std::{num::NonZeroU32, time::Duration};

use strongroom_contract::{explain::Remedy, time::UnixMillis};

use crate::{
    key::KeyRecord,
    limiter::{Cost, Limit, RollingWindow, Wait},
    trace::{Finding, Passed},
};

const DAY_SECS: u64 = 86_400;

/// A slot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// Requests in every rolling minute.
    pub limit: u32,
    /// How many more would be admitted now.
    pub remaining: u32,
    /// After how long the next taken slot becomes free.
    pub next_free: Duration,
}

/// What a request is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The key's limit for every rolling minute.
    Minute,
    /// The key's quota for the day (UTC).
    Day,
    /// The client's limit for every rolling minute, over all of its keys.
    ClientMinute,
}

/// No slot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// What the request is over.
    pub bound: Bound,
    /// How many are admitted in `window`.
    pub limit: u32,
    /// How many more would be admitted now: fewer than the request takes.
    pub remaining: u32,
    /// What the limit is for.
    pub window: Duration,
    /// After exactly how long the request is admitted, if nothing else is admitted meanwhile.
    pub wait: Duration,
}

impl Throttled {
    /// `Retry-After`: the wait in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_secs(&self) -> u64 {
        u64::try_from(self.wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
    }
}

/// What a key has used of its limit and quota.
pub struct Meter {
    minute: RollingWindow,
    /// The day that `used_today` is of, counted from 1970-01-01.
    day: u64,
    used_today: u32,
}

impl Meter {
    /// Nothing used.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self {
            minute: RollingWindow::new(limit),
            day: 0,
            used_today: 0,
        }
    }

    /// Takes slots from the key's minute, its day and its client's minute: from all, or from none.
    ///
    /// # Errors
    ///
    /// [`Throttled`] by the one that takes longest to leave room.
    pub fn try_admit(
        &mut self,
        cost: Cost,
        quota: Option<NonZeroU32>,
        client: Option<&mut RollingWindow>,
        now: UnixMillis,
    ) -> Result<Admitted, Throttled> {
        let key = self.minute.would_admit(cost, now);
        let key = key.map_err(|wait| by_minute(Bound::Minute, self.minute.limit(), wait));
        let day = self.day_would_admit(cost, quota, now);
        let Some(client) = client else {
            longest([key, day])?;
            return Ok(self.take(cost, now));
        };
        let by_client = client
            .would_admit(cost, now)
            .map_err(|wait| by_minute(Bound::ClientMinute, client.limit(), wait));
        longest([key, day, by_client])?;
        client.restore(cost, now);
        let admitted = self.take(cost, now);
        let of_client = client.peek(now);
        if of_client.slots < admitted.remaining {
            return Ok(Admitted {
                limit: client.limit().per_minute(),
                remaining: of_client.slots,
                next_free: of_client.next_free,
            });
        }
        Ok(admitted)
    }

    /// Takes slots for a request that was admitted at `at`, as when the meter is rebuilt from the
    /// audit log, in its order.
    pub fn restore(&mut self, cost: Cost, at: UnixMillis) {
        self.minute.restore(cost, at);
        self.turn_day(at);
        self.used_today = self.used_today.saturating_add(cost.slots());
    }

    /// Changes the limit; what was used keeps counting.
    pub fn set_limit(&mut self, limit: Limit) {
        self.minute.set_limit(limit);
    }

    /// What [`Meter::try_admit`] would answer without a client's limit, taking no slot: `remaining` is
    /// what is left before.
    ///
    /// # Errors
    ///
    /// As [`Meter::try_admit`].
    pub fn peek(
        &mut self,
        cost: Cost,
        quota: Option<NonZeroU32>,
        now: UnixMillis,
    ) -> Result<Admitted, Throttled> {
        let key = self.minute.would_admit(cost, now);
        let key = key.map_err(|wait| by_minute(Bound::Minute, self.minute.limit(), wait));
        longest([key, self.day_would_admit(cost, quota, now)])?;
        let left = self.minute.peek(now);
        Ok(Admitted {
            limit: self.minute.limit().per_minute(),
            remaining: left.slots,
            next_free: left.next_free,
        })
    }

    fn take(&mut self, cost: Cost, now: UnixMillis) -> Admitted {
        self.restore(cost, now);
        let left = self.minute.peek(now);
        Admitted {
            limit: self.minute.limit().per_minute(),
            remaining: left.slots,
            next_free: left.next_free,
        }
    }

    fn day_would_admit(
        &mut self,
        cost: Cost,
        quota: Option<NonZeroU32>,
        now: UnixMillis,
    ) -> Result<(), Throttled> {
        self.turn_day(now);
        let Some(quota) = quota else { return Ok(()) };
        let remaining = quota.get().saturating_sub(self.used_today);
        // As with a window: what costs more than the quota needs a day of its own.
        if cost.slots().min(quota.get()) <= remaining {
            return Ok(());
        }
        let midnight = UnixMillis::from_secs((self.day + 1).saturating_mul(DAY_SECS));
        Err(Throttled {
            bound: Bound::Day,
            limit: quota.get(),
            remaining,
            window: Duration::from_secs(DAY_SECS),
            wait: midnight.since(now),
        })
    }

    /// Begins a new day's count; a clock that went back stays in the day that it was in.
    fn turn_day(&mut self, now: UnixMillis) {
        let day = now.secs() / DAY_SECS;
        if day > self.day {
            (self.day, self.used_today) = (day, 0);
        }
    }
}

fn by_minute(bound: Bound, limit: Limit, Wait { wait, slots }: Wait) -> Throttled {
    Throttled {
        bound,
        limit: limit.per_minute(),
        remaining: slots,
        window: RollingWindow::LENGTH,
        wait,
    }
}

/// Room in all of them, or the one that takes longest to leave room.
fn longest<const N: usize>(answers: [Result<(), Throttled>; N]) -> Result<(), Throttled> {
    let refusals = answers.into_iter().filter_map(Result::err);
    refusals.max_by_key(|it| it.wait).map_or(Ok(()), Err)
}

pub(crate) fn refused(throttled: &Throttled, cost: Cost, key: &KeyRecord) -> Finding {
    let Throttled {
        limit, remaining, ..
    } = throttled;
    let id = key.app_id;
    let wait = seconds(throttled.wait);
    let (whose, bound) = match throttled.bound {
        Bound::Minute => (format!("Key {id}"), "in every rolling 60 s"),
        Bound::Day => (format!("Key {id}"), "in a day (UTC)"),
        Bound::ClientMinute => (
            format!("The client of key {id}"),
            "in every rolling 60 s, over all of the client's keys",
        ),
    };
    let finding = Finding::new(
        format!("{whose} is over its limit of {limit} requests {bound}."),
        format!(
            "{} of {limit} slots used; the request takes {}",
            limit - remaining.min(limit),
            cost.slots()
        ),
        format!("at most {limit} accepted requests {bound}"),
        format!("Wait {wait} (Retry-After), spread requests, or raise the limit."),
    );
    match throttled.bound {
        Bound::Minute if *limit < Limit::MAX => finding.remedy(Remedy::RaiseLimit {
            app_id: id.to_string(),
            per_minute: limit.saturating_mul(2).min(Limit::MAX),
        }),
        _ => finding,
    }
}

pub(crate) fn passed(admitted: &Admitted) -> Passed {
    let Admitted {
        limit, remaining, ..
    } = admitted;
    Passed::new(
        format!("a slot was taken; {remaining} of {limit} are left"),
        format!("at most {limit} accepted requests in every rolling 60 s"),
    )
}

/// A wait for people: `12 s`, `0.25 s`.
fn seconds(wait: Duration) -> String {
    if wait.subsec_millis() == 0 {
        format!("{} s", wait.as_secs())
    } else {
        let text = format!("{:.3}", wait.as_secs_f64());
        format!("{} s", text.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: u64 = 1_793_491_200_000;

    fn limit(per_minute: u32) -> Limit {
        Limit::new(per_minute).unwrap()
    }

    fn at(ms: u64) -> UnixMillis {
        UnixMillis(MIDNIGHT + ms)
    }

    #[test]
    fn a_quota_lasts_until_midnight() {
        let mut meter = Meter::new(limit(60));
        let quota = NonZeroU32::new(2);
        for ms in [0, 1] {
            meter.try_admit(Cost::ONE, quota, None, at(ms)).unwrap();
        }
        let refused = meter
            .try_admit(Cost::ONE, quota, None, at(86_000_500))
            .unwrap_err();
        assert_eq!(
            (refused.bound, refused.limit, refused.remaining),
            (Bound::Day, 2, 0)
        );
        assert_eq!(refused.wait, Duration::from_millis(399_500));
        assert_eq!(refused.retry_after_secs(), 400);
        assert!(
            meter
                .try_admit(Cost::ONE, quota, None, at(86_399_999))
                .is_err()
        );
        assert!(
            meter
                .try_admit(Cost::ONE, quota, None, at(86_400_000))
                .is_ok()
        );
    }

    #[test]
    fn the_bound_that_takes_longest_is_named_and_nothing_is_taken() {
        let mut meter = Meter::new(limit(1));
        let mut client = RollingWindow::new(limit(1));
        meter.try_admit(Cost::ONE, None, None, at(0)).unwrap();
        client.try_admit(at(10_000)).unwrap();
        let refused = meter
            .try_admit(Cost::ONE, None, Some(&mut client), at(20_000))
            .unwrap_err();
        assert_eq!(refused.bound, Bound::ClientMinute);
        assert_eq!(refused.wait, Duration::from_secs(50));
        // The key's own window has room at 60 s, the client's at 70 s: nothing was taken before.
        assert!(
            meter
                .try_admit(Cost::ONE, None, Some(&mut client), at(69_999))
                .is_err()
        );
        assert!(
            meter
                .try_admit(Cost::ONE, None, Some(&mut client), at(70_000))
                .is_ok()
        );
    }

    #[test]
    fn keys_of_a_client_share_its_limit() {
        let mut client = RollingWindow::new(limit(3));
        let mut first = Meter::new(limit(60));
        let mut second = Meter::new(limit(60));
        first
            .try_admit(Cost::ONE, None, Some(&mut client), at(0))
            .unwrap();
        let admitted = second
            .try_admit(Cost::ONE, None, Some(&mut client), at(0))
            .unwrap();
        assert_eq!((admitted.limit, admitted.remaining), (3, 1));
        second
            .try_admit(Cost::ONE, None, Some(&mut client), at(0))
            .unwrap();
        assert!(
            first
                .try_admit(Cost::ONE, None, Some(&mut client), at(0))
                .is_err()
        );
    }

    #[test]
    fn the_wait_reads_well_and_is_rounded_up_for_the_header() {
        assert_eq!(seconds(Duration::from_millis(12_000)), "12 s");
        assert_eq!(seconds(Duration::from_millis(250)), "0.25 s");
        let mut meter = Meter::new(limit(1));
        meter.try_admit(Cost::ONE, None, None, at(0)).unwrap();
        let refused = meter
            .try_admit(Cost::ONE, None, None, at(59_999))
            .unwrap_err();
        assert_eq!(refused.retry_after_secs(), 1);
    }
}
