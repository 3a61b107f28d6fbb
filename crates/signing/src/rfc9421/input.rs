//! Signature parameters (RFC 9421, section 2.3): what is covered, and what is said about it.

use std::{fmt::Write as _, str::FromStr};

use sfv::{BareItem, FieldType as _, InnerList, List, ListEntry, Parser, StringRef};

use super::component::{Component, ComponentError, Derived, Form, Source};

/// The most components that one signature may cover.
pub const MAX_COMPONENTS: usize = 64;

/// What a signature says about itself. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureParams {
    /// When it was made.
    pub created: Option<u64>,
    /// From when on it is no longer valid.
    pub expires: Option<u64>,
    /// The key's id.
    pub keyid: Option<String>,
    /// The algorithm, such as `hmac-sha256`.
    pub alg: Option<String>,
    /// A value that no other signature has.
    pub nonce: Option<String>,
    /// The application that it is for.
    pub tag: Option<String>,
}

/// The covered components in order and the parameters: one member of `Signature-Input`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureInput {
    components: Vec<Component>,
    params: SignatureParams,
    text: String,
}

impl SignatureInput {
    /// The input that covers `components`, with `params` in the order of their declaration.
    ///
    /// # Errors
    ///
    /// [`InputError`] if a component is there twice or a parameter can't be written.
    pub fn new(components: Vec<Component>, params: SignatureParams) -> Result<Self, InputError> {
        if components.len() > MAX_COMPONENTS {
            return Err(InputError::TooMany);
        }
        // Written rather than put together and serialised: whoever measures a limit signs each request.
        let mut text = String::with_capacity(256);
        for (at, component) in components.iter().enumerate() {
            if components
                .iter()
                .take(at)
                .any(|earlier| earlier == component)
            {
                return Err(InputError::Twice(component.identifier().to_owned()));
            }
            text.push(if at == 0 { '(' } else { ' ' });
            text.push_str(component.identifier());
        }
        text.push_str(if components.is_empty() { "()" } else { ")" });
        for (name, value) in [("created", params.created), ("expires", params.expires)] {
            if let Some(value) = value {
                let value =
                    sfv::Integer::try_from(value).map_err(|_| InputError::Parameter { name })?;
                // Writing into a text does not fail.
                let _ = write!(text, ";{name}={value}");
            }
        }
        for (name, value) in [
            ("keyid", &params.keyid),
            ("alg", &params.alg),
            ("nonce", &params.nonce),
            ("tag", &params.tag),
        ] {
            if let Some(value) = value {
                let value =
                    StringRef::from_str(value).map_err(|_| InputError::Parameter { name })?;
                push_string(&mut text, name, value.as_str());
            }
        }
        Ok(Self {
            components,
            params,
            text,
        })
    }

    pub(super) fn from_inner_list(list: InnerList) -> Result<Self, InputError> {
        if list.items.len() > MAX_COMPONENTS {
            return Err(InputError::TooMany);
        }
        let mut components: Vec<Component> = Vec::with_capacity(list.items.len());
        for item in &list.items {
            let component = Component::from_item(item)?;
            if components.contains(&component) {
                return Err(InputError::Twice(component.identifier().to_owned()));
            }
            components.push(component);
        }
        let mut params = SignatureParams::default();
        for (name, value) in &list.params {
            match name.as_str() {
                "created" => params.created = Some(read_integer("created", value)?),
                "expires" => params.expires = Some(read_integer("expires", value)?),
                "keyid" => params.keyid = Some(read_string("keyid", value)?),
                "alg" => params.alg = Some(read_string("alg", value)?),
                "nonce" => params.nonce = Some(read_string("nonce", value)?),
                "tag" => params.tag = Some(read_string("tag", value)?),
                // The registry is open: what is not known is covered by the signature all the same.
                _ => {}
            }
        }
        // A list of one inner list is written as that inner list; it fails only if it is empty.
        let text = List::from([ListEntry::InnerList(list)])
            .serialize()
            .unwrap_or_default();
        Ok(Self {
            components,
            params,
            text,
        })
    }

    /// The covered components in order.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// What the signature says about itself.
    #[must_use]
    pub const fn params(&self) -> &SignatureParams {
        &self.params
    }

    /// The one serialised form: `("@method" …);created=…;keyid="…"`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `derived` of the message itself is covered.
    #[must_use]
    pub fn covers(&self, derived: Derived) -> bool {
        self.components
            .iter()
            .any(|component| !component.of_request && component.source == Source::Derived(derived))
    }

    /// Whether the header `name` (lower case) of the message itself is covered as a whole.
    #[must_use]
    pub fn covers_header(&self, name: &str) -> bool {
        self.components.iter().any(|component| {
            !component.of_request
                && matches!(
                    &component.source,
                    Source::Field { name: covered, form: Form::Lines | Form::Strict | Form::Bytes, trailer: false }
                        if covered == name
                )
        })
    }
}

impl FromStr for SignatureInput {
    type Err = InputError;

    /// Reads one member's value of `Signature-Input`.
    fn from_str(text: &str) -> Result<Self, InputError> {
        let list: List = Parser::new(text)
            .parse()
            .map_err(|error| InputError::Syntax(error.to_string()))?;
        match <[ListEntry; 1]>::try_from(list) {
            Ok([ListEntry::InnerList(list)]) => Self::from_inner_list(list),
            _ => Err(InputError::NotList),
        }
    }
}

/// A parameter that is a string (RFC 8941, section 4.1.6).
fn push_string(text: &mut String, name: &str, value: &str) {
    text.push(';');
    text.push_str(name);
    text.push_str("=\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}

fn read_integer(name: &'static str, value: &BareItem) -> Result<u64, InputError> {
    value
        .as_integer()
        .and_then(|value| u64::try_from(value).ok())
        .ok_or(InputError::Parameter { name })
}

fn read_string(name: &'static str, value: &BareItem) -> Result<String, InputError> {
    value
        .as_string()
        .map(|value| value.as_str().to_owned())
        .ok_or(InputError::Parameter { name })
}

/// A list of covered components or its parameters are malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// Not a structured field.
    #[error("the signature input is malformed: {0}")]
    Syntax(String),
    /// Not a list in parentheses.
    #[error("the signature input is not a list of components in parentheses")]
    NotList,
    /// More than [`MAX_COMPONENTS`].
    #[error("the signature covers more than {MAX_COMPONENTS} components")]
    TooMany,
    /// A component is covered twice.
    #[error("the signature covers {0} twice")]
    Twice(String),
    /// A component is malformed.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// A parameter has the wrong type or can't be written.
    #[error(
        "the signature parameter {name} is malformed: created and expires are Unix seconds, the others quoted printable ASCII"
    )]
    Parameter {
        /// Which.
        name: &'static str,
    },
}
