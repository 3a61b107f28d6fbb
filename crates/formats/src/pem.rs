//! Certificates and a private key in one text (RFC 7468), as programs that serve TLS often want them.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_crypto::SecretText;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// How long the lines of a block are (RFC 7468, section 2).
const LINE: usize = 64;

/// A text in PEM, taken apart.
pub struct Parts {
    /// The blocks that are certificates, in their order.
    pub certificates: String,
    /// The first block that is a private key.
    pub private_key: Option<SecretText>,
}

/// Takes certificates and the private key out of a text; whatever else is in it stays behind.
#[must_use]
pub fn parts(text: &str) -> Parts {
    let mut parts = Parts {
        certificates: String::new(),
        private_key: None,
    };
    let mut rest = text;
    // A block is found by its end, so that one that has none is passed over.
    while let Some(end) = rest.find(END) {
        let (before, from_end) = rest.split_at(end);
        let label = from_end.strip_prefix(END).and_then(before_dashes);
        let begin = before.rfind(BEGIN).and_then(|at| before.get(at..));
        let begun = begin.and_then(|block| block.strip_prefix(BEGIN));
        if let (Some(label), Some(begin)) = (label, begin)
            && begun.and_then(before_dashes) == Some(label)
        {
            let block = format!("{begin}{END}{label}{DASHES}\n");
            if label == "CERTIFICATE" {
                parts.certificates.push_str(&block);
            } else if label.ends_with("PRIVATE KEY") && parts.private_key.is_none() {
                parts.private_key = Some(SecretText::new(block));
            }
        }
        rest = from_end.get(END.len()..).unwrap_or_default();
    }
    parts
}

/// A certificate in DER as a block of PEM.
#[must_use]
pub fn certificate(der: &[u8]) -> String {
    let mut block = format!("{BEGIN}CERTIFICATE{DASHES}\n");
    let text = BASE64.encode(der);
    let mut rest = text.as_str();
    while let Some((line, behind)) = rest.split_at_checked(LINE) {
        block.push_str(line);
        block.push('\n');
        rest = behind;
    }
    if !rest.is_empty() {
        block.push_str(rest);
        block.push('\n');
    }
    block + END + "CERTIFICATE" + DASHES + "\n"
}

fn before_dashes(text: &str) -> Option<&str> {
    text.split_once(DASHES).map(|(label, _)| label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(label: &str, inner: &str) -> String {
        format!("-----BEGIN {label}-----\n{inner}\n-----END {label}-----")
    }

    #[test]
    fn certificates_and_the_key_are_taken_apart() {
        let text = format!(
            "Bag Attributes\n{}\nkey:\n{}\n{}\n{}",
            block("CERTIFICATE", "QQ=="),
            block("EC PRIVATE KEY", "Qg=="),
            block("CERTIFICATE", "Qw=="),
            "-----BEGIN CERTIFICATE-----\nRA"
        );
        let parts = parts(&text);
        let both = format!(
            "{}\n{}\n",
            block("CERTIFICATE", "QQ=="),
            block("CERTIFICATE", "Qw==")
        );
        assert_eq!(parts.certificates, both);
        let key = parts.private_key.unwrap();
        assert_eq!(key.expose_secret(), block("EC PRIVATE KEY", "Qg==") + "\n");
    }

    #[test]
    fn a_block_without_an_end_hides_none_behind_it() {
        let text = format!(
            "-----BEGIN X\n-----BEGIN PRIVATE KEY-----\nQQ\n{}",
            block("CERTIFICATE", "Qw==")
        );
        let parts = parts(&text);
        assert_eq!(parts.certificates, block("CERTIFICATE", "Qw==") + "\n");
        assert!(parts.private_key.is_none());
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "(-----|BEGIN |END |CERTIFICATE|PRIVATE KEY|\n|ä|[a-z]){0,40}") {
            let parts = parts(&text);
            prop_assert!(parts.certificates.len() <= text.len() + text.matches(END).count());
        }
    }
}
