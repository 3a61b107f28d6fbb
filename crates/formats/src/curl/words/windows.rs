//! The shells of Windows: cmd and PowerShell.

use super::{Cutter, is_word};

impl Cutter<'_> {
    /// Windows cmd: `^` before any character outside of quotes, then the quoting of the C runtime.
    pub(super) fn cmd(&mut self, c: char, start: usize) {
        match c {
            '^' => match self.bump() {
                Some('\n') => self.joined(),
                Some('\r') if self.peek() == Some('\n') => {
                    self.bump();
                    self.joined();
                }
                // `^"` quotes for the C runtime only, so `^` keeps its meaning within.
                Some('"') => self.cmd_double(true, start),
                Some(c) => self.push(c),
                None => self.joined(),
            },
            '"' => self.cmd_double(false, start),
            '%' => self.percent(),
            '\\' if self.peek() == Some('"') => {
                self.bump();
                self.push('"');
            }
            _ => self.push(c),
        }
    }

    fn cmd_double(&mut self, carets: bool, start: usize) {
        self.push_nothing();
        while let Some(mut c) = self.bump() {
            let mut escaped = false;
            if carets && c == '^' {
                match self.bump() {
                    // A line end within quotes is written `^`, line end, line end.
                    Some('\n') => {
                        if self.peek() == Some('\n') {
                            self.bump();
                            self.push('\n');
                        }
                        continue;
                    }
                    Some('\r') => continue,
                    Some(next) => {
                        c = next;
                        escaped = true;
                    }
                    None => break,
                }
            }
            match c {
                '"' if !carets && self.peek() == Some('"') => {
                    self.bump();
                    self.push('"');
                }
                '"' if carets == escaped => return,
                '\\' => match (self.peek(), carets) {
                    (Some('"'), _) => {
                        self.bump();
                        self.push('"');
                    }
                    (Some('^'), true)
                        if self
                            .text
                            .get(self.at + 1..)
                            .is_some_and(|rest| rest.starts_with('"')) =>
                    {
                        self.bump();
                        self.bump();
                        self.push('"');
                    }
                    (Some('\\'), _) => {
                        self.bump();
                        self.push('\\');
                    }
                    (Some('^'), true)
                        if self
                            .text
                            .get(self.at + 1..)
                            .is_some_and(|rest| rest.starts_with('\\')) =>
                    {
                        self.bump();
                        self.bump();
                        self.push('\\');
                    }
                    _ => self.push('\\'),
                },
                '%' if !escaped => self.percent(),
                _ => self.push(c),
            }
        }
        self.open_quote(start);
    }

    /// `%NAME%`; a percent-encoded character is none.
    fn percent(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if let Some((name, _)) = rest.split_once('%')
            && name.len() >= 3
            && name.chars().all(is_word)
            && !name.starts_with(|c: char| c.is_ascii_digit())
        {
            let name = name.to_owned();
            self.at += name.len() + 1;
            self.variable(&name);
        } else {
            self.push('%');
        }
    }

    /// PowerShell: backticks, doubled quotes, `$name` and `$env:NAME`. Quotes within a word are written
    /// `\"` there, since older versions hand them to programs so.
    pub(super) fn power_shell(&mut self, c: char, start: usize) {
        match c {
            '`' => self.escape(),
            '\'' => {
                self.push_nothing();
                while let Some(c) = self.bump() {
                    match c {
                        '\'' if self.peek() == Some('\'') => {
                            self.bump();
                            self.push('\'');
                        }
                        '\'' => return,
                        '\\' if self.peek() == Some('"') => {
                            self.bump();
                            self.push('"');
                        }
                        _ => self.push(c),
                    }
                }
                self.open_quote(start);
            }
            '"' => self.power_shell_double(start),
            '$' => self.power_shell_variable(start),
            _ => self.push(c),
        }
    }

    fn power_shell_double(&mut self, start: usize) {
        self.push_nothing();
        while let Some(c) = self.bump() {
            let at = self.at - c.len_utf8();
            match c {
                '"' if self.peek() == Some('"') => {
                    self.bump();
                    self.push('"');
                }
                '"' => return,
                '\\' if self.peek() == Some('"') => {
                    self.bump();
                    self.push('"');
                }
                '\\' if self
                    .text
                    .get(self.at..)
                    .is_some_and(|rest| rest.starts_with("`\"")) =>
                {
                    self.bump();
                    self.bump();
                    self.push('"');
                }
                '`' => match self.bump() {
                    Some('n') => self.push('\n'),
                    Some('r') => self.push('\r'),
                    Some('t') => self.push('\t'),
                    Some('0') => self.push('\0'),
                    Some(c) => self.push(c),
                    None => {}
                },
                '$' => self.power_shell_variable(at),
                _ => self.push(c),
            }
        }
        self.open_quote(start);
    }

    fn power_shell_variable(&mut self, start: usize) {
        match self.peek() {
            Some('(') => {
                self.bump();
                self.substitution(')', start);
            }
            Some('{') => {
                self.bump();
                let name = self.take_while(|c| c != '}' && c != '\n');
                self.bump();
                self.variable(name.strip_prefix("env:").unwrap_or(&name));
            }
            Some(c) if c.is_alphabetic() || c == '_' => {
                let name = self.take_while(|c| is_word(c) || c == ':');
                self.variable(name.strip_prefix("env:").unwrap_or(&name));
            }
            _ => self.push('$'),
        }
    }
}
