//! The bodies of the answers that the window shows. They stay in the owner's memory until the vault is
//! locked; the window asks for the rows and bytes that it shows, so that an answer of any size scrolls.
//!
//! ```text
//! Exchange --hold--> Held { id, bytes, text }     up to INLINE the body crosses the bridge as well
//! (id, form, rows) --rows--> a few hundred rows   (id, words) --find--> where they stand
//! (id, from, count) --range--> bytes              (id, path) --save--> a file
//! ```

mod indent;
mod rows;

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    answer::{BodyForm, BodyMatches, BodyRows, FindInBody, RowsOfBody},
    error::{ErrorCode, Failure},
    exchange::{Exchange, HeldBody},
};
use zeroize::Zeroizing;

use self::rows::Rows;
use crate::os::files;

/// Bodies up to this size cross the window's bridge at once, in bytes.
const INLINE: usize = 1024 * 1024;
/// How much is held of all answers together, in bytes; the oldest go first.
const CAPACITY: usize = 256 * 1024 * 1024;
/// How much is handed out at once, in bytes.
const RANGE: usize = 64 * 1024;

/// The bodies that are held, the newest last.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Store>);

#[derive(Default)]
struct Store {
    last: u64,
    held: VecDeque<(u64, Arc<Body>)>,
}

struct Body {
    bytes: Zeroizing<Vec<u8>>,
    is_text: bool,
    /// The rows of each form, made when they are first asked for.
    raw: OnceLock<Rows>,
    pretty: OnceLock<Option<(Zeroizing<Vec<u8>>, Rows)>>,
}

impl Answers {
    /// Keeps an answer's body, and takes a large one out of the answer.
    pub(crate) fn hold(&self, exchange: &mut Exchange) {
        let is_text = exchange.body.is_some();
        let bytes = match (&exchange.body, &exchange.body_base64) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(base64)) => BASE64.decode(base64).unwrap_or_default(),
            (None, None) => return,
        };
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let body = Body {
            bytes: Zeroizing::new(bytes),
            is_text,
            raw: OnceLock::new(),
            pretty: OnceLock::new(),
        };
        let id = self.store().push(body);
        exchange.held = Some(HeldBody {
            id,
            bytes: length as u64,
            text: is_text,
        });
        if length > INLINE {
            exchange.body = None;
            exchange.body_base64 = None;
        }
    }

    /// Lets go of every body.
    pub(crate) fn clear(&self) {
        self.store().held.clear();
    }

    /// A whole body, if it is held and is text.
    pub(crate) fn text(&self, id: u64) -> Option<String> {
        let body = self.body(id).ok()?;
        str::from_utf8(&body.bytes).ok().map(str::to_owned)
    }

    /// Some rows of a body.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`] if the body is not held any more, [`ErrorCode::Usage`] if it has no rows
    /// in that form.
    pub(crate) fn rows(&self, wanted: &RowsOfBody) -> Result<BodyRows, Failure> {
        let body = self.body(wanted.id)?;
        let (bytes, rows) = body.form(wanted.form)?;
        Ok(BodyRows {
            total: rows.len() as u64,
            rows: rows.texts(bytes, index(wanted.from), index(wanted.count), RANGE),
        })
    }

    /// Where some words stand in a body.
    ///
    /// # Errors
    ///
    /// As [`Answers::rows`].
    pub(crate) fn find(&self, wanted: &FindInBody) -> Result<BodyMatches, Failure> {
        let body = self.body(wanted.id)?;
        let (bytes, rows) = body.form(wanted.form)?;
        Ok(rows.find(bytes, wanted.text.as_bytes(), wanted.match_case))
    }

    /// Some bytes of a body, base64: at most 64 KiB.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`] if the body is not held any more.
    pub(crate) fn range(&self, id: u64, from: u64, count: u64) -> Result<String, Failure> {
        let body = self.body(id)?;
        let from = index(from).min(body.bytes.len());
        let until = from
            .saturating_add(index(count).min(RANGE))
            .min(body.bytes.len());
        Ok(BASE64.encode(body.bytes.get(from..until).unwrap_or_default()))
    }

    /// Writes a body to a file, which is its owner's alone.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`] if the body is not held any more, [`ErrorCode::Storage`] if the file can't
    /// be written.
    pub(crate) fn save(&self, id: u64, path: &Path) -> Result<(), Failure> {
        let body = self.body(id)?;
        files::replace_private(path, &body.bytes).map_err(|error| {
            Failure::new(
                ErrorCode::Storage,
                format!("{} could not be written: {error}", path.display()),
            )
            .hint("choose another folder; the answer is still here")
        })
    }

    fn body(&self, id: u64) -> Result<Arc<Body>, Failure> {
        let store = self.store();
        let held = store.held.iter().find(|(held, _)| *held == id);
        held.map(|(_, body)| Arc::clone(body)).ok_or_else(|| {
            Failure::new(
                ErrorCode::NotFound,
                "this answer's body is not held any more",
            )
            .hint("send the request again")
        })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn push(&mut self, body: Body) -> u64 {
        self.last += 1;
        self.held.push_back((self.last, Arc::new(body)));
        let mut size: usize = self.held.iter().map(|(_, body)| body.bytes.len()).sum();
        while size > CAPACITY && self.held.len() > 1 {
            size -= self.held.pop_front().map_or(0, |(_, old)| old.bytes.len());
        }
        self.last
    }
}

impl Body {
    fn form(&self, form: BodyForm) -> Result<(&[u8], &Rows), Failure> {
        if !self.is_text {
            return Err(Failure::new(
                ErrorCode::Usage,
                "this body is no text: it has bytes, and no rows",
            ));
        }
        match form {
            BodyForm::Raw => Ok(self.raw()),
            BodyForm::Pretty => Ok(self.pretty().unwrap_or_else(|| self.raw())),
        }
    }

    fn raw(&self) -> (&[u8], &Rows) {
        let rows = self.raw.get_or_init(|| Rows::of(&self.bytes));
        (&self.bytes, rows)
    }

    /// Indented JSON; `None` for what is none, or would be too long.
    fn pretty(&self) -> Option<(&[u8], &Rows)> {
        let made = self.pretty.get_or_init(|| {
            let text = Zeroizing::new(indent::json(&self.bytes)?);
            let rows = Rows::of(&text);
            Some((text, rows))
        });
        made.as_ref().map(|(text, rows)| (text.as_slice(), rows))
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
