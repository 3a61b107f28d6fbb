//! Replacing a secret by its reference in what came back: a server that echoes a request would
//! otherwise turn leave to *use* a secret into its *reveal*.

use strongroom_crypto::SecretText;
use zeroize::Zeroize as _;

/// Shorter secrets are not looked for: they would be found by chance everywhere.
const SHORTEST: usize = 8;

/// Secrets, each with the text that stands for it.
#[derive(Default)]
pub(crate) struct Redaction(Vec<(SecretText, String)>);

impl Redaction {
    /// Adds a secret. What holds another one comes before it.
    pub(crate) fn push(&mut self, secret: SecretText, shown: String) {
        self.0.push((secret, shown));
    }

    /// Replaces every occurrence of each secret in `bytes`. The old bytes are wiped.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        for (secret, shown) in &self.0 {
            replace(secret.expose_secret().as_bytes(), shown.as_bytes(), bytes);
        }
    }
}

fn replace(secret: &[u8], shown: &[u8], bytes: &mut Vec<u8>) {
    let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
    if secret.len() < SHORTEST || !is_in(bytes) {
        return;
    }
    let mut clean = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(secret) {
            clean.extend_from_slice(shown);
            rest = after;
        } else {
            clean.push(*first);
            rest = tail;
        }
    }
    bytes.zeroize();
    *bytes = clean;
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
