//! JSON as it is written: order, white space, escapes and numbers are kept, so that one of them can be
//! changed and the others left as they are.

use serde_json::Value;

/// How deep a value may be nested.
const DEPTH: usize = 128;

/// A value as it is written.
pub(super) enum Node<'a> {
    Object(Vec<(&'a str, Node<'a>)>),
    Array(Vec<Node<'a>>),
    /// With its quotes and escapes.
    Text(&'a str),
    /// A number, `true`, `false` or `null`.
    Word(&'a str),
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
            _ => self.word().map(Node::Word),
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

    fn text(&mut self) -> Option<&'a str> {
        let mut escaped = false;
        let within = self.rest.strip_prefix('"')?;
        for (at, byte) in within.bytes().enumerate() {
            match byte {
                b'"' if !escaped => {
                    let (text, rest) = self.rest.split_at_checked(at + 2)?;
                    self.rest = rest;
                    return Some(text);
                }
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        None
    }

    fn word(&mut self) -> Option<&'a str> {
        let of_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let end = self.rest.find(|c| !of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let known = matches!(word, "true" | "false" | "null") || is_number(word);
        known.then_some(word)
    }
}

fn is_number(word: &str) -> bool {
    matches!(serde_json::from_str(word), Ok(Value::Number(_)))
}

/// Writes `node` in `style`.
pub(super) fn write(node: &Node<'_>, style: Style) -> String {
    let mut out = String::new();
    put(&mut out, node, style, 0);
    out
}

fn put(out: &mut String, node: &Node<'_>, style: Style, depth: usize) {
    match node {
        Node::Object(members) => {
            let mut order: Vec<_> = members.iter().collect();
            if style.sorted {
                order.sort_by_key(|(name, _)| *name);
            }
            put_all(
                out,
                ('{', '}'),
                order.into_iter(),
                style,
                depth,
                |out, (name, value)| {
                    put_text(out, name, style.escapes);
                    out.push(':');
                    if style.space != Space::None {
                        out.push(' ');
                    }
                    put(out, value, style, depth + 1);
                },
            );
        }
        Node::Array(items) => {
            put_all(out, ('[', ']'), items.iter(), style, depth, |out, item| {
                put(out, item, style, depth + 1);
            });
        }
        Node::Text(text) => {
            let number = text.trim_matches('"');
            if style.numbers == Numbers::Unquoted && is_number(number) {
                out.push_str(number);
            } else {
                put_text(out, text, style.escapes);
            }
        }
        Node::Word(word) => put_word(out, word, style.numbers),
    }
}

fn put_all<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl ExactSizeIterator<Item = T>,
    style: Style,
    depth: usize,
    mut each: impl FnMut(&mut String, T),
) {
    out.push(open);
    let some = items.len() > 0;
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
            if style.space == Space::Both {
                out.push(' ');
            }
        }
        new_line(out, style.space, depth + 1);
        each(out, item);
    }
    if some {
        new_line(out, style.space, depth);
    }
    out.push(close);
}

fn new_line(out: &mut String, space: Space, depth: usize) {
    let Space::Lines(width) = space else { return };
    out.push('\n');
    for _ in 0..depth {
        match width {
            0 => out.push('\t'),
            width => out.extend(std::iter::repeat_n(' ', width)),
        }
    }
}

fn put_word(out: &mut String, word: &str, numbers: Numbers) {
    let is_whole = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
        && is_number(word);
    match numbers {
        Numbers::Float if is_whole => {
            out.push_str(word);
            out.push_str(".0");
        }
        Numbers::Whole if is_number(word) && !word.contains(['e', 'E']) => {
            let short = match word.split_once('.') {
                Some((_, fraction)) if !fraction.is_empty() => {
                    word.trim_end_matches('0').trim_end_matches('.')
                }
                _ => word,
            };
            out.push_str(short);
        }
        Numbers::Quoted if is_number(word) => {
            out.push('"');
            out.push_str(word);
            out.push('"');
        }
        _ => out.push_str(word),
    }
}

fn put_text(out: &mut String, quoted: &str, escapes: Escapes) {
    if escapes == Escapes::AsWritten {
        return out.push_str(quoted);
    }
    let Ok(text) = serde_json::from_str::<String>(quoted) else {
        // An escape that stands for no character stays as it is.
        return out.push_str(quoted);
    };
    let (ascii, slashes, html) = match escapes {
        Escapes::Ascii => (true, false, false),
        Escapes::Slashes => (false, true, false),
        Escapes::AsciiSlashes => (true, true, false),
        Escapes::Html => (false, false, true),
        Escapes::AsWritten | Escapes::Least => (false, false, false),
    };
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if slashes => out.push_str("\\/"),
            '<' | '>' | '&' if html => put_escape(out, character),
            _ if character < ' ' || (ascii && !character.is_ascii()) => put_escape(out, character),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn put_escape(out: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
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
        write(&read(text).unwrap(), style)
    }

    #[test]
    fn what_is_not_changed_stays_as_it_is_written() {
        let text = r#"{"b":1.50,"a":["\u00e9\/",-0,1E5,true,null,{}],"b":2}"#;
        assert_eq!(rewritten(text, PLAIN), text);
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
