//! A text as rows that can be shown one by one: its lines, with long ones broken.

use strongroom_contract::answer::{BodyMatch, BodyMatches, BodyRow};

/// No row is longer than this, in bytes, so that a minified body scrolls as well as any other.
const LONGEST: usize = 512;
/// As many places of what was looked for are named; all are counted.
const NAMED: usize = 5_000;

/// Where each row begins, and the number of its line.
pub(super) struct Rows(Vec<Row>);

struct Row {
    from: usize,
    /// The line's number, from 1; `None` for what goes on in a row of its own.
    line: Option<u32>,
}

impl Rows {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut rows = Vec::new();
        let mut from = 0;
        let mut number = 0_u32;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            number = number.saturating_add(1);
            let mut given = Some(number);
            let mut rest = line;
            loop {
                rows.push(Row {
                    from,
                    line: given.take(),
                });
                let length = row_length(rest);
                from += length;
                rest = rest.get(length..).unwrap_or_default();
                if rest.is_empty() {
                    break;
                }
            }
        }
        Self(rows)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Up to `count` rows from the one numbered `from`, and no more than `limit` bytes of them.
    pub(super) fn texts(
        &self,
        text: &[u8],
        from: usize,
        count: usize,
        limit: usize,
    ) -> Vec<BodyRow> {
        let mut size = 0;
        let some = self.0.iter().enumerate().skip(from).take(count);
        some.map_while(|(at, row)| {
            let bytes = self.bytes(text, at);
            size += bytes.len();
            (size <= limit).then(|| BodyRow {
                line: row.line,
                text: String::from_utf8_lossy(bytes).into_owned(),
            })
        })
        .collect()
    }

    /// Where `words` stand; without `match_case`, ASCII letters are as good as their other case.
    pub(super) fn find(&self, text: &[u8], words: &[u8], match_case: bool) -> BodyMatches {
        let mut found = BodyMatches {
            total: 0,
            places: Vec::new(),
        };
        if words.is_empty() {
            return found;
        }
        let is_there = |at: usize| {
            text.get(at..at + words.len()).is_some_and(|here| {
                here == words || (!match_case && here.eq_ignore_ascii_case(words))
            })
        };
        let mut at = 0;
        while at + words.len() <= text.len() {
            if !is_there(at) {
                at += 1;
                continue;
            }
            found.total += 1;
            if found.places.len() < NAMED {
                found.places.push(self.place(text, at, words.len()));
            }
            at += words.len();
        }
        found
    }

    /// A match as the row in which it begins, and its columns there; it is marked up to the row's end.
    fn place(&self, text: &[u8], at: usize, length: usize) -> BodyMatch {
        let row = self.0.partition_point(|row| row.from <= at).max(1) - 1;
        let begin = self.0.get(row).map_or(0, |row| row.from);
        let bytes = self.bytes(text, row);
        let column = |until: usize| {
            let before = bytes.get(..until.min(bytes.len())).unwrap_or_default();
            String::from_utf8_lossy(before).encode_utf16().count() as u64
        };
        BodyMatch {
            row: row as u64,
            from: column(at - begin),
            to: column(at - begin + length),
        }
    }

    /// A row's text without its line end.
    fn bytes<'text>(&self, text: &'text [u8], at: usize) -> &'text [u8] {
        let from = self.0.get(at).map_or(text.len(), |row| row.from);
        let until = self.0.get(at + 1).map_or(text.len(), |next| next.from);
        let row = text.get(from..until).unwrap_or_default();
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        row.strip_suffix(b"\r").unwrap_or(row)
    }
}

/// How much of a line goes into one row: never a part of a character, and its end with its last one.
fn row_length(line: &[u8]) -> usize {
    if line.len() <= LONGEST + 2 {
        return line.len();
    }
    let mut length = LONGEST;
    // UTF-8: what goes on begins with the bits 10.
    while length > 1 && line.get(length).is_some_and(|byte| byte & 0xC0 == 0x80) {
        length -= 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let rows = Rows::of(text.as_bytes());
        let made = rows.texts(text.as_bytes(), 0, usize::MAX, usize::MAX);
        made.into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn lines_are_rows_and_long_ones_several() {
        assert_eq!(texts(""), Vec::<String>::new());
        assert_eq!(texts("a\r\n\nb"), ["a", "", "b"]);
        assert_eq!(texts("a\n"), ["a"]);
        let long = "ä".repeat(LONGEST);
        let rows = Rows::of(long.as_bytes());
        let made = rows.texts(long.as_bytes(), 0, 9, usize::MAX);
        assert_eq!(
            made.iter().map(|row| row.line).collect::<Vec<_>>(),
            [Some(1), None]
        );
        assert_eq!(made[0].text.len(), LONGEST);
    }

    #[test]
    fn no_more_is_handed_out_than_the_limit() {
        let text = "1234567890\n".repeat(100);
        let rows = Rows::of(text.as_bytes());
        assert_eq!(rows.texts(text.as_bytes(), 10, 50, 1_000).len(), 50);
        assert_eq!(rows.texts(text.as_bytes(), 10, 50, 45).len(), 4);
        assert!(rows.texts(text.as_bytes(), 100, 50, 45).is_empty());
    }

    #[test]
    fn words_are_found_where_they_are_shown() {
        let text = "{\n  \"Ünit\": \"eur\",\n  \"unit\": \"EUR\"\n}";
        let rows = Rows::of(text.as_bytes());
        let found = rows.find(text.as_bytes(), b"EUR", false);
        assert_eq!(found.total, 2);
        assert_eq!(
            (
                found.places[0].row,
                found.places[0].from,
                found.places[0].to
            ),
            (1, 11, 14)
        );
        assert_eq!(rows.find(text.as_bytes(), b"EUR", true).total, 1);
        assert_eq!(rows.find(text.as_bytes(), b"", false).total, 0);
        assert_eq!(rows.find(text.as_bytes(), b"AUD", false).total, 0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_said_twice(text in "[a-zä€\n]{0,3000}") {
            let shown = texts(&text).concat();
            prop_assert_eq!(shown, text.replace('\n', ""));
        }
    }
}
