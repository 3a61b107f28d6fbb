//! A key's limits together against a model that keeps every admission and counts: window, quota, the
//! client's window over two keys, and costs.

use std::num::NonZeroU32;

use proptest::prelude::*;
use strongroom_contract::time::UnixMillis;
use strongroom_policy::{
    limiter::{Cost, Limit, RollingWindow},
    rate::{Bound, Meter, Wanted, day_of},
};

const MINUTE: u64 = 60_000;
const DAY: u64 = 86_400_000;
/// Some midnight.
const START: u64 = 1_793_491_200_000;

/// What two keys of a client are held to.
#[derive(Debug, Clone, Copy)]
struct Rules {
    limits: [u32; 2],
    quotas: [Option<u32>; 2],
    client: Option<u32>,
}

/// Every slot that was taken: when, and by which key.
#[derive(Debug, Clone, Default)]
struct Model(Vec<(u64, usize)>);

impl Model {
    fn count(&self, wanted: impl Fn(u64, usize) -> bool) -> u32 {
        let taken = self.0.iter().filter(|(at, key)| wanted(*at, *key));
        u32::try_from(taken.count()).unwrap()
    }

    /// The limits that leave no room for `slots` more at `now`.
    fn over(&self, rules: &Rules, key: usize, slots: u32, now: u64) -> Vec<Bound> {
        let fits = |used: u32, limit: u32| used + slots.min(limit) <= limit;
        let minute = self.count(|at, of| of == key && now - at < MINUTE);
        let day = self.count(|at, of| of == key && at / DAY == now / DAY);
        let client = self.count(|at, _| now - at < MINUTE);
        let mut over = Vec::new();
        if !fits(minute, rules.limits[key]) {
            over.push(Bound::Minute);
        }
        if rules.quotas[key].is_some_and(|quota| !fits(day, quota)) {
            over.push(Bound::Day);
        }
        if rules.client.is_some_and(|limit| !fits(client, limit)) {
            over.push(Bound::Client);
        }
        over
    }

    /// The first time from `now` on at which nothing is in the way, found by looking.
    fn admitted_at(&self, rules: &Rules, key: usize, slots: u32, now: u64) -> u64 {
        let mut moments: Vec<_> = self.0.iter().map(|(at, _)| at + MINUTE).collect();
        moments.push((now / DAY + 1) * DAY);
        moments.retain(|at| *at > now);
        moments.sort_unstable();
        let fits = |at: &u64| self.over(rules, key, slots, *at).is_empty();
        moments.into_iter().find(fits).unwrap()
    }
}

/// Two keys of a client, as the server holds them.
struct Keys {
    meters: [Meter; 2],
    client: Option<RollingWindow>,
}

impl Keys {
    fn new(rules: &Rules) -> Self {
        let limit = |per_minute| Limit::new(per_minute).unwrap();
        Self {
            meters: rules.limits.map(|it| Meter::new(limit(it))),
            client: rules.client.map(|it| RollingWindow::new(limit(it))),
        }
    }

    /// As after a restart: from what the log has of it.
    fn rebuilt(rules: &Rules, log: &[(u64, usize, u32)], now: u64) -> Self {
        let mut keys = Self::new(rules);
        for (at, key, slots) in log {
            let (cost, at) = (Cost::new(*slots).unwrap(), UnixMillis(*at));
            if now - at.0 < 10 * MINUTE {
                keys.meters[*key].restore(cost, at);
                if let Some(client) = &mut keys.client {
                    client.restore(cost, at);
                }
            }
            keys.meters[*key].restore_day(day_of(at), *slots);
        }
        keys
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    // None is below the highest cost, which each would count up to its own height alone.
    let limits = [6..14u32, 6..14u32];
    let quota = || prop::option::of(6..60u32);
    (limits, [quota(), quota()], prop::option::of(6..20u32)).prop_map(|(limits, quotas, client)| {
        Rules {
            limits,
            quotas,
            client,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// As many as all of them allow and not one more; a refusal names one that is over, says how long
    /// it takes, and takes nothing from any; and after a restart it goes on as before.
    #[test]
    fn all_limits_of_a_key_hold_at_once(
        rules in rules(),
        events in prop::collection::vec(
            (0..2usize, prop_oneof![8 => 0..4_000u64, 2 => 0..70_000u64, 1 => 0..30_000_000u64], 1..6u32, 0..4u32),
            1..200,
        ),
        restart in 0..200usize,
    ) {
        let mut keys = Keys::new(&rules);
        let mut model = Model::default();
        let mut log = Vec::new();
        let mut now = START;
        for (index, (key, after, slots, ahead)) in events.into_iter().enumerate() {
            now += after;
            if index == restart {
                keys = Keys::rebuilt(&rules, &log, now);
            }
            // Most have nobody before them.
            let ahead = ahead.saturating_sub(2);
            let wanted = Wanted {
                cost: Cost::new(slots).unwrap(),
                ahead,
                quota: rules.quotas[key].and_then(NonZeroU32::new),
            };
            let over = model.over(&rules, key, slots + ahead, now);
            let Keys { meters, client } = &mut keys;
            let looked = meters[key].peek(wanted, client.as_mut(), UnixMillis(now));
            let answer = meters[key].try_admit(wanted, client.as_mut(), UnixMillis(now));
            prop_assert_eq!(looked.is_ok(), answer.is_ok());
            match answer {
                Ok(admitted) => {
                    prop_assert!(over.is_empty(), "{:?}", over);
                    prop_assert_eq!(admitted.at, UnixMillis(now));
                    model.0.extend(std::iter::repeat_n((now, key), slots as usize));
                    log.push((now, key, slots));
                    let used = model.count(|at, of| of == key && now - at < MINUTE);
                    prop_assert_eq!(admitted.left.minute.remaining, rules.limits[key] - used);
                    if let Some(left) = admitted.left.client {
                        let used = model.count(|at, _| now - at < MINUTE);
                        prop_assert_eq!(left.remaining, left.limit - used);
                    }
                    if let Some(left) = admitted.left.day {
                        let used = model.count(|at, of| of == key && at / DAY == now / DAY);
                        prop_assert_eq!(left.remaining, left.limit - used);
                        prop_assert_eq!(meters[key].used_today(UnixMillis(now)), used);
                    }
                }
                Err(throttled) => {
                    prop_assert_eq!(looked, Err(throttled));
                    prop_assert!(over.contains(&throttled.bound), "{:?} {:?}", over, throttled);
                    let ready = model.admitted_at(&rules, key, slots + ahead, now);
                    prop_assert_eq!(u128::from(ready - now), throttled.wait.as_millis());
                }
            }
        }
    }
}
