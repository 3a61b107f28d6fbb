use serde::Deserialize;
use strongroom_crypto::SecretText;
use strongroom_signing::{Field, Settings, Signed};

/// Header lines as data files write them.
#[derive(Deserialize, Default, Clone)]
#[serde(transparent)]
pub(crate) struct Lines(pub(crate) Vec<(String, String)>);

impl Lines {
    pub(crate) fn fields(&self) -> Vec<Field<'_>> {
        self.0
            .iter()
            .map(|(name, value)| Field::new(name, value.as_bytes()))
            .collect()
    }

    /// These lines and behind them those that signing added.
    pub(crate) fn and(&self, signed: &Signed) -> Self {
        let mut lines = self.clone();
        for header in &signed.headers {
            let value = header.value.expose_secret().to_owned();
            lines.0.push((header.name.clone().into_owned(), value));
        }
        lines
    }
}

pub(crate) fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

pub(crate) fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
