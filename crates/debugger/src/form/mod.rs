//! The forms that the parts of a request have, and what else they could have been.

pub(crate) mod body;
mod json;
pub(crate) mod url;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

/// What of a token's claims is looked at, genuine or not.
#[derive(Deserialize)]
pub(crate) struct Claims {
    /// From when on it is no longer valid, in Unix seconds.
    pub(crate) exp: Option<u64>,
}

/// The claims of a token in compact form, whoever made it.
pub(crate) fn jwt_claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let json = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&json).ok()
}

/// `text` with every escape written in upper (`%2F`) or lower case (`%2f`).
pub(crate) fn percent_case(text: &str, upper: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escape = 0;
    for character in text.chars() {
        if character == '%' {
            escape = 2;
            out.push(character);
        } else if escape > 0 {
            escape -= 1;
            out.push(if upper {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            });
        } else {
            out.push(character);
        }
    }
    out
}

/// `text` with its escapes decoded; `None` if the outcome is not UTF-8.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if byte == b'%' => hex_digit(*high)
                .zip(hex_digit(*low))
                .map(|(high, low)| high << 4 | low),
            _ => None,
        };
        match escaped {
            Some(decoded) => {
                out.push(decoded);
                rest = after.split_at_checked(2).map_or(&[], |(_, rest)| rest);
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// `text` with every byte escaped that `keep` does not name.
pub(crate) fn percent_encoded(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
