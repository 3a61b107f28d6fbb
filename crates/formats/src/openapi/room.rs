//! How much may be made of one description: references let a small file stand for a huge one.

use std::{cell::Cell, io};

use serde_json::Value;

/// How many bytes may be made of one description.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What a value or a request counts beside its text.
const LEAST_BYTES: usize = 32;

/// What is left of what may be made. Once something did not fit, nothing does.
pub(super) struct Room {
    left: Cell<usize>,
    is_full: Cell<bool>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            left: Cell::new(MOST_BYTES),
            is_full: Cell::new(false),
        }
    }

    /// Whether something did not fit.
    pub(super) fn is_full(&self) -> bool {
        self.is_full.get()
    }

    /// What is told where the room ends.
    pub(super) fn problem() -> String {
        format!(
            "more than {} MiB would be made of this description, which shares large parts among its operations: this one and those after it are left out",
            MOST_BYTES / (1024 * 1024)
        )
    }

    /// Takes the room for a text; whether there was enough.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let left = self
            .left
            .get()
            .checked_sub(bytes.saturating_add(LEAST_BYTES));
        match left {
            Some(left) if !self.is_full.get() => self.left.set(left),
            _ => self.is_full.set(true),
        }
        !self.is_full.get()
    }

    /// A copy of `value`, if there is room for it. What is counted is gone even if not all of it fits, so
    /// that counting ends.
    pub(super) fn copy(&self, value: &Value) -> Value {
        if self.take_value(value) {
            value.clone()
        } else {
            Value::Null
        }
    }

    fn take_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.take(text.len()),
            Value::Array(items) => self.take(0) && items.iter().all(|item| self.take_value(item)),
            Value::Object(fields) => {
                self.take(0)
                    && fields
                        .iter()
                        .all(|(name, value)| self.take(name.len()) && self.take_value(value))
            }
            _ => self.take(0),
        }
    }

    /// `value` as JSON with indentation, which may be far longer than the value.
    pub(super) fn pretty(&self, value: &Value) -> String {
        let mut written = Written {
            room: self,
            bytes: Vec::new(),
        };
        match serde_json::to_writer_pretty(&mut written, value) {
            Ok(()) => String::from_utf8(written.bytes).unwrap_or_default(),
            Err(_) => String::new(),
        }
    }
}

struct Written<'a> {
    room: &'a Room,
    bytes: Vec<u8>,
}

impl io::Write for Written<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.room.left.get().checked_sub(bytes.len());
        let Some(left) = left else {
            self.room.is_full.set(true);
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.room.left.set(left);
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_is_copied_and_what_does_not_ends_it() {
        let room = Room::new();
        let value = json!({ "a": [1, null, "x"] });
        assert_eq!(room.copy(&value), value);
        assert_eq!(room.pretty(&json!([1])), "[\n  1\n]");
        assert!(!room.is_full());
        room.left.set(100);
        assert_eq!(room.copy(&json!("x".repeat(100))), Value::Null);
        assert!(room.is_full());
        assert!(!room.take(0));
        assert_eq!(room.copy(&json!(1)), Value::Null);
    }

    #[test]
    fn indentation_counts() {
        let room = Room::new();
        let mut deep = json!([0, 0, 0, 0]);
        for _ in 0..20 {
            deep = json!([deep]);
        }
        room.left.set(300);
        assert_eq!(room.pretty(&deep), "");
        assert!(room.is_full());
    }
}
