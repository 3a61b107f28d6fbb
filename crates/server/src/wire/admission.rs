//! How much one source may take before anyone knows who it is.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use strongroom_contract::time::UnixMillis;

/// One source, for counting: an IPv4 address, or an IPv6 /64, since one host has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) if !v6.is_loopback() => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))
            }
            other => other,
        })
    }
}

/// Counts open connections, in all and for each source.
pub(crate) struct Admission {
    total: usize,
    per_source: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_source: HashMap<Source, usize>,
}

impl Admission {
    /// Caps in all and for each source.
    pub(crate) fn new(total: usize, per_source: usize) -> Self {
        Self {
            total,
            per_source,
            open: Mutex::default(),
        }
    }

    /// A place for one more connection from `source`, given back when dropped; `None` if a cap is
    /// reached.
    pub(crate) fn admit(self: &Arc<Self>, source: IpAddr) -> Option<Place> {
        let source = Source::from(source);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.total {
            return None;
        }
        let count = open.by_source.entry(source).or_default();
        if *count >= self.per_source {
            return None;
        }
        *count += 1;
        open.total += 1;
        Some(Place {
            admission: Arc::clone(self),
            source,
        })
    }

    fn leave(&self, source: Source) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        if let Some(count) = open.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                open.by_source.remove(&source);
            }
        }
    }
}

/// An open connection's place.
pub(crate) struct Place {
    admission: Arc<Admission>,
    source: Source,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.leave(self.source);
    }
}

/// Counts failed authentications for each source, in windows of a minute, and those that were
/// turned away unheard, for one audit row a second.
pub(crate) struct Failures {
    limit: u32,
    /// How many sources are over the limit now: while none is, requests don't take the lock.
    over: AtomicU32,
    sources: Mutex<HashMap<Source, Window>>,
    turned_away: Mutex<HashMap<IpAddr, u32>>,
}

struct Window {
    began: UnixMillis,
    failed: u32,
}

/// How long failures count.
const WINDOW: Duration = Duration::from_secs(60);
/// How many sources are remembered: beyond, windows that are over are dropped, then the oldest.
const SOURCES: usize = 65_536;

impl Failures {
    /// A source may fail this often within a minute.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            over: AtomicU32::new(0),
            sources: Mutex::default(),
            turned_away: Mutex::default(),
        }
    }

    /// How long `source` is turned away still; `None` if it is heard.
    pub(crate) fn turned_away_for(&self, source: IpAddr, now: UnixMillis) -> Option<Duration> {
        if self.over.load(Ordering::Acquire) == 0 {
            return None;
        }
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let window = sources.get(&Source::from(source))?;
        let age = now.since(window.began);
        (window.failed >= self.limit && age < WINDOW).then(|| WINDOW - age)
    }

    /// One more failed authentication.
    pub(crate) fn failed(&self, source: IpAddr, now: UnixMillis) {
        let source = Source::from(source);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if sources.len() >= SOURCES && !sources.contains_key(&source) {
            self.make_room(&mut sources, now);
        }
        let window = sources.entry(source).or_insert(Window {
            began: now,
            failed: 0,
        });
        if now.since(window.began) >= WINDOW {
            if window.failed >= self.limit {
                self.over.fetch_sub(1, Ordering::AcqRel);
            }
            *window = Window {
                began: now,
                failed: 0,
            };
        }
        window.failed += 1;
        if window.failed == self.limit {
            self.over.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn make_room(&self, sources: &mut HashMap<Source, Window>, now: UnixMillis) {
        sources.retain(|_, window| now.since(window.began) < WINDOW);
        if sources.len() >= SOURCES
            && let Some(oldest) = sources
                .iter()
                .min_by_key(|(_, window)| window.began)
                .map(|(source, _)| *source)
        {
            sources.remove(&oldest);
        }
        let over = sources.values().filter(|w| w.failed >= self.limit).count();
        self.over
            .store(u32::try_from(over).unwrap_or(u32::MAX), Ordering::Release);
    }

    /// Counts a request or connection that was turned away unheard.
    pub(crate) fn turned_away(&self, source: IpAddr) {
        let mut counts = self
            .turned_away
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if counts.len() < SOURCES || counts.contains_key(&source) {
            *counts.entry(source).or_default() += 1;
        }
    }

    /// What was counted since the last call, source by source.
    pub(crate) fn take_turned_away(&self) -> HashMap<IpAddr, u32> {
        let mut counts = self
            .turned_away
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *counts)
    }

    /// Puts back what could not be written down.
    pub(crate) fn put_back(&self, source: IpAddr, count: u32) {
        let mut counts = self
            .turned_away
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *counts.entry(source).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_source_leaves_places_for_others() {
        let admission = Arc::new(Admission::new(3, 2));
        let first = admission.admit(ip("127.0.0.1")).unwrap();
        let _second = admission.admit(ip("::ffff:127.0.0.1")).unwrap();
        assert!(admission.admit(ip("127.0.0.1")).is_none());
        let _third = admission.admit(ip("2001:db8::1")).unwrap();
        assert!(admission.admit(ip("192.0.2.1")).is_none(), "the cap on all");
        drop(first);
        assert!(admission.admit(ip("127.0.0.1")).is_some());
    }

    #[test]
    fn neighbours_in_a_64_are_one_source() {
        let admission = Arc::new(Admission::new(10, 1));
        let _first = admission.admit(ip("2001:db8::1")).unwrap();
        assert!(admission.admit(ip("2001:db8::ffff")).is_none());
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn who_fails_too_often_is_turned_away_for_the_rest_of_the_minute() {
        let failures = Failures::new(3);
        let (bad, good) = (ip("192.0.2.1"), ip("192.0.2.2"));
        let start = UnixMillis::from_secs(1_000_000);
        for second in 0..3 {
            assert_eq!(failures.turned_away_for(bad, start), None);
            failures.failed(bad, start.after(Duration::from_secs(second)));
        }
        let later = start.after(Duration::from_secs(20));
        assert_eq!(
            failures.turned_away_for(bad, later),
            Some(Duration::from_secs(40))
        );
        assert_eq!(failures.turned_away_for(good, later), None);
        let over = start.after(WINDOW);
        assert_eq!(failures.turned_away_for(bad, over), None);
        failures.failed(bad, over);
        assert_eq!(failures.turned_away_for(bad, over), None);
        assert_eq!(failures.over.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_table_of_sources_stays_bounded() {
        let failures = Failures::new(1);
        let start = UnixMillis::from_secs(1_000_000);
        for number in 0..=u32::try_from(SOURCES).unwrap() {
            failures.failed(IpAddr::V4((0x0a00_0000 + number).into()), start);
        }
        assert_eq!(failures.sources.lock().unwrap().len(), SOURCES);
        assert_eq!(
            failures.over.load(Ordering::Relaxed) as usize,
            SOURCES,
            "the count follows what is remembered"
        );
    }
}
