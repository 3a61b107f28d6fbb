//! What the owner process did since it started: unlocks, uses, reveals. Kept in memory, bounded,
//! without secrets.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use strongroom_contract::time::UnixMillis;

/// How many entries are kept.
const KEPT: usize = 1_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A vault was created.
    Created,
    /// A vault was recovered with its recovery code.
    Recovered,
    /// The vault was opened.
    Unlocked,
    /// The vault could not be opened: a wrong factor, or a damaged or older file.
    UnlockRefused,
    /// The vault was closed, on request or because nobody used it.
    Locked,
    /// An item was added.
    Added,
    /// An item was removed.
    Removed,
    /// An item's secret signed a request.
    Used,
    /// A secret field was shown to another program.
    Revealed,
    /// A secret field was asked for and not shown.
    RevealRefused,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, by the wall clock.
    pub at: UnixMillis,
    /// What was done.
    pub act: Act,
    /// The item's name or the reference, if it concerned one.
    pub subject: Option<String>,
    /// The program that asked, as it calls itself.
    pub client: String,
}

/// The newest entries of this process.
#[derive(Debug, Default)]
pub struct Activity {
    entries: Mutex<VecDeque<Entry>>,
}

impl Activity {
    /// Adds an entry; the oldest one goes when there are too many.
    pub fn record(&self, act: Act, at: UnixMillis, subject: Option<&str>, client: &str) {
        // Without the subject: an item's name is encrypted in the vault, and a log is not.
        tracing::info!(?act, client, "activity");
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(Entry {
            at,
            act,
            subject: subject.map(str::to_owned),
            client: client.to_owned(),
        });
    }

    /// The entries, the oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entries_are_kept() {
        let activity = Activity::default();
        for at in 0..1_500 {
            activity.record(Act::Used, UnixMillis(at), Some("payments"), "strongroom");
        }
        let entries = activity.entries();
        assert_eq!(entries.len(), KEPT);
        assert_eq!(entries.first().unwrap().at, UnixMillis(500));
        assert_eq!(entries.last().unwrap().at, UnixMillis(1_499));
    }
}
