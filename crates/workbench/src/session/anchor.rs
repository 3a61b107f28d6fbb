//! Writing anchors: rarely, and never an older one over a newer.

use std::sync::{Mutex, PoisonError};

use strongroom_vault::Anchor;

use crate::keyring::Place;

/// Remembers the newest anchor that was stored.
#[derive(Default)]
pub(super) struct Anchors {
    stored: Mutex<Option<(String, u64)>>,
}

impl Anchors {
    /// Stores a vault's anchor, unless this or a newer one is there already. A failure is logged
    /// and costs no more than the proof of freshness.
    pub(super) fn store(&self, place: &Place, vault_id: &str, anchor: &Anchor) {
        // Held while storing, so that two writers keep their order.
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let known = stored
            .as_ref()
            .is_some_and(|(id, counter)| id == vault_id && *counter >= anchor.counter);
        if known {
            return;
        }
        match place.store_anchor(vault_id, anchor.to_string().as_bytes()) {
            Ok(()) => *stored = Some((vault_id.to_owned(), anchor.counter)),
            Err(failure) => tracing::warn!(%failure, "the anchor could not be stored"),
        }
    }

    /// Forgets what was stored: another copy of the vault is the newest from here on.
    pub(super) fn forget(&self) {
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
