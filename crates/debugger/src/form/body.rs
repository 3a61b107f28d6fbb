//! What a body could have been where it was signed: likeliest first, one change and then two.

use strongroom_contract::diagnosis::Change;
use unicode_normalization::UnicodeNormalization as _;

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
    let singles = json.singles();
    for (defect, style) in &singles {
        if offer_changed(body, &[defect], json.write(*style), offer) {
            return true;
        }
    }
    if pairs_of_wholes(body, &whole, offer) {
        return true;
    }
    // Two changes: two of the JSON's form, or one and a change of the whole.
    for (one, style) in &singles {
        for (other, second) in &singles {
            if one.id < other.id
                && let Some(both) = json.joined(*style, *second)
                && offer_changed(body, &[one, other], json.write(both), offer)
            {
                return true;
            }
        }
    }
    for (one, style) in &singles {
        let written = json.write(*style);
        if written == body {
            continue;
        }
        for (other, changed) in wholes(&written) {
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
        out.push((BODY_LINE_ENDS, with_crlf(&without_cr(body))));
        out.push((BODY_LINE_ENDS, without_cr(body)));
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
            out.push((BODY_UNICODE, text.nfc().collect::<String>().into_bytes()));
            out.push((BODY_UNICODE, text.nfd().collect::<String>().into_bytes()));
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
    let mut bytes = body.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte != b'\r' || bytes.peek() != Some(&&b'\n') {
            out.push(byte);
        }
    }
    out
}

fn with_crlf(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 16);
    for &byte in body {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

/// The text in Latin-1, if all of it is.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect()
}

/// The bytes taken for Latin-1 and written as UTF-8.
fn twice(body: &[u8]) -> Vec<u8> {
    let text: String = body.iter().map(|&byte| char::from(byte)).collect();
    text.into_bytes()
}

/// The text with a question mark for whatever is not ASCII.
fn questioned(text: &str) -> Vec<u8> {
    let ascii = |character: char| u8::try_from(character).unwrap_or(b'?');
    text.chars()
        .map(|character| {
            if character.is_ascii() {
                ascii(character)
            } else {
                b'?'
            }
        })
        .collect()
}

/// A JSON body, and the style that it is written in.
struct Json<'a> {
    node: Node<'a>,
    /// White space before and behind.
    around: (&'a str, &'a str),
    style: Style,
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
        let space = SPACES
            .into_iter()
            .find(|space| json::write(&node, plain(*space)) == unix);
        Some(Self {
            node,
            around: (before, after),
            // White space of no known style is changed by every rewriting.
            style: plain(space.unwrap_or(Space::None)),
        })
    }

    fn write(&self, style: Style) -> Vec<u8> {
        let (before, after) = self.around;
        format!("{before}{}{after}", json::write(&self.node, style)).into_bytes()
    }

    /// Every style that differs from the body's own in one thing.
    fn singles(&self) -> Vec<(Defect, Style)> {
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
            .collect()
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
