//! Component identifiers (RFC 9421, section 2): which part of a message is meant, and in which form.

use std::{fmt, str::FromStr};

use sfv::{BareItem, FieldType as _, Item, Parser, StringRef};

/// A derived component (RFC 9421, section 2.2): a part of a message that is not a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// `@method`
    Method,
    /// `@target-uri`: the absolute URI without a fragment.
    TargetUri,
    /// `@authority`: host, and port if it is not the scheme's own.
    Authority,
    /// `@scheme`
    Scheme,
    /// `@request-target`: what stands in the request line.
    RequestTarget,
    /// `@path`
    Path,
    /// `@query`: with its `?`, which stands alone if there is no query.
    Query,
    /// `@status`: of a response.
    Status,
}

impl Derived {
    const ALL: [Self; 8] = [
        Self::Method,
        Self::TargetUri,
        Self::Authority,
        Self::Scheme,
        Self::RequestTarget,
        Self::Path,
        Self::Query,
        Self::Status,
    ];

    /// The component's name, with its `@`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Method => "@method",
            Self::TargetUri => "@target-uri",
            Self::Authority => "@authority",
            Self::Scheme => "@scheme",
            Self::RequestTarget => "@request-target",
            Self::Path => "@path",
            Self::Query => "@query",
            Self::Status => "@status",
        }
    }
}

/// What a component's value is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Derived(Derived),
    /// `@query-param`, with its `name` as it is written: percent-encoded.
    QueryParam(String),
    Field {
        name: String,
        form: Form,
        trailer: bool,
    },
}

/// How a field's value is written into the base (RFC 9421, section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// The lines, joined.
    Lines,
    /// `sf`: the strict serialisation of a structured field.
    Strict,
    /// `key`: one member of a dictionary.
    Member(String),
    /// `bs`: each line as a byte sequence.
    Bytes,
}

/// A component identifier, such as `"@method"`, `"content-digest";req` or `"@query-param";name="q"`.
#[derive(Debug, Clone)]
pub struct Component {
    pub(super) source: Source,
    /// `req`: taken from the request that this response answers.
    pub(super) of_request: bool,
    identifier: String,
}

impl Component {
    /// A derived component of the message itself.
    #[must_use]
    pub fn derived(derived: Derived) -> Self {
        Self {
            source: Source::Derived(derived),
            of_request: false,
            identifier: format!("\"{}\"", derived.name()),
        }
    }

    /// A field of the message itself, its lines joined.
    ///
    /// # Errors
    ///
    /// [`ComponentError::Name`] if `name` is not a field name. Case does not matter.
    pub fn field(name: &str) -> Result<Self, ComponentError> {
        let name = name.to_ascii_lowercase();
        if !is_field_name(&name) {
            return Err(ComponentError::Name(name));
        }
        Ok(Self {
            identifier: format!("\"{name}\""),
            source: Source::Field {
                name,
                form: Form::Lines,
                trailer: false,
            },
            of_request: false,
        })
    }

    /// The identifier in its one serialised form, quotes and parameters included.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, ComponentError> {
        let identifier = item.serialize();
        let BareItem::String(name) = &item.bare_item else {
            return Err(ComponentError::NotString(identifier));
        };
        let mut of_request = false;
        let mut trailer = false;
        let mut strict = false;
        let mut bytes = false;
        let mut member = None;
        let mut query_name = None;
        for (parameter, value) in &item.params {
            let text = value.as_string().map(StringRef::as_str);
            let flag = value.as_boolean() == Some(true);
            match (parameter.as_str(), text, flag) {
                ("req", _, true) => of_request = true,
                ("tr", _, true) => trailer = true,
                ("sf", _, true) => strict = true,
                ("bs", _, true) => bytes = true,
                ("key", Some(text), _) => member = Some(text.to_owned()),
                ("name", Some(text), _) => query_name = Some(text.to_owned()),
                _ => return Err(ComponentError::Parameter(identifier)),
            }
        }
        let of_field = trailer || strict || bytes || member.is_some();
        let name = name.as_str();
        let source = if name == "@query-param" {
            match query_name {
                Some(query_name) if !of_field => Source::QueryParam(query_name),
                _ => return Err(ComponentError::Parameter(identifier)),
            }
        } else if query_name.is_some() {
            return Err(ComponentError::Parameter(identifier));
        } else if name.starts_with('@') {
            let derived = Derived::ALL
                .into_iter()
                .find(|derived| derived.name() == name)
                .ok_or_else(|| ComponentError::Unknown(identifier.clone()))?;
            if of_field || (derived == Derived::Status && of_request) {
                return Err(ComponentError::Parameter(identifier));
            }
            Source::Derived(derived)
        } else {
            if !is_field_name(name) {
                return Err(ComponentError::Name(name.to_owned()));
            }
            let form = match (member, bytes) {
                (None, true) if !strict => Form::Bytes,
                (_, true) => return Err(ComponentError::Parameter(identifier)),
                (Some(member), false) => Form::Member(member),
                (None, false) if strict => Form::Strict,
                (None, false) => Form::Lines,
            };
            Source::Field {
                name: name.to_owned(),
                form,
                trailer,
            }
        };
        Ok(Self {
            source,
            of_request,
            identifier,
        })
    }
}

/// Two identifiers are the same if they mean the same, in whichever order their parameters stand.
impl PartialEq for Component {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.of_request == other.of_request
    }
}

impl Eq for Component {}

impl FromStr for Component {
    type Err = ComponentError;

    /// Reads an identifier in its serialised form, quotes included.
    fn from_str(text: &str) -> Result<Self, ComponentError> {
        let item: Item = Parser::new(text)
            .parse()
            .map_err(|_| ComponentError::NotString(text.to_owned()))?;
        Self::from_item(&item)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identifier)
    }
}

/// RFC 9110's `token` in lower case, as RFC 9421, section 2.1 writes field names.
fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
        })
}

/// A component identifier is malformed or unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// Not a quoted name.
    #[error("the component {0} is not a quoted name")]
    NotString(String),
    /// A name that no field can have; upper case is not allowed.
    #[error("{0:?} is not a field name in lower case")]
    Name(String),
    /// A derived component that RFC 9421 does not define, or that can't be covered.
    #[error("the component {0} is not one that RFC 9421 defines")]
    Unknown(String),
    /// Parameters that are unknown, of the wrong type, missing, or don't go together.
    #[error("the component {0} has parameters that are unknown, missing or don't go together")]
    Parameter(String),
}
