//! Queries as tables and as text. What is split here joins to the very same bytes.

use crate::{
    request::Entry,
    template::{self, Piece, Template},
};

/// `url` with the enabled `entries` added to its query. Texts are percent-encoded, placeholders stay.
#[must_use]
pub fn join(url: &str, entries: &[Entry]) -> String {
    let (before, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (url, None),
    };
    let mut joined = before.to_owned();
    let mut separator = match before.split_once('?') {
        None => Some('?'),
        Some((_, "")) => None,
        Some((_, query)) if query.ends_with('&') => None,
        Some(_) => Some('&'),
    };
    for entry in entries.iter().filter(|entry| entry.enabled) {
        joined.extend(separator);
        joined.push_str(&encode(&entry.name));
        joined.push('=');
        joined.push_str(&encode(&entry.value));
        separator = Some('&');
    }
    if let Some(fragment) = fragment {
        joined.push('#');
        joined.push_str(fragment);
    }
    joined
}

/// Splits the query off `url` if [`join`] gives the very same text back, so that no byte that may be
/// signed is changed. Otherwise the query stays in the URL and there are no entries.
///
/// The URL is literal text: braces in it come out escaped (see [`template::escape`]).
#[must_use]
pub fn split(url: &str) -> (String, Vec<Entry>) {
    if let Some((before, query)) = url.split_once('?')
        && !query.is_empty()
        && !url.contains('#')
    {
        let entries: Option<Vec<Entry>> = query.split('&').map(entry).collect();
        let before = template::escape(before);
        if let Some(entries) = entries {
            return (before, entries);
        }
    }
    (template::escape(url), Vec::new())
}

/// `name=value` as an entry, if encoding it again gives the same text.
fn entry(pair: &str) -> Option<Entry> {
    let (name, value) = pair.split_once('=')?;
    let decoded = |part: &str| {
        let text = percent_decode(part)?;
        let mut again = String::with_capacity(part.len());
        percent_encode(&text, &mut again);
        (again == part).then(|| template::escape(&text))
    };
    Some(Entry::new(decoded(name)?, decoded(value)?))
}

/// A text with placeholders, percent-encoded but for these.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    match Template::parse(text) {
        Ok(template) => {
            for piece in template.pieces() {
                match piece {
                    Piece::Text(text) => percent_encode(text, &mut encoded),
                    Piece::Placeholder(placeholder) => {
                        encoded.push_str(&placeholder.to_string());
                    }
                }
            }
        }
        // Not a template: its braces are told of where it is filled in.
        Err(_) => percent_encode(text, &mut encoded),
    }
    encoded
}

/// Appends `text`, with all but unreserved characters (RFC 3986, section 2.3) percent-encoded.
pub fn percent_encode(text: &str, encoded: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| {
        HEX.get(usize::from(nibble))
            .map_or('0', |&digit| char::from(digit))
    };
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(digit(byte >> 4));
            encoded.push(digit(byte & 0xf));
        }
    }
}

/// The text that percent-encoding stands for; `None` if that is no UTF-8, or a `%` no triplet.
#[must_use]
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut nibble = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(nibble()? * 16 + nibble()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_is_split_only_if_it_joins_to_the_same_bytes() {
        let (url, query) = split("https://h/p?a=1&b=%20%C3%A4&b=");
        assert_eq!(url, "https://h/p");
        let expected = [("a", "1"), ("b", " ä"), ("b", "")];
        assert_eq!(query, expected.map(|(name, value)| Entry::new(name, value)));
        for stays in [
            "https://h/p?a=1+2",
            "https://h/p?a=%c3%a4",
            "https://h/p?flag",
            "https://h/p?a=1&&b=2",
            "https://h/p?",
            "https://h/p?a=%zz",
            "https://h/p?a=%ff",
            "https://h/p?a=b/c",
            "https://h/p?a=1#f",
            "https://h/p",
        ] {
            assert_eq!(split(stays), (stays.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn entries_go_behind_the_query_and_before_the_fragment() {
        let entries = [
            Entry::new("a b", "{{x}}/{"),
            Entry::new("off", "").disabled(),
            Entry::new("c", ""),
        ];
        for (url, joined) in [
            ("https://h", "https://h?a%20b={{x}}%2F%7B&c="),
            ("https://h?", "https://h?a%20b={{x}}%2F%7B&c="),
            ("https://h?q#f", "https://h?q&a%20b={{x}}%2F%7B&c=#f"),
        ] {
            assert_eq!(join(url, &entries), joined);
        }
        assert_eq!(join("https://h?q#f", &[]), "https://h?q#f");
    }

    proptest! {
        #[test]
        fn split_then_join_is_the_same_url(path in "[a-z/]{0,8}", query in "[a-c=&%+{}0-9A-F#?]{0,24}") {
            let url = format!("https://h/{path}?{query}");
            let (before, entries) = split(&url);
            let joined = join(&before, &entries);
            let template = Template::parse(&joined).unwrap();
            prop_assert_eq!(template.literal().unwrap(), url);
        }

        #[test]
        fn decoding_undoes_encoding(text in ".{0,32}") {
            let mut encoded = String::new();
            percent_encode(&text, &mut encoded);
            prop_assert_eq!(percent_decode(&encoded).unwrap(), text);
        }
    }
}
