//! Copying to the clipboard without crossing the window's bridge, and taking secrets out of it again:
//! after a while, at lock and at the end, if they are still there. Of a secret that was copied nothing
//! but a keyed hash is kept here.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::{
    Key, SecretText,
    mac::{HmacSha256, SecretTag},
};

use super::Desk;
use crate::{
    agent::{WINDOW, on_a_thread},
    os::clipboard::{Clipboard, ClipboardError, History},
    read,
    session::Session,
};

/// What was copied last.
pub(super) struct Copied {
    clipboard: Clipboard,
    key: HmacSha256,
    last: Mutex<Option<Last>>,
    count: AtomicU64,
}

struct Last {
    /// Counts the secrets that were copied: a later one has a time of its own.
    number: u64,
    tag: SecretTag,
}

impl Copied {
    pub(super) fn new() -> Self {
        Self {
            clipboard: Clipboard::default(),
            key: HmacSha256::from(&Key::random()),
            last: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    fn copy_secret(&self, text: &SecretText) -> Result<u64, ClipboardError> {
        // Held while copying, so that nobody takes the one before for this one.
        let mut last = self.last();
        self.clipboard.set(text.expose_secret(), History::NotKept)?;
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let tag = self.key.tag(&[text.expose_secret().as_bytes()]);
        *last = Some(Last { number, tag });
        Ok(number)
    }

    /// Takes the secret that was copied last out of the clipboard, if it is still there; of `number`
    /// alone, if one is given.
    pub(super) fn clear(&self, number: Option<u64>) {
        let mut held = self.last();
        let Some(last) = held.take_if(|last| number.is_none_or(|number| number == last.number))
        else {
            return;
        };
        let cleared = self.clipboard.text().and_then(|text| {
            let is_ours = text.is_some_and(|text| {
                let tag = self.key.tag(&[text.as_bytes()]).into_public();
                last.tag.matches(&tag)
            });
            if is_ours {
                self.clipboard.clear()
            } else {
                Ok(())
            }
        });
        if let Err(error) = cleared {
            tracing::warn!(%error, "a copied secret could not be cleared");
        }
    }

    /// Clears what was copied whenever the vault is closed.
    pub(super) async fn clear_at_lock(self: Arc<Self>, session: Arc<Session>) {
        let mut changes = session.changes();
        while changes.changed().await.is_ok() {
            let (session, copied) = (Arc::clone(&session), Arc::clone(&self));
            let clear = move || {
                if !session.is_open() {
                    copied.clear(None);
                }
            };
            drop(tokio::task::spawn_blocking(clear).await);
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Copies a field's text to the clipboard. A secret is marked as not for a history, and leaves
    /// the clipboard after a while, at lock and at the end, if it is still there. Answers after how
    /// many seconds; 0 for a field that is no secret and stays.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`], [`ErrorCode::Ambiguous`] or [`ErrorCode::Locked`];
    /// [`ErrorCode::Failed`] if the desktop's clipboard cannot be reached.
    pub async fn copy_field(&self, item: &str, field: &str) -> Result<u64, Failure> {
        let session = Arc::clone(&self.0.session);
        let copied = Arc::clone(&self.0.copied);
        let (item, field) = (item.to_owned(), field.to_owned());
        let number = on_a_thread(move || {
            let read::Copy { text, is_secret } = read::copy(&session, &item, &field, WINDOW)?;
            if is_secret {
                copied.copy_secret(&text).map(Some).map_err(unreachable)
            } else {
                let text = text.expose_secret();
                let copied = copied.clipboard.set(text, History::Kept);
                copied.map(|()| None).map_err(unreachable)
            }
        })
        .await?;
        let Some(number) = number else {
            return Ok(0);
        };
        let seconds = self.0.clipboard_seconds.load(Ordering::Relaxed);
        let copied = Arc::clone(&self.0.copied);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let cleared = tokio::task::spawn_blocking(move || copied.clear(Some(number)));
            drop(cleared.await);
        });
        Ok(seconds)
    }

    /// Copies a text that is no secret to the clipboard, to stay there.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Failed`] if the desktop's clipboard cannot be reached.
    pub async fn copy_text(&self, text: String) -> Result<(), Failure> {
        let copied = Arc::clone(&self.0.copied);
        on_a_thread(move || {
            let set = copied.clipboard.set(&text, History::Kept);
            set.map_err(unreachable)
        })
        .await
    }
}

fn unreachable(error: ClipboardError) -> Failure {
    Failure::new(ErrorCode::Failed, error.to_string())
        .hint("nothing was copied; hold the field to see it, and type it")
}
