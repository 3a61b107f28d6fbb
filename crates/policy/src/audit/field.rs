//! Fields, as rows, headers and checkpoints are made of.

use super::row::RowError;

/// Bytes are not what the format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

/// Reads fields off the front of bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.0.split_first_chunk().ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A text of at most `max` bytes behind one byte of length.
    pub(super) fn short_text(&mut self, max: usize) -> Result<&'a str, Malformed> {
        let len = self.u8()?;
        self.text(len.into(), max)
    }

    /// A text of `len` bytes.
    pub(super) fn text(&mut self, len: usize, max: usize) -> Result<&'a str, Malformed> {
        let text = self.bytes(within(len, max)?)?;
        let ascii = is_printable(text).then(|| str::from_utf8(text).ok());
        ascii.flatten().ok_or(Malformed(
            "a text has characters other than printable ASCII",
        ))
    }

    /// Bytes, `len` of them.
    pub(super) fn at_most(&mut self, len: usize, max: usize) -> Result<&'a [u8], Malformed> {
        self.bytes(within(len, max)?)
    }

    /// A field that is there if `present`.
    pub(super) fn when<T>(
        &mut self,
        present: bool,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        present.then(|| read(self)).transpose()
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number in LEB128, seven bits a byte, the lowest first; in as few bytes as it can have.
    pub(super) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            let is_last = byte & 0x80 == 0;
            if bits << shift >> shift != bits || (is_last && byte == 0 && shift > 0) {
                break;
            }
            number |= bits << shift;
            if is_last {
                return Ok(number);
            }
        }
        Err(Malformed("a number has more bytes than it may have"))
    }

    /// The same for a number of 32 bits.
    pub(super) fn varint32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).map_err(|_| Malformed("a number is larger than it may be"))
    }

    /// A number that is written as its difference to `base`.
    pub(super) fn difference(&mut self, base: u64) -> Result<u64, Malformed> {
        let folded = self.varint()?;
        // Zigzag: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...
        let difference = (folded >> 1) ^ (folded & 1).wrapping_neg();
        Ok(base.wrapping_add(difference))
    }

    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed("bytes follow where it should end"))
        }
    }
}

/// Appends what [`Reader::varint`] reads.
pub(super) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Appends what [`Reader::difference`] reads.
pub(super) fn put_difference(number: u64, base: u64, out: &mut Vec<u8>) {
    let difference = number.wrapping_sub(base);
    put_varint((difference << 1) ^ (difference >> 63).wrapping_neg(), out);
}

const TOO_SHORT: Malformed = Malformed("it ends before it should");

/// Checks a text that is to be written.
pub(super) fn text(field: &'static str, text: &str, max: usize) -> Result<(), RowError> {
    bounded(field, text.len(), max)?;
    if is_printable(text.as_bytes()) {
        Ok(())
    } else {
        Err(RowError::NotPrintable(field))
    }
}

/// Checks the length of a field that is to be written.
pub(super) fn bounded(field: &'static str, found: usize, max: usize) -> Result<(), RowError> {
    if found <= max {
        Ok(())
    } else {
        Err(RowError::TooLong { field, found, max })
    }
}

/// Appends bytes behind one byte of length; that they are not more was checked before.
pub(super) fn put_short(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(bytes);
}

/// Appends bytes behind their length as a [`Reader::varint`].
pub(super) fn put_long(bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn within(len: usize, max: usize) -> Result<usize, Malformed> {
    if len <= max {
        Ok(len)
    } else {
        Err(Malformed("a field is longer than it may be"))
    }
}
