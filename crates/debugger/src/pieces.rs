//! Two texts side by side: where they differ, and what can't be seen.

use strongroom_contract::diagnosis::{Part, Piece};

use crate::mask;

/// How much of what is the same is shown around a difference, in bytes.
const CONTEXT: usize = 24;
/// How many differences are shown.
const SPOTS: usize = 3;
/// How far ahead the two sides are searched for where they meet again.
const AHEAD: usize = 96;
/// How many bytes have to be the same for them to have met.
const MEETING: usize = 4;

/// A line of a signature base.
pub(crate) fn part_of_base(name: &str, received: &str, signed: Option<&str>) -> Part {
    let side = |text: &str| Side {
        bytes: text.as_bytes().to_vec(),
        masked: mask::of_line(name, text),
    };
    part(name, &side(received), signed.map(side).as_ref())
}

/// Text that holds nothing of a request.
pub(crate) fn part_in_clear(name: &str, received: &str, signed: &str) -> Part {
    let side = |text: &str| Side {
        bytes: text.as_bytes().to_vec(),
        masked: vec![false; text.len()],
    };
    part(name, &side(received), Some(&side(signed)))
}

/// A header that carries a credential, as it is and as it would have to be.
pub(crate) fn part_of_credential(name: &str, received: &[u8], expected: &[u8]) -> Part {
    let side = |bytes: &[u8]| Side {
        bytes: bytes.to_vec(),
        masked: vec![true; bytes.len()],
    };
    part(name, &side(received), Some(&side(expected)))
}

/// A body as it was received and as it was signed.
pub(crate) fn compare_body(received: &[u8], signed: &[u8]) -> (Vec<Piece>, Option<Vec<Piece>>) {
    let side = |bytes: &[u8]| Side {
        bytes: bytes.to_vec(),
        masked: mask::of_body(bytes),
    };
    let (received, signed) = compare(&side(received), &side(signed));
    (received, Some(signed))
}

/// The beginning of a body.
pub(crate) fn shape_of_body(body: &[u8]) -> Vec<Piece> {
    let side = Side {
        bytes: body.to_vec(),
        masked: mask::of_body(body),
    };
    let mut out = Pieces::default();
    out.context(&side, 0, body.len(), false, true);
    out.0
}

fn part(name: &str, received: &Side, signed: Option<&Side>) -> Part {
    let Some(signed) = signed else {
        let mut out = Pieces::default();
        out.put(received, 0, received.bytes.len(), false);
        return Part {
            name: name.to_owned(),
            received: out.0,
            signed: None,
            same: None,
        };
    };
    let same = received.bytes == signed.bytes;
    let (received, signed) = compare(received, signed);
    Part {
        name: name.to_owned(),
        received,
        signed: Some(signed),
        same: Some(same),
    }
}

/// One side, and which of its bytes are masked.
struct Side {
    bytes: Vec<u8>,
    masked: Vec<bool>,
}

fn compare(left: &Side, right: &Side) -> (Vec<Piece>, Vec<Piece>) {
    let (mut of_left, mut of_right) = (Pieces::default(), Pieces::default());
    let (mut at_left, mut at_right) = (0, 0);
    let mut spots = 0;
    loop {
        let (rest_left, rest_right) = (left.from(at_left), right.from(at_right));
        let mut same = rest_left
            .iter()
            .zip(rest_right)
            .take_while(|(one, other)| one == other)
            .count();
        // Not in the middle of a character.
        while same > 0 && is_inside(rest_left, same) {
            same -= 1;
        }
        let ends = same == rest_left.len() && same == rest_right.len();
        for (side, out, at) in [
            (left, &mut of_left, at_left),
            (right, &mut of_right, at_right),
        ] {
            out.context(side, at, at + same, spots > 0, !ends);
        }
        at_left += same;
        at_right += same;
        if ends {
            return (of_left.0, of_right.0);
        }
        if spots == SPOTS {
            of_left.more(left.bytes.len() - at_left);
            of_right.more(right.bytes.len() - at_right);
            return (of_left.0, of_right.0);
        }
        spots += 1;
        let (gone_left, gone_right) = meeting(left.from(at_left), right.from(at_right));
        of_left.spot(left, at_left, at_left + gone_left);
        of_right.spot(right, at_right, at_right + gone_right);
        at_left += gone_left;
        at_right += gone_right;
    }
}

/// How much of each side lies before they are the same again.
fn meeting(left: &[u8], right: &[u8]) -> (usize, usize) {
    for far in 1..2 * AHEAD {
        for of_left in far.saturating_sub(AHEAD)..=far.min(AHEAD) {
            let of_right = far - of_left;
            let (Some(rest_left), Some(rest_right)) = (left.get(of_left..), right.get(of_right..))
            else {
                continue;
            };
            if is_inside(left, of_left) || is_inside(right, of_right) {
                continue;
            }
            let enough = MEETING.min(rest_left.len().max(rest_right.len()));
            if rest_left.get(..enough) == rest_right.get(..enough)
                && rest_left.get(..enough).is_some()
            {
                return (of_left, of_right);
            }
        }
    }
    (left.len(), right.len())
}

/// Whether the byte at `at` goes on with a character of UTF-8.
fn is_inside(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80)
}

impl Side {
    fn from(&self, at: usize) -> &[u8] {
        self.bytes.get(at..).unwrap_or_default()
    }
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    /// What is the same, shortened: its beginning if it `follows` a difference, its end if it leads to one.
    fn context(&mut self, side: &Side, from: usize, to: usize, follows: bool, leads: bool) {
        if to - from <= 3 * CONTEXT {
            return self.put(side, from, to, false);
        }
        let mut begin = from + if follows { CONTEXT } else { 2 * CONTEXT };
        let mut end = to - if leads { CONTEXT } else { 0 };
        if !leads {
            end = end.min(to);
            begin = begin.min(end);
        }
        while begin < end && is_inside(&side.bytes, begin) {
            begin += 1;
        }
        while end > begin && is_inside(&side.bytes, end) {
            end -= 1;
        }
        self.put(side, from, begin, false);
        if leads {
            self.more(end - begin);
            self.put(side, end, to, false);
        } else {
            self.more(to - begin);
        }
    }

    fn more(&mut self, bytes: usize) {
        if bytes > 0 {
            self.plain(&format!(" … {bytes} bytes … "), false);
        }
    }

    fn spot(&mut self, side: &Side, from: usize, to: usize) {
        const LONGEST: usize = 2 * CONTEXT;
        let mut end = to.min(from + LONGEST);
        while end < to && is_inside(&side.bytes, end) {
            end += 1;
        }
        self.put(side, from, end, true);
        self.more(to - end);
    }

    fn put(&mut self, side: &Side, from: usize, to: usize, differs: bool) {
        let mut at = from;
        let bytes = side.bytes.get(from..to).unwrap_or_default();
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                let hidden = side.masked.get(at).copied().unwrap_or(true);
                at += character.len_utf8();
                let last = at == side.bytes.len();
                match name(character, differs || last) {
                    Some(name) => self.invisible(name, differs),
                    None => {
                        let shown = if hidden {
                            mask::character(character)
                        } else {
                            character
                        };
                        self.plain(shown.encode_utf8(&mut [0; 4]), differs);
                    }
                }
            }
            for byte in chunk.invalid() {
                at += 1;
                self.invisible(format!("0x{byte:02X}"), differs);
            }
        }
    }

    fn plain(&mut self, text: &str, differs: bool) {
        match self.0.last_mut() {
            Some(last) if !last.invisible && last.differs == differs => last.text.push_str(text),
            _ => self.0.push(Piece {
                text: text.to_owned(),
                differs,
                invisible: false,
            }),
        }
    }

    fn invisible(&mut self, name: impl Into<String>, differs: bool) {
        self.0.push(Piece {
            text: name.into(),
            differs,
            invisible: true,
        });
    }
}

/// The name of a character that can't be seen; of a space only where it counts.
fn name(character: char, counts: bool) -> Option<String> {
    let name = match character {
        ' ' if counts => "SP",
        '\n' => "LF",
        '\r' => "CR",
        '\t' => "TAB",
        '\0' => "NUL",
        '\u{a0}' => "NBSP",
        '\u{ad}' => "SHY",
        '\u{200b}' => "ZWSP",
        '\u{200c}' => "ZWNJ",
        '\u{200d}' => "ZWJ",
        '\u{2060}' => "WJ",
        '\u{feff}' => "BOM",
        '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{2061}'..='\u{206f}'
        | '\u{300}'..='\u{36f}'
        | '\u{3000}' => return Some(format!("U+{:04X}", u32::from(character))),
        _ if character.is_control() => return Some(format!("U+{:04X}", u32::from(character))),
        _ => return None,
    };
    Some(name.to_owned())
}

/// Whether a character can't be seen, wherever it stands.
pub(crate) fn is_invisible(character: char) -> bool {
    name(character, false).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[]` around what differs, `<>` around names.
    fn shown(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| {
                let text = match piece.invisible {
                    true => format!("<{}>", piece.text),
                    false => piece.text.clone(),
                };
                if piece.differs {
                    format!("[{text}]")
                } else {
                    text
                }
            })
            .collect()
    }

    fn both(left: &str, right: &str) -> (String, String) {
        let part = part_in_clear("", left, right);
        (shown(&part.received), shown(&part.signed.unwrap()))
    }

    #[test]
    fn what_differs_is_marked_and_what_cant_be_seen_is_named() {
        for (left, right, of_left, of_right) in [
            ("same", "same", "same", "same"),
            ("a\n", "a", "a[<LF>]", "a"),
            ("a b", "ab", "a[<SP>]b", "ab"),
            ("a ", "a ", "a<SP>", "a<SP>"),
            ("x\r\ny", "x\ny", "x[<CR>]<LF>y", "x<LF>y"),
            ("key\u{200b}", "key", "key[<ZWSP>]", "key"),
            ("\u{feff}key", "key", "[<BOM>]key", "key"),
            ("a\u{a0}b", "a b", "a[<NBSP>]b", "a[<SP>]b"),
            ("Kä", "KÃ¤", "K[ä]", "K[Ã¤]"),
            ("", "x", "", "[x]"),
        ] {
            assert_eq!(both(left, right), (of_left.into(), of_right.into()));
        }
    }

    #[test]
    fn long_texts_are_shown_around_their_differences() {
        let long = "0123456789".repeat(1_000);
        let (left, _) = both(&format!("{long}a{long}"), &format!("{long}b{long}"));
        assert!(left.contains("[a]") && left.contains(" bytes … "), "{left}");
        assert!(left.len() < 300, "{left}");
        let apart = "x".repeat(5_000);
        let (left, right) = both(&apart, &"y".repeat(5_000));
        assert!(left.len() + right.len() < 400);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_numbers() {
        let (received, signed) = compare_body(b"\xe4", "ä".as_bytes());
        assert_eq!(shown(&received), "[<0xE4>]");
        assert_eq!(shown(&signed.unwrap()), "[ä]");
    }
}
