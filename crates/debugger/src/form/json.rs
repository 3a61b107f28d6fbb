//! JSON as it is written: order, white space, escapes and numbers are kept, so that one of them can be
//! changed and the others left as they are.

use serde_json::Value;

/// How deep a value may be nested.
const DEPTH: usize = 128;

/// A value as it is written.
pub(super) enum Node<'a> {
    Object(Vec<(Text<'a>, Node<'a>)>),
    Array(Vec<Node<'a>>),
    Text(Text<'a>),
    Number(&'a str),
    /// `true`, `false` or `null`.
    Word(&'a str),
}

/// A text with its quotes and escapes.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    quoted: &'a str,
    /// What it has of that which styles differ in, so that most texts are written as they are.
    has: u8,
}

/// An escape, or what should be one.
const ESCAPES: u8 = 1;
/// A character beyond ASCII.
const BEYOND_ASCII: u8 = 2;
const SLASHES: u8 = 4;
/// `<`, `>` or `&`.
const HTML: u8 = 8;

/// What a text has that has this byte.
const fn has(byte: u8) -> u8 {
    match byte {
        b'\\' | 0..b' ' => ESCAPES,
        0x80.. => BEYOND_ASCII,
        b'/' => SLASHES,
        b'<' | b'>' | b'&' => HTML,
        _ => 0,
    }
}

/// White space between tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// None at all.
    None,
    /// After commas and colons, as Python's `json.dumps` has it.
    Both,
    /// After colons alone.
    Colon,
    /// A line for each member, indented by so many spaces; 0 is a tab.
    Lines(usize),
}

/// How strings are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// As they are.
    AsWritten,
    /// What has to be.
    Least,
    /// Everything beyond ASCII, with hex digits in lower case.
    Ascii,
    /// What has to be, and slashes.
    Slashes,
    /// Everything beyond ASCII, and slashes: PHP's `json_encode`.
    AsciiSlashes,
    /// What has to be, and `<`, `>`, `&`: Go's `encoding/json`.
    Html,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// As they are.
    AsWritten,
    /// Whole numbers with `.0`.
    Float,
    /// Without a fraction of zeros.
    Whole,
    /// Numbers in quotes.
    Quoted,
    /// Texts that are numbers without quotes.
    Unquoted,
}

/// A way to write a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) space: Space,
    pub(super) sorted: bool,
    pub(super) escapes: Escapes,
    pub(super) numbers: Numbers,
}

/// Reads a text; `None` if it is not JSON of a bounded depth, or is a lone scalar.
pub(super) fn read(text: &str) -> Option<Node<'_>> {
    let mut reader = Reader { rest: text };
    reader.blank();
    if !reader.rest.starts_with(['{', '[']) {
        return None;
    }
    let node = reader.value(0)?;
    reader.blank();
    reader.rest.is_empty().then_some(node)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, character: char) -> Option<()> {
        self.blank();
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        if depth > DEPTH {
            return None;
        }
        self.blank();
        match self.rest.chars().next()? {
            '{' => self.object(depth),
            '[' => self.array(depth),
            '"' => self.text().map(Node::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node<'a>> {
        self.eat('{')?;
        let mut members = Vec::new();
        if self.eat('}').is_some() {
            return Some(Node::Object(members));
        }
        loop {
            self.blank();
            let name = self.text()?;
            self.eat(':')?;
            members.push((name, self.value(depth + 1)?));
            if self.eat(',').is_none() {
                self.eat('}')?;
                return Some(Node::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Node<'a>> {
        self.eat('[')?;
        let mut items = Vec::new();
        if self.eat(']').is_some() {
            return Some(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.eat(',').is_none() {
                self.eat(']')?;
                return Some(Node::Array(items));
            }
        }
    }

    fn text(&mut self) -> Option<Text<'a>> {
        let mut escaped = false;
        let mut kinds = 0;
        let within = self.rest.strip_prefix('"')?;
        for (at, byte) in within.bytes().enumerate() {
            kinds |= has(byte);
            match byte {
                b'"' if !escaped => {
                    let (quoted, rest) = self.rest.split_at_checked(at + 2)?;
                    self.rest = rest;
                    return Some(Text { quoted, has: kinds });
                }
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        None
    }

    fn word(&mut self) -> Option<Node<'a>> {
        let of_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let end = self.rest.find(|c| !of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        match word {
            "true" | "false" | "null" => Some(Node::Word(word)),
            _ => is_number(word).then_some(Node::Number(word)),
        }
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && matches!(serde_json::from_str(word), Ok(Value::Number(_)))
}

/// Writes `node` in `style` at the end of `out`.
pub(super) fn write(out: &mut String, node: &Node<'_>, style: Style) {
    let changes = |byte: u8| match style.escapes {
        Escapes::AsWritten => false,
        _ if byte == b'"' || byte == b'\\' || byte < b' ' => true,
        Escapes::Least => false,
        Escapes::Ascii => !byte.is_ascii(),
        Escapes::Slashes => byte == b'/',
        Escapes::AsciiSlashes => byte == b'/' || !byte.is_ascii(),
        Escapes::Html => b"<>&".contains(&byte),
    };
    let changed = std::array::from_fn(|byte| u8::try_from(byte).is_ok_and(changes));
    let changing = match style.escapes {
        Escapes::AsWritten => 0,
        Escapes::Least => ESCAPES,
        Escapes::Ascii => ESCAPES | BEYOND_ASCII,
        Escapes::Slashes => ESCAPES | SLASHES,
        Escapes::AsciiSlashes => ESCAPES | BEYOND_ASCII | SLASHES,
        Escapes::Html => ESCAPES | HTML,
    };
    let mut writer = Writer {
        out,
        style,
        changing,
        changed,
    };
    writer.put(node, 0);
}

struct Writer<'o> {
    out: &'o mut String,
    style: Style,
    /// What a text must have to be written in another way than it is.
    changing: u8,
    /// Of each byte whether the character that it begins is written as an escape.
    changed: [bool; 256],
}

impl Writer<'_> {
    fn put(&mut self, node: &Node<'_>, depth: usize) {
        match node {
            Node::Object(members) if self.style.sorted => {
                let mut order: Vec<_> = members.iter().collect();
                order.sort_by_key(|(name, _)| name.quoted);
                self.put_all(('{', '}'), order.into_iter(), depth, Self::put_member);
            }
            Node::Object(members) => {
                self.put_all(('{', '}'), members.iter(), depth, Self::put_member);
            }
            Node::Array(items) => self.put_all(('[', ']'), items.iter(), depth, Self::put),
            Node::Text(text) if self.style.numbers == Numbers::Unquoted => {
                match text.quoted.trim_matches('"') {
                    number if is_number(number) => self.out.push_str(number),
                    _ => self.put_text(*text),
                }
            }
            Node::Text(text) => self.put_text(*text),
            Node::Number(number) => self.put_number(number),
            Node::Word(word) => self.out.push_str(word),
        }
    }

    fn put_member(&mut self, (name, value): &(Text<'_>, Node<'_>), depth: usize) {
        self.put_text(*name);
        self.out.push_str(match self.style.space {
            Space::None => ":",
            _ => ": ",
        });
        self.put(value, depth);
    }

    fn put_all<T>(
        &mut self,
        (open, close): (char, char),
        items: impl ExactSizeIterator<Item = T>,
        depth: usize,
        mut each: impl FnMut(&mut Self, T, usize),
    ) {
        self.out.push(open);
        let some = items.len() > 0;
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.out.push_str(match self.style.space {
                    Space::Both => ", ",
                    _ => ",",
                });
            }
            self.new_line(depth + 1);
            each(self, item, depth + 1);
        }
        if some {
            self.new_line(depth);
        }
        self.out.push(close);
    }

    fn new_line(&mut self, depth: usize) {
        let Space::Lines(width) = self.style.space else {
            return;
        };
        self.out.push('\n');
        let (blanks, mut count) = match width {
            0 => ("\t\t\t\t\t\t\t\t", depth),
            width => ("                ", depth * width),
        };
        while count > 0 {
            let some = blanks.get(..count).unwrap_or(blanks);
            self.out.push_str(some);
            count -= some.len();
        }
    }

    fn put_number(&mut self, number: &str) {
        let out = &mut *self.out;
        match self.style.numbers {
            Numbers::Float if !number.contains(['.', 'e', 'E']) => {
                out.push_str(number);
                out.push_str(".0");
            }
            Numbers::Whole if !number.contains(['e', 'E']) => {
                let short = match number.contains('.') {
                    true => number.trim_end_matches('0').trim_end_matches('.'),
                    false => number,
                };
                out.push_str(short);
            }
            Numbers::Quoted => {
                out.push('"');
                out.push_str(number);
                out.push('"');
            }
            _ => out.push_str(number),
        }
    }

    fn put_text(&mut self, Text { quoted, has }: Text<'_>) {
        if has & self.changing == 0 {
            return self.out.push_str(quoted);
        }
        let unescaped: String;
        let text = match has & ESCAPES != 0 {
            false => quoted
                .get(1..quoted.len().saturating_sub(1))
                .unwrap_or_default(),
            true => match serde_json::from_str(quoted) {
                Ok(text) => {
                    unescaped = text;
                    &unescaped
                }
                // An escape that stands for no character stays as it is.
                Err(_) => return self.out.push_str(quoted),
            },
        };
        let Self { out, changed, .. } = self;
        out.push('"');
        let mut rest = text;
        let is_changed = |byte: u8| changed.get(usize::from(byte)) == Some(&true);
        while let Some(at) = rest.bytes().position(is_changed) {
            let (same, from) = rest.split_at(at);
            out.push_str(same);
            let mut characters = from.chars();
            match characters.next() {
                Some('"') => out.push_str("\\\""),
                Some('\\') => out.push_str("\\\\"),
                Some('\n') => out.push_str("\\n"),
                Some('\r') => out.push_str("\\r"),
                Some('\t') => out.push_str("\\t"),
                Some('\u{8}') => out.push_str("\\b"),
                Some('\u{c}') => out.push_str("\\f"),
                Some('/') => out.push_str("\\/"),
                Some(character) => put_escape(out, character),
                None => {}
            }
            rest = characters.as_str();
        }
        out.push_str(rest);
        out.push('"');
    }
}

fn put_escape(out: &mut String, character: char) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            let digit = usize::from(*unit >> shift & 0xF);
            out.extend(DIGITS.get(digit).map(|&digit| char::from(digit)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style {
        space: Space::None,
        sorted: false,
        escapes: Escapes::AsWritten,
        numbers: Numbers::AsWritten,
    };

    fn rewritten(text: &str, style: Style) -> String {
        let mut out = String::new();
        write(&mut out, &read(text).unwrap(), style);
        out
    }

    #[test]
    fn what_is_not_changed_stays_as_it_is_written() {
        let text = r#"{"b":1.50,"a":["\u00e9\/",-0,1E5,true,null,{}],"b":2}"#;
        assert_eq!(rewritten(text, PLAIN), text);
        // No escape of this one stands for a character.
        let least = Style {
            escapes: Escapes::Least,
            ..PLAIN
        };
        assert_eq!(
            rewritten(r#"["\ud800","\u002f\n\""]"#, least),
            r#"["\ud800","/\n\""]"#
        );
    }

    #[test]
    fn each_axis_changes_what_it_names() {
        let text = r#"{"b":1,"a":["é/<",{}]}"#;
        let spaced = Style {
            space: Space::Both,
            ..PLAIN
        };
        assert_eq!(rewritten(text, spaced), r#"{"b": 1, "a": ["é/<", {}]}"#);
        let lines = Style {
            space: Space::Lines(2),
            ..PLAIN
        };
        let value: Value = serde_json::from_str(r#"{"a":["é/<",{}],"b":1}"#).unwrap();
        let sorted = Style {
            sorted: true,
            ..lines
        };
        assert_eq!(
            rewritten(text, sorted),
            serde_json::to_string_pretty(&value).unwrap()
        );
        let php = Style {
            escapes: Escapes::AsciiSlashes,
            ..PLAIN
        };
        assert_eq!(rewritten(text, php), r#"{"b":1,"a":["\u00e9\/<",{}]}"#);
        let float = Style {
            numbers: Numbers::Float,
            ..PLAIN
        };
        assert_eq!(rewritten(text, float), r#"{"b":1.0,"a":["é/<",{}]}"#);
        assert_eq!(
            rewritten(
                "[1.0,1.50,10,\"7\"]",
                Style {
                    numbers: Numbers::Whole,
                    ..PLAIN
                }
            ),
            "[1,1.5,10,\"7\"]"
        );
    }

    #[test]
    fn what_is_not_json_is_not_read() {
        for text in [
            "",
            "1",
            "{",
            "{\"a\"}",
            "[1,]",
            "{\"a\":1}x",
            "[\"\\",
            "[nope]",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_none());
    }
}
