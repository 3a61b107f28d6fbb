//! What a body could have been where it was signed: likeliest first, one change and then two.

use strongroom_contract::diagnosis::Change;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::{
    json::{self, Escapes, Node, Numbers, Space, Style},
    percent_case,
};
use crate::defect::{
    BODY_BOM, BODY_CHARSET, BODY_EMPTY, BODY_ESCAPES, BODY_FORM, BODY_LINE_ENDS, BODY_NEWLINE,
    BODY_NUMBERS, BODY_ORDER, BODY_SPACE, BODY_UNICODE, Defect,
};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A body as it could have been signed, with the changes that lead there from what was received.
pub(crate) struct Variant {
    pub(crate) changes: Vec<Change>,
    pub(crate) body: Vec<u8>,
}

/// Calls `offer` with every variant until it says that one is enough.
pub(crate) fn variants(body: &[u8], offer: &mut dyn FnMut(Variant) -> bool) -> bool {
    if body.is_empty() {
        return ["{}", "null", "[]", "\"\"", "\n", " "].iter().any(|empty| {
            offer(Variant {
                changes: vec![BODY_EMPTY.change()],
                body: empty.as_bytes().to_vec(),
            })
        });
    }
    let whole = wholes(body);
    let json = Json::read(body);
    // One change.
    for (defect, changed) in &whole {
        if offer_changed(body, &[defect], changed.clone(), offer) {
            return true;
        }
    }
    let Some(json) = json else {
        return pairs_of_wholes(body, &whole, offer);
    };
    let singles = json.singles(body);
    for (defect, _, written) in &singles {
        if offer_changed(body, &[defect], written.clone(), offer) {
            return true;
        }
    }
    if pairs_of_wholes(body, &whole, offer) {
        return true;
    }
    // Two changes: two of the JSON's form, or one and a change of the whole.
    for (one, style, _) in &singles {
        for (other, second, _) in &singles {
            if one.id < other.id
                && let Some(both) = json.joined(*style, *second)
                && offer_changed(body, &[one, other], json.write(both), offer)
            {
                return true;
            }
        }
    }
    for (one, _, written) in &singles {
        for (other, changed) in wholes(written) {
            if offer_changed(body, &[one, &other], changed, offer) {
                return true;
            }
        }
    }
    false
}

fn pairs_of_wholes(
    body: &[u8],
    singles: &[(Defect, Vec<u8>)],
    offer: &mut dyn FnMut(Variant) -> bool,
) -> bool {
    for (one, changed) in singles {
        for (other, twice) in wholes(changed) {
            if one.id != other.id && offer_changed(body, &[one, &other], twice, offer) {
                return true;
            }
        }
    }
    false
}

fn offer_changed(
    original: &[u8],
    defects: &[&Defect],
    body: Vec<u8>,
    offer: &mut dyn FnMut(Variant) -> bool,
) -> bool {
    if body == original {
        return false;
    }
    offer(Variant {
        changes: defects.iter().map(|defect| defect.change()).collect(),
        body,
    })
}

/// Changes that need not know what the body is.
fn wholes(body: &[u8]) -> Vec<(Defect, Vec<u8>)> {
    let mut out = vec![
        (BODY_NEWLINE, [body, b"\n"].concat()),
        (BODY_NEWLINE, [body, b"\r\n"].concat()),
    ];
    let mut trimmed = body;
    while let [rest @ .., b'\n' | b'\r'] = trimmed {
        trimmed = rest;
    }
    out.push((BODY_NEWLINE, trimmed.to_vec()));
    if body.contains(&b'\n') {
        let unix = without_cr(body);
        out.push((BODY_LINE_ENDS, with_crlf(&unix)));
        out.push((BODY_LINE_ENDS, unix));
    }
    match body.strip_prefix(BOM) {
        Some(rest) => out.push((BODY_BOM, rest.to_vec())),
        None => out.push((BODY_BOM, [BOM, body].concat())),
    }
    match str::from_utf8(body) {
        Ok(text) if !text.is_ascii() => {
            if let Some(latin) = latin1(text) {
                // Either Latin-1 was signed, or this is UTF-8 that was encoded twice.
                out.push((BODY_CHARSET, latin));
            }
            out.push((BODY_CHARSET, twice(body)));
            out.push((BODY_CHARSET, questioned(text)));
            if !is_composed(text) {
                let composed = beyond_ascii(text, |run, out| out.extend(run.nfc()));
                out.push((BODY_UNICODE, composed.into_bytes()));
            }
            let decomposed = beyond_ascii(text, |run, out| out.extend(run.nfd()));
            out.push((BODY_UNICODE, decomposed.into_bytes()));
        }
        Ok(text) => forms(text, &mut out),
        Err(_) => out.push((BODY_CHARSET, twice(body))),
    }
    out
}

/// The forms of `application/x-www-form-urlencoded`.
fn forms(text: &str, out: &mut Vec<(Defect, Vec<u8>)>) {
    if !text.contains('=') || text.starts_with(['{', '[']) {
        return;
    }
    for changed in [
        text.replace("%20", "+"),
        text.replace('+', "%20"),
        percent_case(text, true),
        percent_case(text, false),
        text.replace("%7E", "~"),
        text.replace("*", "%2A"),
    ] {
        out.push((BODY_FORM, changed.into_bytes()));
    }
}

fn without_cr(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [line @ .., b'\r', b'\n'] => {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            line => out.extend_from_slice(line),
        }
    }
    out
}

fn with_crlf(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 16);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [line @ .., b'\n'] => {
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
            }
            line => out.extend_from_slice(line),
        }
    }
    out
}

/// The text in Latin-1, if all of it is.
fn latin1(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    for (ascii, others) in ascii_and_others(text.as_bytes()) {
        out.extend_from_slice(ascii);
        for character in str::from_utf8(others).ok()?.chars() {
            out.push(u8::try_from(u32::from(character)).ok()?);
        }
    }
    Some(out)
}

/// The bytes taken for Latin-1 and written as UTF-8.
fn twice(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 4);
    for (ascii, others) in ascii_and_others(body) {
        out.extend_from_slice(ascii);
        for &byte in others {
            let character = char::from(byte);
            out.extend_from_slice(character.encode_utf8(&mut [0; 2]).as_bytes());
        }
    }
    out
}

/// The text with a question mark for whatever is not ASCII.
fn questioned(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (ascii, others) in ascii_and_others(text.as_bytes()) {
        out.extend_from_slice(ascii);
        // Bytes that go on with a character begin with the bits 10.
        let characters = others.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        out.extend(std::iter::repeat_n(b'?', characters));
    }
    out
}

/// The text with each stretch beyond ASCII changed by `change`, which is given it with the character
/// before: marks belong to that one. The rest, nearly all of most bodies, is copied.
fn beyond_ascii(text: &str, change: impl Fn(&str, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = beyond_ascii_at(rest.as_bytes()) {
        let (same, from) = rest.split_at(at.saturating_sub(1));
        out.push_str(same);
        let first = from.chars().next().map_or(0, char::len_utf8);
        let behind = from.get(first..).unwrap_or_default();
        let end = behind.bytes().position(|byte| byte.is_ascii());
        let (changed, after) = from.split_at(end.map_or(from.len(), |end| first + end));
        change(changed, &mut out);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether the text is surely in normal form C, as most text is. A mark that could join the character
/// before it leaves that open.
fn is_composed(text: &str) -> bool {
    ascii_and_others(text.as_bytes()).all(|(_, others)| {
        let characters = str::from_utf8(others).unwrap_or_default().chars();
        is_nfc_quick(characters) == IsNormalized::Yes
    })
}

/// The bytes in turns: a stretch of ASCII, then one of others; either may be empty.
fn ascii_and_others(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ascii = beyond_ascii_at(rest).unwrap_or(rest.len());
        let (ascii, behind) = rest.split_at(ascii);
        let others = behind.iter().position(u8::is_ascii);
        let (others, after) = behind.split_at(others.unwrap_or(behind.len()));
        rest = after;
        Some((ascii, others))
    })
}

/// Where the first byte beyond ASCII is: stretches without one are looked at as a whole.
fn beyond_ascii_at(bytes: &[u8]) -> Option<usize> {
    const STRETCH: usize = 32;
    let mut stretches = bytes.chunks(STRETCH).enumerate();
    let (number, stretch) = stretches.find(|(_, it)| !it.is_ascii())?;
    let within = stretch.iter().position(|byte| !byte.is_ascii())?;
    Some(number * STRETCH + within)
}

/// A JSON body, and the style that it is written in.
struct Json<'a> {
    node: Node<'a>,
    /// White space before and behind.
    around: (&'a str, &'a str),
    style: Style,
    /// How many bytes it has.
    len: usize,
}

const SPACES: [Space; 6] = [
    Space::None,
    Space::Both,
    Space::Lines(2),
    Space::Lines(4),
    Space::Lines(0),
    Space::Colon,
];

impl<'a> Json<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(body).ok()?;
        let inner = text.trim();
        let node = json::read(inner)?;
        let before = text.len() - text.trim_start().len();
        let (before, after) = (text.get(..before)?, text.get(before + inner.len()..)?);
        let plain = |space| Style {
            space,
            sorted: false,
            escapes: Escapes::AsWritten,
            numbers: Numbers::AsWritten,
        };
        let unix = inner.replace("\r\n", "\n");
        let space = SPACES.into_iter().find(|space| {
            let mut written = String::with_capacity(unix.len());
            json::write(&mut written, &node, plain(*space));
            written == unix
        });
        Some(Self {
            node,
            around: (before, after),
            // White space of no known style is changed by every rewriting.
            style: plain(space.unwrap_or(Space::None)),
            len: body.len(),
        })
    }

    fn write(&self, style: Style) -> Vec<u8> {
        let (before, after) = self.around;
        let mut out = String::with_capacity(self.len + self.len / 4);
        out.push_str(before);
        json::write(&mut out, &self.node, style);
        out.push_str(after);
        out.into_bytes()
    }

    /// Every style that differs from the body's own in one thing and makes a difference, with the body
    /// in it. What changes nothing alone changes nothing beside another change either.
    fn singles(&self, body: &[u8]) -> Vec<(Defect, Style, Vec<u8>)> {
        let mut out: Vec<(Defect, Style, Vec<u8>)> = Vec::new();
        for (defect, style) in self.styles() {
            let written = self.write(style);
            if written != body && !out.iter().any(|(_, _, other)| *other == written) {
                out.push((defect, style, written));
            }
        }
        out
    }

    /// Every style that differs from the body's own in one thing.
    fn styles(&self) -> impl Iterator<Item = (Defect, Style)> {
        let own = self.style;
        let spaces = SPACES.map(|space| (BODY_SPACE, Style { space, ..own }));
        let order = [(
            BODY_ORDER,
            Style {
                sorted: true,
                ..own
            },
        )];
        let escapes = [
            Escapes::Ascii,
            Escapes::Least,
            Escapes::AsciiSlashes,
            Escapes::Slashes,
            Escapes::Html,
        ]
        .map(|escapes| (BODY_ESCAPES, Style { escapes, ..own }));
        let numbers = [
            Numbers::Float,
            Numbers::Whole,
            Numbers::Unquoted,
            Numbers::Quoted,
        ]
        .map(|numbers| (BODY_NUMBERS, Style { numbers, ..own }));
        spaces
            .into_iter()
            .chain(order)
            .chain(escapes)
            .chain(numbers)
    }

    /// The style with the change of `one` and the one of `other`; `None` if either changes nothing.
    fn joined(&self, one: Style, other: Style) -> Option<Style> {
        let own = self.style;
        if one == own || other == own {
            return None;
        }
        Some(Style {
            space: if one.space == own.space {
                other.space
            } else {
                one.space
            },
            sorted: one.sorted || other.sorted,
            escapes: if one.escapes == own.escapes {
                other.escapes
            } else {
                one.escapes
            },
            numbers: if one.numbers == own.numbers {
                other.numbers
            } else {
                one.numbers
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Text by text or all at once, the outcome is the same.
        #[test]
        fn stretches_beyond_ascii_are_changed_as_the_whole_is(
            text in "([ -~\r\n]{0,4}[é\u{301}\u{323}ﬁ가가中😀\u{345}]{0,3}){0,6}"
        ) {
            let nfc = beyond_ascii(&text, |run, out| out.extend(run.nfc()));
            let nfd = beyond_ascii(&text, |run, out| out.extend(run.nfd()));
            prop_assert!(!is_composed(&text) || nfc == text);
            prop_assert_eq!(nfc, text.nfc().collect::<String>());
            prop_assert_eq!(nfd, text.nfd().collect::<String>());
            let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            prop_assert_eq!(latin1(&text), latin);
            let question = |c: char| if c.is_ascii() { c } else { '?' };
            prop_assert_eq!(questioned(&text), text.chars().map(question).collect::<String>().into_bytes());
            let all: String = text.bytes().map(char::from).collect();
            prop_assert_eq!(twice(text.as_bytes()), all.into_bytes());
            let unix = text.replace("\r\n", "\n");
            prop_assert_eq!(without_cr(text.as_bytes()), unix.as_bytes());
            prop_assert_eq!(with_crlf(text.as_bytes()), text.replace('\n', "\r\n").into_bytes());
        }
    }
}
