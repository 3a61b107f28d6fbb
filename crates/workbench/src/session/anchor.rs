//! Writing anchors: rarely, and never an older one over a newer.

use std::sync::{Mutex, PoisonError};

use strongroom_vault::Anchor;

use crate::keyring::Place;

/// Remembers the newest anchors of the vault that is open or was.
#[derive(Default)]
pub(super) struct Anchors {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    stored: Option<State>,
    /// Tried in passing, with or without success: a keyring that asks a person for leave does not
    /// ask again every second.
    tried: Option<State>,
}

#[derive(Clone, PartialEq, Eq)]
struct State {
    vault_id: String,
    counter: u64,
}

impl State {
    fn covers(&self, other: &Self) -> bool {
        self.vault_id == other.vault_id && self.counter >= other.counter
    }
}

impl Anchors {
    /// Stores a vault's anchor, unless this or a newer one is there already. A failure is logged
    /// and costs no more than the proof of freshness.
    pub(super) fn store(&self, place: &Place, vault_id: &str, anchor: &Anchor) {
        self.write(place, vault_id, anchor, false);
    }

    /// The same, but what was tried once is not tried again.
    pub(super) fn store_in_passing(&self, place: &Place, vault_id: &str, anchor: &Anchor) {
        self.write(place, vault_id, anchor, true);
    }

    fn write(&self, place: &Place, vault_id: &str, anchor: &Anchor, in_passing: bool) {
        // Held while storing, so that two writers keep their order.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let state = State {
            vault_id: vault_id.to_owned(),
            counter: anchor.counter,
        };
        let covered = |by: &Option<State>| by.as_ref().is_some_and(|by| by.covers(&state));
        if covered(&known.stored) || in_passing && covered(&known.tried) {
            return;
        }
        known.tried = Some(state.clone());
        match place.store_anchor(vault_id, anchor.to_string().as_bytes()) {
            Ok(()) => known.stored = Some(state),
            Err(failure) => tracing::warn!(%failure, "the anchor could not be stored"),
        }
    }

    /// Forgets what was stored: another copy of the vault is the newest from here on.
    pub(super) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }
}

/// Reads a vault's anchor. One that cannot be read proves nothing, and never locks anybody out.
pub(super) fn load(place: &Place, vault_id: &str) -> Option<Anchor> {
    match place.load_anchor(vault_id) {
        Ok(anchor) => anchor.and_then(|bytes| {
            let text = std::str::from_utf8(bytes.expose_secret()).ok()?;
            text.parse().ok()
        }),
        Err(failure) => {
            tracing::warn!(%failure, "the anchor could not be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn anchor(counter: u64) -> Anchor {
        Anchor {
            counter,
            hash: [7; 32],
        }
    }

    #[test]
    fn an_older_anchor_never_replaces_a_newer_one_unless_that_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::File(dir.path().join("key"));
        let anchors = Anchors::default();
        let stored = || load(&place, "aa").map(|anchor| anchor.counter);
        assert_eq!(stored(), None);
        anchors.store(&place, "aa", &anchor(5));
        anchors.store_in_passing(&place, "aa", &anchor(4));
        anchors.store(&place, "aa", &anchor(4));
        assert_eq!(stored(), Some(5));
        anchors.store_in_passing(&place, "aa", &anchor(6));
        assert_eq!(stored(), Some(6));
        anchors.forget();
        anchors.store(&place, "aa", &anchor(2));
        assert_eq!(stored(), Some(2));
    }

    #[test]
    fn what_failed_in_passing_is_tried_again_only_when_it_must_be() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("stick");
        let place = Place::File(folder.join("key"));
        let anchors = Anchors::default();
        anchors.store_in_passing(&place, "aa", &anchor(1));
        fs::create_dir(&folder).unwrap();
        anchors.store_in_passing(&place, "aa", &anchor(1));
        assert!(load(&place, "aa").is_none());
        anchors.store(&place, "aa", &anchor(1));
        assert_eq!(load(&place, "aa"), Some(anchor(1)));
    }

    #[test]
    fn a_damaged_anchor_proves_nothing_and_locks_nobody_out() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::File(dir.path().join("key"));
        for damaged in [
            "",
            "vault = aa",
            "vault = aa\nanchor = !",
            "vault = aa\nanchor = AAAA",
        ] {
            fs::write(dir.path().join("key.anchor"), damaged).unwrap();
            assert!(load(&place, "aa").is_none(), "{damaged:?}");
        }
    }
}
