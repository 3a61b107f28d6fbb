//! What the owner process did since it started: unlocks, uses, reveals. Kept in memory, bounded,
//! without secrets. Names of items are the vault's: while it is locked they are here only sealed.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, aead::Cipher, framing::Frame};
use tokio::sync::watch;

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
    /// What is known of an item beside its secret was changed.
    Edited,
    /// An item got a new version of its secret.
    Renewed,
    /// An item was removed.
    Removed,
    /// The removal of an item was undone.
    Restored,
    /// The removal of an item could not be carried out: the item is back.
    RemovalFailed,
    /// An item's secret signed a request.
    Used,
    /// An item's secret was compared with a request that failed.
    Compared,
    /// A request was sent that no secret signed.
    Sent,
    /// A field was copied to the clipboard.
    Copied,
    /// A secret field was shown to another program, or in the window.
    Revealed,
    /// A secret field was asked for and not shown.
    RevealRefused,
    /// The local platform was started from here.
    PlatformStarted,
    /// The local platform was stopped from here.
    PlatformStopped,
    /// The local platform issued a key to the vault.
    KeyIssued,
    /// The local platform gave the vault a new secret of a key.
    KeyRotated,
}

impl Act {
    /// Whether its subject comes out of the vault.
    fn concerns_an_item(self) -> bool {
        self != Self::PlatformStarted
    }
}

/// What an act concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An item's name or reference, or an address.
    Known(String),
    /// A name, sealed when the vault was locked.
    Sealed(Vec<u8>),
    /// A name that came while the vault was locked already, and was not kept.
    Forgotten,
}

impl Subject {
    /// What may be told of it now.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(name) => Some(name),
            Self::Sealed(_) | Self::Forgotten => None,
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, by the wall clock.
    pub at: UnixMillis,
    /// What was done.
    pub act: Act,
    /// What it concerned, if anything.
    pub subject: Option<Subject>,
    /// The program that asked, as it calls itself.
    pub client: String,
    /// The request that was signed or sent.
    pub request: Option<Request>,
}

/// A request, as far as it is told: neither its query nor what it carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The URL without user, query and fragment.
    pub url: String,
    /// What was answered; `None` as long as nothing was.
    pub answer: Option<Answer>,
}

/// What a request was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The platform's id for the request.
    pub request_id: Option<String>,
}

/// Names an entry, to which something may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryId(u64);

/// The newest entries of this process.
#[derive(Debug, Default)]
pub struct Activity {
    entries: Mutex<Entries>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    kept: VecDeque<Entry>,
    /// Whether the vault is open, and names may be kept as they are.
    names: bool,
    /// How many there ever were.
    total: u64,
}

impl Activity {
    /// Adds an entry; the oldest one goes when there are too many.
    pub fn record(&self, act: Act, at: UnixMillis, subject: Option<&str>, client: &str) {
        self.add(Entry {
            at,
            act,
            subject: subject.map(|subject| Subject::Known(subject.to_owned())),
            client: client.to_owned(),
            request: None,
        });
    }

    /// Adds the entry of a request that is about to be sent; what it is answered with is added to it
    /// by [`Activity::answered`].
    pub fn record_request(
        &self,
        act: Act,
        at: UnixMillis,
        subject: Option<&str>,
        client: &str,
        request: Request,
    ) -> EntryId {
        self.add(Entry {
            at,
            act,
            subject: subject.map(|subject| Subject::Known(subject.to_owned())),
            client: client.to_owned(),
            request: Some(request),
        })
    }

    /// Adds what a request was answered with; an entry that is gone meanwhile stays gone.
    pub fn answered(&self, EntryId(entry): EntryId, status: u16, request_id: Option<&str>) {
        let mut entries = self.lock();
        let oldest = entries.total - entries.kept.len() as u64;
        let at = entry
            .checked_sub(oldest)
            .and_then(|at| usize::try_from(at).ok());
        let found = at.and_then(|at| entries.kept.get_mut(at));
        if let Some(request) = found.and_then(|entry| entry.request.as_mut()) {
            request.answer = Some(Answer {
                status,
                request_id: request_id.map(str::to_owned),
            });
        }
        drop(entries);
        self.changed();
    }

    /// Seals the names of items until [`Activity::unseal`] with the same key: the vault is being locked.
    pub(crate) fn seal(&self, key: &Key) {
        let (cipher, aad) = names(key);
        let mut entries = self.lock();
        entries.names = false;
        for entry in &mut entries.kept {
            if let Some(Subject::Known(name)) = &entry.subject
                && entry.act.concerns_an_item()
            {
                entry.subject = Some(Subject::Sealed(
                    cipher.seal(aad.as_bytes(), name.as_bytes()),
                ));
            }
        }
        drop(entries);
        self.changed();
    }

    /// Brings sealed names back, and keeps new ones as they are: the vault was opened. Names of a vault
    /// with another key stay sealed.
    pub(crate) fn unseal(&self, key: &Key) {
        let (cipher, aad) = names(key);
        let mut entries = self.lock();
        entries.names = true;
        for entry in &mut entries.kept {
            if let Some(Subject::Sealed(sealed)) = &entry.subject
                && let Ok(name) = cipher.open(aad.as_bytes(), sealed)
                && let Ok(name) = str::from_utf8(name.expose_secret())
            {
                entry.subject = Some(Subject::Known(name.to_owned()));
            }
        }
        drop(entries);
        self.changed();
    }

    /// Changes with every entry, and with what is added to one.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The entries, the oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().kept.iter().cloned().collect()
    }

    fn add(&self, mut entry: Entry) -> EntryId {
        // Without the subject: an item's name is encrypted in the vault, and a log is not.
        tracing::info!(act = ?entry.act, client = entry.client, "activity");
        let mut entries = self.lock();
        if !entries.names && entry.act.concerns_an_item() {
            entry.subject = entry.subject.map(|_| Subject::Forgotten);
        }
        if entries.kept.len() == KEPT {
            entries.kept.pop_front();
        }
        entries.kept.push_back(entry);
        entries.total += 1;
        let id = EntryId(entries.total - 1);
        drop(entries);
        self.changed();
        id
    }

    fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What seals names, under a key that only the open vault has.
fn names(key: &Key) -> (Cipher, Frame) {
    let purpose = Frame::of("strongroom/v1/activity/names");
    (Cipher::new(&key.derive(&purpose)), purpose)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(activity: &Activity) -> Vec<Option<Subject>> {
        let entries = activity.entries();
        entries.into_iter().map(|entry| entry.subject).collect()
    }

    #[test]
    fn names_are_sealed_while_the_vault_is_locked_and_come_back_with_its_key() {
        let (key, other) = (Key::random(), Key::random());
        let activity = Activity::default();
        let record = |act, subject| activity.record(act, UnixMillis(1), subject, "window");
        activity.unseal(&key);
        record(Act::Copied, Some("payments-live"));
        record(Act::PlatformStarted, Some("https://localhost:8443"));
        record(Act::Unlocked, None);

        activity.seal(&key);
        record(Act::Used, Some("late"));
        let locked = subjects(&activity);
        assert!(matches!(&locked[0], Some(Subject::Sealed(bytes)) if bytes.len() > 13));
        let address = Some(Subject::Known("https://localhost:8443".into()));
        assert_eq!(locked[1], address);
        assert_eq!(locked[2..], [None, Some(Subject::Forgotten)]);

        activity.unseal(&other);
        assert_eq!(subjects(&activity)[0], locked[0]);
        activity.seal(&other);
        activity.unseal(&key);
        let name = Some(Subject::Known("payments-live".into()));
        assert_eq!(
            subjects(&activity),
            [name, address, None, Some(Subject::Forgotten)]
        );
    }

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

    #[test]
    fn whoever_follows_it_hears_of_entries_and_of_answers() {
        let activity = Activity::default();
        let mut changes = activity.changes();
        let request = Request {
            method: "GET".into(),
            url: "https://localhost/".into(),
            answer: None,
        };
        let id = activity.record_request(Act::Sent, UnixMillis(1), None, "strongroom", request);
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        activity.answered(id, 200, None);
        assert!(changes.has_changed().unwrap());
    }

    #[test]
    fn an_answer_is_added_to_its_own_request_while_that_is_kept() {
        let activity = Activity::default();
        let request = || Request {
            method: "GET".into(),
            url: "https://localhost/".into(),
            answer: None,
        };
        let at = UnixMillis(1);
        let ids: Vec<EntryId> = (0..KEPT + 1)
            .map(|_| activity.record_request(Act::Used, at, Some("k"), "strongroom", request()))
            .collect();
        activity.answered(ids[0], 500, None);
        activity.answered(ids[1], 403, Some("req_1"));
        let entries = activity.entries();
        let answers: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.request.as_ref()?.answer.as_ref())
            .collect();
        assert_eq!(answers.len(), 1, "the first entry had gone");
        assert_eq!(
            entries[0].request.as_ref().unwrap().answer.as_ref(),
            Some(answers[0])
        );
        assert_eq!(answers[0].status, 403);
    }
}
