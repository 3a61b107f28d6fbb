//! What may be shown of a request: values that could be secrets keep their shape and lose their letters.
//!
//! A letter becomes `x` (`X` for a capital), a digit `0`; punctuation, white space and what can't be seen stay, since
//! those are what goes wrong. So a mask shows a quote, a line end or a `+` where a `%20` belongs, and never a value.

use strongroom_policy::trace::redacted;

/// The words of media types and codings, which are no secret wherever they stand.
const WORDS: &[&str] = &[
    "1",
    "256",
    "512",
    "8",
    "8859",
    "application",
    "boundary",
    "br",
    "charset",
    "chunked",
    "data",
    "deflate",
    "form",
    "gzip",
    "html",
    "identity",
    "iso",
    "json",
    "multipart",
    "octet",
    "plain",
    "problem",
    "q",
    "sha",
    "stream",
    "text",
    "urlencoded",
    "utf",
    "v",
    "version",
    "www",
    "x",
    "xml",
];

/// One character masked.
pub(crate) fn character(character: char) -> char {
    match character {
        'a'..='z' => 'x',
        'A'..='Z' => 'X',
        '0'..='9' => '0',
        other => other,
    }
}

/// Which bytes of the value of a line of a signature base are masked, `name` being its identifier.
pub(crate) fn of_line(name: &str, value: &str) -> Vec<bool> {
    let name = name.trim_matches('"');
    match name {
        "@method" | "@scheme" | "@authority" => clear(value),
        "@signature-params" => of_params(value),
        "@path" | "@query" | "@request-target" | "@target-uri" => of_url(value),
        _ => words(value),
    }
}

fn clear(value: &str) -> Vec<bool> {
    vec![false; value.len()]
}

/// Masks every word that is not known to be harmless.
fn words(value: &str) -> Vec<bool> {
    each_word(value, |word| {
        let lower = word.to_ascii_lowercase();
        !WORDS.contains(&lower.as_str())
    })
}

/// Masks what looks like a credential.
fn looks(value: &str) -> Vec<bool> {
    each_word(value, |word| redacted(word) != word)
}

fn each_word(value: &str, hides: impl Fn(&str) -> bool) -> Vec<bool> {
    let mut out = Vec::with_capacity(value.len());
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = value;
    while !rest.is_empty() {
        let end = rest.find(|c| !of_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.extend(std::iter::repeat_n(hides(word), word.len()));
        let gap = after.find(of_word).unwrap_or(after.len());
        out.extend(std::iter::repeat_n(false, gap));
        rest = after.split_at(gap).1;
    }
    out
}

/// Masks what looks like a credential in a path, and every value of a query.
fn of_url(value: &str) -> Vec<bool> {
    let (path, query) = value.split_at(value.find('?').unwrap_or(value.len()));
    let mut out = looks(path);
    let mut in_value = false;
    for byte in query.bytes() {
        match byte {
            b'&' | b'?' => in_value = false,
            // A part without a name could be a value.
            b'=' => in_value = true,
            _ => {}
        }
        out.push(in_value && byte != b'=');
    }
    let nameless = query
        .strip_prefix('?')
        .is_some_and(|query| query.split('&').any(|part| !part.contains('=')));
    if nameless {
        let from = path.len();
        for masked in out.iter_mut().skip(from) {
            *masked = true;
        }
    }
    out
}

/// Masks the texts of parameters but `alg`: an id may be a secret that was put in its place.
fn of_params(value: &str) -> Vec<bool> {
    let Some((list, params)) = value.split_once(')') else {
        return vec![true; value.len()];
    };
    let mut out = looks(list);
    out.push(false);
    let mut name = String::new();
    let mut in_value = false;
    let mut quoted = false;
    for character in params.chars() {
        match character {
            '"' => quoted = !quoted,
            ';' if !quoted => {
                in_value = false;
                name.clear();
            }
            '=' if !quoted && !in_value => in_value = true,
            _ if !in_value => name.push(character),
            _ => {}
        }
        let shown = !in_value || matches!(name.trim(), "created" | "expires" | "alg");
        out.extend(std::iter::repeat_n(!shown, character.len_utf8()));
    }
    out
}

/// Which bytes of a body are masked: all but the names of JSON's members and of a form's fields, and
/// the letter that tells what an escape is.
pub(crate) fn of_body(body: &[u8]) -> Vec<bool> {
    let mut out = vec![true; body.len()];
    let mut show = |from: usize, to: usize| {
        let word = body
            .get(from..to)
            .and_then(|word| str::from_utf8(word).ok());
        let looks = word.map(looks).unwrap_or_default();
        for (slot, hidden) in out.iter_mut().skip(from).zip(looks) {
            *slot = hidden;
        }
    };
    let mut begin = 0;
    let mut quoted = None;
    let mut escaped = false;
    for (at, &byte) in body.iter().enumerate() {
        match (byte, quoted) {
            _ if escaped => {
                if byte.is_ascii_lowercase() {
                    show(at, at + 1);
                }
                escaped = false;
            }
            (b'\\', _) => escaped = true,
            (b'"', None) => quoted = Some(at + 1),
            (b'"', Some(from)) => {
                let after = body.get(at + 1..).unwrap_or_default();
                if after.trim_ascii_start().first() == Some(&b':') {
                    show(from, at);
                }
                quoted = None;
            }
            (b'&', None) => begin = at + 1,
            (b'=', None) => show(begin, at),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, value: &str) -> String {
        let masked = of_line(name, value);
        assert_eq!(masked.len(), value.len(), "{name} {value}");
        let mut at = 0;
        value
            .chars()
            .map(|c| {
                let hidden = masked[at];
                at += c.len_utf8();
                if hidden { character(c) } else { c }
            })
            .collect()
    }

    #[test]
    fn the_names_of_a_body_can_be_read() {
        for (body, expected) in [
            (
                r#"{"Amount": 12.5, "note" :"Ab\u00e9\n", "sr_sk_test_a":true}"#,
                r#"{"Amount": 00.0, "note" :"Xx\u00x0\n", "xx_xx_xxxx_x":xxxx}"#,
            ),
            ("name=Ab1&x=%2F", "name=Xx0&x=%0X"),
            ("plain Text", "xxxxx Xxxx"),
        ] {
            let masked = of_body(body.as_bytes());
            let shown: String = body
                .chars()
                .zip(masked)
                .map(|(c, hidden)| if hidden { character(c) } else { c })
                .collect();
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn values_that_could_be_secret_lose_their_letters() {
        for (name, value, expected) in [
            ("\"@method\"", "POST", "POST"),
            (
                "\"@target-uri\"",
                "https://a.example/p/sr_sk_test_x?name=Ab%201&b",
                "https://a.example/p/xx_xx_xxxx_x?xxxx=Xx%000&x",
            ),
            ("\"@query\"", "?page=12&q=a+b", "?page=00&q=x+x"),
            ("\"content-type\"", "application/json", "application/json"),
            (
                "\"content-type\"",
                "text/plain; charset=Ab1",
                "text/plain; charset=Xx0",
            ),
            ("\"cookie\"", "sid=Ab1; é", "xxx=Xx0; é"),
            (
                "\"@signature-params\"",
                "(\"@method\");created=17;keyid=\"Ab1\";alg=\"hmac-sha256\";nonce=\"x;y1\"",
                "(\"@method\");created=17;keyid=\"Xx0\";alg=\"hmac-sha256\";nonce=\"x;x0\"",
            ),
        ] {
            assert_eq!(shown(name, value), expected, "{name}");
        }
    }
}
