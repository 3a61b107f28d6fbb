//! The limiter against a model that keeps every admission and counts.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use proptest::prelude::*;
use strongroom_contract::time::UnixMillis;
use strongroom_policy::limiter::{Cost, Limit, RollingWindow};

/// Every admission, and what the definition says.
#[derive(Default)]
struct Model {
    admitted: Vec<u64>,
    now: u64,
}

impl Model {
    fn in_window(&self) -> usize {
        let young = self.admitted.iter().filter(|at| self.now - **at < 60_000);
        young.count()
    }

    fn try_admit(&mut self, cost: u32, limit: u32, now: u64) -> bool {
        self.now = self.now.max(now);
        let cost = cost.min(limit) as usize;
        let fits = self.in_window() + cost <= limit as usize;
        if fits {
            self.admitted.extend(std::iter::repeat_n(self.now, cost));
        }
        fits
    }

    /// The first time from now on at which the request would be admitted, found by looking.
    fn admitted_at(&self, cost: u32, limit: u32) -> u64 {
        let cost = cost.min(limit) as usize;
        let leaves = self.admitted.iter().map(|at| at + 60_000);
        let mut moments: Vec<_> = leaves.filter(|at| *at > self.now).collect();
        moments.sort_unstable();
        let fits = |at: u64| {
            let young = self.admitted.iter().filter(|it| at - **it < 60_000);
            young.count() + cost <= limit as usize
        };
        moments.into_iter().find(|at| fits(*at)).unwrap()
    }
}

#[derive(Debug, Clone)]
enum Event {
    Request { after: u64, cost: u32 },
    Limit(u32),
    Restore { after: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let after = prop_oneof![
        8 => 0..3_000u64,
        2 => 0..70_000u64,
        1 => 4_294_900_000..4_295_100_000u64,
        1 => Just(0u64),
    ];
    prop_oneof![
        20 => (after, prop_oneof![5 => Just(1u32), 1 => 1..12u32])
            .prop_map(|(after, cost)| Event::Request { after, cost }),
        1 => (1..20u32).prop_map(Event::Limit),
        1 => (0..5_000u64).prop_map(|after| Event::Restore { after }),
    ]
}

fn limit(per_minute: u32) -> Limit {
    Limit::new(per_minute).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// As many as the definition allows and not one more, over changes of the limit, costs, pauses of
    /// more than four bytes of milliseconds, and starts on either side of where these would wrap.
    #[test]
    fn it_admits_exactly_what_the_definition_allows(
        start in prop_oneof![Just(0u64), (4_294_837_296..4_294_967_296u64), any::<u32>().prop_map(|it| 1_793_534_400_000 + u64::from(it))],
        first_limit in 1..20u32,
        events in prop::collection::vec(event(), 1..300),
    ) {
        let mut window = RollingWindow::new(limit(first_limit));
        let mut model = Model { admitted: Vec::new(), now: start };
        let (mut per_minute, mut clock) = (first_limit, start);
        for event in events {
            match event {
                Event::Limit(new) => {
                    per_minute = new;
                    window.set_limit(limit(new));
                }
                Event::Restore { after } => {
                    clock += after;
                    model.now = clock;
                    model.admitted.push(clock);
                    window.restore(Cost::ONE, UnixMillis(clock));
                }
                Event::Request { after, cost } => {
                    clock += after;
                    let answer = window.try_admit_cost(Cost::new(cost).unwrap(), UnixMillis(clock));
                    let expected = model.try_admit(cost, per_minute, clock);
                    prop_assert_eq!(answer.is_ok(), expected);
                    match answer {
                        Ok(left) => {
                            prop_assert_eq!(left.slots as usize, per_minute as usize - model.in_window());
                            let oldest = model.admitted.iter().find(|at| clock - **at < 60_000).unwrap();
                            prop_assert_eq!(u128::from(oldest + 60_000 - clock), left.next_free.as_millis());
                        }
                        Err(wait) => {
                            let ready = model.admitted_at(cost, per_minute);
                            prop_assert_eq!(u128::from(ready - clock), wait.wait.as_millis());
                        }
                    }
                    let taken: Vec<_> = window.taken(UnixMillis(clock)).map(|at| at.0).collect();
                    let young = model.admitted.iter().copied().filter(|at| clock - at < 60_000);
                    prop_assert_eq!(taken, young.collect::<Vec<_>>());
                }
            }
        }
    }

    /// However the clock jumps back and forth, time as the limiter sees it does not go backwards,
    /// and no 60 s of it hold more than N.
    #[test]
    fn a_clock_that_goes_back_lets_no_more_through(
        per_minute in 1..10u32,
        moments in prop::collection::vec(0..200_000u64, 1..200),
    ) {
        let mut window = RollingWindow::new(limit(per_minute));
        let mut seen = 0;
        let mut admitted = Vec::new();
        for moment in moments {
            seen = seen.max(moment);
            if window.try_admit(UnixMillis(moment)).is_ok() {
                admitted.push(seen);
            }
        }
        assert_at_most(per_minute, &admitted);
    }
}

fn assert_at_most(per_minute: u32, admitted: &[u64]) {
    for run in admitted.windows(per_minute as usize + 1) {
        assert!(run[per_minute as usize] - run[0] >= 60_000, "{run:?}");
    }
}

/// Threads race for one window; whoever holds the lock asks the model too.
#[test]
fn racing_threads_are_admitted_exactly_as_the_definition_says() {
    const PER_MINUTE: u32 = 50;
    let clock = AtomicU64::new(4_294_967_296 - 90_000);
    let shared = Mutex::new((RollingWindow::new(limit(PER_MINUTE)), Model::default()));
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (clock, shared) = (&clock, &shared);
            scope.spawn(move || {
                for step in 0..1_500u64 {
                    // Read outside of the lock, so that times reach it out of order.
                    let now = clock.fetch_add((thread + step) % 97, Ordering::Relaxed);
                    let (window, model) = &mut *shared.lock().unwrap();
                    let answer = window.try_admit(UnixMillis(now)).is_ok();
                    assert_eq!(answer, model.try_admit(1, PER_MINUTE, now));
                }
            });
        }
    });
    let (_, model) = shared.into_inner().unwrap();
    assert!(model.admitted.len() > 4 * PER_MINUTE as usize);
    assert!(model.now > 4_294_967_296);
    assert_at_most(PER_MINUTE, &model.admitted);
}
