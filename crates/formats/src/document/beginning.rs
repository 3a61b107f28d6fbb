//! The sound beginning of a JSON document that breaks off or is malformed: the lists that matter up to
//! their last element that is whole, with everything closed behind it.

/// What is open at a place: an object or an array, and the member that it is.
struct Open<'a> {
    close: u8,
    key: &'a [u8],
}

/// The beginning of `bytes` up to `broken`, cut behind the last element that is whole of an array or object
/// which is a member called one of `lists`. `None` if there is none.
pub(super) fn sound(bytes: &[u8], broken: usize, lists: &[&str]) -> Option<Vec<u8>> {
    let bytes = bytes.get(..broken.min(bytes.len()))?;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut cut: Option<(usize, Vec<u8>)> = None;
    // The last text, which is a member's name if a colon follows.
    let mut text: &[u8] = b"";
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = end_of_text(bytes, at)?;
                text = bytes.get(at + 1..end).unwrap_or_default();
                at = end;
            }
            b'{' | b'[' => {
                let close = if *byte == b'{' { b'}' } else { b']' };
                open.push(Open { close, key: text });
                text = b"";
            }
            b'}' | b']' => {
                open.pop()?;
                text = b"";
                keep(&mut cut, at + 1, &open, lists);
            }
            b',' => {
                text = b"";
                keep(&mut cut, at, &open, lists);
            }
            _ => {}
        }
        at += 1;
    }
    let (end, closes) = cut?;
    let mut whole = bytes.get(..end)?.to_vec();
    whole.extend(closes);
    Some(whole)
}

/// Notes that an element of one of the lists ends here.
fn keep(cut: &mut Option<(usize, Vec<u8>)>, at: usize, open: &[Open<'_>], lists: &[&str]) {
    let is_list = |key: &[u8]| lists.iter().any(|list| list.as_bytes() == key);
    if open.last().is_some_and(|last| is_list(last.key)) {
        let closes = open.iter().rev().map(|each| each.close);
        *cut = Some((at, closes.collect()));
    }
}

/// The place of the quote that ends the text which begins at `from`; `None` if it breaks off.
fn end_of_text(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, lists: &[&str]) -> Option<String> {
        let found = sound(text.as_bytes(), text.len(), lists)?;
        Some(String::from_utf8(found).unwrap())
    }

    #[test]
    fn elements_that_are_whole_stay_and_everything_is_closed() {
        let text = r#"{"a":1,"item":[{"x":"]}\""},{"item":[{"y":[1,2]},{"z":"#;
        assert_eq!(
            cut(text, &["item"]).as_deref(),
            Some(r#"{"a":1,"item":[{"x":"]}\""},{"item":[{"y":[1,2]}]}]}"#)
        );
        let text = r#"{"paths":{"/a":{"get":{}},"/b":{"get":{"#;
        assert_eq!(
            cut(text, &["paths"]).as_deref(),
            Some(r#"{"paths":{"/a":{"get":{}}}}"#)
        );
    }

    #[test]
    fn where_nothing_is_whole_nothing_is_kept() {
        for text in ["", "{", r#"{"item":[{"a":1"#, r#"{"other":[1,2,3"#, "]]"] {
            assert_eq!(cut(text, &["item"]), None, "{text}");
        }
    }
}
