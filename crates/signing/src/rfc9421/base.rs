//! The signature base (RFC 9421, section 2.5): the values of the covered components, line by line.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sfv::{Dictionary, FieldType as _, Item, List, Parser};
use url::form_urlencoded;

use super::{
    component::{Component, Derived, Form, Source},
    input::SignatureInput,
};
use crate::message::{Field, Message, combined, lines};

/// Builds the signature base of `message` for what `input` covers.
///
/// # Errors
///
/// [`BaseError`] if a component is not in the message or has no value that can be signed.
pub fn signature_base(message: Message<'_>, input: &SignatureInput) -> Result<String, BaseError> {
    let mut base = String::with_capacity(256 + 2 * input.as_str().len());
    for component in input.components() {
        let value = value(message, component)?;
        let signable = value
            .bytes()
            .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
        if !signable {
            return Err(BaseError::NotAscii(component.to_string()));
        }
        // Writing to a String can't fail.
        let _ = writeln!(base, "{}: {value}", component.identifier());
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(input.as_str());
    Ok(base)
}

fn value(message: Message<'_>, component: &Component) -> Result<String, BaseError> {
    let message = if component.of_request {
        let request = message
            .answered()
            .ok_or_else(|| BaseError::NoRequest(component.to_string()))?;
        Message::Request(request)
    } else {
        message
    };
    match &component.source {
        Source::Derived(derived) => derived_value(message, *derived, component),
        Source::QueryParam(name) => query_param(message, name, component),
        Source::Field {
            name,
            form,
            trailer: false,
        } => field_value(message.headers(), name, form, component),
        Source::Field { name, form, .. } => field_value(message.trailers(), name, form, component),
    }
}

/// RFC 9421, section 2.2.
fn derived_value(
    message: Message<'_>,
    derived: Derived,
    component: &Component,
) -> Result<String, BaseError> {
    Ok(match (derived, message) {
        (Derived::Status, Message::Response(response)) => format!("{:03}", response.status()),
        (Derived::Status, Message::Request(_)) => {
            return Err(BaseError::OfResponse(component.to_string()));
        }
        (Derived::Method, Message::Request(request)) => request.method().to_owned(),
        (Derived::TargetUri, Message::Request(request)) => request.target().to_string(),
        (Derived::Authority, Message::Request(request)) => request.target().authority().to_owned(),
        (Derived::Scheme, Message::Request(request)) => request.target().scheme().to_string(),
        (Derived::RequestTarget, Message::Request(request)) => {
            request.target().request_target().to_owned()
        }
        (Derived::Path, Message::Request(request)) => request.target().path().to_owned(),
        (Derived::Query, Message::Request(request)) => {
            format!("?{}", request.target().query().unwrap_or_default())
        }
        (_, Message::Response(_)) => return Err(BaseError::OfRequest(component.to_string())),
    })
}

/// RFC 9421, section 2.2.8: decoded as a form, compared and written percent-encoded.
fn query_param(
    message: Message<'_>,
    name: &str,
    component: &Component,
) -> Result<String, BaseError> {
    let Message::Request(request) = message else {
        return Err(BaseError::OfRequest(component.to_string()));
    };
    let query = request.target().query().unwrap_or_default();
    let mut found = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| percent_encoded(key) == name)
        .map(|(_, value)| percent_encoded(&value));
    match (found.next(), found.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(BaseError::Missing(component.to_string())),
        (Some(_), Some(_)) => Err(BaseError::Repeated(component.to_string())),
    }
}

/// Percent-encoded by the set of `application/x-www-form-urlencoded`, with a space as `%20`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for piece in form_urlencoded::byte_serialize(text.as_bytes()) {
        encoded.push_str(if piece == "+" { "%20" } else { piece });
    }
    encoded
}

/// RFC 9421, section 2.1.
fn field_value(
    fields: &[Field<'_>],
    name: &str,
    form: &Form,
    component: &Component,
) -> Result<String, BaseError> {
    let missing = || BaseError::Missing(component.to_string());
    let not_structured = || BaseError::NotStructured(component.to_string());
    let joined = || combined(fields, name).ok_or_else(missing);
    match form {
        Form::Lines => {
            String::from_utf8(joined()?).map_err(|_| BaseError::NotAscii(component.to_string()))
        }
        Form::Bytes => {
            let encoded: Vec<String> = lines(fields, name)
                .map(|line| format!(":{}:", BASE64_STANDARD.encode(line)))
                .collect();
            if encoded.is_empty() {
                return Err(missing());
            }
            Ok(encoded.join(", "))
        }
        Form::Strict => {
            let value = joined()?;
            let structure = Structure::of(name)
                .ok_or_else(|| BaseError::UnknownStructure(component.to_string()))?;
            structure.strict(&value).ok_or_else(not_structured)
        }
        Form::Member(key) => {
            let value = joined()?;
            let dictionary: Dictionary =
                Parser::new(&value).parse().map_err(|_| not_structured())?;
            let (_, member) = dictionary
                .into_iter()
                .find(|(name, _)| name.as_str() == key)
                .ok_or_else(missing)?;
            // A list of one member is written as that member.
            List::from([member]).serialize().ok_or_else(not_structured)
        }
    }
}

/// The type of a structured field, which its definition says and its value does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Structure {
    Dictionary,
    List,
    Item,
}

impl Structure {
    /// The type of a field that is defined as a structured field, or can be read as one.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "accept-signature"
            | "cache-control"
            | "content-digest"
            | "priority"
            | "repr-digest"
            | "signature"
            | "signature-input"
            | "want-content-digest"
            | "want-repr-digest" => Self::Dictionary,
            "accept" | "accept-encoding" | "accept-language" | "allow" | "cache-status"
            | "client-cert-chain" | "content-encoding" | "proxy-status" | "vary" => Self::List,
            "age" | "client-cert" | "content-length" | "content-type" | "max-forwards" => {
                Self::Item
            }
            _ => return None,
        })
    }

    /// The strict serialisation of `value` (RFC 9651, section 4.1); `None` if it is not of this type.
    fn strict(self, value: &[u8]) -> Option<String> {
        let parser = Parser::new(value);
        match self {
            Self::Dictionary => parser.parse::<Dictionary>().ok()?.serialize(),
            Self::List => parser.parse::<List>().ok()?.serialize(),
            Self::Item => Some(parser.parse::<Item>().ok()?.serialize()),
        }
    }
}

/// A signature base can't be built. Each names the component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// The message has no such field, dictionary member or query parameter.
    #[error("the signature covers {0}, which the message does not have")]
    Missing(String),
    /// The query has the parameter more than once.
    #[error("the signature covers {0}, which the query has more than once")]
    Repeated(String),
    /// The value is not ASCII text of one line.
    #[error(
        "the value of {0} has characters that can't be signed as they are: only printable ASCII can (or add ;bs)"
    )]
    NotAscii(String),
    /// The field's type is not known, so that it has no strict form.
    #[error("the type of {0} is not known as a structured field, so ;sf can't be used")]
    UnknownStructure(String),
    /// The field's value is not a structured field of its type.
    #[error("the value of {0} is not the structured field that it should be")]
    NotStructured(String),
    /// A part of a request, in a response's signature.
    #[error("{0} is a part of a request; a response's signature covers it with ;req")]
    OfRequest(String),
    /// A part of a response, in a request's signature.
    #[error("{0} is a part of a response, and this is a request")]
    OfResponse(String),
    /// A `req` component where there is no request.
    #[error("{0} is taken from the request that a response answers, and there is none")]
    NoRequest(String),
}
