//! HTTP messages as they stand on the wire, borrowed from whoever holds their bytes.

use std::borrow::Cow;

use crate::target::Target;

/// One header or trailer line. Its value may be a credential, so it has no `Debug`.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// The name, in any case.
    pub name: &'a str,
    /// The value's bytes, as they stand on the wire.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// A line of `name` and `value`.
    #[must_use]
    pub const fn new(name: &'a str, value: &'a [u8]) -> Self {
        Self { name, value }
    }
}

/// A request as it goes on the wire or came from there.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    method: &'a str,
    target: &'a Target,
    headers: &'a [Field<'a>],
    trailers: &'a [Field<'a>],
    body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A request without trailers. The headers are in the wire's order; names may repeat.
    #[must_use]
    pub const fn new(
        method: &'a str,
        target: &'a Target,
        headers: &'a [Field<'a>],
        body: &'a [u8],
    ) -> Self {
        Self {
            method,
            target,
            headers,
            trailers: &[],
            body,
        }
    }

    /// The same with the fields that follow a chunked body.
    #[must_use]
    pub const fn with_trailers(mut self, trailers: &'a [Field<'a>]) -> Self {
        self.trailers = trailers;
        self
    }

    /// The method, case-sensitive.
    #[must_use]
    pub const fn method(&self) -> &'a str {
        self.method
    }

    /// Where it goes.
    #[must_use]
    pub const fn target(&self) -> &'a Target {
        self.target
    }

    /// The header lines in order.
    #[must_use]
    pub const fn headers(&self) -> &'a [Field<'a>] {
        self.headers
    }

    /// The trailer lines in order.
    #[must_use]
    pub const fn trailers(&self) -> &'a [Field<'a>] {
        self.trailers
    }

    /// The content's bytes.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// A response, as far as it can be signed (RFC 9421). Its content is covered by its digest.
#[derive(Clone, Copy)]
pub struct Response<'a> {
    status: u16,
    headers: &'a [Field<'a>],
    trailers: &'a [Field<'a>],
    request: Option<&'a Request<'a>>,
}

impl<'a> Response<'a> {
    /// A response without trailers, of an unknown request.
    #[must_use]
    pub const fn new(status: u16, headers: &'a [Field<'a>]) -> Self {
        Self {
            status,
            headers,
            trailers: &[],
            request: None,
        }
    }

    /// The same with the fields that follow a chunked body.
    #[must_use]
    pub const fn with_trailers(mut self, trailers: &'a [Field<'a>]) -> Self {
        self.trailers = trailers;
        self
    }

    /// The same with the request that it answers, which `req` components are taken from.
    #[must_use]
    pub const fn answering(mut self, request: &'a Request<'a>) -> Self {
        self.request = Some(request);
        self
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }
}

/// A message that carries a signature.
#[derive(Clone, Copy)]
pub enum Message<'a> {
    /// A request.
    Request(&'a Request<'a>),
    /// A response.
    Response(&'a Response<'a>),
}

impl<'a> Message<'a> {
    pub(crate) const fn headers(self) -> &'a [Field<'a>] {
        match self {
            Self::Request(request) => request.headers,
            Self::Response(response) => response.headers,
        }
    }

    pub(crate) const fn trailers(self) -> &'a [Field<'a>] {
        match self {
            Self::Request(request) => request.trailers,
            Self::Response(response) => response.trailers,
        }
    }

    /// The request that a response answers.
    pub(crate) const fn answered(self) -> Option<&'a Request<'a>> {
        match self {
            Self::Request(_) => None,
            Self::Response(response) => response.request,
        }
    }
}

impl<'a> From<&'a Request<'a>> for Message<'a> {
    fn from(request: &'a Request<'a>) -> Self {
        Self::Request(request)
    }
}

impl<'a> From<&'a Response<'a>> for Message<'a> {
    fn from(response: &'a Response<'a>) -> Self {
        Self::Response(response)
    }
}

/// The values of the lines called `name`, in order, in the form of [`canonical_line`].
pub(crate) fn lines<'a>(
    fields: &'a [Field<'a>],
    name: &str,
) -> impl Iterator<Item = Cow<'a, [u8]>> {
    fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name))
        .map(|field| canonical_line(field.value))
}

/// The one line called `name`, trimmed; `None` if there is none.
pub(crate) fn only<'a>(
    fields: &[Field<'a>],
    name: &'static str,
) -> Result<Option<&'a [u8]>, Repeated> {
    let mut found = None;
    for field in fields {
        if field.name.eq_ignore_ascii_case(name) && found.replace(trim(field.value)).is_some() {
            return Err(Repeated { name });
        }
    }
    Ok(found)
}

/// The lines called `name`, joined as one list (RFC 9110, section 5.2); `None` if there is none.
pub(crate) fn combined(fields: &[Field<'_>], name: &str) -> Option<Vec<u8>> {
    let mut lines = lines(fields, name);
    let mut value = lines.next()?.into_owned();
    for line in lines {
        value.extend_from_slice(b", ");
        value.extend_from_slice(&line);
    }
    Some(value)
}

/// A header that may stand once in a request stands there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the header {name} is there more than once; it may stand once")]
pub struct Repeated {
    /// The header's name.
    pub name: &'static str,
}

/// A line's value without white space around it, and with obsolete line folding replaced by one
/// space (RFC 9421, section 2.1; RFC 9112, section 5.2).
fn canonical_line(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return Cow::Borrowed(trim(value));
    }
    let mut unfolded = Vec::with_capacity(value.len());
    for (index, piece) in value.split(|&byte| byte == b'\n').enumerate() {
        if index == 0 {
            unfolded.extend_from_slice(piece);
        } else if matches!(piece.first(), Some(b' ' | b'\t')) {
            while matches!(unfolded.last(), Some(b' ' | b'\t' | b'\r')) {
                unfolded.pop();
            }
            unfolded.push(b' ');
            unfolded.extend_from_slice(trim(piece));
        } else {
            // Not a fold: the line end stays, and is refused where the value is used.
            unfolded.push(b'\n');
            unfolded.extend_from_slice(piece);
        }
    }
    Cow::Owned(trim(&unfolded).to_vec())
}

/// `value` without the optional white space around it (SP and HTAB; RFC 9110, section 5.6.3).
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let mut trimmed = value;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = trimmed {
        trimmed = rest;
    }
    trimmed
}
