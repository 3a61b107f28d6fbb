//! A command line cut into words, as the shell it was written for would cut it. Variables of the shell
//! become placeholders.

mod windows;

use crate::{
    problem::{Place, Problem},
    template::{self, Piece, Placeholder, Template},
};

/// A word, as a template, and where it begins.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) offset: usize,
}

/// The words of each command of a text.
pub(super) struct Commands {
    pub(super) commands: Vec<Vec<Word>>,
    pub(super) problems: Vec<Problem>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Posix,
    Cmd,
    PowerShell,
}

pub(super) fn commands(text: &str) -> Commands {
    let mut cutter = Cutter {
        text,
        at: 0,
        shell: shell_of(text),
        pieces: Vec::new(),
        begun: None,
        words: Vec::new(),
        commands: Vec::new(),
        problems: Vec::new(),
    };
    cutter.run();
    Commands {
        commands: cutter.commands,
        problems: cutter.problems,
    }
}

/// By what only one of them writes: `^` at a line's end or before the first quote, a backtick at a line's end.
/// What single quotes hold tells nothing: it may be anything.
fn shell_of(text: &str) -> Quoting {
    let ends_with = |text: &str, c: char| {
        text.lines()
            .rev()
            .skip(1)
            .any(|line| line.trim_end().ends_with(c))
    };
    let before = |quotes: &[char]| {
        let at = text.find(quotes).unwrap_or(text.len());
        text.get(..at).unwrap_or_default()
    };
    let opens_with_caret = before(&['\'', '"']).ends_with('^');
    // A single quote is a character like any other in cmd, so where one stands its text can't be left out.
    if opens_with_caret || ends_with(before(&['\'']), '^') {
        return Quoting::Cmd;
    }
    let telling = without_single_quoted(text);
    if ends_with(&telling, '`')
        || telling.contains("$env:")
        || text.trim_start().starts_with("curl.exe '")
    {
        Quoting::PowerShell
    } else {
        Quoting::Posix
    }
}

/// The text without what stands in single quotes, in a shell for which they quote.
fn without_single_quoted(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut double = false;
    while let Some(c) = chars.next() {
        if c == '\'' && !double {
            // In `$'...'` a backslash escapes.
            let escapes = left.ends_with('$');
            while let Some(quoted) = chars.next() {
                match quoted {
                    '\'' => break,
                    '\\' if escapes => drop(chars.next()),
                    _ => {}
                }
            }
            continue;
        }
        left.push(c);
        match c {
            '"' => double = !double,
            '\\' => left.extend(chars.next()),
            _ => {}
        }
    }
    left
}

struct Cutter<'a> {
    text: &'a str,
    at: usize,
    shell: Quoting,
    pieces: Vec<Piece>,
    begun: Option<usize>,
    words: Vec<Word>,
    commands: Vec<Vec<Word>>,
    problems: Vec<Problem>,
}

impl Cutter<'_> {
    fn run(&mut self) {
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                ' ' | '\t' | '\r' => {
                    self.bump();
                    self.end_word();
                }
                '\n' => {
                    self.bump();
                    self.end_command();
                }
                '#' if self.begun.is_none() && self.shell != Quoting::Cmd => self.skip_line(),
                ';' | '|' | '&' if self.shell != Quoting::Cmd => {
                    self.bump();
                    self.end_command();
                }
                '&' | '|' => {
                    self.bump();
                    self.end_command();
                }
                '<' | '>' if self.shell == Quoting::Posix => {
                    self.bump();
                    self.end_word();
                    self.problem(
                        start,
                        "a redirection of the shell is not followed; what it would read is missing",
                    );
                    self.skip_redirection();
                }
                _ => {
                    self.begun.get_or_insert(start);
                    self.bump();
                    match self.shell {
                        Quoting::Posix => self.posix(c, start),
                        Quoting::Cmd => self.cmd(c, start),
                        Quoting::PowerShell => self.power_shell(c, start),
                    }
                }
            }
        }
        self.end_command();
    }

    /// POSIX shells and bash (POSIX.1-2024, XCU 2.2; bash's `$'…'`).
    fn posix(&mut self, c: char, start: usize) {
        match c {
            '\\' => self.escape(),
            '\'' => self.until_quote('\'', start),
            '"' => self.posix_double(start),
            '$' if self.peek() == Some('\'') => {
                self.bump();
                self.ansi_c(start);
            }
            '$' if self.peek() == Some('"') => {
                self.bump();
                self.posix_double(start);
            }
            '$' => self.dollar(start),
            '`' => self.substitution('`', start),
            _ => self.push(c),
        }
    }

    /// A backslash outside of quotes: before a line end it joins lines.
    fn escape(&mut self) {
        match self.bump() {
            Some('\n') => self.joined(),
            Some('\r') if self.peek() == Some('\n') => {
                self.bump();
                self.joined();
            }
            Some(c) => self.push(c),
            None => self.joined(),
        }
    }

    /// A joined line begins no word by itself.
    fn joined(&mut self) {
        if self.pieces.is_empty() && self.begun.is_some_and(|begun| self.is_join(begun)) {
            self.begun = None;
        }
    }

    /// Whether nothing but the continuation stands since `begun`.
    fn is_join(&self, begun: usize) -> bool {
        self.text
            .get(begun..self.at)
            .is_some_and(|since| since.trim_end().len() <= 1)
    }

    fn until_quote(&mut self, quote: char, start: usize) {
        while let Some(c) = self.bump() {
            if c == quote {
                self.push_nothing();
                return;
            }
            self.push(c);
        }
        self.open_quote(start);
    }

    fn posix_double(&mut self, start: usize) {
        self.push_nothing();
        while let Some(c) = self.bump() {
            let at = self.at - c.len_utf8();
            match c {
                '"' => return,
                '\\' => match self.peek() {
                    Some('\n') => {
                        self.bump();
                    }
                    Some(next @ ('"' | '\\' | '$' | '`')) => {
                        self.bump();
                        self.push(next);
                    }
                    _ => self.push('\\'),
                },
                '$' => self.dollar(at),
                '`' => self.substitution('`', at),
                _ => self.push(c),
            }
        }
        self.open_quote(start);
    }

    /// `$'…'` of bash: escapes as in C.
    fn ansi_c(&mut self, start: usize) {
        self.push_nothing();
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(c) = self.bump() {
            if c == '\'' {
                match String::from_utf8(bytes) {
                    Ok(text) => self.push_text(&text),
                    Err(error) => {
                        self.problem(
                            start,
                            "the escapes in $'…' make no UTF-8; U+FFFD stands for what is none",
                        );
                        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                        self.push_text(&text);
                    }
                }
                return;
            }
            let mut push = |c: char| bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            if c != '\\' {
                push(c);
                continue;
            }
            match self.bump() {
                Some('n') => push('\n'),
                Some('t') => push('\t'),
                Some('r') => push('\r'),
                Some('a') => push('\u{7}'),
                Some('b') => push('\u{8}'),
                Some('e' | 'E') => push('\u{1b}'),
                Some('f') => push('\u{c}'),
                Some('v') => push('\u{b}'),
                Some('x') => bytes.extend(self.digits(16, 2).and_then(|n| u8::try_from(n).ok())),
                Some('u') => push(
                    self.digits(16, 4)
                        .and_then(char::from_u32)
                        .unwrap_or('\u{fffd}'),
                ),
                Some('U') => push(
                    self.digits(16, 8)
                        .and_then(char::from_u32)
                        .unwrap_or('\u{fffd}'),
                ),
                Some(digit @ '0'..='7') => {
                    let rest = self.digits_after(digit);
                    bytes.push(rest);
                }
                Some(c) => {
                    if !matches!(c, '\\' | '\'' | '"' | '?') {
                        push('\\');
                    }
                    push(c);
                }
                None => break,
            }
        }
        self.open_quote(start);
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let mut number = None;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            self.bump();
            number = Some(
                number
                    .unwrap_or(0_u32)
                    .wrapping_mul(radix)
                    .wrapping_add(digit),
            );
        }
        number
    }

    /// An octal escape of up to three digits, the first of which has been read.
    fn digits_after(&mut self, first: char) -> u8 {
        let mut number = first.to_digit(8).unwrap_or_default();
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.bump();
            number = number * 8 + digit;
        }
        u8::try_from(number & 0xff).unwrap_or_default()
    }

    /// `$NAME`, `${NAME}`, `$(…)`.
    fn dollar(&mut self, start: usize) {
        match self.peek() {
            Some('{') => {
                self.bump();
                let name = self.take_while(|c| c != '}' && c != '\n');
                self.bump();
                let plain: String = name.chars().take_while(|c| is_word(*c)).collect();
                if plain != name {
                    self.problem(
                        start,
                        "only the plain form ${NAME} of a shell variable is understood",
                    );
                }
                self.variable(&plain);
            }
            Some('(') => {
                self.bump();
                self.substitution(')', start);
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.take_while(is_word);
                self.variable(&name);
            }
            _ => self.push('$'),
        }
    }

    /// The output of a command is not known here.
    fn substitution(&mut self, close: char, start: usize) {
        let mut depth = 1_usize;
        while let Some(c) = self.bump() {
            if c == close {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            } else if close == ')' && c == '(' {
                depth += 1;
            }
        }
        self.problem(
            start,
            "a command within the command line is not run; {{command}} stands for its output",
        );
        self.variable("command");
    }

    fn variable(&mut self, name: &str) {
        let name = template::as_name(name);
        self.pieces
            .push(Piece::Placeholder(Placeholder::Variable(name)));
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.bump();
        }
    }

    /// What a redirection names.
    fn skip_redirection(&mut self) {
        while self
            .peek()
            .is_some_and(|c| matches!(c, '<' | '>' | '&' | ' ' | '-'))
        {
            self.bump();
        }
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.bump();
        }
    }

    fn take_while(&mut self, taken: impl Fn(char) -> bool) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c| !taken(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default().to_owned()
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn push(&mut self, c: char) {
        self.push_text(c.encode_utf8(&mut [0; 4]));
    }

    /// Quotes make a word, even of nothing.
    fn push_nothing(&mut self) {
        self.push_text("");
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn end_word(&mut self) {
        if let Some(offset) = self.begun.take() {
            let template: Template = std::mem::take(&mut self.pieces).into_iter().collect();
            self.words.push(Word {
                text: template.to_string(),
                offset,
            });
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }

    fn open_quote(&mut self, start: usize) {
        self.problem(
            start,
            "this quote is not closed; it is taken to go to the end",
        );
    }

    fn problem(&mut self, offset: usize, message: &str) {
        self.problems
            .push(Problem::new(Place::at(self.text, offset), message));
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
