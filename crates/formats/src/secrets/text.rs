//! Places in a text where a secret may stand.

/// A text cut into words of key characters and what stands between them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_key = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inside = is_key(first);
        let end = rest.find(|c| is_key(c) != inside).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// The next `"name": "value"` of a JSON text: what stands before the value, the name, the value, and the
/// rest from its closing quote on.
pub(super) fn next_pair(text: &str) -> Option<(&str, &str, &str, &str)> {
    let mut from = 0;
    loop {
        let colon = from + text.get(from..)?.find(':')?;
        from = colon + 1;
        let Some(name) = text
            .get(..colon)?
            .trim_end()
            .strip_suffix('"')
            .and_then(|before| before.rsplit_once('"'))
            .map(|(_, name)| name)
        else {
            continue;
        };
        let after = text.get(from..)?;
        let value = after.trim_start();
        let Some(value) = value.strip_prefix('"') else {
            continue;
        };
        let begins = text.len() - value.len();
        let Some(length) = string_length(value) else {
            continue;
        };
        return Some((
            text.get(..begins)?,
            name,
            value.get(..length)?,
            value.get(length..)?,
        ));
    }
}

/// How many bytes stand before the quote that closes a JSON string.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(index),
            b'\n' => return None,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// The next private key in PEM (RFC 7468): where it begins and ends. One without an end reaches to the
/// end of the text.
pub(super) fn private_key(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let begins = from + text.get(from..)?.find("-----BEGIN ")?;
        let label_at = begins + "-----BEGIN ".len();
        let label = text.get(label_at..)?.split("-----").next()?;
        if label.ends_with("PRIVATE KEY") && label.len() < 64 {
            let end = format!("-----END {label}-----");
            let ends = text
                .get(label_at..)?
                .find(&end)
                .map_or(text.len(), |at| label_at + at + end.len());
            return Some((begins, ends));
        }
        from = label_at;
    }
}

/// The next `USER:PASSWORD@` or `USER@` of a URL in a text: where its user and its password begin, and
/// where it ends, before the `@`. Without a colon the user is all there is, and the password is empty.
pub(super) fn userinfo(text: &str, from: usize) -> Option<(usize, usize, usize)> {
    let mut from = from;
    loop {
        let begins = from + text.get(from..)?.find("://")? + "://".len();
        let rest = text.get(begins..)?;
        let stops = |c: char| c.is_whitespace() || "/?#\"'<>`".contains(c);
        let authority = rest.get(..rest.find(stops).unwrap_or(rest.len()))?;
        if let Some((info, _)) = authority.rsplit_once('@') {
            let ends = begins + info.len();
            let password = info.find(':').map_or(ends, |colon| begins + colon + 1);
            return Some((begins, password, ends));
        }
        from = begins;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_found_with_and_without_its_end() {
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----";
        let text = format!("-----BEGIN CERTIFICATE-----\n{key} after");
        let (begins, ends) = private_key(&text).unwrap();
        assert_eq!(&text[begins..ends], key);
        assert_eq!(
            private_key("x -----BEGIN PRIVATE KEY-----\nM"),
            Some((2, 31))
        );
        assert_eq!(private_key("-----BEGIN PUBLIC KEY-----"), None);
    }

    #[test]
    fn userinfo_is_found_anywhere_in_a_text() {
        let text = "see https://h/ or amqp://u:p@h/x";
        let (user, password, end) = userinfo(text, 0).unwrap();
        assert_eq!((&text[user..password], &text[password..end]), ("u:", "p"));
        let text = "https://tok@h";
        let (user, password, end) = userinfo(text, 0).unwrap();
        assert_eq!((&text[user..password], &text[password..end]), ("tok", ""));
        assert_eq!(userinfo("https://h/a@b https://x", 0), None);
        assert_eq!(userinfo(text, end), None);
    }
}
