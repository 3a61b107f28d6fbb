//! Values carried on that are secrets: a token that one request fetches and the others send. They are
//! shown nowhere.

use strongroom_contract::compose::{Capture, CaptureSource};
use strongroom_crypto::SecretText;
use strongroom_formats::secrets;

/// Shorter values would be found by chance everywhere.
const SHORTEST: usize = 8;

/// What was captured and is a secret, each with the variable that holds it.
#[derive(Default)]
pub(super) struct SecretValues(Vec<(SecretText, String)>);

impl SecretValues {
    /// Looks at a captured value: by the name of the variable, or of where it comes from.
    pub(super) fn note(&mut self, capture: &Capture, value: &str) {
        let place = match &capture.from {
            CaptureSource::Json(path) => path
                .trim_end_matches(['\'', '"', ']'])
                .rsplit(['.', '\'', '"', '['])
                .next()
                .unwrap_or_default(),
            CaptureSource::Header(name) => name,
            CaptureSource::Body | CaptureSource::Status => "",
        };
        let is_secret = secrets::kind_of(&capture.name, value).is_some()
            || secrets::kind_of(place, value).is_some();
        if is_secret && value.len() >= SHORTEST {
            let shown = format!("{{{{{}}}}}", capture.name);
            self.0.push((SecretText::new(value.to_owned()), shown));
        }
    }

    /// Each with what is shown in its place.
    pub(super) fn copies(&self) -> Vec<(SecretText, String)> {
        self.0
            .iter()
            .map(|(secret, shown)| {
                (
                    SecretText::new(secret.expose_secret().to_owned()),
                    shown.clone(),
                )
            })
            .collect()
    }

    /// Replaces each in a text of the report.
    pub(super) fn hide(&self, text: &mut String) {
        for (secret, shown) in &self.0 {
            if text.contains(secret.expose_secret()) {
                *text = text.replace(secret.expose_secret(), shown);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_hidden_and_an_id_is_not() {
        let mut values = SecretValues::default();
        let capture = |name: &str, path: &str| Capture {
            name: name.to_owned(),
            from: CaptureSource::Json(path.to_owned()),
        };
        values.note(&capture("t", "$['access_token']"), "abcdef-0123456789");
        values.note(&capture("payin_id", "$.payin.id"), "payin-123456");
        let mut text = "abcdef-0123456789 payin-123456".to_owned();
        values.hide(&mut text);
        assert_eq!(text, "{{t}} payin-123456");
        assert_eq!(values.copies().len(), 1);
    }
}
