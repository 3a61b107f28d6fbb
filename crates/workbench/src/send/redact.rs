//! Replacing secrets by their references in what came back: a server that echoes a request would
//! otherwise turn leave to *use* a secret into its *reveal*.
//!
//! A secret is looked for as it is, as hex, percent-encoded, as a JSON string, and in base64 wherever it
//! stands in what was encoded, as in `Authorization: Basic`.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use memchr::memmem;
use strongroom_crypto::{SecretBytes, SecretText};
use strongroom_formats::query;
use zeroize::{Zeroize as _, Zeroizing};

/// Shorter secrets are not looked for: they would be found by chance everywhere.
const SHORTEST: usize = 8;

/// Secrets, each in every form, with the text that stands for it.
#[derive(Default)]
pub(crate) struct Redaction {
    /// The longest first, so that a form within another one does not spoil it.
    forms: Vec<(SecretBytes, Vec<u8>)>,
}

impl Redaction {
    /// Adds a secret, and what is shown in its place.
    pub(crate) fn push(&mut self, secret: SecretText, shown: String) {
        if secret.len() < SHORTEST {
            return;
        }
        for form in forms(&secret) {
            if form.len() >= SHORTEST && !self.forms.iter().any(|(known, _)| *known == form) {
                self.forms.push((form, shown.as_bytes().to_vec()));
            }
        }
        self.forms
            .sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    }

    /// Replaces every occurrence of every secret in `bytes`. The old bytes are wiped.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        for (form, reference) in &self.forms {
            let finder = memmem::Finder::new(form.expose_secret());
            if finder.find(bytes).is_none() {
                continue;
            }
            let mut clean = Vec::with_capacity(bytes.len());
            let mut from = 0;
            for at in finder.find_iter(bytes) {
                clean.extend_from_slice(bytes.get(from..at).unwrap_or_default());
                clean.extend_from_slice(reference);
                from = at + form.len();
            }
            clean.extend_from_slice(bytes.get(from..).unwrap_or_default());
            bytes.zeroize();
            *bytes = clean;
        }
    }
}

impl Redaction {
    /// Whether a secret is in `bytes`.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms
            .iter()
            .any(|(form, _)| memmem::find(bytes, form.expose_secret()).is_some())
    }

    /// Whether a secret is in the bytes that `encoded` stands for.
    pub(crate) fn is_in_base64(&self, encoded: &str) -> bool {
        BASE64
            .decode(encoded)
            .is_ok_and(|bytes| self.is_in(&Zeroizing::new(bytes)))
    }

    /// [`Redaction::apply`] for text.
    pub(crate) fn apply_to_text(&self, text: &mut String) {
        if !self.is_in(text.as_bytes()) {
            return;
        }
        let mut bytes = std::mem::take(text).into_bytes();
        self.apply(&mut bytes);
        // Text is replaced by text, so text is left.
        *text = String::from_utf8(bytes).unwrap_or_default();
    }

    /// Adds all secrets of `other`.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (form, shown) in &other.forms {
            let copy = SecretBytes::copy_of(form.expose_secret());
            self.forms.push((copy, shown.clone()));
        }
        self.forms
            .sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    }
}

fn forms(secret: &SecretText) -> Vec<SecretBytes> {
    let text = secret.expose_secret();
    let bytes = text.as_bytes();
    let of = |text: String| SecretBytes::new(text.into_bytes());
    let hex = |upper: bool| -> String {
        bytes
            .iter()
            .map(|byte| {
                if upper {
                    format!("{byte:02X}")
                } else {
                    format!("{byte:02x}")
                }
            })
            .collect()
    };
    let percent = |upper: bool| -> String {
        bytes
            .iter()
            .map(|byte| {
                if upper {
                    format!("%{byte:02X}")
                } else {
                    format!("%{byte:02x}")
                }
            })
            .collect()
    };
    let mut encoded = String::new();
    query::percent_encode(text, &mut encoded);
    let form: String = url::form_urlencoded::byte_serialize(bytes).collect();
    let json = serde_json::to_string(text).unwrap_or_default();
    let mut forms = vec![
        SecretBytes::copy_of(bytes),
        of(hex(false)),
        of(hex(true)),
        of(percent(false)),
        of(percent(true)),
        of(encoded.replace("%2F", "/")),
        of(with_lower_case_escapes(&encoded)),
        of(encoded),
        of(form),
        SecretBytes::copy_of(json.trim_matches('"').as_bytes()),
    ];
    for offset in 0..3 {
        forms.extend(within_base64(bytes, offset));
    }
    forms
}

/// `%2F` as `%2f`.
fn with_lower_case_escapes(encoded: &str) -> String {
    let mut left = 0;
    encoded
        .chars()
        .map(|c| {
            let in_escape = left > 0;
            left = if c == '%' { 2 } else { left.max(1) - 1 };
            if in_escape { c.to_ascii_lowercase() } else { c }
        })
        .collect()
}

/// What of `secret` is the same in base64 whatever stands around it, when `offset` bytes (modulo three)
/// stand before it.
fn within_base64(secret: &[u8], offset: usize) -> Vec<SecretBytes> {
    let mut shifted = Zeroizing::new(vec![0; offset]);
    shifted.extend_from_slice(secret);
    let from = (offset * 8).div_ceil(6);
    let to = shifted.len() * 8 / 6;
    [
        STANDARD_NO_PAD.encode(&*shifted),
        URL_SAFE_NO_PAD.encode(&*shifted),
    ]
    .into_iter()
    .map(|encoded| {
        let encoded = Zeroizing::new(encoded);
        SecretBytes::copy_of(encoded.as_bytes().get(from..to).unwrap_or_default())
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redacted(secret: &str, text: &str) -> String {
        let secret = SecretText::new(secret.to_owned());
        let mut bytes = text.as_bytes().to_vec();
        let mut redaction = Redaction::default();
        redaction.push(secret, "sr://k/secret".to_owned());
        redaction.apply(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_echo_is_replaced() {
        assert_eq!(
            redacted("sk_12345678", "a sk_12345678sk_12345678 b sk_1234567"),
            "a sr://k/secretsr://k/secret b sk_1234567"
        );
        assert_eq!(redacted("sk_12345678", "nothing of it"), "nothing of it");
        assert_eq!(redacted("sk_12345678", ""), "");
        assert_eq!(redacted("short", "a short text"), "a short text");
    }

    #[test]
    fn every_form_of_a_secret_is_replaced() {
        let secret = "sk/+\"é 12345678";
        for (echo, left) in [
            (
                "a%73%6B%2F%2B%22%C3%A9%20%31%32%33%34%35%36%37%38b",
                "asr://k/secretb",
            ),
            ("sk%2F%2B%22%C3%A9%2012345678", "sr://k/secret"),
            ("sk%2f%2b%22%c3%a9%2012345678", "sr://k/secret"),
            ("sk%2F%2B%22%C3%A9+12345678", "sr://k/secret"),
            (
                "{\"a\":\"sk/+\\\"é 12345678\"}",
                "{\"a\":\"sr://k/secret\"}",
            ),
            ("736b2f2b22c3a9203132333435363738", "sr://k/secret"),
        ] {
            assert_eq!(redacted(secret, echo), left);
        }
        for before in ["", "a", "ab", "abc", "app_1:"] {
            let echo = STANDARD_NO_PAD.encode(format!("{before}{secret}tail"));
            let left = redacted(secret, &echo);
            assert!(left.contains("sr://k/secret"), "{echo} {left}");
            let echo = URL_SAFE_NO_PAD.encode(format!("{before}{secret}"));
            assert!(redacted(secret, &echo).contains("sr://k/secret"), "{echo}");
        }
    }

    proptest! {
        #[test]
        fn the_secret_is_gone_and_the_rest_stays(
            before in "[a-f]{0,40}",
            after in "[a-f]{0,40}",
            secret in "[0-9]{8,20}",
        ) {
            let text = redacted(&secret, &format!("{before}{secret}{after}"));
            prop_assert_eq!(text, format!("{before}sr://k/secret{after}"));
        }
    }
}
