//! The desktop's clipboard: Wayland's where the compositor lets a program at it, else X11's.
//!
//! A text that is set is served to other programs by this process, so it goes with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use arboard::{Error, SetExtLinux as _};
use zeroize::Zeroizing;

/// The clipboard. Every call can block for a moment: the display is another process.
#[derive(Default)]
pub struct Clipboard {
    /// Connected on first use, and anew after an error: a display may come later, or go.
    connection: Mutex<Option<arboard::Clipboard>>,
}

/// Whether clipboard managers may keep a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// They may.
    Kept,
    /// They are asked not to (`x-kde-passwordManagerHint`).
    NotKept,
}

/// The clipboard cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("the clipboard cannot be reached: {0}")]
pub struct ClipboardError(#[from] Error);

impl Clipboard {
    /// Puts a text there, in the place of what was.
    ///
    /// # Errors
    ///
    /// [`ClipboardError`].
    pub fn set(&self, text: &str, history: History) -> Result<(), ClipboardError> {
        self.with(|clipboard| {
            let set = clipboard.set();
            match history {
                History::Kept => set.text(text),
                History::NotKept => set.exclude_from_history().text(text),
            }
        })
    }

    /// The text that is there; `None` if there is something else, or nothing.
    ///
    /// # Errors
    ///
    /// [`ClipboardError`].
    pub fn text(&self) -> Result<Option<Zeroizing<String>>, ClipboardError> {
        self.with(|clipboard| match clipboard.get_text() {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(Error::ContentNotAvailable | Error::ConversionFailure) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Empties it.
    ///
    /// # Errors
    ///
    /// [`ClipboardError`].
    pub fn clear(&self) -> Result<(), ClipboardError> {
        self.with(arboard::Clipboard::clear)
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut arboard::Clipboard) -> Result<T, Error>,
    ) -> Result<T, ClipboardError> {
        let mut connection = self.lock();
        let mut clipboard = match connection.take() {
            Some(clipboard) => clipboard,
            None => arboard::Clipboard::new()?,
        };
        let done = work(&mut clipboard)?;
        *connection = Some(clipboard);
        Ok(done)
    }

    fn lock(&self) -> MutexGuard<'_, Option<arboard::Clipboard>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
