//! Rule `replay`: a signed request is accepted once.
//!
//! A nonce is spent once the request is verified and fresh, and stays spent even if a later rule
//! refuses. It is remembered for as long as a signature that carries it could still be fresh. What
//! is remembered of each key is bounded; a live nonce is never forgotten to make room: when there is
//! none, signed requests of that key are refused until the oldest nonces have gone.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use strongroom_contract::time::UnixMillis;

use crate::{
    credential::AppId,
    freshness::TOLERANCE_SECS,
    identify::Presented,
    limiter::Limit,
    platform::Platform,
    profile::ProfiledSignature,
    trace::{Finding, Passed},
};

/// What is remembered of a nonce: the first 16 bytes of HMAC-SHA256(nonce key, app-id | nonce). An
/// app-id has a fixed length. Keyed, so that the audit log says nothing about nonces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NonceHash(pub [u8; NonceHash::LEN]);

impl NonceHash {
    /// Length in bytes.
    pub const LEN: usize = 16;
}

/// A nonce that a verified request asks to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonceClaim {
    /// Whose nonce it is.
    pub app_id: AppId,
    /// Its keyed hash.
    pub hash: NonceHash,
    /// From when on it can be forgotten: no signature with it can be fresh any more.
    pub expires: UnixMillis,
}

impl NonceClaim {
    pub(crate) fn of(presented: &Presented<'_>, platform: &Platform) -> Option<Self> {
        let ProfiledSignature { created, nonce, .. } = presented.signature.as_deref()?;
        let app_id = presented.app_id;
        let tag = platform
            .nonce_key
            .tag(&[app_id.as_str().as_bytes(), nonce.as_bytes()]);
        let hash = tag.into_public().first_chunk().copied().unwrap_or_default();
        // Fresh through the whole last second of the tolerance.
        let last = created.saturating_add(TOLERANCE_SECS + 1);
        Some(Self {
            app_id,
            hash: NonceHash(hash),
            expires: UnixMillis::from_secs(last),
        })
    }
}

/// What became of a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceAnswer {
    /// It was not seen before; now it is spent.
    Fresh,
    /// It was spent before.
    Seen,
    /// There is no room to remember another one.
    Full,
}

/// The live nonces of one key.
#[derive(Default)]
pub struct NonceSpace {
    seen: HashSet<NonceHash>,
    by_expiry: BTreeSet<(UnixMillis, NonceHash)>,
}

impl NonceSpace {
    /// A space without nonces.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many nonces of a key with this limit are remembered at once: twice as many as requests at
    /// the limit bring in the five minutes for which a nonce lives, and at least 10,000.
    #[must_use]
    pub fn capacity(limit: Limit) -> usize {
        (limit.per_minute() as usize * 10).max(10_000)
    }

    /// Spends the nonce, if it was not spent before and there is room.
    pub fn spend(&mut self, claim: &NonceClaim, limit: Limit, now: UnixMillis) -> NonceAnswer {
        self.forget_expired(now);
        if self.seen.contains(&claim.hash) {
            return NonceAnswer::Seen;
        }
        if self.seen.len() >= Self::capacity(limit) {
            return NonceAnswer::Full;
        }
        self.restore(claim.hash, claim.expires);
        NonceAnswer::Fresh
    }

    /// What would become of the nonce, without spending it.
    #[must_use]
    pub fn peek(&self, claim: &NonceClaim, limit: Limit, now: UnixMillis) -> NonceAnswer {
        let live = self.by_expiry.range(
            (
                now.after(Duration::from_millis(1)),
                NonceHash([0; NonceHash::LEN]),
            )..,
        );
        let (mut count, mut seen) = (0, false);
        for (_, hash) in live {
            count += 1;
            seen |= *hash == claim.hash;
        }
        match (seen, count >= Self::capacity(limit)) {
            (true, _) => NonceAnswer::Seen,
            (false, true) => NonceAnswer::Full,
            (false, false) => NonceAnswer::Fresh,
        }
    }

    /// Remembers a nonce that was spent before, as when the space is rebuilt from the audit log.
    pub fn restore(&mut self, hash: NonceHash, expires: UnixMillis) {
        if self.seen.insert(hash) {
            self.by_expiry.insert((expires, hash));
        }
    }

    /// Forgets nonces that no fresh signature can carry any more.
    pub fn forget_expired(&mut self, now: UnixMillis) {
        while let Some((expires, hash)) = self.by_expiry.first().copied()
            && expires <= now
        {
            self.by_expiry.pop_first();
            self.seen.remove(&hash);
        }
    }

    /// How many nonces are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

const EXPECTED: &str = "a nonce that this key has not used before";

pub(crate) fn check(answer: NonceAnswer, claim: &NonceClaim) -> Result<(), Finding> {
    match answer {
        NonceAnswer::Fresh => Ok(()),
        NonceAnswer::Seen => Err(Finding::new(
            "The nonce was used before: the request is a replay.",
            format!(
                "a nonce that a verified request of {} has spent",
                claim.app_id
            ),
            EXPECTED,
            "Sign each request anew with a fresh random nonce, also when it is sent again.",
        )),
        NonceAnswer::Full => Err(Finding::new(
            "The key has used more nonces in the last minutes than can be remembered.",
            format!("no room for another nonce of {}", claim.app_id),
            "room to remember the nonce, since one that is forgotten could be used twice",
            "Send fewer signed requests for five minutes, or raise the key's limit.",
        )),
    }
}

pub(crate) fn passed() -> Passed {
    Passed::new("a nonce that was not used before", EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Environment;

    fn claim(number: u32, expires: u64) -> NonceClaim {
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&number.to_le_bytes());
        NonceClaim {
            app_id: AppId::generate(Environment::Test),
            hash: NonceHash(hash),
            expires: UnixMillis(expires),
        }
    }

    #[test]
    fn a_nonce_is_spent_until_it_expires() {
        let mut space = NonceSpace::new();
        let mut spend = |now| space.spend(&claim(1, 1_000), Limit::DEFAULT, UnixMillis(now));
        assert_eq!(spend(0), NonceAnswer::Fresh);
        assert_eq!(spend(999), NonceAnswer::Seen);
        assert_eq!(spend(1_000), NonceAnswer::Fresh);
    }

    #[test]
    fn the_same_nonce_with_another_time_is_the_same_nonce() {
        let mut space = NonceSpace::new();
        let now = UnixMillis(0);
        assert_eq!(
            space.spend(&claim(1, 10), Limit::DEFAULT, now),
            NonceAnswer::Fresh
        );
        assert_eq!(
            space.spend(&claim(1, 20), Limit::DEFAULT, now),
            NonceAnswer::Seen
        );
    }

    #[test]
    fn a_full_space_refuses_and_forgets_nothing_that_lives() {
        let mut space = NonceSpace::new();
        let limit = Limit::DEFAULT;
        let capacity = u32::try_from(NonceSpace::capacity(limit)).unwrap();
        for number in 0..capacity {
            let claim = claim(number, 1_000 + u64::from(number));
            assert_eq!(
                space.spend(&claim, limit, UnixMillis(0)),
                NonceAnswer::Fresh
            );
        }
        let late = claim(capacity, 9_999);
        assert_eq!(
            space.spend(&late, limit, UnixMillis(999)),
            NonceAnswer::Full
        );
        assert_eq!(
            space.spend(&claim(7, 9_999), limit, UnixMillis(999)),
            NonceAnswer::Seen
        );
        assert_eq!(
            space.spend(&late, limit, UnixMillis(1_000)),
            NonceAnswer::Fresh
        );
        assert_eq!(space.len(), capacity as usize);
    }
}
