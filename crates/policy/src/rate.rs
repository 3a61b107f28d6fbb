//! Rule `rate`: the key's limit, its daily quota and its client's limit leave room.
//!
//! A request that this rule admits has used its slots, whatever a later rule or the service says.

use std::{cmp::Ordering, num::NonZeroU32, time::Duration};

use strongroom_contract::{explain::Remedy, time::UnixMillis};

use crate::{
    key::KeyRecord,
    limiter::{Cost, Limit, Remaining, RollingWindow},
    trace::{Finding, Passed},
};

const DAY_SECS: u64 = 86_400;

/// One of a key's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The key's limit for every rolling minute.
    Minute,
    /// The key's quota for the day (UTC).
    Day,
    /// The client's limit for every rolling minute, over all of its keys.
    Client,
}

impl Bound {
    /// Its name, as it stands in `RateLimit-Policy`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
            Self::Client => "client",
        }
    }

    /// What it counts in.
    #[must_use]
    pub const fn window(self) -> Duration {
        match self {
            Self::Minute | Self::Client => RollingWindow::LENGTH,
            Self::Day => Duration::from_secs(DAY_SECS),
        }
    }
}

/// Where one limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many slots are given in its window.
    pub limit: u32,
    /// How many more would be given now.
    pub remaining: u32,
    /// After how long there are more.
    pub next_free: Duration,
}

/// Where each of a key's limits stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The key's minute.
    pub minute: Left,
    /// Its day, if it has a quota.
    pub day: Option<Left>,
    /// Its client's minute, if that has a limit.
    pub client: Option<Left>,
}

impl Standing {
    /// Of a key that has a limit for the minute alone, and has used nothing.
    #[must_use]
    pub const fn unused(limit: Limit) -> Self {
        Self {
            minute: Left {
                limit: limit.per_minute(),
                remaining: limit.per_minute(),
                next_free: Duration::ZERO,
            },
            day: None,
            client: None,
        }
    }

    /// The limits that there are.
    pub fn iter(&self) -> impl Iterator<Item = (Bound, Left)> {
        let further = [(Bound::Day, self.day), (Bound::Client, self.client)];
        let further = further
            .into_iter()
            .filter_map(|(bound, left)| Some((bound, left?)));
        std::iter::once((Bound::Minute, self.minute)).chain(further)
    }

    /// Whether there is more than the key's limit for the minute.
    #[must_use]
    pub const fn is_manifold(&self) -> bool {
        self.day.is_some() || self.client.is_some()
    }
}

/// A slot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// The time that it counts from.
    pub at: UnixMillis,
    /// What is left.
    pub left: Standing,
}

/// No slot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// What the request is over: of several, the one that takes longest to leave room.
    pub bound: Bound,
    /// How many slots that gives in its window.
    pub limit: u32,
    /// How many more it would give now.
    pub remaining: u32,
    /// After exactly how long the request is admitted, if nothing else is admitted meanwhile; where
    /// others wait before it and take all slots of a window, at least so long.
    pub wait: Duration,
    /// How many slots go to requests of the key that wait for them already.
    pub ahead: u32,
    /// Where all of the key's limits stand.
    pub left: Standing,
}

impl Throttled {
    /// `Retry-After`: the wait in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_secs(&self) -> u64 {
        u64::try_from(self.wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
    }
}

/// What a request asks of a key's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// How many slots it takes.
    pub cost: Cost,
    /// How many slots go to requests that wait for them already: they come first.
    pub ahead: u32,
    /// The key's quota for the day.
    pub quota: Option<NonZeroU32>,
}

impl Wanted {
    /// For a request that nobody waits before.
    #[must_use]
    pub const fn new(cost: Cost, quota: Option<NonZeroU32>) -> Self {
        Self {
            cost,
            ahead: 0,
            quota,
        }
    }

    /// What there has to be room for.
    fn room(self) -> Cost {
        Cost::new(self.cost.slots().saturating_add(self.ahead)).unwrap_or(self.cost)
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
        wanted: Wanted,
        mut client: Option<&mut RollingWindow>,
        now: UnixMillis,
    ) -> Result<Admitted, Throttled> {
        let at = self.look(client.as_deref(), now);
        self.would_admit(wanted, client.as_deref_mut(), at)?;
        if let Some(client) = &mut client {
            client.restore(wanted.cost, at);
        }
        self.minute.restore(wanted.cost, at);
        self.used_today = self.used_today.saturating_add(wanted.cost.slots());
        Ok(Admitted {
            at,
            left: self.standing(wanted.quota, client, at),
        })
    }

    /// What [`Meter::try_admit`] would answer, taking no slot: what is left is what is left before.
    ///
    /// # Errors
    ///
    /// As [`Meter::try_admit`].
    pub fn peek(
        &mut self,
        wanted: Wanted,
        mut client: Option<&mut RollingWindow>,
        now: UnixMillis,
    ) -> Result<Admitted, Throttled> {
        let at = self.look(client.as_deref(), now);
        self.would_admit(wanted, client.as_deref_mut(), at)?;
        Ok(Admitted {
            at,
            left: self.standing(wanted.quota, client, at),
        })
    }

    /// Takes slots of the minute for a request that was admitted at `at`, as when the meter is
    /// rebuilt from the audit log, in its order.
    pub fn restore(&mut self, cost: Cost, at: UnixMillis) {
        self.minute.restore(cost, at);
    }

    /// Says how much of a day was used, as when the meter is rebuilt. A day that is over by now counts
    /// nothing.
    pub fn restore_day(&mut self, day: u64, slots: u32) {
        match day.cmp(&self.day) {
            Ordering::Less => {}
            Ordering::Equal => self.used_today = self.used_today.saturating_add(slots),
            Ordering::Greater => (self.day, self.used_today) = (day, slots),
        }
    }

    /// How many slots were taken on the day of `now`.
    #[must_use]
    pub fn used_today(&self, now: UnixMillis) -> u32 {
        match day_of(now) <= self.day {
            true => self.used_today,
            false => 0,
        }
    }

    /// Changes the limit; what was used keeps counting.
    pub fn set_limit(&mut self, limit: Limit) {
        self.minute.set_limit(limit);
    }

    /// The times at which the slots of the last 60 s were taken, the oldest first.
    pub fn taken(&mut self, now: UnixMillis) -> impl Iterator<Item = UnixMillis> {
        self.minute.taken(now)
    }

    /// Lets time go on, for all limits alike.
    fn look(&mut self, client: Option<&RollingWindow>, now: UnixMillis) -> UnixMillis {
        let seen = client.map_or(UnixMillis(0), RollingWindow::last_look);
        let at = now.max(self.minute.last_look()).max(seen);
        let day = day_of(at);
        if day > self.day {
            (self.day, self.used_today) = (day, 0);
        }
        at
    }

    fn would_admit(
        &mut self,
        wanted: Wanted,
        mut client: Option<&mut RollingWindow>,
        at: UnixMillis,
    ) -> Result<(), Throttled> {
        let room = wanted.room();
        // Those who wait before take all that there is, and then it is their slots that are waited for.
        let is_crowded = |limit: u32| wanted.ahead > 0 && room.slots() > limit;
        let over = |bound, window: &mut RollingWindow| {
            if is_crowded(window.limit().per_minute()) {
                return Some((bound, RollingWindow::LENGTH));
            }
            let answer = window.would_admit(room, at);
            answer.err().map(|it| (bound, it.wait))
        };
        let minute = over(Bound::Minute, &mut self.minute);
        let day = match wanted.quota {
            None => None,
            Some(quota) => self.day_is_over(wanted, quota, at),
        };
        let by_client = match &mut client {
            None => None,
            Some(client) => over(Bound::Client, client),
        };
        let all = [minute, day, by_client].into_iter().flatten();
        let Some((bound, wait)) = all.max_by_key(|(_, wait)| *wait) else {
            return Ok(());
        };
        let left = self.standing(wanted.quota, client, at);
        let of_bound = match bound {
            Bound::Minute => left.minute,
            Bound::Day => left.day.unwrap_or(left.minute),
            Bound::Client => left.client.unwrap_or(left.minute),
        };
        Err(Throttled {
            bound,
            limit: of_bound.limit,
            remaining: of_bound.remaining,
            wait,
            ahead: wanted.ahead,
            left,
        })
    }

    /// If the day does not leave room: how long it lasts.
    fn day_is_over(
        &self,
        wanted: Wanted,
        quota: NonZeroU32,
        at: UnixMillis,
    ) -> Option<(Bound, Duration)> {
        let room = wanted.room();
        let remaining = quota.get().saturating_sub(self.used_today);
        // As with a window: what costs more than the quota needs a day of its own.
        let needed = room.slots().min(quota.get());
        let fits = needed <= remaining && (room.slots() <= quota.get() || wanted.ahead == 0);
        (!fits).then(|| (Bound::Day, self.midnight().since(at)))
    }

    fn standing(
        &mut self,
        quota: Option<NonZeroU32>,
        client: Option<&mut RollingWindow>,
        at: UnixMillis,
    ) -> Standing {
        let day = quota.map(|quota| Left {
            limit: quota.get(),
            remaining: quota.get().saturating_sub(self.used_today),
            next_free: self.midnight().since(at),
        });
        Standing {
            minute: left(&mut self.minute, at),
            day,
            client: client.map(|client| left(client, at)),
        }
    }

    /// When the day ends that is counted.
    fn midnight(&self) -> UnixMillis {
        UnixMillis::from_secs((self.day + 1).saturating_mul(DAY_SECS))
    }
}

/// The day of a time (UTC), counted from 1970-01-01.
#[must_use]
pub const fn day_of(time: UnixMillis) -> u64 {
    time.0 / (DAY_SECS * 1_000)
}

fn left(window: &mut RollingWindow, at: UnixMillis) -> Left {
    let Remaining { slots, next_free } = window.peek(at);
    Left {
        limit: window.limit().per_minute(),
        remaining: slots,
        next_free,
    }
}

pub(crate) fn refused(throttled: &Throttled, cost: Cost, key: &KeyRecord) -> Finding {
    let Throttled { limit, .. } = throttled;
    let id = key.app_id;
    let wait = seconds(throttled.wait);
    let (cause, bound, fix) = match throttled.bound {
        Bound::Minute => (
            format!("Key {id} is over its limit of {limit} requests in every rolling 60 s."),
            "in every rolling 60 s",
            format!("Wait {wait} (Retry-After), spread requests, or raise the limit."),
        ),
        Bound::Day => (
            format!("Key {id} is over its quota of {limit} requests in a day (UTC)."),
            "in a day (UTC)",
            format!(
                "Wait until midnight UTC, {wait} from now (Retry-After), or raise the daily quota."
            ),
        ),
        Bound::Client => (
            format!(
                "The client of key {id} is over its limit of {limit} requests in every rolling \
                 60 s, over all of the client's keys."
            ),
            "in every rolling 60 s, over all of the client's keys",
            format!(
                "Wait {wait} (Retry-After), spread the requests of all the client's keys, or raise \
                 the client's limit."
            ),
        ),
    };
    let finding = Finding::new(
        cause,
        observed(throttled, cost, key),
        format!("at most {limit} accepted requests {bound}"),
        fix,
    );
    match throttled.bound {
        Bound::Minute if *limit < Limit::MAX => finding.remedy(Remedy::RaiseLimit {
            app_id: id.to_string(),
            per_minute: doubled(*limit),
        }),
        Bound::Day => finding.remedy(Remedy::RaiseQuota {
            app_id: id.to_string(),
            per_day: limit.saturating_mul(2),
        }),
        Bound::Client if *limit < Limit::MAX => finding.remedy(Remedy::RaiseClientLimit {
            client: key.client.to_string(),
            per_minute: doubled(*limit),
        }),
        Bound::Minute | Bound::Client => finding,
    }
}

fn doubled(limit: u32) -> u32 {
    limit.saturating_mul(2).min(Limit::MAX)
}

/// What was seen: every limit's use, and why the request was not let wait, if the key lets any.
fn observed(throttled: &Throttled, cost: Cost, key: &KeyRecord) -> String {
    let used = |left: Left| left.limit - left.remaining.min(left.limit);
    let mut text = String::new();
    for (bound, left) in throttled.left.iter() {
        let (of, used) = (left.limit, used(left));
        text.push_str(&match bound {
            Bound::Minute => format!("{used} of {of} slots used"),
            Bound::Day => format!(", {used} of {of} in this day"),
            Bound::Client => format!(", {used} of {of} by all keys of the client"),
        });
    }
    text.push_str(&format!("; the request takes {}", cost.slots()));
    if throttled.ahead > 0 {
        let ahead = throttled.ahead;
        text.push_str(&format!(", and requests that wait take {ahead} before it"));
    }
    if let Some(delay) = key.delay {
        let longest = seconds(delay.longest());
        text.push_str(&match throttled.wait > delay.longest() {
            true => format!(
                "; it would wait for {}, and the key lets requests wait for {longest}",
                seconds(throttled.wait)
            ),
            false => "; as many requests wait as may, or it has waited long enough".to_owned(),
        });
    }
    text
}

pub(crate) fn passed(admitted: &Admitted) -> Passed {
    let Left {
        limit, remaining, ..
    } = admitted.left.minute;
    let mut observed = format!("a slot was taken; {remaining} of {limit} are left");
    let mut expected = format!("at most {limit} accepted requests in every rolling 60 s");
    for (bound, left) in admitted.left.iter() {
        let (of, remaining) = (left.limit, left.remaining);
        match bound {
            Bound::Minute => continue,
            Bound::Day => {
                observed.push_str(&format!(", {remaining} of {of} for the day"));
                expected.push_str(&format!(", {of} in a day (UTC)"));
            }
            Bound::Client => {
                observed.push_str(&format!(", {remaining} of {of} for the client"));
                expected.push_str(&format!(", {of} over all of the client's keys"));
            }
        }
    }
    Passed::new(observed, expected)
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
    const ONE: Wanted = Wanted::new(Cost::ONE, None);

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
            meter
                .try_admit(Wanted::new(Cost::ONE, quota), None, at(ms))
                .unwrap();
        }
        let refused = meter
            .try_admit(Wanted::new(Cost::ONE, quota), None, at(86_000_500))
            .unwrap_err();
        assert_eq!(
            (refused.bound, refused.limit, refused.remaining),
            (Bound::Day, 2, 0)
        );
        assert_eq!(refused.wait, Duration::from_millis(399_500));
        assert_eq!(refused.retry_after_secs(), 400);
        assert!(
            meter
                .try_admit(Wanted::new(Cost::ONE, quota), None, at(86_399_999))
                .is_err()
        );
        assert!(
            meter
                .try_admit(Wanted::new(Cost::ONE, quota), None, at(86_400_000))
                .is_ok()
        );
    }

    #[test]
    fn the_bound_that_takes_longest_is_named_and_nothing_is_taken() {
        let mut meter = Meter::new(limit(1));
        let mut client = RollingWindow::new(limit(1));
        meter.try_admit(ONE, None, at(0)).unwrap();
        client.try_admit(at(10_000)).unwrap();
        let refused = meter
            .try_admit(ONE, Some(&mut client), at(20_000))
            .unwrap_err();
        assert_eq!(refused.bound, Bound::Client);
        assert_eq!(refused.wait, Duration::from_secs(50));
        // The key's own window has room at 60 s, the client's at 70 s: nothing was taken before.
        assert!(meter.try_admit(ONE, Some(&mut client), at(69_999)).is_err());
        assert!(meter.try_admit(ONE, Some(&mut client), at(70_000)).is_ok());
    }

    #[test]
    fn keys_of_a_client_share_its_limit() {
        let mut client = RollingWindow::new(limit(3));
        let mut first = Meter::new(limit(60));
        let mut second = Meter::new(limit(60));
        first.try_admit(ONE, Some(&mut client), at(0)).unwrap();
        let admitted = second.try_admit(ONE, Some(&mut client), at(0)).unwrap();
        let of_client = admitted.left.client.unwrap();
        assert_eq!((of_client.limit, of_client.remaining), (3, 1));
        assert_eq!(admitted.left.minute.remaining, 59);
        second.try_admit(ONE, Some(&mut client), at(0)).unwrap();
        assert!(first.try_admit(ONE, Some(&mut client), at(0)).is_err());
    }

    #[test]
    fn the_wait_reads_well_and_is_rounded_up_for_the_header() {
        assert_eq!(seconds(Duration::from_millis(12_000)), "12 s");
        assert_eq!(seconds(Duration::from_millis(250)), "0.25 s");
        let mut meter = Meter::new(limit(1));
        meter.try_admit(ONE, None, at(0)).unwrap();
        let refused = meter.try_admit(ONE, None, at(59_999)).unwrap_err();
        assert_eq!(refused.retry_after_secs(), 1);
    }
}
