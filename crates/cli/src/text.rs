//! Text for people: tables, counts, durations, and foreign text made harmless.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anstyle::Style;

use crate::style::DIM;

/// `text` with control characters escaped, so that a name or an answer from elsewhere can't move
/// the cursor or colour the terminal. Line ends and tabs stay if `multiline`.
pub(crate) fn printable(text: &str, multiline: bool) -> Cow<'_, str> {
    let harmless = |character: char| {
        !is_deceptive(character) || (multiline && matches!(character, '\n' | '\t'))
    };
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|character| {
            if harmless(character) {
                character.to_string()
            } else {
                character.escape_unicode().to_string()
            }
        })
        .collect()
}

/// Control characters, and those that reorder or hide what stands beside them.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `1 key`, `2 keys`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// Milliseconds as a person reads them: `0.42 ms`, `12 ms`, `1.3 s`.
pub(crate) fn milliseconds(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2} ms")
    } else if value < 1_000.0 {
        format!("{value:.0} ms")
    } else {
        format!("{:.1} s", value / 1_000.0)
    }
}

/// A cell: its text and its style.
pub(crate) struct Cell(String, Style);

impl Cell {
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::new())
    }

    pub(crate) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self(printable(text.as_ref(), false).into_owned(), style)
    }

    /// The text, or a dash where there is nothing.
    pub(crate) fn optional(text: Option<&str>) -> Self {
        match text {
            Some(text) if !text.is_empty() => Self::plain(text),
            _ => Self::styled("-", DIM),
        }
    }
}

/// Columns aligned under their headings.
pub(crate) struct Table {
    headings: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(headings: &'static [&'static str]) -> Self {
        Self {
            headings,
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.0.chars().count())
                .chain(self.headings.get(column).map(|heading| heading.len()))
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let line = |out: &mut dyn Write, cells: &[(&str, Style)]| -> io::Result<()> {
            for (column, ((text, style), width)) in cells.iter().zip(&widths).enumerate() {
                let gap = if column + 1 == cells.len() {
                    0
                } else {
                    width.saturating_sub(text.chars().count()) + 2
                };
                write!(out, "{style}{text}{style:#}{:gap$}", "")?;
            }
            writeln!(out)
        };
        let headings: Vec<_> = self.headings.iter().map(|text| (*text, DIM)).collect();
        line(out, &headings)?;
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(|cell| (cell.0.as_str(), cell.1)).collect();
            line(out, &cells)?;
        }
        Ok(())
    }
}

/// A row alone, as in a stream whose widths nobody knows.
pub(crate) fn row(out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
    for (column, Cell(text, style)) in cells.iter().enumerate() {
        let gap = if column == 0 { "" } else { "  " };
        write!(out, "{gap}{style}{text}{style:#}")?;
    }
    writeln!(out)
}

/// Names on the left, facts on the right.
pub(crate) fn facts(out: &mut dyn Write, rows: &[(&str, Cell)]) -> io::Result<()> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, Cell(text, style)) in rows {
        writeln!(out, "{DIM}{name:width$}{DIM:#}  {style}{text}{style:#}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(printable("plain – schlüssel", false), "plain – schlüssel");
        assert_eq!(printable("\u{1b}[2Jgone", false), "\\u{1b}[2Jgone");
        assert_eq!(printable("a\nb\tc", true), "a\nb\tc");
        assert_eq!(printable("a\nb", false), "a\\u{a}b");
        assert_eq!(printable("\u{202e}txt.exe", true), "\\u{202e}txt.exe");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["NAME", "ID"]);
        table.row([Cell::plain("päyments"), Cell::plain("1")]);
        table.row([Cell::plain("x"), Cell::optional(None)]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "NAME      ID\npäyments  1\nx         -\n"
        );
    }

    #[test]
    fn durations_keep_two_or_three_digits() {
        assert_eq!(milliseconds(0.4242), "0.42 ms");
        assert_eq!(milliseconds(12.4), "12 ms");
        assert_eq!(milliseconds(1_340.0), "1.3 s");
    }
}
