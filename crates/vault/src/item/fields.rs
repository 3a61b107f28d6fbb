//! The secret part of an item: named values, one version of which is one record.
//!
//! `content = for each field: u32le(len(name)) | name | u32le(len(value)) | value`

use strongroom_crypto::{SecretBytes, SecretText, framing::secret_frame};

/// The name of the field that most items have.
const SECRET: &str = "secret";
/// The names of the fields of a certificate.
const CERTIFICATE: &str = "certificate";
const PRIVATE_KEY: &str = "private_key";
/// Names under which an overview's fields are read.
pub(crate) const PUBLIC: [&str; 6] = ["id", "name", "provider", "base_url", "scheme", "notes"];
const MOST_NAME_BYTES: usize = 64;

/// Secret values by name, in the order in which they were given.
#[derive(Default)]
pub struct SecretFields(Vec<(String, SecretText)>);

impl SecretFields {
    /// The one field `secret`, as an API key has it.
    #[must_use]
    pub fn secret(value: SecretText) -> Self {
        Self(vec![(SECRET.to_owned(), value)])
    }

    /// A certificate in PEM, and the private key that belongs to it, if that is kept too.
    #[must_use]
    pub fn certificate(certificate: SecretText, private_key: Option<SecretText>) -> Self {
        let key = private_key.map(|key| (PRIVATE_KEY.to_owned(), key));
        let fields = [(CERTIFICATE.to_owned(), certificate)].into_iter();
        Self(fields.chain(key).collect())
    }

    /// The same with one more field, such as `private_key`.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the name is no field name, is one of the overview's, or is there already.
    pub fn with(mut self, name: &str, value: SecretText) -> Result<Self, FieldError> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        if name.is_empty() || name.len() > MOST_NAME_BYTES || !name.chars().all(legal) {
            return Err(FieldError::Name);
        }
        if PUBLIC.contains(&name) || self.value(name).is_some() {
            return Err(FieldError::Taken(name.to_owned()));
        }
        self.0.push((name.to_owned(), value));
        Ok(self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn value(&self, name: &str) -> Option<&SecretText> {
        let mut fields = self.0.iter();
        fields.find_map(|(field, value)| (field == name).then_some(value))
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Takes one value out; the others are wiped.
    pub(crate) fn take(self, name: &str) -> Option<SecretText> {
        let mut fields = self.0.into_iter();
        fields.find_map(|(field, value)| (field == name).then_some(value))
    }

    pub(crate) fn to_bytes(&self) -> SecretBytes {
        let parts: Vec<&[u8]> = self
            .0
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), value.expose_secret().as_bytes()])
            .collect();
        secret_frame(&parts)
    }

    /// Reads what [`SecretFields::to_bytes`] wrote; `None` if it can't have written it.
    pub(crate) fn from_bytes(mut content: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !content.is_empty() {
            let name = take_part(&mut content)?.into_text().ok()?;
            let value = take_part(&mut content)?.into_text().ok()?;
            fields.push((name.expose_secret().to_owned(), value));
        }
        Some(Self(fields))
    }
}

fn take_part(content: &mut &[u8]) -> Option<SecretBytes> {
    let (prefix, rest) = content.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_le_bytes(*prefix)).ok()?;
    let (part, rest) = rest.split_at_checked(len)?;
    *content = rest;
    Some(SecretBytes::copy_of(part))
}

/// A name that no secret field may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Characters other than those of field names.
    #[error("a field's name has 1 to {MOST_NAME_BYTES} lower-case letters, digits, '-' and '_'")]
    Name,
    /// It means another field already.
    #[error("the item has a field '{0}' already")]
    Taken(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_checked() {
        let value = || SecretText::new("value".to_owned());
        for wrong in ["", "Secret", "a b", "a/b", "ü", &"n".repeat(65)] {
            let result = SecretFields::default().with(wrong, value());
            assert!(matches!(result, Err(FieldError::Name)), "{wrong:?}");
        }
        for taken in PUBLIC.into_iter().chain(["secret"]) {
            let result = SecretFields::secret(value()).with(taken, value());
            assert!(matches!(result, Err(FieldError::Taken(_))), "{taken:?}");
        }
        let two = SecretFields::secret(value())
            .with("private_key", value())
            .unwrap_or_default();
        assert_eq!(two.names().collect::<Vec<_>>(), ["secret", "private_key"]);
    }

    proptest! {
        #[test]
        fn fields_come_back(values in prop::collection::btree_map("[a-z]{3,9}x", ".{0,40}", 0..5)) {
            let mut fields = SecretFields::default();
            for (name, value) in &values {
                fields = fields.with(name, SecretText::new(value.clone())).unwrap_or_default();
            }
            let bytes = fields.to_bytes();
            let read = SecretFields::from_bytes(bytes.expose_secret()).unwrap_or_default();
            for (name, value) in &values {
                prop_assert_eq!(read.value(name).map(SecretText::expose_secret), Some(&value[..]));
            }
            prop_assert_eq!(read.names().count(), values.len());
            if !bytes.is_empty() {
                let cut = &bytes.expose_secret()[..bytes.len() - 1];
                prop_assert!(SecretFields::from_bytes(cut).is_none());
            }
        }
    }
}
